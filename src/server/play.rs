//! What a trial does: sends one request after the other, and notes what their answers give away.

use std::{sync::Arc, time::Duration};

use super::{ledger::Outcome, planned::Planned, progress::Over, shared::Run};
use crate::{
    checks::{fields, mismatch::Mismatches, rate_fields, sheet::Sheet},
    contract::{check::CheckId, scenario::Expects},
    exchange::outgoing::{Exchange, NoAnswer, Outgoing},
    result::verdict::Verdict,
    terminal::activity::{Activity, Awaited},
};

/// A trial that ends before its time: what was exchanged and found until then is shown with it.
pub(super) enum Stop {
    /// It cannot be judged.
    Error(String),
    /// Nor can it, since a request has no response.
    NoAnswer(NoAnswer),
    /// Its timing cannot be judged.
    Inconclusive(String),
    /// It could not be provoked.
    NotProvoked(String),
    /// What was found tells nothing of the code, unless it is listed as known.
    NotJudged(String),
    /// What it began was not ended: whoever comes next finds another server. What was found before counts.
    NotCleanedUp(String),
}

impl Stop {
    /// The verdict on a trial that ended so. What was found before a timing that cannot be judged
    /// counts nevertheless: it is weighed.
    pub(super) fn verdict(self, sheet: &Sheet, weighed: impl FnOnce() -> Verdict) -> Verdict {
        match self {
            Self::Error(why) => Verdict::Error(why),
            Self::NoAnswer(why) => Verdict::Error(why.to_string()),
            Self::NotProvoked(why) => Verdict::Ignored(why),
            Self::Inconclusive(why) if sheet.noted().is_empty() => Verdict::Inconclusive(why),
            Self::Inconclusive(_) => weighed(),
            Self::NotJudged(why) => match weighed() {
                Verdict::Fail => Verdict::Error(why),
                known => known,
            },
            Self::NotCleanedUp(why) => match weighed() {
                Verdict::Fail => Verdict::Fail,
                _ => Verdict::Error(why),
            },
        }
    }
}

impl From<NoAnswer> for Stop {
    fn from(no_answer: NoAnswer) -> Self {
        Self::NoAnswer(no_answer)
    }
}

/// Whether what a trial exchanged is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evidence {
    /// It is, without what is secret.
    Shown,
    /// It is not: a secret may be in it that nobody can take out.
    Hidden,
}

/// A trial while it is being carried out.
pub(super) struct Play<'a> {
    pub(super) run: &'a Run,
    pub(super) planned: &'a Planned,
    pub(super) activity: &'a Activity,
    /// Only [`Self::keep`] adds to them, so that none is there whose answer was not searched for secrets.
    pub(super) exchanges: Vec<Exchange>,
    pub(super) sheet: Sheet,
    /// What the checks say that nobody has promised.
    pub(super) advice: Sheet,
    /// Which of the exchanges is the case's own, as soon as it is there.
    pub(super) main: Option<usize>,
    /// Whether all that is shown.
    pub(super) evidence: Evidence,
    /// What its steps captured: values of this run alone.
    pub(super) captured: Vec<String>,
    /// Why the twin proves nothing, if it does not.
    pub(super) without_twin: Option<String>,
    /// What others wait for until its request, which takes minutes, is on its way.
    pub(super) begins: Option<Over<'a>>,
    /// Says that it has its key, if requests that take minutes wait for that.
    pub(super) gets_key: Option<Over<'a>>,
}

impl Play<'_> {
    /// Sends one request when its key's turn has come.
    pub(super) async fn exchange(&self, request: &Outgoing) -> Result<Exchange, NoAnswer> {
        let Outgoing { request: sent, deadlines, .. } = request;
        let turn = if self.run.contract.has_keys() {
            "its key's turn under the limit"
        } else {
            "its turn under the limit"
        };
        self.activity.waits(Awaited::Others(turn), None);
        self.run.sender.turn(request).await;
        self.activity.waits(Awaited::AnswerTo(Arc::clone(sent)), Some(deadlines.whole));
        let exchange = self.run.sender.send_now(request).await;
        if let Ok(exchange) = &exchange {
            self.count(request, exchange);
        } else {
            // It may have succeeded none the less.
            let payer = request.payer.as_ref().or(request.key.as_ref());
            self.run.ledger.count(payer, Outcome::Succeeded(request.cost));
        }
        exchange
    }

    /// Enters a response into the ledger of its key.
    pub(super) fn count(&self, request: &Outgoing, exchange: &Exchange) {
        let status = exchange.answer.status;
        let is_success = fields::is_success(status) && self.run.reading(exchange).is_served(status);
        let outcome =
            if is_success { Outcome::Succeeded(request.cost) } else { Outcome::Failed(status) };
        let payer = request.payer.as_ref().or(exchange.key.as_ref());
        self.run.ledger.count(payer, outcome);
    }

    /// Takes an exchange into the trial, notes what its answer gives away, and gives its place.
    pub(super) fn keep(&mut self, exchange: Exchange) -> usize {
        let leaks = self.run.judge.leaks(&exchange);
        self.keep_searched(exchange, leaks)
    }

    /// The same of an exchange whose answer was searched before.
    pub(super) fn keep_searched(&mut self, exchange: Exchange, leaks: Mismatches) -> usize {
        let at = self.exchanges.len();
        self.sheet.note(CheckId::SecretLeak, at, leaks);
        let Run { contract, target, judge, .. } = self.run;
        // A refusal by the limit that the case did not ask for is judged where it is asked for.
        if self.run.refused_by(&exchange, Some(&self.planned.scenario)).is_none() {
            let (expects, host) = (self.planned.scenario.expects, target.base_url.host_str());
            let found = judge.beyond(contract, expects, &exchange, host.unwrap_or_default());
            for (check, found) in found {
                self.note(check, at, found);
            }
        }
        self.exchanges.push(exchange);
        at
    }

    /// Notes what a check says: that of one which is advice beside the others, unless the contract promises it.
    pub(super) fn note(&mut self, check: CheckId, at: usize, found: Mismatches) {
        let is_promised = !check.is_advice() || self.run.contract.promises.contains_key(&check);
        let sheet = if is_promised { &mut self.sheet } else { &mut self.advice };
        sheet.note(check, at, found);
    }

    /// Lets the time of a request's key pass.
    pub(super) async fn wait(&self, request: &Outgoing, time: Duration, what: &'static str) {
        self.activity.waits(Awaited::Words(what.into()), Some(time));
        self.run.target.clock.wait(request.key.as_ref(), time).await;
    }

    /// Sends a request and gives its place in the trial. A refusal by the limit that the case did not
    /// ask for says nothing of the case: somebody else uses the key, or each trial is a process of its
    /// own, or the server counts in another way. It is waited out, and the request sent once more. An
    /// answer with the case's own code is the case's own, whatever its status.
    pub(super) async fn send(&mut self, request: &Outgoing) -> Result<usize, Stop> {
        let exchange = self.exchange(request).await?;
        let at = self.keep(exchange);
        let refused = self.run.refused_by(&self.exchanges[at], Some(&self.planned.scenario));
        // Of most responses the status says that they are none, so that the body need not be read.
        let own = &self.planned.scenario.code;
        let refused =
            refused.filter(|_| self.run.called(&self.exchanges[at]).as_ref() != Some(own));
        let Some((refusal, limit)) = refused else {
            return Ok(at);
        };
        let told = rate_fields::wait(&self.exchanges[at], limit);
        let told = Duration::from_secs(told.unwrap_or(limit.window_seconds.into()).max(1));
        let wait = told.min(self.run.target.wait_at_most);
        self.wait(request, wait, "a refusal by the limit to pass").await;
        let exchange = self.exchange(request).await?;
        let at = self.keep(exchange);
        if !self.run.reading(&self.exchanges[at]).is_refusal(refusal) {
            return Ok(at);
        }
        let (status, seconds) = (refusal.status, wait.as_secs());
        Err(Stop::Error(format!(
            "the limit refused the request with {status}, and again after a wait of {seconds} s: this case was not judged"
        )))
    }

    /// Holds the envelope of the code's first case against its reviewed snapshot, if all else holds:
    /// what is wrong need not be said twice, and is not to be recorded.
    ///
    /// Of a case whose answer the docs do not tell, the response is compared with what was recorded.
    pub(super) fn compare(&mut self, at: usize) {
        let (scenario, case) = (&self.planned.scenario, self.planned.case());
        let is_first = self.planned.at == 0 && scenario.expects == Expects::Code;
        if !(is_first || case.recorded) || !self.sheet.noted().is_empty() {
            return;
        }
        let answer = &self.exchanges[at].answer;
        let places = &scenario.envelope.places;
        let snapshots = &self.run.snapshots;
        let drift = if case.recorded {
            snapshots.compare_outcome(scenario, case, places, answer)
        } else {
            let written = self.exchanges[at].written.as_ref();
            let fresh = written.and_then(|written| written.fresh.as_deref()).map(str::to_owned);
            // Of a short word, or one without a digit, nobody knows whether it is of this run.
            let is_telling = |value: &&String| {
                value.len() >= 8 && value.bytes().any(|byte| byte.is_ascii_digit())
            };
            let captured = self.captured.iter().filter(is_telling).cloned();
            let made: Vec<String> = captured.chain(fresh).collect();
            snapshots.compare(scenario, places, answer, &made)
        };
        if !drift.is_empty() {
            self.sheet.note(CheckId::Drift, at, drift);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::mismatch::Mismatch;

    #[test]
    fn what_was_found_counts_in_a_trial_whose_timing_cannot_be_judged() {
        let (error, slow) =
            (Stop::Error("no answer".to_owned()), || Stop::Inconclusive("too slow".to_owned()));
        let clean = Sheet::default();
        let mut found = Sheet::default();
        found.note(CheckId::Code, 0, vec![Mismatch::at("", "a", "b")]);
        let weighed = || Verdict::Fail;
        assert_eq!(slow().verdict(&clean, weighed), Verdict::Inconclusive("too slow".to_owned()));
        assert_eq!(slow().verdict(&found, weighed), Verdict::Fail);
        assert_eq!(error.verdict(&found, weighed), Verdict::Error("no answer".to_owned()));
    }
}
