//! The trial of one slot's balance: reads it when all other trials are over, and again some seconds later.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Number;

use super::{
    burst::PlannedBurst,
    ledger::Account,
    play::{Play, Stop},
};
use crate::{
    checks::charge::{self, Balances, Spent},
    contract::{check::CheckId, scenario::Provocation},
    exchange::outgoing::{Exchange, Outgoing},
    targets::target::SlotUse,
};

/// How long after the last trial a balance is read once more: a charge that a queue makes is there by then.
pub(super) const LATER: Duration = Duration::from_secs(6);

impl Play<'_> {
    /// Reads the balance of each key of a slot, and holds it against what the run's requests by that key cost.
    pub(super) async fn ledger(&mut self, reads: &[Outgoing], pointer: &str) -> Result<(), Stop> {
        if self.run.progress.all() == 0 {
            let why =
                "no other trial was carried out in this process, so there is nothing to add up";
            return Err(Stop::NotProvoked(why.to_owned()));
        }
        let mut opened = Vec::new();
        for read in reads {
            let Some(key) = &read.key else { continue };
            let Account { opening, spent, errors } = self.run.ledger.account(key);
            let Some((exchange, opening)) = opening else {
                let why = "its balance was not read before the first trial";
                return Err(Stop::NotProvoked(why.to_owned()));
            };
            self.keep(exchange);
            let before = opening.map_err(Stop::NotProvoked)?;
            self.read(read, pointer).await?;
            opened.push(Opened { read, before, spent, errors });
        }
        let Some(first) = opened.first() else { return Ok(()) };
        // One wait for all keys: time passes for each of them.
        self.wait(first.read, LATER, "a charge that comes late").await;
        let mut unclear = Ok(());
        for opened in &opened {
            unclear = unclear.and(self.close(opened, pointer).await);
        }
        unclear
    }

    /// Reads one balance again, and judges it.
    async fn close(&mut self, opened: &Opened<'_>, pointer: &str) -> Result<(), Stop> {
        let Opened { read, before, spent, errors } = opened;
        let later = self.read(read, pointer).await?;
        let spent = Spent { most: *spent, errors };
        let at = self.exchanges.len() - 1;
        self.main = Some(at);
        let found = charge::ledger(pointer, &Balances { before, now: &later }, spent);
        if found.is_empty() {
            self.sheet.note(CheckId::NoCharge, at, found);
            return match charge::unclear(before, &later, spent.most) {
                Some(why) => Err(Stop::Inconclusive(why)),
                None => Ok(()),
            };
        }
        // What goes on falling without a request is somebody else's use of it.
        self.wait(read, LATER, "another look at the balance").await;
        let last = self.read(read, pointer).await?;
        if last != later {
            return Err(Stop::Inconclusive(format!(
                "the balance went on from {later} to {last} while errproof sent nothing: somebody else uses this workspace; say `shared = true` of the slot"
            )));
        }
        self.sheet.note(CheckId::NoCharge, at, found);
        Ok(())
    }
}

impl Play<'_> {
    /// Holds the balance that a burst reads at its end against the one that it read first: what is refused meanwhile, for
    /// a limit, costs nothing. A burst that reads none says nothing, and neither does one whose reads cost something.
    ///
    /// The key's workspace may be another slot's as well: then it pays for what succeeds with those, and holds what
    /// requests cost that take minutes.
    pub(super) fn close_burst(&mut self, burst: PlannedBurst<'_>) {
        let run = self.run;
        let Provocation::Burst(of) = &self.planned.case().provocation else { return };
        let Some(pointer) = run.contract.balance_at(&of.request) else { return };
        let is_shared = run.target.slots[&of.slot].usage == SlotUse::Shared;
        let is_free = burst.request.cost == 0;
        let Some(key) = burst.request.key.as_ref().filter(|_| is_free && !is_shared) else {
            return;
        };
        let sent = &burst.request.request;
        let reads = |exchange: &Exchange| {
            let is_read = exchange.key.as_ref() == Some(key)
                && (&exchange.request.method, &exchange.request.path) == (&sent.method, &sent.path)
                && run.reading(exchange).is_served(burst.served);
            is_read.then(|| charge::read(&exchange.answer.body, pointer)).flatten()
        };
        let numbers = self.exchanges.iter().enumerate();
        let mut numbers = numbers.filter_map(|(at, exchange)| Some((at, reads(exchange)?)));
        let (Some((_, before)), Some((at, now))) = (numbers.next(), numbers.next_back()) else {
            return;
        };
        let errors = run.ledger.account(key).errors;
        let most = run.ledger.spent().saturating_add(run.held.into());
        let balances = Balances { before: &before, now: &now };
        let found = charge::ledger(pointer, &balances, Spent { most, errors: &errors });
        self.sheet.note(CheckId::NoCharge, at, found);
    }
}

/// A balance that was read before the first trial.
struct Opened<'a> {
    read: &'a Outgoing,
    before: Number,
    /// The most that the requests by its key cost that succeeded.
    spent: u64,
    errors: BTreeMap<u16, usize>,
}
