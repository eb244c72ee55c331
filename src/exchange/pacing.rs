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
struct Paced {
    most: usize,
    window: Duration,
}

/// When each key was used last, within one window.
#[derive(Debug)]
pub struct Pacer {
    limit: Option<Paced>,
    used: Mutex<HashMap<Secret, VecDeque<Duration>>>,
}

impl Pacer {
    /// A pacer for a limit; without one nobody waits. A twentieth of the limit stays free: the server counts arrivals, not
    /// departures, and whoever else uses the key needs some room. The
    /// contract in this repository needs 55 of 60, so a run of it never waits.
    #[must_use]
    pub fn new(limit: Option<&Limit>) -> Self {
        let limit = limit.map(|limit| Paced {
            most: usize::try_from(limit.requests - limit.requests / 20).unwrap_or(usize::MAX),
            // One second more than the window, for the same reason.
            window: Duration::from_secs(u64::from(limit.window_seconds) + 1),
        });
        Self { limit, used: Mutex::default() }
    }

    /// Waits until a key may be used once more, and counts that use.
    pub async fn turn(&self, clock: &Clock, key: &Secret) {
        while let Some(time) = self.claim(clock.now(Some(key)), key) {
            clock.wait(Some(key), time).await;
        }
    }

    /// Counts a use, or says how long to wait for the oldest one to leave the window.
    fn claim(&self, now: Duration, key: &Secret) -> Option<Duration> {
        let Paced { most, window } = self.limit.as_ref()?;
        let mut used = self.used.locked();
        let times = used.entry(key.clone()).or_default();
        while times.front().is_some_and(|first| now >= *first + *window) {
            times.pop_front();
        }
        match times.front() {
            Some(first) if times.len() >= *most => Some((*first + *window).saturating_sub(now)),
            _ => {
                times.push_back(now);
                None
            }
        }
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
        let pacer = Pacer::new(Some(&Limit { requests: 60, window_seconds: 60, policy: None }));
        let (key, other) = (Secret::new("key"), Secret::new("other"));
        for _ in 0..57 {
            pacer.turn(&clock, &key).await;
        }
        assert_eq!(shared.now(Some(&key)), Duration::ZERO);
        pacer.turn(&clock, &key).await;
        assert_eq!(shared.now(Some(&key)), Duration::from_secs(61));
        pacer.turn(&clock, &other).await;
        assert_eq!(shared.now(Some(&other)), Duration::ZERO);
    }
}
