//! The `errproof` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    errproof::command::words::main()
}
