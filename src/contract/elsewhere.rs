//! The cases of a scenario at the points that are not its own: one of its cases, repeated at each.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    NamedRequest, body,
    content::RequestBody,
    defect::concerns,
    header_defect,
    identity::Statuses,
    key::{Carrier, KeyDefect},
    names::{CarrierName, RequestName},
    pointer,
    points::{Except, Point},
    request_shape::RequestShape,
    resolve::Resolver,
    scenario::{At, Case},
    scenario_file::{BodyDefect, CaseFormat, ScenarioFile},
};
use crate::source::reader::keys;

impl Resolver<'_> {
    /// Adds a case at each point where the contract promises the code and none of the scenario's own cases is.
    pub(super) fn elsewhere(&mut self, file: &ScenarioFile, cases: &mut Vec<Case>) {
        self.check_except(&file.except);
        let contract = self.contract;
        let Some(points) = &contract.points else { return };
        let is_base = |case: &&CaseFormat| {
            let is_plain = case.unchanged.is_none() && case.with.is_none();
            let is_one = case.burst.is_none() && case.balance.is_none();
            is_one && is_plain && !case.last
        };
        let bases: Vec<(usize, &CaseFormat)> =
            file.cases.iter().enumerate().filter(|(_, case)| is_base(case)).collect();
        let Some((_, first)) = bases.first() else { return };
        let own_of = |case: &CaseFormat| {
            let request = case.request.as_ref().unwrap_or(file.request());
            contract.requests.get(request).and_then(|named| named.format.body.as_ref())
        };
        let mut there: BTreeSet<Point> = cases.iter().filter_map(Case::point).collect();
        for (name, named) in &contract.requests {
            if !can_give(file, first, name, &named.format) {
                continue;
            }
            let is_own =
                |case: &CaseFormat| case.request.as_ref().unwrap_or(file.request()) == name;
            let own = bases.iter().find(|(_, case)| is_own(case));
            let made = || bases.iter().find(|(_, case)| can_be_made(case, named, own_of(case)));
            let base = own.or_else(made).copied();
            let is_sent = base.is_none_or(|(_, case)| case.key != Some(KeyDefect::Absent));
            for carrier in self.carriers_of(file, base.map_or(*first, |(_, case)| case)) {
                let carried = carrier.point_name().filter(|_| is_sent);
                let point = Point { request: name.clone(), carrier: carried };
                let mut left_out = file.except.iter().chain(&points.except);
                if left_out.any(|except| except.covers(&point)) {
                    continue;
                }
                let Some(base) = base else {
                    self.cannot_be_made(name);
                    break;
                };
                let everywhere = bases.iter().copied().filter(|(at, case)| {
                    let is_broken = case.key.as_ref().is_none_or(|defect| defect.breaks(&carrier));
                    let is_other = case.everywhere && *at != base.0 && !is_own(case);
                    is_broken && is_other && can_be_made(case, named, own_of(case))
                });
                let new = there.insert(point.clone()).then_some(base);
                for (at, base) in new.into_iter().chain(everywhere) {
                    let by = Arc::clone(&carrier);
                    cases.extend(self.case_at(file, base, &at.to_string(), &point, by));
                }
            }
        }
    }

    /// The carriers that a case is tried with elsewhere: without a key there is nothing to choose.
    fn carriers_of(&self, file: &ScenarioFile, case: &CaseFormat) -> Vec<Arc<Carrier>> {
        let mut all = self.carriers_in(case.slot.as_ref().unwrap_or(&file.slot));
        if case.key == Some(KeyDefect::Absent) {
            all.truncate(1);
        }
        // Where nothing sends the part that is wrong, nothing is wrong.
        all.retain(|carrier| case.key.as_ref().is_none_or(|defect| defect.breaks(carrier)));
        all
    }

    fn case_at(
        &mut self,
        file: &ScenarioFile,
        base: &CaseFormat,
        at: &str,
        point: &Point,
        carrier: Arc<Carrier>,
    ) -> Option<Case> {
        let name = format!("{}::{}@{point}", file.called(), base.id);
        let format = CaseFormat { request: Some(point.request.clone()), ..base.clone() };
        let provocation = Self::provocation(file, &format, None, carrier);
        let case = self.named_case(file, &format, at, name, provocation)?;
        Some(Case { at: At::Elsewhere, ..case })
    }

    fn cannot_be_made(&mut self, request: &RequestName) {
        let title = format!("no case can be made on the request `{request}`");
        let label = format!(
            "expected a case with `request = \"{request}\"`, or an entry in `except` that says why not"
        );
        self.reader.add(&["cases"], title, label);
    }

    fn check_except(&mut self, except: &[Except]) {
        let requests = &self.contract.requests;
        let carriers: Vec<CarrierName> =
            self.carriers.iter().filter_map(|carrier| carrier.point_name()).collect();
        for (at, except) in except.iter().enumerate() {
            let at = at.to_string();
            if let Some(request) = &except.request {
                let way = ["except", &at, "request"];
                self.reader.known(&way, "request", request.as_str(), keys(requests));
            }
            if let Some(carrier) = &except.carrier {
                let known = carriers.iter().map(CarrierName::as_str);
                self.reader.known(&["except", &at, "carrier"], "carrier", carrier.as_str(), known);
            }
            if except.request.is_none() && except.carrier.is_none() {
                let label = "expected a `request`, a `carrier`, or both";
                self.reader.add(&["except", &at], "this leaves out every point", label);
            }
            if except.why.trim().is_empty() {
                let label = "expected why the promise does not hold there";
                self.reader.add(&["except", &at, "why"], "`why` is empty", label);
            }
        }
    }
}

/// Whether a case's defect can be made in another request, and breaks something there.
fn can_be_made(case: &CaseFormat, named: &NamedRequest, own: Option<&RequestBody>) -> bool {
    let Some(defect) = &case.body else { return true };
    let base = named.format.body.as_ref();
    let value = base.and_then(RequestBody::value);
    let is_there = |at: &str| value.as_ref().is_some_and(|body| pointer::find(body, at).is_some());
    // What is no JSON may be a good form.
    let is_like = |base: &RequestBody| own.is_none_or(|own| own.is_like(base));
    if !base.is_none_or(is_like) || !place_of(defect).is_none_or(is_there) {
        return false;
    }
    if body::bytes(base, Some(defect)).is_err() {
        return false;
    }
    let (Some(input), Some(sent)) = (&named.input, body::value(base, defect)) else {
        return true;
    };
    let mut errors = input.validator.iter_errors(&sent).peekable();
    let is_broken = errors.peek().is_some();
    let field = case.field.as_deref();
    is_broken && field.is_none_or(|field| errors.all(|error| concerns(&error, field)))
}

/// Whether a code can be given by a request, as far as files tell. `base` is the case that is to be repeated there.
///
/// - A key that is wrong, and one whose state alone makes the error, is refused by every request.
/// - What payment or a plan forbids (402, 403), and what a hook makes fail, needs a request that costs something, unless the
///   case says that it is so everywhere.
/// - A header that is left out has to be there, and a wrong `Content-Type` needs a request with a body.
/// - A body that is wrong needs a request with a body.
/// - Where the twin is another request, the request itself is what is wrong, and no other request has that.
fn can_give(
    file: &ScenarioFile,
    base: &CaseFormat,
    name: &RequestName,
    request: &RequestShape,
) -> bool {
    if name == file.request() {
        return true;
    }
    let twin = file.twin.as_ref().and_then(|twin| twin.request.as_ref());
    if twin.is_some_and(|twin| twin != file.request()) {
        return false;
    }
    if request.lacks_steps(&request.steps.around(Some(&base.steps()))) {
        return false;
    }
    if base.key.is_some() {
        return true;
    }
    if let Some(header) = &base.header {
        return header_defect::can_be_at(header, request);
    }
    if base.body.is_some() {
        return request.body.is_some();
    }
    let needs_cost = base.hook.is_some() || matches!(file.status, Statuses::One(402 | 403));
    !needs_cost || request.cost > 0 || base.everywhere
}

/// The place in a body that a defect is about: it has to be there, or nothing is broken.
fn place_of(defect: &BodyDefect) -> Option<&str> {
    match defect {
        BodyDefect::Text(_) | BodyDefect::Hex(_) => None,
        BodyDefect::Remove(at) => Some(at),
        BodyDefect::Set(set) => Some(&set.at),
        BodyDefect::Fill(fill) => Some(&fill.at),
        BodyDefect::Nest(nest) => Some(&nest.at),
    }
}
