//! Sends what a case needs before its request and after it, and keeps what is captured.

use std::sync::Arc;

use serde_json::Value;
use url::Url;

use super::{
    planned::{MessageNumber, PlannedStep, PlannedSteps},
    play::{Evidence, Play, Stop},
};
use crate::{
    checks::leak,
    contract::{
        blank::FRESH_NAME,
        check::CheckId,
        pointer,
        sendable::can_be_sent,
        step_format::{CapturePlace, CapturedFrom},
    },
    exchange::{
        blanks::Filled,
        message::Answer,
        outgoing::{Outgoing, Role},
    },
    shown::{
        redactor::SHORTEST_SECRET,
        secret::{Named, Secret},
        secrets::Secrets,
    },
};

/// A case that sends one request, as it is planned.
#[derive(Clone, Copy)]
pub(super) struct PlannedSingle<'a> {
    pub(super) steps: Option<&'a PlannedSteps>,
    pub(super) hook: Option<&'a PlannedSteps>,
    pub(super) request: &'a Outgoing,
    pub(super) probe: Option<&'a (Outgoing, String)>,
    pub(super) numbers: &'a [MessageNumber],
}

impl Play<'_> {
    /// Carries out a case that sends one request: what it needs before, the request, its twin, and what cleans up, which is
    /// sent whatever became of the rest.
    pub(super) async fn one(&mut self, case: PlannedSingle<'_>) -> Result<(), Stop> {
        let PlannedSingle { steps, hook, request, probe, numbers } = case;
        let mut values = Vec::new();
        let mut done = self.steps_before(steps, &mut values).await;
        if done.is_ok() {
            done = self.steps_before(hook, &mut values).await;
            let request = self.filled(request, &values);
            self.captured = values.iter().map(|value| value.value.expose().to_owned()).collect();
            if done.is_ok() {
                done = self.single(&request, probe).await;
                self.tells_captured([steps, hook], &values);
            }
            // Before the twin, which has to find the server as it is for everybody.
            done = self.clean_up(hook, &values, done).await;
            if done.is_ok() {
                done = self.ask_twin().await;
            }
            if done.is_ok() {
                self.numbers(&request, numbers).await;
            }
        }
        self.clean_up(steps, &values, done).await
    }

    /// Notes a secret that a step captured, that the request carried in a header, as credentials are, and that the error tells
    /// back. What stands in its address or body may be what the error is about.
    fn tells_captured(&mut self, steps: [Option<&PlannedSteps>; 2], values: &[Filled]) {
        let Some(at) = self.main else { return };
        let mut secrets = Secrets::default();
        let headers = &self.exchanges[at].request.headers;
        let secret = || steps.iter().flatten().flat_map(|steps| &steps.secret);
        let is_carried = |value: &&Filled| {
            let is_secret = secret().any(|name| **name == *value.name);
            is_secret
                && headers.iter().any(|(_, text)| text.expose().contains(value.value.expose()))
        };
        let captured = values.iter().filter(is_carried);
        for Filled { name, value } in captured {
            secrets.add(Named { secret: value.clone(), label: label(name) });
        }
        let found = leak::secrets(&self.exchanges[at], &secrets.redactor());
        if !found.is_empty() {
            self.sheet.note(CheckId::SecretLeak, at, found);
        }
    }

    /// A request with what was captured before it.
    pub(super) fn filled(&self, outgoing: &Outgoing, values: &[Filled]) -> Outgoing {
        if values.is_empty() {
            return outgoing.clone();
        }
        let base = self.run.target.base_url.path();
        let (request, blanks) = outgoing.blanks.fill(&outgoing.request, values, base);
        Outgoing { request: request.into(), blanks, ..outgoing.clone() }
    }

    /// Sends what comes before a request. A step that does not get its status, or that has not what is captured, ends the
    /// trial.
    pub(super) async fn steps_before(
        &mut self,
        steps: Option<&PlannedSteps>,
        values: &mut Vec<Filled>,
    ) -> Result<(), Stop> {
        let Some(steps) = steps else { return Ok(()) };
        for step in &steps.first {
            self.step(step, &steps.secret, values).await?;
        }
        Ok(())
    }

    /// Sends what cleans up, as far as what it needs was captured. What became of the rest is said before what became of this.
    pub(super) async fn clean_up(
        &mut self,
        steps: Option<&PlannedSteps>,
        values: &[Filled],
        done: Result<(), Stop>,
    ) -> Result<(), Stop> {
        let Some(steps) = steps else { return done };
        let (mut cleaned, mut values, main) = (Ok(()), values.to_vec(), self.main);
        let mut first_unclean = None;
        for step in &steps.after_all {
            let is_there =
                |name: &str| name == FRESH_NAME || values.iter().any(|value| *value.name == *name);
            if step.request.blanks.open().all(is_there) {
                let done = self.step(step, &steps.secret, &mut values).await;
                if done.is_err() && cleaned.is_ok() {
                    first_unclean = self.main;
                }
                cleaned = cleaned.and(done);
            }
        }
        let is_first = done.is_ok() && self.sheet.noted().is_empty();
        self.main = first_unclean.filter(|_| is_first).or(main);
        match (done, cleaned) {
            // What alone would end in green does not hide a server that is left otherwise.
            (
                Ok(()) | Err(Stop::NotProvoked(_) | Stop::Inconclusive(_) | Stop::NotJudged(_)),
                Err(Stop::Error(why)),
            ) => Err(Stop::NotCleanedUp(why)),
            (Ok(()), cleaned) => cleaned,
            (done, _) => done,
        }
    }

    async fn step(
        &mut self,
        step: &PlannedStep,
        secret: &[String],
        values: &mut Vec<Filled>,
    ) -> Result<(), Stop> {
        let request = self.filled(&step.request, values);
        let begin = if request.role == Role::First {
            "failed to provoke: the hook's request"
        } else {
            "not judged: the step"
        };
        let what = format!("{begin} {} {}", request.request.method, request.request.path);
        let at = match self.send(&request).await {
            Err(Stop::NoAnswer(why)) => return Err(Stop::Error(format!("{what}: {why}"))),
            sent => sent?,
        };
        let answer = &self.exchanges[at].answer;
        let (status, asked) = (answer.status, Arc::clone(&self.exchanges[at].request));
        let (mut missing, mut short) = (None, None);
        for (name, place) in &step.capture {
            let value = captured(answer, place, &asked.path);
            let value = value.filter(|value| can_be_sent(value) && !climbs(value));
            let is_secret = secret.contains(name);
            let Some(value) = value else {
                missing.get_or_insert((name, place));
                // It may be there, at another place or in another shape.
                if is_secret && status < 400 {
                    self.evidence = Evidence::Hidden;
                }
                continue;
            };
            if is_secret && !self.keep_secret(name, &value, &asked.path) {
                // What cannot be taken out of what is shown is not shown at all, and not sent.
                self.evidence = Evidence::Hidden;
                short.get_or_insert(name);
                continue;
            }
            values.push(Filled { name: name.as_str().into(), value: Secret::new(value) });
        }
        if let Some(name) = short {
            return Err(Stop::Error(format!(
                "{what} gave a `{name}` of fewer than {SHORTEST_SECRET} characters of its own, which cannot be kept out of what is shown"
            )));
        }
        let why = match (&step.status, missing) {
            (Some(expected), _) if !expected.holds(status) => {
                format!("was answered {status}; expected {expected}")
            }
            (_, Some((name, place))) => {
                format!("was answered {status} without the `{name}` at `{}`", place.as_str())
            }
            _ => return Ok(()),
        };
        self.main = Some(at);
        let hidden = match self.evidence {
            Evidence::Shown => "",
            Evidence::Hidden => "; the response is not shown, since a secret may be in it",
        };
        Err(Stop::Error(format!("{what} {why}{hidden}")))
    }

    /// Keeps a captured value out of all that is shown from now on, but for what the request said itself: an address begins
    /// as all addresses of the server do. Whether that can be done.
    fn keep_secret(&self, name: &str, value: &str, path: &str) -> bool {
        let label = label(name);
        let parts = telling_parts(value, path);
        for part in &parts {
            let named = Named { secret: Secret::new(*part), label: label.clone() };
            self.run.redactor.learn(named);
        }
        !parts.is_empty()
    }
}

/// What stands for a captured value in all that is shown.
fn label(name: &str) -> String {
    format!("${}", name.replace('-', "_"))
}

/// The parts of a captured value that are secret: all of it, or those of an address that the request had not.
fn telling_parts<'v>(value: &'v str, path: &str) -> Vec<&'v str> {
    let rest = value
        .split_once("://")
        .map_or(value, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let is_address = rest.len() < value.len() || value.starts_with('/');
    let parts: Vec<&str> =
        if is_address { rest.split(['/', '?', '&', '=']).collect() } else { vec![value] };
    let is_telling = |part: &&str| part.len() >= SHORTEST_SECRET && !path.contains(*part);
    parts.into_iter().filter(is_telling).collect()
}

/// Whether a value would lead to another place of a path than the one it stands at.
fn climbs(value: &str) -> bool {
    let is_address = value.starts_with('/') || Url::parse(value).is_ok();
    let path = if is_address { value.split('?').next().unwrap_or_default() } else { value };
    let plain = path.to_ascii_lowercase().replace("%2e", ".");
    plain.split(['/', '\\', '?']).any(|step| [".", ".."].contains(&step))
}

/// An address that a header gives, which may be written from that of the request on (RFC 9110, section 10.2.2), without the
/// steps in it that lead to the same place or up.
fn resolved(address: String, asked: &str) -> String {
    if let Ok(whole) = Url::parse(&address) {
        return whole.into();
    }
    let base = Url::parse("http://localhost").and_then(|base| base.join(asked));
    base.and_then(|base| base.join(&address)).map_or(address, |url| {
        let query = url.query().map_or_else(String::new, |query| format!("?{query}"));
        format!("{}{query}", url.path())
    })
}

/// What an answer to a request for `asked` has at a place.
fn captured(answer: &Answer, place: &CapturePlace, asked: &str) -> Option<String> {
    let value = match place.kind() {
        CapturedFrom::Header(name) if name.eq_ignore_ascii_case("location") => {
            resolved(answer.header("location")?, asked)
        }
        CapturedFrom::Header(name) => answer.header(&name.to_ascii_lowercase())?,
        CapturedFrom::Cookie(name) => {
            let cookies = answer.headers.iter().filter(|(known, _)| known == "set-cookie");
            let mut cookies = cookies.filter_map(|(_, value)| std::str::from_utf8(value).ok());
            cookies.find_map(|cookie| {
                let pair = cookie.split(';').next()?;
                let (known, value) = pair.split_once('=')?;
                (known.trim() == name).then(|| value.trim().trim_matches('"').to_owned())
            })?
        }
        CapturedFrom::Body(at) => {
            let body: Value = serde_json::from_slice(&answer.body).ok()?;
            match pointer::find(&body, at)? {
                Value::String(text) => text.clone(),
                value @ (Value::Number(_) | Value::Bool(_)) => value.to_string(),
                Value::Null | Value::Array(_) | Value::Object(_) => return None,
            }
        }
    };
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::message::Ending;

    #[test]
    fn a_value_is_found_where_the_contract_says_or_is_missing() {
        let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        let answer = Answer {
            status: 202,
            headers: vec![
                header("location", "/up/1"),
                header("set-cookie", "a=b; Path=/"),
                header("set-cookie", "session=\"s=1\"; HttpOnly"),
            ],
            body: br#"{"id":7,"list":["x"],"none":null,"empty":""}"#.to_vec(),
            ending: Ending::Complete,
        };
        let rows = [
            ("header Location", Some("/up/1")),
            ("header X", None),
            ("cookie session", Some("s=1")),
            ("cookie Session", None),
            ("/id", Some("7")),
            ("/list/0", Some("x")),
            ("/list", None),
            ("/none", None),
            ("/empty", None),
        ];
        for (place, value) in rows {
            let found = captured(&answer, &CapturePlace::from(place.to_owned()), "/up");
            assert_eq!(found.as_deref(), value, "{place}");
        }
    }

    #[test]
    fn an_address_is_read_from_that_of_the_request_on() {
        let rows = [
            ("/up/1", "/up/1"),
            ("http://h/up/1", "http://h/up/1"),
            ("1?state=a", "/up/1?state=a"),
            ("?state=a", "/up/?state=a"),
            ("../1", "/1"),
            ("//h/up/1", "/up/1"),
            ("/a/./up/../1?next=/../home", "/a/1?next=/../home"),
            ("http://h/a/../1", "http://h/1"),
        ];
        for (address, expected) in rows {
            assert_eq!(resolved(address.to_owned(), "/up/?a=b"), expected, "{address}");
        }
    }

    #[test]
    fn a_value_leads_to_no_other_place() {
        for value in ["..", ".", "../users", "a/../..", "%2E%2e", "a\\..\\b", "/up/.."] {
            assert!(climbs(value), "{value}");
        }
        for value in ["a", "a.b", "...", "/up/1.2?a=/../b", "t0k3n=="] {
            assert!(!climbs(value), "{value}");
        }
    }

    #[test]
    fn of_an_address_that_is_secret_which_the_request_has_not() {
        let rows: [(&str, &[&str]); 5] = [
            (
                "http://127.0.0.1:80/v2/repository/uploads/7f3a9c1e-5b2d?state=abcdefgh",
                &["7f3a9c1e-5b2d", "abcdefgh"],
            ),
            ("/v2/repository/uploads/7f3a9c1e-5b2d", &["7f3a9c1e-5b2d"]),
            ("t0k3n/with=signs", &["t0k3n/with=signs"]),
            ("/v2/repository/uploads/7", &[]),
            ("short", &[]),
        ];
        for (value, parts) in rows {
            assert_eq!(telling_parts(value, "/v2/repository/uploads/"), parts, "{value}");
        }
    }
}
