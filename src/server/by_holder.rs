//! Requests by who holds the key in them.

use std::collections::{BTreeMap, HashMap};

use crate::{shown::secret::Secret, targets::target::Target};

/// How many requests carry the key of each slot, how many any other key, and how many none.
pub(super) fn by_holder(
    target: &Target,
    by_key: &HashMap<Option<Secret>, usize>,
) -> BTreeMap<String, usize> {
    let mut requests = BTreeMap::new();
    for (key, count) in by_key {
        let slots = &target.slots;
        let slot = slots.iter().find(|(_, slot)| slot.key.is_some() && slot.key == *key);
        let name = match (slot, key) {
            (Some((name, _)), _) => name.to_string(),
            (None, Some(_)) => "(broken or made-up keys)".to_owned(),
            (None, None) => "(no key)".to_owned(),
        };
        *requests.entry(name).or_default() += count;
    }
    requests
}
