//! `message`, over a run: a text that is the same whichever field is wrong names none of them.

use std::collections::{HashMap, hash_map::Entry};

use serde_json::Value;

use super::mismatch::{Mismatch, Mismatches};
use crate::contract::names::RequestName;

/// What was said of wrong fields, by the request and the text: the field, and the trial.
#[derive(Debug, Default)]
pub struct FieldTexts(HashMap<(RequestName, String), (String, String)>);

/// A message about a field that is wrong.
#[derive(Debug, Clone, Copy)]
pub struct FieldText<'a> {
    /// The request whose field it is.
    pub request: &'a RequestName,
    /// The field.
    pub field: &'a str,
    /// What the envelope holds as its message.
    pub text: Option<&'a Value>,
}

impl FieldTexts {
    /// A text that nobody was told of another field of the same request. `trial` is what people call this response.
    #[must_use]
    pub fn check(&mut self, told: FieldText<'_>, place: &str, trial: &str) -> Mismatches {
        let FieldText { request, field, text } = told;
        let Some(text) = text.and_then(Value::as_str) else { return Vec::new() };
        match self.0.entry((request.clone(), text.to_owned())) {
            Entry::Vacant(first) => {
                first.insert((field.to_owned(), trial.to_owned()));
                Vec::new()
            }
            Entry::Occupied(first) if first.get().0 == field => Vec::new(),
            Entry::Occupied(first) => {
                let (other, trial) = first.get();
                let expected = format!("a text that tells `{field}` from `{other}`");
                let actual = format!("the text of {trial}: {}", Value::from(text));
                vec![Mismatch::at(place, expected, actual)]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_about_one_field_of_a_request() {
        let mut texts = FieldTexts::default();
        let both = "product, description or tone is not right";
        let rows = [
            ("tagline", "product", both, true),
            ("tagline", "product", both, true),
            ("roadmap", "description", both, true),
            ("tagline", "tone", "tone is not right", true),
            ("tagline", "tone", both, false),
        ];
        for (request, field, text, holds) in rows {
            let (request, text) = (RequestName::from(request.to_owned()), json!(text));
            let told = FieldText { request: &request, field, text: Some(&text) };
            let found = texts.check(told, "/message", "invalid_input::one");
            assert_eq!(found.is_empty(), holds, "{request} {field}: {found:?}");
        }
        let request = RequestName::from("tagline".to_owned());
        let told = FieldText { request: &request, field: "tone", text: None };
        assert_eq!(texts.check(told, "/message", "invalid_input::one"), []);
    }
}
