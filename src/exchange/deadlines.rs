//! How long a request may take.

use std::time::Duration;

/// How long an answer's `Retry-After` is waited out where nobody says otherwise: five windows of the
/// usual minute. A limiter that adds a penalty to its window is waited for, and one that locks a key
/// for hours does not hold up a run.
pub const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// How long a request may take. Each is a real time, not the key's.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// Until the status and the headers are there.
    pub first_byte: Duration,
    /// Until the body is there as well.
    pub whole: Duration,
}

impl Deadlines {
    /// For an answer that the server should have at once. Gateways give up after 30 to 60 seconds,
    /// and their answer is worth seeing.
    pub const ORDINARY: Self = Self::within(Duration::from_secs(80));

    /// For an answer that the server should have at once, where a person says what that means. The
    /// head gets 13/16 of it: of 80 seconds 65, a little more than the slowest gateway takes.
    #[must_use]
    pub const fn within(whole: Duration) -> Self {
        Self { first_byte: whole.saturating_mul(13).checked_div(16).expect("16 is not 0"), whole }
    }

    /// For an answer that may take this long by the docs.
    #[must_use]
    pub fn up_to(time: Duration) -> Self {
        Self { first_byte: time + Duration::from_secs(15), whole: time + Duration::from_secs(30) }
    }
}
