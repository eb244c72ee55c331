//! Where something stands in a response: the contract says it, so that no envelope is built in.

use std::borrow::Cow;

use http::HeaderName;
use serde::Deserialize;

/// A place in a response: a JSON Pointer (RFC 6901) into its body, as `/error/code`, or a header, as
/// `header X-Request-Id`. It is written as findings show it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(from = "String")]
pub struct AnswerPlace(String);

impl AnswerPlace {
    /// The place as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The header's name, if it is one.
    #[must_use]
    pub fn header(&self) -> Option<&str> {
        self.0.strip_prefix("header ")
    }

    /// Whether it is all of the body, as a text.
    #[must_use]
    pub fn is_body(&self) -> bool {
        self.0 == "body"
    }

    /// What stands before `*` in a pointer that leads into each entry of a list.
    #[must_use]
    pub fn list(&self) -> Option<&str> {
        let (list, rest) = self.0.split_once("/*")?;
        (self.header().is_none() && (rest.is_empty() || rest.starts_with('/'))).then_some(list)
    }

    /// The pointer into one entry of that list; any other pointer as it is.
    #[must_use]
    pub fn in_entry(&self, entry: usize) -> Cow<'_, str> {
        match self.list() {
            None => self.0.as_str().into(),
            Some(list) => format!("{list}/{entry}{}", &self.0[list.len() + 2..]).into(),
        }
    }

    /// The pointer into what stands in the place of that list, being its only entry.
    #[must_use]
    pub fn of_only_entry(&self) -> Cow<'_, str> {
        match self.list() {
            None => self.0.as_str().into(),
            Some(list) => format!("{list}{}", &self.0[list.len() + 2..]).into(),
        }
    }

    /// Why this is not a place, as a label in the file.
    pub(super) fn fault(&self) -> Option<&'static str> {
        match self.header() {
            Some(name) if HeaderName::from_bytes(name.as_bytes()).is_err() => {
                Some("expected a header's name after `header`")
            }
            None if !self.is_body() && !self.0.starts_with('/') => {
                Some("expected a JSON Pointer, which begins with `/`, or `header NAME`")
            }
            None if self.0.matches("/*").count() > 1 => Some("expected `*` at most once"),
            _ => None,
        }
    }

    /// The same of a place that may lead into lists within lists: that of a wrong field.
    pub(super) fn fault_of_field(&self) -> Option<&'static str> {
        let with_one = Self(self.0.replace("/*", "/0"));
        with_one.fault()
    }
}

impl From<String> for AnswerPlace {
    fn from(place: String) -> Self {
        Self(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_pointer_or_a_header() {
        let rows = [
            ("/error/code", None, true),
            ("/errors/0/extensions/code", None, true),
            ("header X-Request-Id", Some("X-Request-Id"), true),
            ("header X Request", Some("X Request"), false),
            ("header ", Some(""), false),
            ("error.code", None, false),
            ("", None, false),
        ];
        for (text, header, holds) in rows {
            let place = AnswerPlace::from(text.to_owned());
            assert_eq!((place.header(), place.fault().is_none()), (header, holds), "{text}");
        }
    }
}
