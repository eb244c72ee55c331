//! What the tools take, and what they say of a body that they do not take.

use serde_json::Value;

use super::error::ApiError;

/// What a field may hold.
#[derive(Debug, Clone, Copy)]
enum FieldRule {
    Text { least: usize, most: usize },
    OneOf(&'static [&'static str]),
    Whole { least: i64, most: i64 },
}

/// A field of a tool's body.
#[derive(Debug)]
pub struct Field {
    name: &'static str,
    required: bool,
    rule: FieldRule,
}

const fn required(name: &'static str, rule: FieldRule) -> Field {
    Field { name, required: true, rule }
}

const PRODUCT: Field = required("product", FieldRule::Text { least: 3, most: 80 });
const DESCRIPTION: Field = required("description", FieldRule::Text { least: 20, most: 2_000 });

/// The body of the tagline tool.
pub const TAGLINE: &[Field] = &[
    PRODUCT,
    DESCRIPTION,
    required("tone", FieldRule::OneOf(&["plain", "playful", "bold", "formal"])),
    Field { name: "count", required: false, rule: FieldRule::Whole { least: 1, most: 10 } },
];

/// The body of the roadmap tool.
pub const ROADMAP: &[Field] = &[PRODUCT, DESCRIPTION];

/// The body of a regeneration.
pub const REGENERATE: &[Field] =
    &[required("instructions", FieldRule::Text { least: 3, most: 500 })];

/// What is wrong with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Breach {
    Missing,
    Type(Kind),
    TooShort,
    TooLong,
    NotOneOf,
    TooSmall,
    TooLarge,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Kind {
    Text,
    Whole,
    Fraction,
    Boolean,
    Null,
    List,
    Object,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Text,
        Self::Whole,
        Self::Fraction,
        Self::Boolean,
        Self::Null,
        Self::List,
        Self::Object,
    ];

    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(number) if number.is_f64() => Self::Fraction,
            Value::Number(_) => Self::Whole,
            Value::String(_) => Self::Text,
            Value::Array(_) => Self::List,
            Value::Object(_) => Self::Object,
        }
    }
}

impl Field {
    /// Its name, and all that can be wrong with it.
    #[must_use]
    pub fn breaches(&self) -> (&'static str, Vec<Breach>) {
        let (right, bounds) = match self.rule {
            FieldRule::Text { .. } => (Kind::Text, &[Breach::TooShort, Breach::TooLong][..]),
            FieldRule::OneOf(_) => (Kind::Text, &[Breach::NotOneOf][..]),
            FieldRule::Whole { .. } => (Kind::Whole, &[Breach::TooSmall, Breach::TooLarge][..]),
        };
        let missing = self.required.then_some(Breach::Missing);
        let types = Kind::ALL.into_iter().filter(|kind| *kind != right).map(Breach::Type);
        (self.name, missing.into_iter().chain(types).chain(bounds.iter().copied()).collect())
    }
}

/// Holds a body against a tool's fields.
///
/// # Errors
/// `invalid_json` if it is not JSON, `invalid_input` for the first field that is not right.
pub fn check(body: &[u8], fields: &[Field]) -> Result<Value, ApiError> {
    let body: Value =
        serde_json::from_slice(body).map_err(|error| ApiError::InvalidJson(error.to_string()))?;
    match breach(&body, fields) {
        None => Ok(body),
        Some((field, breach)) => {
            let rule =
                fields.iter().find(|known| Some(known.name) == field).map(|field| field.rule);
            Err(ApiError::InvalidInput { field, why: why(breach, rule) })
        }
    }
}

/// The first field that is not right, and what is wrong with it; no field if the body is no object.
#[must_use]
pub fn breach(body: &Value, fields: &[Field]) -> Option<(Option<&'static str>, Breach)> {
    let Some(object) = body.as_object() else {
        return Some((None, Breach::Type(Kind::of(body))));
    };
    fields.iter().find_map(|field| {
        let breach = match object.get(field.name) {
            None if field.required => Some(Breach::Missing),
            None => None,
            Some(value) => broken(value, field.rule),
        };
        Some((Some(field.name), breach?))
    })
}

fn broken(value: &Value, rule: FieldRule) -> Option<Breach> {
    let other = || Some(Breach::Type(Kind::of(value)));
    match rule {
        FieldRule::Text { least, most } => match value.as_str().map(|text| text.chars().count()) {
            None => other(),
            Some(length) if length < least => Some(Breach::TooShort),
            Some(length) if length > most => Some(Breach::TooLong),
            Some(_) => None,
        },
        FieldRule::OneOf(words) => match value.as_str() {
            None => other(),
            Some(word) => (!words.contains(&word)).then_some(Breach::NotOneOf),
        },
        FieldRule::Whole { least, most } => match value.as_i64() {
            None => other(),
            Some(number) if number < least => Some(Breach::TooSmall),
            Some(number) if number > most => Some(Breach::TooLarge),
            Some(_) => None,
        },
    }
}

/// What is said of a value that is not right.
fn why(breach: Breach, rule: Option<FieldRule>) -> String {
    match (breach, rule) {
        (Breach::Missing, _) => "is missing".to_owned(),
        (_, None) => "has to be an object".to_owned(),
        (Breach::Type(_), Some(FieldRule::Text { .. })) => "has to be a text".to_owned(),
        (_, Some(FieldRule::Text { least, most })) => {
            format!("has to be {least} to {most} characters long")
        }
        (_, Some(FieldRule::OneOf(words))) => format!("has to be one of {}", words.join(", ")),
        (_, Some(FieldRule::Whole { least, most })) => {
            format!("has to be a whole number from {least} to {most}")
        }
    }
}
