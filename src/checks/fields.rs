//! `status`, `code` and `docs`: what an envelope says, to the letter.

use serde_json::Value;

use super::{
    mismatch::{Mismatch, Mismatches, Wrong, unless},
    reading::Reading,
};
use crate::{
    contract::{envelope::BodyForm, identity::Statuses, place::AnswerPlace, pointer},
    exchange::message::Answer,
};

/// `status`: exactly the scenario's, or one of those that it may have.
#[must_use]
pub fn status(actual: u16, expected: &Statuses) -> Mismatches {
    unless(expected.holds(actual), || Mismatch::at("", expected.to_string(), actual.to_string()))
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

/// Whether an answer sends its asker to the path that was asked, written in another way. That is no error: many
/// frameworks do so where an address has a slash too many.
#[must_use]
pub fn leads_to_itself(answer: &Answer, asked: &str) -> bool {
    let Some(to) = answer.header("location") else { return false };
    let (to, asked) = (plain_path(&to), plain_path(asked));
    matches!(answer.status, 301 | 302 | 307 | 308) && asked.len() > 1 && to.ends_with(&asked)
}

/// A path without its query, in small letters, with each slash once, none at its end, and `%74` as `t`.
fn plain_path(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut plain = String::new();
    let mut rest = path;
    while let Some(c) = rest.chars().next() {
        let code = rest.strip_prefix('%').and_then(|behind| behind.get(..2));
        let code = code.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let letter = code.filter(u8::is_ascii_alphanumeric).map(char::from);
        rest = &rest[if letter.is_some() { 3 } else { c.len_utf8() }..];
        let c = letter.unwrap_or(c);
        if c != '/' || !plain.ends_with('/') {
            plain.push(c.to_ascii_lowercase());
        }
    }
    plain.trim_end_matches('/').to_owned()
}

/// `status`, where the body repeats it: the same number.
#[must_use]
pub fn repeated(actual: Option<&Value>, place: &str, status: u16) -> Mismatches {
    unless(actual.and_then(Value::as_f64) == Some(status.into()), || {
        let expected = format!("{status}, the response's status");
        Mismatch::or_missing(place, expected, actual.map(Value::to_string))
    })
}

/// `message`, where a field is named elsewhere: one of these stands there, by itself or as the last step of a way to it. A `*`
/// in the place stands for any entry of a list or an object; at its end, for the names in an object as well.
#[must_use]
pub fn names_one(reading: &Reading<'_>, place: &AnswerPlace, fields: &[String]) -> Mismatches {
    if fields.is_empty() {
        return Vec::new();
    }
    let in_header = || reading.text(place).into_iter().collect();
    let in_body = || {
        let steps: Vec<_> = pointer::steps(place.as_str()).collect();
        let form = reading.places().form;
        reading.body().map(|body| texts(body, &steps, form)).unwrap_or_default()
    };
    let found: Vec<String> = place.header().map_or_else(in_body, |_| in_header());
    let final_step = |text: &str| {
        text.rsplit(['/', '.', '[']).next().unwrap_or(text).trim_end_matches(']').to_owned()
    };
    let is_named =
        |text: &String| fields.iter().any(|field| text == field || final_step(text) == *field);
    unless(found.iter().any(is_named), || {
        let fields = fields.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>();
        let actual = (!found.is_empty()).then(|| format!("{:?}", found.join(", ")));
        Mismatch::or_missing(place.as_str(), fields.join(" or "), actual)
    })
}

/// The texts at the end of a way into a value. A list of texts there is each of them.
fn texts(value: &Value, steps: &[String], form: BodyForm) -> Vec<String> {
    let Some((step, rest)) = steps.split_first() else {
        return match value {
            Value::String(text) => vec![text.clone()],
            Value::Array(items) => {
                items.iter().filter_map(|item| Some(item.as_str()?.to_owned())).collect()
            }
            _ => Vec::new(),
        };
    };
    match value {
        Value::Array(items) if step == "*" => {
            items.iter().flat_map(|item| texts(item, rest, form)).collect()
        }
        Value::Object(entries) if step == "*" && rest.is_empty() => {
            entries.keys().cloned().collect()
        }
        Value::Object(entries) if step == "*" => {
            let within = entries.values().flat_map(|entry| texts(entry, rest, form));
            // XML does not say of one element that it is of a list.
            let itself = (form == BodyForm::Xml).then(|| texts(value, rest, form));
            within.chain(itself.into_iter().flatten()).collect()
        }
        _ => {
            let next = pointer::find(value, &format!("/{}", pointer::step(step)));
            next.map(|next| texts(next, rest, form)).unwrap_or_default()
        }
    }
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
    use crate::exchange::message::Ending;
    use serde_json::json;

    #[test]
    fn a_redirect_to_the_same_address_is_no_error_and_any_other_may_be_one() {
        let rows = [
            (307, Some("https://api.example.com/v1/tagline"), true),
            (308, Some("/v1/tagline?a=1"), true),
            (301, Some("/v1/other"), false),
            (302, Some("https://example.com/login?next=/v1/tagline"), false),
            (307, None, false),
            (400, Some("/v1/tagline"), false),
        ];
        let asked = ["/v1/tagline/", "/v1//tagline", "/V1/Tagline", "/v1/%74agline?a=%2"];
        let rows = rows.iter().flat_map(|row| asked.map(|asked| (asked, *row)));
        for (asked, (status, location, expected)) in rows {
            let location = location.map(|to| ("location".to_owned(), to.as_bytes().to_vec()));
            let headers = location.into_iter().collect();
            let answer = Answer { status, headers, body: Vec::new(), ending: Ending::Complete };
            assert_eq!(leads_to_itself(&answer, asked), expected, "{asked}: {answer:?}");
        }
    }

    #[test]
    fn a_wrong_field_is_named_in_lists_within_lists_and_by_the_names_of_an_object() {
        let rows = [
            ("/*/fields/*", json!([{"fields": []}, {"fields": ["Site", "Id"]}]), true),
            ("/*/fields/*", json!([{"fields": ["Site"]}]), false),
            ("/*/fields", json!([{"fields": ["Id"]}]), true),
            ("/message/*", json!({"message": {"Id": ["is too long"]}}), true),
            ("/message/*", json!({"message": {"Other": ["Id"]}}), false),
            ("/errors/*/path", json!({"errors": {"a": {"path": "body.Id"}}}), true),
            ("/errors/*/path", json!({"errors": []}), false),
            // An object in place of the list is none of its entries.
            ("/errors/*/path", json!({"errors": {"path": "Id"}}), false),
        ];
        for (place, body, is_named) in rows {
            let place = AnswerPlace::from(place.to_owned());
            let answer = Answer {
                status: 400,
                headers: Vec::new(),
                body: body.to_string().into_bytes(),
                ending: Ending::Complete,
            };
            let places = crate::checks::reading::tests::places();
            let found = names_one(&Reading::of(&answer, &places), &place, &["Id".to_owned()]);
            assert_eq!(found.is_empty(), is_named, "{body}: {found:?}");
        }
    }

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
        assert_eq!(status(400, &Statuses::One(400)), []);
        assert_eq!(status(200, &Statuses::One(400)), [Mismatch::at("", "400", "200")]);
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
