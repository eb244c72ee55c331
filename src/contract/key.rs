//! The shape of the API's keys, keys made to that shape, and the ways to spoil one.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemars::JsonSchema;
use serde::Deserialize;

use super::names::CarrierName;

/// What a well-formed key looks like: a prefix, then `length` characters of `alphabet`.
///
/// A prefix, an alphabet and a length, rather than a pattern, because keys are also made from it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct KeyShape {
    /// What every key begins with.
    pub prefix: String,
    /// The characters that may follow, each once.
    pub alphabet: String,
    /// How many of them follow; in a key that is made for a run, if they differ.
    pub length: usize,
    /// How many of them may follow where keys differ in length: from `length` to this.
    #[serde(default)]
    pub longest: Option<usize>,
    /// The places in a request that may carry the key. The first is used where a case names none.
    pub carriers: Vec<Carrier>,
}

/// A header that carries the key.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Carrier {
    /// What scenarios call it.
    pub name: CarrierName,
    /// The header's name.
    pub header: String,
    /// What stands before the key in the header's value: `"Bearer "`.
    #[serde(default)]
    pub before: String,
    /// Which part of HTTP Basic credentials (RFC 7617) the key is, if it is carried so: the value is
    /// then `Basic ` with both parts in base64, and the other part is empty.
    #[serde(default)]
    pub basic: Option<BasicPart>,
}

/// A part of HTTP Basic credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BasicPart {
    /// What stands before the colon.
    User,
    /// What stands after the colon.
    Password,
}

impl Carrier {
    /// The header's value with a key in it.
    #[must_use]
    pub fn value(&self, key: &str) -> String {
        match self.basic {
            None => format!("{}{key}", self.before),
            Some(BasicPart::User) => format!("Basic {}", STANDARD.encode(format!("{key}:"))),
            Some(BasicPart::Password) => format!("Basic {}", STANDARD.encode(format!(":{key}"))),
        }
    }
}

/// One way in which a request's key is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
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
}

impl KeyDefect {
    /// Whether the spoilt key is made from the slot's, so that the slot has to be filled.
    #[must_use]
    pub fn needs_slot(&self) -> bool {
        !matches!(self, Self::Absent | Self::Empty | Self::Fresh)
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
        }
    }
}

impl KeyShape {
    /// A well-formed key that nobody has issued: its characters are random.
    #[must_use]
    pub fn fresh(&self) -> String {
        let alphabet: Vec<char> = self.alphabet.chars().collect();
        let tail = (0..self.length).filter_map(|_| fastrand::choice(&alphabet).copied());
        self.prefix.chars().chain(tail).collect()
    }

    /// A well-formed key to show to people: the same each time, and issued by nobody.
    #[must_use]
    pub fn example(&self) -> String {
        self.prefix.chars().chain(self.alphabet.chars().cycle().take(self.length)).collect()
    }

    /// How many characters of a key stand before what [`KeyDefect::Inserted`] puts into it.
    #[must_use]
    pub fn middle(&self) -> usize {
        self.prefix.chars().count() + self.length / 2
    }

    /// Whether a text begins like a key. Nothing does where keys have no prefix.
    #[must_use]
    pub fn begins(&self, text: &str) -> bool {
        !self.prefix.is_empty() && text.starts_with(&self.prefix)
    }

    /// Whether a key has this shape.
    #[must_use]
    pub fn fits(&self, key: &str) -> bool {
        key.strip_prefix(&self.prefix).is_some_and(|tail| {
            let length = tail.chars().count();
            (self.length..=self.longest.unwrap_or(self.length)).contains(&length)
                && tail.chars().all(|c| self.alphabet.contains(c))
        })
    }

    /// The key that is sent: `key` with one defect, or `None` where no carrier is sent at all.
    #[must_use]
    pub fn spoil(&self, key: &str, defect: &KeyDefect) -> Option<String> {
        let tail = key.strip_prefix(&self.prefix).unwrap_or(key);
        let last = key.chars().next_back().unwrap_or_default();
        let shortened = key.strip_suffix(last).unwrap_or_default();
        let spoilt = match defect {
            KeyDefect::Absent => return None,
            KeyDefect::Empty => String::new(),
            KeyDefect::Fresh => self.fresh(),
            KeyDefect::Shortened => shortened.to_owned(),
            KeyDefect::Lengthened => format!("{key}{last}"),
            KeyDefect::Prefix(prefix) => format!("{prefix}{tail}"),
            KeyDefect::Quoted(quote) => format!("{quote}{key}{quote}"),
            KeyDefect::Inserted(text) => {
                let middle = key.char_indices().nth(self.middle()).map_or(key.len(), |(at, _)| at);
                format!("{}{text}{}", &key[..middle], &key[middle..])
            }
            KeyDefect::Ending(text) => format!("{shortened}{text}"),
        };
        Some(spoilt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape() -> KeyShape {
        KeyShape {
            prefix: "pms_live_".to_owned(),
            alphabet: "abcd0123".to_owned(),
            length: 8,
            longest: None,
            carriers: Vec::new(),
        }
    }

    #[test]
    fn fresh_keys_fit_the_shape_and_differ() {
        let (one, other) = (shape().fresh(), shape().fresh());
        assert!(shape().fits(&one) && shape().fits(&other));
        // Eight of eight characters: two equal ones come once in 16 million runs.
        assert_ne!(one, other);
    }

    #[test]
    fn keys_may_differ_in_length_where_the_docs_say_so() {
        let shape = KeyShape { longest: Some(10), ..shape() };
        let fits = |tail: &str| shape.fits(&format!("pms_live_{tail}"));
        let rows = [("abcd012", false), ("abcd0123", true), ("abcd012301", true)];
        for (tail, holds) in rows {
            assert_eq!(fits(tail), holds, "{tail}");
        }
        assert!(!fits("abcd0123012"));
        assert_eq!(shape.fresh().len(), "pms_live_abcd0123".len());
    }

    #[test]
    fn a_carrier_holds_the_key_as_the_docs_say() {
        let rows = [
            ("", None, "key"),
            ("ApiKey ", None, "ApiKey key"),
            ("", Some(BasicPart::User), "Basic a2V5Og=="),
            ("", Some(BasicPart::Password), "Basic OmtleQ=="),
        ];
        for (before, basic, value) in rows {
            let carrier = Carrier {
                name: "some".to_owned().into(),
                header: "Authorization".to_owned(),
                before: before.to_owned(),
                basic,
            };
            assert_eq!(carrier.value("key"), value);
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
        for (defect, expected) in rows {
            let spoilt = shape().spoil("pms_live_abcd0123", &defect);
            assert_eq!(spoilt.as_deref(), expected, "{defect:?}");
            assert!(!spoilt.is_some_and(|key| shape().fits(&key)), "{defect:?}");
        }
    }
}
