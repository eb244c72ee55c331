//! The experiment reads as one story although it can be left and taken up at any point: it is told from the
//! beginning each time, and what was sent before is looked up instead of sent.

use std::{slice::Iter, time::Duration};

use super::{
    numbers::Numbers,
    step::{Algorithm, Ask, Became, Outcome, Sent, Step, What},
};
use crate::{shown, shown::text::Shown};

/// What was sent, as far as the story has come.
pub(super) struct Replay<'a> {
    pub(super) numbers: Numbers,
    left: Iter<'a, Sent>,
    first: Option<&'a Sent>,
    /// The longest that a step has taken from its first departure to its last arrival.
    longest: Duration,
}

/// The end of the story, or where it stops for now.
pub(super) type Told<T> = Result<T, Step>;

impl<'a> Replay<'a> {
    pub(super) fn new(numbers: Numbers, sent: &'a [Sent]) -> Self {
        Self { numbers, left: sent.iter(), first: sent.first(), longest: Duration::ZERO }
    }

    /// Sends requests, or looks up their responses.
    ///
    /// # Errors
    /// If they were not sent yet, or if what came back tells nothing of a limit.
    pub(super) fn send(&mut self, what: What, count: u32, at: Duration) -> Told<&'a Sent> {
        let Some(sent) = self.left.next() else {
            return Err(Step::Send(Ask { what, count, at }));
        };
        let others = sent.replies.iter().filter_map(|reply| match reply.became {
            Became::Other(status) => Some(status),
            Became::Served | Became::Refused(_) => None,
        });
        let others: Vec<u16> = others.collect();
        let took = sent.end().saturating_sub(sent.begin());
        self.longest = self.longest.max(took);
        let longest = self.numbers.longest_step();
        match others[..] {
            [status, ..] if others.len() == sent.replies.len() && self.is_first(sent) => {
                Err(Step::Done(Outcome::NotTaken(status)))
            }
            [status, ..] => Err(unclear(shown![
                others.len(),
                " of ",
                sent.replies.len(),
                " responses at once were neither a success nor a refusal by the rate limit (",
                status,
                ")",
            ])),
            [] if took > longest => Err(unclear(shown![
                "the responses to ",
                count,
                " requests at once took ",
                shown::seconds::seconds(took.as_secs_f64()),
                ", too long beside a window of ",
                self.numbers.window.as_secs(),
                " s",
            ])),
            [] => Ok(sent),
        }
    }

    fn is_first(&self, sent: &Sent) -> bool {
        self.first.is_some_and(|first| std::ptr::eq(first, sent))
    }

    /// How long before an edge requests leave that have to arrive before it, as slow as they have been.
    pub(super) fn lead(&self) -> Duration {
        self.numbers.margin() + self.longest * 2
    }
}

pub(super) fn named<T>(algorithm: Algorithm) -> Told<T> {
    Err(Step::Done(Outcome::Named(algorithm)))
}

pub(super) fn unclear(why: Shown) -> Step {
    Step::Done(Outcome::Unclear(why))
}
