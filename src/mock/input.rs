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

/// Holds a body against a tool's fields.
///
/// # Errors
/// `invalid_json` if it is not JSON, `invalid_input` for the first field that is not right.
pub fn check(body: &[u8], fields: &[Field]) -> Result<Value, ApiError> {
    let body: Value =
        serde_json::from_slice(body).map_err(|error| ApiError::InvalidJson(error.to_string()))?;
    let Some(object) = body.as_object() else {
        return Err(ApiError::InvalidInput { field: None, why: "has to be an object".to_owned() });
    };
    for field in fields {
        let why = match object.get(field.name) {
            None if field.required => Some("is missing".to_owned()),
            None => None,
            Some(value) => broken(value, field.rule),
        };
        if let Some(why) = why {
            return Err(ApiError::InvalidInput { field: Some(field.name), why });
        }
    }
    Ok(body)
}

fn broken(value: &Value, rule: FieldRule) -> Option<String> {
    match rule {
        FieldRule::Text { least, most } => match value.as_str().map(|text| text.chars().count()) {
            None => Some("has to be a text".to_owned()),
            Some(length) if !(least..=most).contains(&length) => {
                Some(format!("has to be {least} to {most} characters long"))
            }
            Some(_) => None,
        },
        FieldRule::OneOf(words) => {
            let known = value.as_str().is_some_and(|word| words.contains(&word));
            (!known).then(|| format!("has to be one of {}", words.join(", ")))
        }
        FieldRule::Whole { least, most } => {
            let within = value.as_i64().is_some_and(|number| (least..=most).contains(&number));
            (!within).then(|| format!("has to be a whole number from {least} to {most}"))
        }
    }
}
