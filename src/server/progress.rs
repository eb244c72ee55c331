//! How many trials of a run are left, so that the last ones can wait for the others.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// The trials of a run that the last ones wait for.
#[derive(Debug, Default)]
pub struct Progress {
    left: AtomicUsize,
    all: AtomicUsize,
    over: Notify,
}

impl Progress {
    /// Begins a run with so many trials that others wait for.
    pub fn begin(&self, trials: usize) {
        self.left.store(trials, Ordering::SeqCst);
        self.all.store(trials, Ordering::SeqCst);
    }

    /// How many there were when it began.
    pub(super) fn all(&self) -> usize {
        self.all.load(Ordering::SeqCst)
    }

    /// One of them is over.
    pub(super) fn is_over(&self) {
        let less = |left: usize| left.checked_sub(1);
        if self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) == Ok(1) {
            self.over.notify_waiters();
        }
    }

    /// Waits until all of them are.
    pub(super) async fn wait(&self) {
        loop {
            let over = self.over.notified();
            if self.left.load(Ordering::SeqCst) == 0 {
                return;
            }
            over.await;
        }
    }
}

/// Says that a trial is over, or that a request is on its way, as soon as this is dropped.
#[must_use = "it is over as soon as this is dropped"]
pub(super) struct Over<'a>(&'a Progress);

impl<'a> Over<'a> {
    /// One of these trials.
    pub(super) fn new(progress: &'a Progress) -> Self {
        Self(progress)
    }
}

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.is_over();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn the_last_ones_wait_for_all_others_and_no_longer() {
        let progress = Progress::default();
        progress.wait().await;
        progress.begin(2);
        progress.is_over();
        let soon = Duration::from_millis(20);
        assert!(tokio::time::timeout(soon, progress.wait()).await.is_err());
        progress.is_over();
        progress.wait().await;
        // More than there are change nothing.
        progress.is_over();
        progress.wait().await;
        assert_eq!(progress.all(), 2);
    }
}
