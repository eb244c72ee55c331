//! `[envelope]` in `contract.toml`: what an error looks like.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, SeqAccess, Visitor},
};

use super::place::AnswerPlace;

/// What an error looks like, and where in the response its parts are. A place is a JSON Pointer (RFC 6901)
/// into the body, as `/error/code`, a header, as `header X-Request-Id`, or `body`, which is all of a text. A `*` in a
/// pointer stands for each entry of a list.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EnvelopeFormat {
    /// What the body is written in.
    #[serde(default)]
    pub form: BodyForm,
    /// The JSON Schema of the body, a path inside the contract folder. JSON needs one; XML may have one: it is read as an
    /// object, with each element's name, text and children.
    #[serde(default)]
    pub schema: Option<String>,
    /// The media type of the body, where the docs name one: `application/problem+json` (RFC 9457).
    /// Without it any JSON media type is accepted: `application/json`, `text/json`, and `+json`.
    #[serde(default)]
    pub media_type: Option<String>,
    /// Whether an error may have the status of a success (200), as in GraphQL. Then only
    /// its code makes a response an error.
    #[serde(default)]
    pub success_statuses: bool,
    /// Where the code is, if errors have one.
    #[serde(default)]
    pub code: Option<AnswerPlace>,
    /// The text before the code, where the code is part of a longer text: the code `gone` in
    /// `https://api.example.com/problems/gone`. A list of them, if there are several.
    #[serde(default)]
    pub code_prefix: Prefixes,
    /// Which of several errors in a response is the scenario's, where `*` stands in the places.
    #[serde(default)]
    pub several: Several,
    /// Where the body repeats the HTTP status as a number, if it does.
    #[serde(default)]
    pub status: Option<AnswerPlace>,
    /// Where the message is, if errors have one.
    #[serde(default)]
    pub message: Option<AnswerPlace>,
    /// Whether the message may be missing or empty.
    #[serde(default)]
    pub message_optional: bool,
    /// Where the field that is wrong is named, if that is not the message.
    #[serde(default)]
    pub field: Option<AnswerPlace>,
    /// Where the docs link is, if errors carry one.
    #[serde(default)]
    pub docs: Option<AnswerPlace>,
    /// Where the request id is, if errors carry one.
    #[serde(default)]
    pub request_id: Option<AnswerPlace>,
}

/// What a body is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum BodyForm {
    /// JSON.
    #[default]
    Json,
    /// XML. `/Error/Code` is the text of an element, and `/Error/@id` an attribute.
    Xml,
    /// Plain text.
    Text,
    /// A page for people.
    Html,
    /// There is none.
    Empty,
}

/// Which of several errors in a response is the scenario's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Several {
    /// One of them.
    #[default]
    One,
    /// Each of them.
    All,
    /// The first.
    First,
}

/// The texts that may stand before a code; none, if there is nothing before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prefixes(Vec<String>);

impl Prefixes {
    /// One text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if text.is_empty() { Self::default() } else { Self(vec![text.to_owned()]) }
    }

    /// A code without what stands before it, if that is one of these.
    #[must_use]
    pub fn strip<'t>(&self, text: &'t str) -> Option<&'t str> {
        if self.0.is_empty() {
            return Some(text);
        }
        self.0.iter().find_map(|prefix| text.strip_prefix(prefix.as_str()))
    }

    /// A code with each of them before it.
    #[must_use]
    pub fn before(&self, code: &str) -> Vec<String> {
        if self.0.is_empty() {
            return vec![code.to_owned()];
        }
        self.0.iter().map(|prefix| format!("{prefix}{code}")).collect()
    }
}

/// Reads a text, or a list of them.
struct OneOrSome;

impl<'de> Visitor<'de> for OneOrSome {
    type Value = Prefixes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of them")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Prefixes, E> {
        Ok(Prefixes::of(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Prefixes, A::Error> {
        let mut some = Vec::new();
        while let Some(one) = list.next_element()? {
            some.push(one);
        }
        Ok(Prefixes(some))
    }
}

impl<'de> Deserialize<'de> for Prefixes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(OneOrSome)
    }
}

#[cfg(feature = "schemas")]
impl schemars::JsonSchema for Prefixes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Prefixes".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A text, or a list of them.",
            "x-expected": "a text or a list of texts",
            "type": ["string", "array"],
            "items": { "type": "string" }
        })
    }
}

impl EnvelopeFormat {
    /// The code as errors carry it, with the text before it: the first, if there are several.
    #[must_use]
    pub fn full_code(&self, code: &str) -> String {
        self.code_prefix.before(code).swap_remove(0)
    }

    /// A media type that an error may have: for one that is made rather than judged.
    #[must_use]
    pub fn example_media(&self) -> &str {
        self.media_type.as_deref().unwrap_or(match self.form {
            BodyForm::Json => "application/json",
            BodyForm::Xml => "application/xml",
            BodyForm::Html => "text/html",
            BodyForm::Text | BodyForm::Empty => "text/plain",
        })
    }

    /// All of its places, each with its word.
    pub fn places(&self) -> impl Iterator<Item = (&'static str, &AnswerPlace)> {
        let all = [
            ("code", &self.code),
            ("status", &self.status),
            ("message", &self.message),
            ("field", &self.field),
            ("docs", &self.docs),
            ("request-id", &self.request_id),
        ];
        all.into_iter().filter_map(|(name, place)| Some((name, place.as_ref()?)))
    }
}
