//! Keys that are made for a run: well-formed, issued by nobody, and no two the same.

use super::key::KeyShape;

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
}

/// One key that was made for a run.
pub struct FreshKey {
    /// The key.
    pub key: String,
    /// What of it no earlier key has: every window of twelve characters that is new with it.
    pub own: String,
}

impl FreshKeys {
    /// Keys of a contract's shape.
    #[must_use]
    pub fn new(shape: &KeyShape) -> Self {
        let alphabet: Vec<char> = shape.alphabet.chars().collect();
        Self::like(&shape.fresh(), &shape.prefix, |_| alphabet.clone())
    }

    /// Keys like a first one, made for the run like them. `instead` gives the characters that may stand
    /// in the place of one.
    fn like(first: &str, prefix: &str, instead: impl Fn(char) -> Vec<char>) -> Self {
        let tail = first.strip_prefix(prefix).unwrap_or(first);
        let head = first[..first.len() - tail.len()].to_owned();
        let tail: Vec<char> = tail.chars().collect();
        let instead = tail.iter().map(|c| instead(*c)).collect();
        Self { head, tail, instead, made: 0 }
    }

    /// The next one. They repeat only when as many were made as the shape has.
    #[must_use]
    pub fn make(&mut self) -> FreshKey {
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
            [("0123456789", 32, 2_800), ("ab", 14, 300), ("a0-", 9, 99)]
        {
            let shape = KeyShape {
                prefix: "key_".to_owned(),
                alphabet: alphabet.to_owned(),
                length,
                longest: None,
                carriers: Vec::new(),
            };
            let mut fresh = FreshKeys::new(&shape);
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
