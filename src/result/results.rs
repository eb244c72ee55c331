//! What a run came to, as every report shows it. Keys are gone from it, and control codes are written
//! out, so whoever formats it has neither to think of.

use std::{collections::BTreeMap, fmt, sync::Arc};

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    evidence::Evidence,
    outcome::{Counts, Outcome, Standing},
    timeline::Timeline,
};
use crate::contract::check::{CheckId, Level};

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
