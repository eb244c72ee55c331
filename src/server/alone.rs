//! Trials that no other is under way with: what they do changes what others depend on.

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Where all trials of a run are that are under way. Whoever waits for other trials is not here yet, and whoever holds what
/// others wait for is: so a trial that waits to be alone waits for those alone that need nobody who waits here.
#[derive(Debug, Default)]
pub struct UnderWay(RwLock<()>);

/// A trial is under way for as long as this is held.
#[derive(Debug)]
#[must_use = "the trial is over as soon as this is dropped"]
pub enum Inside<'a> {
    /// With others.
    Together(RwLockReadGuard<'a, ()>),
    /// With none.
    Alone(RwLockWriteGuard<'a, ()>),
}

impl UnderWay {
    /// Begins a trial that others may be under way with, when none is that has to be alone.
    pub async fn together(&self) -> Inside<'_> {
        Inside::Together(self.0.read().await)
    }

    /// Begins a trial that no other may be under way with, when none is. Those that come later wait until it is over.
    pub async fn alone(&self) -> Inside<'_> {
        Inside::Alone(self.0.write().await)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn who_has_to_be_alone_waits_for_all_that_are_there_and_all_others_wait_for_it() {
        let trials = UnderWay::default();
        let soon = Duration::from_millis(20);
        let (one, other) = (trials.together().await, trials.together().await);
        assert!(tokio::time::timeout(soon, trials.alone()).await.is_err());
        drop((one, other));
        let alone = trials.alone().await;
        assert!(tokio::time::timeout(soon, trials.together()).await.is_err());
        assert!(tokio::time::timeout(soon, trials.alone()).await.is_err());
        drop(alone);
        let _together = trials.together().await;
    }
}
