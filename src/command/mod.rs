//! What the `errproof` command can do besides a test run. Each of its words is a file here.

pub mod format;
pub mod limited;
pub mod limits;
pub mod lint;
pub mod new;
#[cfg(feature = "mock")]
pub mod serve;
pub mod words;
