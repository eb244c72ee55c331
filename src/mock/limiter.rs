//! 60 requests a window for each key: one that begins with a key's first request in it.

use std::{collections::HashMap, time::Duration};

/// Requests that a key has in one window.
pub const LIMIT: u32 = 60;

/// How the limit is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keeping {
    /// As the page says.
    #[default]
    PerKey,
    /// One limit for all keys, as a gateway in front of the API keeps it for an address.
    PerAddress,
    /// Every other request is not counted, as if two had read the same count at once.
    LosesUpdates,
    /// A key that has used up its requests never gets new ones.
    NeverResets,
}

/// Counts the requests of every key in its current window.
#[derive(Debug)]
pub struct Limiter {
    windows: HashMap<String, Window>,
    /// How long a window lasts.
    window: Duration,
    /// Requests that a key has in one window.
    pub(super) limit: u32,
    /// How the limit is kept.
    pub(super) keeping: Keeping,
}

#[derive(Debug)]
struct Window {
    begin: Duration,
    requests: u32,
}

impl Limiter {
    /// A limiter that has counted nothing yet.
    #[must_use]
    pub fn new(window: Duration) -> Self {
        Self { windows: HashMap::new(), window, limit: LIMIT, keeping: Keeping::PerKey }
    }

    /// Counts one request.
    ///
    /// # Errors
    /// How long the key has to wait, if it has none left in this window.
    pub fn admit(&mut self, key: &str, now: Duration) -> Result<(), Duration> {
        let key = if self.keeping == Keeping::PerAddress { "" } else { key };
        let fresh = || Window { begin: now, requests: 0 };
        let window = self.windows.entry(key.to_owned()).or_insert_with(fresh);
        if now >= window.begin + self.window {
            *window = match self.keeping {
                Keeping::NeverResets => Window { begin: now, requests: window.requests },
                _ => fresh(),
            };
        }
        let counted = match self.keeping {
            Keeping::LosesUpdates => window.requests / 2,
            _ => window.requests,
        };
        if counted >= self.limit {
            return Err((window.begin + self.window).saturating_sub(now));
        }
        window.requests += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_sixty_requests_a_window_and_takes_none_of_anothers() {
        let mut limiter = Limiter::new(Duration::from_secs(60));
        let at = Duration::from_secs;
        for _ in 0..60 {
            assert_eq!(limiter.admit("one", at(100)), Ok(()));
        }
        assert_eq!(limiter.admit("one", at(117)), Err(at(43)));
        assert_eq!(limiter.admit("other", at(117)), Ok(()));
        assert_eq!(limiter.admit("one", at(160)), Ok(()));
    }
}
