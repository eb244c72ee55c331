//! What a format's JSON Schema refuses, in a person's words.
//!
//! The schema that an editor completes from is the one that errproof enforces. It is used rather
//! than serde alone because serde stops at a file's first fault.

use jsonschema::{
    JsonType, ValidationError,
    error::{TypeKind, ValidationErrorKind},
};
use serde_json::Value;

use super::{
    document::{Document, Way},
    fault::{Faults, did_you_mean, one_of},
};

/// As many words are listed beside a hint; more would hide it.
const MOST_LISTED: usize = 20;

/// A keyword of ours that validators leave alone: what a person is told that was expected.
const EXPECTED: &str = "x-expected";

/// Turns a schema's errors into faults, and mends what they are about.
pub(super) struct Explainer<'a> {
    document: &'a Document,
    schema: &'a Value,
    faults: Faults,
    mended: Vec<Vec<String>>,
}

impl<'a> Explainer<'a> {
    pub(super) fn new(document: &'a Document, schema: &'a Value) -> Self {
        Self { document, schema, faults: Faults::default(), mended: Vec::new() }
    }

    /// The faults, and the ways to what was mended.
    pub(super) fn finish(self) -> (Faults, Vec<Vec<String>>) {
        (self.faults, self.mended)
    }

    /// Puts the least that the schema takes in the place of what it refused.
    pub(super) fn mend(&mut self, value: &mut Value, error: &ValidationError<'_>) {
        let way = steps(error);
        let Some(place) = value.pointer_mut(error.instance_path().as_str()) else {
            return;
        };
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                for key in unexpected {
                    place.as_object_mut().map(|table| table.remove(key));
                }
            }
            ValidationErrorKind::Required { property } => {
                let key = property.as_str().unwrap_or_default();
                let schema = beside(self.schema, error, "properties").and_then(|all| all.get(key));
                if let (Some(table), Some(schema)) = (place.as_object_mut(), schema) {
                    table.insert(key.to_owned(), least(schema, self.schema));
                    self.mended.push([way, vec![key.to_owned()]].concat());
                }
            }
            _ => {
                let keyword = error.schema_path().as_str();
                let parent = keyword.rsplit_once('/').map_or("", |(parent, _)| parent);
                if let Some(schema) = self.schema.pointer(parent) {
                    *place = least(schema, self.schema);
                    self.mended.push(way);
                }
            }
        }
    }

    /// One error of the schema can be several faults (two unknown keys in one table).
    pub(super) fn explain(&mut self, error: &ValidationError<'_>) {
        let steps = steps(error);
        let way: Vec<&str> = steps.iter().map(String::as_str).collect();
        let name = name_of(&way);
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                for key in unexpected {
                    self.unknown_key(&way, key, &keys_beside(self.schema, error));
                }
            }
            ValidationErrorKind::Required { property } => {
                let key = property.as_str().unwrap_or_default();
                let place = if way.is_empty() { "at the top of this file" } else { "in here" };
                let mut fault = self.document.fault(
                    &way,
                    format!("missing key `{key}`"),
                    format!("expected `{key}` {place}"),
                );
                if let Some(place) = &mut fault.place {
                    place.span = self.document.first_line(&place.span);
                }
                self.faults.add(fault);
            }
            // What the type says in its own words, where a value of several types or a pattern would not be understood.
            ValidationErrorKind::Type { .. } | ValidationErrorKind::Pattern { .. }
                if beside(self.schema, error, EXPECTED).is_some() =>
            {
                let expected = beside(self.schema, error, EXPECTED).and_then(Value::as_str);
                let label = format!("expected {}", expected.unwrap_or_default());
                self.faults.add(self.document.fault(
                    &way,
                    format!("wrong value for `{name}`"),
                    label,
                ));
            }
            ValidationErrorKind::Type { kind } => {
                let expected = match kind {
                    TypeKind::Single(kind) => type_name(*kind).to_owned(),
                    TypeKind::Multiple(kinds) => {
                        let kinds: Vec<_> = kinds.iter().map(type_name).collect();
                        kinds.join(" or ")
                    }
                };
                self.faults.add(self.document.fault(
                    &way,
                    format!("wrong type for `{name}`"),
                    format!("expected {expected}"),
                ));
            }
            ValidationErrorKind::Enum { options } => {
                let words = texts(options);
                self.unknown_value(&way, error.instance(), &words, &[]);
            }
            ValidationErrorKind::OneOfNotValid { context }
            | ValidationErrorKind::AnyOf { context } => {
                self.explain_choice(&way, error.instance(), context);
            }
            _ => self.faults.add(self.document.fault(
                &way,
                format!("invalid value for `{name}`"),
                error.to_string(),
            )),
        }
    }

    /// A value that fits none of several shapes. A shape whose own tag is right was meant, and what
    /// is wrong inside it is shown; if none was, the tags are named.
    fn explain_choice(
        &mut self,
        way: Way<'_>,
        instance: &Value,
        shapes: &[Vec<ValidationError<'static>>],
    ) {
        let depth = way.len();
        let meant =
            shapes.iter().find(|errors| errors.iter().all(|error| steps(error).len() > depth));
        // Of a table or a list, and shapes of which one alone is that, this one was meant.
        let is_of_kind = |errors: &&Vec<ValidationError<'static>>| {
            let is_kind = |error: &ValidationError<'_>| {
                matches!(error.kind(), ValidationErrorKind::Type { .. })
                    && steps(error).len() == depth
            };
            !errors.iter().any(is_kind)
        };
        let of_kind: Vec<_> = shapes.iter().filter(is_of_kind).collect();
        let only = match (instance, of_kind.as_slice()) {
            (Value::Object(_) | Value::Array(_), [only]) => Some(*only),
            _ => None,
        };
        if let Some(errors) = meant.or(only) {
            for error in errors {
                self.explain(error);
            }
            return;
        }
        let (mut words, mut tables): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
        for error in shapes.iter().flatten().filter(|error| steps(error).len() == depth) {
            match error.kind() {
                ValidationErrorKind::Required { property } => tables.extend(property.as_str()),
                ValidationErrorKind::Enum { options } => words.extend(texts(options)),
                ValidationErrorKind::Constant { expected_value } => {
                    words.extend(expected_value.as_str());
                }
                // The instance is no table at all, so `required` was never reached.
                ValidationErrorKind::Type { .. } => {
                    tables.extend(
                        beside(self.schema, error, "required").map(texts).unwrap_or_default(),
                    );
                }
                _ => {}
            }
        }
        for tags in [&mut words, &mut tables] {
            tags.sort_unstable();
            tags.dedup();
        }
        let written = match instance {
            Value::Object(table) => {
                table.keys().next().map_or(Value::Null, |key| key.as_str().into())
            }
            other => other.clone(),
        };
        self.unknown_value(way, &written, &words, &tables);
    }

    fn unknown_key(&mut self, way: Way<'_>, key: &str, known: &[&str]) {
        let mut fault = self.document.fault(
            way,
            format!("unknown key `{key}`"),
            format!("expected {}", one_of(known.iter().copied())),
        );
        if let (Some(place), Some(span)) = (&mut fault.place, self.document.name_span(way, key)) {
            place.span = span;
        }
        fault.help = did_you_mean(key, known.iter().copied()).or_else(|| self.misplaced(way, key));
        self.faults.add(fault);
    }

    /// A key that is written below a `[table]` belongs to it, which surprises whoever means the file's
    /// own.
    fn misplaced(&self, way: Way<'_>, key: &str) -> Option<String> {
        self.schema.get("properties")?.get(key).filter(|_| !way.is_empty())?;
        Some(format!("to set the file's own `{key}`, write it above the first [table]"))
    }

    /// A value that is none of the known words, and no table with one of the known keys.
    fn unknown_value(&mut self, way: Way<'_>, written: &Value, words: &[&str], tables: &[&str]) {
        let name = name_of(way);
        let written = written.as_str().unwrap_or_default();
        let known = words.iter().chain(tables).copied();
        let help = if tables.contains(&written) {
            Some(format!("write `{{ {written} = ... }}`"))
        } else {
            did_you_mean(written, known.clone())
        };
        let mut forms = Vec::new();
        if !words.is_empty() {
            forms.push(one_of(words.iter().copied()));
        }
        if !tables.is_empty() {
            forms.push(format!("a table with {}", one_of(tables.iter().copied())));
        }
        if forms.is_empty() {
            forms.push("a table, or a list of them".to_owned());
        }
        let label = match known.count() {
            many if many > MOST_LISTED && help.is_some() => {
                format!("this is none of the {many} known values")
            }
            _ => format!("expected {}", forms.join(", or ")),
        };
        let mut fault = self.document.fault(way, format!("unknown value for `{name}`"), label);
        fault.help = help;
        self.faults.add(fault);
    }
}

/// The keys that a schema knows in the table that an error is about.
fn keys_beside<'s>(schema: &'s Value, error: &ValidationError<'_>) -> Vec<&'s str> {
    beside(schema, error, "properties")
        .and_then(Value::as_object)
        .map(|properties| properties.keys().map(String::as_str).collect())
        .unwrap_or_default()
}

/// Another keyword of the very schema whose keyword refused.
fn beside<'s>(schema: &'s Value, error: &ValidationError<'_>, keyword: &str) -> Option<&'s Value> {
    let (parent, _) = error.schema_path().as_str().rsplit_once('/')?;
    schema.pointer(parent)?.get(keyword)
}

/// What a person calls the value at the end of a way: its name, or its list's.
fn name_of<'w>(way: &[&'w str]) -> &'w str {
    let named = way.iter().rev().find(|step| step.parse::<usize>().is_err());
    named.copied().unwrap_or("this file")
}

/// The way from the file's top to the refused value.
fn steps(error: &ValidationError<'_>) -> Vec<String> {
    error.instance_path().into_iter().map(|step| step.to_string()).collect()
}

/// The least value that a schema takes: an empty text, the smallest number, no entries.
fn least(schema: &Value, root: &Value) -> Value {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let definition = root.pointer(reference.trim_start_matches('#'));
        return definition.map_or(Value::Null, |definition| least(definition, root));
    }
    if let Some(first) = schema.pointer("/enum/0").or_else(|| schema.get("const")) {
        return first.clone();
    }
    if let Some(first) = schema.pointer("/oneOf/0").or_else(|| schema.pointer("/anyOf/0")) {
        return least(first, root);
    }
    // Of several types the first will do.
    let kind = schema.get("type").map(|kind| kind.get(0).unwrap_or(kind));
    match kind.and_then(Value::as_str) {
        Some("string") => "".into(),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(0.into()),
        Some("boolean") => false.into(),
        Some("array") => {
            let items = schema.get("items").map_or(Value::Null, |items| least(items, root));
            let count = schema.get("minItems").and_then(Value::as_u64).unwrap_or_default();
            (0..count).map(|_| items.clone()).collect()
        }
        Some("object") => {
            let required = schema.get("required").map(texts).unwrap_or_default();
            let field = |name: &str| {
                let field = schema.get("properties")?.get(name)?;
                Some((name.to_owned(), least(field, root)))
            };
            Value::Object(required.into_iter().filter_map(field).collect())
        }
        _ => Value::Null,
    }
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn type_name(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "a list",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Null => "nothing",
        JsonType::Number => "a number",
        JsonType::Object => "a table",
        JsonType::String => "a string",
    }
}
