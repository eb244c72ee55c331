//! What trials come to: one of them, all of a code, and a run, counted.

use std::ops::Add;

use serde::Serialize;

use super::verdict::Verdict;

/// How many trials came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
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
    /// A deviation that is listed as known is fixed.
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

    /// How many trials there are.
    #[must_use]
    pub fn all(self) -> usize {
        Outcome::ALL.into_iter().map(|outcome| self.get(outcome)).sum()
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

/// What is true of a code after all its trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// At least one trial passed and none is red.
    Proven,
    /// The same, but the same request without the defect was not sent, or proves nothing: a server that refuses
    /// everybody would pass as well.
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
    /// The contract says why nobody can provoke it.
    Unprovoked,
    /// A filter left it out.
    NotSelected,
}
