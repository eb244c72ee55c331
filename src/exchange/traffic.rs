//! How many requests were sent, by the key in each.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use super::locked::Locked as _;
use crate::shown::secret::Secret;

/// What was sent so far, counted where it leaves: all that share this count together.
#[derive(Debug, Clone, Default)]
pub struct Traffic(Arc<Mutex<HashMap<Option<Secret>, usize>>>);

impl Traffic {
    /// Counts one request with this key, or without one.
    pub(super) fn count(&self, key: Option<&Secret>) {
        *self.0.locked().entry(key.cloned()).or_default() += 1;
    }

    /// How many requests each key has sent so far.
    #[must_use]
    pub fn by_key(&self) -> HashMap<Option<Secret>, usize> {
        self.0.locked().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_share_a_count_count_together_and_each_key_apart() {
        let traffic = Traffic::default();
        let key = Secret::new("key");
        traffic.count(Some(&key));
        traffic.clone().count(Some(&key));
        traffic.count(None);
        assert_eq!(traffic.by_key(), HashMap::from([(Some(key), 2), (None, 1)]));
    }
}
