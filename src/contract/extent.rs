//! How much of a contract a run proves.

use super::scenario::{At, Case, Origin};

/// How much of a contract a run proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// All of it.
    #[default]
    Whole,
    /// Each promise at its scenario's own point, once, by the cases that somebody wrote: what a pull request waits for.
    Quick,
}

impl Extent {
    /// What `--quick` says.
    #[must_use]
    pub fn of_flag(is_given: bool) -> Self {
        if is_given { Self::Quick } else { Self::Whole }
    }

    /// Whether a case is carried out.
    #[must_use]
    pub fn has(self, case: &Case) -> bool {
        self == Self::Whole || (case.at == At::Own && case.origin == Origin::Written)
    }

    /// How many times a case's request is sent.
    #[must_use]
    pub fn times(self, case: &Case) -> u32 {
        match self {
            Self::Whole => case.times,
            Self::Quick => 1,
        }
    }
}
