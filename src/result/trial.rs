//! The result of one trial, on whichever side.

use serde::Serialize;

use super::{
    evidence::Evidence,
    finding::Finding,
    outcome::Outcome,
    side_name::SideName,
    timeline::{Printed, Timeline},
    unproven::Owed,
};
use crate::{contract::check::CheckId, shown::text::Shown};

/// The result of one trial. Thousands of them share the texts of one scenario.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct TrialResult {
    /// Its name.
    pub name: Shown,
    /// The side of the contract that it is about.
    pub side: SideName,
    /// The code that it is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Shown>,
    /// The status that goes with the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The point that it proves the code at, a request and a carrier, if the contract proves codes at several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub point: Option<Shown>,
    /// What it came to.
    pub outcome: Outcome,
    /// Whether the run owes it.
    #[serde(skip)]
    pub owed: Owed,
    /// Why, where the findings do not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Shown>,
    /// What the docs promise.
    pub promise: Shown,
    /// The heading or sentence of the docs that promises it.
    pub source: Shown,
    /// The contract's file that has it, from its folder on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Shown>,
    /// The line in that file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The checks that held.
    pub held: Vec<CheckId>,
    /// What did not hold.
    pub findings: Vec<Finding>,
    /// What no page promises and every engineer expects, and is not so.
    pub advice: Vec<Finding>,
    /// Why the twin proves nothing, as "was not sent: ...", if it does not.
    #[serde(rename = "twin-not-asked", skip_serializing_if = "Option::is_none")]
    pub without_twin: Option<Shown>,
    /// How long the trial took, in seconds.
    pub seconds: f64,
    /// The requests and responses. Kept only for red trials, or if a report is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Box<Evidence>>,
    /// The runs of a client that it was judged from; those with findings come first.
    pub timelines: Vec<Timeline>,
    /// What the client printed in the first of them, if the trial is red.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub printed: Option<Printed>,
}
