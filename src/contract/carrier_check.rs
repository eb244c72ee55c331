//! What is wrong with the carriers of a contract: places that cannot be, and parts that a slot does not have.

use std::{collections::BTreeSet, path::Path};

use http::HeaderName;

use super::{
    Contract,
    carrier::{Along, PartSource, Place},
    key::{Carrier, KeyDefect, KeyShape},
    names::{CarrierName, PartName, SlotName},
    request_shape::{CONTENT_TYPE, OF_HTTP, SET_BY_HTTP},
    scenario::{Case, Provocation, Scenario, Single},
    sendable::can_be_sent,
};
use crate::source::{
    document::{Document, Way},
    fault::{Fault, Faults},
    folder::Folder,
    reader::Reader,
};

/// Adds what is wrong with a carrier by itself.
pub(super) fn check_carrier(reader: &mut Reader<'_>, key: &KeyShape, at: usize) {
    let (index, carrier) = (at, &key.carriers[at]);
    let at = at.to_string();
    let way = ["key", "carriers", &at];
    let signs = usize::from(carrier.sigv4.is_some());
    if carrier.name.as_str().is_empty() {
        reader.add(&[&way[..], &["name"]].concat(), "a carrier without a name", "expected a name");
    }
    let is_same = |other: &Carrier| {
        let (one, other) = (carrier.name.as_str(), other.name.as_str());
        !one.is_empty() && one.eq_ignore_ascii_case(other)
    };
    if key.carriers[..index].iter().any(is_same) {
        let title = format!("two carriers are called `{}`", carrier.name);
        reader.add(&[&way[..], &["name"]].concat(), title, "expected another name");
    }
    if carrier.places().count() + signs != 1 {
        let label = "expected exactly one of `header`, `query`, `cookie`, `body` and `sigv4`";
        reader.add(&way, "not one place for the key", label);
    }
    let is_header = |place| matches!(place, Place::Header(_));
    for place in carrier.places().filter(|place| !is_header(*place)) {
        check_place(reader, &way, place, &[&key.prefix, &key.alphabet]);
    }
    if let Some(name) = carrier.header.as_ref().filter(|name| is_of_http(name)) {
        let way = [&way[..], &["header"]].concat();
        reader.add(&way, format!("`{name}` cannot carry a key"), SET_BY_HTTP);
    }
    let is_token = |name: &String| HeaderName::from_bytes(name.as_bytes()).is_ok();
    if !carrier.header.as_ref().is_none_or(is_token) || !can_be_sent(&carrier.before) {
        let label = "expected letters and `-` in `header`, and no control character in `before`";
        reader.add(&way, "this carrier cannot be sent as a header", label);
    }
    if carrier.basic.is_some() && !carrier.before.is_empty() {
        let way = [&way[..], &["before"]].concat();
        reader.add(&way, "`before` and `basic` exclude each other", "expected only one of them");
    }
    let is_authorization =
        |place| matches!(place, Place::Header(name) if name.eq_ignore_ascii_case("authorization"));
    if carrier.basic.is_some() && !carrier.places().all(is_authorization) {
        let named = carrier.places().find(|place| !is_authorization(*place));
        let way = [&way[..], &[named.map_or("basic", word)]].concat();
        let label = "expected `Authorization` (RFC 7617)";
        reader.add(&way, "`basic` belongs to `Authorization`", label);
    }
    if carrier.other.is_some() && carrier.basic.is_none() {
        let label = "expected `basic` as well, which says which part the key is";
        reader.add(&[&way[..], &["other"]].concat(), "`other` without `basic`", label);
    }
    if let Some(other) = &carrier.other {
        check_source(reader, &[&way[..], &["other"]].concat(), other);
    }
    for (index, along) in carrier.also.iter().enumerate() {
        let index = index.to_string();
        check_along(reader, &[&way[..], &["also", &index]].concat(), along);
    }
    check_signature(reader, &way, carrier);
}

fn is_of_http(name: &str) -> bool {
    OF_HTTP.iter().chain(&[CONTENT_TYPE]).any(|other| name.eq_ignore_ascii_case(other))
}

fn check_signature(reader: &mut Reader<'_>, way: Way<'_>, carrier: &Carrier) {
    let Some(format) = &carrier.sigv4 else { return };
    let is_word = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    for (name, text) in [("service", &format.service), ("region", &format.region)] {
        if !is_word(text) {
            let way = [way, &["sigv4", name]].concat();
            reader.add(
                &way,
                "this cannot be part of a signature",
                "expected letters, digits and `-`",
            );
        }
    }
    check_source(reader, &[way, &["sigv4", "access-key"]].concat(), &format.access_key);
    if !carrier.before.is_empty() {
        let label = "a signature holds the key in no text";
        reader.add(&[way, &["before"]].concat(), "`before` with `sigv4`", label);
    }
    // A signature covers the query and the body, and what is put there comes before it.
    let is_signed = |place| matches!(place, Place::Header(name) if carrier_sets(name));
    for (at, along) in carrier.also.iter().enumerate() {
        if along.places().any(is_signed) {
            let at = at.to_string();
            let way = [way, &["also", &at, "header"]].concat();
            reader.add(&way, "this header is the signature's own", "expected another header");
        }
    }
}

/// Whether a signature sets this header.
fn carrier_sets(name: &str) -> bool {
    ["authorization", "x-amz-date", "x-amz-content-sha256"]
        .iter()
        .any(|own| own.eq_ignore_ascii_case(name))
}

fn check_along(reader: &mut Reader<'_>, way: Way<'_>, along: &Along) {
    if along.places().count() != 1 {
        let label = "expected exactly one of `header`, `query`, `cookie` and `body`";
        reader.add(way, "not one place for what is sent beside the key", label);
    }
    if along.part.is_some() == along.value.is_some() {
        let label = "expected exactly one of `part` and `value`";
        reader.add(way, "not one thing to be sent beside the key", label);
    }
    for place in along.places() {
        check_place(reader, way, place, &[]);
    }
    if along.value.as_deref().is_some_and(|value| !can_be_sent(value)) {
        let way = [way, &["value"]].concat();
        reader.add(&way, "this value cannot be sent", "expected no control character");
    }
}

fn check_source(reader: &mut Reader<'_>, way: Way<'_>, source: &PartSource) {
    if let PartSource::Value(value) = source
        && !can_be_sent(value)
    {
        reader.add(way, "this value cannot be sent", "expected no control character");
    }
}

/// The word of a file for a place.
fn word(place: Place<'_>) -> &'static str {
    match place {
        Place::Header(_) => "header",
        Place::Query(_) => "query",
        Place::Cookie(_) => "cookie",
        Place::Body(_) => "body",
    }
}

/// Adds what keeps a place from being one. `characters` are those that a key may have there.
fn check_place(reader: &mut Reader<'_>, way: Way<'_>, place: Place<'_>, characters: &[&str]) {
    let is_token = |name: &str| HeaderName::from_bytes(name.as_bytes()).is_ok();
    let (holds, label) = match place {
        Place::Header(name) if is_of_http(name) => (false, SET_BY_HTTP),
        Place::Header(name) => (is_token(name), "expected letters and `-`"),
        Place::Query(name) => {
            (!name.is_empty() && !name.chars().any(char::is_control), "expected a parameter's name")
        }
        Place::Cookie(name) => {
            (is_token(name), "expected a cookie's name: letters, digits, `-` and `_`")
        }
        Place::Body(at) => {
            (at.starts_with('/') && at.len() > 1, "expected a JSON Pointer, such as `/token`")
        }
    };
    let name = word(place);
    if !holds {
        let title = format!("this cannot be a {name} that carries a key");
        reader.add(&[way, &[name]].concat(), title, label);
    }
    let ends_cookie = |text: &&str| text.contains([';', ',', '"', '\\', ' ']);
    if matches!(place, Place::Cookie(_)) && characters.iter().any(ends_cookie) {
        let label = "expected no key with a space, `;`, `,`, `\"` or `\\` (RFC 6265)";
        reader.add(&[way, &[name]].concat(), "a cookie cannot carry these keys", label);
    }
}

/// One way in which a slot's key is sent, and who says so.
type Use<'a> = (&'a SlotName, &'a CarrierName);

impl Contract {
    /// Adds a fault for each part that a carrier sends and a slot does not have whose key is sent by it.
    pub(super) fn check_parts(&self, root: &Folder, faults: &mut Faults) {
        let mut lacking = BTreeSet::new();
        let mut all = Vec::new();
        let mut note = |(slot, carrier): Use<'_>, said: String| {
            let Some(format) = self.slots.get(slot).filter(|format| !format.keyless) else {
                return;
            };
            let mut carriers = self.key.carriers.iter().enumerate();
            let Some((at, carrier)) = carriers.find(|(_, it)| it.name == *carrier) else { return };
            for part in carrier.parts().filter(|part| !format.parts.contains_key(*part)) {
                if lacking.insert((slot.clone(), at, part.clone())) {
                    all.push((slot.clone(), at, part.clone(), said.clone()));
                }
            }
        };
        let first = self.key.carriers.first().map(|carrier| &carrier.name);
        if let Some(carrier) = first {
            note((&self.preflight.slot, carrier), "the preflight".to_owned());
        }
        for scenario in self.all_scenarios() {
            for case in &scenario.cases {
                let said = format!("{}:{}", scenario.file.display(), case.line);
                for use_of in self.uses(scenario, case) {
                    note(use_of, said.clone());
                }
            }
        }
        if all.is_empty() {
            return;
        }
        let Some(document) = Document::open(root, Path::new("contract.toml"), faults) else {
            return;
        };
        for lack in all {
            faults.add(self.lack(&document, lack));
        }
    }

    fn lack(&self, document: &Document, lack: (SlotName, usize, PartName, String)) -> Fault {
        let (slot, at, part, said) = lack;
        let carrier = &self.key.carriers[at].name;
        let title =
            format!("the slot `{slot}` has no part `{part}`, which the carrier `{carrier}` sends");
        let label =
            format!("expected `parts = {{ {part} = \"...\" }}` with the name of a variable");
        let mut fault = document.fault(&["slots", slot.as_str()], title, label);
        let span = document.name_span(&["slots"], slot.as_str());
        if let (Some(place), Some(span)) = (&mut fault.place, span) {
            place.span = span;
        }
        let line = document.line(&["key", "carriers", &at.to_string()]);
        fault.help(format!(
            "`{carrier}` is at contract.toml:{line}, and {said} sends this slot by it"
        ))
    }

    /// The slots whose keys a case sends, and by what.
    fn uses<'a>(&'a self, scenario: &'a Scenario, case: &'a Case) -> Vec<Use<'a>> {
        let carriers = || self.key.carriers.iter().map(|carrier| &carrier.name);
        match &case.provocation {
            Provocation::Single(single) => self.uses_of(scenario, single),
            Provocation::Balance(balance) => {
                vec![(&balance.single.slot, &balance.single.carrier.name)]
            }
            Provocation::Ledger(ledger) => {
                carriers().take(1).map(|by| (&ledger.slot, by)).collect()
            }
            Provocation::Burst(burst) => {
                let most = if self.points.is_some() { usize::MAX } else { 0 };
                let more = carriers().take(most).map(|by| (&burst.slot, by));
                let slots = [Some(&burst.slot), burst.other.as_ref()].into_iter().flatten();
                slots.map(|slot| (slot, &burst.carrier.name)).chain(more).collect()
            }
        }
    }

    fn uses_of<'a>(&'a self, scenario: &'a Scenario, single: &'a Single) -> Vec<Use<'a>> {
        let twin = scenario.twin.as_ref().map(|twin| &twin.slot);
        let kept = single.kept.as_ref().and_then(|kept| kept.slot.as_ref());
        let own = (single.key != Some(KeyDefect::Absent)).then_some(&single.slot);
        let slots = [own, single.dealt.as_ref(), twin, kept].into_iter().flatten();
        let by = |slot| (slot, &self.carrier_of(slot, &single.carrier).name);
        let more = single.with.iter().flat_map(|with| &with.also_in);
        slots.map(by).chain(more.map(|carrier| (&single.slot, carrier))).collect()
    }
}
