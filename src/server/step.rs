//! What can be done after a burst, and what is known when it is decided.

use std::time::Duration;

/// What to do after the bursts that were sent, of which there are three at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// Judge one of them.
    Judge(Which),
    /// Let this much of the key's time pass, and send another one.
    SendAnother(Duration),
    /// Send one request when it is this late by the key's time.
    Ask(Duration),
    /// No burst can be judged: this is why.
    GiveUp(String),
}

/// One of the bursts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    First,
    Second,
    Third,
}

/// One request that was sent after the last burst, to see whether the key is served again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    /// When it left, by the key's time.
    pub(super) sent: Duration,
    /// When its response was there.
    pub(super) answered: Duration,
    /// What became of it.
    pub(super) reply: Reply,
}

/// What became of a request that was sent to see whether the key is served again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    Served,
    Refused,
}

/// A second more than the window is waited for: a server's window begins when the burst arrives, not
/// when it leaves.
pub(super) const ARRIVAL: Duration = Duration::from_secs(1);

/// `Retry-After` is in whole seconds, and some servers add one. Of a window that is shorter than this it
/// does not tell where in it a burst was.
pub(super) const SHORTEST_WINDOW: Duration = Duration::from_secs(8);

/// What the tests of the decisions begin with.
#[cfg(test)]
pub(super) mod examples {
    use std::time::Duration;

    use crate::{checks::rate::Tally, contract::contract_file::Limit};

    pub(in crate::server) const LIMIT: Limit = Limit::of(60, 60);

    /// A burst of 75: how many were admitted, how many seconds it took, and how many seconds those
    /// that were refused are told to wait, at most.
    pub(in crate::server) fn burst(admitted: usize, seconds: u64, told: Option<u64>) -> Tally {
        Tally {
            sent: 75,
            admitted,
            refused: 75 - admitted,
            begin: Duration::ZERO,
            span: Duration::from_secs(seconds),
            told: told.map(Duration::from_secs),
        }
    }
}
