//! GitHub Actions: the summary goes onto the job's page, and each red trial becomes an annotation on
//! its case's line.

use std::{
    env,
    fs::OpenOptions,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use libtest_mimic::{Arguments, FormatSetting};

use crate::{
    result::{results::Results, trial::TrialResult},
    shown,
    shown::{redactor::Redactor, text::Shown},
};

use super::markdown;

/// What a job of GitHub Actions is told.
#[derive(Debug)]
pub struct Github {
    /// The file whose text is shown on the job's page.
    summary: Option<PathBuf>,
    /// The checked-out repository: annotations name files from there on.
    workspace: PathBuf,
    /// Whether annotations may stand among the lines of the run.
    annotates: bool,
}

/// GitHub shows ten errors of a step, and drops the rest without a word.
/// <https://docs.github.com/en/actions/reference/limits>
const ANNOTATIONS: usize = 10;

impl Github {
    /// The job that this is, if it is one.
    #[must_use]
    pub fn from_environment(tests: &Arguments, in_nextest: bool) -> Option<Self> {
        let set = |name| env::var_os(name).filter(|value| !value.is_empty());
        set("GITHUB_ACTIONS").filter(|value| value == "true")?;
        // In nextest each trial is a process of its own: sixty summaries are none.
        let summary = set("GITHUB_STEP_SUMMARY").map(PathBuf::from).filter(|_| !in_nextest);
        let workspace = set("GITHUB_WORKSPACE").map(PathBuf::from).unwrap_or_default();
        let annotates = tests.format != Some(FormatSetting::Json);
        Some(Self { summary, workspace, annotates })
    }

    /// Adds the summary to what the job's page shows.
    ///
    /// # Errors
    /// The file that cannot be written, and why.
    pub fn write(&self, results: &Results) -> Result<(), (PathBuf, io::Error)> {
        let Some(path) = &self.summary else { return Ok(()) };
        let file = OpenOptions::new().create(true).append(true).open(path);
        let written =
            file.and_then(|mut file| file.write_all(markdown::render(results).as_bytes()));
        written.map_err(|error| (path.clone(), error))
    }

    /// One line for each red trial.
    #[must_use]
    pub fn annotations(&self, results: &Results, root: &Path, redactor: &Redactor) -> Vec<Shown> {
        if !self.annotates {
            return Vec::new();
        }
        let inside = |path: &Path| {
            let path = path.canonicalize().ok()?;
            Some(path.strip_prefix(self.workspace.canonicalize().ok()?).ok()?.to_owned())
        };
        let root = redactor.line(&inside(root).unwrap_or_default().to_string_lossy());
        results.red().map(|(_, trial)| annotation(trial, &root)).take(ANNOTATIONS).collect()
    }
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

    #[test]
    fn what_a_server_says_cannot_end_a_command_or_begin_another() {
        assert_eq!(data("100%\r\n::error::x"), "100%25%0D%0A::error::x");
        assert_eq!(property("a::b,line=1"), "a%3A%3Ab%2Cline=1");
    }
}
