//! Where reports go: the folder of `--report-dir`, and what a CI system shows by itself.

use std::{
    collections::HashSet,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use super::{github::Github, options::Options};
use crate::{
    report::{html, json, junit, markdown},
    result::{collected::Keep, results::Results},
    shown,
    shown::{redactor::Redactor, text::Shown},
    source::fault::Fault,
    terminal::{
        nextest::Process,
        print::{self, Unwritten},
    },
};

/// The reports' names.
const NAMES: [&str; 4] = ["report.html", "report.json", "junit.xml", "summary.md"];

/// The file of the request ids of a run, a line each, for the next run: `request-id.again` compares with them.
const REQUEST_IDS: &str = "request-ids.txt";

/// So many are kept. A run on a live server has some hundred.
const MOST_IDS: usize = 100_000;

/// The reports that were asked for.
#[derive(Debug)]
pub struct Reports {
    folder: Option<PathBuf>,
    github: Option<Github>,
    process: Process,
    /// The request ids of the run before.
    before: HashSet<String>,
}

impl Reports {
    /// What the flags and the environment ask for. A folder that cannot be written is found before
    /// anything is sent.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub(super) fn new(options: &Options, process: Process) -> Result<Self, Fault> {
        if options.tests.list {
            return Ok(Self { folder: None, github: None, process, before: HashSet::new() });
        }
        let mut before = HashSet::new();
        if let Some(folder) = &options.report_dir {
            fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
            // Those of an earlier run would be taken for this one's if it writes none.
            let earlier: &[&str] = match process {
                Process::Run => &NAMES,
                Process::Trial => &[],
            };
            if process == Process::Run {
                let ids = fs::read_to_string(folder.join(REQUEST_IDS)).unwrap_or_default();
                before = ids.lines().take(MOST_IDS).map(str::to_owned).collect();
            }
            for name in earlier {
                match fs::remove_file(folder.join(name)) {
                    Err(error) if error.kind() != ErrorKind::NotFound => {
                        return Err(failed(&folder.join(name), &error));
                    }
                    _ => {}
                }
            }
        }
        let github = Github::from_environment(&options.tests, process);
        Ok(Self { folder: options.report_dir.clone(), github, process, before })
    }

    /// Whether green trials are shown as well.
    #[must_use]
    pub fn keep(&self) -> Keep {
        if self.folder.is_some() { Keep::All } else { Keep::Red }
    }

    /// The request ids of the run that wrote into this folder before, if one did.
    #[must_use]
    pub fn request_ids_before(&self) -> &HashSet<String> {
        &self.before
    }

    /// Writes the request ids of this run for the next one.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_request_ids(&self, ids: &[Shown]) -> Result<(), Unwritten> {
        let Some(folder) = self.folder.as_ref().filter(|_| self.process == Process::Run) else {
            return Ok(());
        };
        let path = folder.join(REQUEST_IDS);
        let mut lines: Vec<&str> = ids.iter().map(Shown::as_str).collect();
        lines.sort_unstable();
        lines.truncate(MOST_IDS);
        let written = fs::write(&path, lines.join("\n") + "\n");
        written.map_err(|error| Unwritten::new(path.display().to_string(), error))
    }

    /// Writes them all.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, results: &Results) -> Result<(), Unwritten> {
        let failed = |path: &Path, error| Unwritten::new(path.display().to_string(), error);
        let github = self.github.as_ref().map_or(Ok(()), |github| github.write(results));
        let github = github.map_err(|(path, error)| failed(&path, error));
        let Some(folder) = &self.folder else { return github };
        // Each trial is a process of its own there, and each would write over the other's.
        let folder = match results.trials().next() {
            Some((_, trial)) if self.process == Process::Trial => {
                folder.join(trial.name.as_str().replace("::", "."))
            }
            _ => folder.clone(),
        };
        fs::create_dir_all(&folder).map_err(|error| failed(&folder, error))?;
        let renders = [html::render, json::render, junit::render, markdown::render];
        for (name, render) in NAMES.into_iter().zip(renders) {
            let path = folder.join(name);
            fs::write(&path, render(results)).map_err(|error| failed(&path, error))?;
        }
        github
    }

    /// Where they are, for the end of the run.
    #[must_use]
    pub fn note(&self, redactor: &Redactor) -> Shown {
        match &self.folder {
            Some(folder) if self.process == Process::Run => {
                let page = redactor.line(&folder.join("report.html").to_string_lossy());
                shown!["\nreports: ", page, " (and report.json, junit.xml, summary.md)"]
            }
            _ => Shown::default(),
        }
    }

    /// Prints what the CI system reads among the lines of the run, after all others.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn annotate(
        &self,
        results: &Results,
        root: &Path,
        redactor: &Redactor,
    ) -> Result<(), Unwritten> {
        let github = self.github.iter();
        let mut lines = github.flat_map(|github| github.annotations(results, root, redactor));
        lines.try_for_each(|line| print::line(&line))
    }
}

fn failed(path: &Path, error: &std::io::Error) -> Fault {
    Fault::general(format!("failed to write {}: {error}", path.display()))
}
