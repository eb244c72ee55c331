//! A side of the contract, as a run sees it: all three are asked the same questions.

use std::{collections::BTreeSet, fmt};

use serde::Serialize;

use super::{
    advised::Advised,
    cause::SharedCause,
    collected::{Collected, Keep},
    outcome::Counts,
    side_name::SideName,
    trial::TrialResult,
    unproven::Unproven,
};
use crate::{shown::text::Shown, source::fault::Fault};

/// A side of the contract that is tested.
pub trait Side {
    /// Which one it is.
    fn name(&self) -> SideName;

    /// What is tested: the server's address, the client's command, or the page.
    fn subject(&self) -> Shown;

    /// Its trials in the order in which they begin. Nothing is sent before one is carried out.
    fn trials(&self, manner: Manner) -> Vec<SideTrial>;

    /// Does what has to be done before the first trial, for the trials with these names.
    ///
    /// # Errors
    /// Why no trial could tell anything.
    fn ready(&self, selected: &BTreeSet<String>) -> Result<(), NotReady>;

    /// What its trials came to.
    fn result(&self, collected: &Collected) -> SideResult;

    /// What a run would do, before it does anything.
    fn plan(&self, ahead: &Ahead) -> Shown;
}

/// A run that is planned.
#[derive(Debug)]
pub struct Ahead {
    /// The names of the trials that are selected.
    pub selected: BTreeSet<String>,
    /// How many trials are carried out at once.
    pub at_once: usize,
}

/// How a side's trials are carried out.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// Whether what was exchanged is kept for those that are green.
    pub keep: Keep,
    /// What to make of those that prove nothing.
    pub unproven: Unproven,
    /// What to make of advice.
    pub advised: Advised,
}

/// One trial that has not been carried out yet.
pub struct SideTrial {
    /// Its name, as it is listed.
    pub name: String,
    /// What it is about in a word: the status of the error.
    pub kind: String,
    /// Whether it is known beforehand that it will be ignored.
    pub ignored: Foreseen,
    /// Carries it out.
    pub carry_out: Box<dyn FnOnce() -> TrialResult + Send>,
}

/// What is known of a trial before it is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreseen {
    /// It will be carried out.
    CarriedOut,
    /// The target offers no way to provoke its error.
    Ignored,
    /// The same, and it need not offer one.
    Optional,
}

impl fmt::Debug for SideTrial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SideTrial").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Why no trial of a side could tell anything.
#[derive(Debug)]
pub enum NotReady {
    /// What was asked for cannot be done.
    Fault(Fault),
    /// What is tested cannot be reached, or is not what can be tested.
    Unreachable(Shown),
}

/// The result of one side.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct SideResult {
    /// Which one it is.
    pub side: SideName,
    /// What was tested: the server's address, the client's command, or the page.
    pub subject: Shown,
    /// The result in one line.
    pub headline: Shown,
    /// How many of its trials came to what.
    pub counts: Counts,
    /// The trials, in the contract's order. Without a report those of a server that passed are left out.
    pub trials: Vec<TrialResult>,
    /// What no page promises and every engineer expects, and is not so: each once, that of most trials first.
    pub advice: Vec<SharedCause>,
    /// What else there is to say: how to record snapshots, which twins were not sent.
    pub notes: Vec<Shown>,
}
