//! The format of `contract.toml`: the API as a whole.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    check::CheckId,
    envelope::EnvelopeFormat,
    key::KeyShape,
    limit::{Draft, LimitPlace, Per, Told, WaitPlace},
    names::{Code, EnvelopeName, HookName, LimitName, PartName, ProbeName, RequestName, SlotName},
    order_format::OrderFormat,
    points::PointsFormat,
    promise::Promise,
    request_format::RequestFormat,
    retry::RetryFormat,
};
use crate::source::bounds::within;
use crate::source::format::FileFormat;

/// `contract.toml`: what the docs say of the API as a whole.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ContractFile {
    /// The API's name, for people.
    pub name: String,
    /// The API that errproof bundles and that keeps this contract: what a run without a target
    /// tests. Without it a run needs a target.
    #[serde(default)]
    pub mock: Option<BundledMock>,
    /// The link that every error carries, at the envelope's `docs`. Both or neither are given.
    #[serde(default)]
    pub docs: Option<String>,
    /// Hosts that real customers use. A run against one of them needs `--allow-production`.
    #[serde(default)]
    pub production_hosts: Vec<String>,
    /// What an error looks like.
    pub envelope: EnvelopeFormat,
    /// What errors look like that look otherwise: a router's text, an empty 405. Scenarios name them.
    #[serde(default)]
    pub envelopes: BTreeMap<EnvelopeName, EnvelopeFormat>,
    /// What a key looks like, and where a request carries it. An API without keys has none.
    #[serde(default)]
    pub key: Option<KeyShape>,
    /// The rate limit, of a key unless `per` says otherwise. Without it, and without `limits`, no case can have a burst.
    #[serde(default)]
    pub limit: Option<Limit>,
    /// Further limits, each with a name. Several may count one request.
    #[serde(default)]
    pub limits: BTreeMap<LimitName, Limit>,
    /// Headers that every request of the contract carries. `{fresh}` in a value is another one in each request.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The requests that cases build on.
    pub requests: BTreeMap<RequestName, RequestFormat>,
    /// The credentials that cases need.
    #[serde(default)]
    pub slots: BTreeMap<SlotName, SlotFormat>,
    /// The request that shows, before all others, that the target is there and takes its key.
    pub preflight: PreflightFormat,
    /// The codes in the order in which the API checks for them. A twin that gets a later one has
    /// passed the checks of all earlier ones.
    #[serde(default)]
    pub chain: Vec<Code>,
    /// Proves every code at every point where its promise holds, and not only at its scenario's own.
    #[serde(default)]
    pub points: Option<PointsFormat>,
    /// Sends requests with two things wrong at once, and looks which code wins.
    #[serde(default)]
    pub order: Option<OrderFormat>,
    /// Holds that a run's errors cost nothing, by the balances before and after it.
    #[serde(default)]
    pub ledger: Option<LedgerFormat>,
    /// The hooks: failures that a target may offer to provoke.
    #[serde(default)]
    pub hooks: BTreeMap<HookName, HookPurpose>,
    /// The probes: numbers that a target may let errproof read.
    #[serde(default)]
    pub probes: BTreeMap<ProbeName, Probe>,
    /// What the docs promise of every error, by the check that proves it.
    #[serde(default)]
    pub promises: BTreeMap<CheckId, Promise>,
    /// How the docs' page is read, where it is not one of plain tables.
    #[serde(default)]
    pub page: PageFormat,
    /// What the docs tell clients to do after an error.
    #[serde(default)]
    pub retry: Option<RetryFormat>,
}

impl FileFormat for ContractFile {
    const SCHEMA: &'static str = include_str!("../../schemas/contract.schema.json");
}

/// An API that errproof bundles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum BundledMock {
    /// The `PlanMySaaS` public API.
    PlanMySaaS,
}

/// A limit on requests, for each key on its own unless `per` says otherwise.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limit {
    /// How many requests there are per window.
    #[serde(deserialize_with = "within::<1, { u32::MAX }, _, _>")]
    #[cfg_attr(feature = "schemas", schemars(range(min = 1)))]
    pub requests: u32,
    /// The length of the window, in seconds.
    #[serde(deserialize_with = "within::<1, { u32::MAX }, _, _>")]
    #[cfg_attr(feature = "schemas", schemars(range(min = 1)))]
    pub window_seconds: u32,
    /// The name by which the API states the limit in the headers `RateLimit` and
    /// `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers), if it does.
    #[serde(default)]
    pub policy: Option<String>,
    /// Which windows the docs promise.
    #[serde(default)]
    pub windows: Windows,
    /// Which requests the docs say it counts.
    #[serde(default)]
    pub counts: Counts,
    /// The requests that it counts, where it does not count all: only these are paced.
    #[serde(default)]
    pub of: Option<Vec<RequestName>>,
    /// Whose requests it counts together. By default each key has its own count.
    #[serde(default)]
    pub per: Per,
    /// Where each response tells of the limit, if the API does, in headers of its own or in those of the RFC's older drafts.
    #[serde(default)]
    pub told: Option<Told>,
    /// The same in the structured fields of the RFC's newer drafts. Unlike `policy` it holds no more than those say.
    #[serde(default)]
    pub draft: Option<Draft>,
    /// Where a refusal says how long to wait, beside `Retry-After` or in its place.
    #[serde(default)]
    pub wait: Option<WaitPlace>,
    /// Its name under `limits`; none for `[limit]`.
    #[serde(skip)]
    pub name: Option<LimitName>,
    /// Its place among the limits of its contract.
    #[serde(skip)]
    pub place: LimitPlace,
}

impl Limit {
    /// So many requests in so many seconds, and nothing more.
    #[must_use]
    pub const fn of(requests: u32, window_seconds: u32) -> Self {
        Self {
            requests,
            window_seconds,
            policy: None,
            windows: Windows::Fixed,
            counts: Counts::Unsaid,
            of: None,
            per: Per::Key,
            told: None,
            draft: None,
            wait: None,
            name: None,
            place: LimitPlace(0),
        }
    }

    /// Whether it counts a request of the contract.
    #[must_use]
    pub fn counts_request(&self, request: &RequestName) -> bool {
        self.of.as_ref().is_none_or(|requests| requests.contains(request))
    }
}

/// Which windows a limit is promised to hold in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Windows {
    /// Windows that follow each other, wherever they end: what most limiters keep, and all that "60 requests a minute"
    /// says. On either side of an edge there may be a whole limit.
    #[default]
    Fixed,
    /// Any window: no 60 seconds with more than the limit, wherever they begin.
    Any,
}

/// Which requests a limit is promised to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Counts {
    /// The docs leave it open: an API that looks at the input before the limit counts no request that it refuses for
    /// that.
    #[default]
    Unsaid,
    /// Every request with the key, also one that is refused for its input.
    EveryRequest,
}

/// A credential that cases need.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SlotFormat {
    /// The environment variable that holds the key, unless the target's file names another one.
    #[serde(default)]
    pub env: String,
    /// Further parts of the credentials, each with the environment variable that holds it: `{ user = "STAGING_USER" }`.
    #[serde(default)]
    pub parts: BTreeMap<PartName, String>,
    /// Whether it carries no key: for what an API with keys promises to whoever sends none. It needs no variable.
    #[serde(default)]
    pub keyless: bool,
    /// What the key must be, for whoever has to provide one.
    pub purpose: String,
    /// Whether a target may do without it: then its cases are listed as ignored, and no run is the less for it.
    #[serde(default)]
    pub optional: bool,
}

/// The request that is sent before all others: one that costs nothing.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PreflightFormat {
    /// The request.
    pub request: RequestName,
    /// The slot whose key it carries, if that is filled. An API without keys has none.
    #[serde(default = "SlotName::unsaid")]
    pub slot: SlotName,
}

/// A failure that only the target itself can bring about.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HookPurpose {
    /// The environment variable that holds the header to add (`Name: value`) where no target's
    /// file describes the hook.
    pub env: String,
    /// What the hook has to bring about, after "makes": `the generator fail`.
    pub purpose: String,
}

/// A number that can be read from the response to a named request.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Probe {
    /// The request to send.
    pub request: RequestName,
    /// Where in the response body the number is: a JSON Pointer.
    pub pointer: String,
}

/// `[ledger]` in `contract.toml`: the balance of each slot is read before the first trial, after the last one, and
/// some seconds later. It falls by what the requests that succeeded cost, and by nothing else: so a charge for any
/// error is found, on whichever request, by whichever carrier, and however late.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LedgerFormat {
    /// The probe that reads a balance.
    pub probe: ProbeName,
    /// Slots whose balance cannot be read, each with the reason.
    #[serde(default)]
    pub except: BTreeMap<SlotName, String>,
    /// What the docs promise, in your own words.
    pub says: String,
    /// The heading or sentence of the docs that promises it.
    pub source: String,
}

/// How the docs' page is read. What is left out suits a page of plain tables. Patterns are regular
/// expressions.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct PageFormat {
    /// What the page is written in, where neither its name nor its server says so.
    pub form: Option<Form>,
    /// Where the codes are defined.
    pub codes_in: CodesIn,
    /// The headers of the column that holds the code; case does not matter.
    pub code_columns: Vec<String>,
    /// The headers of the column that holds the status; case does not matter.
    pub status_columns: Vec<String>,
    /// What a code looks like in its cell, with one group around the code. A cell that does not
    /// look so defines nothing.
    pub code: String,
    /// What a status looks like, in a row and in a heading, with one group around the number.
    pub status: String,
    /// What a line that is a heading looks like, on a page that is plain text.
    pub heading: String,
    /// How the page states the limit, with the groups `requests` and `unit`, and `count` for how
    /// many units.
    pub limit: String,
    /// How the page states a range of time, with the groups `least`, `most` and `most_unit`, and
    /// `least_unit` where it may be another.
    pub time: String,
    /// The heading under which the example of an envelope stands, where other examples look like one.
    pub example_under: Option<String>,
    /// The example that `errproof docs` prints, where none can be made from `[envelope]`.
    pub example: Option<String>,
}

/// What a page is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Form {
    Html,
    Markdown,
    Text,
}

/// Where a page defines its codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CodesIn {
    /// One a row, in tables with a column for them.
    Tables,
    /// One a list item that begins with it, set as code.
    Items,
}

/// A unit of time, as the default patterns know it.
macro_rules! unit {
    ($name:literal) => {
        concat!("(?<", $name, ">s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)")
    };
}

impl Default for PageFormat {
    fn default() -> Self {
        let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        Self {
            form: None,
            codes_in: CodesIn::Tables,
            code_columns: texts(&["Code", "Error code"]),
            status_columns: texts(&["Status", "HTTP status", "HTTP"]),
            // One word that is no number: tables of statuses often call those codes as well.
            code: r"^([^\s\d(]\S*)(?:\s*\([^()]*\))?$".to_owned(),
            // From 200 on: some APIs answer errors so.
            status: r"\b([2-5]\d\d)\b".to_owned(),
            // Short, and not the end of a sentence, of a list's item or of an example.
            heading: r#"^[^\s\-*{}\[\]"|].{0,58}[^\s.,:;!?{}|]$"#.to_owned(),
            limit: concat!(
                r"(?i)\b(?<requests>\d[\d,_]*)\s*(?:requests?|reqs?|calls?)",
                r"(?:\s*(?:/|per|for each)\s*(?:API\s)?key)?",
                r"\s*(?:/|per|an?|every|each|in)\s*(?<count>\d+)?[\s-]*",
                unit!("unit"),
                r"\b"
            )
            .to_owned(),
            time: concat!(
                r"(?i)\b(?<least>\d+)\s*",
                unit!("least_unit"),
                r"?\s*(?:-|\x{2013}|\x{2014}|to|and)\s*(?<most>\d+)\s*",
                unit!("most_unit"),
                r"\b"
            )
            .to_owned(),
            example_under: None,
            example: None,
        }
    }
}
