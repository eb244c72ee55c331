//! Requests that are sent before a case's own and after it, and what of their responses is kept for later ones.

use std::collections::BTreeMap;

use http::HeaderName;
use serde::Deserialize;

use super::{identity::Statuses, names::RequestName};

/// A request that is sent before another one, or after it.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StepFormat {
    /// The request.
    pub request: RequestName,
    /// The status of its response, a list of them, or a class (`"2xx"`), by default the one of the request. Of one that cleans
    /// up it is only looked at if it stands here.
    #[serde(default)]
    pub status: Option<Statuses>,
    /// What of the response is kept, by the name that later requests put in braces: `{ upload = "header Location" }`.
    #[serde(default)]
    pub capture: BTreeMap<String, CapturePlace>,
}

/// A place in a response that a value is taken from: `header Location`, a JSON Pointer (RFC 6901) into its body, or
/// `cookie session`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(from = "String")]
pub struct CapturePlace(String);

/// What a place of a response is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapturedFrom<'a> {
    /// The header of this name.
    Header(&'a str),
    /// The cookie of this name.
    Cookie(&'a str),
    /// The body, at this pointer.
    Body(&'a str),
}

impl From<String> for CapturePlace {
    fn from(place: String) -> Self {
        Self(place)
    }
}

impl CapturePlace {
    /// The place as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it is in.
    #[must_use]
    pub fn kind(&self) -> CapturedFrom<'_> {
        if let Some(name) = self.0.strip_prefix("header ") {
            CapturedFrom::Header(name)
        } else if let Some(name) = self.0.strip_prefix("cookie ") {
            CapturedFrom::Cookie(name)
        } else {
            CapturedFrom::Body(&self.0)
        }
    }

    /// Why this is not such a place, as a label in the file.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let is_token = |name: &str| HeaderName::from_bytes(name.as_bytes()).is_ok();
        match self.kind() {
            CapturedFrom::Header(name) if !is_token(name) => {
                Some("expected a header's name after `header`")
            }
            CapturedFrom::Cookie(name) if !is_token(name) => {
                Some("expected a cookie's name after `cookie`")
            }
            CapturedFrom::Body(pointer) if !pointer.starts_with('/') => Some(
                "expected a JSON Pointer, which begins with `/`, or `header NAME`, or `cookie NAME`",
            ),
            _ => None,
        }
    }
}

/// What is sent before a request and after it.
#[derive(Debug, Clone, Default)]
pub struct Steps {
    /// Before it, one after the other.
    pub first: Vec<StepFormat>,
    /// After it, whatever became of it.
    pub after_all: Vec<StepFormat>,
    /// The captured values that nobody is shown.
    pub secret: Vec<String>,
}

impl Steps {
    /// Whether nothing is sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first.is_empty() && self.after_all.is_empty()
    }

    /// Those of a request and of a case of it: what the request needs goes before what the case needs, and is taken away
    /// after it.
    #[must_use]
    pub fn around(&self, case: Option<&Self>) -> Self {
        let Some(case) = case else { return self.clone() };
        Self {
            first: self.first.iter().chain(&case.first).cloned().collect(),
            after_all: case.after_all.iter().chain(&self.after_all).cloned().collect(),
            secret: self.secret.iter().chain(&case.secret).cloned().collect(),
        }
    }

    /// The names of all that is captured before a request.
    pub fn captured(&self) -> impl Iterator<Item = &str> {
        self.first.iter().flat_map(|step| step.capture.keys()).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_captured_from_a_header_a_cookie_or_the_body() {
        let rows = [
            ("header Location", CapturedFrom::Header("Location"), true),
            ("cookie session", CapturedFrom::Cookie("session"), true),
            ("/data/id", CapturedFrom::Body("/data/id"), true),
            ("header", CapturedFrom::Body("header"), false),
            ("header A B", CapturedFrom::Header("A B"), false),
            ("cookie ", CapturedFrom::Cookie(""), false),
            ("id", CapturedFrom::Body("id"), false),
        ];
        for (text, from, holds) in rows {
            let place = CapturePlace::from(text.to_owned());
            assert_eq!((place.kind(), place.fault().is_none()), (from, holds), "{text}");
        }
    }
}
