//! Keys that are made for a run: well-formed, issued by nobody, and no two the same.

use super::key::{KeyShape, Random};
use crate::shown::secret::Secret;

/// So many characters in a row of a secret are searched for in what is shown.
const WINDOW: usize = 12;

/// Makes keys that share what is random in them and differ in a number at their end, so that of a
/// thousand of them not a thousand have to be searched for in every answer.
#[derive(Debug)]
pub struct FreshKeys {
    head: String,
    tail: Vec<char>,
    /// The characters that may stand at each place of the tail.
    instead: Vec<Vec<char>>,
    made: usize,
    /// The key that they are like.
    like: Secret,
}

/// One key that was made for a run.
pub struct FreshKey {
    /// The key.
    pub key: String,
    /// What of it no earlier key has: every window of twelve characters that is new with it.
    pub own: String,
}

impl FreshKeys {
    /// Keys that a server takes for well-formed if it takes `key` so; without one to go by, keys of the
    /// contract's shape.
    #[must_use]
    pub fn like(shape: &KeyShape, key: &str, random: Random<'_>) -> Self {
        let first = shape.fresh_like(key, random);
        let tail = first.strip_prefix(&shape.prefix).unwrap_or(&first);
        let head = first[..first.len() - tail.len()].to_owned();
        let instead = tail.chars().map(|c| shape.instead(c, key)).collect();
        Self { head, tail: tail.chars().collect(), instead, made: 0, like: Secret::new(key) }
    }

    /// The next one. They repeat only when as many were made as the shape has.
    #[must_use]
    pub fn make(&mut self) -> FreshKey {
        let next = self.next();
        if next.key == self.like.expose() { self.next() } else { next }
    }

    fn next(&mut self) -> FreshKey {
        let mut tail = self.tail.clone();
        let mut rest = self.made;
        let mut changed = if rest == 0 { 0 } else { tail.len() };
        for (at, instead) in self.instead.iter().enumerate().rev() {
            let Some(now) = instead.iter().position(|c| *c == tail[at]) else { continue };
            if rest > 0 {
                tail[at] = instead[(now + rest) % instead.len()];
                rest /= instead.len();
                changed = at;
            }
        }
        self.made += 1;
        let own = tail[changed.saturating_sub(WINDOW - 1)..].iter().collect();
        let key = self.head.chars().chain(tail).collect();
        FreshKey { key, own }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn keys_of_a_run_fit_the_shape_differ_and_each_window_of_them_is_in_what_is_searched_for() {
        for (alphabet, length, count) in
            [("0123456789", 32, 2_800), ("ab", 14, 300), ("a0b", 9, 99)]
        {
            let shape = KeyShape {
                prefix: "key_".to_owned(),
                alphabet: alphabet.to_owned(),
                length,
                shortest: None,
                longest: None,
                carriers: Vec::new(),
            };
            let mut fresh = FreshKeys::like(&shape, "", &mut |below| fastrand::usize(..below));
            let (mut keys, mut known) = (HashSet::new(), HashSet::new());
            let mut searched = 0;
            let window = WINDOW.min(length);
            for _ in 0..count {
                let FreshKey { key, own } = fresh.make();
                assert!(shape.fits(&key), "{key}");
                let windows = |text: &str| -> Vec<Vec<u8>> {
                    text.as_bytes().windows(window).map(<[u8]>::to_vec).collect()
                };
                known.extend(windows(&own));
                searched += own.len();
                for window in windows(&key["key_".len()..]) {
                    assert!(known.contains(&window), "{key} is not found by {own}");
                }
                assert!(keys.insert(key), "a key twice");
            }
            assert!(length < WINDOW || searched < count * (WINDOW + 5), "{searched}");
        }
    }
}
