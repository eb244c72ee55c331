//! `status`, `code` and `docs`: what an envelope says, to the letter.

use serde_json::Value;

use super::mismatch::{Mismatch, Mismatches, Wrong, unless};

/// `status`: exactly the scenario's.
#[must_use]
pub fn status(actual: u16, expected: u16) -> Mismatches {
    unless(actual == expected, || Mismatch::at("", expected.to_string(), actual.to_string()))
}

/// `status` of a response that is no error at all: nothing else of it can be checked.
#[must_use]
pub fn served(actual: u16) -> Mismatches {
    vec![Mismatch { place: String::new(), wrong: Wrong::Served(actual) }]
}

/// Whether a status is that of a success.
#[must_use]
pub fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// `status` of an error of which no status is promised: one of the client's making, or a 501 or 503 of a server that
/// does not do what it was asked.
#[must_use]
pub fn of_client(actual: u16) -> Mismatches {
    unless((400..500).contains(&actual) || [501, 503].contains(&actual), || {
        Mismatch::at("", "400 to 499, since the request is what is wrong", actual.to_string())
    })
}

/// `status`, where the body repeats it: the same number.
#[must_use]
pub fn repeated(actual: Option<&Value>, place: &str, status: u16) -> Mismatches {
    unless(actual.and_then(Value::as_u64) == Some(status.into()), || {
        let expected = format!("{status}, the response's status");
        Mismatch::or_missing(place, expected, actual.map(Value::to_string))
    })
}

/// `code` and `docs`: exactly this text at this place.
#[must_use]
pub fn exactly(actual: Option<&Value>, place: &str, expected: &str) -> Mismatches {
    unless(actual.and_then(Value::as_str) == Some(expected), || {
        Mismatch::or_missing(place, format!("{expected:?}"), actual.map(Value::to_string))
    })
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
        let rows = [
            ("/error/code", "INVALID_JSON", "expected \"INVALID_JSON\", got \"invalid_json\""),
            ("/error/docs", "x", "missing; expected \"x\""),
        ];
        for (place, expected, sentence) in rows {
            let found = exactly(body.pointer(place), place, expected);
            assert_eq!(says(&found), [(place, sentence.to_owned())]);
        }
        assert_eq!(status(400, 400), []);
        assert_eq!(status(200, 400), [Mismatch::at("", "400", "200")]);
        assert_eq!(repeated(Some(&json!(410)), "/status", 410), []);
        for (other, sentence) in [
            (Some(json!(400)), "expected 410, the response's status, got 400"),
            (Some(json!("410")), "expected 410, the response's status, got \"410\""),
            (None, "missing; expected 410, the response's status"),
        ] {
            let found = repeated(other.as_ref(), "/status", 410);
            assert_eq!(says(&found), [("/status", sentence.to_owned())]);
        }
    }

    fn says(found: &Mismatches) -> Vec<(&str, String)> {
        found.iter().map(|found| (found.place.as_str(), found.wrong.to_string())).collect()
    }
}
