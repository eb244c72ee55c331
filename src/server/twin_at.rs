//! Which request the twin of a case is, at the case's point.

use crate::contract::{
    Contract, body,
    names::{Code, RequestName, SlotName},
    scenario::{Follows, Provocation, Single, Twin},
    scenario_file::BodyDefect,
};

/// A twin at the point of a case.
pub(super) struct TwinAt<'a> {
    pub(super) request: &'a RequestName,
    pub(super) slot: &'a SlotName,
    pub(super) body: Option<&'a BodyDefect>,
    pub(super) reaches: Option<&'a Code>,
}

/// The twin of a case, where that is. `own_slot` is the one whose
/// key the case sends. The defect that is checked for later is another one in another request: the
/// one by which the later code itself is provoked there. A request that costs nothing needs none, since it may succeed.
pub(super) fn twin_at<'a>(
    contract: &'a Contract,
    twin: &'a Twin,
    case: &'a Single,
    own_slot: &'a SlotName,
) -> Result<TwinAt<'a>, String> {
    let (slot, body, reaches) = (&twin.slot, twin.body.as_ref(), twin.reaches.as_ref());
    let own = TwinAt { request: &twin.request, slot, body, reaches };
    let request = &case.request;
    if (twin.follows == Follows::Case || *request == twin.request)
        && let Some(kept) = case.kept.as_deref()
    {
        let slot = kept.slot.as_ref().unwrap_or(own_slot);
        return Ok(TwinAt { request, slot, body: Some(&kept.body), ..own });
    }
    if twin.follows == Follows::Nothing || *request == twin.request {
        return Ok(own);
    }
    if contract.requests[request].format.cost == 0 {
        return Ok(TwinAt { request, slot, body: None, reaches: None });
    }
    let Some(body) = own.body else { return Ok(TwinAt { request, ..own }) };
    let later = contract.scenarios.iter().filter(|scenario| own.reaches == Some(&scenario.code));
    let mut defects = later.flat_map(|scenario| &scenario.cases).filter_map(|case| {
        let Provocation::Single(single) = &case.provocation else { return None };
        single.body.as_deref().filter(|_| single.request == *request)
    });
    let made = || {
        let base = contract.requests[request].format.body.as_ref();
        body::bytes(base, Some(body)).map(|_| body)
    };
    let body = defects.next().map_or_else(made, Ok);
    Ok(TwinAt { request, body: Some(body?), ..own })
}
