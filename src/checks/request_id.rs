//! `request-id`: an id that support can look up, so no two answers share one.

use std::collections::{HashMap, hash_map::Entry};

use serde_json::Value;

use super::mismatch::{Mismatch, Mismatches};

/// Every request id of the run, with the answer that had it first.
#[derive(Debug, Default)]
pub struct RequestIds(HashMap<String, String>);

impl RequestIds {
    /// A text with something in it at this place, which no answer before has had. `answer` is what
    /// people call this answer: the trial's name.
    #[must_use]
    pub fn check(&mut self, actual: Option<&Value>, place: &str, answer: &str) -> Mismatches {
        let Some(id) = actual.and_then(Value::as_str).filter(|id| !id.trim().is_empty()) else {
            let actual = actual.map(Value::to_string);
            return vec![Mismatch::or_missing(place, "a non-empty text", actual)];
        };
        let first = self.0.entry(id.to_owned());
        if let Entry::Occupied(first) = &first {
            let sentence = format!(
                "not unique: {id:?} is the request id of a response to {} as well",
                first.get()
            );
            return vec![Mismatch::says(place, sentence)];
        }
        first.or_insert_with(|| answer.to_owned());
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_id_holds_once_in_a_run() {
        let mut ids = RequestIds::default();
        let rows = [
            (json!("a"), true),
            (json!("b"), true),
            (json!("a"), false),
            (json!(""), false),
            (json!(1), false),
            (Value::Null, false),
        ];
        for (id, holds) in rows {
            let found = ids.check(Some(&id), "/id", "some::case");
            assert_eq!(found.is_empty(), holds, "{id}: {found:?}");
        }
    }
}
