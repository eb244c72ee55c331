//! The end of a run: what was proven, code by code, and drift by its cause.

use std::{collections::BTreeMap, fmt::Write as _};

use super::result::{CodeResult, Outcome, Results, Standing};

/// The last lines of a run.
#[must_use]
pub fn render(results: &Results) -> String {
    let mut text = headline(results);
    text.push('\n');
    if results.scope.is_partial() {
        let _ = writeln!(
            text,
            "a part of the contract: {} of {} trials were selected",
            results.scope.selected, results.scope.all
        );
    }
    if !results.drift.is_empty() {
        text.push_str("drift, to be taken or turned down with `cargo insta review`:\n");
    }
    for drift in &results.drift {
        let codes = match drift.codes.len() {
            all if all == results.codes.len() && all > 1 => format!("all {all} codes"),
            _ => drift.codes.join(", "),
        };
        let place = match drift.place.as_str() {
            "" => String::new(),
            place => format!("{place} "),
        };
        let _ =
            writeln!(text, "  {place}expected {}, got {}: in {codes}", drift.reviewed, drift.now);
    }
    for trial in &results.trials {
        if let (Outcome::Known | Outcome::Stale, Some(why)) = (trial.outcome, &trial.why) {
            let _ = writeln!(text, "known on {}: {why}", trial.name);
        }
    }
    for note in &results.notes {
        let _ = writeln!(text, "{note}");
    }
    text
}

/// What was proven, in one line.
#[must_use]
pub fn headline(results: &Results) -> String {
    let selected = |code: &&CodeResult| code.standing != Standing::NotSelected;
    let codes = results.codes.iter().filter(selected).count();
    let noun = if codes == 1 { "code" } else { "codes" };
    let proven = of(results, Standing::Proven).count();
    let mut text = format!("{codes} {noun} on {}: {proven} proven", results.target.url);
    for (standing, what) in [
        (Standing::Broken, "broken"),
        (Standing::Known, "broken as known"),
        (Standing::NotJudged, "not judged"),
        (Standing::NotProvoked, "not provoked"),
    ] {
        let count = of(results, standing).count();
        if count > 0 {
            let _ = write!(text, ", {count} {what} ({})", reasons(of(results, standing)));
        }
    }
    text
}

fn of(results: &Results, standing: Standing) -> impl Iterator<Item = &CodeResult> {
    results.codes.iter().filter(move |code| code.standing == standing)
}

/// Codes with their reasons; the same reason is given once. A known deviation's stands further down.
fn reasons<'a>(codes: impl Iterator<Item = &'a CodeResult>) -> String {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for code in codes {
        let why = code.why.as_deref().filter(|_| code.standing != Standing::Known);
        reasons.entry(why.unwrap_or_default()).or_default().push(&code.code);
    }
    let said = reasons.into_iter().map(|(why, codes)| match why {
        "" => codes.join(", "),
        why => format!("{}: {why}", codes.join(", ")),
    });
    said.collect::<Vec<_>>().join("; ")
}
