//! Keeps every key under the documented limits, so that the harness never trips one by accident.

use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
    time::Duration,
};

use super::{clock::Clock, locked::Locked as _};
use crate::{
    contract::{
        contract_file::Limit,
        limit::{LimitPlace, LimitSet, Per},
    },
    shown::secret::Secret,
};

/// A limit as it is kept.
#[derive(Debug)]
pub(crate) struct Paced {
    most: usize,
    window: Duration,
}

/// The limits of a contract as they are kept, each with its place and whose requests it counts.
#[derive(Debug)]
pub(crate) struct Kept(Vec<(LimitPlace, Per, Paced)>);

/// What counts a request: a limit (by its place here), and the key if that has a count of its own.
pub(crate) type Counter = (usize, Option<Secret>);

/// When requests were counted, by what counted them.
#[derive(Debug, Default)]
pub(crate) struct Book(HashMap<Counter, Uses>);

/// Keeps all that is sent under the limits.
#[derive(Debug)]
pub struct Pacer {
    kept: Kept,
    book: Mutex<Book>,
}

/// When one counter was used, within the last two windows.
#[derive(Debug, Default)]
struct Uses(VecDeque<Duration>);

impl Pacer {
    /// A pacer for these limits; without one nobody waits.
    #[must_use]
    pub fn new<'a>(limits: impl IntoIterator<Item = &'a Limit>) -> Self {
        Self { kept: Kept::of(limits), book: Mutex::default() }
    }

    /// Waits until a request that these limits count may be sent, and counts it.
    pub async fn turn(&self, clock: &Clock, key: Option<&Secret>, counted_by: LimitSet) {
        let counters = self.kept.counters(key, counted_by);
        while let Some((key, time)) = self.claim(clock, &counters) {
            clock.wait(key, time).await;
        }
    }

    /// Counts a use by all of these, or says whose time has to pass, and how much of it, before that is asked for again.
    fn claim<'a>(
        &self,
        clock: &Clock,
        counters: &'a [Counter],
    ) -> Option<(Option<&'a Secret>, Duration)> {
        if counters.is_empty() {
            return None;
        }
        let now = |key: Option<&Secret>| clock.now(key);
        self.kept.claim(&mut self.book.locked(), counters, &now)
    }

    /// Counts a request that was sent without a turn, where others share the limit. A key's own limit does not count it: it
    /// is a burst's, which nobody else uses.
    pub(super) fn note(&self, clock: &Clock, key: Option<&Secret>, counted_by: LimitSet) {
        let mut book = self.book.locked();
        for counter in self.kept.counters(key, counted_by) {
            if self.kept.0[counter.0].1.is_shared() {
                let now = clock.now(counter.1.as_ref());
                book.0.entry(counter).or_default().0.push_back(now);
            }
        }
    }

    /// Waits until so many requests may be sent at once, as far as others share a limit that has room for so many, and
    /// counts them.
    pub(super) async fn room(
        &self,
        clock: &Clock,
        key: Option<&Secret>,
        counted_by: LimitSet,
        times: u32,
    ) {
        let mut counters = self.kept.counters(key, counted_by);
        counters.retain(|(at, _)| self.kept.0[*at].1.is_shared());
        let (fits, too_many): (Vec<_>, Vec<_>) =
            counters.into_iter().partition(|(at, _)| self.kept.0[*at].2.has_room_for(times));
        while let Some((key, time)) = self.claim_all(clock, &fits, times) {
            clock.wait(key, time).await;
        }
        for counter in too_many {
            let mut book = self.book.locked();
            let now = clock.now(counter.1.as_ref());
            let uses = book.0.entry(counter).or_default();
            uses.0.extend((0..times).map(|_| now));
        }
    }

    /// Counts so many uses by all of these, or none of them.
    fn claim_all<'a>(
        &self,
        clock: &Clock,
        counters: &'a [Counter],
        times: u32,
    ) -> Option<(Option<&'a Secret>, Duration)> {
        if counters.is_empty() {
            return None;
        }
        let (mut book, now) = (self.book.locked(), |key: Option<&Secret>| clock.now(key));
        for claimed in 0..usize::try_from(times).unwrap_or(usize::MAX) {
            let wait = self.kept.claim(&mut book, counters, &now);
            if wait.is_some() {
                for counter in counters {
                    let uses = book.0.entry(counter.clone()).or_default();
                    uses.0.truncate(uses.0.len().saturating_sub(claimed));
                }
                return wait;
            }
        }
        None
    }

    /// How long it takes until all that a shared limit has counted is longer ago than its window.
    pub(super) fn rest(&self, clock: &Clock, limit: LimitPlace) -> Duration {
        self.kept.rest(&self.book.locked(), limit, clock.now(None))
    }
}

impl Kept {
    /// These limits.
    pub(crate) fn of<'a>(limits: impl IntoIterator<Item = &'a Limit>) -> Self {
        let kept = |limit: &Limit| (limit.place, limit.per, Paced::of(limit));
        Self(limits.into_iter().map(kept).collect())
    }

    /// What counts a request that carries this key, if any, and that these limits count.
    pub(crate) fn counters(&self, key: Option<&Secret>, counted_by: LimitSet) -> Vec<Counter> {
        let counting = self.0.iter().enumerate().filter_map(|(at, (place, per, _))| {
            let is_counted = key.is_some() || per.counts_without_key();
            let own = key.filter(|_| !per.is_shared()).cloned();
            (counted_by.has(*place) && is_counted).then_some((at, own))
        });
        counting.collect()
    }

    /// Counts a use by all of these if none of them is over its limit, or says whose time has to pass, and how much of it.
    pub(crate) fn claim<'a>(
        &self,
        book: &mut Book,
        counters: &'a [Counter],
        now: &dyn Fn(Option<&Secret>) -> Duration,
    ) -> Option<(Option<&'a Secret>, Duration)> {
        let waits = counters.iter().filter_map(|counter| {
            let (at, key) = counter;
            let uses = book.0.entry(counter.clone()).or_default();
            Some((key.as_ref(), self.0[*at].2.due(uses, now(key.as_ref()))?))
        });
        let longest = waits.max_by_key(|(_, time)| *time);
        if longest.is_none() {
            for counter in counters {
                let uses = book.0.entry(counter.clone()).or_default();
                uses.0.push_back(now(counter.1.as_ref()));
            }
        }
        longest
    }

    /// How long it takes until all that a shared limit has counted is longer ago than its window.
    pub(crate) fn rest(&self, book: &Book, limit: LimitPlace, now: Duration) -> Duration {
        let at = self.0.iter().position(|(place, per, _)| *place == limit && per.is_shared());
        let last = at.and_then(|at| Some((at, *book.0.get(&(at, None))?.0.back()?)));
        last.map_or(Duration::ZERO, |(at, last)| (last + self.0[at].2.window).saturating_sub(now))
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

    /// Whether so many requests at once are within the limit, if nothing else is.
    fn has_room_for(&self, times: u32) -> bool {
        usize::try_from(times).is_ok_and(|times| times <= self.most)
    }

    /// How long to wait before one more use, if it is too early for that.
    fn due(&self, Uses(times): &mut Uses, now: Duration) -> Option<Duration> {
        while times.front().is_some_and(|first| now >= *first + self.window * 2) {
            times.pop_front();
        }
        self.wait(times.make_contiguous(), now)
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

    const ONE: LimitSet = LimitSet::of(LimitPlace(0));
    const TWO: LimitSet = LimitSet::of(LimitPlace(1));

    #[tokio::test]
    async fn a_key_waits_out_the_window_when_all_but_a_twentieth_of_its_limit_is_used() {
        let shared = SharedClock::default();
        let clock = Clock::Shared(shared.clone());
        let pacer = Pacer::new([&Limit::of(60, 60)]);
        let (key, other) = (Secret::new("key"), Secret::new("other"));
        for _ in 0..57 {
            pacer.turn(&clock, Some(&key), ONE).await;
        }
        assert_eq!(shared.now(Some(&key)), Duration::ZERO);
        pacer.turn(&clock, Some(&key), ONE).await;
        let first = shared.now(Some(&key)).as_secs();
        assert!((61..=64).contains(&first), "{first}");
        pacer.turn(&clock, Some(&other), ONE).await;
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
            let paced = Paced::of(&Limit::of(limit, 9));
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
        let pacer = Pacer::new([&Limit::of(60, 60)]);
        let key = Secret::new("key");
        let mut times = Vec::new();
        for _ in 0..300 {
            pacer.turn(&clock, Some(&key), ONE).await;
            times.push(shared.now(Some(&key)));
        }
        let refused: Vec<u64> =
            (0..60_000).step_by(500).filter(|at| !is_served(&times, *at)).collect();
        assert_eq!(refused, [0; 0]);
        let whole = times.last().expect("300").as_secs();
        assert!((240..=330).contains(&whole), "{whole}");
    }

    /// The seconds at which requests may leave, one after the other, each with a key and the limits that count it.
    fn leave(limits: &[Limit], requests: &[(Option<&Secret>, LimitSet)]) -> Vec<u64> {
        let (kept, mut book) = (Kept::of(limits), Book::default());
        let mut now = Duration::ZERO;
        let times = requests.iter().map(|(key, counted_by)| {
            let counters = kept.counters(*key, *counted_by);
            while let Some((_, time)) = kept.claim(&mut book, &counters, &|_| now) {
                now += time;
            }
            now.as_secs()
        });
        times.collect()
    }

    #[test]
    fn each_limit_that_counts_a_request_is_kept_by_its_own_count() {
        let limit =
            |place, per, window| Limit { place: LimitPlace(place), per, ..Limit::of(2, window) };
        let of = |per| vec![limit(0, per, 9)];
        let (one, other) = (Secret::new("one"), Secret::new("other"));
        let ([one, other], both) = ([&one, &other].map(Some), ONE.and(TWO));
        // Two may leave at once. Which window the third has to wait for, if any.
        let rows: [(Vec<Limit>, [_; 3], u64); 9] = [
            (of(Per::Key), [(one, ONE), (one, ONE), (one, ONE)], 9),
            (of(Per::Key), [(one, ONE), (other, ONE), (one, ONE)], 0),
            (of(Per::Key), [(None, ONE), (None, ONE), (None, ONE)], 0),
            (of(Per::Key), [(one, ONE), (one, ONE), (one, TWO)], 0),
            (of(Per::Address), [(one, ONE), (None, ONE), (other, ONE)], 9),
            (of(Per::Everybody), [(one, ONE), (other, ONE), (None, ONE)], 9),
            (of(Per::Account), [(one, ONE), (None, ONE), (None, ONE)], 0),
            (of(Per::Account), [(one, ONE), (other, ONE), (one, ONE)], 9),
            (
                vec![limit(0, Per::Key, 9), limit(1, Per::Address, 29)],
                [(one, both), (other, TWO), (other, both)],
                29,
            ),
        ];
        for (limits, requests, window) in rows {
            let [first, second, third] = leave(&limits, &requests)[..] else { panic!("three") };
            assert_eq!((first, second), (0, 0), "{limits:?}");
            assert!(if window == 0 { third == 0 } else { third > window }, "{third} {limits:?}");
        }
    }

    #[tokio::test]
    async fn a_shared_limit_is_rested_a_window_after_what_it_counted_last() {
        let shared = SharedClock::default();
        let clock = Clock::Shared(shared.clone());
        let address = Limit { per: Per::Address, ..Limit::of(3, 9) };
        let key = Secret::new("key");
        let pacer = Pacer::new([&address]);
        assert_eq!(pacer.rest(&clock, address.place), Duration::ZERO);
        pacer.note(&clock, Some(&key), ONE);
        shared.advance(None, Duration::from_secs(4));
        assert_eq!(pacer.rest(&clock, address.place), Duration::from_secs(6));
        // Two at once have to wait until the one is out of the way, and more than the limit have no room ever.
        pacer.room(&clock, Some(&key), ONE, 3).await;
        assert!(shared.now(None) > Duration::from_secs(9), "{:?}", shared.now(None));
        let then = shared.now(None);
        pacer.room(&clock, Some(&key), ONE, 4).await;
        assert_eq!(shared.now(None), then);
        // A key's own limit does not count what is sent without a turn.
        let own = Pacer::new([&Limit::of(3, 9)]);
        own.note(&clock, Some(&key), ONE);
        assert_eq!(own.rest(&clock, LimitPlace(0)), Duration::ZERO);
    }
}
