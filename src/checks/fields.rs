//! `status`, `code` and `docs`: what an envelope says, to the letter.

use serde_json::Value;

use super::mismatch::{Mismatch, Mismatches, unless};

/// `status`: exactly the scenario's.
#[must_use]
pub fn status(actual: u16, expected: u16) -> Mismatches {
    unless(actual == expected, || Mismatch::at("", expected.to_string(), actual.to_string()))
}

/// `status`, where the body repeats it: the same number.
#[must_use]
pub fn repeated(actual: Option<&Value>, place: &str, status: u16) -> Mismatches {
    unless(actual.and_then(Value::as_u64) == Some(status.into()), || {
        Mismatch::at(place, format!("{status}, as the answer has"), shown(actual))
    })
}

/// `code` and `docs`: exactly this text at this place.
#[must_use]
pub fn exactly(actual: Option<&Value>, place: &str, expected: &str) -> Mismatches {
    unless(actual.and_then(Value::as_str) == Some(expected), || {
        Mismatch::at(place, format!("{expected:?}"), shown(actual))
    })
}

/// A value as it is shown.
pub(super) fn shown(value: Option<&Value>) -> String {
    value.map_or("nothing".to_owned(), Value::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_code_or_link_holds_only_to_the_letter() {
        let body = json!({"error": {"code": "invalid_json"}});
        let code = body.pointer("/error/code");
        assert_eq!(exactly(code, "/error/code", "invalid_json"), []);
        let rows =
            [("/error/code", "INVALID_JSON", "\"invalid_json\""), ("/error/docs", "x", "nothing")];
        for (place, expected, actual) in rows {
            let found = exactly(body.pointer(place), place, expected);
            assert_eq!(found, [Mismatch::at(place, format!("{expected:?}"), actual)]);
        }
        assert_eq!(status(400, 400), []);
        assert_eq!(status(200, 400), [Mismatch::at("", "400", "200")]);
        assert_eq!(repeated(Some(&json!(410)), "/status", 410), []);
        for (other, actual) in
            [(Some(json!(400)), "400"), (Some(json!("410")), "\"410\""), (None, "nothing")]
        {
            let expected = Mismatch::at("/status", "410, as the answer has", actual);
            assert_eq!(repeated(other.as_ref(), "/status", 410), [expected]);
        }
    }
}
