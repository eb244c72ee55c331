//! The results of the trials of one side so far. Of green ones only the number is kept, unless a report is
//! written: thousands of them would fill the memory.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    cause::{self, Cause, SharedCause, Weight},
    outcome::{Counts, Outcome},
    server::PointsResult,
    side_name::SideName,
    trial::TrialResult,
};
use crate::{contract::check::CheckId, shown, shown::text::Shown};

/// Whether green trials are kept as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Red trials, and those that proved nothing.
    Red,
    /// All: a report is written.
    All,
}

/// The results of the trials so far.
#[derive(Debug, Clone, Default)]
pub struct Collected {
    /// The trials that are kept.
    pub trials: Vec<TrialResult>,
    /// How many passed, by code.
    pub passed: BTreeMap<Shown, usize>,
    /// The codes whose error a trial has shown that passed. One that only shows a success proves none.
    shown: BTreeSet<Shown>,
    /// The points of each code, and whether every trial at them passed.
    points: BTreeMap<Shown, BTreeMap<Shown, bool>>,
    /// In how many trials each check was made.
    made: BTreeMap<CheckId, usize>,
    /// What was advised, and in which trials, each with its code.
    advice: BTreeMap<Cause, BTreeMap<Shown, Option<Shown>>>,
    /// Why twins prove nothing, and of which codes.
    without_twins: BTreeMap<Shown, BTreeSet<Shown>>,
}

impl Collected {
    /// Adds the result of one trial.
    pub fn add(&mut self, trial: TrialResult, keep: Keep) {
        let code = trial.code.clone().unwrap_or_default();
        if let Some(why) = &trial.without_twin {
            self.without_twins.entry(why.clone()).or_default().insert(code.clone());
        }
        if let Some(point) = &trial.point {
            let points = self.points.entry(code.clone()).or_default();
            *points.entry(point.clone()).or_insert(true) &= trial.outcome == Outcome::Pass;
        }
        for finding in &trial.advice {
            let trials = self.advice.entry(finding.cause()).or_default();
            trials.insert(trial.name.clone(), trial.code.clone());
        }
        let found = trial.findings.iter().chain(&trial.advice).map(|finding| finding.check);
        for check in trial.held.iter().copied().chain(found).collect::<BTreeSet<_>>() {
            *self.made.entry(check).or_default() += 1;
        }
        if trial.outcome == Outcome::Pass {
            if trial.held.contains(&CheckId::Status) {
                self.shown.insert(code.clone());
            }
            *self.passed.entry(code).or_default() += 1;
            if keep == Keep::Red {
                return;
            }
        }
        self.trials.push(trial);
    }

    /// Whether a twin of this code was not sent, or proves nothing.
    #[must_use]
    pub fn lacks_twin(&self, code: &Shown) -> bool {
        self.without_twins.values().any(|codes| codes.contains(code))
    }

    /// Whether a trial that passed has shown the error with this code.
    #[must_use]
    pub fn is_shown(&self, code: &Shown) -> bool {
        self.shown.contains(code)
    }

    /// At how many points a code is proven, if it was tried at any.
    #[must_use]
    pub fn points(&self, code: &Shown) -> Option<PointsResult> {
        let points = self.points.get(code)?;
        let proven = points.values().filter(|passed| **passed).count();
        Some(PointsResult { proven, of: points.len() })
    }

    /// How many trials came to what.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let outcomes = self.trials.iter().map(|trial| trial.outcome);
        let rest = Counts::of(outcomes.filter(|outcome| *outcome != Outcome::Pass));
        Counts { pass: self.passed.values().sum(), ..rest }
    }

    /// The causes that red trials share. `trials` are those of the side, in the contract's order.
    #[must_use]
    pub fn causes(&self, side: SideName, trials: &[TrialResult]) -> Vec<SharedCause> {
        cause::shared(side, trials, &self.made)
    }

    /// What is advised, that of most trials first. `place` is where a trial stands in the contract.
    #[must_use]
    pub fn advice<K: Ord>(
        &self,
        side: SideName,
        place: impl Fn(&Shown) -> Option<K>,
    ) -> Vec<SharedCause> {
        let said = |(cause, trials): (&Cause, &BTreeMap<Shown, Option<Shown>>)| {
            let first = trials.keys().min_by_key(|name| place(name)).cloned().unwrap_or_default();
            let codes: BTreeSet<_> = trials.values().flatten().cloned().collect();
            let of = self.made.get(&cause.check()).copied().unwrap_or_default();
            cause.shared(side, Weight { trials: trials.len(), of, codes, first })
        };
        let mut advice: Vec<_> = self.advice.iter().map(said).collect();
        advice.sort_by_key(|cause| std::cmp::Reverse(cause.trials));
        advice
    }

    /// Cases that passed without their twin prove less, and that is said.
    #[must_use]
    pub fn notes(&self) -> Vec<Shown> {
        let said = |(why, codes): (&Shown, &BTreeSet<Shown>)| {
            let codes = Shown::joined(codes, ", ");
            shown!["the request without the defect (the twin) of ", codes, " ", why]
        };
        self.without_twins.iter().map(said).collect()
    }
}
