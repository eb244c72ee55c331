//! Whose key steps carry, and what is left blank in a request until they have responses.

use crate::{
    contract::{
        Contract,
        blank::FRESH_NAME,
        content::RequestBody,
        key::Carrier,
        names::SlotName,
        request_shape::RequestShape,
        scenario::{Case, Provocation, Scenario},
    },
    exchange::{blanks::Blanks, outgoing::Outgoing},
};

/// What a request is refused with whose key is not good.
const UNAUTHORIZED: u16 = 401;

/// Whose key steps carry, and how.
#[derive(Clone, Copy)]
pub(super) struct Bearer<'a> {
    pub(super) slot: &'a SlotName,
    pub(super) carrier: &'a Carrier,
}

/// The slot whose key the steps of a case carry: the case's own, whose account has to have what they make. Where that key is
/// what is wrong, the twin's.
pub(super) fn slot_of_steps<'a>(
    scenario: &'a Scenario,
    case: &'a Case,
    own: &'a SlotName,
) -> &'a SlotName {
    let twin = case.twin(scenario).filter(|_| scenario.status == UNAUTHORIZED);
    twin.map_or(own, |twin| &twin.slot)
}

/// The slot whose key a hook's requests of the contract carry. Where two things are wrong, the key may be the other one: then it
/// is that of the hook's own case.
pub(super) fn slot_of_hook<'a>(
    contract: &'a Contract,
    case: &Case,
    own: &'a SlotName,
) -> &'a SlotName {
    let mut all = contract.all_scenarios().flat_map(|scenario| &scenario.cases);
    let hook = case.hook().filter(|_| case.pair.is_some());
    let first = hook.and_then(|_| all.find(|other| other.pair.is_none() && other.hook() == hook));
    match first.map(|first| &first.provocation) {
        Some(Provocation::Single(single)) => &single.slot,
        _ => own,
    }
}

/// Finds the blanks of a request that is as a file says it, by the names that were captured before it.
pub(super) fn blanks(outgoing: &mut Outgoing, format: &RequestShape, names: &[&str]) {
    let coding = format.body.as_ref().map(RequestBody::coding).unwrap_or_default();
    let names = names.iter().copied().chain([FRESH_NAME]);
    outgoing.blanks = Blanks::of(&outgoing.request, coding, names);
}
