//! Reads a file as a type, and collects what is wrong with it: first its shape, then, by whoever
//! uses the reader, what it says. A value of a wrong shape is mended for the second step, so that
//! one run shows the faults of both.

use std::collections::BTreeMap;

use jsonschema::Validator;

use super::{
    document::{Document, Way},
    fault::{Fault, Faults, did_you_mean, one_of},
    format::FileFormat,
    shape::Explainer,
};

/// A file that is being read, or what stands for one where there is none (a bare address).
pub(crate) struct Reader<'a> {
    document: Option<&'a Document>,
    /// The ways to the values that were mended. What is said of them further is not the person's.
    mended: Vec<Vec<String>>,
    faults: Faults,
}

impl<'a> Reader<'a> {
    /// Reads a document as `T`. There is a value even if some of its parts had to be mended.
    pub(crate) fn open<T: FileFormat>(document: &'a Document) -> (Option<T>, Self) {
        // What is all well is not checked against the schema: that costs ten times as much.
        if let Some(read) = document.read() {
            let faults = Faults::default();
            return (Some(read), Self { document: Some(document), mended: Vec::new(), faults });
        }
        let schema = serde_json::from_str(T::SCHEMA).expect("a committed schema is JSON");
        let validator = Validator::new(&schema).expect("a committed schema compiles");
        let mut value = document.to_json();
        let mut explainer = Explainer::new(document, &schema);
        for error in validator.iter_errors(&value.clone()) {
            explainer.explain(&error);
            explainer.mend(&mut value, &error);
        }
        let (faults, mended) = explainer.finish();
        let mut reader = Self { document: Some(document), mended, faults };
        let read = serde_json::from_value(value).map_err(|error| {
            // The schema cannot say all (a number too large); after a mending it has been said.
            if reader.faults.is_empty() {
                reader.add(&[], "this file cannot be read", error.to_string());
            }
        });
        (read.ok(), reader)
    }

    /// A reader of no file at all: faults have no place.
    pub(crate) fn of_nothing() -> Self {
        Self { document: None, mended: Vec::new(), faults: Faults::default() }
    }

    /// Adds a fault at the value that `way` leads to.
    pub(crate) fn add(&mut self, way: Way<'_>, title: impl Into<String>, label: impl Into<String>) {
        self.add_with_help(way, title, label, None);
    }

    /// Adds a fault at the begin of the file, which lacks a key.
    pub(crate) fn lacks(&mut self, key: &str, label: &str) {
        self.missing_as(&[], key, label.to_owned());
    }

    /// Adds a fault for a key that is missing in the table that `way` leads to.
    pub(crate) fn missing(&mut self, way: Way<'_>, key: &str) {
        let place = if way.is_empty() { "at the top of this file" } else { "in here" };
        self.missing_as(way, key, format!("expected `{key}` {place}"));
    }

    fn missing_as(&mut self, way: Way<'_>, key: &str, label: String) {
        let before = self.faults.len();
        self.add(way, format!("missing key `{key}`"), label);
        if let (Some(place), Some(document)) = (self.faults.place_of(before), self.document) {
            place.span = document.first_line(&place.span);
        }
    }

    /// Adds a fault if nothing known has this name. `kind` is what it would be the name of.
    pub(crate) fn known<'k>(
        &mut self,
        way: Way<'_>,
        kind: &str,
        name: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) {
        self.known_or(way, kind, name, known, None);
    }

    /// The same, with help for a name that is like no other.
    pub(crate) fn known_or<'k>(
        &mut self,
        way: Way<'_>,
        kind: &str,
        name: &str,
        known: impl IntoIterator<Item = &'k str>,
        otherwise: Option<&str>,
    ) {
        let known: Vec<&str> = known.into_iter().collect();
        if !known.contains(&name) {
            let title = format!("unknown {kind} `{name}`");
            let label = match known.as_slice() {
                [] => format!("no {kind} is defined"),
                some => format!("expected {}", one_of(some.iter().copied())),
            };
            let help = did_you_mean(name, known).or_else(|| otherwise.map(str::to_owned));
            self.add_with_help(way, title, label, help);
        }
    }

    /// The same for the name of an entry in the table that `way` leads to.
    pub(crate) fn known_entry<'k>(
        &mut self,
        way: Way<'_>,
        kind: &str,
        name: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) {
        let before = self.faults.len();
        self.known(&[way, &[name]].concat(), kind, name, known);
        self.narrow(before, way, name);
    }

    /// Adds a fault at the name of an entry in the table that `way` leads to.
    pub(crate) fn add_at_name(
        &mut self,
        way: Way<'_>,
        name: &str,
        title: impl Into<String>,
        label: impl Into<String>,
    ) {
        let before = self.faults.len();
        self.add(&[way, &[name]].concat(), title, label);
        self.narrow(before, way, name);
    }

    /// Marks an entry's name alone in a fault that was added, if it was.
    fn narrow(&mut self, before: usize, way: Way<'_>, name: &str) {
        let span = self.document.and_then(|document| document.name_span(way, name));
        if let (Some(place), Some(span)) = (self.faults.place_of(before), span) {
            place.span = span;
        }
    }

    fn add_with_help(
        &mut self,
        way: Way<'_>,
        title: impl Into<String>,
        label: impl Into<String>,
        help: Option<String>,
    ) {
        if self.is_mended(way) {
            return;
        }
        let mut fault = match self.document {
            Some(document) => document.fault(way, title, label),
            None => Fault::general(format!("{}: {}", title.into(), label.into())),
        };
        fault.help = help;
        self.faults.add(fault);
    }

    /// Whether the value that `way` leads to is not the person's own, so that nothing can be compared
    /// with it.
    pub(crate) fn is_mended(&self, way: Way<'_>) -> bool {
        self.mended.iter().any(|mended| way.starts_with(&borrowed(mended)))
    }

    /// The document that is read.
    pub(crate) fn document(&self) -> Option<&'a Document> {
        self.document
    }

    /// All faults that were found.
    pub(crate) fn finish(self) -> Faults {
        self.faults
    }
}

/// The names in a table of a file.
pub(crate) fn keys<K: AsRef<str>, V>(table: &BTreeMap<K, V>) -> impl Iterator<Item = &str> {
    table.keys().map(AsRef::as_ref)
}

fn borrowed(way: &[String]) -> Vec<&str> {
    way.iter().map(String::as_str).collect()
}
