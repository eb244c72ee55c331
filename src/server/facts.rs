//! What is worth a review in a response, place by place, and how a snapshot's lines hold it.

use std::{borrow::Cow, collections::BTreeMap, path::Path};

use serde_json::Value;

use crate::{
    checks::{mismatch::Mismatch, reading::Reading},
    contract::{
        envelope::{BodyForm, EnvelopeFormat},
        place::AnswerPlace,
        pointer,
    },
    exchange::message::Answer,
};

/// What is in an envelope, by place: what would be new in every run is replaced by what it is.
pub(super) type EnvelopeFacts = BTreeMap<String, String>;

pub(super) fn read(path: &Path) -> Option<EnvelopeFacts> {
    let snapshot = insta::Snapshot::from_file(path).ok()?;
    let text = snapshot.as_text()?.to_string();
    Some(text.lines().filter_map(fact_in).collect())
}

/// A place as a line begins with it: in quotes, as JSON has it, where it would not be read back as it is.
/// Any other stays bare, as in all snapshots that were reviewed before.
pub(super) fn written(place: &str) -> Cow<'_, str> {
    let is_bare = !place.contains(": ") && !place.starts_with('"');
    if is_bare { place.into() } else { Value::from(place).to_string().into() }
}

pub(super) fn fact_in(line: &str) -> Option<(String, String)> {
    if !line.starts_with('"') {
        return line.split_once(": ").map(|(place, fact)| (place.to_owned(), fact.to_owned()));
    }
    let mut quoted = serde_json::Deserializer::from_str(line).into_iter::<String>();
    let place = quoted.next()?.ok()?;
    let fact = line[quoted.byte_offset()..].strip_prefix(": ")?;
    Some((place, fact.to_owned()))
}

pub(super) fn differences(known: &EnvelopeFacts, facts: &EnvelopeFacts) -> Vec<Mismatch> {
    let mut places: Vec<_> = known.keys().chain(facts.keys()).collect();
    places.sort();
    places.dedup();
    let shown =
        |facts: &EnvelopeFacts, place| facts.get(place).cloned().unwrap_or("nothing".to_owned());
    places
        .into_iter()
        .filter(|place| known.get(*place) != facts.get(*place))
        .map(|place| {
            let expected = format!("{} (as reviewed)", shown(known, place));
            Mismatch::at(place, expected, shown(facts, place))
        })
        .collect()
}

/// What is worth a review in an answer: status, content type, whether there is a `Retry-After`, and
/// every field of the body. None if the body is not what the envelope says: that is a finding of its own.
pub(super) fn envelope(places: &EnvelopeFormat, answer: &Answer) -> Option<EnvelopeFacts> {
    let body = match places.form {
        BodyForm::Json => serde_json::from_slice(&answer.body).ok()?,
        BodyForm::Empty => Value::Null,
        BodyForm::Xml | BodyForm::Text | BodyForm::Html => {
            Reading::of(answer, places).body().cloned()?
        }
    };
    let mut facts = EnvelopeFacts::new();
    facts.insert("status".to_owned(), answer.status.to_string());
    if let Some(media) = answer.header("content-type") {
        facts.insert("header content-type".to_owned(), Value::from(media).to_string());
    }
    if let Some(wait) = answer.header("retry-after") {
        let digits = !wait.is_empty() && wait.bytes().all(|byte| byte.is_ascii_digit());
        let class = if digits { "[whole seconds]" } else { "[not whole seconds]" };
        facts.insert("header retry-after".to_owned(), class.to_owned());
    }
    collect(&body, "", places, &mut facts);
    Some(facts)
}

/// What is worth a review where the docs are silent: whether it is an error, and which.
pub(super) fn outcome(places: &EnvelopeFormat, answer: &Answer) -> EnvelopeFacts {
    let code = Reading::of(answer, places).code().map(|code| Value::from(&*code).to_string());
    let code = code.unwrap_or("nothing".to_owned());
    let place = places.code.as_ref().map_or("code", AnswerPlace::as_str);
    [("status".to_owned(), answer.status.to_string()), (place.to_owned(), code)].into()
}

fn collect(value: &Value, place: &str, places: &EnvelopeFormat, facts: &mut EnvelopeFacts) {
    let is = |known: Option<&AnswerPlace>| known.is_some_and(|known| known.as_str() == place);
    let promised = [&places.code, &places.message, &places.docs].map(Option::as_ref);
    let fact = match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                collect(value, &format!("{place}/{}", pointer::step(name)), places, facts);
            }
            return;
        }
        Value::Array(items) if !items.is_empty() => {
            for (at, value) in items.iter().enumerate() {
                collect(value, &format!("{place}/{at}"), places, facts);
            }
            return;
        }
        Value::String(_) if is(places.request_id.as_ref()) => "[id]".to_owned(),
        Value::String(_) if promised.into_iter().any(is) => value.to_string(),
        // Of a field that is not promised, its being there counts, and not what it holds.
        Value::String(_) => "[text]".to_owned(),
        Value::Number(_) => "[number]".to_owned(),
        other => other.to_string(),
    };
    facts.insert(if place.is_empty() { "body".to_owned() } else { place.to_owned() }, fact);
}

pub(super) fn without_numbers(text: &str) -> String {
    let mut without = String::new();
    let mut in_number = false;
    for c in text.chars() {
        let digit = c.is_ascii_digit();
        if !digit {
            without.push(c);
        } else if !in_number {
            without.push_str("[number]");
        }
        in_number = digit;
    }
    without
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_in_quotes_only_where_it_would_not_be_read_back() {
        let rows = [
            ("status", "status: 400"),
            ("/error/code", "/error/code: 400"),
            ("/a\"b", "/a\"b: 400"),
            ("/a:", "/a:: 400"),
            ("/a ", "/a : 400"),
            ("/a: b", "\"/a: b\": 400"),
            ("\"a\"", "\"\\\"a\\\"\": 400"),
        ];
        for (place, line) in rows {
            assert_eq!(format!("{}: 400", written(place)), line);
            assert_eq!(fact_in(line), Some((place.to_owned(), "400".to_owned())), "{line}");
        }
    }
}
