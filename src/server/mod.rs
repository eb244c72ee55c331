//! The server's side of the contract: what is sent, how it is judged, and the result.

#[cfg(feature = "mock")]
pub mod bundled;
mod burst;
pub mod collector;
mod common;
pub mod curl;
pub mod details;
pub mod drift;
mod edge;
pub mod headline;
pub mod judge;
pub mod key_use;
mod next;
mod overtaken;
pub mod plan;
pub mod plan_text;
pub mod play;
pub mod played;
pub mod preflight;
pub mod suite;
pub mod twin;

#[cfg(test)]
mod simulated;
#[cfg(test)]
mod simulated_limiter;
