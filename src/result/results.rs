//! A run and all of its results.

use serde::Serialize;

use super::{
    cause::SharedCause, finding::Finding, outcome::Counts, repeat::Repeats, server::ServerDetails,
    side::SideResult, side_name::SideName, trial::TrialResult,
};
use crate::shown::text::Shown;

/// A run and all of its results.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct Results {
    /// The version of errproof.
    pub errproof: &'static str,
    /// The contract's name.
    pub contract: Shown,
    /// When the run began, as RFC 3339 has it, in UTC.
    pub started: Shown,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// What of the contract was carried out.
    pub scope: Scope,
    /// How many trials came to what, on all sides together.
    pub counts: Counts,
    /// The result of each side that was tested.
    pub sides: Vec<SideResult>,
    /// What is wrong in two red trials or more, each once; those of most trials first on each side. Drift is
    /// in `server`.
    pub causes: Vec<SharedCause>,
    /// What there is to say of a server besides its trials, if one was tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerDetails>,
}

impl Results {
    /// All trials of all sides.
    pub fn trials(&self) -> impl Iterator<Item = (&SideResult, &TrialResult)> {
        self.sides.iter().flat_map(|side| side.trials.iter().map(move |trial| (side, trial)))
    }

    /// The trials that are red, with their side.
    pub fn red(&self) -> impl Iterator<Item = (&SideResult, &TrialResult)> {
        self.trials().filter(|(_, trial)| trial.outcome.is_red())
    }

    /// Whether other red trials of its side share the cause of a finding.
    #[must_use]
    pub fn is_shared(&self, side: SideName, finding: &Finding) -> bool {
        self.causes.iter().any(|cause| cause.is_of(side, finding))
    }

    /// The red trials that show nothing new, where they are shown in the contract's order.
    #[must_use]
    pub fn repeats(&self) -> Repeats {
        Repeats::of(self.red().map(|(_, trial)| trial))
    }

    /// What is shown of the server, if one was tested.
    #[must_use]
    pub fn of_server(&self) -> Option<&SideResult> {
        self.sides.iter().find(|side| side.side == SideName::Server)
    }
}

/// What of the contract was carried out.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
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
