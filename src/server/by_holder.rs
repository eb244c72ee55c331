//! Requests by who holds the key in them.

use std::collections::{BTreeMap, HashMap};

use crate::{contract::names::SlotName, shown::secret::Secret, targets::target::Target};

/// How many requests carry the key of each slot (each key of one that has several), how many any other key, and how many none.
/// Of an API without keys there is one number.
pub(super) fn by_holder(
    target: &Target,
    by_key: &HashMap<Option<Secret>, usize>,
) -> BTreeMap<String, usize> {
    let has_keys = !target.slots.contains_key(&SlotName::unsaid());
    let mut requests = BTreeMap::new();
    for (key, count) in by_key {
        let holder = key.as_ref().and_then(|key| target.holder(key));
        let name = match (holder, key) {
            _ if !has_keys => "every request".to_owned(),
            (Some((name, own)), _) if target.slots[name].keys.len() > 1 => {
                format!("{name} (${})", own.env)
            }
            (Some((name, _)), _) => name.to_string(),
            (None, Some(_)) => "(broken or made-up keys)".to_owned(),
            (None, None) => "(no key)".to_owned(),
        };
        *requests.entry(name).or_default() += count;
    }
    requests
}
