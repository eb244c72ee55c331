//! What a person sees of a client: the text of a rule that it breaks, with the time line, and the
//! end of a run.

use std::fmt::Write as _;

use super::{
    command::Program,
    judge::{Finding, Judged, seconds},
    outcome::Outcome,
    record::{Attempt, Printed, Record},
    rule::{Rules, Wait},
};
use crate::{
    contract::contract_file::Promise,
    result::verdict::Verdict,
    shown::{redactor::Redactor, visible::visible},
    terminal::paint::Paint,
};

/// The width of the left column, as in the text of a failing case.
const LEFT: usize = 19;

/// How many findings of one rule are shown. A client that is wrong in one way is wrong in most runs.
const SHOWN_FINDINGS: usize = 5;

/// How many attempts of a time line are shown.
const SHOWN_ATTEMPTS: usize = 8;

/// How much of what a command printed is shown, from its end.
const SHOWN_OUTPUT: usize = 600;

/// Everything that a person needs to see of one rule, without any key.
#[must_use]
pub fn failure(
    outcome: &Outcome,
    judged: &Judged,
    record: Option<&Record>,
    program: &Program,
    redactor: &Redactor,
    paint: Paint,
) -> String {
    let program = clean(redactor, &program.to_string());
    let mut text = format!("{} on {program}\n", paint.strong(&outcome.trial));
    if let Verdict::Error(why) = &outcome.verdict {
        let _ = writeln!(text, "  could not be judged: {}", clean(redactor, why));
    }
    for finding in outcome.findings.iter().take(SHOWN_FINDINGS) {
        let many = outcome.timelines.len() > 1;
        add_finding(&mut text, finding, paint, many);
    }
    if let Some(more @ 1..) = outcome.findings.len().checked_sub(SHOWN_FINDINGS) {
        let _ = writeln!(text, "  and {more} more like these");
    }
    let Promise { says, source } = &outcome.rule.promise;
    let promised = clean(redactor, &format!("promised: {says}    {source}"));
    let _ = writeln!(text, "    {:LEFT$}{}", "", paint.faint(&promised));
    if judged.held > 0 {
        let looks = if judged.held == 1 { "check" } else { "checks" };
        let _ = writeln!(text, "  {} further {looks} held", judged.held);
    }
    if let Some(record) = record {
        add_time_line(&mut text, record);
        add_output(&mut text, redactor, &record.printed);
    }
    text
}

/// A text without keys and control codes, in one line.
fn clean(redactor: &Redactor, text: &str) -> String {
    visible(&redactor.redact(text)).replace('\n', "\\n")
}

/// Where many runs were looked at, those where it does not hold are named.
fn add_finding(text: &mut String, finding: &Finding, paint: Paint, many: bool) {
    let Finding { runs, what, expected, actual } = finding;
    let place = match runs.as_slice() {
        [run] if many => format!(" in {run}"),
        [first, more @ ..] if many => format!(" in {first} and {} more", more.len()),
        _ => String::new(),
    };
    let _ = writeln!(
        text,
        "  {} {}expected {expected}, got {actual}{place}",
        paint.bad("x"),
        paint.strong(&format!("{what:<LEFT$}"))
    );
}

/// Attempts and the gaps between them, against what was promised.
fn add_time_line(text: &mut String, record: &Record) {
    let attempts = &record.attempts;
    let mut events = vec![(record.ended, format!("the command ended: {}", record.end))];
    for (at, attempt) in attempts.iter().enumerate().take(SHOWN_ATTEMPTS) {
        let wait = at.checked_sub(1).map(|before| {
            let wait = record.script.steps.get(before).and_then(|step| step.wait);
            format!(", {}", waited(&attempts[before], attempt, wait))
        });
        let wait = wait.unwrap_or_default();
        events.push((attempt.arrived, format!("attempt {}{wait}", at + 1)));
        events.push((attempt.over, format!("  {}", answer(attempt))));
    }
    if let Some(more @ 1..) = record.count().checked_sub(SHOWN_ATTEMPTS) {
        let last = attempts.last().map(|attempt| attempt.arrived).unwrap_or_default();
        events.push((last, format!("{more} more attempts until then")));
    }
    events.sort_by_key(|(time, _)| *time);
    for (at, (time, what)) in events.iter().enumerate() {
        let label = if at == 0 { "time line" } else { "" };
        let _ = writeln!(text, "  {label:<LEFT$}  {:>7.3} s  {what}", time.as_secs_f64());
    }
}

fn waited(before: &Attempt, attempt: &Attempt, wait: Option<Wait>) -> String {
    let gap = match attempt.arrived.checked_sub(before.over) {
        Some(gap) => format!("{} after the answer", seconds(gap)),
        None => "before the answer".to_owned(),
    };
    let promised = match wait {
        None => "promised: none".to_owned(),
        Some(Wait { least, most: Some(most), .. }) => {
            format!("promised: {} to {}", seconds(least), seconds(most))
        }
        Some(Wait { least, most: None, .. }) => format!("promised: {} or more", seconds(least)),
    };
    format!("{gap} ({promised})")
}

fn answer(attempt: &Attempt) -> String {
    let given = &attempt.given;
    if !attempt.answered {
        return "left without an answer".to_owned();
    }
    let code = given.code.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
    let after = given.retry_after.map(|told| format!(", Retry-After {told}")).unwrap_or_default();
    let id = given.code.as_ref().map(|_| format!(", requestId {}", given.request_id));
    format!("answered {}{code}{after}{}", given.status, id.unwrap_or_default())
}

/// Each line is marked as one of the client's: it could else write commands that a CI system reads
/// in what a job prints.
fn add_output(text: &mut String, redactor: &Redactor, printed: &Printed) {
    let mut label = "it printed";
    for (name, stream) in [("stdout", &printed.stdout), ("stderr", &printed.stderr)] {
        for (at, line) in end_of(redactor, stream).lines().enumerate() {
            let name = if at == 0 { name } else { "" };
            let _ = writeln!(text, "  {label:<LEFT$}  {name:<6} | {line}");
            label = "";
        }
    }
    if !label.is_empty() {
        let _ = writeln!(text, "  {label:<LEFT$}  nothing");
    }
}

/// The end of a text, without keys and control codes: cut afterwards, or half a key could be left.
fn end_of(redactor: &Redactor, text: &str) -> String {
    let clean = visible(&redactor.redact(text));
    let clean = clean.trim_end();
    let from = clean.char_indices().rev().nth(SHOWN_OUTPUT - 1).map_or(0, |(at, _)| at);
    if from == 0 { clean.to_owned() } else { format!("...{}", &clean[from..]) }
}

/// The last line that a command printed, as the end of a sentence about it.
#[must_use]
pub fn last_words(record: &Record, redactor: &Redactor) -> String {
    let streams = [&record.printed.stderr, &record.printed.stdout];
    let mut ends = streams.into_iter().map(|stream| end_of(redactor, stream));
    let last = ends.find_map(|end| end.lines().next_back().map(str::to_owned));
    last.map(|line| format!("; it printed: {line}")).unwrap_or_default()
}

/// The last line of a run: which rules the client keeps.
#[must_use]
pub fn summary(program: &Program, outcomes: &[Outcome]) -> String {
    let names = |wanted: fn(&Verdict) -> bool| {
        let of = outcomes.iter().filter(|outcome| wanted(&outcome.verdict));
        let mut names: Vec<&str> = of.map(|outcome| outcome.rule.id.as_str()).collect();
        names.sort_unstable();
        names
    };
    let kept = names(|verdict| *verdict == Verdict::Pass).len();
    let noun = if outcomes.len() == 1 { "rule" } else { "rules" };
    let mut text = format!("{} {noun} on {program}: {kept} kept", outcomes.len());
    let broken = names(|verdict| *verdict == Verdict::Fail);
    let unjudged = names(|verdict| matches!(verdict, Verdict::Error(_)));
    for (what, names) in [("broken", broken), ("not judged", unjudged)] {
        if !names.is_empty() {
            let _ = write!(text, ", {} {what} ({})", names.len(), names.join(", "));
        }
    }
    text
}

/// What a run would do.
#[must_use]
pub fn plan(program: &Program, rules: &Rules) -> String {
    let longest = rules.scripts.iter().map(|script| script.shortest()).max().unwrap_or_default();
    format!(
        "{program}: {} rules, {} runs of the command at once\ntime: {} s at the least",
        rules.rules.len(),
        rules.scripts.len(),
        longest.as_secs()
    )
}
