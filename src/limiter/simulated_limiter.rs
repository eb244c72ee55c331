//! Limiters that are simulated, for the tests of the experiment. Time is a number of microseconds, by the wall
//! clock.

use std::collections::VecDeque;

use super::numbers::Numbers;

/// How a limiter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// In windows that begin with a key's first request.
    FromFirst,
    /// In windows that end by the wall clock.
    ByClock,
    /// What was served within the last window.
    Log,
    /// The same, with what was refused.
    LogOfAll,
    /// In a bucket of this size that is refilled one by one.
    Bucket(u64),
    /// By the time at which the next request is due, with a burst of this size.
    Gcra(u64),
    /// In a bucket that is refilled whole at each end of a window by the wall clock.
    RefilledWhole,
    /// In two windows by the wall clock, the one before with the part that the last window reaches into.
    Counter,
    /// In as many counters as there are replicas, each with windows that begin with a request, of which a balancer
    /// takes one after the other.
    Replicas(usize),
    /// Never.
    Nothing,
}

/// A limiter for one key.
#[derive(Debug, Clone)]
pub(super) struct Limiter {
    pub(super) kind: Kind,
    /// How many requests it serves in a window.
    pub(super) serves: u64,
    window: u64,
    /// Each counter's window, and what was served in it.
    counters: Vec<Option<(u64, u64)>>,
    turn: usize,
    /// What was served in the window before.
    before: u64,
    log: VecDeque<u64>,
    /// What was taken out of the bucket, as the time that refills it, and since when.
    taken: (u64, u64),
    due: u64,
}

impl Limiter {
    pub(super) fn new(kind: Kind, numbers: Numbers) -> Self {
        let counters = if let Kind::Replicas(replicas) = kind { replicas } else { 1 };
        Self {
            kind,
            serves: numbers.limit.into(),
            window: u64::try_from(numbers.window.as_micros()).expect("some hours"),
            counters: vec![None; counters],
            turn: 0,
            before: 0,
            log: VecDeque::new(),
            taken: (0, 0),
            due: 0,
        }
    }

    /// Serves a request, or says how long to wait.
    pub(super) fn ask(&mut self, now: u64) -> Result<(), u64> {
        let Self { window, serves, .. } = *self;
        let share = window / serves;
        let edge = now / window * window;
        match self.kind {
            Kind::FromFirst | Kind::Replicas(_) => self.count(now, now),
            Kind::ByClock | Kind::RefilledWhole => self.count(now, edge),
            Kind::Log | Kind::LogOfAll => {
                while self.log.front().is_some_and(|then| then + window <= now) {
                    self.log.pop_front();
                }
                let is_served = (self.log.len() as u64) < serves;
                if is_served || self.kind == Kind::LogOfAll {
                    self.log.push_back(now);
                }
                let first = self.log.front().copied().unwrap_or(now);
                if is_served { Ok(()) } else { Err(first + window - now) }
            }
            Kind::Bucket(size) => {
                let (taken, since) = self.taken;
                let taken = taken.saturating_sub(now - since);
                let is_served = taken + share <= size * share;
                self.taken = (if is_served { taken + share } else { taken }, now);
                if is_served { Ok(()) } else { Err(taken + share - size * share) }
            }
            Kind::Gcra(burst) => {
                let due = self.due.max(now);
                if due + share <= now + burst * share {
                    self.due = due + share;
                    return Ok(());
                }
                Err(due + share - now - burst * share)
            }
            Kind::Counter => {
                let (begin, served) = self.counters[0].unwrap_or((edge, 0));
                let (before, served) = match edge - begin {
                    0 => (self.before, served),
                    one if one == window => (served, 0),
                    _ => (0, 0),
                };
                let weighs = before * (window - (now - edge)) + served * window;
                let is_served = weighs + window <= serves * window;
                self.before = before;
                self.counters[0] = Some((edge, served + u64::from(is_served)));
                if is_served { Ok(()) } else { Err(edge + window - now) }
            }
            Kind::Nothing => Ok(()),
        }
    }

    /// Counts in the window of the counter whose turn it is, or in one that begins now.
    fn count(&mut self, now: u64, begin: u64) -> Result<(), u64> {
        self.turn = (self.turn + 1) % self.counters.len();
        let counter = &mut self.counters[self.turn];
        let (begin, served) =
            counter.filter(|(begin, _)| now < begin + self.window).unwrap_or((begin, 0));
        let is_served = served < self.serves;
        *counter = Some((begin, served + u64::from(is_served)));
        if is_served { Ok(()) } else { Err(begin + self.window - now) }
    }
}
