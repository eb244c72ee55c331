//! The experiment: which requests to send next, and what those before tell of the limiter.
//!
//! It is made for a key that nobody else uses and that has rested. What contradicts that is said and not
//! explained away.

use std::time::Duration;

use super::{
    by_clock::Came,
    numbers::{FEWEST, MOST, Numbers, SHORTEST},
    replay::{Replay, Told, named, unclear},
    step::{Algorithm, Outcome, Sent, Step, What},
};
use crate::shown;

/// What to send after what was sent, or how it ended. Time begins at zero.
#[must_use]
pub fn next(numbers: Numbers, sent: &[Sent]) -> Step {
    if numbers.limit < FEWEST || numbers.window < Duration::from_secs(SHORTEST.into()) {
        return unclear(shown![
            "a limit of ",
            numbers.limit,
            " in ",
            numbers.window.as_secs(),
            " s is too small: it takes ",
            FEWEST,
            " requests in ",
            SHORTEST,
            " s to tell one algorithm from another",
        ]);
    }
    if numbers.limit > MOST {
        return unclear(shown![
            "a limit of ",
            numbers.limit,
            " is too large: errproof sends at most ",
            numbers.beyond(MOST),
            " requests at once",
        ]);
    }
    match Replay::new(numbers, sent).tell() {
        Ok(algorithm) => Step::Done(Outcome::Named(algorithm)),
        Err(step) => step,
    }
}

/// A burst that went past the limit, and what came back soon after it.
pub(super) struct Tried<'a> {
    burst: &'a Sent,
    /// How many were served at once.
    served: u32,
    soon: Soon,
    /// When the last of it was over.
    end: Duration,
}

/// What comes back within six shares of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Soon {
    /// Nothing.
    Nothing,
    /// As much as a bucket gives back.
    Some,
    /// Less than that.
    Less,
    /// All: a window ended, after the first of these times and before the second.
    All(Duration, Duration),
    /// More than the limit was served at once, in one burst after the other.
    Overfull,
}

impl<'a> Replay<'a> {
    fn tell(&mut self) -> Told<Algorithm> {
        let Numbers { limit, .. } = self.numbers;
        let mut before: Option<Tried<'_>> = None;
        let mut at = Duration::ZERO;
        for _ in 0..BURSTS {
            let tried = self.burst(at)?;
            let served = tried.served;
            let was = before.as_ref().map(|before| (before.soon, before.served));
            match (was, tried.soon) {
                // Twice, at two places in the window: no window can have ended just then both times.
                (Some((Soon::Some | Soon::All(..), least)), Soon::Some | Soon::All(..))
                    if served > 0 && served.abs_diff(least) <= (served / 10).max(2) =>
                {
                    return Ok(Algorithm::Bucket { burst: served.min(least) });
                }
                (Some((_, least)), Soon::Overfull | Soon::Nothing)
                    if least > limit
                        && served > limit
                        && (served, Soon::Nothing) != (least, tried.soon) =>
                {
                    return named(several(served.min(least), limit));
                }
                (_, Soon::All(after, before)) if (limit / 2..=limit).contains(&served) => {
                    let came = Came { served, after, before, from: tried.burst.end() };
                    return self.ends_by_clock(came);
                }
                // After a burst that came back bit by bit, this one tells a counter from a bucket.
                (Some((Soon::Some | Soon::Less | Soon::All(..), _)), Soon::Nothing)
                    if served > 0 =>
                {
                    return self.windows(&tried, served.min(limit));
                }
                (_, Soon::Nothing) if served == limit => return self.windows(&tried, limit),
                (Some((Soon::Nothing, same)), Soon::Nothing) if served == same && served > 0 => {
                    return self.windows(&tried, served);
                }
                (_, Soon::Nothing | Soon::Some | Soon::Less | Soon::All(..) | Soon::Overfull) => {}
            }
            at = tried.end + self.numbers.rest();
            before = Some(tried);
        }
        Err(unclear(shown![
            "three bursts do not agree on how many requests are served at once, or on how soon some come back: somebody else uses the key, or another limit is in force as well",
        ]))
    }

    /// Sends a burst past the limit, and looks whether anything comes back soon.
    fn burst(&mut self, at: Duration) -> Told<Tried<'a>> {
        let numbers = self.numbers;
        let times = numbers.beyond(numbers.limit);
        let burst = self.send(What::AtOnce, times, at)?;
        if burst.is_served() {
            return self.flood(burst);
        }
        let (served, over) = (burst.served(), burst.end());
        let soon = numbers.soon();
        let first = self.send(What::Soon, 1, over + soon)?;
        let second = self.send(What::SoonAgain, 1, over + soon * 2)?;
        let singles = first.served() + second.served();
        if singles == 0 {
            return Ok(Tried { burst, served, soon: Soon::Nothing, end: second.end() });
        }
        // What a bucket has to spare now, and what to send so that a new window shows.
        let passed = second.end().saturating_sub(burst.begin()).as_secs_f64();
        let refilled = u32_of(passed / numbers.share().as_secs_f64()).saturating_sub(singles);
        let refilled = refilled.min(served.saturating_sub(1));
        let times = (refilled * 2 + 8).max(numbers.limit / 4).min(served.saturating_sub(2)).max(1);
        let some = self.send(What::Some, times, second.end())?;
        let is_window =
            some.served() >= refilled + (times.saturating_sub(refilled) * 2).div_ceil(3);
        let edge = if first.is_served() {
            (burst.begin(), first.end())
        } else {
            (first.begin(), second.end())
        };
        let is_bucket = singles == 2 && some.served() * 2 >= refilled.min(times);
        let soon = match (is_window, is_bucket) {
            (true, _) => Soon::All(edge.0, edge.1),
            (_, true) => Soon::Some,
            _ => Soon::Less,
        };
        Ok(Tried { burst, served, soon, end: some.end() })
    }

    /// Nobody was refused: sends more at once, until somebody is or there is no more to send.
    fn flood(&mut self, burst: &'a Sent) -> Told<Tried<'a>> {
        let Numbers { limit, .. } = self.numbers;
        let times = burst.ask.count;
        let (mut sent, mut served, mut last) = (times, times, burst);
        for _ in 1..Numbers::BURSTS {
            last = self.send(What::More, times, last.end())?;
            sent += times;
            served += last.served();
            if last.served() == 0 {
                break;
            }
        }
        if served == sent {
            return named(Algorithm::Nothing { sent });
        }
        let end = last.end();
        let passed = end.saturating_sub(burst.begin());
        // The end of a window among them explains twice the limit, and each window that passed once more.
        let windows = passed.as_secs_f64() / self.numbers.window.as_secs_f64();
        if f64::from(served) > f64::from(limit) * (windows + 2.05) {
            return named(several(served, limit));
        }
        if passed > self.numbers.longest_step() {
            return Err(unclear(shown![
                served,
                " of ",
                sent,
                " requests were served within ",
                shown::seconds::seconds(passed.as_secs_f64()),
                ", too long beside a window of ",
                self.numbers.window.as_secs(),
                " s",
            ]));
        }
        Ok(Tried { burst, served, soon: Soon::Overfull, end })
    }

    /// Nothing came back soon: sends one after each part of the window until the key is served, and then more
    /// than the limit. `full` is how many are served at once.
    fn windows(&mut self, tried: &Tried<'a>, full: u32) -> Told<Algorithm> {
        let numbers = self.numbers;
        let (from, part, parts) = (tried.burst.end(), numbers.part(), numbers.parts());
        let mut refused = tried.end;
        let mut back = None;
        // Half a window more, for a limiter that rounds its window up.
        for number in 1..=parts + parts / 2 + 1 {
            let at = from + part * number;
            if at <= tried.end {
                continue;
            }
            let one = self.send(What::Each, 1, at)?;
            if one.is_served() {
                back = Some(one);
                break;
            }
            refused = one.begin();
        }
        let Some(one) = back else {
            return Err(unclear(shown![
                "the key was refused for ",
                refused.saturating_sub(from).as_secs(),
                " s, longer than a window: the window is longer than the contract says, or each request that is refused makes the wait begin anew",
            ]));
        };
        let all = self.send(What::Back, numbers.beyond(full), one.end())?;
        // A counter gives back what one part of the window is worth.
        if all.served() * 3 <= full {
            return self.bit_by_bit(all);
        }
        let came = Came { served: full, after: refused, before: one.end(), from };
        self.ends_by_clock(came)
    }

    /// Few came back after a window: a counter gives them back one by one, and whoever else has taken them
    /// does not.
    fn bit_by_bit(&mut self, all: &Sent) -> Told<Algorithm> {
        let soon = self.numbers.soon();
        let first = self.send(What::Slowly, 1, all.end() + soon)?;
        let second = self.send(What::SlowlyAgain, 1, all.end() + soon * 2)?;
        if first.is_served() && second.is_served() {
            return Ok(Algorithm::SlidingCounter);
        }
        Err(unclear(shown![
            "after a window ",
            all.served(),
            " of ",
            all.ask.count,
            " requests were served at once, and then none: somebody else uses the key, or another limit is in force as well",
        ]))
    }
}

/// How many bursts are sent at most before the experiment gives up: one, one to confirm it, and one for the
/// case that somebody had used the key before the first.
const BURSTS: u32 = 3;

/// More than the limit at once: a whole number of counters, or what is near to none.
fn several(served: u32, limit: u32) -> Algorithm {
    let counters = (served + limit / 2) / limit;
    let is_whole = counters > 1 && served.abs_diff(counters * limit) * 20 <= served;
    Algorithm::Several { served, counters: is_whole.then_some(counters) }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of requests, which is small and positive"
)]
fn u32_of(count: f64) -> u32 {
    count.clamp(0.0, f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_tell_too_little_or_take_too_much_are_not_asked_about() {
        let whether =
            |limit, window| matches!(next(Numbers::new(limit, window), &[]), Step::Send(_));
        let rows = [
            (9, 60, false),
            (10, 60, true),
            (60, 1, false),
            (60, 2, true),
            (8_000, 60, true),
            (8_001, 60, false),
        ];
        for (limit, window, asks) in rows {
            assert_eq!(whether(limit, window), asks, "{limit} in {window} s");
        }
    }

    #[test]
    fn more_than_the_limit_at_once_is_a_whole_number_of_counters_or_none() {
        let rows =
            [(180, Some(3)), (176, Some(3)), (120, Some(2)), (100, None), (61, None), (75, None)];
        for (served, counters) in rows {
            assert_eq!(several(served, 60), Algorithm::Several { served, counters });
        }
    }
}
