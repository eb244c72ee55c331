//! Keys that are made for a run: well-formed, issued by nobody, and no two the same.

use std::{collections::BTreeSet, iter};

use super::key::{KeyShape, Random};
use crate::shown::secret::Secret;

/// So many characters in a row of a secret are searched for in what is shown.
const WINDOW: usize = 12;

/// Nor is a text searched for that has fewer characters than this that are not the same: `0000000000aa` may
/// stand anywhere.
const DIFFERENT: usize = 4;

/// How often a key is drawn anew that could not be searched for. One like `valid000000000000000` has at most
/// three different characters once in ten times.
const DRAWS: usize = 64;

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
        let mut drawn = iter::repeat_with(|| shape.fresh_like(key, random));
        let telling = drawn.by_ref().take(DRAWS).find(|key| is_telling(tail_of(shape, key)));
        let first = telling.or_else(|| drawn.next()).unwrap_or_default();
        let tail = tail_of(shape, &first);
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

/// A key without what every key begins with.
fn tail_of<'a>(shape: &KeyShape, key: &'a str) -> &'a str {
    key.strip_prefix(&shape.prefix).unwrap_or(key)
}

/// Whether a key can be searched for in what is shown, which pays no regard to case.
fn is_telling(tail: &str) -> bool {
    let different: BTreeSet<char> = tail.chars().map(|c| c.to_ascii_lowercase()).collect();
    different.len() >= DIFFERENT
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_key_like_one_of_few_characters_has_enough_of_them_to_be_searched_for() {
        let shape = KeyShape {
            prefix: "key_".to_owned(),
            alphabet: "abcdefghijklmnopqrstuvwxyz0123456789".to_owned(),
            length: 24,
            shortest: None,
            longest: None,
            carriers: Vec::new(),
        };
        let mut random = |below| fastrand::usize(..below);
        for _ in 0..500 {
            let like = "key_valid0000000000000000000";
            let key = FreshKeys::like(&shape, like, &mut random).make().key;
            assert!(is_telling(&key["key_".len()..]), "{key}");
            // Of a key with two there is no such one.
            let key = FreshKeys::like(&shape, "key_a0000000", &mut random).make().key;
            assert_ne!(key, "key_a0000000");
        }
    }

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
