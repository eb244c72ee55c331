//! What the page of the docs says otherwise than the contract, trial by trial and at the end.

use std::fmt::Write as _;

use super::finding::{Outcome, PageFinding};
use crate::{
    contract::names::Code, result::verdict::Verdict, shown::visible::visible,
    terminal::paint::Paint,
};

/// The width of the left column: the longest check's id and a space.
const LEFT: usize = 19;

/// How many findings of one trial are shown: a page of another API has hundreds of unknown codes.
const MOST_SHOWN: usize = 20;

/// How much of a value is shown.
const SHOWN_VALUE: usize = 300;

/// Everything that a person needs to see of one trial.
#[must_use]
pub fn failure(page: &str, outcome: &Outcome, paint: Paint) -> String {
    let mut text = format!("{} on {}\n", paint.strong(&outcome.trial), visible(page));
    if let Verdict::Error(why) = &outcome.verdict {
        let _ = writeln!(text, "  could not be judged: {}", visible(why));
    }
    for finding in outcome.findings.iter().take(MOST_SHOWN) {
        add_finding(&mut text, finding, paint);
    }
    let more = outcome.findings.len().saturating_sub(MOST_SHOWN);
    if more > 0 {
        let _ = writeln!(text, "  and {more} more");
    }
    let promised = paint.faint(&format!("promised: {}", visible(&outcome.promise)));
    let _ = writeln!(text, "    {:LEFT$}{promised}", "");
    text
}

fn add_finding(text: &mut String, finding: &PageFinding, paint: Paint) {
    let PageFinding { check, expected, actual, place } = finding;
    let _ = writeln!(
        text,
        "  {} {}expected {}, the page has {}",
        paint.bad("x"),
        paint.strong(&format!("{check:<LEFT$}")),
        shown(expected),
        shown(actual)
    );
    if let Some(place) = place {
        let _ = writeln!(text, "    {:LEFT$}{}", "", shown(&place.to_string()));
    }
}

/// A text of the page or the contract: not too long, and without what a terminal obeys.
#[must_use]
pub fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_VALUE) {
        None => visible(text),
        Some((end, _)) => format!("{}... ({} bytes in all)", visible(&text[..end]), text.len()),
    }
}

/// The end of a run: what the page says of the contract's codes, and of the rest.
#[must_use]
pub fn summary(page: &str, outcomes: &[Outcome]) -> String {
    let passes = |outcome: &&Outcome| outcome.verdict == Verdict::Pass;
    let (codes, rest): (Vec<_>, Vec<_>) =
        outcomes.iter().partition(|outcome| outcome.code.is_some());
    let mut text = page.to_owned();
    let (as_promised, otherwise): (Vec<&Outcome>, Vec<_>) =
        codes.iter().partition(|code| passes(code));
    if !codes.is_empty() {
        let noun = if codes.len() == 1 { "code" } else { "codes" };
        text = format!("{} {noun} on {page}: {} as promised", codes.len(), as_promised.len());
    }
    if !otherwise.is_empty() {
        let otherwise: Vec<_> = otherwise
            .iter()
            .filter_map(|outcome| outcome.code.as_ref().map(Code::as_str))
            .collect();
        let _ = write!(text, ", {} not ({})", otherwise.len(), otherwise.join(", "));
    }
    let (as_promised, otherwise): (Vec<&Outcome>, Vec<_>) =
        rest.iter().partition(|rest| passes(rest));
    for (how, outcomes) in [("as promised", as_promised), ("not as promised", otherwise)] {
        let names: Vec<_> = outcomes.iter().map(|outcome| outcome.trial.as_str()).collect();
        if !names.is_empty() {
            let _ = write!(text, "; {} {how}", names.join(", "));
        }
    }
    text.push('\n');
    visible(&text)
}
