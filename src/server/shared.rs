//! What the trials of a run share.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use super::{
    alone::UnderWay, drift::Snapshots, judge::AnswerJudge, key_use::KeyUse, ledger::Ledger,
    limit_use::LimitUse, preflight_leak::PreflightLeak, progress::Progress, twins::Twins,
    winners::Winners,
};
use crate::{
    checks::{belonging, reading::Reading},
    contract::{
        Contract, contract_file::Limit, limit::LimitPlace, names::Code, scenario::Scenario,
    },
    exchange::{outgoing::Exchange, sender::Sender},
    shown::redactor::Redactor,
    targets::{known::Day, target::Target},
};

/// All that the trials of a run share.
#[derive(Debug)]
pub struct Run {
    /// What is promised.
    pub contract: Arc<Contract>,
    /// Who is tested.
    pub target: Target,
    /// The day on which it is tested.
    pub today: Day,
    /// The way to it.
    pub sender: Sender,
    /// Holds answers against the contract.
    pub judge: AnswerJudge,
    /// The trials that are under way.
    pub under_way: UnderWay,
    /// Which keys are in use.
    pub keys: KeyUse,
    /// Who is under way that a limit counts which several keys share.
    pub limit_use: LimitUse,
    /// What the preflight's answer gave away.
    pub preflight_leak: PreflightLeak,
    /// What the keys' balances were, and what was spent since.
    pub ledger: Ledger,
    /// The most credits that requests of the run may hold at one time: those that take minutes, and twins.
    pub reserved: u32,
    /// What an API may hold of that for requests that take minutes.
    pub held: u32,
    /// How many trials are left.
    pub progress: Progress,
    /// How many requests that take minutes are still to be sent.
    pub long: Progress,
    /// How many trials that need a key to themselves before the former have not got it yet.
    pub alone_first: Progress,
    /// The twins that were asked.
    pub twins: Twins,
    /// Which limits were seen to be kept, each over its window, by their places.
    pub limits_seen: Mutex<BTreeMap<LimitPlace, String>>,
    /// Which code won where two things were wrong.
    pub winners: Winners,
    /// The reviewed envelopes of this target.
    pub snapshots: Snapshots,
    /// Takes every key of the run out of what is shown.
    pub redactor: Arc<Redactor>,
}

impl Run {
    /// An exchange's answer as the contract's envelope reads it.
    pub(super) fn reading<'a>(&'a self, exchange: &'a Exchange) -> Reading<'a> {
        Reading::of(&exchange.answer, &self.contract.envelope.places)
    }

    /// What the contract calls an exchange's answer, if it is an error.
    pub(super) fn called(&self, exchange: &Exchange) -> Option<Code> {
        belonging::named(&self.contract, &self.reading(exchange))
    }

    /// The limit that refused a request, with its scenario, if one did whose scenario is not `own`: a case that did not ask
    /// for it is not to be judged by it.
    pub(super) fn refused_by(
        &self,
        exchange: &Exchange,
        own: Option<&Scenario>,
    ) -> Option<(&Scenario, &Limit)> {
        let reading = self.reading(exchange);
        let is_other = |scenario: &Scenario| own.is_none_or(|own| own.code != scenario.code);
        let mut limits = self.contract.limit_scenarios();
        let first = limits.find(|(scenario, _)| is_other(scenario) && reading.is_refusal(scenario));
        // Where several have the same status, and in the trial of one of them, the code tells which it was.
        let (first, code) = (first?, self.called(exchange));
        let is_told = |scenario: &Scenario| Some(&scenario.code) == code.as_ref();
        let mut others = [first].into_iter().chain(limits);
        let told = others.find(|(scenario, _)| is_told(scenario) && is_other(scenario));
        told.or_else(|| own.is_none_or(|own| own.limit().is_none()).then_some(first))
    }
}
