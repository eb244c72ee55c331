//! Records as clients make them, and what is said of each.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use super::*;
use crate::{
    client::record::{Given, Output},
    contract::{Contract, key::Carrier},
};

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

const STOPS: &str = "backoff::generation_failed::stops";
const RECOVERS: &str = "backoff::generation_failed::recovers";
const FAILS: &str = "client.outcome: the command ended with exit 0; its last response was an error, so it has to fail";

/// A script, the arrivals in milliseconds (each is answered 250 later), the exit code, and what is said.
type OfScript = (&'static str, &'static [u64], i32, &'static str);

const OF_SCRIPTS: [OfScript; 29] = [
    ("succeeds", &[400], 0, "pass"),
    ("succeeds", &[400, 2000], 0, "client.attempts: expected exactly one attempt, got 2"),
    (
        "succeeds",
        &[],
        0,
        "client.attempts: expected exactly one attempt, got 0, although it connected once",
    ),
    ("not-retried::invalid_json", &[400], 1, "pass"),
    ("not-retried::invalid_json", &[400], 0, FAILS),
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
    (RECOVERS, &[0, 1250, 3500], 0, "pass"),
    (
        RECOVERS,
        &[0, 1250, 2500],
        0,
        "client.wait: attempt 3 started 1 s after the response to attempt 2; expected a 2 s wait",
    ),
    (RECOVERS, &[0], 1, "client.attempts: expected 3 attempts, the last of which succeeds, got 1"),
    // Jitter may double the step, and a slow machine add 5 s.
    (RECOVERS, &[0, 7250, 16500], 0, "pass"),
    (
        RECOVERS,
        &[0, 7251, 16500],
        0,
        "client.wait: attempt 2 started 7.001 s after the response to attempt 1; expected a wait of 1 s to 7 s",
    ),
    (STOPS, &[0, 1250, 3500, 7750], 1, "pass"),
    (STOPS, &[0, 1250, 3500], 1, "pass"),
    (STOPS, &[0, 1250, 3500, 7750], 0, FAILS),
    (
        STOPS,
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

#[test]
fn a_script_is_kept_to_by_its_attempts_its_waits_and_its_outcome() {
    let rules = rules();
    for (script, arrivals, exit, expected) in OF_SCRIPTS {
        let record = record(&rules, script, arrivals, exit);
        assert_eq!(said(&rules, script, &record), expected, "{script} {arrivals:?}");
    }
}

/// A rule, the change to a run of `backoff::generation_failed::stops` with four attempts as they
/// should be, and what is said.
type Row = (&'static str, fn(&mut Record), &'static str);

const OF_RUNS: [Row; 27] = [
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
    ("request-id", |run| run.end = CommandEnd::TooMany, "error: no run shows it either way"),
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
            run.ended = Duration::from_secs(7);
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

#[test]
fn what_holds_after_every_code_is_judged_from_each_run() {
    let rules = rules();
    for (rule, change, expected) in OF_RUNS {
        let mut run = record(&rules, STOPS, &[0, 1250, 3500, 7750], 1);
        assert_eq!(said(&rules, STOPS, &run), "pass");
        change(&mut run);
        assert_eq!(said(&rules, rule, &run), expected, "{rule}");
    }
}

#[test]
fn a_key_is_looked_for_where_the_api_looks_and_not_at_all_where_it_cannot_be_seen() {
    let another =
        "client.same-request: attempt 1 carried another key; expected the key in $ERRPROOF_API_KEY";
    let none =
        "client.same-request: attempt 1 carried no key; expected the key in $ERRPROOF_API_KEY";
    let rows = [
        ("query = 'token'", Some(("token", "pms_live_of_this_run")), "pass"),
        ("query = 'token'", Some(("token", "another")), another),
        ("cookie = 'token'", None, none),
        ("body = '/token'", None, "pass"),
        ("sigv4 = { service = 's3', region = 'r', access-key = { part = 'id' } }", None, "pass"),
        ("", None, "pass"),
    ];
    for (carrier, carried, expected) in rows {
        let mut rules = rules();
        rules.carriers = vec![Carrier::of_toml(carrier)];
        let mut run = record(&rules, STOPS, &[0, 1250, 3500, 7750], 1);
        for attempt in &mut run.attempts {
            let carried = carried.map(|(place, key)| (place.to_owned(), Secret::new(key)));
            attempt.keys = carried.into_iter().collect();
        }
        assert_eq!(said(&rules, "same-request", &run), expected, "{carrier}");
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
    // A machine with a lot to do may not have come to it.
    let mut none = record(&rules, script, &[], 1);
    none.end = fewer.end;
    let before_any = format!("{expected} and before its first request");
    assert_eq!(said(&rules, script, &none), before_any);
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
    for run in &mut runs {
        run.printed.ids.clear();
    }
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
        (with(&[], CommandEnd::Exit(0), 0), "it succeeded without a request to $ERRPROOF_BASE_URL"),
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
