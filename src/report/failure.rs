//! The text of a trial that did not pass: all that was found, and what was sent and answered.

use std::fmt::Write as _;

use crate::{
    result::{
        evidence::{AnswerResult, Evidence},
        finding::Finding,
        outcome::Outcome,
        repeat::Repeat,
        side_name::SideName,
        timeline::{AttemptMark, Printed, Timeline},
        trial::TrialResult,
    },
    shown,
    shown::{plural::plural, text::Shown},
    terminal::paint::Paint,
};

/// The width of the left column: the longest check's id and a space.
const LEFT: usize = 21;

/// How many findings of one trial are shown: a page of another API has hundreds of unknown codes.
const SHOWN_FINDINGS: usize = 20;

/// Everything that a person needs to see of one trial. `subject` is what was tested.
#[must_use]
pub fn render(subject: &Shown, trial: &TrialResult, paint: Paint) -> String {
    let mut text = format!("{} on {subject}\n", paint.strong(&trial.name));
    let why = trial.why.clone().unwrap_or_default();
    let _ = match trial.outcome {
        Outcome::Error => writeln!(text, "  could not be judged: {why}"),
        Outcome::Ignored => writeln!(text, "  ignored: {why}"),
        Outcome::Inconclusive => writeln!(text, "  inconclusive: {why}"),
        Outcome::Stale => writeln!(text, "  {why}"),
        Outcome::Pass | Outcome::Fail | Outcome::Known => Ok(()),
    };
    let mut said: Vec<&Shown> = Vec::new();
    for finding in trial.findings.iter().take(SHOWN_FINDINGS) {
        add_finding(&mut text, finding, paint);
        let promise = finding.promise.as_ref().map_or(&trial.promise, |promise| &promise.says);
        if !said.contains(&promise) {
            said.push(promise);
            let _ = writeln!(text, "    {:LEFT$}{}", "", promised(trial, promise, paint));
        }
    }
    if let Some(more @ 1..) = trial.findings.len().checked_sub(SHOWN_FINDINGS) {
        let _ = writeln!(text, "  and {more} more like these");
    }
    if said.is_empty() {
        let _ = writeln!(text, "  {}", promised(trial, &trial.promise, paint));
    }
    match trial.held.len() {
        0 => {}
        1 => text.push_str("  1 further check held\n"),
        held => {
            let _ = writeln!(text, "  {held} further checks held");
        }
    }
    if let Some(evidence) = &trial.evidence {
        add_evidence(&mut text, evidence, paint);
    }
    if let Some(timeline) = trial.timelines.first() {
        add_time_line(&mut text, timeline);
    }
    if let Some(printed) = &trial.printed {
        add_printed(&mut text, printed);
    }
    text
}

/// A trial that shows nothing new, in one line.
#[must_use]
pub fn repeated(trial: &TrialResult, repeat: &Repeat, paint: Paint) -> String {
    format!("{}: {}", paint.strong(&trial.name), repeat.sentence())
}

/// The same with the command that sends its request again, where a text stands alone.
#[must_use]
pub fn repeated_with_command(trial: &TrialResult, repeat: &Repeat) -> String {
    let mut text = repeated(trial, repeat, Paint::Plain) + "\n";
    if let Some(evidence) = &trial.evidence {
        row(&mut text, &"again".into(), evidence.again.as_str());
    }
    text
}

fn row(text: &mut String, name: &Shown, says: &str) {
    let _ = writeln!(text, "  {name:<LEFT$}  {says}");
}

fn add_finding(text: &mut String, finding: &Finding, paint: Paint) {
    let times = match finding.times {
        0 | 1 => String::new(),
        times => format!(" ({times} times)"),
    };
    let check: Shown = finding.check.as_str().into();
    // One id is as long as the column.
    let pad = LEFT.saturating_sub(check.as_str().len()).max(1);
    let (sign, check) = (paint.bad(&"x".into()), paint.strong(&check));
    let _ = writeln!(text, "  {sign} {check}{:pad$}{}{times}", "", finding.sentence());
}

/// The promise, and where it is written down.
fn promised(trial: &TrialResult, says: &Shown, paint: Paint) -> String {
    let place = match (&trial.file, trial.line) {
        (Some(file), Some(line)) => shown![file, ":", line],
        (Some(file), None) => file.clone(),
        (None, _) => trial.source.clone(),
    };
    paint.faint(&shown!["promised: ", says, "    ", place])
}

fn add_evidence(text: &mut String, evidence: &Evidence, paint: Paint) {
    let Evidence { at, of, request, answer, again, .. } = evidence;
    let name = match of {
        0 | 1 => "request".into(),
        many => shown!["request ", *at, " of ", *many],
    };
    let key =
        if request.key.is_empty() { Shown::default() } else { shown!["   key: ", request.key] };
    row(text, &name, &format!("{} {}{key}", request.method, request.path));
    if !request.body.is_empty() {
        add_body(text, &request.body);
    }
    match answer {
        Some(answer) => {
            row(text, &"response".into(), &said_of(answer));
            add_body(text, &answer.body);
        }
        None => row(text, &"response".into(), "none"),
    }
    row(text, &"again".into(), &paint.faint(again));
}

/// The lines of a body. Where there are more than one, each is marked as a part of it: a server could
/// else write lines of the run's own, or commands that a CI system reads in what a job prints.
fn add_body(text: &mut String, body: &Shown) {
    let nothing = Shown::default();
    match body.as_str().lines().count() {
        0 => row(text, &nothing, "(empty)"),
        1 => row(text, &nothing, body.as_str()),
        _ => body.as_str().lines().for_each(|line| row(text, &nothing, &format!("| {line}"))),
    }
}

fn said_of(answer: &AnswerResult) -> String {
    let mut said = format!("{} in {} ms", answer.status, answer.milliseconds);
    if let Some(id) = &answer.request_id {
        let _ = write!(said, ", request id {id}");
    }
    for (name, value) in &answer.headers {
        match name.as_str() {
            "content-type" => {
                let _ = write!(said, ", {value}");
            }
            "retry-after" => {
                let _ = write!(said, ", Retry-After: {value}");
            }
            _ => {}
        }
    }
    if let Some(why) = &answer.broke_off {
        let _ = write!(said, ", broken off: {why}");
    }
    said
}

/// Attempts and the gaps between them, beside what was promised.
fn add_time_line(text: &mut String, timeline: &Timeline) {
    let attempts = &timeline.attempts;
    let mut events = vec![(timeline.ended_ms, format!("the command ended: {}", timeline.end))];
    for (at, attempt) in attempts.iter().enumerate() {
        let wait = at.checked_sub(1).map(|before| waited(&attempts[before], attempt));
        let wait = wait.unwrap_or_default();
        events.push((attempt.arrived_ms, format!("attempt {}{wait}", at + 1)));
        events.push((attempt.over_ms, format!("  {}", answered(attempt))));
    }
    if timeline.more_attempts > 0 {
        let last = attempts.last().map(|attempt| attempt.over_ms).unwrap_or_default();
        events.push((
            last,
            format!("and {} after this", plural(timeline.more_attempts, "more attempt")),
        ));
    }
    events.sort_by_key(|(time, _)| *time);
    for (at, (time, what)) in events.iter().enumerate() {
        let label = if at == 0 { "time line" } else { "" };
        row(text, &label.into(), &format!("{:>3}.{:03} s  {what}", time / 1_000, time % 1_000));
    }
}

fn waited(before: &AttemptMark, attempt: &AttemptMark) -> String {
    let gap = match attempt.arrived_ms.checked_sub(before.over_ms) {
        Some(gap) => format!("{} after the response", seconds(gap)),
        None => "before the response".to_owned(),
    };
    let promised = match (before.least_wait_ms, before.most_wait_ms) {
        (None, _) => "promised: no more attempts".to_owned(),
        (Some(least), Some(most)) => format!("promised: {} to {}", seconds(least), seconds(most)),
        (Some(least), None) => format!("promised: {} or more", seconds(least)),
    };
    format!(", {gap} ({promised})")
}

fn answered(attempt: &AttemptMark) -> String {
    if !attempt.answered {
        return "left without a response".to_owned();
    }
    let code = attempt.code.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
    let after = attempt.retry_after.map(|told| format!(", Retry-After {told}")).unwrap_or_default();
    let id = attempt.code.as_ref().map(|_| format!(", request id {}", attempt.request_id));
    format!("answered {}{code}{after}{}", attempt.status, id.unwrap_or_default())
}

/// A time as people read it: `2 s`, `0.003 s`.
fn seconds(milliseconds: u64) -> String {
    match milliseconds % 1_000 {
        0 => format!("{} s", milliseconds / 1_000),
        rest => format!("{}.{rest:03} s", milliseconds / 1_000),
    }
}

/// Each line is marked as one of the client's: it could else write commands that a CI system reads
/// in what a job prints.
fn add_printed(text: &mut String, printed: &Printed) {
    let mut label: Shown = "it printed".into();
    for (name, stream) in [("stdout", &printed.stdout), ("stderr", &printed.stderr)] {
        for (at, line) in stream.as_str().lines().enumerate() {
            let name = if at == 0 { name } else { "" };
            row(text, &label, &format!("{name:<6} | {line}"));
            label = Shown::default();
        }
    }
    if !label.is_empty() {
        row(text, &label, "nothing");
    }
}

/// What a side's subject is called in the text of its trials.
#[must_use]
pub fn is_about(side: SideName) -> &'static str {
    match side {
        SideName::Server => "target",
        SideName::Client => "client",
        SideName::Page => "page",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::example;

    #[test]
    fn whatever_did_not_pass_is_shown_with_its_reason_its_promise_and_what_was_seen() {
        let results = example::results();
        let trials = results.trials().filter(|(_, trial)| trial.outcome != Outcome::Pass);
        let texts: Vec<_> =
            trials.map(|(side, trial)| render(&side.subject, trial, Paint::Plain)).collect();
        insta::assert_snapshot!(texts.join("\n"));
    }

    #[test]
    fn a_trial_that_shows_nothing_new_is_one_line_with_its_command_where_it_stands_alone() {
        let results = example::results();
        let repeats = results.repeats();
        let texts = results.red().filter_map(|(_, trial)| {
            let repeat = repeats.get(trial)?;
            let line = repeated(trial, repeat, Paint::Plain);
            Some(format!("{line}\n\n{}", repeated_with_command(trial, repeat)))
        });
        insta::assert_snapshot!(texts.collect::<Vec<_>>().join("\n"));
    }
}
