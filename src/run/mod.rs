//! The run: flags, the three sides, reports, and how it ends.

mod conclude;
pub mod dry;
pub mod end;
pub mod folder;
pub mod options;
mod prepare;
pub mod reports;
pub mod start;
