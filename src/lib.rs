//! errproof proves that an API's errors are what its docs promise, as a standard `cargo test` run.
//!
//! A *contract* is a folder with what the docs promise: `contract.toml` for the API as a whole, and one
//! file in `scenarios/` for each error code, with the *cases* that provoke it. A *target* is the server
//! to test: an address, and the API keys that the cases need. errproof sends the requests of each case
//! and checks every response; each case is one trial of the test run. Without a target, errproof tests
//! its bundled mock, if `contract.toml` names it: such a run proves errproof and not your server.
//!
//! # Test your server from your own crate
//!
//! Put `contract.toml` and `scenarios/` beside your `Cargo.toml` (`errproof new` writes a contract to
//! start from), and add a test target that brings its own `main`:
//!
//! ```toml
//! [dev-dependencies]
//! errproof = { version = "0.1", default-features = false }
//!
//! [[test]]
//! name = "conformance"
//! harness = false
//! ```
//!
//! This is the whole of `tests/conformance.rs`:
//!
//! ```standalone_crate
//! fn main() -> std::process::ExitCode {
//!     errproof::main()
//! }
//! ```
//!
//! Then name the server: `cargo test -- --target-url https://staging.example.com`. cargo hands these
//! flags to every test binary, and the standard harness refuses flags that it does not know, so set
//! `test = false` on your other test targets or add `--test conformance`. Flags that every Rust test run
//! knows work as well: a filter by name, `--list`, `--skip`, `--test-threads`.
//!
//! # Run a contract from your own code
//!
//! A program that starts servers by itself, or that tests several, reads [`Options`] from flags and runs
//! them. A run takes the contract from `--contract`, or else from the package whose test this is.
//!
//! ```
//! use std::process::ExitCode;
//! use errproof::{Options, exit};
//!
//! // One code, on the bundled mock, since no target is named.
//! let options = Options::from_flags(["revoked_api_key", "--strict"]).expect("these flags exist");
//! assert_eq!(options.run(), ExitCode::from(exit::SUCCESS));
//!
//! // Nothing was tested, so nothing was proven.
//! let options = Options::from_flags(["no_such_code"]).expect("any text is a filter");
//! assert_eq!(options.run(), ExitCode::from(exit::NOTHING));
//! ```
//!
//! # Read the exit code
//!
//! The numbers in [`exit`] never change their meaning. They let a script tell a broken contract from a
//! server that is not there. cargo itself ends with 101 for whatever a test binary ended with; the
//! installed command and your own `main` pass the number on.
//!
//! ```
//! use std::process::ExitCode;
//! use errproof::{Options, exit};
//!
//! fn advice(code: ExitCode) -> &'static str {
//!     let is = |number: u8| code == ExitCode::from(number);
//!     if is(exit::SUCCESS) {
//!         "release"
//!     } else if is(exit::BROKEN) {
//!         "read the report, then mend the server or the docs"
//!     } else if is(exit::UNREACHABLE) {
//!         "start the server, or look at its keys, and try again"
//!     } else if is(exit::NOTHING) {
//!         "set the variables that the output names"
//!     } else {
//!         "read stderr: the flags, the files or the disk"
//!     }
//! }
//!
//! // Port 9 of this machine is the discard service of old: nobody listens there today.
//! let flags = ["--target-url", "http://127.0.0.1:9", "revoked_api_key"];
//! let code = Options::from_flags(flags).expect("these flags exist").run();
//! assert_eq!(advice(code), "start the server, or look at its keys, and try again");
//!
//! // Bad flags give an exit code as well, and one line on stderr.
//! let code = Options::from_flags(["--target-ulr=http://127.0.0.1:9"]).expect_err("it is misspelt");
//! assert_eq!(code, ExitCode::from(exit::USAGE));
//! ```
//!
//! # Features
//!
//! All are on by default. A test of a server needs none of them.
//!
//! | feature | what it adds |
//! |---|---|
//! | `client` | `--client`: tests whether a client retries as the docs say |
//! | `command` | the `errproof` command |
//! | `mock` | the bundled mock: runs without a target, and `errproof serve` |
//! | `page` | `--docs`, `--check-links` and `errproof docs`: the page with the docs |
//!
//! A flag whose feature is off ends the run with [`exit::USAGE`] and names the feature.
//!
//! # What is stable
//!
//! The flags and variables, the exit codes, the formats of the contract's files and of reports, and the
//! ids of checks and trials. `docs/stable.md` in the repository has the whole list.

/// The rooms of errproof, for its own tests, benches and fuzz targets: anything in here may change or go in any
/// release.
#[doc(hidden)]
pub mod internals {
    macro_rules! rooms {
        ($($room:ident)*) => { $(pub mod $room { pub use crate::$room::*; })* };
    }

    rooms! { checks contract exchange report result run server shown source targets terminal }
    #[cfg(feature = "client")]
    rooms! { client }
    #[cfg(feature = "command")]
    rooms! { command limiter }
    #[cfg(feature = "mock")]
    rooms! { mock }
    #[cfg(feature = "page")]
    rooms! { page }
}

mod checks;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "command")]
mod command;
mod contract;
mod exchange;
#[cfg(feature = "command")]
mod limiter;
#[cfg(feature = "mock")]
mod mock;
#[cfg(feature = "page")]
mod page;
mod report;
mod result;
mod run;
mod server;
mod shown;
mod source;
mod targets;
mod terminal;

pub use run::{options::Options, start::main};
pub use terminal::exit;
