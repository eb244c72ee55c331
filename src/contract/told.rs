//! What tells the error of a scenario file from all others, looked up and checked.

use std::{cmp::Reverse, path::Path, sync::Arc};

use http::HeaderName;
use regex::Regex;

use super::{
    Contract,
    envelope::Several,
    identity::{CodeFormat, SaidCode, Statuses, Tells},
    parts::{DocsLink, Envelope},
    resolve::Resolver,
    scenario::{PromisedHeader, Scenario},
    scenario_file::ScenarioFile,
};
use crate::source::{
    document::{Document, Way},
    fault::Faults,
    folder::Folder,
    reader::keys,
};

/// What stands for an error's code in a docs link and in a header's pattern.
pub(super) const CODE: &str = "{code}";

impl Resolver<'_> {
    /// What tells the file's error from all others.
    pub(super) fn tells(&mut self, file: &ScenarioFile, envelope: &Envelope) -> Tells {
        let code = file.code.as_ref().map_or(SaidCode::Unsaid, CodeFormat::said);
        if envelope.places.code.is_none() && code != SaidCode::Unsaid {
            let label = "expected `code` under [envelope] in contract.toml: where an error carries it; or `name` in place of this";
            self.reader.add(&["code"], "a code, and no place for one", label);
        }
        let message = file.message.as_ref().and_then(|message| message.is.as_deref());
        if message.is_some() && envelope.places.message.is_none() {
            let label =
                "expected `message` under [envelope] in contract.toml: where an error carries it";
            self.reader.add(&["message", "is"], "a message, and no place for one", label);
        }
        let message = message.and_then(|text| self.pattern(&["message", "is"], text));
        let tells = Tells { code, statuses: file.status.clone(), message };
        for status in tells.statuses.ends().iter() {
            self.status(&["status"], *status, envelope);
        }
        let is_success = tells.statuses.ends().iter().any(|status| *status < 300);
        let says_nothing = matches!(tells.code, SaidCode::Unsaid | SaidCode::Absent);
        if is_success && says_nothing && tells.message.is_none() {
            let label = "expected a `code`, or a `message.is`: its status alone is a success";
            self.reader.add(&["status"], "nothing tells this error from a success", label);
        }
        tells
    }

    pub(super) fn status(&mut self, way: Way<'_>, status: u16, envelope: &Envelope) {
        let success = envelope.places.success_statuses;
        if !(400..600).contains(&status) && (!success || !(200..300).contains(&status)) {
            let also = if success { ", or 200 to 299" } else { "" };
            let label = format!("expected 400 to 599{also}");
            self.reader.add(way, "not the status of an error", label);
        }
    }

    /// How the file's error looks.
    pub(super) fn envelope(&mut self, name: Option<&str>) -> Arc<Envelope> {
        let contract = self.contract;
        let Some(name) = name else { return Arc::clone(&contract.envelope) };
        self.reader.known(&["envelope"], "envelope", name, keys(&contract.envelopes));
        let known = contract.envelopes.iter().find(|(known, _)| known.as_str() == name);
        Arc::clone(known.map_or(&contract.envelope, |(_, envelope)| envelope))
    }

    /// The link that the file's error carries: its own, or the contract's with its code in it.
    pub(super) fn docs(&mut self, file: &ScenarioFile, envelope: &Envelope) -> Option<DocsLink> {
        let own = file.docs.as_ref();
        let link = own.or(self.contract.docs.as_ref().map(|docs| &docs.link))?;
        let Some(place) = envelope.places.docs.clone() else {
            if own.is_some() {
                let label = "expected `docs` under [envelope] in contract.toml: where an error carries the link";
                self.reader.add(&["docs"], "a docs link without a place", label);
            }
            return None;
        };
        let is_of_code = own.is_some() || link.contains(CODE);
        Some(DocsLink { link: link.replace(CODE, &code_of(file)), place, is_of_code })
    }

    /// What is promised of the response's headers.
    pub(super) fn headers(&mut self, file: &ScenarioFile) -> Vec<PromisedHeader> {
        let mut headers = Vec::new();
        for (name, text) in &file.headers {
            let way = ["headers", name.as_str()];
            if HeaderName::from_bytes(name.as_bytes()).is_err() {
                self.reader.add_at_name(
                    &["headers"],
                    name,
                    "not a header's name",
                    "expected letters and `-`",
                );
            }
            let text = text.replace(CODE, &regex::escape(&code_of(file)));
            let pattern = self.pattern(&way, &text);
            headers.extend(
                pattern.map(|pattern| PromisedHeader { name: name.to_ascii_lowercase(), pattern }),
            );
        }
        headers
    }

    /// A regular expression of the file.
    pub(super) fn pattern(&mut self, way: Way<'_>, text: &str) -> Option<Regex> {
        Regex::new(text)
            .map_err(|error| {
                let text = error.to_string();
                let why = text.lines().next_back().unwrap_or_default();
                let why = why.trim_start_matches("error: ");
                self.reader.add(way, "not a regular expression", why);
            })
            .ok()
    }
}

/// The code that a file's error carries, for texts that repeat it.
fn code_of(file: &ScenarioFile) -> String {
    match &file.code {
        Some(code) => code.to_string(),
        None => file.called().to_string(),
    }
}

impl Scenario {
    /// Whether nothing but the shape of the body tells this error from another one.
    #[must_use]
    pub fn is_told_by_shape_from(&self, other: &Self) -> bool {
        self.tells.is_confused_with(&other.tells) && !Arc::ptr_eq(&self.envelope, &other.envelope)
    }

    /// Whether one body can have the shape of both.
    fn may_share_shape(&self, other: &Self) -> bool {
        let (one, other) = (&self.envelope, &other.envelope);
        let has_code = !matches!(self.tells.code, SaidCode::Unsaid | SaidCode::Absent);
        let is_told = has_code || (one.schema.is_some() && other.schema.is_some());
        Arc::ptr_eq(one, other) || (one.places.form == other.places.form && !is_told)
    }
}

impl Tells {
    /// Those of a scenario of which neither code nor status is promised.
    #[must_use]
    pub fn nothing() -> Self {
        Self { code: SaidCode::Unsaid, statuses: Statuses::Any, message: None }
    }
}

/// The scenarios in the order in which a response is compared with them.
#[derive(Debug, Default)]
pub struct Telling {
    /// Their places.
    most_first: Vec<usize>,
    /// Whether each is told by its code, which is a text and what it is called, and by one status.
    by_codes: bool,
}

impl Telling {
    pub(super) fn of(scenarios: &[Arc<Scenario>], envelope: &Arc<Envelope>) -> Self {
        let mut most_first: Vec<usize> = (0..scenarios.len()).collect();
        most_first.sort_by_key(|at| Reverse(scenarios[*at].tells.telling()));
        let is_plain = |scenario: &Arc<Scenario>| {
            let Tells { code, statuses, message } = &scenario.tells;
            let is_name = *code == SaidCode::Text(scenario.code.to_string());
            let is_one = matches!(statuses, Statuses::One(_)) && message.is_none();
            is_name && is_one && Arc::ptr_eq(&scenario.envelope, envelope)
        };
        let by_codes = envelope.places.several == Several::One
            && !envelope.places.places().any(|(_, place)| place.list().is_some())
            && scenarios.iter().all(is_plain);
        Self { most_first, by_codes }
    }
}

impl Contract {
    /// The scenarios of codes, those first that say most of their errors.
    pub fn most_telling_first(&self) -> impl Iterator<Item = &Arc<Scenario>> {
        self.telling.most_first.iter().map(|at| &self.scenarios[*at])
    }

    /// Whether every error is told by its code alone, which is what it is called.
    #[must_use]
    pub fn is_told_by_codes(&self) -> bool {
        self.telling.by_codes
    }

    /// Finds a place for a link that neither the contract nor a scenario has.
    pub(super) fn check_links(&self, root: &Folder, faults: &mut Faults) {
        let has_link =
            self.docs.is_some() || self.scenarios.iter().any(|scenario| scenario.docs.is_some());
        if has_link || self.envelope.places.docs.is_none() {
            return;
        }
        let mut none = Faults::default();
        let Some(document) = Document::open(root, Path::new("contract.toml"), &mut none) else {
            return;
        };
        let label = "expected a `docs` at the top of this file as well: the link itself";
        faults.add(document.fault(&["envelope", "docs"], "a place without a docs link", label));
    }

    /// Finds errors of which nothing says to which one a response belongs.
    pub(super) fn check_told(&self, root: &Folder, faults: &mut Faults) {
        for (at, scenario) in self.scenarios.iter().enumerate() {
            let is_same = |other: &&Arc<Scenario>| {
                // That two have one name is a fault of its own.
                scenario.code != other.code
                    && scenario.tells.is_confused_with(&other.tells)
                    && scenario.may_share_shape(other)
            };
            let Some(other) = self.scenarios[..at].iter().find(is_same) else { continue };
            let mut none = Faults::default();
            let Some(document) = Document::open(root, &scenario.file, &mut none) else { continue };
            let title = format!(
                "nothing tells `{}` from `{}` in {}",
                scenario.code,
                other.code,
                other.file.display()
            );
            let label = "one response fits both: expected another status, code or `message.is`";
            faults.add(document.fault(&["status"], title, label));
        }
    }
}
