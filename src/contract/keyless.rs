//! APIs without keys, and slots without one in APIs that have them.

use std::sync::{Arc, OnceLock};

use super::{
    Contract,
    key::{Carrier, KeyDefect, OtherPart},
    names::SlotName,
    resolve::Resolver,
    scenario::KEY,
    scenario_file::{CaseFormat, RequestPatch, ScenarioFile},
};
use crate::source::reader::keys;

impl Contract {
    /// Whether the API has keys. One without has a single slot, which no file names and which carries nothing.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        !self.slots.contains_key(&SlotName::unsaid())
    }

    /// Whether a slot carries no key.
    #[must_use]
    pub fn is_keyless(&self, slot: &SlotName) -> bool {
        self.slots.get(slot).is_some_and(|slot| slot.keyless)
    }

    /// What may carry the key of a slot. For one without a key it is what carries nothing.
    #[must_use]
    pub fn carriers_of(&self, slot: &SlotName) -> &[Carrier] {
        static NOTHING: OnceLock<[Carrier; 1]> = OnceLock::new();
        if self.is_keyless(slot) {
            NOTHING.get_or_init(|| [Carrier::nothing()])
        } else {
            &self.key.carriers
        }
    }

    /// What carries the key of a slot where a case names this carrier: its twin may have another slot, whose key is carried,
    /// or carries none.
    #[must_use]
    pub fn carrier_of<'a>(&'a self, slot: &SlotName, carrier: &'a Carrier) -> &'a Carrier {
        let is_one = carrier.point_name().is_some();
        match self.carriers_of(slot) {
            [first, ..] if !is_one || self.is_keyless(slot) => first,
            _ => carrier,
        }
    }
}

impl Resolver<'_> {
    /// What may carry the key of a slot.
    pub(super) fn carriers_in(&self, slot: &SlotName) -> Vec<Arc<Carrier>> {
        let is_keyless = self.contract.is_keyless(slot);
        if is_keyless { vec![Arc::new(Carrier::nothing())] } else { self.carriers.clone() }
    }

    /// A key with a defect needs a key, and a part with one is sent.
    pub(super) fn credentials(&mut self, file: &ScenarioFile, case: &CaseFormat, at: &str) {
        let slot = case.slot.as_ref().unwrap_or(&file.slot);
        let Some(format) = self.contract.slots.get(slot) else { return };
        if format.keyless {
            return self.keyless(slot, case, at);
        }
        let Some(defect @ KeyDefect::Part(OtherPart { name, .. })) = &case.key else { return };
        let way = ["cases", at, "key", "part", "name"];
        if !format.parts.contains_key(name) {
            return self.reader.known(&way, "part", name.as_str(), keys(&format.parts));
        }
        let first = self.carriers.first().map(|carrier| &carrier.name).into_iter();
        let wanted = case.carriers.as_deref().unwrap_or_default();
        let tried: Vec<_> =
            if wanted.is_empty() { first.collect() } else { wanted.iter().collect() };
        let tried = self.carriers.iter().filter(|carrier| tried.contains(&&carrier.name));
        if let Some(carrier) =
            tried.filter(|carrier| !defect.breaks(carrier)).map(|it| &it.name).next()
        {
            let title = format!("the carrier `{carrier}` does not send the part `{name}`");
            self.reader.add(&way, title, "this breaks nothing there");
        }
    }

    /// What a case cannot do without a key.
    fn keyless(&mut self, slot: &SlotName, case: &CaseFormat, at: &str) {
        let label = if self.contract.has_keys() {
            format!("the slot `{slot}` carries no key")
        } else {
            "contract.toml has no [key], so no request carries a key".to_owned()
        };
        let of_with = |find: fn(&RequestPatch) -> bool| case.with.as_ref().is_some_and(find);
        let quotes = |with: &RequestPatch| with.texts().any(|text| text.contains(KEY));
        let stray = [
            (&["key"][..], case.key.is_some()),
            (&["carriers"], self.contract.has_keys() && case.carriers.is_some()),
            (&["with", "also-in"], of_with(|with| !with.also_in.is_empty())),
            (&["with"], of_with(quotes)),
        ];
        for (words, _) in stray.into_iter().filter(|(_, is_there)| *is_there) {
            let title = format!("`{}` in a case without a key", words[words.len() - 1]);
            self.reader.add(&[&["cases", at], words].concat(), title, label.as_str());
        }
    }
}
