//! The text of a trial that did not pass: all that was found, and the exchange to look at.

use std::fmt::Write as _;

use crate::{
    result::{
        evidence::{AnswerResult, Evidence},
        outcome::Outcome,
        results::{FindingResult, TrialResult},
    },
    terminal::paint::Paint,
};

/// The width of the left column: the longest check's id and a space.
const LEFT: usize = 19;

/// Everything that a person needs to see of one trial.
#[must_use]
pub fn render(target: &str, trial: &TrialResult, paint: Paint) -> String {
    let mut text = format!("{} on {target}\n", paint.strong(&trial.name));
    let why = trial.why.as_deref().unwrap_or_default();
    let _ = match trial.outcome {
        Outcome::Error => writeln!(text, "  could not be judged: {why}"),
        Outcome::Ignored => writeln!(text, "  ignored: {why}"),
        Outcome::Inconclusive => writeln!(text, "  inconclusive: {why}"),
        Outcome::Stale => writeln!(text, "  {why}"),
        Outcome::Pass | Outcome::Fail | Outcome::Known => Ok(()),
    };
    let mut said: Vec<&str> = Vec::new();
    for finding in &trial.findings {
        add_finding(&mut text, trial, finding, paint, &mut said);
    }
    if said.is_empty() {
        let left = if trial.findings.is_empty() { 0 } else { LEFT + 2 };
        let _ = writeln!(text, "  {:left$}{}", "", promised(trial, &trial.promise, paint));
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
    text
}

/// A finding in one line, and under it the promise, unless that was said already.
fn add_finding<'a>(
    text: &mut String,
    trial: &TrialResult,
    finding: &'a FindingResult,
    paint: Paint,
    said: &mut Vec<&'a str>,
) {
    let place = match finding.place.as_str() {
        "" => String::new(),
        place => format!("at {place} "),
    };
    let times = match finding.times {
        1 => String::new(),
        times => format!(" ({times} times)"),
    };
    let _ = writeln!(
        text,
        "  {} {}{place}expected {}, got {}{times}",
        paint.bad("x"),
        paint.strong(&format!("{:<LEFT$}", finding.check)),
        finding.expected,
        finding.actual
    );
    if let Some(promise) = &finding.promise
        && !said.contains(&promise.says.as_str())
    {
        said.push(&promise.says);
        let _ = writeln!(text, "    {:LEFT$}{}", "", promised(trial, &promise.says, paint));
    }
}

fn promised(trial: &TrialResult, says: &str, paint: Paint) -> String {
    paint.faint(&format!("promised: {says}    {}:{}", trial.file, trial.line))
}

fn add_evidence(text: &mut String, evidence: &Evidence, paint: Paint) {
    let Evidence { at, of, request, answer, again, .. } = evidence;
    let mut row = |name: &str, says: &str| {
        let _ = writeln!(text, "  {name:<LEFT$}  {says}");
    };
    let name = match of {
        0 | 1 => "request".to_owned(),
        many => format!("request {at} of {many}"),
    };
    row(&name, &format!("{} {}   key: {}", request.method, request.path, request.key));
    if !request.body.is_empty() {
        for line in body(&request.body) {
            row("", &line);
        }
    }
    match answer {
        Some(answer) => {
            row("answer", &said_of(answer));
            for line in body(&answer.body) {
                row("", &line);
            }
        }
        None => row("answer", "none"),
    }
    row("again", &paint.faint(again));
}

/// The lines of a body. Where there are more than one, each is marked as a part of it: a server could
/// else write lines of the run's own, or commands that a CI system reads in what a job prints.
fn body(text: &str) -> Vec<String> {
    match text.lines().count() {
        0 => vec!["(empty)".to_owned()],
        1 => vec![text.to_owned()],
        _ => text.lines().map(|line| format!("| {line}")).collect(),
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
