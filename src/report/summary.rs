//! The end of a run: what was proven on each side, and what several trials have in common, each once.

use crate::{
    result::{
        cause::LISTED,
        outcome::Outcome,
        repeat::FirstShown,
        results::{Results, Scope},
        server::ServerDetails,
    },
    shown,
    shown::{seconds::seconds, text::Shown},
};

/// What stands above advice.
pub(super) const ADVICE: &str =
    "advice, which no page promised and fails nothing (`--deny advice` makes it fail):";

/// The last lines of a run. `first` are the trials that showed each cause in full.
#[must_use]
pub fn render(results: &Results, first: &FirstShown) -> Shown {
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
    // On the bundled mock both say nothing: no limit is waited for.
    if let Some(server) = results.server.as_ref().filter(|server| !server.target.bundled) {
        lines.push(shown![server.sent(), "; ", seconds(results.seconds)]);
    }
    add_causes(&mut lines, results, first);
    if let Some(server) = &results.server {
        add_drift(&mut lines, server);
    }
    add_advice(&mut lines, results);
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

fn add_causes(lines: &mut Vec<Shown>, results: &Results, first: &FirstShown) {
    if !results.causes.is_empty() {
        lines.push("causes that several trials share:".into());
    }
    for cause in results.causes.iter().take(LISTED) {
        let first = first.trial(cause.side, &cause.cause()).unwrap_or(&cause.first);
        lines.push(shown!["  ", cause.line(first)]);
    }
    if let Some(more @ 1..) = results.causes.len().checked_sub(LISTED) {
        lines.push(shown!["  and ", more, " more"]);
    }
}

fn add_advice(lines: &mut Vec<Shown>, results: &Results) {
    let advice: Vec<_> = results.sides.iter().flat_map(|side| &side.advice).collect();
    if !advice.is_empty() {
        lines.push(ADVICE.into());
    }
    for cause in advice.iter().take(LISTED) {
        lines.push(shown!["  ", cause.line(&cause.first)]);
    }
    if let Some(more @ 1..) = advice.len().checked_sub(LISTED) {
        lines.push(shown!["  and ", more, " more"]);
    }
}

fn add_drift(lines: &mut Vec<Shown>, server: &ServerDetails) {
    if !server.drift.is_empty() {
        lines.push("drift, to be accepted or rejected with `cargo insta review`:".into());
    }
    for drift in &server.drift {
        lines.push(shown!["  ", drift.sentence(), " (in ", drift.on(server.codes.len()), ")"]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::{example, trial::TrialResult};

    #[test]
    fn a_cause_is_first_where_the_run_showed_it_and_a_long_list_ends() {
        let mut results = example::results();
        let cause = results.causes[0].clone();
        let of_cause = |trial: &&TrialResult| {
            trial.findings.iter().any(|finding| cause.is_of(trial.side, finding))
        };
        let trials: Vec<_> = results.trials().map(|(_, trial)| trial).filter(of_cause).collect();
        let mut first = FirstShown::default();
        trials.iter().rev().for_each(|trial| drop(first.note(trial)));
        let last = shown!["first at ", trials.last().expect("two trials").name];
        assert!(render(&results, &first).as_str().contains(last.as_str()));
        results.causes = vec![cause; LISTED + 2];
        assert!(render(&results, &first).as_str().contains("\n  and 2 more\n"));
    }

    #[test]
    fn a_run_ends_with_its_headlines_its_drift_its_known_deviations_and_its_notes() {
        let results = example::results();
        insta::assert_snapshot!(render(&results, &FirstShown::default()));
    }
}
