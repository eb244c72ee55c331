//! What a run came to: one set of types for all three sides, and for every report.

pub mod evidence;
pub mod outcome;
pub mod results;
pub mod standing;
pub mod timeline;
pub mod unproven;
pub mod verdict;
