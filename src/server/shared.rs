//! What the trials of a run share.

use std::sync::{Arc, OnceLock};

use super::{
    alone::UnderWay, drift::Snapshots, judge::AnswerJudge, key_use::KeyUse, ledger::Ledger,
    preflight_leak::PreflightLeak, progress::Progress, twins::Twins, winners::Winners,
};
use crate::{
    checks::{belonging, reading::Reading},
    contract::{Contract, names::Code},
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
    /// Which limit a key was seen to have, over its window.
    pub limit_seen: OnceLock<String>,
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
}
