//! What the numbers of a message have to be, as far as a target lets it be known.

use std::sync::Arc;

use super::{
    plan::Planner,
    planned::{MessageNumber, NumberIs, Price},
};
use crate::{
    contract::{
        key::Carrier,
        names::{ProbeName, RequestName, SlotName},
        scenario::{Scenario, Single},
        scenario_file::Quantity,
    },
    exchange::outgoing::{Outgoing, Role},
    targets::target::SlotUse,
};

impl Planner<'_> {
    /// The numbers that the message of a case has to tell. One that cannot be known here is left out.
    pub(super) fn message_numbers(
        &mut self,
        scenario: &Scenario,
        single: &Single,
    ) -> Vec<MessageNumber> {
        let Some(message) = &scenario.message else { return Vec::new() };
        let mut all = Vec::new();
        for (name, quantity) in &message.equals {
            let is = match quantity {
                Quantity::Cost => Some(NumberIs::Cost(self.price(&single.request))),
                Quantity::Probe(probe) => self
                    .balance_read(probe, &single.slot, &single.carrier)
                    .map(|(read, pointer)| NumberIs::Read(read, pointer)),
            };
            all.extend(is.map(|is| MessageNumber { name: name.clone(), is }));
        }
        all
    }

    /// What a request costs, and what shows it.
    pub(super) fn price(&self, request: &RequestName) -> Price {
        Price {
            request: request.clone(),
            cost: self.target.requests[request].cost,
            is_stated: self.target.priced.contains(request),
            shown_by: self.common.paid.get(request).map(Arc::clone),
        }
    }

    /// What reads the balance that pays for a request, if a message has to tell what a request costs.
    pub(super) fn price_read(&mut self, slot: &SlotName) -> Option<Box<(Outgoing, String)>> {
        let messages = self.contract.scenarios.iter().filter_map(|one| one.message.as_ref());
        let mut told = messages.filter(|message| message.equals.values().any(Quantity::is_cost));
        let probe = told.find_map(|message| message.equals.values().find_map(Quantity::probe))?;
        let carrier = self.contract.carriers_of(slot).first()?;
        self.balance_read(probe, slot, carrier).map(Box::new)
    }

    /// What reads a slot's balance, if this target offers it and nobody else moves it.
    pub(super) fn balance_read(
        &mut self,
        probe: &ProbeName,
        slot: &SlotName,
        carrier: &Carrier,
    ) -> Option<(Outgoing, String)> {
        let target = self.target;
        let probe = target.probes[probe].as_ref().ok()?;
        if target.slots[slot].usage == SlotUse::Shared {
            return None;
        }
        let read = self.plain(&target.requests[&probe.request], slot, carrier).ok()?;
        Some((read.sent_as(Role::Probe), probe.pointer.clone()))
    }
}
