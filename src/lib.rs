//! errproof proves that an API's errors are what its docs promise.
//!
//! The way through it is straight. A [`contract`] (files) and a [`target`] (an address and keys)
//! make the cases of a run; [`exchange`] sends them and gives back what was on the wire;
//! [`checks`], pure functions, turn that into findings; the [`harness`] makes verdicts of them, as
//! the trials of a standard test run; [`report`] shows them. With no target, the bundled [`mock`]
//! is tested: an API of its own, written from the same docs. The contract binds two more: [`client`]
//! tells whether one retries as the docs say, and [`page`] whether the page says what the contract says.
//!
//! A test target of three lines is all it takes:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     errproof::main()
//! }
//! ```
#![doc = ""]

pub mod checks;
pub mod client;
pub mod command;
pub mod contract;
pub mod exchange;
pub mod mock;
pub mod page;
pub mod report;
pub mod result;
pub mod run;
pub mod server;
pub mod shown;
pub mod source;
pub mod targets;
pub mod terminal;

pub use run::start::main;
