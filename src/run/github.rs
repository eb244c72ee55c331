//! GitHub Actions: the summary goes onto the job's page, and annotations among the lines of the run.

use std::{
    env,
    fs::OpenOptions,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use libtest_mimic::{Arguments, FormatSetting};

use crate::{
    report::{github, markdown},
    result::results::Results,
    shown::{redactor::Redactor, text::Shown},
    terminal::nextest::Process,
};

/// What a job of GitHub Actions is told.
#[derive(Debug)]
pub(super) struct Github {
    /// The file whose text is shown on the job's page.
    summary: Option<PathBuf>,
    /// The checked-out repository: annotations name files from there on.
    workspace: PathBuf,
    /// Whether annotations may stand among the lines of the run.
    annotates: bool,
}

impl Github {
    /// The job that this is, if it is one.
    #[must_use]
    pub(super) fn from_environment(tests: &Arguments, process: Process) -> Option<Self> {
        let set = |name| env::var_os(name).filter(|value| !value.is_empty());
        set("GITHUB_ACTIONS").filter(|value| value == "true")?;
        // In nextest each trial is a process of its own: sixty summaries are none.
        let summary = match process {
            Process::Run => set("GITHUB_STEP_SUMMARY").map(PathBuf::from),
            Process::Trial => None,
        };
        let workspace = set("GITHUB_WORKSPACE").map(PathBuf::from).unwrap_or_default();
        let annotates = tests.format != Some(FormatSetting::Json);
        Some(Self { summary, workspace, annotates })
    }

    /// Adds the summary to what the job's page shows.
    ///
    /// # Errors
    /// The file that cannot be written, and why.
    pub(super) fn write(&self, results: &Results) -> Result<(), (PathBuf, io::Error)> {
        let Some(path) = &self.summary else { return Ok(()) };
        let file = OpenOptions::new().create(true).append(true).open(path);
        let written =
            file.and_then(|mut file| file.write_all(markdown::render(results).as_bytes()));
        written.map_err(|error| (path.clone(), error))
    }

    /// One line for each red trial.
    #[must_use]
    pub(super) fn annotations(
        &self,
        results: &Results,
        root: &Path,
        redactor: &Redactor,
    ) -> Vec<Shown> {
        if !self.annotates {
            return Vec::new();
        }
        let inside = |path: &Path| {
            let path = path.canonicalize().ok()?;
            Some(path.strip_prefix(self.workspace.canonicalize().ok()?).ok()?.to_owned())
        };
        let root = redactor.line(&inside(root).unwrap_or_default().to_string_lossy());
        github::annotations(results, &root)
    }
}
