//! The text of a trial that did not pass: all that was found, and the exchange to look at.

use std::fmt::Write as _;

use serde_json::Value;

use crate::{
    checks::{Finding, Kind, leak::decoded},
    exchange::Exchange,
    harness::{
        plan::Planned,
        run::Run,
        verdict::{Played, Verdict},
    },
    target::redact::Redactor,
    visible::visible,
};

/// How much of a body is shown.
const SHOWN_BODY: usize = 600;

/// How much of a value is shown in a finding.
const SHOWN_VALUE: usize = 300;

/// The width of the left column: the longest check's id and a space.
const LEFT: usize = 19;

/// Everything that a person needs to see of one trial, without any key.
#[must_use]
pub fn render(run: &Run, redactor: &Redactor, planned: &Planned, played: &Played) -> String {
    let mut text = format!("{} on {}\n", planned.case().name, run.target.base_url);
    match &played.verdict {
        Verdict::Error(why) => {
            let _ = writeln!(text, "  could not be judged: {why}");
        }
        Verdict::Ignored(why) => {
            let _ = writeln!(text, "  ignored: {why}");
        }
        Verdict::Inconclusive(why) => {
            let _ = writeln!(text, "  inconclusive: {why}");
        }
        Verdict::Stale(what) => {
            let _ = writeln!(text, "  {what}");
        }
        Verdict::Pass | Verdict::Fail | Verdict::Known(_) => {}
    }
    for finding in played.sheet.findings() {
        add_finding(&mut text, run, redactor, planned, finding);
    }
    let held = played.sheet.held().count();
    if held > 0 {
        let checks = if held == 1 { "check" } else { "checks" };
        let _ = writeln!(text, "  {held} further {checks} held");
    }
    let shown = played.sheet.findings().first().map(|finding| finding.exchange);
    let last = played.exchanges.len().checked_sub(1);
    if let Some(at) = shown.or(last).filter(|at| *at < played.exchanges.len()) {
        add_exchange(&mut text, run, redactor, &played.exchanges, at);
    }
    visible(&redactor.redact(&text))
}

fn add_finding(
    text: &mut String,
    run: &Run,
    redactor: &Redactor,
    planned: &Planned,
    finding: &Finding,
) {
    let mismatch = &finding.mismatch;
    let place = match mismatch.place.as_str() {
        "" => String::new(),
        place => format!("at {place} "),
    };
    let times = match finding.times {
        1 => String::new(),
        times => format!(" ({times} times)"),
    };
    let _ = writeln!(
        text,
        "  x {:<LEFT$}{place}expected {}, got {}{times}",
        finding.kind,
        cut(redactor, &mismatch.expected, SHOWN_VALUE),
        cut(redactor, &mismatch.actual, SHOWN_VALUE)
    );
    let promise = match finding.kind {
        Kind::Check(check) => run
            .contract
            .promises
            .get(&check)
            .map_or(&planned.scenario.promise, |promise| &promise.says),
        Kind::Drift => return,
    };
    let line = planned.case().line;
    let _ = writeln!(
        text,
        "    {:LEFT$}promised: {promise}    {}:{line}",
        "",
        planned.scenario.file.display()
    );
}

fn add_exchange(
    text: &mut String,
    run: &Run,
    redactor: &Redactor,
    exchanges: &[Exchange],
    at: usize,
) {
    let Exchange { request, answer, key, .. } = &exchanges[at];
    let label = match exchanges.len() {
        1 => "request".to_owned(),
        many => format!("request {} of {many}", at + 1),
    };
    let key = match key {
        Some(key) => format!("   key: {}", key.expose()),
        None => "   without a key".to_owned(),
    };
    let _ = writeln!(text, "  {label:<LEFT$}  {} {}{key}", request.method, request.path);
    if !request.body.is_empty() {
        let _ = writeln!(text, "  {:LEFT$}  {}", "", body(redactor, &request.body));
    }
    let id = serde_json::from_slice::<Value>(&answer.body).ok();
    let id = id
        .as_ref()
        .and_then(|body| body.pointer(&run.contract.envelope.places.request_id)?.as_str());
    let id = id.map(|id| format!(", request id {id}")).unwrap_or_default();
    let media = answer.header("content-type").map(|media| format!(", {media}")).unwrap_or_default();
    let took = exchanges[at].took().as_millis();
    let _ = writeln!(text, "  {:<LEFT$}  {} in {took} ms{id}{media}", "answer", answer.status);
    let _ = writeln!(text, "  {:LEFT$}  {}", "", body(redactor, &answer.body));
}

/// A body in one line, cut where it is long. One with escapes is shown as its readers see it, or
/// a key could hide behind them.
fn body(redactor: &Redactor, bytes: &[u8]) -> String {
    let decoded = decoded(bytes);
    match String::from_utf8_lossy(bytes) {
        text if text.is_empty() => "(empty)".to_owned(),
        text if text.contains("\\u") && !decoded.is_empty() => cut(redactor, &decoded, SHOWN_BODY),
        text => cut(redactor, &text, SHOWN_BODY),
    }
}

/// A text without keys and then cut: in the other order half a key could be left at the end.
fn cut(redactor: &Redactor, text: &str, most: usize) -> String {
    let clean = redactor.redact(text);
    match clean.char_indices().nth(most) {
        None => clean,
        Some((end, _)) => format!("{}... ({} bytes in all)", &clean[..end], text.len()),
    }
}
