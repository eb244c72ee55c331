//! Plans the twin of a case: the same request without its defect, once for all cases that share it.

use std::{fmt::Write as _, sync::Arc};

use super::{
    around::{Bearer, blanks},
    plan::{Planner, sent_slot},
    planned::TwinScript,
    twin_at::{TwinAt, twin_at},
};
use crate::{
    contract::{
        body,
        scenario::{Case, Provocation, Scenario},
    },
    exchange::outgoing::Role,
};

impl Planner<'_> {
    /// The twin of a case, or why it cannot be asked; none for a case that has none.
    pub(super) fn twin(
        &mut self,
        scenario: &Scenario,
        case: &Case,
    ) -> Option<Result<Arc<TwinScript>, String>> {
        let twin = case.twin(scenario)?;
        let Provocation::Single(single) = &case.provocation else { return None };
        let TwinAt { request, slot, body, reaches } =
            match twin_at(self.contract, twin, single, sent_slot(self.target, single)) {
                Ok(twin) => twin,
                Err(why) => return Some(Err(why)),
            };
        let name = request;
        let format = &self.target.requests[request];
        let env = &self.target.slots[slot].dealt(self.turn).env;
        let mut id = format!("{request} ${env} {} {body:?}", single.carrier.name);
        if case.twin.is_some()
            && reaches != scenario.twin.as_ref().and_then(|twin| twin.reaches.as_ref())
        {
            // It may be another case's as well, of which something else is expected.
            let _ = write!(id, " {reaches:?}");
        }
        // What its case sends first is needed by the same request without the defect, and by no other.
        let of_case = case.steps.as_deref().filter(|_| *request == single.request);
        let around = format.steps.around(of_case);
        if of_case.is_some() {
            let _ = write!(id, " {}", case.name);
        }
        if let Some(known) = self.common.twins.get(&id) {
            return Some(Ok(Arc::clone(known)));
        }
        let script = || {
            let key = self.key(slot)?;
            let body = body::bytes(format.body.as_ref(), body)?;
            let carried = Some(self.carry(slot, &single.carrier, key));
            let mut outgoing = self.request(format, body, carried, &[], self.target.deadlines)?;
            blanks(&mut outgoing, format, &around.captured().collect::<Vec<_>>());
            let steps = self.steps(&around, Bearer { slot, carrier: &single.carrier })?;
            let request = outgoing.sent_as(Role::Twin);
            let cost = if reaches.is_some() { 0 } else { format.cost };
            let read = if cost > 0 { self.price_read(slot) } else { None };
            let reaches = reaches.cloned();
            let at = case.at;
            let twin = TwinScript { id: id.clone(), request, steps, cost, reaches, at, read };
            let twin = Arc::new(twin);
            if cost > 0 {
                let paid = self.common.paid.entry(name.clone());
                paid.or_insert_with(|| Arc::clone(&twin));
            }
            self.common.twins.insert(id, Arc::clone(&twin));
            Ok(twin)
        };
        Some(script())
    }
}
