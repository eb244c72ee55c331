//! Holds records against rules: pure functions, no network and no clock.

use std::time::Duration;

use super::{
    command::{API_KEY, BASE_URL},
    record::{Attempt, CommandEnd, Output, Record},
    rule::{Proof, Rule, Rules, Wait},
};
use crate::{
    checks::{mismatch::Mismatch, sheet::Sheet},
    contract::{check::CheckId, key::Carrier, retry::Always},
    shown::secret::Secret,
};

/// What the records say of one rule.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    /// What the checks say of them. A finding is on a run, by the record's place.
    pub sheet: Sheet,
    /// Why it could not be judged to its end, if it could not.
    pub unjudged: Option<String>,
}

/// What the records of a rule's scripts say of it. `key` is the one that the client was given.
#[must_use]
pub fn judge(rules: &Rules, rule: &Rule, records: &[&Record], key: &Secret) -> Judged {
    let mut judged = Judged::default();
    for (at, record) in records.iter().enumerate() {
        match rule.proof {
            Proof::Script(_) => script(record, at, &mut judged),
            Proof::Always(always) => match self::always(rules, always, record, key) {
                Look::Nothing => {}
                Look::Judged(found) => {
                    judged.sheet.note(always.check(), at, found.into_iter().collect());
                }
                Look::Unjudged(why) => judged.unjudged = Some(why),
            },
        }
    }
    let looked = judged.sheet.held().next().is_some() || !judged.sheet.noted().is_empty();
    if !looked {
        judged.unjudged.get_or_insert_with(|| "no run shows it either way".to_owned());
    }
    judged
}

/// What one run says of something that holds after every code.
enum Look {
    /// Nothing.
    Nothing,
    /// It holds, or something is wrong.
    Judged(Option<Mismatch>),
    /// It cannot be told, and why.
    Unjudged(String),
}

/// Whether a client is one that can be tested: its call, answered with success, succeeds.
///
/// # Errors
/// What is wrong, as a sentence that goes on about the command.
pub fn ready(record: &Record) -> Result<(), String> {
    let ended = match record.end {
        CommandEnd::Exit(0) if record.attempts.is_empty() => "it succeeded".to_owned(),
        CommandEnd::Overran(time) => {
            format!(
                "it did not end within {} s, and was killed with its child processes",
                time.as_secs()
            )
        }
        end => format!("it ended with {end}"),
    };
    match (record.attempts.len(), record.end) {
        (0, _) => Err(format!("{ended} without a request to ${BASE_URL}{}", connected(record))),
        // More attempts than one are for the trials to judge.
        (_, CommandEnd::Exit(0) | CommandEnd::TooMany) => Ok(()),
        _ => {
            let status = record.attempts[0].given.status;
            Err(format!("{ended}, although its call was answered with {status}"))
        }
    }
}

fn connected(record: &Record) -> String {
    match record.connections {
        0 => String::new(),
        1 => ", although it connected once".to_owned(),
        many => format!(", although it connected {many} times"),
    }
}

/// Attempts, waits and outcome of one run.
fn script(record: &Record, run: usize, judged: &mut Judged) {
    let sheet = &mut judged.sheet;
    sheet.note(CheckId::ClientAttempts, run, attempts(record).into_iter().collect());
    let steps = &record.script.steps;
    for (at, pair) in record.attempts.windows(2).enumerate() {
        if let Some(wait) = steps.get(at).and_then(|step| step.wait) {
            let found = early_or_late(at + 2, &pair[0], &pair[1], wait);
            sheet.note(CheckId::ClientWait, run, found.into_iter().collect());
        }
    }
    let Some(last) = record.attempts.last() else { return };
    match record.end {
        end @ (CommandEnd::Exit(_) | CommandEnd::Signal(_)) => {
            let found = outcome(last.given.code.is_some(), end);
            sheet.note(CheckId::ClientOutcome, run, found.into_iter().collect());
        }
        end => judged.unjudged = Some(format!("the command did not end by itself: {end}")),
    }
}

fn attempts(record: &Record) -> Option<Mismatch> {
    let (least, most) = (record.script.at_least, record.script.steps.len());
    let count = record.count();
    // One that was cut off before its end might have made more.
    let cut_off = matches!(record.end, CommandEnd::Overran(_)) && (1..least).contains(&count);
    if cut_off || (least..=most).contains(&count) {
        return None;
    }
    let expected = match (least, most) {
        (1, 1) => "exactly one attempt".to_owned(),
        (least, most) if least == most => format!("{most} attempts, the last of which succeeds"),
        (_, most) => format!("at most {most} attempts"),
    };
    let more = if record.end == CommandEnd::TooMany { " before it was killed" } else { "" };
    let none = if count == 0 { connected(record) } else { String::new() };
    Some(Mismatch::at("", expected, format!("{count}{more}{none}")))
}

fn early_or_late(number: usize, before: &Attempt, next: &Attempt, wait: Wait) -> Option<Mismatch> {
    let got = gap(before, next);
    let early = got + wait.tolerance < wait.least || overlap(before, next);
    let late = wait.most.is_some_and(|most| got > most);
    if !early && !late {
        return None;
    }
    let began =
        if overlap(before, next) { "before".to_owned() } else { format!("{} after", seconds(got)) };
    let expected = match wait.most {
        Some(most) if late => format!("a wait of {} to {}", seconds(wait.least), seconds(most)),
        _ => format!("a {} wait", seconds(wait.least)),
    };
    let last = number - 1;
    Some(Mismatch::says(
        "",
        format!(
            "attempt {number} started {began} the response to attempt {last}; expected {expected}"
        ),
    ))
}

/// Whoever ends by a signal has failed.
fn outcome(failed: bool, end: CommandEnd) -> Option<Mismatch> {
    let said = match (failed, end == CommandEnd::Exit(0)) {
        (true, true) => "its last response was an error, so it has to fail".to_owned(),
        (false, false) => {
            "its last response was a success, so it has to end with exit 0".to_owned()
        }
        _ => return None,
    };
    Some(Mismatch::says("", format!("the command ended with {end}; {said}")))
}

/// What holds after every code, in one run.
fn always(rules: &Rules, always: Always, record: &Record, key: &Secret) -> Look {
    let ended = matches!(record.end, CommandEnd::Exit(_) | CommandEnd::Signal(_));
    let Output { key: key_seen, ids, unsearched, .. } = &record.printed;
    if record.attempts.is_empty() && always != Always::Ends {
        return Look::Nothing;
    }
    let says = |sentence: String| Some(Mismatch::says("", sentence));
    Look::Judged(match always {
        // Of one with too many attempts, `client.attempts` says what there is to say.
        Always::Ends => match record.end {
            CommandEnd::Overran(time) => says(format!(
                "the command was still running after {} s and was killed together with its child processes",
                time.as_secs()
            )),
            _ => None,
        },
        Always::OneAtATime => at_once(record),
        Always::Beat => without_a_beat(record, rules.beat),
        Always::SameRequest => other_request(record, &rules.carriers, key),
        Always::RequestId => {
            // What came after its end it cannot know of.
            let before_its_end = |attempt: &Attempt| attempt.arrived <= record.ended;
            let last = record.attempts.iter().rposition(before_its_end);
            let Some(last) = last else { return Look::Nothing };
            if !ended || record.attempts[last].given.code.is_none() {
                return Look::Nothing;
            }
            match ids.contains(&last) {
                true => None,
                false if *unsearched > 0 => return Look::Unjudged(too_much(record)),
                false if ids.is_empty() => {
                    says("the client did not print the request id of its last response".to_owned())
                }
                false => says(
                    "the client printed the request id of an earlier response, and not that of its last"
                        .to_owned(),
                ),
            }
        }
        Always::KeyUnseen if *key_seen => {
            says(format!("the client printed its key (${API_KEY}), or a part of it"))
        }
        Always::KeyUnseen if *unsearched > 0 => return Look::Unjudged(too_much(record)),
        Always::KeyUnseen => None,
        Always::Quiet => {
            let late = |attempt: &&Attempt| ended && attempt.arrived > record.ended;
            record.attempts.iter().find(late).and_then(|attempt| {
                let after = seconds(attempt.arrived.saturating_sub(record.ended));
                says(format!("an attempt started {after} after the command had ended"))
            })
        }
    })
}

fn too_much(record: &Record) -> String {
    let megabytes = record.printed.unsearched / 1_000_000;
    format!("{megabytes} MB of what the client printed in one run were too much to search")
}

fn at_once(record: &Record) -> Option<Mismatch> {
    let attempts = &record.attempts;
    let at = (1..attempts.len())
        .find(|at| attempts[..*at].iter().any(|before| overlap(before, &attempts[*at])))?;
    let number = at + 1;
    Some(Mismatch::says("", format!("attempt {number} started while another had no response yet")))
}

fn without_a_beat(record: &Record, beat: Duration) -> Option<Mismatch> {
    let mut pairs = record.attempts.windows(2).enumerate();
    pairs.find_map(|(at, pair)| {
        let gap = gap(&pair[0], &pair[1]);
        if gap >= beat || overlap(&pair[0], &pair[1]) {
            return None;
        }
        let (number, gap, beat) = (at + 2, seconds(gap), seconds(beat));
        Some(Mismatch::says(
            "",
            format!("attempt {number} started {gap} after a response; expected a wait of at least {beat}"),
        ))
    })
}

fn other_request(record: &Record, carriers: &[Carrier], key: &Secret) -> Option<Mismatch> {
    let first = &record.attempts[0];
    let is_own = |(header, value): &(String, Secret)| {
        let of = |carrier: &&Carrier| carrier.header == *header;
        let mut values = carriers.iter().filter(of).map(|carrier| carrier.value(key.expose()));
        values.any(|own| own == value.expose())
    };
    for (at, attempt) in record.attempts.iter().enumerate() {
        let number = at + 1;
        let carried = match attempt.keys.iter().all(is_own) {
            _ if attempt.keys.is_empty() => Some("no key"),
            true => None,
            false => Some("another key"),
        };
        let wrong = if let Some(carried) = carried {
            format!("attempt {number} carried {carried}; expected the key in ${API_KEY}")
        } else if attempt.line != first.line {
            format!("attempt {number} was {}, and attempt 1 was {}", attempt.line, first.line)
        } else if !same_body(attempt, first) {
            let (length, first) = (attempt.body_bytes, first.body_bytes);
            format!(
                "the body of attempt {number} ({length} bytes) is not that of attempt 1 ({first} bytes)"
            )
        } else {
            continue;
        };
        return Some(Mismatch::says("", wrong));
    }
    None
}

/// The same bytes, or the same JSON: a client may write a table's entries in any order.
fn same_body(one: &Attempt, other: &Attempt) -> bool {
    let json = |attempt: &Attempt| serde_json::from_slice::<serde_json::Value>(&attempt.body).ok();
    let same_bytes = one.body_bytes == other.body_bytes && one.body == other.body;
    same_bytes || json(one).is_some_and(|body| Some(body) == json(other))
}

/// Whether a request arrived while another had no answer and its client had not left it either.
/// That a client has left is seen a little later.
fn overlap(before: &Attempt, next: &Attempt) -> bool {
    let seen_late = if before.answered { Duration::ZERO } else { Duration::from_millis(100) };
    next.arrived + seen_late < before.over
}

/// From one attempt's answer to the next attempt.
fn gap(before: &Attempt, next: &Attempt) -> Duration {
    next.arrived.saturating_sub(before.over)
}

/// A time as people read it: `2 s`, `0.003 s`.
#[must_use]
pub fn seconds(time: Duration) -> String {
    match time.subsec_millis() {
        0 => format!("{} s", time.as_secs()),
        _ => format!("{:.3} s", time.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path, sync::Arc};

    use super::*;
    use crate::{client::record::Given, contract::Contract};

    fn rules() -> Rules {
        let contract = Contract::load(Path::new(env!("CARGO_MANIFEST_DIR")));
        let contract = contract.unwrap_or_else(|faults| panic!("{faults:?}"));
        Rules::new(&contract).unwrap_or_else(|fault| panic!("{fault:?}"))
    }

    /// A run of a script by a client that arrives at these milliseconds and is answered 250 ms
    /// later, that ends 10 ms after the last answer, and shows the last request id.
    fn record(rules: &Rules, script: &str, arrivals: &[u64], exit: i32) -> Record {
        let script = rules.scripts.iter().find(|known| known.name == script).expect("a script");
        let attempt = |(at, arrived): (usize, &u64)| {
            let answer = script.answer(at);
            Attempt {
                arrived: Duration::from_millis(*arrived),
                over: Duration::from_millis(arrived + 250),
                answered: true,
                line: "POST /tagline".to_owned(),
                keys: vec![("X-API-Key".to_owned(), key())],
                body: br#"{"a": 1, "b": 2}"#.to_vec(),
                body_bytes: 16,
                given: Given {
                    status: answer.status,
                    code: answer.code.clone(),
                    retry_after: answer.retry_after,
                    request_id: format!("id-{at}"),
                },
            }
        };
        let ended = Duration::from_millis(arrivals.last().unwrap_or(&0) + 260);
        Record {
            script: Arc::clone(script),
            attempts: arrivals.iter().enumerate().map(attempt).collect(),
            beyond: 0,
            connections: 1,
            end: CommandEnd::Exit(exit),
            ended,
            watched: ended,
            printed: Output {
                ids: arrivals.len().checked_sub(1).into_iter().collect(),
                ..Output::default()
            },
        }
    }

    fn key() -> Secret {
        Secret::new("pms_live_of_this_run")
    }

    fn bearer(value: &str) -> (String, Secret) {
        ("Authorization".to_owned(), Secret::new(value))
    }

    /// "pass", or what did not hold, or why it could not be judged.
    fn said(rules: &Rules, rule: &str, record: &Record) -> String {
        let rule = rules.rules.iter().find(|known| known.id == rule).expect("a rule");
        let judged = judge(rules, rule, &[record], &key());
        let noted = judged.sheet.noted().iter();
        let found: Vec<_> =
            noted.map(|noted| format!("{}: {}", noted.check, noted.mismatch.wrong)).collect();
        match judged.unjudged {
            _ if !found.is_empty() => found.join("; "),
            Some(why) => format!("error: {why}"),
            None => "pass".to_owned(),
        }
    }

    #[test]
    fn a_script_is_kept_to_by_its_attempts_its_waits_and_its_outcome() {
        let rules = rules();
        let stops = "backoff::generation_failed::stops";
        let recovers = "backoff::generation_failed::recovers";
        let fails = "client.outcome: the command ended with exit 0; its last response was an error, so it has to fail";
        // The script, the arrivals in milliseconds (each is answered 250 later), exit, what is said.
        let rows: [(&str, &[u64], i32, &str); 29] = [
            ("succeeds", &[400], 0, "pass"),
            ("succeeds", &[400, 2000], 0, "client.attempts: expected exactly one attempt, got 2"),
            (
                "succeeds",
                &[],
                0,
                "client.attempts: expected exactly one attempt, got 0, although it connected once",
            ),
            ("not-retried::invalid_json", &[400], 1, "pass"),
            ("not-retried::invalid_json", &[400], 0, fails),
            (
                "not-retried::invalid_json",
                &[400, 9000],
                1,
                "client.attempts: expected exactly one attempt, got 2",
            ),
            ("retry-after::2s", &[400, 2650], 0, "pass"),
            // Late is fine, and early by what timers are coarse.
            ("retry-after::2s", &[400, 62650], 0, "pass"),
            ("retry-after::2s", &[400, 2600], 0, "pass"),
            (
                "retry-after::2s",
                &[400, 2599],
                0,
                "client.wait: attempt 2 started 1.949 s after the response to attempt 1; expected a 2 s wait",
            ),
            (
                "retry-after::2s",
                &[400, 652],
                0,
                "client.wait: attempt 2 started 0.002 s after the response to attempt 1; expected a 2 s wait",
            ),
            (
                "retry-after::2s",
                &[400, 500],
                0,
                "client.wait: attempt 2 started before the response to attempt 1; expected a 2 s wait",
            ),
            (
                "retry-after::2s",
                &[400],
                1,
                "client.attempts: expected 2 attempts, the last of which succeeds, got 1",
            ),
            (
                "retry-after::2s",
                &[400, 2650],
                1,
                "client.outcome: the command ended with exit 1; its last response was a success, so it has to end with exit 0",
            ),
            ("retry-after::grows", &[0, 1250, 4500], 0, "pass"),
            // The first Retry-After again, where the newer one is 3.
            (
                "retry-after::grows",
                &[0, 1250, 2500],
                0,
                "client.wait: attempt 3 started 1 s after the response to attempt 2; expected a 3 s wait",
            ),
            (recovers, &[0, 1250, 3500], 0, "pass"),
            (
                recovers,
                &[0, 1250, 2500],
                0,
                "client.wait: attempt 3 started 1 s after the response to attempt 2; expected a 2 s wait",
            ),
            (
                recovers,
                &[0],
                1,
                "client.attempts: expected 3 attempts, the last of which succeeds, got 1",
            ),
            // Jitter may double the step, and a slow machine add 5 s.
            (recovers, &[0, 7250, 16500], 0, "pass"),
            (
                recovers,
                &[0, 7251, 16500],
                0,
                "client.wait: attempt 2 started 7.001 s after the response to attempt 1; expected a wait of 1 s to 7 s",
            ),
            (stops, &[0, 1250, 3500, 7750], 1, "pass"),
            (stops, &[0, 1250, 3500], 1, "pass"),
            (stops, &[0, 1250, 3500, 7750], 0, fails),
            (
                stops,
                &[0, 1250, 3500, 7750, 16000],
                1,
                "client.attempts: expected at most 4 attempts, got 5",
            ),
            ("wait::preflight_failed", &[0], 1, "pass"),
            ("wait::preflight_failed", &[0, 750], 1, "pass"),
            ("wait::preflight_failed", &[0, 1250, 3500], 0, "pass"),
            (
                "wait::preflight_failed",
                &[0, 1250, 1999],
                0,
                "client.wait: attempt 3 started 0.499 s after the response to attempt 2; expected a 0.500 s wait",
            ),
        ];
        for (script, arrivals, exit, expected) in rows {
            let record = record(&rules, script, arrivals, exit);
            assert_eq!(said(&rules, script, &record), expected, "{script} {arrivals:?}");
        }
    }

    /// A rule, the change to a run of `backoff::generation_failed::stops` with four attempts as they
    /// should be, and what is said.
    type Row = (&'static str, fn(&mut Record), &'static str);

    #[test]
    fn what_holds_after_every_code_is_judged_from_each_run() {
        let rows: [Row; 27] = [
            ("one-at-a-time", |_| {}, "pass"),
            (
                "one-at-a-time",
                |run| run.attempts[1].arrived = Duration::from_millis(249),
                "client.one-at-a-time: attempt 2 started while another had no response yet",
            ),
            // A client that gives an answer up is one at a time still; that it left is seen late.
            (
                "one-at-a-time",
                |run| {
                    run.attempts[0].answered = false;
                    run.attempts[1].arrived = Duration::from_millis(200);
                },
                "pass",
            ),
            ("beat", |_| {}, "pass"),
            (
                "beat",
                |run| run.attempts[3].arrived = Duration::from_millis(3752),
                "client.beat: attempt 4 started 0.002 s after a response; expected a wait of at least 0.500 s",
            ),
            ("same-request", |_| {}, "pass"),
            ("same-request", |run| run.attempts[1].body = br#"{"b":2,"a":1}"#.to_vec(), "pass"),
            (
                "same-request",
                |run| run.attempts[2].body = br#"{"a": 1, "b": 3}"#.to_vec(),
                "client.same-request: the body of attempt 3 (16 bytes) is not that of attempt 1 (16 bytes)",
            ),
            (
                "same-request",
                |run| run.attempts[1].line = "POST /v2".to_owned(),
                "client.same-request: attempt 2 was POST /v2, and attempt 1 was POST /tagline",
            ),
            (
                "same-request",
                |run| run.attempts[3].keys.clear(),
                "client.same-request: attempt 4 carried no key; expected the key in $ERRPROOF_API_KEY",
            ),
            (
                "same-request",
                |run| run.attempts[0].keys[0].1 = Secret::new("another"),
                "client.same-request: attempt 1 carried another key; expected the key in $ERRPROOF_API_KEY",
            ),
            (
                "same-request",
                |run| run.attempts[1].keys = vec![bearer("Bearer pms_live_of_this_run")],
                "pass",
            ),
            // Without what belongs before it, it is no key that the API would find.
            (
                "same-request",
                |run| run.attempts[1].keys = vec![bearer("pms_live_of_this_run")],
                "client.same-request: attempt 2 carried another key; expected the key in $ERRPROOF_API_KEY",
            ),
            ("request-id", |_| {}, "pass"),
            ("request-id", |run| run.printed.ids = BTreeSet::from([0, 1, 2, 3]), "pass"),
            (
                "request-id",
                |run| run.printed.ids.clear(),
                "client.request-id: the client did not print the request id of its last response",
            ),
            (
                "request-id",
                |run| run.printed.ids = BTreeSet::from([0, 1, 2]),
                "client.request-id: the client printed the request id of an earlier response, and not that of its last",
            ),
            // Nothing of a run that is no failure, or that was cut off, shows it.
            (
                "request-id",
                |run| run.end = CommandEnd::TooMany,
                "error: no run shows it either way",
            ),
            ("request-id", |run| run.attempts.clear(), "error: no run shows it either way"),
            ("key-unseen", |_| {}, "pass"),
            (
                "key-unseen",
                |run| run.printed.key = true,
                "client.key-unseen: the client printed its key ($ERRPROOF_API_KEY), or a part of it",
            ),
            (
                "key-unseen",
                |run| run.printed.unsearched = 96_000_000,
                "error: 96 MB of what the client printed in one run were too much to search",
            ),
            // An attempt after the end is not the client's to show.
            (
                "request-id",
                |run| {
                    run.ended = Duration::from_millis(7000);
                    run.printed.ids = BTreeSet::from([2]);
                },
                "pass",
            ),
            ("quiet", |_| {}, "pass"),
            (
                "quiet",
                |run| run.ended = Duration::from_millis(7650),
                "client.quiet: an attempt started 0.100 s after the command had ended",
            ),
            ("ends", |_| {}, "pass"),
            (
                "ends",
                |run| run.end = CommandEnd::Overran(Duration::from_secs(70)),
                "client.ends: the command was still running after 70 s and was killed together with its child processes",
            ),
        ];
        let rules = rules();
        for (rule, change, expected) in rows {
            let stops = "backoff::generation_failed::stops";
            let mut run = record(&rules, stops, &[0, 1250, 3500, 7750], 1);
            assert_eq!(said(&rules, stops, &run), "pass");
            change(&mut run);
            assert_eq!(said(&rules, rule, &run), expected, "{rule}");
        }
    }

    #[test]
    fn a_run_that_was_cut_off_is_no_pass() {
        let rules = rules();
        let script = "not-retried::plan_gate";
        let mut run = record(&rules, script, &[0], 1);
        run.end = CommandEnd::Overran(Duration::from_secs(60));
        let expected =
            "error: the command did not end by itself: killed with its child processes after 60 s";
        assert_eq!(said(&rules, script, &run), expected);
        let mut fewer = record(&rules, "retry-after::1s", &[0], 0);
        fewer.end = run.end;
        assert_eq!(said(&rules, "retry-after::1s", &fewer), expected);
        // Whoever ends by a signal has failed.
        run.end = CommandEnd::Signal(11);
        assert_eq!(said(&rules, script, &run), "pass");
        let mut run = record(&rules, "succeeds", &[0], 0);
        run.end = CommandEnd::Signal(11);
        let expected = "client.outcome: the command ended with signal 11; its last response was a success, so it has to end with exit 0";
        assert_eq!(said(&rules, "succeeds", &run), expected);
    }

    #[test]
    fn the_same_finding_of_many_runs_is_told_once() {
        let rules = rules();
        let mut runs = ["not-retried::plan_gate", "not-retried::invalid_json"]
            .map(|script| record(&rules, script, &[0], 1));
        runs.iter_mut().for_each(|run| run.printed.ids.clear());
        let rule = rules.rules.iter().find(|rule| rule.id == "request-id").expect("a rule");
        let judged = judge(&rules, rule, &runs.each_ref(), &key());
        let [noted] = judged.sheet.noted() else { panic!("{judged:?}") };
        assert_eq!(noted.on, [0, 1]);
    }

    #[test]
    fn a_command_is_ready_if_its_call_succeeds() {
        let rules = rules();
        let with = |arrivals: &[u64], end: CommandEnd, connections: usize| {
            let mut run = record(&rules, "succeeds", arrivals, 0);
            (run.end, run.connections) = (end, connections);
            ready(&run).err().unwrap_or_default()
        };
        let rows = [
            (with(&[0], CommandEnd::Exit(0), 1), ""),
            (with(&[0, 0], CommandEnd::TooMany, 1), ""),
            (
                with(&[], CommandEnd::Exit(0), 0),
                "it succeeded without a request to $ERRPROOF_BASE_URL",
            ),
            (
                with(&[], CommandEnd::Exit(127), 2),
                "it ended with exit 127 without a request to $ERRPROOF_BASE_URL, although it connected 2 times",
            ),
            (
                with(&[], CommandEnd::Overran(Duration::from_secs(60)), 0),
                "it did not end within 60 s, and was killed with its child processes without a request to $ERRPROOF_BASE_URL",
            ),
            (
                with(&[0], CommandEnd::Exit(1), 1),
                "it ended with exit 1, although its call was answered with 200",
            ),
        ];
        for (said, expected) in rows {
            assert_eq!(said, expected);
        }
    }
}
