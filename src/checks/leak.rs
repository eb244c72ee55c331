//! `secret-leak`: no answer holds a key that was sent.

use serde_json::Value;

use super::mismatch::{Mismatch, Mismatches};
use crate::{exchange::message::Answer, shown::redactor::Redactor};

/// None of the secrets of the run, in none of their forms, in body, header names and header values.
/// `keys` finds what is taken out of the output, so both look for the same forms.
#[must_use]
pub fn key(answer: &Answer, keys: &Redactor) -> Mismatches {
    let mut found = Vec::new();
    // One look at all of it: most answers hold none, and each look has its own costs. A tilde is in no
    // encoding, and ends what a terminal would take for a sequence.
    let headers = answer.headers.iter().flat_map(|(name, value)| [name.as_bytes(), value]);
    let all: Vec<&[u8]> = headers.chain([answer.body.as_slice()]).collect();
    if keys.finds(&all.join(&b'~')).is_none() {
        return found;
    }
    let mut note = |place: &str, label: Option<&str>| {
        if let Some(label) = label {
            found.push(Mismatch::says(place, format!("contains {label}, or a part of it")));
        }
        label.is_some()
    };
    for (name, value) in &answer.headers {
        if !note("a header's name", keys.finds(name.as_bytes())) {
            note(&format!("header {name}"), keys.finds(value));
        }
    }
    note("body", keys.finds(&answer.body));
    found
}

/// A JSON body as its readers see it: names and texts without escapes, however they were written.
#[must_use]
pub fn decoded(body: &[u8]) -> String {
    let body: Option<Value> = serde_json::from_slice(body).ok();
    body.map(|body| body.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        exchange::message::Ending,
        shown::{
            secret::Secret,
            secrets::{KeyPrefix, Named},
        },
    };

    #[test]
    fn a_key_is_found_wherever_it_is_echoed() {
        let sent = Secret::new("pms_live_0123456789abcdef");
        let keys = Redactor::new(
            &[Named { secret: sent, label: "$KEY".to_owned() }],
            &KeyPrefix("pms_live_".to_owned()),
        )
        .of_the_first(1);
        let rows = [
            ("x-id", "7", "no key at all", None),
            ("x-id", "7", "got pms_live_0123456789abcdef", Some("body")),
            ("x-id", "7", "cG1zX2xpdmVfMDEyMzQ1Njc4OWFiY2RlZg==", Some("body")),
            ("x-id", "7", r#"["p\u006ds\u005flive_0123456789abcdef"]"#, Some("body")),
            ("x-id", "%70ms_live_0123456789abcde", "", Some("header x-id")),
            ("x-id", "456789abcde", "", None),
            ("x-key", "PMS_LIVE_0123456789ABCDEF", "", Some("header x-key")),
            ("x-pms_live_0123456789abcdef", "1", "", Some("a header's name")),
        ];
        for (name, value, body, place) in rows {
            let answer = Answer {
                status: 401,
                headers: vec![(name.to_owned(), value.as_bytes().to_vec())],
                body: body.as_bytes().to_vec(),
                ending: Ending::Complete,
            };
            let found = key(&answer, &keys);
            assert_eq!(found.first().map(|m| m.place.as_str()), place, "{name} {value} {body}");
        }
    }
}
