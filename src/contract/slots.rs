//! The slots of a contract: what is wrong with them, and the one of an API without keys.

use std::collections::BTreeMap;

use super::{contract_file::SlotFormat, key::KeyShape, names::SlotName};
use crate::source::{
    document::Way,
    reader::{Reader, keys},
};

/// The shape of the API's keys, and the slot of an API without any. What is wrong with the slots is added.
pub(super) fn complete(
    reader: &mut Reader<'_>,
    key: Option<KeyShape>,
    slots: &mut BTreeMap<SlotName, SlotFormat>,
) -> KeyShape {
    for (name, slot) in &*slots {
        check_slot(reader, name, slot, key.is_some());
    }
    key.unwrap_or_else(|| {
        let format = SlotFormat {
            env: String::new(),
            parts: BTreeMap::new(),
            keyless: true,
            purpose: String::new(),
            optional: false,
        };
        slots.insert(SlotName::unsaid(), format);
        KeyShape::none()
    })
}

fn check_slot(reader: &mut Reader<'_>, name: &SlotName, slot: &SlotFormat, has_keys: bool) {
    let way = ["slots", name.as_str()];
    if name.is_unsaid() {
        reader.add_at_name(&["slots"], "", "a slot without a name", "expected a name");
    }
    if !slot.keyless && !has_keys {
        let title = format!("the slot `{name}` has a key, and the API has none");
        let label = "expected `keyless = true`, or a [key] that says what a key looks like";
        reader.add_at_name(&["slots"], name.as_str(), title, label);
    } else if !slot.keyless && slot.env.is_empty() {
        reader.missing(&way, "env");
    }
    let stray = [
        ("env", !slot.env.is_empty()),
        ("parts", !slot.parts.is_empty()),
        ("optional", slot.optional),
    ];
    for (word, _) in stray.iter().filter(|(_, is_there)| slot.keyless && *is_there) {
        let title = format!("`{word}` in a slot that carries no key");
        reader.add(&[&way[..], &[word]].concat(), title, "nothing has to be set for it");
    }
}

/// Adds a fault if there is no slot of this name, or if one is missing in an API with keys.
pub(super) fn known_slot(
    reader: &mut Reader<'_>,
    way: Way<'_>,
    slot: &SlotName,
    slots: &BTreeMap<SlotName, SlotFormat>,
) {
    let has_keys = !slots.contains_key(&SlotName::unsaid());
    match way {
        [around @ .., name] if has_keys && slot.is_unsaid() => reader.missing(around, name),
        way if has_keys || slots.contains_key(slot) => {
            reader.known(way, "slot", slot.as_str(), keys(slots));
        }
        way => {
            let title = format!("`{slot}` in an API without keys");
            reader.add(way, title, "contract.toml has no [key], so there are no slots");
        }
    }
}
