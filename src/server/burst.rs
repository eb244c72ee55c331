//! Carries out a burst, and once more where the first cannot be judged.

use std::time::Duration;

use super::play::{Play, Stop};
use crate::{
    checks::{
        rate::{self, Admitted, Tally},
        rate_fields::{self, Left},
        retry_after,
    },
    contract::{check::CheckId, contract_file::Limit, scenario::LongestWait},
    exchange::outgoing::{Exchange, Outgoing},
};

impl Play<'_> {
    /// Sends the burst, judges it whole, looks whether another key is served meanwhile, waits as
    /// long as the last refusal says, and looks whether that was true.
    pub(super) async fn burst(
        &mut self,
        request: &Outgoing,
        times: u32,
        other: &Outgoing,
        limit: &Limit,
        served: u16,
    ) -> Result<(), Stop> {
        let run = self.run;
        let scenario = &self.planned.scenario;
        let (judged, tally) = self.conclusive_burst(request, times, limit, served).await?;
        let meanwhile = self.exchange(other).await?;
        self.exchanges.push(meanwhile);
        let meanwhile = self.exchanges.len() - 1;

        let last = self.exchanges[..meanwhile]
            .iter()
            .rposition(|exchange| run.reading(exchange).is_refusal(scenario));
        self.main = Some(last.unwrap_or(judged));
        // The first one past the limit, or the first that was refused before it.
        let past = (judged..meanwhile)
            .filter(|at| run.reading(&self.exchanges[*at]).is_served(served))
            .nth(usize::try_from(limit.requests).unwrap_or(usize::MAX));
        let refused =
            (judged..meanwhile).find(|at| run.reading(&self.exchanges[*at]).is_refusal(scenario));
        let telling = past.or(refused).unwrap_or(judged);
        self.sheet.note(CheckId::RateAdmits, telling, rate::admits(&tally, limit));
        self.sheet.note(
            CheckId::RateRefuses,
            last.unwrap_or(judged),
            rate::refuses(&tally, limit, scenario.status),
        );
        let case = self.planned.case();
        for at in 0..meanwhile {
            let (exchange, sheet) = (&self.exchanges[at], &mut self.sheet);
            let is_served = run.reading(exchange).is_served(served);
            if let Some(policy) = &limit.policy {
                let left = if is_served { Left::Some } else { Left::Nothing };
                let found = rate_fields::told(&exchange.answer, limit, policy, left);
                sheet.note(CheckId::RateTold, at, found);
            }
            if is_served {
                run.judge.leak(exchange, at, sheet);
                continue;
            }
            run.judge.answer(&run.contract, scenario, Some(case), exchange, at, sheet);
        }
        let Some(last) = last else {
            return Ok(());
        };
        let another = &self.exchanges[meanwhile];
        let is_served = run.reading(another).is_served(served);
        let found = rate::per_key(&another.answer, is_served, served);
        self.sheet.note(CheckId::RatePerKey, meanwhile, found);
        self.compare(last);

        let longest = match scenario.retry_after {
            Some(LongestWait::Seconds(most)) => u64::from(most),
            Some(LongestWait::Unsaid) | None => u64::MAX,
        };
        let told = rate_fields::wait(&self.exchanges[last].answer, limit);
        // What is less or more than the docs allow is a finding already.
        if let Some(told) = told.filter(|told| (1..=longest).contains(told)) {
            let most = run.target.wait_at_most.as_secs();
            if told > most {
                return Err(Stop::Inconclusive(format!(
                    "the refusals ask for a wait of {told} s, and --wait-at-most is {most} s: whether the key is served again was not tried"
                )));
            }
            self.wait(request, Duration::from_secs(told), "the Retry-After it was told").await;
            let again = self.exchange(request).await?;
            self.exchanges.push(again);
            let again = self.exchanges.len() - 1;
            let exchange = &self.exchanges[again];
            let is_served = run.reading(exchange).is_served(served);
            let found = retry_after::honest(&exchange.answer, is_served, served, told);
            self.sheet.note(CheckId::RetryAfterHonest, again, found);
        }
        Ok(())
    }

    /// A burst that can be judged: where it begins among the exchanges, and its tally.
    ///
    /// Too few admitted may mean that the key was used within the last window, so the window is
    /// waited out and a second burst is judged. Too many may mean that a window ended within the
    /// burst; but only where windows end by the wall clock and not a window after the first
    /// request. The second burst, half a window later, tells: if it is right and is told to wait
    /// for clearly less than a window, the first was over an edge. Else the first one counts.
    async fn conclusive_burst(
        &mut self,
        request: &Outgoing,
        times: u32,
        limit: &Limit,
        served: u16,
    ) -> Result<(usize, Tally), Stop> {
        let window = Duration::from_secs(limit.window_seconds.into());
        let first = self.one_burst(request, times, limit, served).await?;
        let overlong = first.1.span >= window;
        let pause = match first.1.admitted(limit) {
            Admitted::AsLimited if !overlong => return Ok(first),
            Admitted::TooMany => window + window / 2,
            _ => window,
        };
        // A second more: the server's window begins when the burst arrives, not when it leaves.
        let pause = pause + Duration::from_secs(1);
        self.wait(request, pause, "the limit's window to pass, before a second burst").await;
        let second = self.one_burst(request, times, limit, served).await?;
        if second.1.span >= window {
            let seconds = second.1.span.as_secs();
            return Err(Stop::Inconclusive(format!(
                "a burst of {times} requests took {seconds} s, longer than the window of {} s, twice",
                window.as_secs()
            )));
        }
        let edge = || {
            let clearly_less = window * 3 / 4;
            second.1.admitted(limit) == Admitted::AsLimited
                && second.1.told.is_some_and(|told| told <= clearly_less)
        };
        let first_counts = first.1.admitted(limit) == Admitted::TooMany && !overlong && !edge();
        Ok(if first_counts { first } else { second })
    }

    async fn one_burst(
        &mut self,
        request: &Outgoing,
        times: u32,
        limit: &Limit,
        served: u16,
    ) -> Result<(usize, Tally), Stop> {
        let begin = self.exchanges.len();
        let what = format!("the answers to {times} requests at once");
        self.activity.waits(what, Some(request.deadlines.whole));
        self.exchanges.extend(self.run.sender.burst(request, times).await?);
        let (run, scenario) = (self.run, &self.planned.scenario);
        let served = |exchange: &Exchange| run.reading(exchange).is_served(served);
        let refused = |exchange: &Exchange| run.reading(exchange).is_refusal(scenario);
        let tally = Tally::of(&self.exchanges[begin..], limit, served, refused);
        Ok((begin, tally))
    }
}
