//! GitHub Actions: each red trial becomes an annotation on its case's line.

use crate::{
    result::{results::Results, trial::TrialResult},
    shown,
    shown::text::Shown,
};

/// GitHub shows ten errors of a step, and drops the rest without a word.
/// <https://docs.github.com/en/actions/reference/limits>
const ANNOTATIONS: usize = 10;

/// One line for each red trial. `root` is where the contract is in the checked-out repository.
#[must_use]
pub fn annotations(results: &Results, root: &Shown) -> Vec<Shown> {
    results.red().map(|(_, trial)| annotation(trial, root)).take(ANNOTATIONS).collect()
}

/// A client's command and a page have no line in the repository.
fn annotation(trial: &TrialResult, root: &Shown) -> Shown {
    let findings = trial
        .findings
        .iter()
        .map(|finding| shown![finding.check.as_str(), ": ", finding.sentence()]);
    let lines: Vec<Shown> = trial.why.iter().cloned().chain(findings).collect();
    let place = match (&trial.file, trial.line) {
        (Some(file), Some(line)) => {
            let between = if root.is_empty() { "" } else { "/" };
            shown!["file=", shown![root, between, file].escaped(property), ",line=", line, ","]
        }
        _ => Shown::default(),
    };
    let title = trial.name.escaped(property);
    shown!["::error ", place, "title=", title, "::", Shown::joined(&lines, "\n").escaped(data)]
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
    fn each_red_trial_is_an_annotation_with_its_line_where_it_has_one() {
        let lines = annotations(&example::results(), &"api/contract".into());
        insta::assert_snapshot!(Shown::joined(&lines, "\n"));
    }
}
