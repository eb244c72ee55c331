//! One request on its way, and what came back.

use std::{fmt, sync::Arc, time::Duration};

use super::{
    deadlines::Deadlines,
    message::{Answer, Request},
};
use crate::shown::secret::Secret;

/// A request that is ready to go, with what the run has to know of it.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The request.
    pub request: Arc<Request>,
    /// The key in it: whose time it takes and whose limit it uses.
    pub key: Option<Secret>,
    /// How long it may take.
    pub deadlines: Deadlines,
}

/// One request and its answer, with the key's time at both ends.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// What was sent.
    pub request: Arc<Request>,
    /// The key that it carried.
    pub key: Option<Secret>,
    /// What came back.
    pub answer: Answer,
    /// When it was sent.
    pub sent: Duration,
    /// When the answer was there.
    pub answered: Duration,
}

impl Exchange {
    /// How long the answer took.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.answered.saturating_sub(self.sent)
    }
}

/// Why a request has no answer that could be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// No connection.
    Connect(String),
    /// Nothing, or not all of it, in time.
    Deadline(Duration),
    /// The connection broke before the headers were there.
    Broken(String),
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(why) => write!(f, "failed to connect: {why}"),
            Self::Deadline(time) => {
                let seconds = (time.as_secs_f64() * 10.0).round() / 10.0;
                write!(f, "no complete answer within {seconds} s")
            }
            Self::Broken(why) => write!(f, "failed to read an answer: {why}"),
        }
    }
}
