//! All that the checks say of one trial.

use std::{collections::BTreeSet, fmt};

use super::mismatch::{Mismatch, Mismatches};
use crate::contract::check::{CheckId, Level};

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A check that did not hold.
    Check(CheckId),
    /// An envelope that differs from its reviewed snapshot.
    Drift,
}

impl Kind {
    /// Its name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Check(check) => check.as_str(),
            Self::Drift => "drift",
        }
    }

    /// How much it weighs. Drift fails a run like what the docs promise: somebody has to look.
    #[must_use]
    pub fn level(self) -> Level {
        match self {
            Self::Check(check) => check.level(),
            Self::Drift => Level::Must,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A check that did not hold, on one or more of a trial's answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The check.
    pub kind: Kind,
    /// What it found.
    pub mismatch: Mismatch,
    /// The exchange on which it was found first, counted from 0.
    pub exchange: usize,
    /// On how many of the trial's exchanges it was found.
    pub times: usize,
}

/// All that the checks say of one trial.
#[derive(Debug, Default, Clone)]
pub struct Sheet {
    judged: BTreeSet<CheckId>,
    findings: Vec<Finding>,
}

impl Sheet {
    /// Notes what a check says of one exchange.
    pub fn note(&mut self, check: CheckId, exchange: usize, mismatches: Mismatches) {
        self.judged.insert(check);
        for mismatch in mismatches {
            self.add(Kind::Check(check), exchange, mismatch);
        }
    }

    /// Notes that an envelope differs from its reviewed snapshot.
    pub fn drift(&mut self, exchange: usize, mismatch: Mismatch) {
        self.add(Kind::Drift, exchange, mismatch);
    }

    /// The same finding on many answers of a burst is one finding.
    fn add(&mut self, kind: Kind, exchange: usize, mismatch: Mismatch) {
        let same = |known: &&mut Finding| known.kind == kind && known.mismatch == mismatch;
        match self.findings.iter_mut().find(same) {
            Some(known) => known.times += 1,
            None => self.findings.push(Finding { kind, mismatch, exchange, times: 1 }),
        }
    }

    /// Everything that did not hold.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The checks that held on every exchange they were made on.
    pub fn held(&self) -> impl Iterator<Item = CheckId> {
        let broken = |check| self.findings.iter().any(|finding| finding.kind == Kind::Check(check));
        self.judged.iter().copied().filter(move |check| !broken(*check))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_finding_on_many_answers_is_shown_once_and_counted() {
        let mut sheet = Sheet::default();
        let missing = || vec![Mismatch::at("header Retry-After", "whole seconds", "nothing")];
        sheet.note(CheckId::Status, 3, Vec::new());
        sheet.note(CheckId::RetryAfter, 3, missing());
        sheet.note(CheckId::RetryAfter, 4, missing());
        let [finding] = sheet.findings() else { panic!("{:?}", sheet.findings()) };
        assert_eq!((finding.exchange, finding.times), (3, 2));
        assert_eq!(sheet.held().collect::<Vec<_>>(), [CheckId::Status]);
    }
}
