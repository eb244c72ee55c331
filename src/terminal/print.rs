//! The one place that prints.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use clap::error::{ContextKind, ContextValue};

use super::exit;
use crate::shown::{redactor::Redactor, text::Shown};

/// A line of the run, on stdout.
pub fn line(text: &Shown) {
    // In one piece, so that no other line gets into it. A closed pipe (`| head`) is no reason to
    // fail: whoever asked has seen enough.
    io::stdout().write_all(format!("{text}\n").as_bytes()).ok();
}

/// Why there is no run, on stderr.
pub fn problem(text: &Shown) {
    io::stderr().write_all(format!("{text}\n").as_bytes()).ok();
}

/// What is wrong with the flags, in one line; or the help that was asked for.
#[must_use = "return it from main"]
pub fn usage(error: &clap::Error, redactor: &Redactor) -> ExitCode {
    if !error.use_stderr() {
        // A closed pipe is no reason to fail: whoever asked has seen enough.
        error.print().ok();
        return ExitCode::from(exit::SUCCESS);
    }
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let known = match error.get(ContextKind::SuggestedArg) {
        Some(ContextValue::String(known)) => format!(", did you mean {known}?"),
        _ => String::new(),
    };
    let said = format!("errproof: {}{known}", first.trim_start_matches("error: "));
    problem(&redactor.line(&said));
    ExitCode::from(exit::USAGE)
}
