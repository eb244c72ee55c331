//! `request-id`: an id that support can look up, so no two answers share one.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    hash::BuildHasher,
    ops::RangeInclusive,
    sync::Arc,
};

use serde_json::Value;

use super::mismatch::{Mismatch, Mismatches, unless};
use crate::{
    exchange::message::{Answer, Request},
    shown::secret::Secret,
};

/// Every request id of the run, with the answer that had it first.
#[derive(Debug, Default)]
pub struct RequestIds(HashMap<String, String>);

impl RequestIds {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

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

/// How long an id is that somebody reads out, and nothing else has: a UUID has 36, a trace's parent 55.
const LENGTH: RangeInclusive<usize> = 8..=128;

/// `request-id.form`: 8 to 128 characters of ASCII that can be seen, so that it can be read out and looked up.
#[must_use]
pub fn form(id: &str, place: &str) -> Mismatches {
    let length = id.chars().count();
    if !LENGTH.contains(&length) {
        let (least, most) = (LENGTH.start(), LENGTH.end());
        let sentence = format!("{length} characters long; expected {least} to {most}");
        return vec![Mismatch::says(place, sentence)];
    }
    unless(id.bytes().all(|byte| byte.is_ascii_graphic()), || {
        Mismatch::says(place, "has characters that cannot be seen, or are not ASCII")
    })
}

/// The headers that usually hold a request's id.
const HEADERS: [&str; 4] = ["x-request-id", "request-id", "x-requestid", "x-correlation-id"];

/// `request-id.header`: a header with the request's id has the same one. What a caller sent to tie several requests
/// together, they may be given back.
#[must_use]
pub fn header(id: &str, answer: &Answer, request: &Request) -> Mismatches {
    let is_given_back = |name: &str, value: &str| {
        name == "x-correlation-id" && request.header(name).is_some_and(|sent| sent == value)
    };
    let differs = |name: &&&str| {
        answer.header(name).is_some_and(|value| value != id && !is_given_back(name, &value))
    };
    let differing = HEADERS.iter().find(differs);
    let said = |name: &&str| {
        Mismatch::says(&format!("header {name}"), "has another request id than the envelope")
    };
    differing.map(said).into_iter().collect()
}

/// `request-id.own`: the id is none that the caller has sent, who could send one twice, or somebody else's.
#[must_use]
pub fn own(id: &str, request: &Request, place: &str) -> Mismatches {
    let sent = request.headers.iter().find(|(_, value)| value.expose() == id);
    let said = |(name, _): &(Arc<str>, Secret)| {
        Mismatch::says(place, format!("is what the request held in {name}"))
    };
    sent.map(said).into_iter().collect()
}

/// `request-id.again`: no response of the run before had the id.
#[must_use]
pub fn again<S: BuildHasher>(id: &str, before: &HashSet<String, S>, place: &str) -> Mismatches {
    unless(!before.contains(id), || {
        Mismatch::says(place, "is a request id of the run before as well")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    use crate::exchange::message::Ending;

    #[test]
    fn an_id_can_be_read_out_and_is_the_servers_own() {
        let rows = [
            ("a1b2c3d4", true),
            ("1f0e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", true),
            ("a1b2c3d", false),
            ("a1b2c3d4 e5", false),
            ("ä1b2c3d4e5", false),
            ("a1b2\u{1}c3d4", false),
        ];
        for (id, holds) in rows {
            assert_eq!(form(id, "/id").is_empty(), holds, "{id}");
        }
        assert!(
            form(&"a".repeat(128), "/id").is_empty() && !form(&"a".repeat(129), "/id").is_empty()
        );
        let sent = ["X-Request-Id", "X-Correlation-Id"];
        let headers = sent.map(|name| (name.into(), Secret::new("a1b2c3d4"))).into();
        let request = Request {
            method: "GET".into(),
            path: "/".into(),
            headers,
            body: Vec::new(),
            signing: None,
        };
        let rows = [
            ("x-request-id", "a1b2c3d4", 0),
            ("x-request-id", "a1b2c3d5", 1),
            // What the caller sent to tie requests together.
            ("x-correlation-id", "a1b2c3d5", 0),
        ];
        for (name, id, found) in rows {
            let headers = vec![(name.to_owned(), b"a1b2c3d4".to_vec())];
            let (body, ending) = (Vec::new(), Ending::Complete);
            let answer = Answer { status: 400, headers, body, ending };
            assert_eq!(header(id, &answer, &request).len(), found, "{name} {id}");
        }
        assert_eq!(own("a1b2c3d5", &request, "/id"), []);
        assert_eq!(own("a1b2c3d4", &request, "/id").len(), 1);
        let before = HashSet::from(["a1b2c3d4".to_owned()]);
        assert_eq!(again("a1b2c3d5", &before, "/id"), []);
        assert_eq!(again("a1b2c3d4", &before, "/id").len(), 1);
    }

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
