//! Who uses a key right now: a trial that reads a balance before and after its request has the key
//! to itself, or another trial's request that succeeds by mistake would be taken for its charge.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use crate::{exchange::locked::Locked as _, shown::secret::Secret};

/// One lock for each key.
#[derive(Debug, Default)]
pub struct KeyUse(Mutex<HashMap<Secret, Arc<RwLock<()>>>>);

/// The right to use a key for as long as this is held.
#[derive(Debug)]
#[must_use = "the key is free for others as soon as this is dropped"]
pub enum InUse {
    /// Others may use it at the same time.
    Shared(OwnedRwLockReadGuard<()>),
    /// Nobody else uses it.
    Alone(OwnedRwLockWriteGuard<()>),
}

impl KeyUse {
    /// Waits until nobody has the key alone.
    pub async fn share(&self, key: &Secret) -> InUse {
        InUse::Shared(self.lock(key).read_owned().await)
    }

    /// Waits until nobody has the key.
    pub async fn alone(&self, key: &Secret) -> InUse {
        InUse::Alone(self.lock(key).write_owned().await)
    }

    fn lock(&self, key: &Secret) -> Arc<RwLock<()>> {
        let mut locks = self.0.locked();
        Arc::clone(locks.entry(key.clone()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn a_key_that_is_held_alone_is_shared_with_nobody() {
        let keys = KeyUse::default();
        let (one, other) = (Secret::new("one"), Secret::new("other"));
        let alone = keys.alone(&one).await;
        let soon = Duration::from_millis(20);
        assert!(tokio::time::timeout(soon, keys.share(&one)).await.is_err());
        let _other = keys.share(&other).await;
        drop(alone);
        let _first = keys.share(&one).await;
        let _second = keys.share(&one).await;
    }
}
