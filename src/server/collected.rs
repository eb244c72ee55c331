//! What came of the trials so far. Of green ones only the number is kept, unless a report is written:
//! thousands of them would fill the memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::result::{
    outcome::{Counts, Outcome},
    results::TrialResult,
};

/// Whether green trials are kept, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Red trials, and those that proved nothing.
    Red,
    /// All: a report is written.
    All,
}

/// What came of the trials so far.
#[derive(Debug, Default)]
pub struct Collected {
    /// The trials that are kept.
    pub trials: Vec<TrialResult>,
    /// How many passed, by code.
    pub passed: BTreeMap<Arc<str>, usize>,
    /// Why twins were not asked, and of which codes.
    twins_not_asked: BTreeMap<String, BTreeSet<Arc<str>>>,
}

impl Collected {
    /// Adds what came of one trial.
    pub fn add(&mut self, trial: TrialResult, keep: Keep) {
        if let Some(why) = &trial.twin_not_asked {
            let codes = self.twins_not_asked.entry(why.clone()).or_default();
            codes.insert(Arc::clone(&trial.code));
        }
        if trial.outcome == Outcome::Pass {
            *self.passed.entry(Arc::clone(&trial.code)).or_default() += 1;
            if keep == Keep::Red {
                return;
            }
        }
        self.trials.push(trial);
    }

    /// Whether a twin of this code was not asked.
    #[must_use]
    pub fn lacks_twin(&self, code: &Arc<str>) -> bool {
        self.twins_not_asked.values().any(|codes| codes.contains(code))
    }

    /// How many trials came to what.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let outcomes = self.trials.iter().map(|trial| trial.outcome);
        let rest = Counts::of(outcomes.filter(|outcome| *outcome != Outcome::Pass));
        Counts { pass: self.passed.values().sum(), ..rest }
    }

    /// Cases that passed without their twin prove less, and that is said.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let said = |(why, codes): (&String, &BTreeSet<Arc<str>>)| {
            let codes: Vec<&str> = codes.iter().map(AsRef::as_ref).collect();
            let codes = codes.join(", ");
            format!("the same request without the defect was not sent for {codes}: {why}")
        };
        self.twins_not_asked.iter().map(said).collect()
    }
}
