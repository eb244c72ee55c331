//! GitHub Actions: each cause that red trials share becomes an annotation, and each red trial with something
//! of its own, on its case's line.

use crate::{
    result::{
        cause::SharedCause,
        finding::Finding,
        repeat::{FirstShown, Shows},
        results::Results,
        trial::TrialResult,
    },
    shown,
    shown::text::Shown,
};

/// GitHub shows ten errors of a step, and drops the rest without a word.
/// <https://docs.github.com/en/actions/reference/limits>
const ANNOTATIONS: usize = 10;

/// One line for each shared cause, and one for each red trial with anything else. `root` is where the
/// contract is in the checked-out repository.
#[must_use]
pub fn annotations(results: &Results, root: &Shown) -> Vec<Shown> {
    let causes = results.causes.iter().map(|cause| of_cause(results, cause, root));
    let mut first = FirstShown::default();
    let trials = results.red();
    let trials = trials.filter_map(|(_, trial)| of_trial(results, trial, &first.note(trial), root));
    causes.chain(trials).take(ANNOTATIONS).collect()
}

/// It is on the line of the first trial.
fn of_cause(results: &Results, cause: &SharedCause, root: &Shown) -> Shown {
    let is_first = |trial: &TrialResult| trial.side == cause.side && trial.name == cause.first;
    let first = results.red().find(|(_, trial)| is_first(trial));
    let place = first.map(|(_, trial)| place(trial, root)).unwrap_or_default();
    let title = shown![cause.check.as_str(), " on ", cause.weight()];
    annotation(&place, &title, &[cause.sentence(), shown!["first at ", cause.first]])
}

/// What a trial has of its own, if it has anything. Drift that several trials have is on the first.
fn of_trial(results: &Results, trial: &TrialResult, shows: &Shows, root: &Shown) -> Option<Shown> {
    let Shows::News(news) = shows else { return None };
    let is_own =
        |finding: &&Finding| !results.is_shared(trial.side, finding) && news.is_new(finding);
    let findings = trial.findings.iter().filter(is_own);
    let findings = findings.map(|finding| shown![finding.check.as_str(), ": ", finding.sentence()]);
    let lines: Vec<Shown> = trial.why.iter().cloned().chain(findings).collect();
    let is_told = lines.is_empty() && !trial.findings.is_empty();
    (!is_told).then(|| annotation(&place(trial, root), &trial.name, &lines))
}

/// A client's command and a page have no line in the repository.
fn place(trial: &TrialResult, root: &Shown) -> Shown {
    match (&trial.file, trial.line) {
        (Some(file), Some(line)) => {
            let between = if root.is_empty() { "" } else { "/" };
            shown!["file=", shown![root, between, file].escaped(property), ",line=", line, ","]
        }
        _ => Shown::default(),
    }
}

fn annotation(place: &Shown, title: &Shown, lines: &[Shown]) -> Shown {
    let title = title.escaped(property);
    shown!["::error ", place, "title=", title, "::", Shown::joined(lines, "\n").escaped(data)]
}

/// The text of a command, in which these characters have a meaning.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::example;

    #[test]
    fn what_a_server_says_cannot_end_a_command_or_begin_another() {
        assert_eq!(data("100%\r\n::error::x"), "100%25%0D%0A::error::x");
        assert_eq!(property("a::b,line=1"), "a%3A%3Ab%2Cline=1");
    }

    #[test]
    fn each_cause_and_each_red_trial_is_an_annotation_with_its_line_where_it_has_one() {
        let lines = annotations(&example::results(), &"api/contract".into());
        insta::assert_snapshot!(Shown::joined(&lines, "\n"));
    }
}
