//! Parts of a contract that are more than what its file says: with their schemas compiled, and checked
//! against each other.

use jsonschema::Validator;
use serde_json::Value;

use super::{envelope::EnvelopeFormat, place::AnswerPlace, request_shape::RequestShape};

/// The link that every error carries.
#[derive(Debug, Clone)]
pub struct DocsLink {
    /// The link.
    pub link: String,
    /// Where it is.
    pub place: AnswerPlace,
    /// Whether it is each code's own.
    pub is_of_code: bool,
}

/// How an error looks.
#[derive(Debug)]
pub struct Envelope {
    /// The JSON Schema of its body, compiled, if it has one.
    pub schema: Option<Validator>,
    /// Where in it the fields are.
    pub places: EnvelopeFormat,
}

/// A request that succeeds when nothing is broken in it.
#[derive(Debug)]
pub struct NamedRequest {
    /// What is sent.
    pub format: RequestShape,
    /// The JSON Schema of its body.
    pub input: Option<InputSchema>,
}

/// The JSON Schema of a request's body.
#[derive(Debug)]
pub struct InputSchema {
    /// As it is written.
    pub schema: Value,
    /// Compiled.
    pub validator: Validator,
}
