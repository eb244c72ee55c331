//! A limit over its whole window: whom it refuses besides the burst, what it serves until the window is over, and how
//! much that is in all.

use std::time::Duration;

use super::{
    burst::{Early, LAST_LOOK, PlannedBurst},
    play::{Play, Stop},
};
use crate::{
    checks::{
        fields,
        mismatch::Mismatch,
        rate, rate_fields,
        rate_window::{Served, over_time, seen},
        retry_after,
    },
    contract::{check::CheckId, contract_file::Limit},
    exchange::{
        locked::Locked as _,
        outgoing::{Exchange, Role},
    },
    shown,
    terminal::activity::Awaited,
};

/// Bursts after the one that is judged. Four of 60 tell every window apart that is half as long as it should be.
const MORE_BURSTS: usize = 3;

/// A wait that is longer than this has a request in its middle.
pub(super) const WORTH_A_LOOK: Duration = Duration::from_secs(8);

impl Play<'_> {
    /// Sends, while the key is refused, what a limit may have overlooked: other carriers, other requests, other
    /// addresses and programs. `last` is the last refusal.
    pub(super) async fn while_refused(
        &mut self,
        burst: PlannedBurst<'_>,
        last: usize,
    ) -> Result<(), Stop> {
        let begin = self.exchanges.len();
        for other in burst.meanwhile {
            let exchange = self.run.sender.send_at_once(&other.request).await?;
            self.count(&other.request, &exchange);
            self.keep(exchange);
        }
        // Whether the key was refused until then. If not, a window may have ended meanwhile.
        let own = self.run.sender.send_at_once(&burst.request.sent_as(Role::Again)).await?;
        let own = self.keep(own);
        if self.is_served(burst, own) {
            return Ok(());
        }
        let since = self.exchanges[own].answered.saturating_sub(self.exchanges[last].sent);
        let told = rate_fields::wait(&self.exchanges[last], burst.limit);
        // A bucket may have had a token for one of them.
        let mut spare = rate::refilled(told.map(Duration::from_secs), since, burst.limit);
        for (at, other) in (begin..own).zip(burst.meanwhile) {
            let reading = self.run.reading(&self.exchanges[at]);
            let is_refusal = reading.is_refusal(&self.planned.scenario);
            let (status, code) =
                (self.exchanges[at].answer.status, self.run.called(&self.exchanges[at]));
            let is_spare = !is_refusal && spare > 0;
            spare -= usize::from(is_spare);
            // What is refused for another reason was not looked at by the limit, or not yet.
            let is_past = fields::is_success(status) || status >= 500;
            let tells_nothing = is_refusal || is_spare || !is_past;
            let found = if tells_nothing {
                Vec::new()
            } else {
                let code = code.map(|code| format!(" {code}")).unwrap_or_default();
                vec![Mismatch::says(
                    "",
                    format!(
                        "{} got {status}{code} while {}; expected {}",
                        other.what,
                        over(burst.limit),
                        self.planned.scenario.status
                    ),
                )]
            };
            self.sheet.note(CheckId::RateRefuses, at, found);
            if let Some(pair) = other.pair.as_ref().filter(|_| !is_spare) {
                self.judge_order(pair, &pair.name(), at);
            }
            let found = retry_after::agrees(&self.exchanges[at].answer, told, burst.limit);
            self.sheet.note(CheckId::RetryAfter, at, found);
            // A response to HEAD has no body.
            if is_refusal && other.request.request.method != "HEAD" {
                let (run, scenario, case) = (self.run, &self.planned.scenario, self.planned.case());
                let (exchange, sheet) = (&self.exchanges[at], &mut self.sheet);
                run.judge.answer(&run.contract, scenario, Some(case), exchange, at, sheet);
            }
        }
        Ok(())
    }

    /// Asks in the middle of the wait that a refusal told, and just before its end. The second tells when a window ends to
    /// two seconds.
    pub(super) async fn within_wait(
        &mut self,
        burst: PlannedBurst<'_>,
        refused: usize,
        told: Duration,
    ) -> Result<Early, Stop> {
        if told < WORTH_A_LOOK || told > self.run.target.wait_at_most {
            return Ok(Early::NotAsked);
        }
        let mut last = 0;
        for wait in [told / 2, (told / 2).saturating_sub(LAST_LOOK)] {
            self.wait(burst.request, wait, "a part of the Retry-After it was told").await;
            let exchange =
                self.run.sender.send_at_once(&burst.request.sent_as(Role::Again)).await?;
            last = self.keep(exchange);
            if self.is_served(burst, last) {
                return Ok(Early::Served(last));
            }
            self.judge_time_left(refused, last);
        }
        Ok(Early::Refused(last))
    }

    /// Goes on with bursts for nearly two windows, as soon as the key is served again, and counts all that was served.
    pub(super) async fn whole_minute(&mut self, burst: PlannedBurst<'_>) -> Result<(), Stop> {
        let window = Duration::from_secs(burst.limit.window_seconds.into());
        let first = self.exchanges.iter().filter(|exchange| is_own(burst, exchange));
        let begin = first.map(|exchange| exchange.sent).min().unwrap_or_default();
        let end = begin + (window * 2).saturating_sub(WORTH_A_LOOK);
        let key = burst.request.key.as_ref();
        if let Some(mistaken) = burst.mistaken {
            let times = half(burst.limit);
            let what = shown!["the responses to ", times, " requests whose input is refused"];
            self.activity.waits(Awaited::Words(what), Some(mistaken.deadlines.whole));
            for exchange in self.run.sender.burst(mistaken, times).await? {
                self.keep(exchange);
            }
        }
        for _ in 0..MORE_BURSTS {
            let at = self.exchanges.len();
            let what = shown!["the responses to ", burst.times, " requests at once"];
            self.activity.waits(Awaited::Words(what), Some(burst.request.deadlines.whole));
            for exchange in self.run.sender.burst(burst.request, burst.times).await? {
                self.keep(exchange);
            }
            self.judge_refusals(burst, at);
            let refused = (at..self.exchanges.len()).rev().find(|at| self.is_refused(*at));
            let told =
                refused.and_then(|at| Some((at, Duration::from_secs(self.told(burst, at)?))));
            let now = self.run.target.clock.now(key);
            let Some((refused, told)) = told.filter(|(_, told)| now + *told <= end) else { break };
            let rest = match self.within_wait(burst, refused, told).await? {
                Early::Served(_) => continue,
                Early::Refused(_) => LAST_LOOK,
                Early::NotAsked => told,
            };
            self.wait(burst.request, rest, "the Retry-After it was told").await;
            let exchange =
                self.run.sender.send_at_once(&burst.request.sent_as(Role::Again)).await?;
            let at = self.keep(exchange);
            if !self.is_served(burst, at) {
                break;
            }
        }
        // Of what was sent meanwhile it is said above whether it counts.
        let own = self
            .exchanges
            .iter()
            .filter(|exchange| is_own(burst, exchange) && exchange.role != Role::Meanwhile);
        let time =
            |exchange: &Exchange| Served { sent: exchange.sent, answered: exchange.answered };
        let (served, refused): (Vec<&Exchange>, Vec<&Exchange>) =
            own.partition(|exchange| self.is_let_through(burst, exchange));
        let served: Vec<Served> = served.into_iter().map(time).collect();
        // One of a burst may have been refused while others of it were still on their way.
        let alone = refused.into_iter().filter(|exchange| exchange.role == Role::Again);
        let refused: Vec<Served> = alone.map(time).collect();
        let found = over_time(&served, &refused, burst.limit);
        if found.is_empty() {
            let seen = seen(&served, burst.limit);
            self.run.limits_seen.locked().entry(burst.limit.place).or_insert(seen);
        }
        self.sheet.note(CheckId::RateAdmits, self.exchanges.len() - 1, found);
        Ok(())
    }

    /// Whether a request went past the limit: one that is served, or that is refused for its input.
    fn is_let_through(&self, burst: PlannedBurst<'_>, exchange: &Exchange) -> bool {
        let reading = self.run.reading(exchange);
        match exchange.role {
            Role::Mistaken => !reading.is_refusal(&self.planned.scenario),
            _ => reading.is_served(burst.served),
        }
    }

    /// Whether each refusal of a later burst is what the docs promise. How many it admits is judged with all others, since
    /// a window may have ended within it.
    pub(super) fn judge_refusals(&mut self, burst: PlannedBurst<'_>, begin: usize) {
        let (run, scenario) = (self.run, &self.planned.scenario);
        let case = self.planned.case();
        for at in begin..self.exchanges.len() {
            if !self.is_served(burst, at) {
                let (exchange, sheet) = (&self.exchanges[at], &mut self.sheet);
                run.judge.answer(&run.contract, scenario, Some(case), exchange, at, sheet);
            }
        }
    }
}

/// How many requests whose input is refused go before a burst: a limit that does not count them serves the whole burst.
pub(super) fn half(limit: &Limit) -> u32 {
    limit.requests / 2
}

/// What a limit is that was gone past, as the begin of a sentence.
fn over(limit: &Limit) -> &'static str {
    if limit.per.is_shared() { "the limit was used up" } else { "the API key was over its limit" }
}

/// Whether an exchange used the burst's key.
fn is_own(burst: PlannedBurst<'_>, exchange: &Exchange) -> bool {
    exchange.key == burst.request.key
}
