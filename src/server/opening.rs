//! What is done before the first trial, once the target is known to be there: the balances are read.

use std::collections::BTreeSet;

use super::{
    plan::Plan,
    planned::{Planned, TrialScript},
    shared::Run,
};
use crate::{checks::charge, exchange::outgoing::Outgoing};

impl Run {
    /// Begins a run of the trials with these names: counts those that the last ones wait for, and reads each balance
    /// that a ledger's trial is about.
    pub async fn open(&self, plan: &Plan, selected: &BTreeSet<String>) {
        let selected =
            || plan.trials.iter().filter(|planned| selected.contains(&planned.case().name));
        let others = |planned: &&Planned| !planned.case().last;
        self.progress.begin(selected().filter(others).count());
        if !self.target.is_bundled() {
            self.long.begin(selected().filter(|planned| planned.is_awaited()).count());
            self.alone_first.begin(selected().filter(|planned| planned.reads_first()).count());
        }
        let ready = selected().filter(|planned| planned.script.is_ok());
        self.limit_use.begin(ready.map(Planned::counted_by));
        if self.progress.all() == 0 {
            return;
        }
        for planned in selected() {
            let Ok(TrialScript::Ledger { reads, pointer }) = &planned.script else { continue };
            for read in reads {
                self.open_one(read, pointer).await;
            }
        }
    }

    /// Reads the balance of one key.
    async fn open_one(&self, read: &Outgoing, pointer: &str) {
        let Some(key) = &read.key else { return };
        // What cannot be read is said by its trial, after the last one.
        let Ok(exchange) = self.sender.send(read).await else { return };
        let answer = &exchange.answer;
        let balance = charge::read(&answer.body, pointer).ok_or_else(|| {
            let path = &read.request.path;
            format!(
                "{path} responded with {} and no number at {pointer}, so its balance is not known",
                answer.status
            )
        });
        self.ledger.open(key, exchange, balance);
    }
}
