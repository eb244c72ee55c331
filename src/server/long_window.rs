//! A window that is longer than promised. Whoever goes past a limit may be kept out for longer than its window, so
//! that alone tells nothing: the key then uses the limit without going past it, and is asked again a window later.

use std::time::Duration;

use super::{
    burst::{LAST_LOOK, PlannedBurst},
    play::{Play, Stop},
};
use crate::{
    checks::rate_window::comes_back,
    contract::check::CheckId,
    exchange::outgoing::{Exchange, Role},
    shown,
    terminal::activity::Awaited,
};

/// By what part of a window a place in it may come back late: an honest server of `tests/conformant/` gives it back after 65 s
/// and says so.
const LATE: u32 = 4;

impl Play<'_> {
    /// Whether a refusal came so long after another one that a window has ended between the two.
    pub(super) fn is_beyond_a_window(
        &self,
        burst: PlannedBurst<'_>,
        first: usize,
        later: usize,
    ) -> bool {
        let sent = |at: usize| -> &Exchange { &self.exchanges[at] };
        sent(later).sent.saturating_sub(sent(first).answered) > window(burst) + LAST_LOOK
    }

    /// Sends as many as the limit has left after one, and one more when the window is over. Where one of the former is
    /// refused, the key was not yet rested, and it tells nothing.
    pub(super) async fn uses_the_limit_once(
        &mut self,
        burst: PlannedBurst<'_>,
    ) -> Result<(), Stop> {
        let begin = self.exchanges.len();
        let rest = burst.limit.requests.saturating_sub(1);
        let what = shown!["the responses to ", rest, " requests at once"];
        self.activity.waits(Awaited::Words(what), Some(burst.request.deadlines.whole));
        for exchange in self.run.sender.burst(burst.request, rest).await? {
            self.keep(exchange);
        }
        self.judge_refusals(burst, begin);
        if !(begin..self.exchanges.len()).all(|at| self.is_served(burst, at)) {
            return Ok(());
        }
        let what = "the limit's window to pass, after as many requests as it allows";
        self.wait(burst.request, window(burst) + window(burst) / LATE, what).await;
        let exchange = self.run.sender.send_at_once(&burst.request.sent_as(Role::Again)).await?;
        let at = self.keep(exchange);
        self.judge_refusals(burst, at);
        let found = comes_back(self.is_refused(at), burst.limit);
        self.sheet.note(CheckId::RateAdmits, at, found);
        Ok(())
    }
}

fn window(burst: PlannedBurst<'_>) -> Duration {
    Duration::from_secs(burst.limit.window_seconds.into())
}
