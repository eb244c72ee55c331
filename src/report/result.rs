//! What a run came to, as every report shows it. Keys are gone from it, and control codes are written
//! out, so whoever formats it has neither to think of.

use std::{collections::BTreeMap, fmt, ops::Add, sync::Arc};

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    checks::{CheckId, Level},
    client::record::Timeline,
    harness::verdict::Verdict,
};

/// A run and all that came of it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct Results {
    /// The version of errproof.
    pub errproof: String,
    /// The contract's name.
    pub contract: String,
    /// When the run began, as RFC 3339 has it, in UTC.
    pub started: String,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// What of the contract was carried out.
    pub scope: Scope,
    /// How many trials came to what.
    pub counts: Counts,
    /// The server, if one was tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerResult>,
    /// The client, if one was tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<SideResult>,
    /// The page with the docs, if it was tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<SideResult>,
}

impl Results {
    /// The trials of the server's side; none if no server was tested.
    #[must_use]
    pub fn trials(&self) -> &[TrialResult] {
        self.server.as_ref().map(|server| server.trials.as_slice()).unwrap_or_default()
    }

    /// The sides besides the server's.
    pub fn sides(&self) -> impl Iterator<Item = &SideResult> {
        self.client.iter().chain(&self.page)
    }
}

/// What came of a server.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct ServerResult {
    /// Who was tested.
    pub target: TargetResult,
    /// How it was set up. Variables are named, and never what they hold.
    pub configuration: Configuration,
    /// How many of its trials came to what.
    pub counts: Counts,
    /// What is true of each code, in the contract's order.
    pub codes: Vec<CodeResult>,
    /// How envelopes differ from the reviewed ones, each difference once.
    pub drift: Vec<DriftResult>,
    /// The trials, in the contract's order. Without a report those that passed are left out.
    pub trials: Vec<TrialResult>,
    /// What else there is to say: how to record snapshots, which twins were not asked.
    pub notes: Vec<String>,
}

/// What came of a client, or of a page.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct SideResult {
    /// What was tested: the client's command, or the page.
    pub subject: String,
    /// What it comes to, in one line.
    pub headline: String,
    /// The trials.
    pub trials: Vec<SideTrialResult>,
}

/// What came of one trial of a client or a page.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct SideTrialResult {
    /// Its name.
    pub name: String,
    /// What it came to.
    pub outcome: Outcome,
    /// Why, where the findings do not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What the docs promise, and where.
    pub promise: String,
    /// What did not hold.
    pub findings: Vec<SideFindingResult>,
    /// The runs of a client that it was judged from; those with findings come first.
    pub timelines: Vec<Timeline>,
    /// What the run printed of it, if it is red.
    #[serde(skip)]
    pub text: String,
}

/// A check on a client or a page that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct SideFindingResult {
    /// What was looked at.
    pub check: String,
    /// Where: the runs of a client, or the line of a page.
    pub place: String,
    /// What was expected there.
    pub expected: String,
    /// What was there.
    pub actual: String,
}

/// Who was tested.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct TargetResult {
    /// The name that its snapshots go by.
    pub name: String,
    /// Its address.
    pub url: String,
    /// Whether it is the bundled mock, so that nothing is said of a real server.
    pub bundled: bool,
}

/// What of the contract was carried out.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct Scope {
    /// Trials that were selected.
    pub selected: usize,
    /// Trials that there are.
    pub all: usize,
}

impl Scope {
    /// Whether a filter left trials out.
    #[must_use]
    pub fn is_partial(self) -> bool {
        self.selected < self.all
    }
}

/// How a run was set up.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct Configuration {
    /// Whether trials that prove nothing fail.
    pub strict: bool,
    /// Whether a production host is allowed.
    pub allow_production: bool,
    /// The credits that a run may spend.
    pub budget_credits: u32,
    /// The variable of each slot, and whether it is set.
    pub slots: BTreeMap<String, SlotResult>,
    /// Deviations that are listed as known.
    pub known: usize,
}

impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let yes = |flag: bool| if flag { "yes" } else { "no" };
        let Self { strict, allow_production, budget_credits, known, slots } = self;
        let names = |set: bool| {
            let names = slots.iter().filter(|(_, slot)| slot.set == set);
            let names: Vec<&str> = names.map(|(name, _)| name.as_str()).collect();
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        };
        write!(
            f,
            "strict: {}; production allowed: {}; budget: {budget_credits} credits; known deviations: {known}; keys set: {}; keys not set: {}",
            yes(*strict),
            yes(*allow_production),
            names(true),
            names(false)
        )
    }
}

/// Where a slot's key comes from.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct SlotResult {
    /// The environment variable.
    pub env: String,
    /// Whether it is set.
    pub set: bool,
}

/// How many trials came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
#[expect(missing_docs, reason = "the verdicts are explained in `Outcome`")]
pub struct Counts {
    pub pass: usize,
    pub known: usize,
    pub ignored: usize,
    pub inconclusive: usize,
    pub fail: usize,
    pub stale: usize,
    pub error: usize,
}

/// What a trial came to, without its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every check held.
    Pass,
    /// Checks did not hold, all of them listed as known.
    Known,
    /// The target offers no way to provoke it.
    Ignored,
    /// Timing made it unjudgeable, twice.
    Inconclusive,
    /// A check did not hold.
    Fail,
    /// A deviation that is listed as known is there no more.
    Stale,
    /// It could not be judged.
    Error,
}

impl From<&Verdict> for Outcome {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Fail => Self::Fail,
            Verdict::Known(_) => Self::Known,
            Verdict::Stale(_) => Self::Stale,
            Verdict::Ignored(_) => Self::Ignored,
            Verdict::Inconclusive(_) => Self::Inconclusive,
            Verdict::Error(_) => Self::Error,
        }
    }
}

impl Outcome {
    /// All of them, in the order in which people should read them.
    pub const ALL: [Self; 7] = [
        Self::Fail,
        Self::Stale,
        Self::Error,
        Self::Known,
        Self::Inconclusive,
        Self::Ignored,
        Self::Pass,
    ];

    /// Its name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Known => "known",
            Self::Ignored => "ignored",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
            Self::Stale => "stale",
            Self::Error => "error",
        }
    }

    /// Whether a trial that came to this is red in the test run.
    #[must_use]
    pub fn is_red(self) -> bool {
        matches!(self, Self::Fail | Self::Stale | Self::Error)
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        for outcome in Outcome::ALL {
            *self.place(outcome) += other.get(outcome);
        }
        self
    }
}

impl Counts {
    /// Counts what trials came to.
    #[must_use]
    pub fn of(outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        let mut counts = Self::default();
        for outcome in outcomes {
            *counts.place(outcome) += 1;
        }
        counts
    }

    /// Whether all that was selected is ignored or could not be judged for its timing.
    #[must_use]
    pub fn proves_nothing(self) -> bool {
        self.pass + self.known + self.fail + self.stale + self.error == 0
    }

    /// How many trials came to this.
    #[must_use]
    pub fn get(mut self, outcome: Outcome) -> usize {
        *self.place(outcome)
    }

    fn place(&mut self, outcome: Outcome) -> &mut usize {
        match outcome {
            Outcome::Pass => &mut self.pass,
            Outcome::Known => &mut self.known,
            Outcome::Ignored => &mut self.ignored,
            Outcome::Inconclusive => &mut self.inconclusive,
            Outcome::Fail => &mut self.fail,
            Outcome::Stale => &mut self.stale,
            Outcome::Error => &mut self.error,
        }
    }
}

/// What is true of a code.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct CodeResult {
    /// The code.
    pub code: String,
    /// The status that goes with it.
    pub status: u16,
    /// What its trials come to, taken together.
    pub standing: Standing,
    /// Why it was not provoked or not judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What the trials of a code come to, taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// At least one trial passed and none is red.
    Proven,
    /// The same, but the same request without the defect was not sent: a server that refuses
    /// everybody would pass, too.
    ProvenWithoutTwin,
    /// A check did not hold.
    Broken,
    /// What does not hold is known.
    Known,
    /// What is listed as known holds.
    Stale,
    /// It could not be judged.
    NotJudged,
    /// The target offers no way to provoke it.
    NotProvoked,
    /// A filter left it out.
    NotSelected,
}

/// One difference from the reviewed envelopes.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct DriftResult {
    /// Where in the envelope.
    pub place: String,
    /// What was reviewed.
    pub reviewed: String,
    /// What is there now.
    pub now: String,
    /// The codes that it was seen on.
    pub codes: Vec<String>,
}

/// What came of one trial. Thousands of them share the texts of one scenario.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct TrialResult {
    /// Its name.
    pub name: String,
    /// The code that it was to provoke.
    pub code: Arc<str>,
    /// The status that goes with the code.
    pub status: u16,
    /// What it came to.
    pub outcome: Outcome,
    /// Why, where the findings do not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What the docs promise of the code.
    pub promise: Arc<str>,
    /// The heading of the docs under which that stands.
    pub source: Arc<str>,
    /// The scenario's file, from the contract's folder on.
    pub file: Arc<str>,
    /// The line of the case in it.
    pub line: usize,
    /// The checks that held.
    pub held: Vec<CheckId>,
    /// What did not hold.
    pub findings: Vec<FindingResult>,
    /// Why the same request without the defect was not sent, if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub twin_not_asked: Option<String>,
    /// How long the trial took, in seconds.
    pub seconds: f64,
    /// What was sent and answered. Only kept for red trials, or if a report is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Box<Evidence>>,
}

/// A check that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct FindingResult {
    /// The check's id, or `drift`.
    pub check: &'static str,
    /// How much it weighs.
    pub level: Level,
    /// Where: a JSON Pointer into the body, a header, or nothing where it goes without saying.
    pub place: String,
    /// What was expected there.
    pub expected: String,
    /// What was there.
    pub actual: String,
    /// On how many of the trial's answers.
    pub times: usize,
    /// The promise that it breaks; none for drift.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promise: Option<PromiseResult>,
}

impl fmt::Display for FindingResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { check, place, expected, actual, .. } = self;
        let at = if place.is_empty() { String::new() } else { format!("at {place} ") };
        write!(f, "{check}: {at}expected {expected}, got {actual}")
    }
}

impl fmt::Display for SideFindingResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { check, expected, actual, .. } = self;
        write!(f, "{check}: expected {expected}, got {actual}")
    }
}

/// A promise of the docs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct PromiseResult {
    /// What is promised.
    pub says: String,
    /// Where in the docs.
    pub source: String,
}

/// What was sent and answered, as far as it is worth showing.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct Evidence {
    /// Which of the trial's exchanges is shown, counted from 1.
    pub at: usize,
    /// How many there were.
    pub of: usize,
    /// The request.
    pub request: RequestResult,
    /// The answer, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<AnswerResult>,
    /// The command that sends it once more.
    pub again: String,
    /// Every request of a burst, in the order in which they were answered; else nothing.
    pub burst: Vec<Mark>,
}

/// A request, as it is shown.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct RequestResult {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// Whose key it carried.
    pub key: String,
    /// The body, cut where it is long.
    pub body: String,
}

/// An answer, as it is shown.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct AnswerResult {
    /// The status.
    pub status: u16,
    /// How long it took, in milliseconds of the key's time.
    pub milliseconds: u64,
    /// The request id, for a support ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Names and values of its headers.
    pub headers: Vec<(String, String)>,
    /// The body, cut where it is long.
    pub body: String,
    /// Why it is not all of the body, if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broke_off: Option<String>,
}

/// One request of a burst, or one that was sent to see what the burst did.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields)]
pub struct Mark {
    /// When it was sent, in milliseconds since the trial's first.
    pub sent: u64,
    /// When the answer was there.
    pub answered: u64,
    /// The status of the answer.
    pub status: u16,
    /// What the answer told to wait, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Whose key it carried.
    pub key: String,
}
