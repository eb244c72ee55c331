//! Who is under way that a limit counts which several keys share: a burst past such a limit runs alone, and the limit's
//! window is waited out after it, so that no other trial is refused for it.
//!
//! A trial enters the limits that count it after all else that it waits for, but for its key; and several of them in one
//! order. Who holds a key has entered, so nobody waits for each other.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use crate::contract::{
    Contract,
    limit::{LimitPlace, LimitSet},
};

/// The limits of a run that several keys share and that a burst goes past.
#[derive(Debug, Default)]
pub struct LimitUse(Vec<Shared>);

/// One of them.
#[derive(Debug)]
struct Shared {
    place: LimitPlace,
    window: Duration,
    lock: Arc<RwLock<()>>,
    /// How many trials that it counts are not over.
    left: AtomicUsize,
}

/// The right to send requests that some limits count, for as long as this is held.
#[derive(Debug)]
#[must_use = "the limits are free for a burst as soon as this is dropped"]
pub(super) struct Entered<'a> {
    limits: Vec<(&'a Shared, Held)>,
}

/// How a limit is held. What is in it is only dropped.
#[derive(Debug)]
enum Held {
    Shared(#[expect(dead_code, reason = "it is held")] OwnedRwLockReadGuard<()>),
    Alone(#[expect(dead_code, reason = "it is held")] OwnedRwLockWriteGuard<()>),
}

impl LimitUse {
    /// The limits of a contract that several keys share and that a burst goes past.
    pub(super) fn of(contract: &Contract) -> Self {
        let limits = contract.limit_scenarios().map(|(_, limit)| limit);
        let mut shared: Vec<Shared> = limits
            .filter(|limit| limit.per.is_shared())
            .map(|limit| Shared {
                place: limit.place,
                window: Duration::from_secs(limit.window_seconds.into()),
                lock: Arc::default(),
                left: AtomicUsize::new(0),
            })
            .collect();
        shared.sort_by_key(|shared| shared.place);
        shared.dedup_by_key(|shared| shared.place);
        Self(shared)
    }

    /// Begins a run of trials that these limits count.
    pub(super) fn begin(&self, trials: impl Iterator<Item = LimitSet>) {
        for counted_by in trials {
            for shared in self.0.iter().filter(|shared| counted_by.has(shared.place)) {
                shared.left.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    /// Waits until no burst is under way past one of the limits that count a trial; or until nobody else is that `alone`
    /// counts, the limit that the trial's own burst goes past.
    pub(super) async fn enter(
        &self,
        counted_by: LimitSet,
        alone: Option<LimitPlace>,
    ) -> Entered<'_> {
        let mut limits = Vec::new();
        for shared in self.0.iter().filter(|shared| counted_by.has(shared.place)) {
            let lock = Arc::clone(&shared.lock);
            let held = if alone == Some(shared.place) {
                Held::Alone(lock.write_owned().await)
            } else {
                Held::Shared(lock.read_owned().await)
            };
            limits.push((shared, held));
        }
        Entered { limits }
    }

    /// Whether anybody may have to wait for an entrance.
    pub(super) fn is_any(&self, counted_by: LimitSet) -> bool {
        self.0.iter().any(|shared| counted_by.has(shared.place))
    }
}

impl Entered<'_> {
    /// How long the limit that is held alone has to rest for the trials to come; no time if there are none.
    pub(super) fn rest_for_others(&self) -> Duration {
        let alone = self.limits.iter().find(|(_, held)| matches!(held, Held::Alone(_)));
        // This one is among those that are not over.
        let others = alone.filter(|(shared, _)| shared.left.load(Ordering::SeqCst) > 1);
        others.map_or(Duration::ZERO, |(shared, _)| shared.window + Duration::from_secs(1))
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        for (shared, _) in &self.limits {
            let less = |left: usize| left.checked_sub(1);
            // Of a trial that no run has begun there is none to count.
            shared.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> LimitUse {
        let shared = |place| Shared {
            place: LimitPlace(place),
            window: Duration::from_secs(9),
            lock: Arc::default(),
            left: AtomicUsize::new(0),
        };
        LimitUse(vec![shared(0), shared(1)])
    }

    #[tokio::test]
    async fn a_burst_is_alone_among_those_that_its_limit_counts() {
        let limits = limits();
        let [one, other] = [0, 1].map(|place| LimitSet::of(LimitPlace(place)));
        let soon = Duration::from_millis(20);
        let trial = limits.enter(one, None).await;
        let burst = limits.enter(one, Some(LimitPlace(0)));
        assert!(tokio::time::timeout(soon, burst).await.is_err());
        drop(trial);
        let burst = limits.enter(one.and(other), Some(LimitPlace(0))).await;
        assert!(tokio::time::timeout(soon, limits.enter(one, None)).await.is_err());
        // What the other limit counts is not kept out, but a burst past that is.
        let another = limits.enter(other, None).await;
        drop(another);
        let past_other = limits.enter(other, Some(LimitPlace(1)));
        assert!(tokio::time::timeout(soon, past_other).await.is_err());
        drop(burst);
        let _after = limits.enter(one, None).await;
    }

    #[tokio::test]
    async fn a_window_is_waited_out_for_those_that_are_still_to_come() {
        let limits = limits();
        let one = LimitSet::of(LimitPlace(0));
        limits.begin([one, one, LimitSet::of(LimitPlace(1))].into_iter());
        let burst = limits.enter(one, Some(LimitPlace(0))).await;
        assert_eq!(burst.rest_for_others(), Duration::from_secs(10));
        drop(burst);
        let last = limits.enter(one, Some(LimitPlace(0))).await;
        assert_eq!(last.rest_for_others(), Duration::ZERO);
        let trial = limits.enter(LimitSet::of(LimitPlace(1)), None).await;
        assert_eq!(trial.rest_for_others(), Duration::ZERO);
    }
}
