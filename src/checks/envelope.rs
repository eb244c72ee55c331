//! `envelope.json` and `envelope.schema`: the form of an error's body.

use jsonschema::Validator;
use serde_json::Value;

use super::{
    mismatch::{Mismatch, Mismatches},
    reading::Reading,
};
use crate::{
    contract::envelope::{BodyForm, EnvelopeFormat},
    exchange::message::{Answer, Ending},
};

/// `envelope.json`: the body is written in what the docs say. In JSON, nearly always.
#[must_use]
pub fn form(reading: &Reading<'_>) -> Mismatches {
    let EnvelopeFormat { form, media_type: promised, .. } = reading.places();
    let promised = promised.as_deref();
    match form {
        BodyForm::Json => json(reading, promised),
        BodyForm::Empty => {
            let fault = reading.fault().map(|fault| {
                Mismatch::at("body", fault.trim_start_matches("expected "), quoted_body(reading))
            });
            fault.into_iter().chain(early_end(reading.answer())).collect()
        }
        BodyForm::Xml | BodyForm::Text | BodyForm::Html => other(reading, *form, promised),
    }
}

fn quoted_body(reading: &Reading<'_>) -> String {
    quoted(&String::from_utf8_lossy(&reading.answer().body))
}

/// The same of what is not JSON: its media type, its coding, its end, and whether it can be read.
fn other(reading: &Reading<'_>, form: BodyForm, promised: Option<&str>) -> Mismatches {
    let answer = reading.answer();
    let media = answer.header("content-type");
    let kind = media.as_deref().unwrap_or_default().split(';').next().unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    let (expected, is_kind) = match (promised, form) {
        (Some(promised), _) => (promised, kind.eq_ignore_ascii_case(promised)),
        (None, BodyForm::Xml) => {
            let is_xml = kind == "application/xml" || kind == "text/xml" || kind.ends_with("+xml");
            ("application/xml", is_xml)
        }
        (None, BodyForm::Html) => ("text/html", kind == "text/html"),
        // Nothing else is promised of a text: many routers send theirs without a type.
        (None, _) => ("text/plain", true),
    };
    let wrong = (!is_kind).then(|| {
        Mismatch::or_missing("header Content-Type", expected, media.as_deref().map(quoted))
    });
    let body = |sentence: String| Mismatch::says("body", sentence);
    let ending = match &answer.ending {
        Ending::Complete => reading.fault().map(|fault| body(fault.to_owned())),
        Ending::Broken(_) | Ending::TooLong => early_end(answer),
    };
    wrong.into_iter().chain(twice(answer)).chain(coding(answer)).chain(ending).collect()
}

/// A body that ends too early or goes on too long.
fn early_end(answer: &Answer) -> Option<Mismatch> {
    let sentence = match &answer.ending {
        Ending::Complete => return None,
        Ending::Broken(why) => format!("broke off early: {why}"),
        Ending::TooLong => "longer than a megabyte".to_owned(),
    };
    Some(Mismatch::says("body", sentence))
}

/// Two media types, of which nobody knows which one holds.
fn twice(answer: &Answer) -> Option<Mismatch> {
    let is_twice = answer.count("content-type") > 1;
    is_twice.then(|| Mismatch::says("header Content-Type", "sent more than once"))
}

/// A body that nobody asked to be compressed.
fn coding(answer: &Answer) -> Option<Mismatch> {
    let coding = answer.header("content-encoding").filter(|coding| coding != "identity")?;
    let sentence =
        format!("the body is compressed with {coding:?}; the request accepts identity alone");
    Some(Mismatch::says("header Content-Encoding", sentence))
}

/// `envelope.json`: one JSON document in UTF-8, sent as `promised` or, if the docs promise no media
/// type, as any JSON, with nothing before it, nothing after it, and as long as the server said.
#[must_use]
pub fn json(reading: &Reading<'_>, promised: Option<&str>) -> Mismatches {
    let answer = reading.answer();
    let mut found = media_type(answer, promised);
    found.extend(twice(answer));
    found.extend(coding(answer));
    found.extend(early_end(answer));
    let body = |sentence: String| Mismatch::says("body", sentence);
    if answer.body.starts_with(b"\xef\xbb\xbf") {
        found.push(body("begins with a byte order mark, which JSON does not have".to_owned()));
    } else if answer.ending == Ending::Complete
        && let Some(fault) = reading.fault()
    {
        let is_empty = answer.body.is_empty();
        found.push(body(if is_empty { "empty; expected JSON" } else { fault }.to_owned()));
    }
    found
}

/// The method whose responses have no body (RFC 9110, section 9.3.2).
pub const HEAD: &str = "HEAD";

/// `envelope.json` of a response to HEAD, which has no body: the media type, if it says one.
#[must_use]
pub fn of_head(answer: &Answer, places: &EnvelopeFormat) -> Mismatches {
    let is_judged = places.form == BodyForm::Json && answer.count("content-type") > 0;
    if is_judged { media_type(answer, places.media_type.as_deref()) } else { Vec::new() }
}

/// The media type of a body that is JSON: the promised one, or any of JSON.
pub(super) fn media_type(answer: &Answer, promised: Option<&str>) -> Mismatches {
    let media = answer.header("content-type");
    if media.as_deref().is_some_and(|media| is_media(media, promised)) {
        return Vec::new();
    }
    let expected = promised.unwrap_or("application/json");
    vec![Mismatch::or_missing("header Content-Type", expected, media.as_deref().map(quoted))]
}

/// The media type of nearly every response: one look at it, in place of all its parts.
const JSON: &str = "application/json";

/// Whether this is the promised media type, or any of JSON if none is promised: RFC 8259's, the older
/// `text/json`, and those that end in `+json` (RFC 6839). Parameters may follow, as `profile` (RFC
/// 6906). RFC 8259 defines no `charset`, but it is harmless and common where it says UTF-8.
fn is_media(media: &str, promised: Option<&str>) -> bool {
    if promised.is_none_or(|promised| promised == JSON) && media == JSON {
        return true;
    }
    let mut parts = parts(media).into_iter().map(|part| part.trim().to_ascii_lowercase());
    let kind = parts.next().unwrap_or_default();
    let structured =
        |(_, form): (&str, &str)| form.len() > "+json".len() && form.ends_with("+json");
    let is_json = || {
        ["application/json", "text/json"].contains(&kind.as_str())
            || kind.split_once('/').is_some_and(structured)
    };
    let is_kind = promised.map_or_else(is_json, |promised| kind.eq_ignore_ascii_case(promised));
    let is_utf8 = |part: String| {
        let charset = part.strip_prefix("charset=").map(|value| value.trim_matches('"'));
        charset.is_none_or(|charset| ["utf-8", "utf8"].contains(&charset))
    };
    is_kind && parts.all(is_utf8)
}

/// What stands between semicolons, other than those in quotes.
fn parts(media: &str) -> Vec<&str> {
    let mut quoted = false;
    media
        .split(|c| {
            quoted ^= c == '"';
            c == ';' && !quoted
        })
        .collect()
}

/// `envelope.schema`: everything that the contract's JSON Schema refuses.
#[must_use]
pub fn schema(schema: &Validator, body: &Value) -> Mismatches {
    // Nearly every envelope is valid, and that is known for less than where it would not be.
    if schema.is_valid(body) {
        return Vec::new();
    }
    let mut errors: Vec<_> = schema.iter_errors(body).collect();
    errors.sort_by_cached_key(|error| error.instance_path().to_string());
    errors
        .iter()
        .map(|error| {
            let place = error.instance_path().as_str();
            let place = if place.is_empty() { "body" } else { place };
            Mismatch::says(place, error.to_string())
        })
        .collect()
}

/// A text in quotes, as it is shown.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("{text:?}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{checks::reading::tests::places, exchange::message::Answer};

    fn judged(answer: &Answer, promised: Option<&str>) -> Mismatches {
        json(&Reading::of(answer, &places()), promised)
    }

    fn answer(media: Option<&str>, body: &[u8]) -> Answer {
        let media = media.map(|media| ("content-type".to_owned(), media.as_bytes().to_vec()));
        Answer {
            status: 400,
            headers: media.into_iter().collect(),
            body: body.to_vec(),
            ending: Ending::Complete,
        }
    }

    #[test]
    fn only_one_json_document_sent_as_json_holds() {
        const JSON: Option<&str> = Some("application/json");
        let rows: [(Option<&str>, &[u8], &[&str]); 24] = [
            (JSON, b"{}", &[]),
            (Some("Application/JSON; charset=\"UTF-8\""), b"{}\n", &[]),
            (Some("application/json; charset=latin1"), b"{}", &["header Content-Type"]),
            (Some("application/problem+json"), b"{}", &[]),
            (Some("application/vnd.api+json; profile=\"a;charset=b\"; charset=utf8"), b"{}", &[]),
            (Some("text/json;charset=UTF8"), b"{}", &[]),
            (Some("application/json; profile=https://example.com/e"), b"{}", &[]),
            (Some("application/json;charset=utf-16"), b"{}", &["header Content-Type"]),
            (
                Some("application/json; profile=\"x\"; charset=latin1"),
                b"{}",
                &["header Content-Type"],
            ),
            (Some("application/+json"), b"{}", &["header Content-Type"]),
            (Some("application/jsonp"), b"{}", &["header Content-Type"]),
            (Some("application/json-seq"), b"{}", &["header Content-Type"]),
            (Some("json"), b"{}", &["header Content-Type"]),
            (Some("text/html; profile=\"a+json\""), b"{}", &["header Content-Type"]),
            (Some("text/plain"), b"{}", &["header Content-Type"]),
            (None, b"{}", &["header Content-Type"]),
            (JSON, b"", &["body"]),
            (JSON, b"\xef\xbb\xbf{}", &["body"]),
            (JSON, b"{}{}", &["body"]),
            (JSON, b"{\"a\":\"\xff\"}", &["body"]),
            (JSON, b"{\"a\":", &["body"]),
            (JSON, br#"{"a":1,"a":1}"#, &["body"]),
            (JSON, br#"{"a":[{"b":1},{"b":null,"c":-1.5}],"b":true,"c":"x"}"#, &[]),
            (Some("text/html"), b"<html>", &["header Content-Type", "body"]),
        ];
        for (media, body, places) in rows {
            let found = judged(&answer(media, body), None);
            let found: Vec<_> = found.iter().map(|mismatch| mismatch.place.as_str()).collect();
            assert_eq!(found, places, "{media:?} {}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn a_body_that_broke_off_or_never_ended_does_not_hold() {
        for ending in [Ending::Broken("reset".to_owned()), Ending::TooLong] {
            let answer = Answer { ending, ..answer(Some("application/json"), b"{\"err") };
            assert_eq!(judged(&answer, None).len(), 1, "{answer:?}");
        }
    }

    #[test]
    fn another_media_type_holds_where_the_contract_says_so() {
        const PROBLEM: &str = "application/problem+json";
        for (media, holds) in [
            (PROBLEM, true),
            ("application/problem+json; charset=utf-8", true),
            ("application/problem+json; profile=p", true),
            ("application/problem+json; charset=latin1", false),
            ("application/json", false),
            ("application/other+json", false),
        ] {
            assert_eq!(
                judged(&answer(Some(media), b"{}"), Some(PROBLEM)).is_empty(),
                holds,
                "{media}"
            );
        }
    }

    #[test]
    fn everything_that_the_schema_refuses_is_found_at_its_place() {
        let validator = jsonschema::validator_for(&serde_json::json!({
            "required": ["a"], "properties": {"b": {"type": "string"}}
        }))
        .expect("a schema");
        let found = schema(&validator, &serde_json::json!({"b": 1}));
        let says = Mismatch::says;
        assert_eq!(
            found,
            [
                says("body", "\"a\" is a required property"),
                says("/b", "1 is not of type \"string\"")
            ]
        );
    }
}
