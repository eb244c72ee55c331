//! A run of a script: its attempts, the waits between them, and how the command ended.

use super::{Judged, connected, gap, overlap, seconds};
use crate::{
    checks::mismatch::Mismatch,
    client::{
        record::{Attempt, CommandEnd, Record},
        rule::Wait,
    },
    contract::check::CheckId,
};

/// Attempts, waits and outcome of one run.
pub(super) fn judge(record: &Record, run: usize, judged: &mut Judged) {
    let sheet = &mut judged.sheet;
    sheet.note(CheckId::ClientAttempts, run, attempts(record).into_iter().collect());
    let steps = &record.script.steps;
    for (at, pair) in record.attempts.windows(2).enumerate() {
        if let Some(wait) = steps.get(at).and_then(|step| step.wait) {
            let found = early_or_late(at + 2, &pair[0], &pair[1], wait);
            sheet.note(CheckId::ClientWait, run, found.into_iter().collect());
        }
    }
    match (record.end, record.attempts.last()) {
        (end @ (CommandEnd::Exit(_) | CommandEnd::Signal(_)), Some(last)) => {
            let found = outcome(last.given.code.is_some(), end);
            sheet.note(CheckId::ClientOutcome, run, found.into_iter().collect());
        }
        // That it made no attempt has been noted.
        (CommandEnd::Exit(_) | CommandEnd::Signal(_), None) => {}
        (end, last) => {
            let before = if last.is_none() { " and before its first request" } else { "" };
            judged.unjudged = Some(format!("the command did not end by itself: {end}{before}"));
        }
    }
}

fn attempts(record: &Record) -> Option<Mismatch> {
    let (least, most) = (record.script.at_least, record.script.steps.len());
    let count = record.count();
    // One that was cut off before its end might have made more.
    let cut_off = matches!(record.end, CommandEnd::Overran(_)) && count < least;
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
