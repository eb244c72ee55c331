//! `generate = true`: a way to break each constraint of an input schema, at each depth, and the nearest body that is
//! still right.

use std::{collections::BTreeSet, fmt::Write as _};

use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use super::{
    body,
    generation::LeftOut,
    input_values::{self, Break},
    pointer,
    scenario_file::{BodyDefect, Replacement},
    wrong_fields::WrongFields,
};

/// One way to break one constraint.
#[derive(Debug, Clone)]
pub struct InputCase {
    /// Made of place and constraint, so that it stays while other places change: `/product:maxLength`.
    pub id: String,
    /// The fields that are wrong: a message has to name one. For a place in a place they are the names on the way to it,
    /// the last one first.
    pub fields: WrongFields,
    /// What is sent.
    pub broken: BodyDefect,
    /// What lies on the right side of the same bound, if it has one.
    pub kept: Option<BodyDefect>,
}

/// What an input schema gives.
#[derive(Debug, Default)]
pub struct InputCases {
    /// The ways to break it, in the order of its fields.
    pub cases: Vec<InputCase>,
    /// What is left out.
    pub left_out: Vec<LeftOut>,
}

/// The ways to break each constraint of a schema, in a body that it accepts.
///
/// Each is checked by the schema itself, with its formats taken as constraints: the body is refused at that place and at
/// no other, and what is to be right is accepted. What fails this is left out.
///
/// ```
/// use errproof::internals::contract::input_cases::of_schema;
/// use serde_json::json;
///
/// let schema = json!({ "required": ["count"], "properties": { "count": { "minimum": 1 } } });
/// let found = of_schema(&schema, &json!({ "count": 3 }));
/// let ids: Vec<_> = found.cases.iter().map(|case| case.id.as_str()).collect();
/// assert_eq!(ids, ["/count:required", "/count:minimum"]);
/// ```
#[must_use]
pub fn of_schema(schema: &Value, body: &Value) -> InputCases {
    let validator = jsonschema::options().should_validate_formats(true).build(schema);
    let validator = match validator {
        Ok(validator) => validator,
        Err(error) => {
            let left_out = LeftOut { id: id("", "format"), why: error.to_string() };
            return InputCases { left_out: vec![left_out], ..InputCases::default() };
        }
    };
    let mut walk = Walk {
        root: schema,
        validator,
        body,
        found: InputCases::default(),
        ids: BTreeSet::new(),
        on_the_way: Vec::new(),
    };
    walk.at(schema, "", Some(body), Presence::Required);
    walk.several();
    walk.found
}

/// Whether an object has to have a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Required,
    Optional,
}

/// Keywords that can be broken in several ways, or that depend on other places.
const IN_SEVERAL_WAYS: [&str; 17] = [
    "anyOf",
    "oneOf",
    "not",
    "if",
    "contains",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "maxProperties",
    "minProperties",
    "patternProperties",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
    "additionalItems",
    "$dynamicRef",
    "$recursiveRef",
];

/// The name of a property that no schema knows.
const UNKNOWN: &str = "errproof_unknown";

struct Walk<'a> {
    root: &'a Value,
    validator: Validator,
    body: &'a Value,
    found: InputCases,
    /// Two parts of a schema may say the same of one place.
    ids: BTreeSet<String>,
    /// The references that were followed to get here.
    on_the_way: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    /// Breaks what a schema says of a place, and of all places in it.
    fn at(&mut self, schema: &'a Value, place: &str, value: Option<&'a Value>, presence: Presence) {
        let Some(rules) = schema.as_object() else { return };
        if let Some(to) = rules.get("$ref").and_then(Value::as_str) {
            self.reference(to, place, value, presence);
        }
        for keyword in IN_SEVERAL_WAYS.iter().filter(|keyword| rules.contains_key(**keyword)) {
            self.leave_out(place, keyword, "it can be broken in more than one way");
        }
        let ways = input_values::ways(rules, value);
        for (keyword, why) in ways.left_out {
            self.leave_out(place, keyword, why);
        }
        let (broken, mut right) = (ways.broken, ways.right);
        if presence == Presence::Optional && value.is_some() {
            // Without it the body is right as well.
            right.push(("type-", BodyDefect::Remove(place.to_owned())));
        }
        for Break { variant, values } in broken {
            let kept = right.iter().position(|(of, _)| variant.starts_with(of));
            let kept = kept.map(|at| at_place(right.remove(at).1, place));
            let broken = values.into_iter().map(|wrong| replaced(place, wrong));
            self.add(&id(place, &variant), &variant, place, &names(place), broken, kept);
        }
        self.fields(rules, place, value);
        self.entries(rules, place, value);
        for part in rules.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.at(part, place, value, presence);
        }
    }

    fn fields(
        &mut self,
        rules: &'a serde_json::Map<String, Value>,
        place: &str,
        value: Option<&'a Value>,
    ) {
        let Some(fields) = value.and_then(Value::as_object) else { return };
        let below = |name: &str| format!("{place}/{}", pointer::step(name));
        let required = rules.get("required").and_then(Value::as_array);
        let required: Vec<&str> =
            required.into_iter().flatten().filter_map(Value::as_str).collect();
        for name in required.iter().filter(|name| fields.contains_key(**name)) {
            let at = below(name);
            let broken = BodyDefect::Remove(at.clone());
            self.add(&id(&at, "required"), "required", place, &names(&at), [broken], None);
        }
        let known = rules.get("properties").and_then(Value::as_object);
        for (name, schema) in known.into_iter().flatten() {
            let is_required = required.contains(&name.as_str());
            let presence = if is_required { Presence::Required } else { Presence::Optional };
            self.at(schema, &below(name), fields.get(name), presence);
        }
        if rules.get("additionalProperties") == Some(&Value::Bool(false)) {
            let at = below(UNKNOWN);
            let broken = replaced(&at, Value::Bool(true));
            let keyword = "additionalProperties";
            self.add(&id(place, keyword), keyword, place, &names(&at), [broken], None);
        }
    }

    fn entries(
        &mut self,
        rules: &'a serde_json::Map<String, Value>,
        place: &str,
        value: Option<&'a Value>,
    ) {
        let Some(entries) = value.and_then(Value::as_array) else { return };
        let prefix = rules.get("prefixItems").and_then(Value::as_array);
        let prefix: Vec<&Value> = prefix.into_iter().flatten().collect();
        let after = prefix.len();
        let rest = rules.get("items").map(|schema| (after, schema));
        for (at, schema) in prefix.into_iter().enumerate().chain(rest) {
            match entries.get(at) {
                Some(entry) => {
                    let place = format!("{place}/{at}");
                    self.at(schema, &place, Some(entry), Presence::Required);
                }
                None => self.leave_out(place, "items", "the request's body has no entry there"),
            }
        }
    }

    fn reference(
        &mut self,
        to: &'a str,
        place: &str,
        value: Option<&'a Value>,
        presence: Presence,
    ) {
        if self.on_the_way.contains(&to) {
            return self.leave_out(place, "$ref", "it leads back to itself");
        }
        let schema = to.strip_prefix('#').and_then(|to| self.root.pointer(to));
        let Some(schema) = schema else {
            return self.leave_out(place, "$ref", "what it leads to is not a place in this schema");
        };
        self.on_the_way.push(to);
        self.at(schema, place, value, presence);
        self.on_the_way.pop();
    }

    /// Breaks several fields at once, of which a message has to name one: all that are required are missing, and all have
    /// a wrong type.
    fn several(&mut self) {
        let fields = |case: &InputCase, of: &str| match &case.fields {
            WrongFields::One(names) if names.len() == 1 && case.id.contains(of) => {
                names.first().cloned()
            }
            _ => None,
        };
        for (id, of) in [("body:required-all", ":required"), ("body:type-all", ":type-")] {
            let mut sent = self.body.clone();
            let mut names = Vec::new();
            for case in &self.found.cases {
                let Some(name) = fields(case, of).filter(|name| !names.contains(name)) else {
                    continue;
                };
                let (BodyDefect::Set(_) | BodyDefect::Remove(_)) = &case.broken else { continue };
                if let Ok(next) = made(&sent, &case.broken) {
                    sent = next;
                    names.push(name);
                }
            }
            if names.len() > 1 && self.ids.insert(id.to_owned()) {
                let broken = BodyDefect::Text(sent.to_string());
                let fields = WrongFields::Several(names);
                let case = InputCase { id: id.to_owned(), fields, broken, kept: None };
                self.found.cases.push(case);
            }
        }
    }

    fn leave_out(&mut self, place: &str, keyword: &str, why: impl Into<String>) {
        self.leave_out_id(id(place, keyword), why.into());
    }

    fn leave_out_id(&mut self, id: String, why: String) {
        if self.ids.insert(id.clone()) {
            self.found.left_out.push(LeftOut { id, why });
        }
    }

    /// Adds a case by the first of these bodies that the schema refuses at `refused_at`, and nowhere else.
    fn add(
        &mut self,
        id: &str,
        variant: &str,
        refused_at: &str,
        fields: &[String],
        broken: impl IntoIterator<Item = BodyDefect>,
        kept: Option<BodyDefect>,
    ) {
        if self.ids.contains(id) {
            return;
        }
        let keyword = variant.split('-').next().unwrap_or(variant);
        let mut why = String::new();
        for broken in broken {
            if let Err(because) = self.is_broken(&broken, keyword, refused_at) {
                why = because;
                continue;
            }
            let is_right = |kept: &BodyDefect| {
                made(self.body, kept).is_ok_and(|sent| self.validator.is_valid(&sent))
            };
            let (id, kept) = (id.to_owned(), kept.filter(is_right));
            let fields = match fields {
                [] => WrongFields::None,
                names => WrongFields::One(names.to_vec()),
            };
            self.ids.insert(id.clone());
            return self.found.cases.push(InputCase { id, fields, broken, kept });
        }
        self.leave_out_id(id.to_owned(), why);
    }

    /// Whether a body breaks this constraint, and nothing at another place; if not, why.
    fn is_broken(&self, broken: &BodyDefect, keyword: &str, at: &str) -> Result<(), String> {
        let sent = made(self.body, broken)?;
        let errors: Vec<_> = self.validator.iter_errors(&sent).collect();
        let is_here = |error: &&ValidationError<'_>| error.instance_path().as_str() == at;
        if let Some(other) = errors.iter().find(|error| !is_here(error)) {
            return Err(format!("what breaks it breaks more: {other}"));
        }
        let of = |error: &ValidationError<'_>| {
            error.schema_path().as_str().rsplit('/').next() == Some(keyword)
        };
        let is_it = errors.iter().any(of);
        if is_it { Ok(()) } else { Err("the schema accepts what was to break it".to_owned()) }
    }
}

/// A body with one defect, as a value.
fn made(base: &Value, defect: &BodyDefect) -> Result<Value, String> {
    let bytes = body::json_bytes(Some(base), defect)?;
    serde_json::from_slice(&bytes).map_err(|error| error.to_string())
}

/// The body with another value at a place.
fn replaced(place: &str, value: Value) -> BodyDefect {
    match place {
        "" => BodyDefect::Text(value.to_string()),
        place => BodyDefect::Set(Replacement::of(place, value)),
    }
}

/// A defect that was made without its place.
fn at_place(defect: BodyDefect, place: &str) -> BodyDefect {
    match defect {
        BodyDefect::Set(Replacement { to: Some(to), .. }) => replaced(place, to),
        other => other,
    }
}

/// The id of what is done to a place. A test's name is a word, so whatever ends one is written as in an address.
fn id(place: &str, variant: &str) -> String {
    let place = if place.is_empty() { "body" } else { place };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-.~$".contains(&byte);
    let mut id = String::with_capacity(place.len() + variant.len() + 1);
    for byte in place.bytes() {
        if is_plain(byte) {
            id.push(byte.into());
        } else {
            write!(id, "%{byte:02X}").expect("a text takes all");
        }
    }
    format!("{id}:{variant}")
}

/// The names on the way to a place, the last one first.
fn names(place: &str) -> Vec<String> {
    let is_name = |step: &String| step.parse::<usize>().is_err();
    let mut names: Vec<_> = pointer::steps(place).filter(is_name).collect();
    names.reverse();
    names
}

#[cfg(test)]
mod tests;
