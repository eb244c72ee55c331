//! `[hooks.X]`: the format of what makes a target fail.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{header::HeaderSource, one_or_some::OneOrSome};
use crate::contract::{
    identity::Statuses,
    method::Method,
    names::RequestName,
    request_format::{PartFormat, body_words},
    step_format::CapturePlace,
};

/// How a failure is provoked: by headers on the case's request, by requests that are sent first, or by both.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HookSource {
    /// Headers to add to the case's request. What `first` captures stands in braces in a `value`: `{fault}`.
    #[serde(default)]
    pub headers: BTreeMap<String, HeaderSource>,
    /// A request to send just before the case's own, or a list of them: `{ method = "POST", path = "/faults", capture = { fault
    /// = "/id" } }`. Each has to succeed.
    #[serde(default)]
    pub first: Option<OneOrSome<HookStepFormat>>,
    /// Requests that are sent just after it, before its twin and whatever became of it, so that the server is again as it was.
    #[serde(default)]
    pub after_all: Vec<HookStepFormat>,
    /// The captured values that are kept out of all that is shown.
    #[serde(default)]
    pub secret: Vec<String>,
}

impl HookSource {
    /// All requests that it sends.
    pub fn steps(&self) -> impl Iterator<Item = &HookStepFormat> {
        let first = self.first.iter().flat_map(OneOrSome::each).map(|(_, step)| step);
        first.chain(&self.after_all)
    }
}

/// A request that a hook sends: one of the contract's by its name, with a good key, or one of the target's own with a `method` and
/// a `path`, which carries no key.
///
/// One of the target's own has at most one of `body`, `json`, `form`, `multipart`, `text`, `bytes` and `file`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HookStepFormat {
    /// A request of the contract.
    #[serde(default)]
    pub request: Option<RequestName>,
    /// The method.
    #[serde(default)]
    pub method: Option<Method>,
    /// The path, from the base URL on.
    #[serde(default)]
    pub path: Option<String>,
    /// What follows the path behind a question mark, by name.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Headers to send. One that carries keys elsewhere may have the key of an operator here, from a variable.
    #[serde(default)]
    pub headers: BTreeMap<String, HeaderSource>,
    /// A body, sent as JSON.
    #[serde(default)]
    pub body: Option<Value>,
    /// A body as JSON text.
    #[serde(default)]
    pub json: Option<String>,
    /// The fields of a body, sent as `application/x-www-form-urlencoded`.
    #[serde(default)]
    pub form: Option<BTreeMap<String, String>>,
    /// The parts of a body, sent as `multipart/form-data`.
    #[serde(default)]
    pub multipart: Option<BTreeMap<String, PartFormat>>,
    /// A body as text. It needs a `media-type`.
    #[serde(default)]
    pub text: Option<String>,
    /// The bytes of a body, written as pairs of hexadecimal digits. They need a `media-type`.
    #[serde(default)]
    pub bytes: Option<String>,
    /// A file with a body, a path inside the contract folder. It needs a `media-type`.
    #[serde(default)]
    pub file: Option<String>,
    /// The media type of the body, instead of the one that goes with its form.
    #[serde(default)]
    pub media_type: Option<String>,
    /// The status of its response, a list of them, or a class (`"2xx"`), by default that of the contract's request, or any
    /// success. Of one that cleans up it is only looked at if it stands here.
    #[serde(default)]
    pub status: Option<Statuses>,
    /// What of the response is kept, by the name that later requests put in braces: `{ fault = "/id" }`.
    #[serde(default)]
    pub capture: BTreeMap<String, CapturePlace>,
}

impl HookStepFormat {
    /// The words that are there and say what a request of the target's own is.
    pub(super) fn of_own(&self) -> impl Iterator<Item = &'static str> {
        let words = [
            ("method", self.method.is_some()),
            ("path", self.path.is_some()),
            ("query", !self.query.is_empty()),
            ("headers", !self.headers.is_empty()),
            ("media-type", self.media_type.is_some()),
        ];
        let words = words.into_iter().filter(|(_, given)| *given).map(|(word, _)| word);
        words.chain(body_words!(self).given().collect::<Vec<_>>())
    }
}
