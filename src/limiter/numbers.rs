//! How many requests the experiment sends, and how long it waits, for one limit.

use std::time::Duration;

/// Fewer requests than this tell too little apart: one more or less, which a network brings about, is a good part
/// of them. Of 5 a minute a counter looked like a bucket in two runs of five; of 10 none did in 200.
pub const FEWEST: u32 = 10;

/// More requests than this are not sent at once, with a quarter more: a contract's burst has 10,000 at most.
pub const MOST: u32 = 8_000;

/// A window that is shorter than this, in seconds, is over before what is sent has come and gone.
pub const SHORTEST: u32 = 2;

/// A limit that a contract promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// How many requests a key has in a window.
    pub limit: u32,
    /// How long a window lasts.
    pub window: Duration,
}

impl Numbers {
    /// So many requests in so many seconds.
    #[must_use]
    pub fn new(limit: u32, window_seconds: u32) -> Self {
        Self { limit: limit.max(1), window: Duration::from_secs(window_seconds.max(1).into()) }
    }

    /// The time in which a bucket gives back one request.
    #[must_use]
    pub fn share(&self) -> Duration {
        self.window / self.limit
    }

    /// How many more than some to send, so that all that a limiter serves at once is seen: a quarter, and
    /// enough to see that more than one or two are refused.
    #[must_use]
    pub fn beyond(&self, some: u32) -> u32 {
        some.saturating_add((self.limit / 4).max(10))
    }

    /// How long after a burst a bucket has one to spare, for certain: three shares of the window. With few
    /// requests that is one and a half, or most of the window would be over. With many it is a time
    /// that network and whole seconds do not blur.
    #[must_use]
    pub fn soon(&self) -> Duration {
        let share = self.share();
        let shares = if self.limit < 12 { share * 3 / 2 } else { share * 3 };
        shares.max(self.window.div_f64(30.0).min(Duration::from_secs(2)))
    }

    /// In how many parts of the window the key is asked whether it is back: twelve, and fewer where they
    /// would use up the limit of a log that counts what it refuses.
    #[must_use]
    pub fn parts(&self) -> u32 {
        (self.limit / 5).clamp(3, 12)
    }

    /// One part of the window.
    #[must_use]
    pub fn part(&self) -> Duration {
        self.window / self.parts()
    }

    /// How long before and after the end of a window requests are sent that must not arrive on its other
    /// side: a second for the network and a clock of whole seconds, less where windows are short.
    #[must_use]
    pub fn margin(&self) -> Duration {
        (self.window / 20).clamp(Duration::from_millis(300), Duration::from_secs(1))
    }

    /// How long to leave the key alone before a burst is repeated: for two windows, since a counter still knows
    /// of the one before, and so that the repetition is at another place in its window.
    #[must_use]
    pub fn rest(&self) -> Duration {
        self.window * 2 + self.window / 3 + self.margin()
    }

    /// How long one step may take, before what it shows is blurred.
    #[must_use]
    pub fn longest_step(&self) -> Duration {
        self.window / 6
    }

    /// How many bursts are sent at most to see whether anybody is ever refused: with the usual 75 that is 450
    /// requests, which seven counters of 60 would still serve.
    pub const BURSTS: u32 = 6;

    /// About how many requests are sent, and how long that takes: what a person is told before it begins.
    #[must_use]
    pub fn expected(&self) -> (u32, Duration) {
        (self.beyond(self.limit).saturating_mul(Self::BURSTS), self.window * 5 + self.margin() * 5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_a_minute_takes_450_requests_and_five_minutes() {
        let numbers = Numbers::new(60, 60);
        let seconds = Duration::from_secs;
        assert_eq!(numbers.beyond(60), 75);
        assert_eq!(numbers.soon(), seconds(3));
        assert_eq!((numbers.parts(), numbers.part()), (12, seconds(5)));
        assert_eq!(numbers.expected(), (450, seconds(305)));
    }

    #[test]
    fn whatever_the_limit_a_bucket_gives_back_some_well_within_the_window() {
        for (limit, window) in [(10, 60), (10, 10), (60, 60), (100, 10), (600, 60), (5_000, 3_600)]
        {
            let numbers = Numbers::new(limit, window);
            assert!(numbers.soon() >= numbers.share(), "{numbers:?}");
            assert!(numbers.soon() * 2 < numbers.window * 2 / 3, "{numbers:?}");
            assert!(numbers.margin() < numbers.part(), "{numbers:?}");
        }
    }
}
