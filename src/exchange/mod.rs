//! One request and its answer as it was on the wire: [`sender`] gets it there, by a key's own
//! [`clock`] and under its limit ([`pacing`]).

pub mod blanks;
pub(crate) mod capped;
pub(crate) mod cause;
pub mod clock;
pub mod deadlines;
pub(crate) mod locked;
pub mod message;
pub mod outgoing;
pub mod pacing;
pub mod sender;
pub mod signing;
pub mod sigv4;
pub mod traffic;
