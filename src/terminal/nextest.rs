//! Whether nextest runs this: each trial is then a process of its own.

use std::env;

/// What this process carries out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Process {
    /// A whole run.
    Run,
    /// One trial of a run of nextest.
    Trial,
}

impl Process {
    /// What nextest says, in a variable of its own.
    pub(crate) fn of_environment() -> Self {
        if env::var("NEXTEST").is_ok_and(|set| set == "1") { Self::Trial } else { Self::Run }
    }
}
