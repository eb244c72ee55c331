//! The one place that prints.

use std::{
    io::{self, ErrorKind, Write as _},
    process::ExitCode,
};

use clap::error::{ContextKind, ContextValue};

use super::exit;
use crate::{
    shown,
    shown::{redactor::Redactor, text::Shown},
};

/// Why a text that was asked for could not be written.
#[derive(Debug)]
#[must_use = "say it on stderr and end with `exit::UNWRITTEN`, or the text is missed by nobody"]
pub struct Unwritten {
    /// What was written, as a person knows it: a file's path, or [`STDOUT`].
    what: String,
    error: io::Error,
}

impl Unwritten {
    /// What could not be written (a file's path, say), and why.
    pub fn new(what: impl Into<String>, error: io::Error) -> Self {
        Self { what: what.into(), error }
    }

    /// Turns a write's outcome into what has to be said of it. A closed pipe (`| head`) is no
    /// reason to fail: whoever asked has seen enough.
    ///
    /// # Errors
    /// If the text could not be written for any other reason.
    pub fn unless_closed(what: &str, written: io::Result<()>) -> Result<(), Self> {
        match written {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Self::new(what, error)),
            _ => Ok(()),
        }
    }
}

impl Unwritten {
    /// What could not be written and why, as the end of a line.
    #[must_use]
    pub fn shown(&self, redactor: &Redactor) -> Shown {
        redactor.line(&format!("failed to write {}: {}", self.what, self.error))
    }
}

/// Prints a line of the run on stdout.
///
/// # Errors
/// If it could not be written, for another reason than that its reader has gone.
pub fn line(text: &Shown) -> Result<(), Unwritten> {
    // In one piece, so that no other line gets into it.
    let mut stdout = io::stdout();
    let written = stdout.write_all(format!("{text}\n").as_bytes()).and_then(|()| stdout.flush());
    Unwritten::unless_closed(STDOUT, written)
}

/// What stdout is called.
pub(super) const STDOUT: &str = "to stdout";

/// Says on stderr why there is no run.
pub fn problem(text: &Shown) {
    // Nobody is left to be told.
    io::stderr().write_all(format!("{text}\n").as_bytes()).ok();
}

/// Says that something could not be written, and gives the exit code for it.
#[must_use = "return it from main"]
pub fn unwritten(why: &Unwritten, redactor: &Redactor) -> ExitCode {
    problem(&shown!["errproof: ", why.shown(redactor)]);
    ExitCode::from(exit::UNWRITTEN)
}

/// Says what is wrong with the flags, in one line; or prints the help that was asked for.
#[must_use = "return it from main"]
pub fn usage(error: &clap::Error, redactor: &Redactor) -> ExitCode {
    if !error.use_stderr() {
        let written = error.print().and_then(|()| io::stdout().flush());
        return match Unwritten::unless_closed(STDOUT, written) {
            Ok(()) => ExitCode::from(exit::SUCCESS),
            Err(why) => unwritten(&why, redactor),
        };
    }
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let said = format!("errproof: {}{}", first.trim_start_matches("error: "), hint(error));
    problem(&redactor.line(&said));
    ExitCode::from(exit::USAGE)
}

/// What clap says below its first line of what could have been meant.
fn hint(error: &clap::Error) -> String {
    let suggested =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    let words = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => vec![word.as_str()],
        Some(ContextValue::Strings(words)) => words.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    };
    if let Some(word) = suggested.into_iter().flat_map(words).next() {
        return format!(", did you mean {word}?");
    }
    match words(ContextKind::ValidValue).join(", ") {
        none if none.is_empty() => none,
        known => format!(", expected one of: {known}"),
    }
}
