//! The format of `contract.toml`: the API as a whole.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{
    key::KeyShape,
    names::{Code, HookName, ProbeName, RequestName, SlotName},
};
use crate::checks::CheckId;

/// `contract.toml`: what the docs say of the API as a whole.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ContractFile {
    /// The API's name, for people.
    pub name: String,
    /// The link that every error carries.
    pub docs: String,
    /// Hosts that real customers use. A run against one of them has to be allowed.
    #[serde(default)]
    pub production_hosts: Vec<String>,
    /// How an error looks.
    pub envelope: EnvelopeFormat,
    /// How a key looks and where it is carried.
    pub key: KeyShape,
    /// How many requests a key has.
    pub limit: Limit,
    /// The requests that cases build on.
    pub requests: BTreeMap<RequestName, RequestFormat>,
    /// The credentials that cases need.
    pub slots: BTreeMap<SlotName, SlotFormat>,
    /// The request that shows, before all others, that the target is there and takes its key.
    pub preflight: PreflightFormat,
    /// The codes in the order in which the API looks for them. A twin that gets as far as a later
    /// one has passed all earlier ones.
    #[serde(default)]
    pub chain: Vec<Code>,
    /// The failures that a target may offer to provoke.
    #[serde(default)]
    pub hooks: BTreeMap<HookName, HookPurpose>,
    /// The numbers that a target may offer to read.
    #[serde(default)]
    pub probes: BTreeMap<ProbeName, Probe>,
    /// What the docs promise of every error, by the check that guards it.
    #[serde(default)]
    pub promises: BTreeMap<CheckId, Promise>,
}

/// The places in an error's body, each a JSON Pointer (RFC 6901).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EnvelopeFormat {
    /// The JSON Schema of the body, a path inside the contract folder.
    pub schema: String,
    /// Where the code is.
    pub code: String,
    /// Where the message is.
    pub message: String,
    /// Where the docs link is.
    pub docs: String,
    /// Where the request id is.
    pub request_id: String,
}

/// A limit on requests, for each key on its own.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limit {
    /// Requests that a rested key has.
    #[schemars(range(min = 1))]
    pub requests: u32,
    /// Seconds after which it has them again.
    #[schemars(range(min = 1))]
    pub window_seconds: u32,
}

/// A request that succeeds when nothing is broken in it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RequestFormat {
    /// The HTTP method.
    pub method: Method,
    /// The path, from the target's base URL on.
    pub path: String,
    /// The body, sent as JSON.
    #[serde(default)]
    pub body: Option<Value>,
    /// The JSON Schema of the body, a path inside the contract folder. A case's defect is held
    /// against it: it has to break the body, and at the field that it says.
    #[serde(default)]
    pub input: Option<String>,
    /// The status of the answer when nothing is broken.
    #[serde(default = "ok")]
    pub status: u16,
    /// The credits that it costs when it succeeds, at the most.
    #[serde(default)]
    pub cost: u32,
}

fn ok() -> u16 {
    200
}

/// The HTTP methods that a named request can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "RFC 9110, section 9.3, says it all")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// The method's name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A credential that cases need.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SlotFormat {
    /// The environment variable that fills it where the target's file names no other.
    pub env: String,
    /// What the key behind it must be, for whoever has to provide one.
    pub purpose: String,
}

/// The request that is sent before all others: one that costs nothing.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PreflightFormat {
    /// The request.
    pub request: RequestName,
    /// The slot whose key it carries, if that is filled.
    pub slot: SlotName,
}

/// A failure that only the target itself can bring about.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HookPurpose {
    /// The environment variable that holds the header to add (`Name: value`) where no target's
    /// file describes the hook.
    pub env: String,
    /// What the hook has to bring about.
    pub purpose: String,
}

/// A number that can be read from the answer to a named request.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Probe {
    /// The request to send.
    pub request: RequestName,
    /// Where in the answer's body the number is, a JSON Pointer.
    pub pointer: String,
}

/// A promise of the docs, in our own words, and where it is made.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Promise {
    /// What is promised.
    pub says: String,
    /// The heading or sentence of the docs that promises it.
    pub source: String,
}
