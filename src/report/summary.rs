//! The end of a run: what was proven, code by code, and drift by its cause.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use super::Record;
use crate::{
    checks::Kind,
    harness::{run::Run, verdict::Verdict},
};

/// The last lines of a run.
#[must_use]
pub fn render(run: &Run, records: &[Record]) -> String {
    let mut codes: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    for record in records {
        codes.entry(record.code.as_str()).or_default().push(record);
    }
    let mut broken = Vec::new();
    let mut known = Vec::new();
    let mut unjudged = Vec::new();
    let mut ignored = Vec::new();
    let mut proven = 0;
    for (code, records) in &codes {
        let any =
            |wanted: fn(&Verdict) -> bool| records.iter().any(|record| wanted(&record.verdict));
        if any(|verdict| matches!(verdict, Verdict::Fail)) {
            broken.push(*code);
        } else if any(|verdict| matches!(verdict, Verdict::Known(_) | Verdict::Stale(_))) {
            known.push(*code);
        } else if any(|verdict| matches!(verdict, Verdict::Error(_) | Verdict::Inconclusive(_))) {
            unjudged.push(*code);
        } else if any(|verdict| matches!(verdict, Verdict::Pass)) {
            proven += 1;
        } else {
            ignored.push(*code);
        }
    }
    let noun = if codes.len() == 1 { "code" } else { "codes" };
    let mut text = format!("{} {noun} on {}: {proven} proven", codes.len(), run.target.base_url);
    for (what, codes) in [
        ("broken", broken),
        ("broken as known", known),
        ("not judged", unjudged),
        ("not provoked", ignored),
    ] {
        if !codes.is_empty() {
            let _ = write!(text, ", {} {what} ({})", codes.len(), codes.join(", "));
        }
    }
    text.push('\n');
    add_drift(&mut text, records, codes.len());
    add_known(&mut text, records);
    add_twins(&mut text, records);
    if let Some(note) = run.snapshots.note() {
        let _ = writeln!(text, "{note}");
    }
    text
}

/// Deviations that are known, with the days that are left.
fn add_known(text: &mut String, records: &[Record]) {
    let mut known: BTreeMap<&str, &str> = BTreeMap::new();
    for record in records {
        if let Verdict::Known(what) | Verdict::Stale(what) = &record.verdict {
            known.insert(&record.trial, what);
        }
    }
    for (trial, what) in known {
        let _ = writeln!(text, "known on {trial}: {what}");
    }
}

/// Cases that passed without their twin prove less, and the report says so.
fn add_twins(text: &mut String, records: &[Record]) {
    let mut reasons: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for record in records {
        if let Some(why) = &record.twin_not_asked {
            reasons.entry(why).or_default().insert(record.code.as_str());
        }
    }
    for (why, codes) in reasons {
        let codes: Vec<_> = codes.into_iter().collect();
        let _ = writeln!(
            text,
            "the same request without the defect was not sent for {}: {why}",
            codes.join(", ")
        );
    }
}

/// The same change in many codes has one cause, and is shown once.
fn add_drift(text: &mut String, records: &[Record], run_codes: usize) {
    let mut changes: BTreeMap<(&str, &str, &str), BTreeSet<&str>> = BTreeMap::new();
    for record in records {
        for finding in record.findings.iter().filter(|finding| finding.kind == Kind::Drift) {
            let change = &finding.mismatch;
            let change = (change.place.as_str(), change.expected.as_str(), change.actual.as_str());
            changes.entry(change).or_default().insert(record.code.as_str());
        }
    }
    if changes.is_empty() {
        return;
    }
    let _ = writeln!(text, "drift, to be taken or turned down with `cargo insta review`:");
    for ((place, expected, actual), codes) in changes {
        let codes = match codes.len() {
            all if all == run_codes && all > 1 => format!("all {all} codes"),
            _ => codes.into_iter().collect::<Vec<_>>().join(", "),
        };
        let place = if place.is_empty() { String::new() } else { format!("{place} ") };
        let _ = writeln!(text, "  {place}expected {expected}, got {actual}: in {codes}");
    }
}
