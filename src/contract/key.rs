//! The shape of the API's keys, keys made to that shape, and the ways to break one.

use std::{collections::BTreeSet, ops::RangeInclusive};

use serde::Deserialize;

pub use super::carrier::{BasicPart, Carrier};
use super::{names::PartName, neighbour::Neighbour};

/// Gives a whole number below the one that it is asked with, each as often as any other.
pub type Random<'a> = &'a mut dyn FnMut(usize) -> usize;

/// What a well-formed key looks like: a prefix, then `length` characters of `alphabet`.
///
/// A prefix, an alphabet and a length, rather than a pattern, because keys are also made from it.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct KeyShape {
    /// What every key begins with.
    pub prefix: String,
    /// The characters that may follow, each once.
    pub alphabet: String,
    /// How many of them follow; where keys differ in length, how many follow in a key that is made
    /// for a run.
    pub length: usize,
    /// The fewest of them that may follow, where keys differ in length; by default `length`.
    #[serde(default)]
    pub shortest: Option<usize>,
    /// The most of them that may follow, where keys differ in length; by default `length`.
    #[serde(default)]
    pub longest: Option<usize>,
    /// The places in a request that may carry the key. The first is used where a case names none.
    pub carriers: Vec<Carrier>,
}

impl KeyShape {
    /// That of an API without keys: no request carries any.
    #[must_use]
    pub fn none() -> Self {
        Self {
            prefix: String::new(),
            alphabet: String::new(),
            length: 0,
            shortest: None,
            longest: None,
            carriers: vec![Carrier::nothing()],
        }
    }
}

/// One way in which a request's key is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum KeyDefect {
    /// No carrier at all.
    Absent,
    /// The carrier is there, with no key in it.
    Empty,
    /// A well-formed key, made for this run, that the API has never issued.
    Fresh,
    /// The slot's key without its last character.
    Shortened,
    /// The slot's key with its last character twice.
    Lengthened,
    /// The slot's key with this in place of its prefix.
    Prefix(String),
    /// The slot's key with this before and after it.
    Quoted(String),
    /// The slot's key with this in its middle.
    Inserted(String),
    /// The slot's key with this in place of its last character.
    Ending(String),
    /// The prefix that every key begins with, and nothing after it.
    Bare,
    /// The slot's key with this behind it.
    Appended(String),
    /// The slot's key with zeros behind it, this many characters in all.
    Long(usize),
    /// A well-formed key that is next to the slot's: it differs in as little as a server may overlook.
    Neighbour(Neighbour),
    /// The slot's key as it is, beside another value for one of the further parts of its credentials.
    Part(OtherPart),
}

/// Another value for a part of a slot's credentials.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OtherPart {
    /// The part.
    pub name: PartName,
    /// What is sent in its place.
    pub to: String,
}

impl KeyDefect {
    /// Whether the broken key is made from the slot's, so that the slot has to be filled.
    #[must_use]
    pub fn needs_slot(&self) -> bool {
        !matches!(self, Self::Absent | Self::Empty | Self::Fresh | Self::Bare)
    }

    /// Whether it breaks something where this carries the key: a part that is not sent is not missed.
    #[must_use]
    pub fn breaks(&self, carrier: &Carrier) -> bool {
        let Self::Part(OtherPart { name, .. }) = self else { return true };
        carrier.parts().any(|part| part == name)
    }

    /// What is sent in place of a slot's key, for whoever reads of it.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Absent => "none".to_owned(),
            Self::Empty => "an empty one".to_owned(),
            Self::Fresh => "a well-formed one that was made for this run".to_owned(),
            Self::Shortened => "without its last character".to_owned(),
            Self::Lengthened => "with its last character twice".to_owned(),
            Self::Prefix(text) if text.is_empty() => "without its prefix".to_owned(),
            Self::Prefix(text) => format!("with {text:?} in place of its prefix"),
            Self::Quoted(text) => format!("with {text:?} before and after it"),
            Self::Inserted(text) => format!("with {text:?} in its middle"),
            Self::Ending(text) => format!("with {text:?} in place of its last character"),
            Self::Bare => "the prefix alone".to_owned(),
            Self::Appended(text) => format!("with {text:?} behind it"),
            Self::Long(length) => format!("with zeros behind it, {length} characters in all"),
            Self::Neighbour(neighbour) => neighbour.describe().to_owned(),
            Self::Part(OtherPart { name, to }) => {
                format!("with {to:?} in place of its part `{name}`")
            }
        }
    }
}

impl KeyShape {
    /// A well-formed key that nobody has issued: its characters are random, and letters and digits alone
    /// where the alphabet has any, since not every server that takes those takes a hyphen.
    #[must_use]
    pub fn fresh(&self, random: Random<'_>) -> String {
        let alphabet = self.plain_alphabet();
        let tail = (0..self.length).map(|_| alphabet[random(alphabet.len())]);
        self.prefix.chars().chain(tail).collect()
    }

    /// A key that nobody has issued and that a server takes for well-formed if it takes `key` so:
    /// as long, and with no character that `key` does not use, but for a `key` that is one character
    /// over and over. Without a key to go by, one of the contract's shape.
    #[must_use]
    pub fn fresh_like(&self, key: &str, random: Random<'_>) -> String {
        if key.is_empty() {
            return self.fresh(random);
        }
        let tail = key.strip_prefix(&self.prefix).unwrap_or(key);
        let head = &key[..key.len() - tail.len()];
        // A key of few different characters may come out as itself once, but hardly ever twice.
        for turn in 0..2 * TRIES {
            let replaced = tail.chars().map(|c| {
                let used = || tail.chars().filter(|other| alike(*other, c)).collect();
                let class: Vec<char> = if turn < TRIES { used() } else { whole_class(c, tail) };
                class[random(class.len())]
            });
            let made: String = head.chars().chain(replaced).collect();
            if made != key {
                return made;
            }
        }
        self.fresh(random)
    }

    /// The characters that may stand in the place of one in a key like this one; of the contract's
    /// shape, without one to go by.
    #[must_use]
    pub(super) fn instead(&self, c: char, key: &str) -> Vec<char> {
        let tail = key.strip_prefix(&self.prefix).unwrap_or(key);
        if tail.is_empty() {
            return self.plain_alphabet();
        }
        let used: BTreeSet<char> = tail.chars().filter(|other| alike(*other, c)).collect();
        if used.len() > 1 { used.into_iter().collect() } else { whole_class(c, tail) }
    }

    /// A well-formed key to show to people: the same each time, and issued by nobody. It is as long
    /// as `key`, if there is one, and hexadecimal if that is.
    #[must_use]
    pub fn example_like(&self, key: Option<&str>) -> String {
        let tail = key.map(|key| key.strip_prefix(&self.prefix).unwrap_or(key));
        let length = tail.map_or(self.length, |tail| tail.chars().count());
        let hexadecimal = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        let alphabet = match tail {
            Some(tail) if !tail.is_empty() && tail.chars().all(hexadecimal) => {
                "0123456789abcdef".chars().collect()
            }
            _ => self.plain_alphabet(),
        };
        self.prefix.chars().chain(alphabet.into_iter().cycle().take(length)).collect()
    }

    /// The letters and digits of the alphabet: a server may take less than the contract allows, and
    /// they are what nearly all take. All of it where it has none.
    fn plain_alphabet(&self) -> Vec<char> {
        let plain: Vec<char> = self.alphabet.chars().filter(char::is_ascii_alphanumeric).collect();
        if plain.is_empty() { self.alphabet.chars().collect() } else { plain }
    }

    /// How many characters of a key stand before what [`KeyDefect::Inserted`] puts into it.
    #[must_use]
    pub fn middle(&self, key: &str) -> usize {
        let tail = key.strip_prefix(&self.prefix).unwrap_or(key).chars().count();
        key.chars().count() - tail + tail / 2
    }

    /// Whether a text begins like a key. Nothing does where keys have no prefix.
    #[must_use]
    pub fn begins(&self, text: &str) -> bool {
        !self.prefix.is_empty() && text.starts_with(&self.prefix)
    }

    /// How many characters may follow the prefix.
    #[must_use]
    pub fn lengths(&self) -> RangeInclusive<usize> {
        self.shortest.unwrap_or(self.length)..=self.longest.unwrap_or(self.length)
    }

    /// Whether a key can have this shape: one with faults of its own refuses every key, and says nothing of
    /// them.
    #[must_use]
    pub fn fits_some(&self) -> bool {
        !self.alphabet.is_empty() && self.length > 0
    }

    /// Whether a key has this shape.
    #[must_use]
    pub fn fits(&self, key: &str) -> bool {
        key.strip_prefix(&self.prefix).is_some_and(|tail| {
            let length = tail.chars().count();
            self.lengths().contains(&length) && tail.chars().all(|c| self.alphabet.contains(c))
        })
    }

    /// The key that is sent: `key` with one defect, or `None` where no carrier is sent at all.
    #[must_use]
    pub fn spoil(&self, key: &str, defect: &KeyDefect, random: Random<'_>) -> Option<String> {
        let tail = key.strip_prefix(&self.prefix).unwrap_or(key);
        let last = key.chars().next_back().unwrap_or_default();
        let shortened = key.strip_suffix(last).unwrap_or_default();
        let spoilt = match defect {
            KeyDefect::Absent => return None,
            KeyDefect::Empty => String::new(),
            KeyDefect::Fresh => self.fresh_like(key, random),
            KeyDefect::Shortened => shortened.to_owned(),
            KeyDefect::Lengthened => format!("{key}{last}"),
            KeyDefect::Prefix(prefix) => format!("{prefix}{tail}"),
            KeyDefect::Quoted(quote) => format!("{quote}{key}{quote}"),
            KeyDefect::Inserted(text) => {
                let middle =
                    key.char_indices().nth(self.middle(key)).map_or(key.len(), |(at, _)| at);
                format!("{}{text}{}", &key[..middle], &key[middle..])
            }
            KeyDefect::Ending(text) => format!("{shortened}{text}"),
            KeyDefect::Bare => self.prefix.clone(),
            KeyDefect::Appended(text) => format!("{key}{text}"),
            KeyDefect::Long(length) => {
                format!("{key}{}", "0".repeat(length.saturating_sub(key.chars().count())))
            }
            // A key that has none was refused when the request was planned.
            KeyDefect::Neighbour(neighbour) => neighbour.of(&self.prefix, key).unwrap_or_default(),
            KeyDefect::Part(_) => key.to_owned(),
        };
        Some(spoilt)
    }
}

/// How often a fresh key is made anew where it came out as the key that it is to differ from. With
/// two characters in each place a key of eight comes out as itself once in 256 times.
const TRIES: usize = 64;

/// Whether two characters are of one class: digits, small letters, capital letters, or the same.
fn alike(one: char, other: char) -> bool {
    let class = |c: char| match c {
        '0'..='9' => Some('0'),
        'a'..='z' => Some('a'),
        'A'..='Z' => Some('A'),
        _ => None,
    };
    one == other || (class(one).is_some() && class(one) == class(other))
}

/// All that may stand in place of a character, where those that the key uses leave no choice: of
/// letters only the hexadecimal ones, if the key has no others.
fn whole_class(c: char, key: &str) -> Vec<char> {
    let hexadecimal = key.chars().filter(char::is_ascii_alphabetic).all(|c| c.is_ascii_hexdigit());
    match c {
        '0'..='9' => ('0'..='9').collect(),
        'a'..='z' => ('a'..=if hexadecimal { 'f' } else { 'z' }).collect(),
        'A'..='Z' => ('A'..=if hexadecimal { 'F' } else { 'Z' }).collect(),
        c => vec![c],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(below: usize) -> usize {
        fastrand::usize(..below)
    }

    fn shape() -> KeyShape {
        KeyShape {
            prefix: "pms_live_".to_owned(),
            alphabet: "abcd0123".to_owned(),
            length: 8,
            shortest: None,
            longest: None,
            carriers: Vec::new(),
        }
    }

    #[test]
    fn fresh_keys_fit_the_shape_and_differ() {
        let (one, other) = (shape().fresh(&mut { random }), shape().fresh(&mut { random }));
        assert!(shape().fits(&one) && shape().fits(&other));
        let wide = KeyShape { alphabet: "ab-_".to_owned(), length: 64, ..shape() };
        assert!(
            !wide.fresh(&mut { random }).contains('-') && !wide.example_like(None).contains('-')
        );
        let signs = KeyShape { alphabet: "-_".to_owned(), ..shape() };
        assert!(signs.fits(&signs.fresh(&mut { random })));
        // Eight of eight characters: two equal ones come once in 16 million runs.
        assert_ne!(one, other);
    }

    #[test]
    fn keys_may_differ_in_length_where_the_docs_say_so() {
        let shape = KeyShape { longest: Some(10), ..shape() };
        let shorter = KeyShape { shortest: Some(7), ..shape.clone() };
        // Without `shortest`, and with it.
        let rows = [
            ("abcd01", false, false),
            ("abcd012", false, true),
            ("abcd0123", true, true),
            ("abcd012301", true, true),
            ("abcd0123012", false, false),
        ];
        for (tail, holds, with_shortest) in rows {
            let key = format!("pms_live_{tail}");
            assert_eq!((shape.fits(&key), shorter.fits(&key)), (holds, with_shortest), "{tail}");
        }
        for shape in [shape, shorter] {
            assert_eq!(shape.fresh(&mut { random }).len(), "pms_live_abcd0123".len());
        }
    }

    #[test]
    fn a_fresh_key_has_the_form_of_the_one_that_it_is_made_from_and_is_never_that_one() {
        let rows = [
            ("pms_live_0a4f9c2e8b1d7a3f5c6e0d2b", "0123456789abcdef"),
            ("pms_live_0A4F9C2E8B1D7A3F5C6E0D2B", "0123456789ABCDEF"),
            ("pms_live_Zk3-_9", "Zk39-_"),
            ("sk_0a4f", "sk_0a4f"),
            ("pms_live_ab", "ab"),
            // One character over and over leaves no choice but others of its class.
            ("pms_live_aaaaaaaa", "abcdef"),
            ("pms_live_zzzzzzzz", "abcdefghijklmnopqrstuvwxyz"),
            ("pms_live_77777777", "0123456789"),
            // Nothing of it can be replaced.
            ("pms_live_--------", "abcd0123"),
        ];
        for (key, alphabet) in rows {
            for _ in 0..200 {
                let fresh = shape().spoil(key, &KeyDefect::Fresh, &mut { random }).expect("a key");
                assert_ne!(fresh, key);
                assert_eq!(fresh.len(), key.len(), "{key}: {fresh}");
                let tail = fresh.strip_prefix("pms_live_").unwrap_or(&fresh);
                assert_eq!(key.starts_with("pms_live_"), tail.len() < fresh.len(), "{fresh}");
                assert!(tail.chars().all(|c| alphabet.contains(c)), "{key}: {fresh}");
            }
        }
        let made = shape().spoil("", &KeyDefect::Fresh, &mut { random }).expect("a key");
        assert!(shape().fits(&made), "{made}");
    }

    #[test]
    fn an_example_has_the_form_of_a_key_and_nothing_of_it() {
        let rows = [
            (None, "pms_live_abcd0123"),
            (Some("pms_live_d3c1"), "pms_live_0123"),
            (Some("pms_live_D3-1b"), "pms_live_abcd0"),
        ];
        for (key, example) in rows {
            assert_eq!(shape().example_like(key), example, "{key:?}");
        }
    }

    #[test]
    fn every_defect_but_fresh_yields_exactly_this_and_no_well_formed_key() {
        let rows = [
            (KeyDefect::Absent, None),
            (KeyDefect::Empty, Some("")),
            (KeyDefect::Shortened, Some("pms_live_abcd012")),
            (KeyDefect::Lengthened, Some("pms_live_abcd01233")),
            (KeyDefect::Prefix(String::new()), Some("abcd0123")),
            (KeyDefect::Prefix("PMS_LIVE_".into()), Some("PMS_LIVE_abcd0123")),
            (KeyDefect::Quoted("\"".into()), Some("\"pms_live_abcd0123\"")),
            (KeyDefect::Inserted("\t".into()), Some("pms_live_abcd\t0123")),
            (KeyDefect::Ending("é".into()), Some("pms_live_abcd012é")),
        ];
        // A space at its end would be no part of the header's value.
        let short = shape().spoil("pms_live_ab", &KeyDefect::Inserted(" ".into()), &mut { random });
        assert_eq!(short.as_deref(), Some("pms_live_a b"));
        for (defect, expected) in rows {
            let spoilt = shape().spoil("pms_live_abcd0123", &defect, &mut { random });
            assert_eq!(spoilt.as_deref(), expected, "{defect:?}");
            assert!(!spoilt.is_some_and(|key| shape().fits(&key)), "{defect:?}");
        }
    }
}
