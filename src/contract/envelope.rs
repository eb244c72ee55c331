//! `[envelope]` in `contract.toml`: what an error looks like.

use serde::Deserialize;

use super::{names::Code, place::AnswerPlace};

/// What an error looks like, and where in the response its parts are. A place is a JSON Pointer (RFC 6901)
/// into the body, as `/error/code`, or a header, as `header X-Request-Id`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EnvelopeFormat {
    /// The JSON Schema of the body, a path inside the contract folder.
    pub schema: String,
    /// The media type of the body, where the docs name one: `application/problem+json` (RFC 9457).
    /// Without it any JSON media type is accepted: `application/json`, `text/json`, and `+json`.
    #[serde(default)]
    pub media_type: Option<String>,
    /// Whether an error may have the status of a success (200), as in GraphQL. Then only
    /// its code makes a response an error.
    #[serde(default)]
    pub success_statuses: bool,
    /// Where the code is.
    pub code: AnswerPlace,
    /// The text before the code, where the code is part of a longer text: the code `gone` in
    /// `https://api.example.com/problems/gone`.
    #[serde(default)]
    pub code_prefix: String,
    /// Where the body repeats the HTTP status as a number, if it does.
    #[serde(default)]
    pub status: Option<AnswerPlace>,
    /// Where the message is.
    pub message: AnswerPlace,
    /// Where the docs link is, if errors carry one.
    #[serde(default)]
    pub docs: Option<AnswerPlace>,
    /// Where the request id is, if errors carry one.
    #[serde(default)]
    pub request_id: Option<AnswerPlace>,
}

impl EnvelopeFormat {
    /// The code as errors carry it, with the text before it.
    #[must_use]
    pub fn full_code(&self, code: &Code) -> String {
        format!("{}{code}", self.code_prefix)
    }

    /// A media type that an error may have: for one that is made rather than judged.
    #[must_use]
    pub fn example_media(&self) -> &str {
        self.media_type.as_deref().unwrap_or("application/json")
    }
}
