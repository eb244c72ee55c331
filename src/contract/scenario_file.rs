//! The format of a scenario file: one error code, what is promised for it, the cases that provoke it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{
    identity::{CodeFormat, Statuses},
    key::KeyDefect,
    names::{
        CarrierName, CaseName, Code, EnvelopeName, HookName, LimitName, ProbeName, RequestName,
        SlotName,
    },
    points::Except,
    step_format::{StepFormat, Steps},
};
use crate::source::{
    bounds::{within, within_if_given},
    format::FileFormat,
};

/// One file in `scenarios/`: one error code.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ScenarioFile {
    /// What the error is called in `chain`, twins and reports: letters, digits, `_` and `-`. By default its code.
    #[serde(default)]
    pub name: Option<Code>,
    /// The error code, as the docs spell it: a text, or a whole number, which is not the text of it. The empty text
    /// promises that there is none, or that it is null. Left out, nothing is promised of it, and the error is told by its
    /// status or its message.
    #[serde(default)]
    pub code: Option<CodeFormat>,
    /// The HTTP status code that goes with it; a list of them, a class (`4xx`), or `any`, where the docs say no more.
    pub status: Statuses,
    /// The envelope that it has, of `[envelopes]` in contract.toml. By default `[envelope]`.
    #[serde(default)]
    pub envelope: Option<EnvelopeName>,
    /// What the docs promise for it, in your own words.
    pub promise: String,
    /// The heading in the docs under which the promise is.
    pub source: String,
    /// Why nobody can provoke it: then it has no cases, and is counted by itself.
    #[serde(default)]
    pub unprovoked: Option<String>,
    /// The request that the cases build on, where a case names no other.
    #[serde(default)]
    pub request: Option<RequestName>,
    /// The slot whose key is sent, where a case names no other. An API without keys has none.
    #[serde(default = "SlotName::unsaid")]
    pub slot: SlotName,
    /// The link that this error carries, where it is not the contract's.
    #[serde(default)]
    pub docs: Option<String>,
    /// What the docs promise of the response's headers: each by a regular expression that is looked for in its value.
    /// `{code}` in it stands for the code.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The limit that the scenario's burst goes past: a name under `limits` in `contract.toml`. Without it that is `[limit]`.
    #[serde(default)]
    pub limit: Option<LimitName>,
    /// What the docs promise of this code's message.
    #[serde(default)]
    pub message: Option<MessageFormat>,
    /// Whether the response has to say in `Retry-After` how long to wait.
    #[serde(default)]
    pub retry_after: bool,
    /// The longest wait, in seconds, that `Retry-After` may ask for, if the docs set one.
    #[serde(default, deserialize_with = "within_if_given::<1, { u32::MAX }, _, _>")]
    #[cfg_attr(feature = "schemas", schemars(range(min = 1)))]
    pub retry_after_at_most: Option<u32>,
    /// Whether `Retry-After` has to tell what is left of the wait, so that it falls with the clock. Without this it
    /// may tell a whole window each time.
    #[serde(default)]
    pub retry_after_falls: bool,
    /// The same request without the defect, in its cheapest form.
    #[serde(default)]
    pub twin: Option<TwinFormat>,
    /// Points at which the code is not proven, each with the reason: `{ request = "tagline", why = "..." }`.
    #[serde(default)]
    pub except: Vec<Except>,
    /// Adds a case for each constraint of the input schemas of the requests: one that breaks it alone. Of a bound its twin
    /// is what lies on the bound.
    #[serde(default)]
    pub generate: bool,
    /// The most cases that `generate` adds, by default 500. If there are more, so many are drawn, and the summary says so.
    #[serde(default, deserialize_with = "within_if_given::<1, { u32::MAX }, _, _>")]
    #[cfg_attr(feature = "schemas", schemars(range(min = 1)))]
    pub max_cases: Option<u32>,
    /// What the cases are drawn by, if there are more than `max-cases`: the same ones for the same number.
    #[serde(default)]
    pub seed: u64,
    /// Slots whose keys the cases of `generate` and `grammar` are dealt to at the scenario's own request, so that no key has
    /// to wait for its limit: keys that are as good for that as the scenario's. By default the scenario's own.
    #[serde(default)]
    pub dealt_to: Vec<SlotName>,
    /// Adds a case for each kind of text that JSON's grammar (RFC 8259) refuses. Its twin is the nearest one that is JSON.
    #[serde(default)]
    pub grammar: Option<GrammarFormat>,
    /// The cases, in the order in which people should read them.
    #[serde(default)]
    pub cases: Vec<CaseFormat>,
}

impl FileFormat for ScenarioFile {
    const SCHEMA: &'static str = include_str!("../../schemas/scenario.schema.json");
}

/// Why what a file has to have is there when it is asked for.
const LOOKED_UP: &str = "a file without it has no cases";

impl ScenarioFile {
    /// Gives the error the name that it is called by: its own, or its code.
    pub(super) fn call_it(&mut self) {
        if self.name.is_none() {
            self.name = self.code.clone().map(Code::from);
        }
    }

    /// What the error is called.
    pub(super) fn called(&self) -> &Code {
        self.name.as_ref().expect(LOOKED_UP)
    }

    /// The request that the cases build on.
    pub(super) fn request(&self) -> &RequestName {
        self.request.as_ref().expect(LOOKED_UP)
    }

    /// The slot whose key is sent.
    pub(super) fn slot(&self) -> &SlotName {
        &self.slot
    }
}

/// Texts that are not JSON.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct GrammarFormat {
    /// How many more there are besides one of each kind: kinds that are drawn, each somewhere in another text.
    #[serde(deserialize_with = "within::<0, 1_000, _, _>")]
    #[cfg_attr(feature = "schemas", schemars(range(max = 1_000)))]
    pub sample: u32,
    /// What they are drawn by: the same ones for the same number.
    pub seed: u64,
}

/// What has to be in a message.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MessageFormat {
    /// What it has to match, a regular expression. It is a part of what tells this error from others.
    #[serde(default)]
    pub is: Option<String>,
    /// The numbers in it, each by a regular expression with one group around the number. They may
    /// stand in any order.
    #[serde(default)]
    pub numbers: BTreeMap<String, String>,
    /// Two of them: the first has to be greater than the second.
    #[serde(default)]
    pub greater: Option<[String; 2]>,
    /// What numbers of it are: the request's cost, or what a probe reads with the same key.
    #[serde(default)]
    pub equals: BTreeMap<String, Quantity>,
    /// Whether the docs promise the numbers and no wording. Then the patterns judge only a message in
    /// which each of them finds a number of its own. In any other it is enough that there is a number,
    /// and, where one has to be greater and there are several, that they are not all the same.
    #[serde(default)]
    pub any_wording: bool,
}

/// What a number in a message is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Quantity {
    /// What the request costs when it succeeds. It is judged where the target's file says the cost, or where a request
    /// that succeeded has lowered a balance by exactly the contract's.
    Cost,
    /// What this probe reads with the key of the request. It is judged where the number stands still meanwhile.
    Probe(ProbeName),
}

impl Quantity {
    /// Whether it is the request's cost.
    #[must_use]
    pub fn is_cost(&self) -> bool {
        *self == Self::Cost
    }

    /// The probe that reads it.
    #[must_use]
    pub fn probe(&self) -> Option<&ProbeName> {
        match self {
            Self::Probe(probe) => Some(probe),
            Self::Cost => None,
        }
    }
}

/// The request of the scenario's cases without their defect: it has to get past the scenario's
/// code, to a later one in the contract's chain or to success. Otherwise the cases prove nothing.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TwinFormat {
    /// The request, instead of the scenario's; in a case's own twin, instead of the case's.
    #[serde(default)]
    pub request: Option<RequestName>,
    /// The slot whose key is sent, instead of the scenario's; in a case's own twin, instead of the case's.
    #[serde(default)]
    pub slot: Option<SlotName>,
    /// A defect that the API checks for later than the scenario's, so that nothing is generated.
    #[serde(default)]
    pub body: Option<BodyDefect>,
    /// The later code that it gets. Without one it succeeds, and costs what the request costs.
    #[serde(default)]
    pub reaches: Option<Code>,
}

/// One way to provoke the code, breaking exactly one thing.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of the file")]
pub struct CaseFormat {
    /// The case's name, unique in the file: lower-case words joined by `-`. It never changes.
    pub id: CaseName,
    /// The request to build on, instead of the scenario's.
    #[serde(default)]
    pub request: Option<RequestName>,
    /// The slot whose key is sent, instead of the scenario's.
    #[serde(default)]
    pub slot: Option<SlotName>,
    /// The carriers to try, each as a case of its own with the carrier's name behind its own.
    /// Without it the contract's first carrier is used.
    #[serde(default)]
    pub carriers: Option<Vec<CarrierName>>,
    /// What is wrong with the key.
    #[serde(default)]
    pub key: Option<KeyDefect>,
    /// How many times the request is sent, one after the other; each response is judged. By default once.
    #[serde(default, deserialize_with = "within_if_given::<1, 10, _, _>")]
    #[cfg_attr(feature = "schemas", schemars(range(min = 1, max = 10)))]
    pub times: Option<u32>,
    /// Whether this case is repeated at every other point as well, and not only the scenario's first one.
    #[serde(default)]
    pub everywhere: bool,
    /// Whether the request is sent when all other trials of the run are over: for what must stay as it is.
    #[serde(default)]
    pub last: bool,
    /// Whether the docs leave open what the answer is: its status and code are recorded, and drift from then on. For
    /// `any-error.toml`.
    #[serde(default)]
    pub recorded: bool,
    /// What the request has in place of its own: another method, path or headers.
    #[serde(default)]
    pub with: Option<RequestPatch>,
    /// What is wrong with the body.
    #[serde(default)]
    pub body: Option<BodyDefect>,
    /// What is wrong with a header: one that is left out, or has another value.
    #[serde(default)]
    pub header: Option<HeaderDefect>,
    /// The same request without the defect, instead of the scenario's twin.
    #[serde(default)]
    pub twin: Option<TwinFormat>,
    /// Whether no other trial of the run is under way meanwhile: for a case that changes what others depend on.
    #[serde(default)]
    pub alone: bool,
    /// Requests that are sent before it, one after the other: `{ request = "start", status = 202, capture = { id = "/id" } }`.
    /// What they capture stands in braces in later requests: `{id}`.
    #[serde(default)]
    pub first: Vec<StepFormat>,
    /// Requests that are sent after it, whatever became of it, to clean up.
    #[serde(default)]
    pub after_all: Vec<StepFormat>,
    /// The captured values that are kept out of all that is shown.
    #[serde(default)]
    pub secret: Vec<String>,
    /// The field that the message has to name.
    #[serde(default)]
    pub field: Option<String>,
    /// The hook that makes the target fail.
    #[serde(default)]
    pub hook: Option<HookName>,
    /// The probe whose number has to be the same before and after.
    #[serde(default)]
    pub unchanged: Option<ProbeName>,
    /// The range of seconds after which the response comes.
    #[serde(default)]
    pub after: Option<SecondsRange>,
    /// Responses that the docs leave room for besides the scenario's own.
    #[serde(default)]
    pub also: Vec<Alternative>,
    /// A balance that pays for one request, or just not: as many requests succeed as it pays for.
    #[serde(default)]
    pub balance: Option<BalanceFormat>,
    /// One concurrent burst that exceeds the limit, judged as a whole, instead of one request.
    #[serde(default)]
    pub burst: Option<BurstFormat>,
}

impl CaseFormat {
    /// What is sent before its request and after it, besides what the request itself needs.
    #[must_use]
    pub fn steps(&self) -> Steps {
        let Self { first, after_all, secret, .. } = self;
        Steps { first: first.clone(), after_all: after_all.clone(), secret: secret.clone() }
    }
}

/// What a request has in place of its own. `{key}` in a text is the key of the case's slot, for a key that is carried
/// where the API does not look for one.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RequestPatch {
    /// Another method, whatever its name. One that gives a body no meaning is sent without one.
    #[serde(default)]
    pub method: Option<String>,
    /// Another path, from the target's base URL on.
    #[serde(default)]
    pub path: Option<String>,
    /// What follows the path behind a question mark, whatever the target's path is.
    #[serde(default)]
    pub query: Option<String>,
    /// Carriers that hold the case's key as well.
    #[serde(default)]
    pub also_in: Vec<CarrierName>,
    /// Fields to add to the body, each with a text.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// Headers to add; one that the request has by itself is replaced.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// One thing that is wrong with the headers of a request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum HeaderDefect {
    /// The request without this header of its own.
    Remove(String),
    /// The request with this header, or with another value in it.
    Set(HeaderSetting),
}

/// A header with its value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HeaderSetting {
    /// The header's name.
    pub name: String,
    /// Its value.
    pub to: String,
}

impl HeaderDefect {
    /// The header's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Remove(name) | Self::Set(HeaderSetting { name, .. }) => name,
        }
    }
}

impl RequestPatch {
    /// The texts that may hold the slot's key.
    pub fn texts(&self) -> impl Iterator<Item = &String> {
        let places = self.path.iter().chain(&self.query);
        places.chain(self.headers.values()).chain(self.fields.values())
    }
}

/// One thing that is wrong with a body.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum BodyDefect {
    /// This text is sent as it is.
    Text(String),
    /// These bytes are sent, written as pairs of hexadecimal digits.
    Hex(String),
    /// The request's body without the value at this JSON Pointer.
    Remove(String),
    /// The request's body with another value at a place.
    Set(Replacement),
    /// The request's body with a long text at a place.
    Fill(Filling),
    /// The request's body with lists in lists at a place.
    Nest(Nesting),
}

/// Another value at a place of the body.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Replacement {
    /// The place, a JSON Pointer.
    pub at: String,
    /// The value. Either this or `null` is there.
    #[serde(default)]
    pub to: Option<Value>,
    /// Whether the value is `null`, which TOML does not have.
    #[serde(default)]
    pub null: Option<bool>,
}

impl Replacement {
    /// This value at a place.
    #[must_use]
    pub fn of(at: &str, to: Value) -> Self {
        Self { at: at.to_owned(), to: Some(to), null: None }
    }

    /// The value.
    ///
    /// # Errors
    /// If there is none, or two, as the end of a sentence.
    pub fn value(&self) -> Result<Value, String> {
        match (&self.to, self.null) {
            (Some(value), None) => Ok(value.clone()),
            (None, Some(true)) => Ok(Value::Null),
            _ => Err("exactly one of `to` and `null = true` has to be there".to_owned()),
        }
    }
}

/// A repeated text at a place of the body.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Filling {
    /// The place, a JSON Pointer.
    pub at: String,
    /// The text.
    pub with: String,
    /// How many times it is repeated, at most a million.
    #[serde(deserialize_with = "within::<1, 1_000_000, _, _>")]
    #[cfg_attr(feature = "schemas", schemars(range(min = 1, max = 1_000_000)))]
    pub times: usize,
}

/// Lists in lists at a place of the body.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Nesting {
    /// The place, a JSON Pointer.
    pub at: String,
    /// How many levels, at most a million.
    #[serde(deserialize_with = "within::<1, 1_000_000, _, _>")]
    #[cfg_attr(feature = "schemas", schemars(range(min = 1, max = 1_000_000)))]
    pub levels: usize,
}

/// A response that is allowed besides the scenario's own, and why.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Alternative {
    /// Its status code.
    pub status: u16,
    /// Its code.
    pub code: Code,
    /// Where the docs leave the room.
    pub why: String,
}

/// A range of seconds, both ends included.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SecondsRange {
    /// Not before this.
    pub at_least: u32,
    /// Not later than this.
    pub at_most: u32,
}

/// A burst: `requests` at once with the scenario's key, while the key of `other` is served. Of a limit that several keys
/// share the burst runs alone, and there is no `other`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BurstFormat {
    /// How many requests are sent at once: more than the limit.
    #[serde(deserialize_with = "within::<2, 10_000, _, _>")]
    #[cfg_attr(feature = "schemas", schemars(range(min = 2, max = 10_000)))]
    pub requests: u32,
    /// The slot whose key has to be served while the burst's key is refused, if each key has a limit of its own.
    #[serde(default)]
    pub other: Option<SlotName>,
}

/// What the balance of the slot's key is: the request's cost, or a little less. Of the requests that are sent at once one
/// succeeds, or none does; the others get the scenario's error. It is looked at before, and a key with another balance
/// is not judged, nor is a request whose cost no success has shown and no target's file says.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BalanceFormat {
    /// The probe that reads it.
    pub probe: ProbeName,
    /// How many credits it lacks of the request's cost. By default none, so that one request succeeds.
    #[serde(default)]
    pub lacks: u32,
    /// How many requests are sent at once. By default one.
    #[serde(default, deserialize_with = "within_if_given::<1, 100, _, _>")]
    #[cfg_attr(feature = "schemas", schemars(range(min = 1, max = 100)))]
    pub requests: Option<u32>,
}
