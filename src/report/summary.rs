//! The end of a run: what was proven on each side, and drift by its cause.

use crate::{
    result::{
        outcome::Outcome,
        results::{Results, Scope},
        server::{DriftResult, ServerDetails},
    },
    shown,
    shown::text::Shown,
};

/// The last lines of a run.
#[must_use]
pub fn render(results: &Results) -> Shown {
    let mut lines: Vec<Shown> = results.sides.iter().map(|side| side.headline.clone()).collect();
    if results.scope.is_partial() {
        let Scope { selected, all } = results.scope;
        lines.push(shown![
            "a part of the contract: ",
            selected,
            " of ",
            all,
            " trials were selected"
        ]);
    }
    if let Some(server) = &results.server {
        add_drift(&mut lines, server);
    }
    for (_, trial) in results.trials() {
        match (trial.outcome, &trial.why) {
            (Outcome::Known, Some(why)) => lines.push(shown!["known on ", trial.name, ": ", why]),
            (Outcome::Stale, Some(why)) => lines.push(shown![trial.name, ": ", why]),
            _ => {}
        }
    }
    lines.extend(results.sides.iter().flat_map(|side| side.notes.iter().cloned()));
    Shown::joined(&lines, "\n")
}

fn add_drift(lines: &mut Vec<Shown>, server: &ServerDetails) {
    if !server.drift.is_empty() {
        lines.push("drift, to be accepted or rejected with `cargo insta review`:".into());
    }
    for drift in &server.drift {
        let codes = match drift.codes.len() {
            all if all == server.codes.len() && all > 1 => shown!["all ", all, " codes"],
            _ => Shown::joined(&drift.codes, ", "),
        };
        let place = if drift.place.is_empty() { "".into() } else { shown![drift.place, ": "] };
        let DriftResult { reviewed, now, .. } = drift;
        lines.push(shown!["  ", place, "expected ", reviewed, ", got ", now, " (in ", codes, ")"]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::example;

    #[test]
    fn a_run_ends_with_its_headlines_its_drift_its_known_deviations_and_its_notes() {
        insta::assert_snapshot!(render(&example::results()));
    }
}
