//! Whether nextest runs this: each trial is then a process of its own.

use std::env;

/// Whether this is one trial of a run of nextest, which says so in this variable.
pub(crate) fn in_nextest() -> bool {
    env::var("NEXTEST").is_ok_and(|set| set == "1")
}
