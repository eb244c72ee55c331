//! The burst of a case, and the limit that it goes past.

use std::sync::Arc;

use super::{
    contract_file::Limit,
    names::{RequestName, SlotName},
    resolve::Resolver,
    scenario_file::{BurstFormat, ScenarioFile},
    slots::known_slot,
};
use crate::source::reader::keys;

impl Resolver<'_> {
    /// The limit that the bursts of a scenario go past, if the contract has it. `limit` in a scenario names one.
    pub(super) fn limit(&mut self, file: &ScenarioFile) -> Option<Arc<Limit>> {
        let contract = self.contract;
        let burst = file.cases.iter().position(|case| case.burst.is_some());
        if let Some(name) = &file.limit {
            self.reader.known(&["limit"], "limit", name.as_str(), keys(&contract.limits));
            if burst.is_none() {
                let label = "expected a case with a `burst` that goes past it";
                self.reader.add(&["limit"], "`limit` in a scenario without a burst", label);
            }
            return contract.limits.get(name).cloned().map(Arc::new);
        }
        let at = burst?.to_string();
        if contract.limit.is_none() {
            let label = if contract.limits.is_empty() {
                "expected a [limit] in contract.toml for it to exceed"
            } else {
                "expected a `limit` in the scenario that says which of [limits] it exceeds"
            };
            self.reader.add(&["cases", &at, "burst"], "a burst without a limit", label);
        }
        contract.limit.clone().map(Arc::new)
    }

    /// A burst has more requests than its limit, which counts them; and only where each key has a limit of its own another
    /// key is served meanwhile.
    pub(super) fn burst_of_limit(
        &mut self,
        burst: &BurstFormat,
        limit: &Limit,
        (request, slot): (&RequestName, &SlotName),
        at: &str,
    ) {
        let most = limit.requests;
        if burst.requests <= most {
            let which = match &limit.name {
                None => "the limit in contract.toml".to_owned(),
                Some(name) => format!("the limit `{name}` in contract.toml"),
            };
            self.reader.add(
                &["cases", at, "burst", "requests"],
                "a burst within the limit",
                format!("expected more than {most}, {which}"),
            );
        }
        if !limit.counts_request(request) && self.contract.requests.contains_key(request) {
            let title = format!("{} does not count `{request}`", limit.table());
            let label = "expected a request that is in the limit's `of`";
            self.reader.add(&["cases", at, "burst"], title, label);
        }
        let is_with_key = !self.contract.is_keyless(slot);
        let is_first = |other: &&Limit| {
            let counts = is_with_key || other.per.counts_without_key();
            counts
                && other.place != limit.place
                && other.requests < most
                && other.counts_request(request)
        };
        if let Some(first) = self.contract.all_limits().find(is_first) {
            let title = format!("another limit ends this burst before {}", limit.table());
            let label = format!(
                "{} counts `{request}` as well, and refuses after {}: expected a request that it does not count, or `unprovoked`",
                first.table(),
                first.requests
            );
            self.reader.add(&["cases", at, "burst"], title, label);
        }
        match &burst.other {
            Some(other) if limit.per.is_shared() => {
                let label = "expected no other key: this limit is one for all keys";
                let title = format!("`{other}` shares the limit with the burst's key");
                self.reader.add(&["cases", at, "burst", "other"], title, label);
            }
            Some(other) => {
                let way = ["cases", at, "burst", "other"];
                known_slot(&mut self.reader, &way, other, &self.contract.slots);
            }
            None if limit.per.is_shared() => {}
            None => {
                let label = "expected the slot whose key is served while the burst's is refused";
                self.reader.add(&["cases", at, "burst"], "missing key `other`", label);
            }
        }
    }
}
