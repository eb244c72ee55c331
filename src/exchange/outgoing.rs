//! One request on its way, and what came back.

use std::{fmt, sync::Arc, time::Duration};

use serde::Serialize;

use super::{
    blanks::{Blanks, Written},
    deadlines::Deadlines,
    message::{Answer, Request},
};
use crate::{contract::limit::LimitSet, shown::secret::Secret};

/// What a request is sent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It shows that the target is there and takes its key.
    Preflight,
    /// It has to succeed before the case's own.
    First,
    /// It is a step before the case's own.
    Step,
    /// It is a step after the case's own, and cleans up.
    After,
    /// It reads a number before or after the case's own.
    Probe,
    /// It is the case's own, or one of its burst.
    Own,
    /// It is the same with another key, while the burst's is refused.
    OtherKey,
    /// It is another one with the same key, while the burst's is refused.
    Meanwhile,
    /// It is one with the burst's key whose input is refused, and that the limit has to count.
    Mistaken,
    /// It is the case's own once more, after a wait.
    Again,
    /// It is the twin: the case's own without its defect.
    Twin,
}

/// A request that is ready to go, with what the run has to know of it.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The request.
    pub request: Arc<Request>,
    /// What of it is known only when it is sent.
    pub blanks: Blanks,
    /// The key in it: whose time it takes and whose limit it uses.
    pub key: Option<Secret>,
    /// How long it may take.
    pub deadlines: Deadlines,
    /// What it is sent for.
    pub role: Role,
    /// The most credits that it costs if it succeeds.
    pub cost: u32,
    /// The key whose workspace pays then, where that is not the one in it: a spoilt key may be taken for the good one.
    pub payer: Option<Secret>,
    /// The limits that count it.
    pub counted_by: LimitSet,
}

impl Outgoing {
    /// The same request, sent for something else.
    #[must_use]
    pub fn sent_as(&self, role: Role) -> Self {
        Self { role, ..self.clone() }
    }
}

/// One request and its answer, with the key's time at both ends.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// What was sent.
    pub request: Arc<Request>,
    /// The same with blanks for what was known only when it was sent, if anything was.
    pub written: Option<Arc<Written>>,
    /// The key that it carried.
    pub key: Option<Secret>,
    /// What came back.
    pub answer: Answer,
    /// When it was sent.
    pub sent: Duration,
    /// When the answer was there.
    pub answered: Duration,
    /// When that was by this machine's calendar, since the beginning of 1970.
    pub date: Duration,
    /// What it was sent for.
    pub role: Role,
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
