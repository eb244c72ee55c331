//! Limiters that admit 60 requests a window at once, and tell truly how long a refused key has to wait.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const LIMIT: usize = 60;

#[derive(Clone, Copy, Default)]
pub enum Kind {
    /// A window opens with a key's first request.
    #[default]
    Fixed,
    /// The theoretical time of arrival may run 59 intervals ahead.
    Gcra,
    /// The last window before now, in which a refused request counts as one of the 60.
    LogAll,
    /// This window's count, and of the last one's the share that is left of it.
    Counter,
    /// Each admitted request takes a place, and gives it back after a window and a twelfth of one.
    Places,
}

#[derive(Default)]
struct Use {
    at: f64,
    count: usize,
    before: usize,
    log: VecDeque<f64>,
}

pub struct Limiter {
    kind: Kind,
    window: f64,
    born: Instant,
    keys: Mutex<HashMap<String, Use>>,
}

impl Limiter {
    pub fn new(kind: Kind, window: f64) -> Self {
        Self { kind, window, born: Instant::now(), keys: Mutex::default() }
    }

    /// Counts a request of the key: nothing if it is admitted, or the seconds to wait.
    pub fn wait(&self, key: &str) -> Option<f64> {
        let wall =
            SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64();
        let now = if matches!(self.kind, Kind::Counter) {
            wall
        } else {
            self.born.elapsed().as_secs_f64()
        };
        let mut keys = self.keys.lock().unwrap();
        let used = keys.entry(key.to_string()).or_insert_with(|| Use { at: now, ..Use::default() });
        match self.kind {
            Kind::Fixed => {
                if now - used.at >= self.window {
                    (used.at, used.count) = (now, 0);
                }
                used.count += 1;
                (used.count > LIMIT).then(|| used.at + self.window - now)
            }
            Kind::Gcra => {
                let step = self.window / LIMIT as f64;
                let due = used.at.max(now);
                let ahead = due - now - step * (LIMIT - 1) as f64;
                if ahead > 1e-9 {
                    return Some(ahead);
                }
                used.at = due + step;
                None
            }
            Kind::LogAll => {
                used.log.retain(|at| now - at < self.window);
                let full = used.log.len() >= LIMIT;
                used.log.push_back(now);
                full.then(|| used.log[used.log.len() - LIMIT] + self.window - now)
            }
            Kind::Places => {
                let kept = self.window * 65.0 / 60.0;
                used.log.retain(|at| now - at < kept);
                if used.log.len() >= LIMIT {
                    return Some(used.log[0] + kept - now);
                }
                used.log.push_back(now);
                None
            }
            Kind::Counter => self.counter(used, now),
        }
    }

    fn counter(&self, used: &mut Use, now: f64) -> Option<f64> {
        let start = (now / self.window).floor() * self.window;
        if used.at < start {
            used.before = if used.at >= start - self.window { used.count } else { 0 };
            used.count = 0;
        }
        used.at = now;
        let (spent, before, count) =
            ((now - start) / self.window, used.before as f64, used.count as f64);
        let most = LIMIT as f64;
        if before * (1.0 - spent) + count + 1.0 <= most {
            used.count += 1;
            return None;
        }
        let free = if count < most {
            1.0 - (most - 1.0 - count) / before
        } else {
            2.0 - (most - 1.0) / count
        };
        Some(start + free * self.window - now)
    }
}
