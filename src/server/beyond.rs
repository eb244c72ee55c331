//! Holds an error against what no page promises and every engineer expects: the headers that HTTP asks for, nothing of
//! the machine behind the API, a request id that is one.

use std::{
    borrow::Cow,
    collections::HashSet,
    sync::{Mutex, OnceLock},
};

use serde_json::Value;

use crate::{
    checks::{
        fields, http,
        internals::{self, Told},
        key_traces, message,
        mismatch::{Mismatch, Mismatches},
        reading::Reading,
        request_id, template,
    },
    contract::{Contract, check::CheckId, place::AnswerPlace, scenario::Expects},
    exchange::{
        locked::Locked as _,
        outgoing::{Exchange, Role},
    },
};

/// Judges errors by what no page promises.
#[derive(Debug, Default)]
pub struct Beyond {
    /// Texts in which nothing was found: most errors of a code have the same message.
    clean: Mutex<HashSet<String>>,
    /// The request ids of the run before, if they are known.
    before: OnceLock<HashSet<String>>,
}

/// The requests whose answers are judged.
const JUDGED: [Role; 4] = [Role::Own, Role::Again, Role::Meanwhile, Role::OtherKey];

/// So many texts are remembered. A server that says something else each time fills no memory.
const REMEMBERED: usize = 10_000;

impl Beyond {
    /// Tells it the request ids of the run before. The first ones count.
    pub fn know_run_before(&self, ids: HashSet<String>) {
        self.before.set(ids).ok();
    }

    /// What each check says of one answer, of those that say something of it; nothing if it is no error.
    #[must_use]
    pub fn judge(
        &self,
        contract: &Contract,
        expects: Expects,
        exchange: &Exchange,
        host: &str,
    ) -> Vec<(CheckId, Mismatches)> {
        let Exchange { answer, request, role, .. } = exchange;
        // What a twin gets is another code's, and judged in that code's own trials.
        if !JUDGED.contains(role) {
            return Vec::new();
        }
        let reading = Reading::of(answer, &contract.envelope.places);
        if answer.status < 400 && (!fields::is_success(answer.status) || reading.code().is_none()) {
            return Vec::new();
        }
        let mut said = vec![(CheckId::HttpCookies, http::cookies(answer))];
        // Where there are no keys, nobody authenticates, and nothing depends on a key.
        if answer.status == 401 && contract.has_keys() {
            said.push((
                CheckId::HttpWwwAuthenticate,
                http::www_authenticate(answer, &contract.key.carriers),
            ));
        }
        if answer.status == 405 {
            said.push((CheckId::HttpAllow, http::allow(answer, request)));
        }
        if answer.count("retry-after") > 0 {
            said.push((CheckId::HttpRetryAfter, http::retry_after(answer)));
        }
        // An unknown route is unknown to everybody.
        if expects == Expects::Code && contract.has_keys() {
            let found = http::cache(answer, request, &contract.key.carriers);
            said.push((CheckId::HttpCache, found));
        }
        said.push((CheckId::LeakInternals, self.internals(contract, &reading, exchange, host)));
        let places = &contract.envelope.places;
        if let Some(place) = &places.request_id
            && let Some(id) = reading.text(place)
        {
            let at = place.as_str();
            said.push((CheckId::RequestIdForm, request_id::form(&id, at)));
            said.push((CheckId::RequestIdHeader, request_id::header(&id, answer, request)));
            said.push((CheckId::RequestIdOwn, request_id::own(&id, request, at)));
            if let Some(before) = self.before.get().filter(|before| !before.is_empty()) {
                said.push((CheckId::RequestIdAgain, request_id::again(&id, before, at)));
            }
        }
        if let (Some(text), Some(code)) = (reading.message(), reading.code()) {
            let place = places.message.as_ref().map_or("", AnswerPlace::as_str);
            let mut found = message::more_than_code(&text, place, &code);
            found.extend(template::holes(&text, place, &sent(exchange)));
            said.push((CheckId::MessageWords, found));
        }
        said
    }

    /// What the texts of an answer tell: each text of its body but the link and the id, or all of a body that is not
    /// JSON; and headers that nobody but a programmer sends.
    fn internals(
        &self,
        contract: &Contract,
        reading: &Reading<'_>,
        exchange: &Exchange,
        host: &str,
    ) -> Mismatches {
        let answer = &exchange.answer;
        let mut texts: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::new();
        match reading.body() {
            Some(body) => collect(body, String::new(), &mut texts),
            None => texts.push(("body".into(), String::from_utf8_lossy(&answer.body))),
        }
        let places = &contract.envelope.places;
        let left_out = [places.docs.as_ref(), places.request_id.as_ref()];
        let left_out: Vec<_> = left_out.into_iter().flatten().map(AnswerPlace::as_str).collect();
        texts.retain(|(place, _)| !left_out.contains(&place.as_ref()));
        let told = ["x-", "debug", "error", "exception", "trace"];
        let headers = answer.headers.iter().filter(|(name, _)| {
            told.iter().any(|part| name.starts_with(part)) || name.contains("debug")
        });
        texts.extend(headers.map(|(name, value)| {
            (format!("header {name}").into(), String::from_utf8_lossy(value))
        }));
        texts
            .iter()
            .flat_map(|(place, text)| self.text(contract, exchange, host, place, text))
            .collect()
    }

    fn text(
        &self,
        contract: &Contract,
        exchange: &Exchange,
        host: &str,
        place: &str,
        text: &str,
    ) -> Mismatches {
        if self.clean.locked().contains(text) {
            return Vec::new();
        }
        let sent = sent(exchange);
        let mut found = internals::found_in(text, &Told { sent: &sent, host });
        if key_traces::other_key_in(text, &contract.key, &sent) {
            found.push("what looks like a key, and was not sent".to_owned());
        }
        let digest = exchange.key.as_ref().and_then(|key| key_traces::digest_in(text, key));
        found.extend(digest);
        // What one request held, and one key is looked up by, says nothing of the next one.
        let is_clean = || {
            let whatever_was_sent = Told { sent: "", host: "" };
            let is_key = key_traces::other_key_in(text, &contract.key, "");
            !is_key && internals::found_in(text, &whatever_was_sent).is_empty()
        };
        if found.is_empty() && !key_traces::may_hold_digest(text) && is_clean() {
            let mut clean = self.clean.locked();
            if clean.len() < REMEMBERED {
                clean.insert(text.to_owned());
            }
        }
        found.into_iter().map(|what| Mismatch::says(place, format!("contains {what}"))).collect()
    }
}

/// All that a request held, as one text.
fn sent(exchange: &Exchange) -> String {
    let request = &exchange.request;
    let mut sent = String::from_utf8_lossy(&request.body).into_owned();
    sent.push_str(&request.path);
    for (_, value) in &request.headers {
        sent.push('\n');
        sent.push_str(value.expose());
    }
    // In an address, and in base64, it is not as it is.
    if let Some(key) = &exchange.key {
        sent.push('\n');
        sent.push_str(key.expose());
    }
    sent
}

/// Each text of a value, with its place.
fn collect<'a>(value: &'a Value, place: String, texts: &mut Vec<(Cow<'a, str>, Cow<'a, str>)>) {
    match value {
        Value::String(text) => texts.push((place.into(), text.as_str().into())),
        Value::Array(entries) => {
            for (at, entry) in entries.iter().enumerate() {
                collect(entry, format!("{place}/{at}"), texts);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                let step = crate::contract::pointer::step(name);
                collect(field, format!("{place}/{step}"), texts);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
