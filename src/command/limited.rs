//! Carries the experiment on a rate limiter out: sends what it asks for when it is time, and says what became of
//! each request.

use std::{sync::Arc, time::Duration};

use crate::{
    checks::{rate_fields, reading::Reading},
    contract::{
        contract_file::Limit,
        names::LimitName,
        scenario::{Burst, Provocation},
    },
    exchange::outgoing::{Exchange, NoAnswer, Outgoing},
    limiter::{
        experiment::next,
        numbers::Numbers,
        step::{Became, Outcome, Reply, Sent, Step},
    },
    server::{
        planned::{Planned, TrialScript},
        suite::Suite,
    },
    terminal::activity::{Activity, Awaited},
};

/// A limiter to find out about: the request that it serves or refuses, and the way to it.
#[derive(Debug)]
pub struct Limited<'a> {
    suite: &'a Suite,
    planned: &'a Planned,
    pub(super) request: &'a Outgoing,
    /// The status of a response to a request that is served.
    served: u16,
    /// The variable that the key is from.
    pub(super) env: &'a str,
    limit: &'a Limit,
    /// The limit that the contract promises.
    pub numbers: Numbers,
}

/// What was found out.
#[derive(Debug)]
pub struct Found {
    /// How the experiment ended.
    pub outcome: Outcome,
    /// What was sent for it.
    pub sent: Vec<Sent>,
}

impl<'a> Limited<'a> {
    /// The limiter that the contract's first burst goes past; or the first past the limit of this name.
    ///
    /// # Errors
    /// What to set, if the key or a header is missing; or that no burst goes past that limit.
    pub fn of(suite: &'a Suite, limit: Option<&str>) -> Result<Self, &'a str> {
        let trials = suite.plan.trials.iter();
        let mut bursts = trials.filter_map(|planned| match &planned.case().provocation {
            Provocation::Burst(burst) => Some((planned, burst)),
            Provocation::Single(_) | Provocation::Ledger(_) | Provocation::Balance(_) => None,
        });
        let is_meant = |burst: &Burst| {
            let name = burst.limit.name.as_ref().map(LimitName::as_str);
            limit.is_none_or(|limit| name == Some(limit))
        };
        let burst = bursts.find(|(_, burst)| is_meant(burst));
        let (planned, burst) = burst.ok_or(match limit {
            None => "no scenario of the contract has a burst",
            Some(_) => "no scenario of the contract has a burst that goes past this limit",
        })?;
        let script = planned.script.as_ref().map_err(String::as_str)?;
        let TrialScript::Burst { request, limit, served, .. } = script else {
            unreachable!("a burst's script sends a burst");
        };
        let numbers = Numbers::new(limit.requests, limit.window_seconds);
        let env = &suite.run.target.slots[&burst.slot].dealt(0).env;
        Ok(Self { suite, planned, request, served: *served, env, limit, numbers })
    }

    /// Carries the experiment out.
    ///
    /// # Errors
    /// If a request has no response.
    pub async fn find_out(&self, activity: &Activity) -> Result<Found, NoAnswer> {
        let clock = &self.suite.run.target.clock;
        let now = || clock.now(self.request.key.as_ref());
        let begin = now();
        let mut sent = Vec::new();
        loop {
            let ask = match next(self.numbers, &sent) {
                Step::Done(outcome) => return Ok(Found { outcome, sent }),
                Step::Send(ask) => ask,
            };
            let wait = (begin + ask.at).saturating_sub(now());
            let most = (!wait.is_zero()).then_some(wait);
            activity.waits(Awaited::Words("the time of its next requests".into()), most);
            clock.wait(self.request.key.as_ref(), wait).await;
            activity.waits(Awaited::AnswerTo(Arc::clone(&self.request.request)), None);
            let exchanges = self.suite.run.sender.burst(self.request, ask.count).await?;
            let replies = exchanges.iter().map(|exchange| self.reply(exchange, begin)).collect();
            sent.push(Sent { ask, replies });
        }
    }

    /// What became of a request, as the burst's trial decides it.
    fn reply(&self, exchange: &Exchange, begin: Duration) -> Reply {
        let contract = &self.suite.run.contract;
        let reading = Reading::of(&exchange.answer, &contract.envelope.places);
        let told = || rate_fields::wait(exchange, self.limit);
        let became = if reading.is_served(self.served) {
            Became::Served
        } else if reading.is_refusal(&self.planned.scenario) {
            Became::Refused(told())
        } else {
            Became::Other(exchange.answer.status)
        };
        let since = |time: Duration| time.saturating_sub(begin);
        Reply { sent: since(exchange.sent), answered: since(exchange.answered), became }
    }
}
