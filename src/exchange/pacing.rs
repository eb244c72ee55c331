//! Keeps every key under the documented limit, so that the harness never trips it by accident.

use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
    time::Duration,
};

use super::{clock::Clock, locked::Locked as _};
use crate::{contract::contract_file::Limit, shown::secret::Secret};

/// A limit as it is kept.
#[derive(Debug)]
pub(crate) struct Paced {
    most: usize,
    window: Duration,
}

/// When each key was used last, within one window.
#[derive(Debug)]
pub struct Pacer {
    limit: Option<Paced>,
    used: Mutex<HashMap<Secret, Uses>>,
}

/// When one key was used, within the last two windows.
#[derive(Debug, Default)]
pub(crate) struct Uses(VecDeque<Duration>);

impl Pacer {
    /// A pacer for a limit; without one nobody waits.
    #[must_use]
    pub fn new(limit: Option<&Limit>) -> Self {
        Self { limit: limit.map(Paced::of), used: Mutex::default() }
    }

    /// Waits until a key may be used once more, and counts that use.
    pub async fn turn(&self, clock: &Clock, key: &Secret) {
        while let Some(time) = self.claim(clock.now(Some(key)), key) {
            clock.wait(Some(key), time).await;
        }
    }

    /// Counts a use, or says how long to wait before it is asked for again.
    fn claim(&self, now: Duration, key: &Secret) -> Option<Duration> {
        let paced = self.limit.as_ref()?;
        let mut used = self.used.locked();
        paced.claim(used.entry(key.clone()).or_default(), now)
    }
}

impl Paced {
    /// A limit as it is kept. A twentieth of it stays free: the server counts arrivals, not departures, and whoever else
    /// uses the key needs some room.
    pub(crate) fn of(limit: &Limit) -> Self {
        Self {
            most: usize::try_from(limit.requests - limit.requests / 20).unwrap_or(usize::MAX),
            // One second more than the window, for the same reason.
            window: Duration::from_secs(u64::from(limit.window_seconds) + 1),
        }
    }

    /// Counts a use of a key, or says how long to wait before it is asked for again.
    pub(crate) fn claim(&self, Uses(times): &mut Uses, now: Duration) -> Option<Duration> {
        while times.front().is_some_and(|first| now >= *first + self.window * 2) {
            times.pop_front();
        }
        let wait = self.wait(times.make_contiguous(), now);
        if wait.is_none() {
            times.push_back(now);
        }
        wait
    }

    /// How long a key that was used at these times has to wait, if it may not be used once more at `now`.
    ///
    /// Nobody knows where the server's windows end, and the strictest limiter that keeps to "so many a minute" counts
    /// the requests of the window before as well, by how much of it lies within the last minute (a sliding window
    /// counter): after 57 requests at once and a minute's wait it serves one a second. So wherever a window may have
    /// ended, one more request has to be within the limit.
    fn wait(&self, times: &[Duration], now: Duration) -> Option<Duration> {
        let (count, most, window) = (times.len(), self.most.saturating_sub(1), self.window);
        // What is within the limit if all of it counts is so wherever a window ended, and that is nearly always so.
        let surplus = count.checked_sub(most).filter(|surplus| *surplus > 0)?;
        let mut due = times[surplus - 1] + window + Duration::from_nanos(1);
        let mut ended = |end: Duration, before: usize, after: usize| {
            due = due.max(end + self.still_counts(before, after));
        };
        // A window may have ended right after a use, or just before one left the window that ended. The rest lies
        // between them.
        let mut begin = 0;
        for (at, time) in times.iter().enumerate() {
            while times[begin] + window < *time {
                begin += 1;
            }
            if begin >= surplus {
                break;
            }
            if times.get(at + 1) != Some(time) {
                ended(*time, at + 1 - begin, count - at - 1);
            }
        }
        let mut after = 0;
        for (at, time) in times[..surplus].iter().enumerate() {
            let end = *time + window;
            after += times[after..].iter().take_while(|time| **time <= end).count();
            if at == 0 || times[at - 1] != *time {
                ended(end, after - at, count - after);
            }
        }
        due.checked_sub(now).filter(|wait| !wait.is_zero())
    }

    /// How long after the end of a window one more request is too many, if there were so many before that end, in the
    /// window, and so many after it.
    fn still_counts(&self, before: usize, after: usize) -> Duration {
        let Some(left) = self.most.saturating_sub(1).checked_sub(after) else { return self.window };
        if before <= left {
            return Duration::ZERO;
        }
        let of_window = |part: usize| u128::try_from(part).unwrap_or(u128::MAX);
        let may_count = self.window.as_nanos() * of_window(left) / of_window(before);
        self.window.saturating_sub(Duration::from_nanos(may_count.try_into().unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::clock::SharedClock;

    #[tokio::test]
    async fn a_key_waits_out_the_window_when_all_but_a_twentieth_of_its_limit_is_used() {
        let shared = SharedClock::default();
        let clock = Clock::Shared(shared.clone());
        let pacer = Pacer::new(Some(&Limit::of(60, 60)));
        let (key, other) = (Secret::new("key"), Secret::new("other"));
        for _ in 0..57 {
            pacer.turn(&clock, &key).await;
        }
        assert_eq!(shared.now(Some(&key)), Duration::ZERO);
        pacer.turn(&clock, &key).await;
        let first = shared.now(Some(&key)).as_secs();
        assert!((61..=64).contains(&first), "{first}");
        pacer.turn(&clock, &other).await;
        assert_eq!(shared.now(Some(&other)), Duration::ZERO);
    }

    /// Whether one more is too many, as the rule says it, wherever a window may have ended.
    fn is_over(paced: &Paced, times: &[Duration], now: Duration) -> bool {
        let (window, most) = (paced.window.as_nanos(), paced.most.saturating_sub(1) as u128);
        let ends = times.iter().flat_map(|time| [*time, *time + paced.window]);
        let is_last = |end: &Duration| *end <= now && *end + paced.window > now;
        ends.filter(is_last).chain([now]).any(|end| {
            let after = times.iter().filter(|time| **time > end).count();
            let within = |time: &&Duration| **time <= end && **time + paced.window >= end;
            let before = times.iter().filter(within).count();
            let left = window - now.saturating_sub(end).as_nanos();
            after as u128 * window + before as u128 * left > most * window
        })
    }

    #[test]
    fn a_wait_is_as_long_as_the_rule_says_and_no_longer() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut waits = 0;
        for _ in 0..2_000 {
            let limit = random.u32(1..12);
            let paced = Pacer::new(Some(&Limit::of(limit, 9))).limit.expect("a limit");
            let mut now = Duration::ZERO;
            let mut times = Vec::new();
            for _ in 0..random.usize(1..40) {
                let pause = [0, 0, 0, 1, 500, 3_000, 10_000][random.usize(..7)];
                now += Duration::from_millis(pause);
                times.retain(|time| now < *time + paced.window * 2);
                let wait = paced.wait(&times, now);
                assert_eq!(wait.is_some(), is_over(&paced, &times, now), "{times:?} at {now:?}");
                if let Some(wait) = wait {
                    waits += 1;
                    now += wait;
                    assert!(
                        is_over(&paced, &times, now.saturating_sub(Duration::from_nanos(1))),
                        "{times:?} at {now:?}"
                    );
                    assert!(!is_over(&paced, &times, now), "{times:?} at {now:?}");
                }
                times.push(now);
            }
        }
        assert!(waits > 1_000, "{waits}");
    }

    /// Windows of a minute that end at any phase, with what is left of the one before counted as if it were spread.
    fn is_served(times: &[Duration], phase: u64) -> bool {
        let window = 60_000;
        let at = |time: &Duration| u64::try_from(time.as_millis()).expect("minutes") + phase;
        (0..times.len()).all(|last| {
            let now = at(&times[last]);
            let begin = now / window * window;
            let earlier = || times[..last].iter().map(at);
            let own = earlier().filter(|time| *time >= begin).count();
            let before = earlier().filter(|time| *time < begin && time + window >= begin).count();
            let left = u64::try_from(before).expect("few") * (window - (now - begin)) / window;
            u64::try_from(own).expect("few") + left < 60
        })
    }

    #[tokio::test]
    async fn no_limiter_that_keeps_sixty_a_minute_refuses_a_paced_key() {
        let shared = SharedClock::default();
        let clock = Clock::Shared(shared.clone());
        let pacer = Pacer::new(Some(&Limit::of(60, 60)));
        let key = Secret::new("key");
        let mut times = Vec::new();
        for _ in 0..300 {
            pacer.turn(&clock, &key).await;
            times.push(shared.now(Some(&key)));
        }
        let refused: Vec<u64> =
            (0..60_000).step_by(500).filter(|at| !is_served(&times, *at)).collect();
        assert_eq!(refused, [0; 0]);
        let whole = times.last().expect("300").as_secs();
        assert!((240..=330).contains(&whole), "{whole}");
    }
}
