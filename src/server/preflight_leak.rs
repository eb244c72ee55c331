//! What the answer to the preflight gave away, until a trial says it.

use std::sync::{Arc, OnceLock};

use crate::exchange::outgoing::Exchange;

/// An answer to the preflight that gives a secret away. It is no trial's own, so one is chosen to say it.
#[derive(Debug, Default)]
pub struct PreflightLeak(OnceLock<(Arc<str>, Exchange)>);

impl PreflightLeak {
    /// The exchange, if this trial is the one to say it.
    pub(super) fn of_trial(&self, name: &str) -> Option<&Exchange> {
        let (trial, exchange) = self.0.get()?;
        (**trial == *name).then_some(exchange)
    }

    /// Keeps the exchange for this trial; the first one counts.
    pub(super) fn set(&self, trial: Arc<str>, exchange: Exchange) {
        self.0.set((trial, exchange)).ok();
    }
}
