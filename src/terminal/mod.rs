//! The one place that prints, colour, exit codes, and word of what takes long.

pub mod activity;
pub mod exit;
pub(crate) mod harness;
pub mod nextest;
pub mod paint;
pub mod print;
