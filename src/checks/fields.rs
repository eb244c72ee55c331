//! `status`, `code`, `docs` and `message`: what an envelope says.

use std::collections::BTreeMap;

use serde_json::Value;

use super::mismatch::{Mismatch, Mismatches, unless};
use crate::contract::scenario::MessagePattern;

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

/// `message`: a text with something in it, and the parts that the docs promise.
#[must_use]
pub fn message(
    actual: Option<&Value>,
    place: &str,
    field: Option<&str>,
    pattern: Option<&MessagePattern>,
) -> Mismatches {
    let Some(text) = actual.and_then(Value::as_str).filter(|text| !text.trim().is_empty()) else {
        return vec![Mismatch::at(place, "a text with something in it", shown(actual))];
    };
    let named = field.filter(|field| !names(text, field));
    let named = named
        .map(|field| Mismatch::at(place, format!("a text that names `{field}`"), shown(actual)));
    let parts = pattern.and_then(|pattern| {
        let why = parts(text, pattern).err()?;
        Some(Mismatch::at(place, why, shown(actual)))
    });
    named.into_iter().chain(parts).collect()
}

/// Whether a text names a field, as a word of its own: `count` is not named by "account".
fn names(text: &str, field: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-');
    text.match_indices(field).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + field.len()..].chars().next();
        !inside(before) && !inside(after)
    })
}

/// Whether the parts are there; if not, what was expected.
fn parts(text: &str, message: &MessagePattern) -> Result<(), String> {
    let number = |name: &String| -> Result<u128, String> {
        let found = message.numbers.get(name).and_then(|pattern| pattern.captures(text)?.get(1));
        let digits: Option<String> =
            found.map(|found| found.as_str().chars().filter(char::is_ascii_digit).collect());
        let number = digits.and_then(|digits| digits.parse().ok());
        number.ok_or_else(|| format!("a text that holds the number `{name}`"))
    };
    // Each is searched for once: a search costs as much as all else that is asked of an answer.
    let found = message.numbers.keys().map(|name| Ok((name, number(name)?)));
    let found: BTreeMap<&String, u128> = found.collect::<Result<_, String>>()?;
    match &message.greater {
        Some([greater, smaller]) if found.get(greater) <= found.get(smaller) => {
            Err(format!("a text in which {greater} is greater than {smaller}"))
        }
        _ => Ok(()),
    }
}

fn shown(value: Option<&Value>) -> String {
    value.map_or("nothing".to_owned(), Value::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;
    use serde_json::json;

    fn credits() -> MessagePattern {
        let number = |name: &str, words: &str| {
            let pattern = format!(r"(?i)\b(?:{words})\b\D*(\d[\d, ]*)");
            (name.to_owned(), Regex::new(&pattern).expect("a pattern"))
        };
        MessagePattern {
            numbers: [number("need", "need"), number("have", "have")].into(),
            greater: Some(["need".to_owned(), "have".to_owned()]),
        }
    }

    #[test]
    fn a_message_holds_the_parts_that_are_promised() {
        let rows = [
            (json!("no key was sent"), None, false, true),
            (json!(""), None, false, false),
            (json!(" \n"), None, false, false),
            (json!(7), None, false, false),
            (Value::Null, None, false, false),
            (json!("`tone` is not one of them"), Some("tone"), false, true),
            (json!("tone: no"), Some("tone"), false, true),
            (json!("the overtone is wrong"), Some("tone"), false, false),
            (json!("sub-tone is wrong"), Some("tone"), false, false),
            (json!("bad input"), Some("tone"), false, false),
            (json!("need 150, have 40"), None, true, true),
            (json!("need 1,500, have 400"), None, true, true),
            (json!("you have 40 but need 150"), None, true, true),
            (json!("need 1 500 credits, have 400"), None, true, true),
            (json!("Error 402: you have 7"), None, true, false),
            (json!("need 40, have 150"), None, true, false),
            (json!("need 40, have 40"), None, true, false),
            (json!("not enough"), None, true, false),
        ];
        let pattern = credits();
        for (text, field, numbers, holds) in rows {
            let found = message(Some(&text), "/message", field, numbers.then_some(&pattern));
            assert_eq!(found.is_empty(), holds, "{text}: {found:?}");
        }
    }

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
