//! Makes the requests of a plan: with a key in its carrier, a spoilt key, and what is common to all.

use std::sync::Arc;

use super::{
    carried::{Carried, put},
    plan::Planner,
};
use crate::{
    contract::{
        body,
        contract_file::RequestFormat,
        fresh::FreshKey,
        key::{Carrier, KeyDefect},
        names::SlotName,
        neighbour::Neighbour,
    },
    exchange::{
        deadlines::Deadlines,
        message::Request,
        outgoing::{Outgoing, Role},
    },
    shown::secret::Secret,
    targets::target::{First, Headers, is_nobody},
};

impl Planner<'_> {
    /// A named request with nothing broken in it.
    pub(super) fn plain(
        &mut self,
        format: &RequestFormat,
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
        format: &RequestFormat,
        body: Vec<u8>,
        key: Option<Carried<'_>>,
        extra: &[(Arc<str>, Secret)],
        deadlines: Deadlines,
    ) -> Result<Outgoing, String> {
        let headers = self.target.headers.as_ref().map_err(Clone::clone)?;
        self.outgoing(format, body, key, [headers, extra], deadlines)
    }

    pub(super) fn first(&self, first: &First) -> Result<Outgoing, String> {
        let common = self.target.headers.as_ref().map_err(Clone::clone)?;
        let mut headers = [common.as_slice(), &first.headers].concat();
        self.common.unpacked(&mut headers);
        let request = Request {
            method: first.method.as_str().into(),
            path: first.path.clone(),
            headers,
            body: first.body.clone(),
            signing: None,
        };
        Ok(Outgoing {
            request: Arc::new(request),
            key: None,
            deadlines: self.target.deadlines,
            role: Role::First,
            cost: 0,
            payer: None,
        })
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
        format: &RequestFormat,
        body: Vec<u8>,
        carried: Option<Carried<'_>>,
        headers: [&[(Arc<str>, Secret)]; 2],
        deadlines: Deadlines,
    ) -> Result<Outgoing, String> {
        let content_type = format.body.as_ref().map(|_| self.common.content_type.clone());
        // The identity of a slot without a key is no text that is sent.
        let sent = carried.as_ref().filter(|carried| !is_nobody(carried.key));
        let shared = sent.filter(|carried| carried.is_one_header());
        let own = shared.map(|carried| self.common.carried(carried.carrier, carried.key));
        let own = content_type.into_iter().chain(own);
        let mut all: Headers = own.chain(headers.concat()).collect();
        self.common.unpacked(&mut all);
        all.shrink_to_fit();
        let mut request = Request {
            method: format.method.as_str().into(),
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
        Ok(Outgoing {
            request: Arc::new(request),
            key,
            deadlines,
            role: Role::Own,
            cost: format.cost,
            payer: None,
        })
    }
}
