//! Two things wrong at once: which of the two codes won, and whether it may have.

use super::{carried::is_carried, play::Play, winners::Won};
use crate::{
    checks::order,
    contract::{
        check::CheckId,
        key::Carrier,
        names::Code,
        pair::{OneOf, Pair},
    },
};

impl Play<'_> {
    /// Judges which of two codes an exchange has: by the order that is promised, or by what was reviewed; and by what
    /// every engineer expects.
    pub(super) fn judge_order(&mut self, pair: &Pair, place: &str, at: usize) {
        let run = self.run;
        let contract = &run.contract;
        let code = run.called(&self.exchanges[at]);
        let code = contract.chain.iter().find(|known| Some(*known) == code.as_ref());
        // That it is another one, or none, is found already.
        let Some(code) = code.cloned() else { return };
        let status_of = |code: &Code| {
            let mut scenarios = contract.scenarios.iter();
            scenarios.find(|scenario| scenario.code == *code).map_or(0, |scenario| scenario.status)
        };
        let statuses = [status_of(&pair.codes[0]), status_of(&pair.codes[1])];
        self.note(CheckId::Order, at, order::promised(pair, &code));
        for (check, found) in [
            (CheckId::OrderAuthentication, order::authentication(pair, statuses, &code)),
            (CheckId::OrderEffect, order::effect(pair, statuses, &code)),
        ] {
            if let Some(found) = found {
                self.note(check, at, found);
            }
        }
        let is_recorded = pair.first.is_none() && pair.one_of == OneOf::Points;
        if is_recorded && self.sheet.noted().is_empty() {
            let found = contract
                .order
                .as_ref()
                .map(|order| run.snapshots.compare_order(&order.scenario, place, &code));
            if let Some(found) = found.filter(|found| !found.is_empty()) {
                self.sheet.note(CheckId::Drift, at, found);
            }
        }
        self.run.winners.add(place, Won { pair: pair.clone(), code });
    }

    /// Judges an error that is told to who sent no key at all, at whatever address: it is not about the body.
    pub(super) fn judge_anonymous(&mut self, at: usize) {
        let contract = &self.run.contract;
        let exchange = &self.exchanges[at];
        let mut carriers = contract.key.carriers.iter();
        let is_sent = |carrier: &Carrier| is_carried(&exchange.request, carrier);
        if !contract.has_keys() || carriers.any(is_sent) {
            return;
        }
        let status = exchange.answer.status;
        let code = self.run.called(exchange);
        let has_body = !exchange.request.body.is_empty();
        let code = code.filter(|code| has_body && contract.is_about_body(code.as_str(), status));
        let found = code.map_or_else(Vec::new, |code| order::tells(code.as_str()));
        self.note(CheckId::OrderAuthentication, at, found);
    }
}
