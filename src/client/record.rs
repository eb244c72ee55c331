//! What was seen of one run of a client: every attempt, how it ended, what it printed. Plain data,
//! all times since the run began.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use super::rule::Script;
use crate::result::timeline::{AttemptMark, Timeline};
use crate::shown::redactor::Redactor;
use crate::{contract::names::Code, shown::secret::Secret};

/// One run of a client against the mock of one script.
#[derive(Debug, Clone)]
pub struct Record {
    /// The script.
    pub script: Arc<Script>,
    /// The attempts, in the order of their arrival. The first [`MOST_ATTEMPTS`] are kept.
    pub attempts: Vec<Attempt>,
    /// How many more there were.
    pub beyond: usize,
    /// Connections, with and without a request on them.
    pub connections: usize,
    /// How the command ended.
    pub end: CommandEnd,
    /// When it ended.
    pub ended: Duration,
    /// Until when the mock was there for what the command may have left behind.
    pub watched: Duration,
    /// What it printed.
    pub printed: Output,
}

/// The attempts that are kept. No script allows as many, so what follows changes no verdict.
pub const MOST_ATTEMPTS: usize = 64;

/// One request of a client.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// When its head was there.
    pub arrived: Duration,
    /// When it was over: just before the answer left, or when the client had closed the connection.
    pub over: Duration,
    /// Whether it got its answer.
    pub answered: bool,
    /// Method and path.
    pub line: String,
    /// What the contract's carriers held: the header's name and its whole value.
    pub keys: Vec<(String, Secret)>,
    /// The body, up to [`LONGEST_BODY`].
    pub body: Vec<u8>,
    /// How long the body was.
    pub body_bytes: u64,
    /// What it was answered, or would have been.
    pub given: Given,
}

/// How much of a body is kept.
pub const LONGEST_BODY: usize = 1 << 20;

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The status.
    pub status: u16,
    /// The error's code; none for a success.
    pub code: Option<Code>,
    /// `Retry-After`.
    pub retry_after: Option<u32>,
    /// The request id in its envelope.
    pub request_id: String,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandEnd {
    /// By itself, with this exit code.
    Exit(i32),
    /// By a signal that errproof did not send.
    Signal(i32),
    /// It was ended with its children because it had not ended within this time.
    Overran(Duration),
    /// It was ended with its children because it had made more attempts than it may: more of the
    /// same would tell nothing new.
    TooMany,
}

impl fmt::Display for CommandEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(code) => write!(f, "exit {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
            Self::Overran(time) => {
                write!(f, "killed with its child processes after {} s", time.as_secs())
            }
            Self::TooMany => f.write_str("killed with its child processes after too many attempts"),
        }
    }
}

/// What a command printed.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// Whether the key was among it, in whatever form.
    pub key: bool,
    /// The attempts whose request ids were among it.
    pub ids: BTreeSet<usize>,
    /// The end of its stdout.
    pub stdout: String,
    /// The end of its stderr.
    pub stderr: String,
    /// How many bytes, in the middle of very much, were not searched.
    pub unsearched: u64,
}

impl Record {
    /// How many attempts there were.
    #[must_use]
    pub fn count(&self) -> usize {
        self.attempts.len() + self.beyond
    }

    /// The run as points in time.
    #[must_use]
    pub fn timeline(&self, redactor: &Redactor) -> Timeline {
        let steps = self.script.steps.iter().map(Some).chain(std::iter::repeat(None));
        let mark = |(attempt, step): (&Attempt, Option<&super::rule::Step>)| AttemptMark {
            arrived_ms: milliseconds(attempt.arrived),
            over_ms: milliseconds(attempt.over),
            answered: attempt.answered,
            status: attempt.given.status,
            code: attempt.given.code.as_ref().map(|code| redactor.line(code.as_str())),
            retry_after: attempt.given.retry_after,
            request_id: redactor.line(&attempt.given.request_id),
            least_wait_ms: step.and_then(|step| step.wait).map(|wait| milliseconds(wait.least)),
            most_wait_ms: step.and_then(|step| step.wait?.most).map(milliseconds),
        };
        Timeline {
            run: redactor.line(&self.script.name),
            attempts: self.attempts.iter().zip(steps).map(mark).collect(),
            more_attempts: self.beyond,
            ended_ms: milliseconds(self.ended),
            end: redactor.line(&self.end.to_string()),
            watched_ms: milliseconds(self.watched),
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
