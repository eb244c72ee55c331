//! What tells one error from all others: its code, its status, its message.

use std::{borrow::Cow, fmt};

use regex::Regex;
use serde::{
    Deserialize, Deserializer,
    de::{Error, SeqAccess, Visitor},
};
use serde_json::Value;

use super::envelope::EnvelopeFormat;

/// What tells a scenario's error from all others. An answer belongs to the scenario that says most of it and fits; of two that
/// say as much, to the one that is expected, and else to the first by its file's name.
///
/// The source is the census of 24 APIs: of eleven the code is absent, null, the same for several statuses, or the message
/// itself.
#[derive(Debug, Clone)]
pub struct Tells {
    /// Its code.
    pub code: SaidCode,
    /// Its statuses.
    pub statuses: Statuses,
    /// What its message has to match, if that is what tells it.
    pub message: Option<Regex>,
}

/// What the docs say of an error's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaidCode {
    /// It is this text.
    Text(String),
    /// It is this whole number, and not the text of it.
    Number(i64),
    /// There is none, or it is null.
    Absent,
    /// Nothing.
    Unsaid,
}

/// How much an error says of itself, the most telling first.
type Telling = (bool, bool, u8);

impl Tells {
    /// The code, as the docs spell it, if they give one.
    #[must_use]
    pub fn spelling(&self) -> Option<Cow<'_, str>> {
        match &self.code {
            SaidCode::Text(text) => Some(text.as_str().into()),
            SaidCode::Number(number) => Some(number.to_string().into()),
            SaidCode::Absent | SaidCode::Unsaid => None,
        }
    }

    /// The code as an error carries it, for one that is made rather than judged.
    #[must_use]
    pub fn carried(&self, places: &EnvelopeFormat) -> Option<Value> {
        match &self.code {
            SaidCode::Text(text) => Some(places.full_code(text).into()),
            SaidCode::Number(number) => Some((*number).into()),
            SaidCode::Absent | SaidCode::Unsaid => None,
        }
    }

    /// How much it says, the most telling first: a message, a code, and one status before several.
    #[must_use]
    pub fn telling(&self) -> Telling {
        (self.message.is_some(), self.code != SaidCode::Unsaid, self.statuses.narrowness())
    }

    /// Whether a status alone shows a refusal by this error: where its code is a word of its own, a refusal without it is
    /// still one, with a finding of its own.
    #[must_use]
    pub fn is_told_by_status(&self) -> bool {
        self.message.is_none() && self.code != SaidCode::Absent
    }

    /// Whether one answer can fit both and nothing says to which it belongs.
    #[must_use]
    pub fn is_confused_with(&self, other: &Self) -> bool {
        let same_message = match (&self.message, &other.message) {
            (None, None) => true,
            (Some(one), Some(other)) => one.as_str() == other.as_str(),
            _ => false,
        };
        let is_open = |code: &SaidCode| *code == SaidCode::Unsaid;
        let may_share_code = self.code == other.code || is_open(&self.code) || is_open(&other.code);
        same_message
            && may_share_code
            && self.telling() == other.telling()
            && self.statuses.meets(&other.statuses)
    }
}

/// The code in a scenario's file: a text, or a whole number. The empty text says that there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeFormat {
    /// As a text.
    Text(String),
    /// As a number.
    Number(i64),
}

impl CodeFormat {
    /// What it says.
    #[must_use]
    pub fn said(&self) -> SaidCode {
        match self {
            Self::Text(text) if text.is_empty() => SaidCode::Absent,
            Self::Text(text) => SaidCode::Text(text.clone()),
            Self::Number(number) => SaidCode::Number(*number),
        }
    }
}

impl fmt::Display for CodeFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

/// Reads a text or a whole number.
pub(super) struct TextOrNumber;

impl Visitor<'_> for TextOrNumber {
    type Value = CodeFormat;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a whole number")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<CodeFormat, E> {
        Ok(CodeFormat::Text(text.to_owned()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<CodeFormat, E> {
        Ok(CodeFormat::Number(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<CodeFormat, E> {
        i64::try_from(number).map(CodeFormat::Number).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for CodeFormat {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(TextOrNumber)
    }
}

#[cfg(feature = "schemas")]
impl schemars::JsonSchema for CodeFormat {
    fn schema_name() -> Cow<'static, str> {
        "CodeFormat".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A text, or a whole number, which is not the text of it. The empty text says that there is none, or that it is null.",
            "type": ["string", "integer"],
            "x-expected": "a text or a whole number"
        })
    }
}

/// The statuses that an error may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statuses {
    /// This one.
    One(u16),
    /// One of these.
    Some(Vec<u16>),
    /// One of a class: 4 for `4xx`.
    Class(u16),
    /// Any of an error.
    Any,
}

impl Statuses {
    /// Whether a status is one of them.
    #[must_use]
    pub fn holds(&self, status: u16) -> bool {
        match self {
            Self::One(one) => *one == status,
            Self::Some(some) => some.contains(&status),
            Self::Class(class) => status / 100 == *class,
            Self::Any => (400..600).contains(&status),
        }
    }

    /// The first of them: the one that people are shown where one number has to do.
    #[must_use]
    pub fn first(&self) -> u16 {
        match self {
            Self::One(one) => *one,
            Self::Some(some) => some.first().copied().unwrap_or(400),
            Self::Class(class) => class * 100,
            Self::Any => 400,
        }
    }

    /// All that a file names one by one, or the ends of its range.
    #[must_use]
    pub fn ends(&self) -> Cow<'_, [u16]> {
        match self {
            Self::One(one) => vec![*one].into(),
            Self::Some(some) => some.as_slice().into(),
            Self::Class(class) => vec![class * 100, class * 100 + 99].into(),
            Self::Any => vec![400, 599].into(),
        }
    }

    fn narrowness(&self) -> u8 {
        match self {
            Self::One(_) => 3,
            Self::Some(_) => 2,
            Self::Class(_) => 1,
            Self::Any => 0,
        }
    }

    fn meets(&self, other: &Self) -> bool {
        (100..600).any(|status| self.holds(status) && other.holds(status))
    }
}

impl fmt::Display for Statuses {
    /// As a finding says what was expected: `401 or 403`, `4xx`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(one) => write!(f, "{one}"),
            Self::Some(some) => {
                let some: Vec<_> = some.iter().map(u16::to_string).collect();
                f.write_str(&some.join(" or "))
            }
            Self::Class(class) => write!(f, "{class}xx"),
            Self::Any => f.write_str("400 to 599"),
        }
    }
}

/// Reads a number, a list of them, a class or `any`.
struct OneSomeOrClass;

impl<'de> Visitor<'de> for OneSomeOrClass {
    type Value = Statuses;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a status, a list of them, `4xx`, `5xx` or `any`")
    }

    fn visit_u64<E: Error>(self, status: u64) -> Result<Statuses, E> {
        u16::try_from(status).map(Statuses::One).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, status: i64) -> Result<Statuses, E> {
        u16::try_from(status).map(Statuses::One).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Statuses, E> {
        match text {
            "any" => Ok(Statuses::Any),
            "2xx" => Ok(Statuses::Class(2)),
            "4xx" => Ok(Statuses::Class(4)),
            "5xx" => Ok(Statuses::Class(5)),
            _ => Err(E::custom(format!("`{text}` is not a class of statuses"))),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Statuses, A::Error> {
        let mut some = Vec::new();
        while let Some(one) = list.next_element()? {
            some.push(one);
        }
        if some.is_empty() {
            return Err(A::Error::invalid_length(0, &self));
        }
        Ok(Statuses::Some(some))
    }
}

impl<'de> Deserialize<'de> for Statuses {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(OneSomeOrClass)
    }
}

#[cfg(feature = "schemas")]
impl schemars::JsonSchema for Statuses {
    fn schema_name() -> Cow<'static, str> {
        "Statuses".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "An HTTP status code, a list of them, a class (`4xx`, `5xx`), or `any` for 400 to 599.",
            "type": ["integer", "string", "array"],
            "minimum": 0,
            "maximum": 65535,
            "pattern": "^([245]xx|any)$",
            "x-expected": "a number such as 401, a list of them, `4xx`, `5xx` or `any`",
            "items": { "type": "integer", "minimum": 0, "maximum": 65535 },
            "minItems": 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tells(code: SaidCode, statuses: Statuses, message: Option<&str>) -> Tells {
        let message = message.map(|pattern| Regex::new(pattern).expect("a pattern"));
        Tells { code, statuses, message }
    }

    #[test]
    fn a_status_is_one_of_those_that_the_docs_give() {
        let rows = [
            (Statuses::One(401), 401, 403, "401"),
            (Statuses::Some(vec![401, 403]), 403, 402, "401 or 403"),
            (Statuses::Class(4), 499, 500, "4xx"),
            (Statuses::Any, 599, 399, "400 to 599"),
        ];
        for (statuses, inside, outside, shown) in rows {
            assert!(statuses.holds(inside) && !statuses.holds(outside), "{statuses}");
            assert_eq!(statuses.to_string(), shown);
        }
    }

    #[test]
    fn two_errors_are_confused_if_one_answer_can_be_both_and_neither_says_more() {
        use SaidCode::{Absent, Number, Text, Unsaid};
        let bad = || Text("bad".to_owned());
        let one = Statuses::One;
        let rows = [
            ((bad(), one(400), None), (bad(), one(400), None), true),
            // One code for two statuses is two errors.
            ((bad(), one(401), None), (bad(), one(403), None), false),
            ((bad(), Statuses::Some(vec![401, 403]), None), (bad(), one(403), None), false),
            ((bad(), one(400), None), (Text("other".to_owned()), one(400), None), false),
            // A number is not its text.
            ((Number(7), one(400), None), (Text("7".to_owned()), one(400), None), false),
            // What is told by its status alone is what no other one of that status is.
            ((Unsaid, one(401), None), (bad(), one(401), None), false),
            ((Unsaid, one(401), None), (Unsaid, one(401), None), true),
            ((Absent, one(401), None), (Absent, one(401), None), true),
            ((Unsaid, one(401), Some("^No")), (Unsaid, one(401), None), false),
            ((Unsaid, one(401), Some("^No")), (Unsaid, one(401), Some("^Bad")), false),
            ((Unsaid, one(401), Some("^No")), (Unsaid, one(401), Some("^No")), true),
            ((Unsaid, Statuses::Class(4), None), (Unsaid, one(404), None), false),
            ((Unsaid, Statuses::Class(4), None), (Unsaid, Statuses::Class(5), None), false),
        ];
        for (one, other, expected) in rows {
            let said = format!("{one:?} {other:?}");
            let (one, other) = (tells(one.0, one.1, one.2), tells(other.0, other.1, other.2));
            assert_eq!(one.is_confused_with(&other), expected, "{said}");
            assert_eq!(other.is_confused_with(&one), expected, "{said}");
        }
    }
}
