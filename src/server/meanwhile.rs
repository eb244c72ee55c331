//! What is sent while a burst's key is refused: all that a limit of the key may overlook.

use std::sync::Arc;

use super::{plan::Planner, planned::Meanwhile};
use crate::{
    contract::{
        body,
        contract_file::Counts,
        key::KeyDefect,
        limit::Per,
        neighbour::Neighbour,
        order::RefusedPair,
        request_shape::RequestShape,
        scenario::{Burst, Scenario},
    },
    exchange::outgoing::{Outgoing, Role},
    shown::secret::Secret,
    targets::header::Headers,
};

/// In what those keys differ from a burst's that nobody has issued: each part of a key is the same in some.
const STRANGERS: [Neighbour; 5] =
    [Neighbour::First, Neighbour::Middle, Neighbour::Last, Neighbour::AfterEight, Neighbour::Ends];

impl Planner<'_> {
    /// What a limit of a key may overlook: the key in another carrier, another request, another address, another program.
    pub(super) fn meanwhile(&mut self, burst: &Burst) -> Result<Vec<Meanwhile>, String> {
        let (contract, target) = (self.contract, self.target);
        let mut all = Vec::new();
        let mut add = |request: Outgoing, what: String| {
            all.push(Meanwhile { request: request.sent_as(Role::Meanwhile), what, pair: None });
        };
        let (own, limit) = (&target.requests[&burst.request], &*burst.limit);
        let name = |format: &RequestShape| format!("{} {}", format.method.as_str(), format.path);
        for carrier in contract.carriers_of(&burst.slot) {
            let is_other = carrier.name != burst.carrier.name;
            for (request, format) in &target.requests {
                if (*request == burst.request && !is_other) || !limit.counts_request(request) {
                    continue;
                }
                if !format.steps.is_empty() || format.lacks_steps(&format.steps) {
                    continue;
                }
                let Some(headers) = self.harmless(format) else { continue };
                let body = body::bytes(format.body.as_ref(), None)?;
                let carried = Some(self.carry(&burst.slot, carrier, target.key(&burst.slot)?));
                let request = self.request(format, body, carried, &headers, target.deadlines)?;
                let by = if is_other {
                    format!(" with the key in {}", carrier.name)
                } else {
                    String::new()
                };
                add(request, format!("{}{by}", name(format)));
            }
        }
        let mut with_query = self.plain(own, &burst.slot, &burst.carrier)?;
        let sign = if own.path.contains('?') { '&' } else { '?' };
        let also = format!("{sign}errproof=1");
        let request = Arc::make_mut(&mut with_query.request);
        // The key may be in the query as well.
        request.path = match request.path.strip_prefix(&*own.path) {
            Some(key) if !key.is_empty() => format!("{}&errproof=1", request.path).into(),
            _ => format!("{}{also}", own.path).into(),
        };
        add(with_query, format!("{} {}{also}", own.method.as_str(), own.path));
        // Where a limit counts some requests alone, HEAD may be none of them.
        if own.method.as_str() == "GET" && limit.of.is_none() {
            let mut head = self.plain(own, &burst.slot, &burst.carrier)?;
            Arc::make_mut(&mut head.request).method = "HEAD".into();
            add(head, format!("HEAD {}", own.path));
        }
        let elsewhere = [
            (
                &["X-Forwarded-For", "X-Real-IP", "Forwarded"][..],
                "another address in X-Forwarded-For",
            ),
            (&["User-Agent"], "another User-Agent"),
        ];
        for (headers, what) in elsewhere {
            let value = |name: &str| match name {
                "User-Agent" => "api-client/1.0",
                "Forwarded" => "for=203.0.113.7",
                _ => "203.0.113.7",
            };
            let set = target.headers.as_deref().unwrap_or_default();
            let is_free =
                |name: &&str| !set.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
            // A server that believes a proxy has another address by these headers.
            let is_believed = |name: &&str| limit.per != Per::Address || *name == "User-Agent";
            let headers = headers.iter().copied().filter(is_free).filter(is_believed);
            let headers: Headers =
                headers.map(|name| (name.into(), Secret::new(value(name)))).collect();
            if headers.is_empty() && limit.per == Per::Address {
                continue;
            }
            let body = body::bytes(own.body.as_ref(), None)?;
            let key = target.key(&burst.slot)?;
            let carried = Some(self.carry(&burst.slot, &burst.carrier, key));
            let request = self.request(own, body, carried, &headers, target.deadlines)?;
            add(request, format!("{} with {what}", name(own)));
        }
        all.extend(self.another_key(burst)?);
        let refused = contract.order.iter().flat_map(|order| &order.refused);
        for refused in refused.filter(|refused| refused.limit == limit.place) {
            all.push(self.wrong_meanwhile(burst, refused)?);
        }
        Ok(all)
    }

    /// The request with another key, which a limit refuses as well that does not ask whose key it is.
    fn another_key(&mut self, burst: &Burst) -> Result<Option<Meanwhile>, String> {
        let (target, slot) = (self.target, &self.contract.preflight.slot);
        let is_shared = matches!(burst.limit.per, Per::Address | Per::Everybody);
        let keys = [slot, &burst.slot].map(|slot| target.key(slot).ok());
        if !is_shared || keys[0].is_none() || keys[0] == keys[1] {
            return Ok(None);
        }
        let own = &target.requests[&burst.request];
        let request = self.plain(own, slot, &burst.carrier)?.sent_as(Role::Meanwhile);
        let what = format!("{} {} with another key", own.method.as_str(), own.path);
        Ok(Some(Meanwhile { request, what, pair: None }))
    }

    /// A request with the burst's key whose input is wrong: the page may leave open which of the two is told.
    fn wrong_meanwhile(
        &mut self,
        burst: &Burst,
        refused: &RefusedPair,
    ) -> Result<Meanwhile, String> {
        let target = self.target;
        let RefusedPair { pair, request, body, .. } = refused;
        let format = &target.requests[request];
        let body = body::bytes(format.body.as_ref(), Some(body))?;
        let carried = Some(self.carry(&burst.slot, &burst.carrier, target.key(&burst.slot)?));
        let mut request = self.request(format, body, carried, &[], target.deadlines)?;
        request.cost = 0;
        let request = request.sent_as(Role::Meanwhile);
        let what = format!("{} {} with a wrong body", format.method.as_str(), format.path);
        Ok(Meanwhile { request, what, pair: Some(pair.clone()) })
    }

    /// A request with the burst's key that is refused for its input, if the limit is promised to count such a one.
    pub(super) fn mistaken(&mut self, burst: &Burst) -> Result<Option<Outgoing>, String> {
        let is_promised = burst.limit.counts == Counts::EveryRequest;
        let Some(single) = self.contract.mistaken(&burst.limit).filter(|_| is_promised) else {
            return Ok(None);
        };
        let (target, key) = (self.target, self.key(&burst.slot)?);
        let format = &target.requests[&single.request];
        let body = body::bytes(format.body.as_ref(), single.body.as_deref())?;
        let carried = Some(self.carry(&burst.slot, &burst.carrier, key));
        let mut request = self.request(format, body, carried, &[], target.deadlines)?;
        request.cost = 0;
        Ok(Some(request.sent_as(Role::Mistaken)))
    }

    /// Requests with keys that nobody has issued and that are next to the burst's: what they send is not to count on its
    /// limit, and does where a limit looks at a part of a key.
    pub(super) fn strangers(&mut self, burst: &Burst) -> Result<Vec<Outgoing>, String> {
        let (target, key) = (self.target, self.key(&burst.slot)?);
        let format = &target.requests[&burst.request];
        let mut strangers = Vec::new();
        // A limit that is not a key's own counts them all.
        if self.contract.is_keyless(&burst.slot) || burst.limit.per.is_shared() {
            return Ok(strangers);
        }
        for neighbour in STRANGERS {
            if neighbour.of(&self.contract.key.prefix, key.expose()).is_none() {
                continue;
            }
            let defect = KeyDefect::Neighbour(neighbour);
            let Some(spoilt) = self.spoil(key.expose(), &burst.slot, &defect) else { continue };
            let body = body::bytes(format.body.as_ref(), None)?;
            let carried = Some(self.carry(&burst.slot, &burst.carrier, &spoilt));
            let request = self.request(format, body, carried, &[], target.deadlines)?;
            strangers.push(request.sent_as(Role::OtherKey));
        }
        Ok(strangers)
    }

    /// The headers with which a request costs nothing, if there are any: none for one that is free, and else a hook that
    /// makes it fail. With a broken body it would cost nothing either, but a server may look at that before the limit.
    fn harmless(&self, format: &RequestShape) -> Option<Headers> {
        if format.cost == 0 {
            return Some(Headers::new());
        }
        let contract = self.contract;
        let place =
            |scenario: &Scenario| contract.chain.iter().position(|code| *code == scenario.code);
        let cases = contract
            .scenarios
            .iter()
            .flat_map(|scenario| scenario.cases.iter().map(move |case| (place(scenario), case)));
        let at_once = cases.filter(|(_, case)| case.after.is_none());
        let hooks = at_once.filter_map(|(place, case)| {
            let hook = self.target.hooks[case.hook()?].as_ref().ok()?;
            hook.sends_nothing().then_some((place, &hook.headers))
        });
        hooks.max_by_key(|(place, _)| *place).map(|(_, headers)| headers.clone())
    }
}
