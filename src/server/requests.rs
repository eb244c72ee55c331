//! Makes the requests of a plan: with a key in its carrier, a spoilt key, and what is common to all.

use std::sync::Arc;

use super::{
    carried::{Carried, put},
    plan::Planner,
};
use crate::{
    contract::{
        blank::FRESH_NAME,
        body,
        content::{Coding, RequestBody},
        fresh::FreshKey,
        key::{Carrier, KeyDefect},
        names::SlotName,
        neighbour::Neighbour,
        request_shape::RequestShape,
    },
    exchange::{
        blanks::Blanks,
        deadlines::Deadlines,
        message::Request,
        outgoing::{Outgoing, Role},
    },
    shown::secret::Secret,
    targets::{header::Headers, target::is_nobody},
};

impl Planner<'_> {
    /// A named request with nothing broken in it.
    pub(super) fn plain(
        &mut self,
        format: &RequestShape,
        slot: &SlotName,
        carrier: &Carrier,
    ) -> Result<Outgoing, String> {
        let key = self.key(slot)?;
        let body = body::bytes(format.body.as_ref(), None)?;
        let own = self.carry(slot, carrier, key);
        self.request(format, body, Some(own), &[], self.target.deadlines)
    }

    pub(super) fn request(
        &mut self,
        format: &RequestShape,
        body: Vec<u8>,
        key: Option<Carried<'_>>,
        extra: &[(Arc<str>, Secret)],
        deadlines: Deadlines,
    ) -> Result<Outgoing, String> {
        let headers = self.target.headers.as_ref().map_err(Clone::clone)?;
        self.outgoing(format, body, key, [headers, extra], deadlines)
    }

    /// The key with its defect.
    pub(super) fn spoil(
        &mut self,
        key: &str,
        slot: &SlotName,
        defect: &KeyDefect,
    ) -> Option<Secret> {
        if *defect == KeyDefect::Fresh {
            let FreshKey { key, own } =
                self.common.fresh(&self.contract.key, slot, key, self.random);
            self.made.push(Secret::new(own));
            return Some(Secret::new(key));
        }
        let broken = self.common.broken.iter();
        let mut known = broken.filter(|(of, has, _)| of.expose() == key && has == defect);
        if let Some((.., spoilt)) = known.next() {
            return spoilt.clone();
        }
        let spoilt = self.contract.key.spoil(key, defect, self.random).map(Secret::new);
        if let (KeyDefect::Neighbour(Neighbour::AfterEight), Some(spoilt)) = (defect, &spoilt) {
            // Too little of it is the slot's to be taken for that.
            self.made.push(spoilt.clone());
        }
        self.common.broken.push((Secret::new(key), defect.clone(), spoilt.clone()));
        spoilt
    }

    pub(super) fn outgoing(
        &mut self,
        format: &RequestShape,
        body: Vec<u8>,
        carried: Option<Carried<'_>>,
        headers: [&[(Arc<str>, Secret)]; 2],
        deadlines: Deadlines,
    ) -> Result<Outgoing, String> {
        let content_type = format.body.as_ref().map(|body| self.common.content_type(body));
        // The identity of a slot without a key is no text that is sent.
        let sent = carried.as_ref().filter(|carried| !is_nobody(carried.key));
        // What a step before it captured goes in place of the slot's key.
        let has_own = |name: &str| format.header(name).is_some();
        let sent = sent.filter(|carried| !carried.carrier.headers().any(has_own));
        let shared = sent.filter(|carried| carried.is_one_header());
        let own = shared.map(|carried| self.common.carried(carried.carrier, carried.key));
        let own = content_type.into_iter().chain(own);
        let more = headers.concat();
        // What a target or a hook says goes before what the contract says.
        let is_free = |name: &str| !more.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        let of_request = format.headers.iter().filter(|(name, _)| is_free(name));
        let of_request =
            of_request.map(|(name, value)| (Arc::clone(name), Secret::new(Arc::clone(value))));
        let mut all: Headers = own.chain(of_request).chain(more.iter().cloned()).collect();
        self.common.unpacked(&mut all);
        all.shrink_to_fit();
        let mut request = Request {
            method: format.method.on_the_wire(),
            path: Arc::clone(&format.path),
            headers: all,
            body,
            signing: None,
        };
        if let Some(carried) = sent.filter(|carried| !carried.is_one_header()) {
            put(&mut request, carried)?;
        }
        // An empty carrier holds no key, so it takes no key's time.
        let key = carried.map(|carried| carried.key.clone());
        let key = key.filter(|key| !key.expose().is_empty());
        let coding = format.body.as_ref().map_or(Coding::Untouched, RequestBody::coding);
        Ok(Outgoing {
            blanks: Blanks::of(&request, coding, [FRESH_NAME]),
            request: Arc::new(request),
            key,
            deadlines,
            role: Role::Own,
            cost: format.cost,
            payer: None,
            counted_by: format.counted_by,
        })
    }
}
