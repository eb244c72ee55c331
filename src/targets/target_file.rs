//! The format of a target's file: where it is, which variable fills which slot, what it offers.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{header::HeaderSource, hook_format::HookSource, one_or_some::OneOrSome};
use crate::{
    contract::{
        check::CheckId,
        method::Method,
        names::{HookName, PartName, ProbeName, RequestName, SlotName},
        request_format::PartFormat,
    },
    source::format::FileFormat,
};

/// One file in `targets/`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TargetFile {
    /// The address that all paths are added to. `--target-url` replaces it.
    pub base_url: String,
    /// The variables that fill the slots, where they differ from those in the contract: one for a slot, or a list of them. The
    /// trials of the slot are dealt to its keys in turn, so that a run waits less for their limit.
    #[serde(default)]
    pub slots: BTreeMap<SlotName, OneOrSome<SlotSource>>,
    /// What a run may spend here.
    #[serde(default)]
    pub budget: Budget,
    /// Deviations from the contract that are known.
    #[serde(default)]
    pub known: Vec<KnownFormat>,
    /// Headers that every request carries, such as those that a gateway in front of the API needs.
    #[serde(default)]
    pub headers: BTreeMap<String, HeaderSource>,
    /// How the contract's requests differ here.
    #[serde(default)]
    pub requests: BTreeMap<RequestName, RequestChange>,
    /// How failures are provoked.
    #[serde(default)]
    pub hooks: BTreeMap<HookName, HookSource>,
    /// How the contract's probes differ here.
    #[serde(default)]
    pub probes: BTreeMap<ProbeName, ProbeChange>,
}

impl FileFormat for TargetFile {
    const SCHEMA: &'static str = include_str!("../../schemas/target.schema.json");
}

/// A known deviation: its trials do not fail until it is fixed; then they do, so that the entry is removed.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct KnownFormat {
    /// A code, or a case's whole name (`rate_limited::burst`).
    pub on: String,
    /// The check that does not hold there.
    pub check: CheckId,
    /// Why it is tolerated.
    pub reason: String,
    /// Who will fix it.
    pub owner: String,
    /// The last day on which it is tolerated: `2026-12-31`.
    pub until: String,
}

/// What a run may spend.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Budget {
    /// At most this many credits. A twin that would cost more is not sent.
    pub credits: u32,
}

/// Where a slot's key comes from.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SlotSource {
    /// The environment variable that holds it. No key belongs in a file.
    pub env: String,
    /// The variables of further parts of the credentials, where they differ from those in the contract.
    #[serde(default)]
    pub parts: BTreeMap<PartName, String>,
    /// Whether others use its workspace during a run, so that its balance tells nothing.
    #[serde(default)]
    pub shared: bool,
}

/// How a named request differs.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RequestChange {
    /// Another method.
    #[serde(default)]
    pub method: Option<Method>,
    /// Another path.
    #[serde(default)]
    pub path: Option<String>,
    /// Another query, in place of the whole.
    #[serde(default)]
    pub query: Option<BTreeMap<String, String>>,
    /// Other headers, in place of all that the request has besides the contract's `[headers]`.
    #[serde(default)]
    pub headers: Option<BTreeMap<String, String>>,
    /// Another body, sent as JSON. Of this and the next six there is at most one.
    #[serde(default)]
    pub body: Option<Value>,
    /// Another body as JSON text.
    #[serde(default)]
    pub json: Option<String>,
    /// Other fields, sent as `application/x-www-form-urlencoded`.
    #[serde(default)]
    pub form: Option<BTreeMap<String, String>>,
    /// Other parts, sent as `multipart/form-data`.
    #[serde(default)]
    pub multipart: Option<BTreeMap<String, PartFormat>>,
    /// Another body as text. It needs a `media-type`.
    #[serde(default)]
    pub text: Option<String>,
    /// Other bytes, written as pairs of hexadecimal digits. They need a `media-type`.
    #[serde(default)]
    pub bytes: Option<String>,
    /// Another file with the body, a path inside the contract folder. It needs a `media-type`.
    #[serde(default)]
    pub file: Option<String>,
    /// Another media type of the body.
    #[serde(default)]
    pub media_type: Option<String>,
    /// The most credits that it costs here when it succeeds: a ledger takes a higher charge for one too many, and a
    /// message that tells another cost is a finding, where the contract promises that it tells it.
    #[serde(default)]
    pub cost: Option<u32>,
}

/// How a probe differs.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProbeChange {
    /// Whether this target offers it at all.
    #[serde(default = "yes")]
    pub offered: bool,
    /// Another request.
    #[serde(default)]
    pub request: Option<RequestName>,
    /// Another place in the response body: a JSON Pointer.
    #[serde(default)]
    pub pointer: Option<String>,
}

fn yes() -> bool {
    true
}
