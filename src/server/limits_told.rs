//! Looks whether limits are told where nobody goes past them: once for each limit and each request that it counts.

use std::collections::HashSet;

use super::{
    planned::{Planned, TrialScript, TwinScript},
    play::Play,
};
use crate::{
    checks::rate_fields::{self, Told},
    contract::{
        Contract,
        check::CheckId,
        contract_file::Limit,
        limit::{LimitPlace, LimitSet, Per},
        scenario::At,
    },
    exchange::outgoing::{Exchange, Outgoing, Role},
    targets::target::{Target, is_nobody},
};

/// Says of each trial which limits its twin has to tell: a limit that each response tells is looked at on one twin of each
/// request that it counts. A burst looks at its own request.
pub(super) fn share_out(contract: &Contract, target: &Target, trials: &mut [Planned]) {
    let told: Vec<&Limit> =
        contract.all_limits().filter(|limit| is_told(contract, limit)).collect();
    if told.is_empty() {
        return;
    }
    let burst = |planned: &Planned| match &planned.script {
        Ok(TrialScript::Burst { request, limit, .. }) => Some((limit.place, line(request))),
        _ => None,
    };
    let mut seen: HashSet<(LimitPlace, String)> = trials.iter().filter_map(burst).collect();
    // A twin is asked if its case holds so far, and if its cost is paid.
    let is_likely = |planned: &Planned| {
        let case = planned.case();
        let is_known = target.known.iter().any(|known| known.covers(&case.name));
        let is_free = served_twin(planned).is_some_and(|twin| twin.cost == 0);
        case.at == At::Own && case.pair.is_none() && is_free && !is_known
    };
    for likely in [true, false] {
        for planned in trials.iter_mut().filter(|planned| is_likely(planned) == likely) {
            let Some(request) = served_twin(planned).map(|twin| &twin.request) else { continue };
            let counting = told.iter().filter(|limit| counts(contract, limit, request));
            let own = counting.filter(|limit| seen.insert((limit.place, line(request))));
            let own =
                own.fold(LimitSet::default(), |set, limit| set.and(LimitSet::of(limit.place)));
            planned.tells = own;
        }
    }
}

/// Whether each response tells a limit. Where a number of two limits stands at one place, nobody knows of which one it is.
fn is_told(contract: &Contract, limit: &Limit) -> bool {
    let places = |limit: &Limit| {
        let told = limit.told.iter();
        let places = told.flat_map(|told| [&told.limit, &told.left, &told.reset]);
        places.flatten().cloned().collect::<Vec<_>>()
    };
    let own = places(limit);
    let mut others = contract.all_limits().filter(|other| other.place != limit.place);
    let is_shared = others.any(|other| places(other).iter().any(|place| own.contains(place)));
    (limit.told.is_some() || limit.draft.is_some()) && !is_shared
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
        let contract = &self.run.contract;
        for limit in contract.all_limits().filter(|limit| self.planned.tells.has(limit.place)) {
            let mut bursts = contract.limit_scenarios().map(|(_, limit)| limit.place);
            let has_burst = bursts.any(|place| place == limit.place);
            let number =
                if has_burst && limit.per == Per::Key { Told::OfItsPlan } else { Told::AsPromised };
            let found = rate_fields::told_when_served(&self.exchanges[at], limit, number);
            self.sheet.note(CheckId::RateTold, at, found);
        }
    }
}
