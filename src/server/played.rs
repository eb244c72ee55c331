//! A trial that has been carried out.

use crate::{checks::sheet::Sheet, exchange::outgoing::Exchange, result::verdict::Verdict};

/// A trial that has been carried out: what was exchanged, what the checks say, the verdict.
#[derive(Debug, Clone)]
pub struct Played {
    /// Every exchange that the trial consists of, in order.
    pub exchanges: Vec<Exchange>,
    /// What the checks say of them.
    pub sheet: Sheet,
    /// What those say of them that nobody has promised.
    pub advice: Sheet,
    /// The verdict.
    pub verdict: Verdict,
    /// Which of the exchanges is the case's own.
    pub main: Option<usize>,
    /// Why the same request without the defect proves nothing, if it does not.
    pub without_twin: Option<String>,
}

impl Played {
    /// A trial that was not carried out.
    #[must_use]
    pub fn ignored(why: impl Into<String>) -> Self {
        let verdict = Verdict::Ignored(why.into());
        Self {
            exchanges: Vec::new(),
            sheet: Sheet::default(),
            advice: Sheet::default(),
            verdict,
            main: None,
            without_twin: None,
        }
    }

    /// A trial that could not be judged to its end. What was found before is still shown.
    #[must_use]
    pub fn error(exchanges: Vec<Exchange>, sheet: Sheet, why: impl Into<String>) -> Self {
        let verdict = Verdict::Error(why.into());
        let advice = Sheet::default();
        Self { exchanges, sheet, advice, verdict, main: None, without_twin: None }
    }
}
