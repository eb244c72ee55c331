//! Holds records against rules: pure functions, no network and no clock.

use std::time::Duration;

use super::{
    command::{API_KEY, BASE_URL},
    record::{Attempt, End, Printed, Record},
    rule::{Proof, Rule, Rules, Wait},
};
use crate::{
    contract::{key::Carrier, retry::Always},
    result::verdict::Verdict,
    shown::secret::Secret,
};

/// What did not hold in one run, or in several in the very same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The scripts of these runs.
    pub runs: Vec<String>,
    /// What was looked at: `wait`, `request-id`.
    pub what: String,
    /// What was expected, as the end of "expected ...".
    pub expected: String,
    /// What was there, as the end of "got ...".
    pub actual: String,
}

/// What the records say of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judged {
    /// What did not hold.
    pub findings: Vec<Finding>,
    /// How often it was looked and it held.
    pub held: usize,
    /// Why it could not be judged to its end, if it could not.
    pub unjudged: Option<String>,
}

impl Judged {
    /// What it comes to. What could not be judged is no pass.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match &self.unjudged {
            _ if !self.findings.is_empty() => Verdict::Fail,
            Some(why) => Verdict::Error(why.clone()),
            None => Verdict::Pass,
        }
    }

    fn note(&mut self, record: &Record, what: &str, mismatch: Option<(String, String)>) {
        let Some((expected, actual)) = mismatch else {
            self.held += 1;
            return;
        };
        let run = record.script.name.clone();
        let alike = |finding: &&mut Finding| {
            (finding.what.as_str(), &finding.expected, &finding.actual)
                == (what, &expected, &actual)
        };
        if let Some(finding) = self.findings.iter_mut().find(alike) {
            finding.runs.push(run);
        } else {
            let what = what.to_owned();
            self.findings.push(Finding { runs: vec![run], what, expected, actual });
        }
    }
}

/// What the records of a rule's scripts say of it. `key` is the one that the client was given.
#[must_use]
pub fn judge(rules: &Rules, rule: &Rule, records: &[&Record], key: &Secret) -> Judged {
    let mut judged = Judged::default();
    if let Proof::Always(always) = rule.proof {
        for record in records {
            self::always(rules, &rule.id, always, record, key, &mut judged);
        }
        if judged.held == 0 && judged.findings.is_empty() {
            judged.unjudged.get_or_insert_with(|| "no run shows it either way".to_owned());
        }
    } else {
        for record in records {
            script(record, &mut judged);
        }
    }
    judged
}

/// Whether a client is one that can be tested: its call, answered with success, succeeds.
///
/// # Errors
/// What is wrong, as a sentence that goes on about the command.
pub fn ready(record: &Record) -> Result<(), String> {
    let ended = match record.end {
        End::Exit(0) if record.attempts.is_empty() => "it succeeded".to_owned(),
        End::Overran(time) => {
            format!("it did not end within {} s, and was ended with its children", time.as_secs())
        }
        end => format!("it ended with {end}"),
    };
    match (record.attempts.len(), record.end) {
        (0, _) => Err(format!("{ended} without a request to ${BASE_URL}{}", connected(record))),
        // More attempts than one are for the trials to judge.
        (_, End::Exit(0) | End::TooMany) => Ok(()),
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
fn script(record: &Record, judged: &mut Judged) {
    judged.note(record, "attempts", attempts(record));
    let steps = &record.script.steps;
    for (at, pair) in record.attempts.windows(2).enumerate() {
        if let Some(wait) = steps.get(at).and_then(|step| step.wait) {
            judged.note(record, "wait", early_or_late(at, &pair[0], &pair[1], wait));
        }
    }
    let Some(last) = record.attempts.last() else { return };
    let failed = last.given.code.is_some();
    match record.end {
        end @ (End::Exit(_) | End::Signal(_)) => {
            judged.note(record, "outcome", outcome(failed, end));
        }
        end => judged.unjudged = Some(format!("the command did not end by itself: {end}")),
    }
}

fn attempts(record: &Record) -> Option<(String, String)> {
    let (least, most) = (record.script.at_least, record.script.steps.len());
    let count = record.count();
    // One that was cut off before its end might have made more.
    let cut_off = matches!(record.end, End::Overran(_)) && (1..least).contains(&count);
    if cut_off || (least..=most).contains(&count) {
        return None;
    }
    let expected = match (least, most) {
        (1, 1) => "exactly one attempt".to_owned(),
        (least, most) if least == most => format!("{most} attempts, of which the last succeeds"),
        (_, most) => format!("{most} attempts at the most"),
    };
    let more = if record.end == End::TooMany { " until it was ended" } else { "" };
    let none = if count == 0 { connected(record) } else { String::new() };
    Some((expected, format!("{count}{more}{none}")))
}

fn early_or_late(
    at: usize,
    before: &Attempt,
    next: &Attempt,
    wait: Wait,
) -> Option<(String, String)> {
    let number = at + 2;
    let got = gap(before, next);
    let early = got + wait.tolerance < wait.least || overlap(before, next);
    let most = wait.most.filter(|most| got > *most);
    if !early && most.is_none() {
        return None;
    }
    let or_more = most.map(|most| format!(" to {}", seconds(most))).unwrap_or_default();
    let expected = format!(
        "{}{or_more} from the answer to attempt {} to attempt {number}",
        seconds(wait.least),
        number - 1
    );
    let actual =
        if overlap(before, next) { "it before the answer".to_owned() } else { seconds(got) };
    Some((expected, actual))
}

/// Whoever ends by a signal has failed.
fn outcome(failed: bool, end: End) -> Option<(String, String)> {
    let expected = match (failed, end == End::Exit(0)) {
        (true, true) => "the command to fail, since its last answer is an error",
        (false, false) => "exit 0, since its last answer is a success",
        _ => return None,
    };
    Some((expected.to_owned(), end.to_string()))
}

/// What holds after every code, in one run.
fn always(
    rules: &Rules,
    id: &str,
    always: Always,
    record: &Record,
    key: &Secret,
    judged: &mut Judged,
) {
    let ended = matches!(record.end, End::Exit(_) | End::Signal(_));
    let Printed { key: key_seen, ids, unsearched, .. } = &record.printed;
    if record.attempts.is_empty() && always != Always::Ends {
        return;
    }
    let mismatch = match always {
        // Of one with too many attempts, `attempts` says what there is to say.
        Always::Ends => match record.end {
            End::Overran(time) => Some((
                "the command to end by itself".to_owned(),
                format!(
                    "it still there after {} s; it was ended with its children",
                    time.as_secs()
                ),
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
            let failed = |at: &usize| record.attempts[*at].given.code.is_some();
            let Some(last) = last.filter(failed).filter(|_| ended) else { return };
            if !ids.contains(&last) && *unsearched > 0 {
                judged.unjudged = Some(too_much(record));
                return;
            }
            (!ids.contains(&last)).then(|| {
                let other = if ids.is_empty() { "none" } else { "only that of an earlier answer" };
                let expected = "the requestId of the last answer in what the client prints";
                (expected.to_owned(), other.to_owned())
            })
        }
        Always::KeyUnseen if !key_seen && *unsearched > 0 => {
            judged.unjudged = Some(too_much(record));
            return;
        }
        Always::KeyUnseen => key_seen.then(|| {
            (format!("nothing of ${API_KEY} in what the client prints"), "the key".to_owned())
        }),
        Always::Quiet => {
            let late = |attempt: &&Attempt| attempt.arrived > record.ended;
            let late = record.attempts.iter().find(late).filter(|_| ended);
            late.map(|attempt| {
                let after = seconds(attempt.arrived.saturating_sub(record.ended));
                (
                    "no attempt after the command has ended".to_owned(),
                    format!("one {after} after its end"),
                )
            })
        }
    };
    judged.note(record, id, mismatch);
}

fn too_much(record: &Record) -> String {
    let megabytes = record.printed.unsearched / 1_000_000;
    format!("{megabytes} MB of what the client printed in one run were too much to search")
}

fn at_once(record: &Record) -> Option<(String, String)> {
    let attempts = &record.attempts;
    let at = (1..attempts.len())
        .find(|at| attempts[..*at].iter().any(|before| overlap(before, &attempts[*at])))?;
    Some((
        "one attempt at a time".to_owned(),
        format!("attempt {} while another had no answer yet", at + 1),
    ))
}

fn without_a_beat(record: &Record, beat: Duration) -> Option<(String, String)> {
    let mut pairs = record.attempts.windows(2).enumerate();
    pairs.find_map(|(at, pair)| {
        let gap = gap(&pair[0], &pair[1]);
        let early = gap < beat && !overlap(&pair[0], &pair[1]);
        early.then(|| {
            (
                format!("a wait of {} at the least before each attempt", seconds(beat)),
                format!("{} before attempt {}", seconds(gap), at + 2),
            )
        })
    })
}

fn other_request(record: &Record, carriers: &[Carrier], key: &Secret) -> Option<(String, String)> {
    let first = &record.attempts[0];
    let is_own = |(header, value): &(String, Secret)| {
        let of = |carrier: &&Carrier| carrier.header == *header;
        let mut values = carriers.iter().filter(of).map(|carrier| carrier.value(key.expose()));
        values.any(|own| own == value.expose())
    };
    for (at, attempt) in record.attempts.iter().enumerate() {
        let number = at + 1;
        let got = if attempt.keys.is_empty() {
            Some("none")
        } else {
            (!attempt.keys.iter().all(is_own)).then_some("another")
        };
        if let Some(got) = got {
            let expected = format!("the key of ${API_KEY} with each attempt");
            return Some((expected, format!("{got} with attempt {number}")));
        }
        if attempt.line != first.line {
            let expected = format!("{} each time", first.line);
            return Some((expected, format!("{} as attempt {number}", attempt.line)));
        }
        if !same_body(attempt, first) {
            let (length, first) = (attempt.body_bytes, first.body_bytes);
            let expected = format!("the body of attempt 1 each time ({first} bytes)");
            return Some((expected, format!("another with attempt {number} ({length} bytes)")));
        }
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
    use crate::{
        client::record::{Given, Printed},
        contract::Contract,
    };

    fn rules() -> Rules {
        let contract = Contract::load(Path::new(env!("CARGO_MANIFEST_DIR")));
        let contract = contract.unwrap_or_else(|faults| panic!("{faults}"));
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
            end: End::Exit(exit),
            ended,
            watched: ended,
            printed: Printed {
                ids: arrivals.len().checked_sub(1).into_iter().collect(),
                ..Printed::default()
            },
        }
    }

    fn key() -> Secret {
        Secret::new("pms_live_of_this_run")
    }

    fn bearer(value: &str) -> (String, Secret) {
        ("Authorization".to_owned(), Secret::new(value))
    }

    /// The verdict in a word, and what did not hold.
    fn said(rules: &Rules, rule: &str, record: &Record) -> String {
        let rule = rules.rules.iter().find(|known| known.id == rule).expect("a rule");
        let judged = judge(rules, rule, &[record], &key());
        let found = judged.findings.iter().map(|found| {
            format!("{}: expected {}, got {}", found.what, found.expected, found.actual)
        });
        match judged.verdict() {
            Verdict::Fail => found.collect::<Vec<_>>().join("; "),
            Verdict::Error(why) => format!("error: {why}"),
            verdict => format!("{verdict:?}").to_lowercase(),
        }
    }

    #[test]
    fn a_script_is_kept_to_by_its_attempts_its_waits_and_its_outcome() {
        let rules = rules();
        let stops = "backoff::generation_failed::stops";
        let recovers = "backoff::generation_failed::recovers";
        let fails =
            "outcome: expected the command to fail, since its last answer is an error, got exit 0";
        // The script, the arrivals in milliseconds (each is answered 250 later), exit, what is said.
        let rows: [(&str, &[u64], i32, &str); 29] = [
            ("succeeds", &[400], 0, "pass"),
            ("succeeds", &[400, 2000], 0, "attempts: expected exactly one attempt, got 2"),
            (
                "succeeds",
                &[],
                0,
                "attempts: expected exactly one attempt, got 0, although it connected once",
            ),
            ("not-retried::invalid_json", &[400], 1, "pass"),
            ("not-retried::invalid_json", &[400], 0, fails),
            (
                "not-retried::invalid_json",
                &[400, 9000],
                1,
                "attempts: expected exactly one attempt, got 2",
            ),
            ("retry-after::2s", &[400, 2650], 0, "pass"),
            // Late is fine, and early by what timers are coarse.
            ("retry-after::2s", &[400, 62650], 0, "pass"),
            ("retry-after::2s", &[400, 2600], 0, "pass"),
            (
                "retry-after::2s",
                &[400, 2599],
                0,
                "wait: expected 2 s from the answer to attempt 1 to attempt 2, got 1.949 s",
            ),
            (
                "retry-after::2s",
                &[400, 652],
                0,
                "wait: expected 2 s from the answer to attempt 1 to attempt 2, got 0.002 s",
            ),
            (
                "retry-after::2s",
                &[400, 500],
                0,
                "wait: expected 2 s from the answer to attempt 1 to attempt 2, got it before the answer",
            ),
            (
                "retry-after::2s",
                &[400],
                1,
                "attempts: expected 2 attempts, of which the last succeeds, got 1",
            ),
            (
                "retry-after::2s",
                &[400, 2650],
                1,
                "outcome: expected exit 0, since its last answer is a success, got exit 1",
            ),
            ("retry-after::grows", &[0, 1250, 4500], 0, "pass"),
            // The first Retry-After again, where the newer one is 3.
            (
                "retry-after::grows",
                &[0, 1250, 2500],
                0,
                "wait: expected 3 s from the answer to attempt 2 to attempt 3, got 1 s",
            ),
            (recovers, &[0, 1250, 3500], 0, "pass"),
            (
                recovers,
                &[0, 1250, 2500],
                0,
                "wait: expected 2 s from the answer to attempt 2 to attempt 3, got 1 s",
            ),
            (recovers, &[0], 1, "attempts: expected 3 attempts, of which the last succeeds, got 1"),
            // Jitter may double the step, and a slow machine add 5 s.
            (recovers, &[0, 7250, 16500], 0, "pass"),
            (
                recovers,
                &[0, 7251, 16500],
                0,
                "wait: expected 1 s to 7 s from the answer to attempt 1 to attempt 2, got 7.001 s",
            ),
            (stops, &[0, 1250, 3500, 7750], 1, "pass"),
            (stops, &[0, 1250, 3500], 1, "pass"),
            (stops, &[0, 1250, 3500, 7750], 0, fails),
            (
                stops,
                &[0, 1250, 3500, 7750, 16000],
                1,
                "attempts: expected 4 attempts at the most, got 5",
            ),
            ("wait::preflight_failed", &[0], 1, "pass"),
            ("wait::preflight_failed", &[0, 750], 1, "pass"),
            ("wait::preflight_failed", &[0, 1250, 3500], 0, "pass"),
            (
                "wait::preflight_failed",
                &[0, 1250, 1999],
                0,
                "wait: expected 0.500 s from the answer to attempt 2 to attempt 3, got 0.499 s",
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
                "one-at-a-time: expected one attempt at a time, got attempt 2 while another had no answer yet",
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
                "beat: expected a wait of 0.500 s at the least before each attempt, got 0.002 s before attempt 4",
            ),
            ("same-request", |_| {}, "pass"),
            ("same-request", |run| run.attempts[1].body = br#"{"b":2,"a":1}"#.to_vec(), "pass"),
            (
                "same-request",
                |run| run.attempts[2].body = br#"{"a": 1, "b": 3}"#.to_vec(),
                "same-request: expected the body of attempt 1 each time (16 bytes), got another with attempt 3 (16 bytes)",
            ),
            (
                "same-request",
                |run| run.attempts[1].line = "POST /v2".to_owned(),
                "same-request: expected POST /tagline each time, got POST /v2 as attempt 2",
            ),
            (
                "same-request",
                |run| run.attempts[3].keys.clear(),
                "same-request: expected the key of $ERRPROOF_API_KEY with each attempt, got none with attempt 4",
            ),
            (
                "same-request",
                |run| run.attempts[0].keys[0].1 = Secret::new("another"),
                "same-request: expected the key of $ERRPROOF_API_KEY with each attempt, got another with attempt 1",
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
                "same-request: expected the key of $ERRPROOF_API_KEY with each attempt, got another with attempt 2",
            ),
            ("request-id", |_| {}, "pass"),
            ("request-id", |run| run.printed.ids = BTreeSet::from([0, 1, 2, 3]), "pass"),
            (
                "request-id",
                |run| run.printed.ids.clear(),
                "request-id: expected the requestId of the last answer in what the client prints, got none",
            ),
            (
                "request-id",
                |run| run.printed.ids = BTreeSet::from([0, 1, 2]),
                "request-id: expected the requestId of the last answer in what the client prints, got only that of an earlier answer",
            ),
            // Nothing of a run that is no failure, or that was cut off, shows it.
            ("request-id", |run| run.end = End::TooMany, "error: no run shows it either way"),
            ("request-id", |run| run.attempts.clear(), "error: no run shows it either way"),
            ("key-unseen", |_| {}, "pass"),
            (
                "key-unseen",
                |run| run.printed.key = true,
                "key-unseen: expected nothing of $ERRPROOF_API_KEY in what the client prints, got the key",
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
                "quiet: expected no attempt after the command has ended, got one 0.100 s after its end",
            ),
            ("ends", |_| {}, "pass"),
            (
                "ends",
                |run| run.end = End::Overran(Duration::from_secs(70)),
                "ends: expected the command to end by itself, got it still there after 70 s; it was ended with its children",
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
        run.end = End::Overran(Duration::from_secs(60));
        let expected = "error: the command did not end by itself: ended with its children after 60 s, by errproof";
        assert_eq!(said(&rules, script, &run), expected);
        let mut fewer = record(&rules, "retry-after::1s", &[0], 0);
        fewer.end = run.end;
        assert_eq!(said(&rules, "retry-after::1s", &fewer), expected);
        // Whoever ends by a signal has failed.
        run.end = End::Signal(11);
        assert_eq!(said(&rules, script, &run), "pass");
        let mut run = record(&rules, "succeeds", &[0], 0);
        run.end = End::Signal(11);
        let expected =
            "outcome: expected exit 0, since its last answer is a success, got signal 11";
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
        let [finding] = judged.findings.as_slice() else { panic!("{judged:?}") };
        assert_eq!(finding.runs, ["not-retried::plan_gate", "not-retried::invalid_json"]);
    }

    #[test]
    fn a_command_is_ready_if_its_call_succeeds() {
        let rules = rules();
        let with = |arrivals: &[u64], end: End, connections: usize| {
            let mut run = record(&rules, "succeeds", arrivals, 0);
            (run.end, run.connections) = (end, connections);
            ready(&run).err().unwrap_or_default()
        };
        let rows = [
            (with(&[0], End::Exit(0), 1), ""),
            (with(&[0, 0], End::TooMany, 1), ""),
            (with(&[], End::Exit(0), 0), "it succeeded without a request to $ERRPROOF_BASE_URL"),
            (
                with(&[], End::Exit(127), 2),
                "it ended with exit 127 without a request to $ERRPROOF_BASE_URL, although it connected 2 times",
            ),
            (
                with(&[], End::Overran(Duration::from_secs(60)), 0),
                "it did not end within 60 s, and was ended with its children without a request to $ERRPROOF_BASE_URL",
            ),
            (
                with(&[0], End::Exit(1), 1),
                "it ended with exit 1, although its call was answered with 200",
            ),
        ];
        for (said, expected) in rows {
            assert_eq!(said, expected);
        }
    }
}
