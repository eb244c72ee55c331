//! The `errproof` command.

use std::process::ExitCode;

use clap::Parser;
use errproof::harness::{options::Options, start};

/// Proves that an API's errors are what its docs promise
#[derive(Parser)]
#[command(version)]
enum Command {
    /// Run a contract against a target, or against the bundled mock
    Test(Options),
}

fn main() -> ExitCode {
    start(Command::try_parse().map(|Command::Test(options)| options))
}
