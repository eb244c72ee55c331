//! Time as one key sees it: real, or shared with the bundled mock and moved only by waiting.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant, UNIX_EPOCH},
};

use super::locked::Locked as _;
use crate::shown::secret::Secret;

/// How time passes for a target. All times are durations since the run began.
#[derive(Debug, Clone)]
pub enum Clock {
    /// A live target: waiting takes as long as it says.
    Real(Instant),
    /// The bundled mock: each key has a time of its own, and waiting moves it at once.
    Shared(SharedClock),
}

impl Clock {
    /// A clock that starts now and runs by itself.
    #[must_use]
    pub fn real() -> Self {
        Self::Real(Instant::now())
    }

    /// The time of a key. Requests without a key share one time.
    #[must_use]
    pub fn now(&self, key: Option<&Secret>) -> Duration {
        match self {
            Self::Real(start) => start.elapsed(),
            Self::Shared(clock) => clock.now(key),
        }
    }

    /// The date by this machine's calendar, since the beginning of 1970. Where waiting moves a key's time, it moves the
    /// key's date.
    #[must_use]
    pub fn date(&self, key: Option<&Secret>) -> Duration {
        let date = UNIX_EPOCH.elapsed().unwrap_or_default();
        match self {
            Self::Real(_) => date,
            Self::Shared(clock) => date + clock.now(key),
        }
    }

    /// Waits until a key's time has moved on by `time` at least.
    pub async fn wait(&self, key: Option<&Secret>, time: Duration) {
        match self {
            Self::Real(_) => pause(time).await,
            Self::Shared(clock) => clock.advance(key, time),
        }
    }
}

/// Lets real time pass, and none where none is to pass: tokio's timer counts whole milliseconds and
/// rounds up, so that a sleep of zero takes one. It held `errproof serve` at 12,300 requests a second.
pub(crate) async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// A time for each key that stands still until somebody waits. Harness and mock hold the same one,
/// so a window of a minute passes at once, and one key's wait never moves another's.
///
/// It stands still rather than running on from an offset, so that a burst takes no time on it at
/// all, however loaded the machine: exactly the limit is admitted, never one more for elapsed time.
#[derive(Debug, Clone, Default)]
pub struct SharedClock(Arc<Mutex<HashMap<Option<Secret>, Duration>>>);

impl SharedClock {
    /// The time of a key.
    #[must_use]
    pub fn now(&self, key: Option<&Secret>) -> Duration {
        let times = self.0.locked();
        times.get(&key.cloned()).copied().unwrap_or_default()
    }

    /// Moves a key's time on.
    pub fn advance(&self, key: Option<&Secret>, time: Duration) {
        if time.is_zero() {
            return;
        }
        let mut times = self.0.locked();
        *times.entry(key.cloned()).or_default() += time;
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Waker},
    };

    use super::*;

    #[tokio::test]
    async fn a_wait_for_no_time_takes_none_of_the_timers_milliseconds() {
        let clock = Clock::real();
        let ends_at_once = |time| {
            let mut wait = pin!(clock.wait(None, time));
            wait.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
        };
        assert!(ends_at_once(Duration::ZERO));
        assert!(!ends_at_once(Duration::from_secs(1)));
    }

    #[test]
    fn waiting_on_the_shared_clock_moves_only_that_keys_time() {
        let shared = SharedClock::default();
        let clock = Clock::Shared(shared.clone());
        let (one, other) = (Secret::new("one"), Secret::new("other"));
        shared.advance(Some(&one), Duration::from_secs(60));
        assert_eq!(clock.now(Some(&one)), Duration::from_secs(60));
        assert_eq!(clock.now(Some(&other)), Duration::ZERO);
        assert_eq!(clock.now(None), Duration::ZERO);
    }
}
