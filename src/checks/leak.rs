//! `secret-leak`: no response holds a secret of the run, whichever request it answers.

use serde_json::Value;

use super::mismatch::{Mismatch, Mismatches};
use crate::{
    exchange::outgoing::{Exchange, Role},
    shown::redactor::Redactor,
};

/// None of the secrets of the run, in none of their forms, in body, header names and header values.
/// `secrets` finds what is taken out of the output, so both look for the same forms.
#[must_use]
pub fn secrets(exchange: &Exchange, secrets: &Redactor) -> Mismatches {
    let Exchange { answer, role, .. } = exchange;
    let mut found = Vec::new();
    // One look at all of it: most answers hold none, and each look has its own costs. A tilde is in no
    // encoding, and ends what a terminal would take for a sequence.
    let mut all = Vec::with_capacity(answer.body.len() + 64 * answer.headers.len());
    for (name, value) in &answer.headers {
        for part in [name.as_bytes(), value] {
            all.extend_from_slice(part);
            all.push(b'~');
        }
    }
    all.extend_from_slice(&answer.body);
    if secrets.finds(&all).is_none() {
        return found;
    }
    let mut note = |place: &str, label: Option<&str>| {
        if let Some(label) = label {
            let sentence = format!("{}contains {label}, or a part of it", whose(*role));
            found.push(Mismatch::says(place, sentence));
        }
        label.is_some()
    };
    for (name, value) in &answer.headers {
        if !note("a header's name", secrets.finds(name.as_bytes())) {
            note(&format!("header {name}"), secrets.finds(value));
        }
    }
    note("body", secrets.finds(&answer.body));
    found
}

/// Whose response a sentence speaks of; nothing where it is the case's own, which goes without saying.
fn whose(role: Role) -> &'static str {
    match role {
        Role::Own => "",
        Role::Preflight => "the preflight's response ",
        Role::First => "the response to a request of the hook ",
        Role::Step => "the response to a step before it ",
        Role::After => "the response to a step after it ",
        Role::Probe => "the probe's response ",
        Role::OtherKey => "the response to the other key ",
        Role::Meanwhile => "the response to another request while the key was refused ",
        Role::Mistaken => "the response to a request whose input is refused ",
        Role::Again => "the response after the wait ",
        Role::Twin => "the response to the same request without the defect (its twin) ",
    }
}

/// A JSON body as its readers see it: names and texts without escapes, however they were written.
#[must_use]
pub fn decoded(body: &[u8]) -> String {
    let body: Option<Value> = serde_json::from_slice(body).ok();
    body.map(|body| body.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::*;
    use crate::{
        exchange::message::{Answer, Ending, Request},
        shown::{
            secret::Secret,
            secret::{KeyPrefix, Named},
        },
    };

    /// A response to a request that carried no key.
    fn answered(answer: Answer) -> Exchange {
        let (method, path) = ("GET".into(), "/".into());
        let request =
            Request { method, path, headers: Vec::new(), body: Vec::new(), signing: None };
        let (sent, answered) = (Duration::ZERO, Duration::ZERO);
        let request = Arc::new(request);
        Exchange {
            request,
            written: None,
            key: None,
            answer,
            sent,
            answered,
            date: Duration::ZERO,
            role: Role::Own,
        }
    }

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
            let found = secrets(&answered(answer), &keys);
            assert_eq!(found.first().map(|m| m.place.as_str()), place, "{name} {value} {body}");
        }
    }
}
