//! 60 requests a minute for each key: a window that begins with a key's first request in it.

use std::{collections::HashMap, time::Duration};

/// Requests that a key has in one window.
pub const LIMIT: u32 = 60;

/// How long a window lasts.
pub const WINDOW: Duration = Duration::from_secs(60);

/// Counts the requests of every key in its current window.
#[derive(Debug, Default)]
pub struct Limiter(HashMap<String, (Duration, u32)>);

impl Limiter {
    /// Counts one request.
    ///
    /// # Errors
    /// How long the key has to wait, if it has none left in this window.
    pub fn admit(&mut self, key: &str, now: Duration) -> Result<(), Duration> {
        let (begin, used) = self.0.entry(key.to_owned()).or_insert((now, 0));
        if now >= *begin + WINDOW {
            (*begin, *used) = (now, 0);
        }
        if *used >= LIMIT {
            return Err((*begin + WINDOW).saturating_sub(now));
        }
        *used += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_sixty_requests_a_window_and_takes_none_of_anothers() {
        let mut limiter = Limiter::default();
        let at = Duration::from_secs;
        for _ in 0..60 {
            assert_eq!(limiter.admit("one", at(100)), Ok(()));
        }
        assert_eq!(limiter.admit("one", at(117)), Err(at(43)));
        assert_eq!(limiter.admit("other", at(117)), Ok(()));
        assert_eq!(limiter.admit("one", at(160)), Ok(()));
    }
}
