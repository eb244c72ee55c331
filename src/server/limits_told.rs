//! Looks whether limits are told where nobody goes past them: once for each limit and each request that it counts.

use std::collections::HashSet;

use super::{
    planned::{Planned, TrialScript, TwinScript},
    play::Play,
};
use crate::{
    checks::rate_fields,
    contract::{
        Contract,
        check::CheckId,
        contract_file::Limit,
        limit::{LimitPlace, LimitSet, Per},
    },
    exchange::outgoing::{Exchange, Outgoing, Role},
    targets::target::is_nobody,
};

/// Says of each trial which limits its twin has to tell: a limit that each response tells is looked at on the first twin of
/// each request that it counts, of those that cost nothing if there are any. A burst looks at its own request.
pub(super) fn share_out(contract: &Contract, trials: &mut [Planned]) {
    let is_told = |limit: &&Limit| limit.told.is_some() || limit.draft.is_some();
    let told: Vec<&Limit> = contract.all_limits().filter(is_told).collect();
    let burst = |planned: &Planned| match &planned.script {
        Ok(TrialScript::Burst { request, limit, .. }) => Some((limit.place, line(request))),
        _ => None,
    };
    let mut seen: HashSet<(LimitPlace, String)> =
        if told.is_empty() { HashSet::new() } else { trials.iter().filter_map(burst).collect() };
    for is_free in [true, false] {
        for limit in &told {
            for planned in &mut *trials {
                let Some(twin) = served_twin(planned).filter(|twin| (twin.cost == 0) == is_free)
                else {
                    continue;
                };
                let request = &twin.request;
                if counts(contract, limit, request) && seen.insert((limit.place, line(request))) {
                    planned.tells = planned.tells.and(LimitSet::of(limit.place));
                }
            }
        }
    }
}

/// The twin of a trial, if it is to be served.
fn served_twin(planned: &Planned) -> Option<&TwinScript> {
    let twin = planned.twin.as_ref()?.as_deref().ok()?;
    (planned.script.is_ok() && twin.reaches.is_none()).then_some(twin)
}

/// Whether a limit counts a request: one of keys counts nothing that carries none, in an API that has them.
fn counts(contract: &Contract, limit: &Limit, request: &Outgoing) -> bool {
    let has_key = request.key.as_ref().is_some_and(|key| !is_nobody(key));
    let is_counted = match limit.per {
        Per::Address | Per::Everybody => true,
        Per::Key | Per::Account => has_key || !contract.has_keys(),
    };
    is_counted && request.counted_by.has(limit.place)
}

/// A request as a route has it: what differs in the query does not make it another.
fn line(request: &Outgoing) -> String {
    let path = request.request.path.split('?').next().unwrap_or_default();
    format!("{} {path}", request.request.method)
}

impl Play<'_> {
    /// Notes what the twin, which was served, does not tell of the limits that it has to tell.
    pub(super) fn limits_told(&mut self) {
        let is_twin = |exchange: &Exchange| exchange.role == Role::Twin;
        let Some(at) = self.exchanges.iter().rposition(is_twin) else { return };
        let limits = self.run.contract.all_limits();
        for limit in limits.filter(|limit| self.planned.tells.has(limit.place)) {
            let found = rate_fields::told_when_served(&self.exchanges[at], limit);
            self.sheet.note(CheckId::RateTold, at, found);
        }
    }
}
