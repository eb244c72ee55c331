//! The cases that a scenario file asks for without writing them out: of the input schemas, and of JSON's grammar.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::Value;

use super::{
    NamedRequest, body,
    content::RequestBody,
    generation::Generated,
    grammar, input_cases,
    key::Carrier,
    names::{RequestName, SlotName},
    points::Point,
    resolve::Resolver,
    scenario::{At, Case, Kept, Origin, Provocation, Single},
    scenario_file::{BodyDefect, ScenarioFile},
    seeded,
    slots::known_slot,
    wrong_fields::WrongFields,
};
/// The most cases of input schemas where a file says nothing: about ten minutes with one key of 60 requests a minute.
const MOST_CASES: u32 = 500;

/// A case that was made, with its trial's name.
struct Made {
    name: String,
    at: At,
    fields: WrongFields,
    single: Single,
}

impl Resolver<'_> {
    /// Adds the cases that a file asks for. One that sends what a case of the file sends is left to that, with its twin.
    pub(super) fn generated(&mut self, file: &ScenarioFile, cases: &mut Vec<Case>) -> Generated {
        let mut generated = Generated::default();
        for (at, slot) in file.dealt_to.iter().enumerate() {
            known_slot(
                &mut self.reader,
                &["dealt-to", &at.to_string()],
                slot,
                &self.contract.slots,
            );
        }
        if file.generate {
            self.inputs(file, cases, &mut generated);
        }
        if let Some(format) = &file.grammar {
            let own = self.contract.requests.get(file.request());
            let own = own.and_then(|named| named.format.body.as_ref());
            if own.is_some_and(|body| body.json().is_none()) {
                let title = "`grammar` where the body is not JSON";
                let label = format!("expected a JSON `body` under [requests.{}]", file.request());
                self.reader.add(&["grammar"], title, label);
                return generated;
            }
            let count = usize::try_from(format.sample).unwrap_or(usize::MAX);
            let all = grammar::kinds().chain(grammar::sample(count, format.seed));
            for grammar::NotJson { id, broken, kept } in all {
                let name = format!("{}::{id}", file.called());
                let carriers = self.carriers_in(file.slot());
                let Some(carrier) = carriers.first().cloned() else { return generated };
                let dealt = dealt(file, &name);
                let at = if dealt.is_some() { At::Dealt } else { At::Own };
                let (broken, right) = (BodyDefect::Text(broken), Some(BodyDefect::Text(kept)));
                let single = Single { dealt, ..single(file, carrier, broken, right) };
                let made = Made { name, at, fields: WrongFields::None, single };
                cases.extend(self.take(made, "grammar"));
            }
        }
        generated
    }

    fn inputs(&mut self, file: &ScenarioFile, cases: &mut Vec<Case>, generated: &mut Generated) {
        let contract = self.contract;
        let places = cases.iter().enumerate();
        let sent: BTreeMap<_, _> =
            places.filter_map(|(at, case)| Some((self.sent(case)?, at))).collect();
        let mut all = Vec::new();
        let own = contract.requests.get_key_value(file.request());
        if own.is_none_or(|(_, named)| named.input.is_none() || json_of(named).is_none()) {
            let title = "`generate` without an input schema";
            let label = format!(
                "expected an `input` and a JSON `body` under [requests.{}]",
                file.request()
            );
            return self.reader.add(&["generate"], title, label);
        }
        let others = contract.requests.iter().filter(|(name, _)| *name != file.request());
        let others = others.filter(|_| contract.points.is_some());
        for (request, named) in own.into_iter().chain(others) {
            let (Some(input), Some(base)) = (&named.input, json_of(named)) else { continue };
            let Some((carrier, at)) = self.place_of(file, request) else { continue };
            let found = input_cases::of_schema(&input.schema, base);
            let left_out = found.left_out.into_iter();
            generated.left_out.extend(left_out.map(|left_out| (request.clone(), left_out)));
            for case in found.cases {
                let bytes = body::json_bytes(Some(base), &case.broken).unwrap_or_default();
                if let Some(at) = sent.get(&(request.clone(), bytes)) {
                    if let Provocation::Single(single) = &mut cases[*at].provocation {
                        single.kept = kept(file, case.kept);
                    }
                    continue;
                }
                let point = Point { request: request.clone(), carrier: carrier.point_name() };
                let behind = if at == At::Own { String::new() } else { format!("@{point}") };
                let name = format!("{}::{}{behind}", file.called(), case.id);
                let dealt = if at == At::Own { dealt(file, &name) } else { None };
                let at = if dealt.is_some() { At::Dealt } else { at };
                let single = Single {
                    request: request.clone(),
                    dealt,
                    ..single(file, Arc::clone(&carrier), case.broken, case.kept)
                };
                all.push(Made { name, at, fields: case.fields, single });
            }
        }
        generated.inputs = all.len();
        let most = file.max_cases.unwrap_or(MOST_CASES);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let names = all.iter().map(|made| made.name.as_str());
        let taken: BTreeSet<_> = seeded::sample(names, most, file.seed).into_iter().collect();
        generated.taken = taken.len();
        let taken = all.into_iter().enumerate().filter(|(at, _)| taken.contains(at));
        for (_, made) in taken {
            cases.extend(self.take(made, "generate"));
        }
    }

    /// Where a request's inputs are tried, if the scenario holds there: by the first carrier that is not left out.
    fn place_of(&self, file: &ScenarioFile, request: &RequestName) -> Option<(Arc<Carrier>, At)> {
        if request == file.request() {
            return Some((self.carriers_in(file.slot()).first()?.clone(), At::Own));
        }
        let left_out = |carrier: &Arc<Carrier>| {
            let point = Point { request: request.clone(), carrier: carrier.point_name() };
            let of_all = self.contract.points.iter().flat_map(|points| &points.except);
            file.except.iter().chain(of_all).any(|except| except.covers(&point))
        };
        let carriers = self.carriers_in(&file.slot);
        let carrier = carriers.into_iter().find(|carrier| !left_out(carrier))?;
        Some((carrier, At::Elsewhere))
    }

    /// What a case sends, if nothing but its body is wrong.
    fn sent(&self, case: &Case) -> Option<(RequestName, Vec<u8>)> {
        let Provocation::Single(single) = &case.provocation else { return None };
        let is_plain = single.key.is_none()
            && single.header.is_none()
            && single.hook.is_none()
            && single.with.is_none();
        let named = self.contract.requests.get(&single.request).filter(|_| is_plain)?;
        let bytes = body::bytes(named.format.body.as_ref(), Some(single.body.as_deref()?));
        Some((single.request.clone(), bytes.ok()?))
    }

    /// A case under the name that was made for it, unless a case of the file has that.
    fn take(&mut self, made: Made, asked_by: &str) -> Option<Case> {
        let Made { name, at, fields, single } = made;
        let line = self.line(&[asked_by]);
        self.is_new(&name).then(|| Case {
            name,
            line,
            at,
            origin: Origin::Made,
            times: 1,
            fields,
            also: Vec::new(),
            after: None,
            unchanged: None,
            last: false,
            alone: false,
            twin: None,
            steps: None,
            recorded: false,
            pair: None,
            provocation: Provocation::Single(single),
        })
    }
}

/// The body of a request, where it is JSON.
fn json_of(named: &NamedRequest) -> Option<&Value> {
    named.format.body.as_ref().and_then(RequestBody::json)
}

/// The slot whose key a case is dealt: by its name, so that it stays while others come and go.
fn dealt(file: &ScenarioFile, name: &str) -> Option<SlotName> {
    seeded::one_of(&file.dealt_to, name).filter(|slot| *slot != file.slot()).cloned()
}

/// The right side of what a case breaks, with the key of the scenario's twin if that has one of its own.
fn kept(file: &ScenarioFile, body: Option<BodyDefect>) -> Option<Box<Kept>> {
    let slot = file.twin.as_ref().and_then(|twin| twin.slot.clone());
    Some(Box::new(Kept { body: body?, slot }))
}

fn single(
    file: &ScenarioFile,
    carrier: Arc<Carrier>,
    broken: BodyDefect,
    right: Option<BodyDefect>,
) -> Single {
    Single {
        request: file.request().clone(),
        slot: file.slot().clone(),
        dealt: None,
        carrier,
        key: None,
        body: Some(Box::new(broken)),
        kept: kept(file, right),
        header: None,
        hook: None,
        with: None,
    }
}
