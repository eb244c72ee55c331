//! The clients' side of the contract: does a client retry as the docs tell it to?
//!
//! [`rule`] makes rules and scripts from the contract: which answers a mock gives one after another,
//! and what a client may do after each. For each script, [`server`] is a mock on a port of its own
//! and [`command`] runs the client against it, while [`output`] listens to what it prints. What
//! happened is a [`record`]; [`judge`], pure functions, turns records into findings, and
//! [`trials`] makes trials of a standard test run of it all.

pub mod command;
pub mod group;
pub mod judge;
pub mod output;
pub mod record;
pub mod rule;
pub mod server;
pub mod trials;
