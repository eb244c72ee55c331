//! A scenario with its cases, checked and complete: nothing in it has to be looked up any more.

use std::{borrow::Cow, collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use regex::Regex;

use super::{
    Contract,
    contract_file::Limit,
    generation::Generated,
    identity::Tells,
    key::{Carrier, KeyDefect},
    limit::WaitPlace,
    names::{Code, HookName, ProbeName, RequestName, SlotName},
    pair::Pair,
    parts::{DocsLink, Envelope},
    points::Point,
    scenario_file::{Alternative, BodyDefect, HeaderDefect, Quantity, RequestPatch},
    step_format::Steps,
    wrong_fields::WrongFields,
};

/// One error code: what is promised for it, and the cases that provoke it.
#[derive(Debug)]
pub struct Scenario {
    /// The file that it was read from, relative to the contract folder.
    pub file: PathBuf,
    /// What the error is called: its code, or the name that its file gives it.
    pub code: Code,
    /// The status that people are shown: the first of those that it may have.
    pub status: u16,
    /// What tells it from all others.
    pub tells: Tells,
    /// How it looks.
    pub envelope: Arc<Envelope>,
    /// The link that it carries, and where.
    pub docs: Option<DocsLink>,
    /// What is promised of the response's headers.
    pub headers: Vec<PromisedHeader>,
    /// Why nobody can provoke it, if nobody can.
    pub unprovoked: Option<String>,
    /// What of an error is promised.
    pub expects: Expects,
    /// What the docs promise for it, in our own words.
    pub promise: String,
    /// The heading of the docs under which that stands.
    pub source: String,
    /// What has to be in the message.
    pub message: Option<MessagePattern>,
    /// What is promised of the wait that a refusal tells, if it has to tell one.
    pub retry_after: Option<ToldWait>,
    /// The same request without the defect.
    pub twin: Option<Twin>,
    /// The cases, in the order of the file.
    pub cases: Vec<Case>,
    /// How many of them the file asks for without writing them out.
    pub generated: Generated,
}

/// What is promised of one header of a response.
#[derive(Debug, Clone)]
pub struct PromisedHeader {
    /// Its name, in small letters.
    pub name: String,
    /// What is looked for in its value.
    pub pattern: Regex,
}

/// What of an error is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expects {
    /// Its code and its status, and all that goes with them.
    Code,
    /// That it is one, and what every error carries. Its scenario is called [`ANY_ERROR`], and has no status.
    AnyError,
    /// No error: that none of the run cost anything. Its scenario is called [`LEDGER`].
    Ledger,
    /// One of two codes, since two things are wrong at once. Its scenario is called [`ORDER`].
    Order,
}

/// What the scenario of errors is called of which neither code nor status is promised.
pub const ANY_ERROR: &str = "any_error";

/// What the scenario of the balances is called.
pub const LEDGER: &str = "ledger";

/// What the scenario of requests is called that have two things wrong.
pub const ORDER: &str = "order";

/// What is promised of the wait that an answer asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldWait {
    /// Whether `Retry-After` has to be there.
    pub header: RetryAfter,
    /// Where else it has to be told.
    pub at: Option<WaitPlace>,
    /// The longest one.
    pub longest: LongestWait,
    /// How it is told while it lasts.
    pub meanwhile: WaitMeanwhile,
}

/// Whether a refusal has to have a `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// It has to.
    Promised,
    /// It may: the wait is told elsewhere.
    Unsaid,
}

/// How a wait is told while it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitMeanwhile {
    /// The docs leave it open: an API may tell a whole window each time.
    Unsaid,
    /// What is left of it.
    Falls,
}

/// The longest wait that an answer may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LongestWait {
    /// The docs set none.
    Unsaid,
    /// So many seconds.
    Seconds(u32),
}

/// A request that has not the defect of a scenario's cases.
#[derive(Debug)]
pub struct Twin {
    /// The request.
    pub request: RequestName,
    /// Which request it is of a case at another point.
    pub follows: Follows,
    /// The slot whose key is sent.
    pub slot: SlotName,
    /// A defect that is looked for later.
    pub body: Option<BodyDefect>,
    /// The later code that it gets as far as; none if it succeeds.
    pub reaches: Option<Code>,
}

/// Whether a twin is made at the point of its case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follows {
    /// It is the case's own request, wherever that is.
    Case,
    /// It is one request for all cases.
    Nothing,
}

/// What has to be in a message, compiled.
#[derive(Debug)]
pub struct MessagePattern {
    /// The numbers in it, each by a pattern whose only group is around the number.
    pub numbers: BTreeMap<String, Regex>,
    /// Two of them: the first has to be greater than the second.
    pub greater: Option<[String; 2]>,
    /// What numbers of it are.
    pub equals: BTreeMap<String, Quantity>,
    /// What the patterns are worth where they do not find their numbers.
    pub wording: Wording,
}

/// How a message has to put what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wording {
    /// As the patterns have it.
    Fixed,
    /// As it likes: the patterns judge a text only where each of them finds its number.
    Any,
}

/// One way to provoke one code. One case is one trial.
#[derive(Debug)]
pub struct Case {
    /// The name that the test run shows: `<code>::<case>`.
    pub name: String,
    /// The line of the scenario file on which it begins, counted from 1.
    pub line: usize,
    /// Whether it stands at a point that is the scenario's own.
    pub at: At,
    /// Whether somebody wrote it.
    pub origin: Origin,
    /// How many times its request is sent, one after the other; each response is judged.
    pub times: u32,
    /// The fields that are wrong: the message has to name one.
    pub fields: WrongFields,
    /// Answers allowed besides the scenario's own.
    pub also: Vec<Alternative>,
    /// The time after which the answer comes.
    pub after: Option<(Duration, Duration)>,
    /// The probe whose number has to be the same before and after.
    pub unchanged: Option<ProbeName>,
    /// Whether it waits until all others are over.
    pub last: bool,
    /// Whether no other trial is under way meanwhile.
    pub alone: bool,
    /// Its own request without the defect, if it is not the scenario's.
    pub twin: Option<Box<Twin>>,
    /// What is sent before its request and after it, besides what the request itself needs.
    pub steps: Option<Box<Steps>>,
    /// Whether its status and code are recorded, since the docs do not tell them.
    pub recorded: bool,
    /// The two codes whose defects it has, if it has two.
    pub pair: Option<Box<Pair>>,
    /// What is sent.
    pub provocation: Provocation,
}

/// Where a case is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A file has it.
    Written,
    /// It was made from a schema, from JSON's grammar, or from two others.
    Made,
}

/// Where a case stands among the points of its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// Where its file says.
    Own,
    /// There as well, with one of the keys that the file deals to the cases that it does not write out.
    Dealt,
    /// At another point, where one case of the scenario is repeated.
    Elsewhere,
}

/// What a case sends.
#[derive(Debug)]
pub enum Provocation {
    /// One request with one defect.
    Single(Single),
    /// Many requests at once with one key.
    Burst(Burst),
    /// Requests that read a balance.
    Ledger(LedgerCase),
    /// Requests at once, of which a balance pays for one or none.
    Balance(BalanceCase),
}

/// Requests at once, of which a balance pays for one or none.
#[derive(Debug)]
pub struct BalanceCase {
    /// The request, its key, and what carries that.
    pub single: Single,
    /// What reads the balance.
    pub probe: ProbeName,
    /// How many credits it lacks of the request's cost.
    pub lacks: u32,
    /// How many requests are sent at once.
    pub requests: u32,
}

/// The balance of one slot, over a run.
#[derive(Debug)]
pub struct LedgerCase {
    /// The slot.
    pub slot: SlotName,
    /// What reads its balance.
    pub probe: ProbeName,
}

/// One request with one defect.
#[derive(Debug)]
pub struct Single {
    /// The request that it builds on.
    pub request: RequestName,
    /// The slot whose key is sent.
    pub slot: SlotName,
    /// Another slot whose key is as good, and is sent if there is one, so that no key waits for its limit.
    pub dealt: Option<SlotName>,
    /// What carries the key.
    pub carrier: Arc<Carrier>,
    /// What is wrong with the key.
    pub key: Option<KeyDefect>,
    /// What is wrong with the body. It lies elsewhere, since few cases have one.
    pub body: Option<Box<BodyDefect>>,
    /// What its twin has in place of the scenario's.
    pub kept: Option<Box<Kept>>,
    /// What is wrong with a header.
    pub header: Option<Box<HeaderDefect>>,
    /// The hook that makes the target fail.
    pub hook: Option<HookName>,
    /// What the request has in place of its own.
    pub with: Option<Box<RequestPatch>>,
}

/// The right side of what a case breaks.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The nearest body that is right.
    pub body: BodyDefect,
    /// The slot whose key is sent with it, if that is not the case's.
    pub slot: Option<SlotName>,
}

impl Single {
    /// Whether a text of it holds the slot's key, outside of a carrier.
    #[must_use]
    pub fn quotes_key(&self) -> bool {
        let Some(with) = &self.with else { return false };
        with.texts().any(|text| text.contains(KEY))
    }
}

/// What stands for the slot's key in the texts of a case.
pub const KEY: &str = "{key}";

/// Many requests at once with one key.
#[derive(Debug)]
pub struct Burst {
    /// The request that is sent: one that costs nothing.
    pub request: RequestName,
    /// The slot whose key is used up.
    pub slot: SlotName,
    /// The slot whose key has to be served meanwhile; none if the limit is shared by several keys.
    pub other: Option<SlotName>,
    /// What carries the keys.
    pub carrier: Arc<Carrier>,
    /// How many requests are sent at once.
    pub requests: u32,
    /// The limit that they go past.
    pub limit: Arc<Limit>,
}

impl Scenario {
    /// Whether the docs spell its code so.
    #[must_use]
    pub fn is_spelled(&self, text: &str) -> bool {
        self.tells.spelling().as_deref() == Some(text)
    }
}

impl Case {
    /// The slots whose keys it sends, so that they have to be filled.
    #[must_use]
    pub fn slots(&self) -> Vec<&SlotName> {
        match &self.provocation {
            Provocation::Single(single) => {
                let carried = single.key.as_ref().is_none_or(KeyDefect::needs_slot);
                let needed = carried || single.quotes_key();
                needed.then_some(&single.slot).into_iter().collect()
            }
            Provocation::Burst(burst) => [&burst.slot].into_iter().chain(&burst.other).collect(),
            Provocation::Ledger(ledger) => vec![&ledger.slot],
            Provocation::Balance(balance) => vec![&balance.single.slot],
        }
    }

    /// Whether its twin is what lies on the right side of what it breaks.
    #[must_use]
    pub fn has_right_side(&self) -> bool {
        let Provocation::Single(single) = &self.provocation else { return false };
        single.kept.is_some()
    }

    /// The same request without the defect: its own, or else its scenario's.
    #[must_use]
    pub fn twin<'a>(&'a self, scenario: &'a Scenario) -> Option<&'a Twin> {
        self.twin.as_deref().or(scenario.twin.as_ref())
    }

    /// Where it proves its code; nowhere in particular if it is a burst.
    #[must_use]
    pub fn point(&self) -> Option<Point> {
        let Provocation::Single(single) = &self.provocation else { return None };
        let is_sent = single.key != Some(KeyDefect::Absent);
        let carrier = single.carrier.point_name().filter(|_| is_sent);
        Some(Point { request: single.request.clone(), carrier })
    }

    /// The limit that it goes past, if it is a burst.
    #[must_use]
    pub fn limit(&self) -> Option<&Limit> {
        match &self.provocation {
            Provocation::Burst(burst) => Some(&burst.limit),
            Provocation::Single(_) | Provocation::Ledger(_) | Provocation::Balance(_) => None,
        }
    }

    /// The hook that it needs.
    #[must_use]
    pub fn hook(&self) -> Option<&HookName> {
        match &self.provocation {
            Provocation::Single(single) => single.hook.as_ref(),
            Provocation::Burst(_) | Provocation::Ledger(_) | Provocation::Balance(_) => None,
        }
    }
}

impl Contract {
    /// Its scenarios, and those of what is promised beyond single codes.
    pub fn all_scenarios(&self) -> impl Iterator<Item = &Arc<Scenario>> {
        let order = self.order.as_ref().map(|order| &order.scenario);
        self.scenarios.iter().chain(&self.any_error).chain(order).chain(&self.ledger)
    }

    /// The scenarios whose errors have a code, as the docs spell it.
    pub fn spelled(&self) -> impl Iterator<Item = (Cow<'_, str>, &Arc<Scenario>)> {
        self.scenarios.iter().filter_map(|scenario| Some((scenario.tells.spelling()?, scenario)))
    }
}
