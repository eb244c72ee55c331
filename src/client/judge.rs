//! Holds records against rules: pure functions, no network and no clock.

mod always;
mod script;
#[cfg(test)]
mod tests;

use std::time::Duration;

use super::{
    command::BASE_URL,
    record::{Attempt, CommandEnd, Record},
    rule::{Proof, Rule, Rules},
};
use crate::{
    checks::{mismatch::Mismatch, sheet::Sheet},
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
            Proof::Script(_) => script::judge(record, at, &mut judged),
            Proof::Always(always) => match always::look(rules, always, record, key) {
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
