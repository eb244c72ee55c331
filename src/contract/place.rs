//! Where something stands in a response: the contract says it, so that no envelope is built in.

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

    /// Why this is not a place, as a label in the file.
    pub(super) fn fault(&self) -> Option<&'static str> {
        match self.header() {
            Some(name) if HeaderName::from_bytes(name.as_bytes()).is_err() => {
                Some("expected a header's name after `header`")
            }
            None if !self.0.starts_with('/') => {
                Some("expected a JSON Pointer, which begins with `/`, or `header NAME`")
            }
            _ => None,
        }
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
