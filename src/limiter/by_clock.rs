//! What is left to tell when all of the limit comes back at once: whether windows end by the wall clock, begin
//! with a key's first request, or slide.

use std::time::Duration;

use super::{
    replay::{Replay, Told, named, unclear},
    step::{Algorithm, Sent, What},
};
use crate::shown;

/// How a key came back after a burst.
#[derive(Debug, Clone, Copy)]
pub(super) struct Came {
    /// How many the limiter serves at once.
    pub(super) served: u32,
    /// It was refused at this time, or not yet asked ...
    pub(super) after: Duration,
    /// ... and served at this one.
    pub(super) before: Duration,
    /// When the burst was over.
    pub(super) from: Duration,
}

impl Replay<'_> {
    /// Sends the limit just before the next time at which a window has to end if windows end by the clock, and
    /// more than that just after it.
    pub(super) fn ends_by_clock(&mut self, came: Came) -> Told<Algorithm> {
        let numbers = self.numbers;
        let window = numbers.window;
        // Two windows later, so that the one which ends then is not used otherwise.
        let at = (came.after + window * 2).saturating_sub(self.lead());
        let before = self.send(What::BeforeEdge, came.served, at)?;
        whole(before)?;
        let at = came.before + window * 2 + numbers.margin();
        let after = self.send(What::AfterEdge, numbers.beyond(came.served), at)?;
        match part(after, came.served) {
            Part::All => {
                let midst = self.send(What::Midst, 1, after.end() + window / 3)?;
                if !midst.is_served() {
                    return named(Algorithm::FixedByClock);
                }
                Err(unclear(shown![
                    "the limit was served three times within ",
                    midst.end().saturating_sub(before.begin()).as_secs(),
                    " s: the key comes back sooner than the contract says",
                ]))
            }
            Part::Little if came.before < came.from + window => Err(unclear(shown![
                "the key came back ",
                came.before.saturating_sub(came.from).as_secs(),
                " s after the burst, sooner than a window, and no window ends at such times by the clock: the window is shorter than the contract says, or somebody else uses the key",
            ])),
            Part::Little => self.with_first(came, after),
            Part::Between => Err(others(after)),
        }
    }

    /// Sends one, which begins a window if a first request does so, the others just before its end, and more
    /// than the limit just after it. A log still has all but the first.
    fn with_first(&mut self, came: Came, last: &Sent) -> Told<Algorithm> {
        let numbers = self.numbers;
        let asked = came.before.saturating_sub(came.from);
        // It came back later than a window: it counts in longer ones.
        let is_longer = asked > numbers.window + numbers.part() / 2;
        let window = if is_longer { asked } else { numbers.window };
        let one = self.send(What::Opens, 1, last.end() + window + numbers.margin())?;
        whole(one)?;
        let at = one.begin() + numbers.window.saturating_sub(self.lead());
        let rest = self.send(What::BeforeEnd, came.served.saturating_sub(1), at)?;
        whole(rest)?;
        let at = one.end() + window + numbers.margin();
        let after = self.send(What::AfterEnd, numbers.beyond(came.served), at)?;
        match part(after, came.served) {
            Part::All => Ok(Algorithm::FixedFromFirst),
            Part::Little => Ok(Algorithm::SlidingLog),
            Part::Between => Err(others(after)),
        }
    }
}

/// How much of the limit was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    Between,
    Little,
}

fn part(sent: &Sent, full: u32) -> Part {
    match sent.served() {
        most if most * 4 >= full * 3 => Part::All,
        little if little * 4 <= full => Part::Little,
        _ => Part::Between,
    }
}

/// What is served whole by every limiter that has not been used for a window.
fn whole(sent: &Sent) -> Told<()> {
    if sent.is_served() { Ok(()) } else { Err(others(sent)) }
}

fn others(sent: &Sent) -> super::step::Step {
    unclear(shown![
        sent.served(),
        " of ",
        sent.ask.count,
        " requests were served ",
        sent.begin().as_secs(),
        " s after the first, when all or next to none should have been: somebody else uses the key, or another limit is in force as well",
    ])
}
