//! What the experiment asks for, what came back, and what it ends with.

use std::time::Duration;

use crate::shown::text::Shown;

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Send so many requests at once, at a time.
    Send(Ask),
    /// Nothing: this is how it ended.
    Done(Outcome),
}

/// Requests to send with the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// What they are sent for.
    pub what: What,
    /// How many of them at once.
    pub count: u32,
    /// When, by the key's time. If that is over, then now.
    pub at: Duration,
}

/// What requests are sent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// More than the limit: how many are served at once?
    AtOnce,
    /// As many once more, since nobody was refused: is anybody ever?
    More,
    /// One that a bucket has to spare by now.
    Soon,
    /// One that a bucket has to spare by now, whoever took the one before.
    SoonAgain,
    /// More than a bucket has to spare by now, and fewer than a new window has.
    Some,
    /// One of several, each a part of the window later: when does the key come back?
    Each,
    /// More than the limit, now that one was served: has all of it come back?
    Back,
    /// One, after few came back: do they come back one by one?
    Slowly,
    /// The same once more.
    SlowlyAgain,
    /// The limit, just before a window has to end by the clock.
    BeforeEdge,
    /// More than the limit, just after it.
    AfterEdge,
    /// One in the midst of the window that began then.
    Midst,
    /// One that begins a window, if a key's first request does so.
    Opens,
    /// The others of that window, just before its end.
    BeforeEnd,
    /// More than the limit, just after it.
    AfterEnd,
}

/// What was sent, and what came back, in the order in which it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What was asked for.
    pub ask: Ask,
    /// One reply for each request.
    pub replies: Vec<Reply>,
}

/// What came back for one request. Times are the key's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// When the request left.
    pub sent: Duration,
    /// When its response was there.
    pub answered: Duration,
    /// What became of the request.
    pub became: Became,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    /// It was served.
    Served,
    /// The limit refused it, and told to wait so many seconds, if it told any.
    Refused(Option<u64>),
    /// Neither: the response's status.
    Other(u16),
}

impl Sent {
    /// How many were served.
    #[must_use]
    pub fn served(&self) -> u32 {
        let served = self.replies.iter().filter(|reply| reply.became == Became::Served).count();
        u32::try_from(served).unwrap_or(u32::MAX)
    }

    /// Whether all were served.
    #[must_use]
    pub fn is_served(&self) -> bool {
        self.served() == self.ask.count
    }

    /// When the first request left.
    #[must_use]
    pub fn begin(&self) -> Duration {
        self.replies.iter().map(|reply| reply.sent).min().unwrap_or(self.ask.at)
    }

    /// When the last response was there.
    #[must_use]
    pub fn end(&self) -> Duration {
        self.replies.iter().map(|reply| reply.answered).max().unwrap_or(self.ask.at)
    }
}

/// How the experiment ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// With a name.
    Named(Algorithm),
    /// Without one, for this reason.
    Unclear(Shown),
    /// At once: no request was served, and none was refused by the limit. The status of a response.
    NotTaken(u16),
}

/// How a limiter counts, as far as a client can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// In windows that begin with a key's first request.
    FixedFromFirst,
    /// In windows that end by the wall clock. To a client a bucket that is refilled whole once a window is
    /// the same.
    FixedByClock,
    /// What was served within the last window.
    SlidingLog,
    /// What was served in this window, and that part of the one before which the last window reaches into.
    SlidingCounter,
    /// In a bucket that is refilled one by one, as GCRA is to a client.
    Bucket {
        /// How many requests it holds.
        burst: u32,
    },
    /// More than once: this many were served at once, each time.
    Several {
        /// How many were served at once.
        served: u32,
        /// How many counters of the limit that is, if it is a whole number of them.
        counters: Option<u32>,
    },
    /// Not at all, as far as so many requests at once can tell.
    Nothing {
        /// How many were sent, and served.
        sent: u32,
    },
}
