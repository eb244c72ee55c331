//! Limiters that are simulated, for the tests of what is decided of a burst. Time is a number here.

use crate::contract::contract_file::Limit;

/// How a limiter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// In windows that begin with a request.
    FromFirst,
    /// In windows that begin by the wall clock.
    WallClock,
    /// What was admitted within the last window.
    Log,
    /// In a bucket that is refilled as time passes.
    Bucket,
    /// By the time at which the next request is due (GCRA).
    Gcra,
    /// In windows that begin by the wall clock, with that part of the window before which lies within the
    /// last window (a sliding window counter).
    Counter,
}

pub(super) const KINDS: [Kind; 6] =
    [Kind::FromFirst, Kind::WallClock, Kind::Log, Kind::Bucket, Kind::Gcra, Kind::Counter];

/// What a limiter tells to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tells {
    /// What is left, in whole seconds.
    Left,
    /// The whole window, always.
    Window,
    /// Nothing.
    Nothing,
    /// Half of what is left.
    Half,
    /// One second, always.
    One,
}

/// A limiter. Times are in microseconds.
#[derive(Debug, Clone)]
pub(super) struct Limiter {
    pub(super) kind: Kind,
    /// How many requests it admits in a window, whatever is promised.
    pub(super) admits: u64,
    pub(super) window: u64,
    /// How many more it admits before it has refused one: a race that is lost once.
    pub(super) race: u64,
    pub(super) tells: Tells,
    /// What it adds to the seconds that it tells to wait.
    pub(super) adds: u64,
    /// When the window began, and what was admitted in it.
    counted: Option<(u64, u64)>,
    /// What was admitted in the window before.
    before: u64,
    /// When requests were admitted.
    log: Vec<u64>,
    /// What was taken out of the bucket and is not yet refilled, as the time which that takes, and since when;
    /// both times as many as are admitted in a window.
    taken: (u64, u64),
    /// The time at which all that was admitted is over, times as many as are admitted in a window.
    due: u64,
}

impl Limiter {
    pub(super) fn new(kind: Kind, admits: u64, limit: &Limit) -> Self {
        let window = u64::from(limit.window_seconds) * 1_000_000;
        let (counted, log, taken) = (None, Vec::new(), (0, 0));
        let tells = Tells::Left;
        Self {
            kind,
            admits,
            window,
            race: 0,
            tells,
            adds: 0,
            counted,
            before: 0,
            log,
            taken,
            due: 0,
        }
    }

    /// Like `ask`, and what is told: seconds.
    pub(super) fn told(&mut self, now: u64) -> Result<(), Option<u64>> {
        self.ask(now).map_err(|wait| {
            let seconds = match self.tells {
                Tells::Left => wait.div_ceil(1_000_000),
                Tells::Window => self.window / 1_000_000,
                Tells::Half => (wait / 2).div_ceil(1_000_000),
                Tells::One => 1,
                Tells::Nothing => return None,
            };
            Some(seconds + self.adds)
        })
    }

    /// Admits a request or says how long to wait.
    pub(super) fn ask(&mut self, now: u64) -> Result<(), u64> {
        let Self { window, admits, .. } = *self;
        let wait = match self.kind {
            Kind::FromFirst | Kind::WallClock => {
                let begin = if self.kind == Kind::WallClock { now / window * window } else { now };
                let (begin, admitted) =
                    self.counted.filter(|(begin, _)| now < begin + window).unwrap_or((begin, 0));
                let is_admitted = admitted < admits + self.race;
                self.counted = Some((begin, admitted + u64::from(is_admitted)));
                if is_admitted { 0 } else { begin + window - now }
            }
            Kind::Log => {
                self.log.retain(|admitted| now < admitted + window);
                let count = self.log.len() as u64;
                if count < admits + self.race {
                    self.log.push(now);
                    0
                } else {
                    // Until enough of them are over for one more.
                    let over = usize::try_from(count - admits).expect("a few");
                    self.log[over] + window - now
                }
            }
            Kind::Bucket => {
                let (taken, since) = self.taken;
                let taken = taken.saturating_sub((now - since) * admits);
                let is_admitted = taken + window <= (admits + self.race) * window;
                self.taken = (if is_admitted { taken + window } else { taken }, now);
                let too_much = (taken + window).saturating_sub(admits * window);
                if is_admitted { 0 } else { too_much.div_ceil(admits) }
            }
            Kind::Counter => {
                let begin = now / window * window;
                let (counted, admitted) = self.counted.unwrap_or((begin, 0));
                let (before, admitted) = match begin - counted {
                    0 => (self.before, admitted),
                    one if one == window => (admitted, 0),
                    _ => (0, 0),
                };
                let weighs = |within: u64| before * (window - within) + admitted * window;
                let is_admitted = weighs(now - begin) + window <= (admits + self.race) * window;
                self.before = before;
                self.counted = Some((begin, admitted + u64::from(is_admitted)));
                // How far in a window there is room for one, after so many in the one before and in it.
                let room = |before: u64, admitted: u64| {
                    let free = (admits - admitted - 1) * window;
                    window.saturating_sub(free.checked_div(before).unwrap_or(window))
                };
                match (is_admitted, admitted < admits) {
                    (true, _) => 0,
                    (_, true) => begin + room(before, admitted) - now,
                    _ => begin + window + room(admitted, 0) - now,
                }
            }
            Kind::Gcra => {
                let due = self.due.max(now * admits);
                let allowed = now * admits + (admits + self.race) * window;
                if due + window <= allowed {
                    self.due = due + window;
                    0
                } else {
                    (due + window - now * admits - admits * window).div_ceil(admits)
                }
            }
        };
        if wait == 0 {
            return Ok(());
        }
        self.race = 0;
        Err(wait)
    }
}
