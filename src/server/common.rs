//! What many requests of a plan have in common: thousands of cases share one text each.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::planned::TwinScript;
use crate::{
    contract::{
        Contract,
        carrier::Parts,
        content::RequestBody,
        fresh::{FreshKey, FreshKeys},
        key::{Carrier, KeyDefect, KeyShape, Random},
        names::{CarrierName, RequestName, SlotName},
    },
    shown::secret::Secret,
    targets::{header::Headers, target::Target},
};

/// What many requests have in common, each made once.
pub(super) struct Common {
    /// The header of every body that is JSON.
    content_type: (Arc<str>, Secret),
    /// The header's name of each carrier, and its values by the keys in them.
    carriers: BTreeMap<CarrierName, (Arc<str>, HashMap<Secret, Secret>)>,
    /// Slots' keys with a defect.
    pub(super) broken: Vec<(Secret, KeyDefect, Option<Secret>)>,
    /// Well-formed keys that nobody has issued, like each slot's.
    fresh: HashMap<SlotName, FreshKeys>,
    /// What says that nothing is to be packed.
    unpacked: (Arc<str>, Secret),
    /// What another program than errproof calls itself.
    agent: (Arc<str>, Secret),
    /// Twins by what tells them apart.
    pub(super) twins: HashMap<String, Arc<TwinScript>>,
    /// The first of each request that has to succeed.
    pub(super) paid: BTreeMap<RequestName, Arc<TwinScript>>,
}

impl Common {
    pub(super) fn new(contract: &Contract) -> Self {
        let carrier = |carrier: &Carrier| {
            let header = carrier.header.as_deref().unwrap_or_default();
            (carrier.name.clone(), (Arc::from(header), HashMap::new()))
        };
        Self {
            content_type: ("Content-Type".into(), Secret::new("application/json")),
            carriers: contract.key.carriers.iter().map(carrier).collect(),
            broken: Vec::new(),
            fresh: HashMap::new(),
            unpacked: ("Accept-Encoding".into(), Secret::new("identity")),
            agent: ("User-Agent".into(), Secret::new("api-client/1.0")),
            twins: HashMap::new(),
            paid: BTreeMap::new(),
        }
    }

    /// The header of a body.
    pub(super) fn content_type(&self, body: &RequestBody) -> (Arc<str>, Secret) {
        let (name, json) = &self.content_type;
        if body.media_type == json.expose() {
            return self.content_type.clone();
        }
        (Arc::clone(name), Secret::new(body.media_type.as_str()))
    }

    /// The header in which a carrier has a key, if it needs no other part of the slot's credentials.
    pub(super) fn carried(&mut self, carrier: &Carrier, key: &Secret) -> (Arc<str>, Secret) {
        let (name, values) = self.carriers.get_mut(&carrier.name).expect("the contract's carrier");
        let value = || match carrier.value(key.expose(), &Parts::new()) {
            value if value == key.expose() => key.clone(),
            value => Secret::new(value),
        };
        (Arc::clone(name), values.entry(key.clone()).or_insert_with(value).clone())
    }

    /// The next well-formed key like a slot's that nobody has issued.
    pub(super) fn fresh(
        &mut self,
        shape: &KeyShape,
        slot: &SlotName,
        key: &str,
        random: Random<'_>,
    ) -> FreshKey {
        let keys = self.fresh.entry(slot.clone());
        keys.or_insert_with(|| FreshKeys::like(shape, key, random)).make()
    }

    /// What another program than errproof calls itself, unless the target's file says what all requests do: a server
    /// that is honest to errproof alone is found out.
    pub(super) fn another_agent(&self, target: &Target) -> Option<(Arc<str>, Secret)> {
        let headers = target.headers.as_deref().unwrap_or_default();
        let is_agent = |name: &Arc<str>| name.eq_ignore_ascii_case(&self.agent.0);
        (!headers.iter().any(|(name, _)| is_agent(name))).then(|| self.agent.clone())
    }

    /// Says in the headers that nothing is to be packed: a request that says nothing of codings takes
    /// any (RFC 9110, section 12.5.3), so that a compressed answer would be no deviation.
    pub(super) fn unpacked(&self, headers: &mut Headers) {
        let (name, _) = &self.unpacked;
        if !headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            headers.push(self.unpacked.clone());
        }
    }
}
