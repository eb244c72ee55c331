//! Checks the steps of a request or of a case: each value that a later request needs is captured by an earlier one.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    NamedRequest,
    blank::{self, FRESH_NAME},
    content::{Coding, RequestBody},
    identity::Statuses,
    names::RequestName,
    request_shape::RequestShape,
    step_format::{CapturePlace, StepFormat, Steps},
};
use crate::source::{
    document::Way,
    fault::did_you_mean,
    reader::{Reader, keys},
};

/// Where the steps of a request or of a case stand, and all requests that they may name.
pub(crate) struct StepCheck<'a, 'r> {
    pub(crate) reader: &'a mut Reader<'r>,
    pub(crate) requests: &'a BTreeMap<RequestName, NamedRequest>,
    pub(crate) way: Way<'a>,
    /// The names of all that is captured for whichever request.
    pub(crate) anywhere: &'a [&'a str],
}

/// The texts of a request that may have blanks.
#[derive(Default)]
pub(crate) struct Texts<'a> {
    pub(crate) path: &'a str,
    pub(crate) query: Vec<&'a str>,
    /// Those of its headers and of its body.
    pub(crate) elsewhere: Vec<Cow<'a, str>>,
}

impl<'a> Texts<'a> {
    pub(crate) fn of(request: &'a RequestShape) -> Self {
        let body = request.body.as_ref().filter(|body| body.coding() != Coding::Untouched);
        let headers = request.headers.iter().map(|(_, value)| Cow::Borrowed(&**value));
        Self {
            path: &request.written.path,
            query: request.written.query.values().map(String::as_str).collect(),
            elsewhere: headers.chain(body.map(RequestBody::written).map(Cow::from)).collect(),
        }
    }

    /// All that stands in braces.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let elsewhere = self.elsewhere.iter().map(|text| &**text);
        let texts = [self.path].into_iter().chain(self.query.iter().copied()).chain(elsewhere);
        texts.flat_map(blank::names).map(|(_, name)| name)
    }
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
        let captured: Vec<&str> = steps.captured().chain(before.iter().copied()).collect();
        self.secrets(&steps.secret, &captured);
    }

    /// Notes a secret that is nothing that was captured.
    pub(crate) fn secrets(&mut self, secret: &[String], captured: &[&str]) {
        for (at, name) in secret.iter().enumerate() {
            let at = at.to_string();
            let way = [self.way, &["secret", &at]].concat();
            let captured: BTreeSet<&str> = captured.iter().copied().collect();
            self.reader.known(&way, "captured value", name, captured);
        }
    }

    fn step(&mut self, way: Way<'_>, step: &StepFormat, known: &[&str]) {
        let way_of_request = [way, &["request"]].concat();
        let requests = self.requests;
        self.reader.known(&way_of_request, "request", step.request.as_str(), keys(requests));
        self.answer(way, step.status.as_ref(), &step.capture, known);
        self.named(&way_of_request, &step.request, known);
    }

    /// Notes what is wrong with a request that is a step, which stands at this way, if the contract has it.
    pub(crate) fn named(&mut self, way: Way<'_>, name: &RequestName, known: &[&str]) {
        let Some(named) = self.requests.get(name) else { return };
        if !named.format.steps.is_empty() {
            let title = format!("`{name}` has steps of its own");
            let label = "expected a request that nothing has to be sent before";
            self.reader.add(way, title, label);
        }
        self.uses(way, name.as_str(), &Texts::of(&named.format), known);
    }

    /// Notes what is wrong with what a step, which stands at this way, has to be answered. `taken` are the names that other
    /// values have.
    pub(crate) fn answer(
        &mut self,
        way: Way<'_>,
        status: Option<&Statuses>,
        capture: &BTreeMap<String, CapturePlace>,
        taken: &[&str],
    ) {
        let is_known = |status: &Statuses| {
            *status != Statuses::Any
                && status.ends().iter().all(|status| (100..600).contains(status))
        };
        if !status.is_none_or(is_known) {
            let way = [way, &["status"]].concat();
            let label = "expected 100 to 599, a list of them, or a class such as \"2xx\"";
            self.reader.add(&way, "not a status code", label);
        }
        for (name, place) in capture {
            let way = [way, &["capture", name]].concat();
            if !blank::is_name(name) || [FRESH_NAME, "key"].contains(&name.as_str()) {
                let title = format!("`{name}` cannot be the name of a captured value");
                let label = "expected small letters, digits and `-`, and neither `fresh` nor `key`";
                self.reader.add(&way, title, label);
            }
            if taken.contains(&name.as_str()) {
                let title = format!("`{name}` is captured twice");
                self.reader.add(&way, title, "expected another name");
            }
            if let Some(why) = place.fault() {
                self.reader.add(&way, "not a place in a response", why);
            }
        }
    }

    /// Notes the blanks of a request that nothing fills. `what` is the request's name.
    pub(crate) fn uses(&mut self, way: Way<'_>, what: &str, texts: &Texts<'_>, known: &[&str]) {
        let is_known = |name: &str| name == FRESH_NAME || known.contains(&name);
        // Braces mean nothing in an address. Elsewhere they may be text, unless they are meant for something that is there.
        let in_path = blank::names(texts.path);
        let in_query = texts.query.iter().flat_map(|text| blank::names(text));
        let in_query = in_query.map(|(at, name)| (at + 1, name));
        let in_address = in_path
            .chain(in_query)
            .filter(|(at, name)| *at == 0 || !known.is_empty() || self.anywhere.contains(name));
        let is_meant = |(_, name): &(usize, &str)| {
            self.anywhere.contains(name) || did_you_mean(name, known.iter().copied()).is_some()
        };
        let elsewhere = texts.elsewhere.iter().flat_map(|text| blank::names(text));
        let names: BTreeSet<&str> = in_address
            .chain(elsewhere.filter(is_meant))
            .map(|(_, name)| name)
            .filter(|name| !is_known(name))
            .collect();
        for missing in names {
            let title = format!("no step captures `{missing}`, which `{what}` needs");
            let label = did_you_mean(missing, known.iter().copied())
                .unwrap_or_else(|| "expected a step in `first` that captures it".to_owned());
            self.reader.add(way, title, label);
        }
    }
}
