//! The end of a run: what was proven, code by code, and drift by its cause.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::result::{
    outcome::{Outcome, Standing},
    results::{CodeResult, DriftResult, Results, Scope, ServerResult},
};

/// The last lines of a run.
#[must_use]
pub fn render(results: &Results) -> String {
    let mut text = headlines(results).join("\n") + "\n";
    if results.scope.is_partial() {
        let Scope { selected, all } = results.scope;
        let _ = writeln!(text, "a part of the contract: {selected} of {all} trials were selected");
    }
    if let Some(server) = &results.server {
        add_server(&mut text, server);
    }
    text
}

fn add_server(text: &mut String, server: &ServerResult) {
    if !server.drift.is_empty() {
        text.push_str("drift, to be taken or turned down with `cargo insta review`:\n");
    }
    for drift in &server.drift {
        let codes = match drift.codes.len() {
            all if all == server.codes.len() && all > 1 => format!("all {all} codes"),
            _ => drift.codes.join(", "),
        };
        let place = match drift.place.as_str() {
            "" => String::new(),
            place => format!("{place} "),
        };
        let DriftResult { reviewed, now, .. } = drift;
        let _ = writeln!(text, "  {place}expected {reviewed}, got {now}: in {codes}");
    }
    for trial in &server.trials {
        if let (Outcome::Known | Outcome::Stale, Some(why)) = (trial.outcome, &trial.why) {
            let _ = writeln!(text, "known on {}: {why}", trial.name);
        }
    }
    for note in &server.notes {
        let _ = writeln!(text, "{note}");
    }
}

/// What was proven, in one line for each side that was tested.
#[must_use]
pub fn headlines(results: &Results) -> Vec<String> {
    let server = results.server.iter().map(headline);
    server.chain(results.sides().map(|side| side.headline.clone())).collect()
}

fn headline(server: &ServerResult) -> String {
    let selected = |code: &&CodeResult| code.standing != Standing::NotSelected;
    let codes = server.codes.iter().filter(selected).count();
    let noun = if codes == 1 { "code" } else { "codes" };
    let proven = of(server, Standing::Proven).count();
    let bundled = if server.target.bundled { "the bundled mock at " } else { "" };
    let url = &server.target.url;
    let mut text = format!("{codes} {noun} on {bundled}{url}: {proven} proven");
    for (standing, what) in [
        (Standing::ProvenWithoutTwin, "proven without their twin"),
        (Standing::Broken, "broken"),
        (Standing::Stale, "listed as known but mended"),
        (Standing::Known, "broken as known"),
        (Standing::NotJudged, "not judged"),
        (Standing::NotProvoked, "not provoked"),
    ] {
        let count = of(server, standing).count();
        if count > 0 {
            let _ = write!(text, ", {count} {what} ({})", reasons(of(server, standing)));
        }
    }
    text
}

fn of(server: &ServerResult, standing: Standing) -> impl Iterator<Item = &CodeResult> {
    server.codes.iter().filter(move |code| code.standing == standing)
}

/// Codes with their reasons; the same reason is given once. A known deviation's stands further down.
fn reasons<'a>(codes: impl Iterator<Item = &'a CodeResult>) -> String {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for code in codes {
        let below = matches!(code.standing, Standing::Known | Standing::Stale);
        let why = code.why.as_deref().filter(|_| !below);
        reasons.entry(why.unwrap_or_default()).or_default().push(&code.code);
    }
    let said = reasons.into_iter().map(|(why, codes)| match why {
        "" => codes.join(", "),
        why => format!("{}: {why}", codes.join(", ")),
    });
    said.collect::<Vec<_>>().join("; ")
}
