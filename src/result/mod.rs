//! What a run came to: one set of types for all three sides, and for every report. Its texts are all
//! [`crate::shown::text::Shown`], so whoever formats them has neither keys nor control codes to think of.

pub mod advised;
pub mod cause;
pub mod collected;
pub mod evidence;
#[cfg(test)]
pub(crate) mod example;
pub mod finding;
pub mod outcome;
pub mod repeat;
pub mod results;
pub mod server;
pub mod side;
pub mod side_name;
pub mod standing;
pub mod timeline;
pub mod trial;
pub mod unproven;
pub mod verdict;
