//! Well-formed keys next to a slot's own: each differs from it in what a careless lookup overlooks.

use std::ops::Range;

use serde::Deserialize;

/// In what a key differs from the slot's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Neighbour {
    /// The first letter or digit after the prefix is another one.
    First,
    /// One in the middle is.
    Middle,
    /// The last one is.
    Last,
    /// Small letters are capital, and capital ones small.
    Case,
    /// Only the prefix and eight characters are the same.
    AfterEight,
    /// Only the prefix and the four characters at either end are the same.
    Ends,
    /// The characters after the prefix are the same, in another order.
    Reversed,
}

/// What becomes of the characters of a range, in the words of `tr`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The characters that change, counted from 0.
    pub range: Range<usize>,
    /// What they are, as a set of `tr`.
    pub from: &'static str,
    /// What each becomes, as a set of `tr`.
    pub to: &'static str,
}

/// Each letter or digit becomes the one three places on: not the next one, since keys that were numbered may have
/// that as well.
const ROTATED: (&str, &str) = ("0-9a-zA-Z", "3-90-2d-za-cD-ZA-C");
/// The same for a key whose letters are hexadecimal digits.
const ROTATED_HEX: (&str, &str) = ("0-9a-fA-F", "3-90-2d-fa-cD-FA-C");
const SWAPPED: (&str, &str) = ("a-zA-Z", "A-Za-z");

impl Neighbour {
    /// What is sent in place of a slot's key, for whoever reads of it.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::First => "with another first character after its prefix",
            Self::Middle => "with another character in its middle",
            Self::Last => "with another last character",
            Self::Case => "with small letters for capital ones and capital ones for small",
            Self::AfterEight => "with other characters after the first eight",
            Self::Ends => "with other characters between the first and the last four",
            Self::Reversed => "with the characters after its prefix in reverse order",
        }
    }

    /// The neighbour of a key that begins with a prefix, if it has one: some keys have no letter, or no more than
    /// eight characters.
    #[must_use]
    pub fn of(self, prefix: &str, key: &str) -> Option<String> {
        if self == Self::Reversed {
            let tail = key.strip_prefix(prefix).filter(|tail| tail.is_ascii())?;
            let made: String = prefix.chars().chain(tail.chars().rev()).collect();
            return (made != key).then_some(made);
        }
        let Change { range, from, to } = self.change(prefix, key)?;
        let (from, to) = (set(from), set(to));
        let changed = |(at, c): (usize, char)| match from.iter().position(|known| *known == c) {
            Some(place) if range.contains(&at) => to[place],
            _ => c,
        };
        let made: String = key.chars().enumerate().map(changed).collect();
        (made != key).then_some(made)
    }

    /// What changes of a key.
    #[must_use]
    pub fn change(self, prefix: &str, key: &str) -> Option<Change> {
        // `cut` and `tr` count bytes.
        if !key.is_ascii() {
            return None;
        }
        let begin = if key.starts_with(prefix) { prefix.len() } else { 0 };
        let tail = &key[begin..];
        let is_plain = |at: &usize| tail.as_bytes()[*at].is_ascii_alphanumeric();
        let one = |at: usize| begin + at..begin + at + 1;
        let middle = tail.len() / 2;
        let range = match self {
            Self::First => one((0..tail.len()).find(is_plain)?),
            Self::Middle => one((middle..tail.len()).chain((0..middle).rev()).find(is_plain)?),
            Self::Last => one((0..tail.len()).rev().find(is_plain)?),
            Self::Case => begin..key.len(),
            Self::AfterEight => begin + 8..key.len(),
            Self::Ends => begin + 4..key.len().saturating_sub(4),
            Self::Reversed => return None,
        };
        let hexadecimal =
            tail.bytes().filter(u8::is_ascii_alphabetic).all(|byte| byte.is_ascii_hexdigit());
        let (from, to) = match self {
            Self::Case => SWAPPED,
            _ if hexadecimal => ROTATED_HEX,
            _ => ROTATED,
        };
        (range.start < range.end).then_some(Change { range, from, to })
    }
}

/// The characters of a set of `tr`.
fn set(ranges: &str) -> Vec<char> {
    let bytes: Vec<char> = ranges.chars().collect();
    let mut all = Vec::new();
    for range in bytes.chunks(3) {
        if let [first, '-', last] = range {
            all.extend(*first..=*last);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neighbour_is_as_well_formed_as_its_key_and_differs_where_it_says() {
        use Neighbour::{AfterEight, Case, Ends, First, Last, Middle, Reversed};
        let rows = [
            ("pms_live_aB3-_xYz9Q", First, Some("pms_live_dB3-_xYz9Q")),
            ("pms_live_aB3-_xYz9Q", Middle, Some("pms_live_aB3-_aYz9Q")),
            ("pms_live_aB3-_xYz9Q", Last, Some("pms_live_aB3-_xYz9T")),
            ("pms_live_aB3-_xYz9Q", Case, Some("pms_live_Ab3-_XyZ9q")),
            ("pms_live_aB3-_xYz9Q", AfterEight, Some("pms_live_aB3-_xYz2T")),
            ("pms_live_aB3-_xYz9Q", Ends, Some("pms_live_aB3-_aYz9Q")),
            ("pms_live_aB3-_xYz9Q", Reversed, Some("pms_live_Q9zYx_-3Ba")),
            ("pms_live_abba", Reversed, None),
            ("pms_live_0a9f", First, Some("pms_live_3a9f")),
            ("pms_live_0a9f", Last, Some("pms_live_0a9c")),
            ("pms_live_-_ab_-", First, Some("pms_live_-_db_-")),
            ("pms_live_0123456789", Case, None),
            ("pms_live_01234567", AfterEight, None),
            ("pms_live_---", Middle, None),
            ("pms_live_é", Last, None),
        ];
        for (key, neighbour, expected) in rows {
            assert_eq!(neighbour.of("pms_live_", key).as_deref(), expected, "{key} {neighbour:?}");
        }
        for (from, to) in [ROTATED, ROTATED_HEX, SWAPPED] {
            assert_eq!(set(from).len(), set(to).len(), "{from}");
        }
    }
}
