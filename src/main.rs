//! The `errproof` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    errproof::internals::command::words::main()
}
