//! The bundled API: what the vendor's error page says, as a server to try the harness on.
//!
//! It is written from the page and not from the scenarios, so that each checks the other. [`api`]
//! is a pure state machine over plain requests and a time; [`broken`] breaks one promise of it at a
//! time, [`mutants`] lists them; [`server`] puts it behind HTTP.

pub mod api;
pub mod broken;
mod broken_at;
mod broken_input;
mod envelope_faults;
pub mod error;
pub mod input;
pub mod input_site;
pub mod limiter;
mod more_mutants;
pub mod mutant;
pub mod mutants;
pub mod mutation;
pub mod odd;
mod on;
pub mod point_mutants;
pub mod serve;
pub mod server;
pub mod site;
pub mod turned;
pub mod world;
