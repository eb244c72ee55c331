//! The `errproof` command.

use std::process::ExitCode;

use clap::Parser;
use errproof::{command::words::Command, terminal::print};

fn main() -> ExitCode {
    match Command::try_parse() {
        Ok(command) => command.run(),
        Err(error) => print::usage(&error),
    }
}
