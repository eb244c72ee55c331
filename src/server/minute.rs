//! A limit over its whole window: whom it refuses besides the burst, what it serves until the window is over, and how
//! much that is in all.

use std::time::Duration;

use super::{
    burst::{Early, PlannedBurst},
    planned::Meanwhile,
    play::{Play, Stop},
};
use crate::{
    checks::{
        mismatch::Mismatch,
        rate, rate_fields,
        rate_window::{Served, over_time},
    },
    contract::check::CheckId,
    exchange::outgoing::{Exchange, Role},
    shown,
    terminal::activity::Awaited,
};

/// Bursts after the one that is judged. Four of 60 tell every window apart that is half as long as it should be.
const MORE_BURSTS: usize = 3;

/// A wait that is longer than this has a request in its middle.
const WORTH_A_LOOK: Duration = Duration::from_secs(8);

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
            let exchange = self.run.sender.send_now(&other.request).await?;
            self.count(&other.request, &exchange);
            self.keep(exchange);
        }
        // Whether the key was refused until then. If not, a window may have ended meanwhile.
        let own = self.run.sender.send_now(&burst.request.sent_as(Role::Again)).await?;
        let own = self.keep(own);
        if self.is_served(burst, own) {
            return Ok(());
        }
        let since = self.exchanges[own].answered.saturating_sub(self.exchanges[last].sent);
        let told = rate_fields::wait(&self.exchanges[last].answer, burst.limit);
        // A bucket may have had a token for one of them.
        let mut spare = rate::refilled(told.map(Duration::from_secs), since, burst.limit);
        for (at, other) in (begin..own).zip(burst.meanwhile) {
            let reading = self.run.reading(&self.exchanges[at]);
            let is_refusal = reading.is_refusal(&self.planned.scenario);
            let (status, code) = (self.exchanges[at].answer.status, reading.code());
            let is_spare = !is_refusal && spare > 0;
            spare -= usize::from(is_spare);
            let tells_nothing = is_refusal
                || is_spare
                || self.is_stopped_before(code.as_deref())
                // Somebody who looks at bodies before keys says the same to everybody.
                || self.is_without_key(other, status, code.as_deref()).await?;
            let found = if tells_nothing {
                Vec::new()
            } else {
                let code = code.map(|code| format!(" {code}")).unwrap_or_default();
                vec![Mismatch::says(
                    "",
                    format!(
                        "{} got {status}{code} while the API key was over its limit; expected {}",
                        other.what, self.planned.scenario.status
                    ),
                )]
            };
            self.sheet.note(CheckId::RateRefuses, at, found);
            if is_refusal {
                let (run, scenario, case) = (self.run, &self.planned.scenario, self.planned.case());
                let (exchange, sheet) = (&self.exchanges[at], &mut self.sheet);
                run.judge.answer(&run.contract, scenario, Some(case), exchange, at, sheet);
            }
        }
        Ok(())
    }

    /// Whether a code is checked for before the limit: that the key is not taken there, its own cases say.
    fn is_stopped_before(&self, code: Option<&str>) -> bool {
        let chain = &self.run.contract.chain;
        let place = |code: &str| chain.iter().position(|known| known.as_str() == code);
        code.and_then(place).is_some_and(|at| Some(at) < place(self.planned.scenario.code.as_str()))
    }

    /// Whether the same request without a key gets the same error.
    async fn is_without_key(
        &mut self,
        other: &Meanwhile,
        status: u16,
        code: Option<&str>,
    ) -> Result<bool, Stop> {
        let Some(bare) = &other.without_key else { return Ok(false) };
        let exchange = self.run.sender.send_now(bare).await?;
        let at = self.keep(exchange);
        let reading = self.run.reading(&self.exchanges[at]);
        let is_same = reading.answer().status == status && reading.code().as_deref() == code;
        Ok(is_same)
    }

    /// Asks once in the middle of a wait.
    pub(super) async fn in_the_middle(
        &mut self,
        burst: PlannedBurst<'_>,
        told: Duration,
    ) -> Result<Early, Stop> {
        if told < WORTH_A_LOOK || told > self.run.target.wait_at_most {
            return Ok(Early::NotAsked);
        }
        self.wait(burst.request, told / 2, "the middle of a Retry-After").await;
        let exchange = self.run.sender.send_now(&burst.request.sent_as(Role::Again)).await?;
        let at = self.keep(exchange);
        Ok(if self.is_served(burst, at) { Early::Served(at) } else { Early::Refused(at) })
    }

    /// Goes on with bursts for a window and a half, as soon as the key is served again, and counts all that was served.
    pub(super) async fn whole_minute(&mut self, burst: PlannedBurst<'_>) -> Result<(), Stop> {
        let window = Duration::from_secs(burst.limit.window_seconds.into());
        let first = self.exchanges.iter().filter(|exchange| self.is_own(burst, exchange));
        let begin = first.map(|exchange| exchange.sent).min().unwrap_or_default();
        let end = begin + window + window / 2;
        let key = burst.request.key.as_ref();
        for _ in 0..MORE_BURSTS {
            let at = self.exchanges.len();
            let what = shown!["the responses to ", burst.times, " requests at once"];
            self.activity.waits(Awaited::Words(what), Some(burst.request.deadlines.whole));
            for exchange in self.run.sender.burst(burst.request, burst.times).await? {
                self.keep(exchange);
            }
            self.judge_more(burst, at);
            let refused = (at..self.exchanges.len()).rev().find(|at| self.is_refused(*at));
            let told = refused.and_then(|at| self.told(burst, at)).map(Duration::from_secs);
            let now = self.run.target.clock.now(key);
            let Some(told) = told.filter(|told| now + *told / 2 <= end) else { break };
            let rest = match self.in_the_middle(burst, told).await? {
                Early::Served(_) => continue,
                Early::Refused(_) => told - told / 2,
                Early::NotAsked => told,
            };
            let now = self.run.target.clock.now(key);
            if now + rest > end {
                break;
            }
            self.wait(burst.request, rest, "the Retry-After it was told").await;
            let exchange = self.run.sender.send_now(&burst.request.sent_as(Role::Again)).await?;
            let at = self.keep(exchange);
            if !self.is_served(burst, at) {
                break;
            }
        }
        let own = self.exchanges.iter().filter(|exchange| self.is_own(burst, exchange));
        let served = own.filter(|exchange| self.run.reading(exchange).is_served(burst.served));
        let served: Vec<Served> = served
            .map(|exchange| Served { sent: exchange.sent, answered: exchange.answered })
            .collect();
        let found = over_time(&served, burst.limit);
        self.sheet.note(CheckId::RateAdmits, self.exchanges.len() - 1, found);
        Ok(())
    }

    /// Whether a later burst admitted no more than one may, and each refusal is what the docs promise.
    fn judge_more(&mut self, burst: PlannedBurst<'_>, begin: usize) {
        let tally = self.tally(burst, begin);
        if tally.admitted(burst.limit) == rate::Admitted::TooMany {
            self.sheet.note(CheckId::RateAdmits, begin, rate::admits(&tally, burst.limit));
        }
        let (run, scenario) = (self.run, &self.planned.scenario);
        let case = self.planned.case();
        for at in begin..self.exchanges.len() {
            if !self.is_served(burst, at) {
                let (exchange, sheet) = (&self.exchanges[at], &mut self.sheet);
                run.judge.answer(&run.contract, scenario, Some(case), exchange, at, sheet);
            }
        }
    }

    /// Whether an exchange used the burst's key.
    fn is_own(&self, burst: PlannedBurst<'_>, exchange: &Exchange) -> bool {
        exchange.key == burst.request.key
    }
}
