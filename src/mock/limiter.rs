//! 60 requests a window for each key: one that begins with a key's first request in it.

use std::{collections::HashMap, time::Duration};

use super::{
    mutation::Apart,
    site::{Site, SiteCarrier},
};
use crate::exchange::message::Request;

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
    /// A key has as many for each of these.
    Apart(Apart),
    /// Only requests by GET are counted.
    GetAlone,
    /// Requests by HEAD are not counted.
    ButHead,
    /// After its first full window a key has as many as it likes.
    Once,
    /// Each window has more than the one before.
    Grows,
    /// A window ends after a sixth of what is told.
    LiftedEarly,
    /// While a key is over its limit, every second request of any other is refused.
    SharedAtTimes,
    /// Requests whose input is refused are not counted.
    ButMistaken,
    /// It does not hold at one point.
    Except(Site),
}

/// Counts the requests of every key in its current window.
#[derive(Debug)]
pub struct Limiter {
    windows: HashMap<String, Window>,
    /// How long a window lasts.
    pub(super) window: Duration,
    /// Requests that a key has in one window.
    pub(super) limit: u32,
    /// How the limit is kept.
    pub(super) keeping: Keeping,
    /// The key that was refused last and is not served since, and how many requests others have sent meanwhile.
    over: Option<(String, u32)>,
    /// A key that shares its limit with those that nobody has issued and that begin as it does, and how many requests
    /// those have sent since its last window began.
    pub(super) shared: Option<(String, u32)>,
}

/// So much of a key is its beginning: the prefix, and what a list of keys shows of one.
const BEGINNING: usize = 17;

#[derive(Debug)]
struct Window {
    begin: Duration,
    requests: u32,
    /// The most that an earlier window had.
    before: u32,
}

impl Limiter {
    /// A limiter that has counted nothing yet.
    #[must_use]
    pub fn new(window: Duration) -> Self {
        Self {
            windows: HashMap::new(),
            window,
            limit: LIMIT,
            keeping: Keeping::PerKey,
            over: None,
            shared: None,
        }
    }

    /// Takes back that a request was counted, whose input is refused.
    pub fn mistaken(&mut self, key: &str) {
        if let (Keeping::ButMistaken, Some(window)) = (self.keeping, self.windows.get_mut(key)) {
            window.requests -= 1;
        }
    }

    /// Counts a request with a key that nobody has issued, if a key shares its limit with that.
    pub fn stranger(&mut self, key: &str) {
        if let Some((shares, strangers)) = &mut self.shared {
            *strangers += u32::from(key.get(..BEGINNING) == shares.get(..BEGINNING));
        }
    }

    /// Counts one request.
    ///
    /// # Errors
    /// How long the key has to wait, if it has none left in this window.
    pub fn admit(&mut self, request: &Request, key: &str, now: Duration) -> Result<(), Duration> {
        let overlooked = match self.keeping {
            Keeping::GetAlone => request.method != "GET",
            Keeping::ButHead => request.method == "HEAD",
            Keeping::Except(site) => site.is_of(request),
            _ => false,
        };
        if overlooked {
            return Ok(());
        }
        let apart = match self.keeping {
            Keeping::PerAddress => String::new(),
            Keeping::Apart(what) => format!("{key} {}", part(request, what)),
            _ => key.to_owned(),
        };
        let strangers = match &mut self.shared {
            Some((shares, strangers)) if shares == key => std::mem::take(strangers),
            _ => 0,
        };
        let fresh = || Window { begin: now, requests: 0, before: 0 };
        let window = self.windows.entry(apart).or_insert_with(fresh);
        let length =
            if self.keeping == Keeping::LiftedEarly { self.window / 6 } else { self.window };
        if now >= window.begin + length {
            let requests = match self.keeping {
                Keeping::NeverResets if window.requests >= self.limit => window.requests,
                _ => 0,
            };
            let before = window.before.max(window.requests);
            *window = Window { begin: now, requests, before };
        }
        window.requests += strangers;
        let counted = match self.keeping {
            Keeping::LosesUpdates => window.requests / 2,
            Keeping::Once if window.before >= self.limit => 0,
            Keeping::Grows if window.before >= self.limit => window.requests.saturating_sub(10),
            _ => window.requests,
        };
        if let (Keeping::SharedAtTimes, Some((over, others))) = (self.keeping, &mut self.over) {
            if over == key {
                self.over = None;
            } else {
                *others += 1;
                if *others % 2 == 0 {
                    return Err(Duration::from_secs(5));
                }
            }
        }
        if counted >= self.limit {
            self.over = Some((key.to_owned(), 0));
            return Err((window.begin + self.window).saturating_sub(now));
        }
        window.requests += 1;
        Ok(())
    }
}

/// What of a request is counted apart.
fn part(request: &Request, what: Apart) -> String {
    let header = |name| request.header(name).unwrap_or_default().to_owned();
    match what {
        Apart::Carriers => format!("{:?}", SiteCarrier::of(request)),
        Apart::Paths => request.path.to_string(),
        Apart::Queries => request.path.split_once('?').unwrap_or_default().1.to_owned(),
        Apart::Methods => request.method.to_string(),
        Apart::Addresses => header("x-forwarded-for"),
        Apart::Agents => header("user-agent"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_sixty_requests_a_window_and_takes_none_of_anothers() {
        let mut limiter = Limiter::new(Duration::from_secs(60));
        let at = Duration::from_secs;
        let (method, path) = ("GET".into(), "/".into());
        let request =
            Request { method, path, headers: Vec::new(), body: Vec::new(), signing: None };
        for _ in 0..60 {
            assert_eq!(limiter.admit(&request, "one", at(100)), Ok(()));
        }
        assert_eq!(limiter.admit(&request, "one", at(117)), Err(at(43)));
        assert_eq!(limiter.admit(&request, "other", at(117)), Ok(()));
        assert_eq!(limiter.admit(&request, "one", at(160)), Ok(()));
    }
}
