//! The `errproof` command.

use std::process::ExitCode;

use clap::Parser;
use errproof::harness::{options::Options, plan, start};

/// Proves that an API's errors are what its docs promise
#[derive(Parser)]
#[command(version)]
enum Command {
    /// Run a contract against a target, or against the bundled mock
    Test(Options),
    /// Print what a run would send, and send nothing
    Plan(Options),
}

fn main() -> ExitCode {
    match Command::try_parse() {
        Ok(Command::Test(options)) => start(Ok(options)),
        Ok(Command::Plan(options)) => plan(Ok(options)),
        Err(error) => start(Err(error)),
    }
}
