//! What many requests of a plan have in common: thousands of cases share one text each.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::plan::TwinScript;
use crate::{
    contract::{
        Contract,
        key::{Carrier, KeyDefect},
        names::{CarrierName, SlotName},
    },
    shown::secret::Secret,
};

/// What many requests have in common, each made once.
pub(super) struct Common {
    /// The header of every body.
    pub(super) content_type: (Arc<str>, Secret),
    /// The header's name of each carrier, and its values by the keys in them.
    carriers: BTreeMap<CarrierName, (Arc<str>, HashMap<Secret, Secret>)>,
    /// Slots' keys with a defect.
    pub(super) broken: Vec<(SlotName, KeyDefect, Option<Secret>)>,
    /// Twins by what tells them apart.
    pub(super) twins: HashMap<String, Arc<TwinScript>>,
}

impl Common {
    pub(super) fn new(contract: &Contract) -> Self {
        let carrier = |carrier: &Carrier| {
            (carrier.name.clone(), (Arc::from(carrier.header.as_str()), HashMap::new()))
        };
        Self {
            content_type: ("Content-Type".into(), Secret::new("application/json")),
            carriers: contract.key.carriers.iter().map(carrier).collect(),
            broken: Vec::new(),
            twins: HashMap::new(),
        }
    }

    /// The header in which a carrier has a key.
    pub(super) fn carried(&mut self, carrier: &Carrier, key: &Secret) -> (Arc<str>, Secret) {
        let (name, values) = self.carriers.get_mut(&carrier.name).expect("the contract's carrier");
        let value = || match carrier.value(key.expose()) {
            value if value == key.expose() => key.clone(),
            value => Secret::new(value),
        };
        (Arc::clone(name), values.entry(key.clone()).or_insert_with(value).clone())
    }
}
