//! The one place that prints.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "everything that is printed goes through here"
)]

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};

use crate::harness::exit;

/// A line of the run, on stdout.
pub fn line(text: &str) {
    println!("{text}");
}

/// Why there is no run, on stderr.
pub fn problem(text: &str) {
    eprintln!("{text}");
}

/// What is wrong with the flags, in one line; or the help that was asked for.
#[must_use = "return it from main"]
pub fn usage(error: &clap::Error) -> ExitCode {
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
    problem(&format!("errproof: {}{known}", first.trim_start_matches("error: ")));
    ExitCode::from(exit::USAGE)
}
