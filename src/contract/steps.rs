//! Checks the steps of a request or of a case: each value that a later request needs is captured by an earlier one.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    NamedRequest,
    blank::{self, FRESH_NAME},
    content::{Coding, RequestBody},
    names::RequestName,
    request_shape::RequestShape,
    step_format::{StepFormat, Steps},
};
use crate::source::{
    document::Way,
    fault::did_you_mean,
    reader::{Reader, keys},
};

/// Where the steps of a request or of a case stand, and all requests that they may name.
pub(super) struct StepCheck<'a, 'r> {
    pub(super) reader: &'a mut Reader<'r>,
    pub(super) requests: &'a BTreeMap<RequestName, NamedRequest>,
    pub(super) way: Way<'a>,
    /// The names of all that is captured for whichever request.
    pub(super) anywhere: &'a [&'a str],
}

/// The names of all that the requests of a contract capture.
pub(super) fn captured(requests: &BTreeMap<RequestName, NamedRequest>) -> Vec<&str> {
    requests.values().flat_map(|named| named.format.steps.captured()).collect()
}

impl StepCheck<'_, '_> {
    /// Notes what is wrong with steps themselves. `before` are the names that are captured before them.
    pub(super) fn steps(&mut self, steps: &Steps, before: &[&str]) {
        let mut known: Vec<&str> = before.to_vec();
        for (list, steps) in [("first", &steps.first), ("after-all", &steps.after_all)] {
            for (at, step) in steps.iter().enumerate() {
                let at = at.to_string();
                let way = [self.way, &[list, &at]].concat();
                self.step(&way, step, &known);
                known.extend(step.capture.keys().map(String::as_str));
            }
        }
        for (at, name) in steps.secret.iter().enumerate() {
            let at = at.to_string();
            let way = [self.way, &["secret", &at]].concat();
            let captured: BTreeSet<&str> = steps.captured().chain(before.iter().copied()).collect();
            self.reader.known(&way, "captured value", name, captured);
        }
    }

    fn step(&mut self, way: Way<'_>, step: &StepFormat, known: &[&str]) {
        let at = |word: &'static str| [way, &[word]].concat();
        let requests = self.requests;
        let name = step.request.as_str();
        self.reader.known(&at("request"), "request", name, keys(requests));
        if step.status.is_some_and(|status| !(100..600).contains(&status)) {
            self.reader.add(&at("status"), "not a status code", "expected 100 to 599");
        }
        for (name, place) in &step.capture {
            let way = [way, &["capture", name]].concat();
            if !blank::is_name(name) || [FRESH_NAME, "key"].contains(&name.as_str()) {
                let title = format!("`{name}` cannot be the name of a captured value");
                let label = "expected small letters, digits and `-`, and neither `fresh` nor `key`";
                self.reader.add(&way, title, label);
            }
            if known.contains(&name.as_str()) {
                let title = format!("`{name}` is captured twice");
                self.reader.add(&way, title, "expected another name");
            }
            if let Some(why) = place.fault() {
                self.reader.add(&way, "not a place in a response", why);
            }
        }
        if let Some(named) = requests.get(&step.request) {
            if !named.format.steps.is_empty() {
                let title = format!("`{}` has steps of its own", step.request);
                let label = "expected a request that nothing has to be sent before";
                self.reader.add(&at("request"), title, label);
            }
            self.uses(&at("request"), &step.request, &named.format, known);
        }
    }

    /// Notes the blanks of a request that nothing fills.
    pub(super) fn uses(
        &mut self,
        way: Way<'_>,
        name: &RequestName,
        request: &RequestShape,
        known: &[&str],
    ) {
        let all = known.iter().copied().chain([FRESH_NAME]);
        let is_known = |name: &str| all.clone().any(|known| known == name);
        let path = request.written.path.as_ref();
        let query = request.written.query.values().map(String::as_str);
        let headers = request.headers.iter().map(|(_, value)| &**value);
        let body = request.body.as_ref().filter(|body| body.coding() != Coding::Untouched);
        let body = body.map(RequestBody::written).unwrap_or_default();
        // Braces mean nothing in an address. Elsewhere they may be text, unless they are meant for something that is there.
        let in_address: Vec<_> = [path].into_iter().chain(query).collect();
        let elsewhere = headers.chain([body.as_str()]);
        let begins = |at: usize, text: &str| at == 0 && std::ptr::eq(text, path);
        let names = in_address.iter().flat_map(|text| {
            blank::names(text).filter(|(at, _)| !known.is_empty() || begins(*at, text))
        });
        let is_meant = |(_, name): &(usize, &str)| {
            self.anywhere.contains(name) || did_you_mean(name, known.iter().copied()).is_some()
        };
        let names: BTreeSet<&str> = names
            .chain(elsewhere.flat_map(|text| blank::names(text).filter(is_meant)))
            .map(|(_, name)| name)
            .filter(|name| !is_known(name))
            .collect();
        for missing in names {
            let title = format!("no step captures `{missing}`, which `{name}` needs");
            let label = did_you_mean(missing, known.iter().copied())
                .unwrap_or_else(|| "expected a step in `first` that captures it".to_owned());
            self.reader.add(way, title, label);
        }
    }
}
