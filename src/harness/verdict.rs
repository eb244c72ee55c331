//! What a trial comes to.

use crate::{checks::Sheet, exchange::Exchange};

/// What a trial comes to. A set-up that fails is an error and never a failure: the contract was
/// not seen to be broken. Nor is it a pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every check held.
    Pass,
    /// A check did not hold.
    Fail,
    /// The target offers no way to provoke it. Holds the reason, and what to add.
    Ignored(String),
    /// Timing made it unjudgeable, twice. Holds the reason.
    Inconclusive(String),
    /// It could not be judged. Holds the reason.
    Error(String),
}

/// A trial that has been carried out: what was exchanged, what the checks say, what it comes to.
#[derive(Debug, Clone)]
pub struct Played {
    /// Every exchange that the trial consists of, in order.
    pub exchanges: Vec<Exchange>,
    /// What the checks say of them.
    pub sheet: Sheet,
    /// What it comes to.
    pub verdict: Verdict,
    /// Why the same request without the defect was not asked, if it was not.
    pub twin_not_asked: Option<String>,
}

impl Played {
    /// A trial whose every step was done: it passes if every check held.
    #[must_use]
    pub fn judged(exchanges: Vec<Exchange>, sheet: Sheet) -> Self {
        let verdict = match sheet.findings() {
            [] => Verdict::Pass,
            _ => Verdict::Fail,
        };
        Self { exchanges, sheet, verdict, twin_not_asked: None }
    }

    /// A trial that could not be judged to its end. What was found before is shown, too.
    #[must_use]
    pub fn error(exchanges: Vec<Exchange>, sheet: Sheet, why: impl Into<String>) -> Self {
        let verdict = Verdict::Error(why.into());
        Self { exchanges, sheet, verdict, twin_not_asked: None }
    }
}
