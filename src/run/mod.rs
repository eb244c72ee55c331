//! The run: flags, the three sides, reports, and how it ends.

mod carry_out;
mod conclude;
pub mod dry;
pub mod end;
pub mod folder;
mod github;
pub mod options;
mod parts;
pub mod prepare;
pub mod reports;
pub mod start;
