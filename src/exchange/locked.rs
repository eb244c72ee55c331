//! Locks that a panic does not close for others.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a lock is asked here: a trial that panics is a verdict of its own (`server::suite`), and the
/// others go on with what it left, of which each change is whole.
pub(crate) trait Locked<T> {
    /// Waits until nobody else holds it, and holds it, whoever may have panicked with it.
    fn locked(&self) -> MutexGuard<'_, T>;
}

impl<T> Locked<T> for Mutex<T> {
    fn locked(&self) -> MutexGuard<'_, T> {
        self.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn what_somebody_held_while_they_panicked_is_there_for_others() {
        let counted = Mutex::new(1);
        let panics = || {
            let _held = counted.locked();
            panic!("with the lock held");
        };
        catch_unwind(AssertUnwindSafe(panics)).expect_err("it panics");
        *counted.locked() += 1;
        assert_eq!(*counted.locked(), 2);
    }
}
