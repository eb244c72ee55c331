//! One request and its answer as it was on the wire. Pure data comes out of [`sender`].

use std::{fmt, sync::Arc, time::Duration};

use crate::target::secret::Secret;

pub mod sender;

/// A request, complete to the byte.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method's name.
    pub method: String,
    /// The path, from the target's base URL on.
    pub path: String,
    /// Names and values. Any value may hold a key, so none shows itself.
    pub headers: Vec<(String, Secret)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The value of the first header of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.expose())
    }
}

/// An answer, as far as it came.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names, in lower case, and values, in the order of arrival.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, as far as it came.
    pub body: Vec<u8>,
    /// How the body ended.
    pub ending: Ending,
}

/// How a body ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// As the server said.
    Complete,
    /// The connection broke, or the body was not as long as the server said.
    Broken(String),
    /// It went on past the cap, and was not read further.
    TooLong,
}

impl Answer {
    /// The value of the first header of this name, which is written in lower case here.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let named = self.headers.iter().find(|(known, _)| known == name);
        named.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }

    /// How many headers have this name, which is written in lower case here.
    #[must_use]
    pub fn count(&self, name: &str) -> usize {
        self.headers.iter().filter(|(known, _)| known == name).count()
    }
}

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

/// How long a request may take. Each is a real time, not the key's.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// Until the status and the headers are there.
    pub first_byte: Duration,
    /// Until the body is there, too.
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
