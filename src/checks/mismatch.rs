//! What a check says of one response.

use std::fmt;

/// One thing that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mismatch {
    /// Where: a JSON Pointer into the body, a header's name, or nothing where it goes without saying.
    pub place: String,
    /// What is wrong there.
    pub wrong: Wrong,
}

/// What is wrong at a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// A value is another one.
    Differs {
        /// What was expected, as the end of "expected ...".
        expected: String,
        /// What was there, as the end of "got ...".
        actual: String,
    },
    /// Something that two values do not say: what is missing, invalid, too many or too late. A sentence
    /// without a full stop.
    Says(String),
    /// The request was served, with this status, where an error was expected: neither status nor code is
    /// what is promised. One finding, since nothing else of the response can be checked.
    Served(u16),
}

impl Mismatch {
    /// Another value than expected.
    #[must_use]
    pub fn at(place: &str, expected: impl Into<String>, actual: impl Into<String>) -> Self {
        let wrong = Wrong::Differs { expected: expected.into(), actual: actual.into() };
        Self { place: place.to_owned(), wrong }
    }

    /// Another value than expected, or no value at all.
    #[must_use]
    pub fn or_missing(place: &str, expected: impl Into<String>, actual: Option<String>) -> Self {
        match actual {
            Some(actual) => Self::at(place, expected, actual),
            None => Self::says(place, format!("missing; expected {}", expected.into())),
        }
    }

    /// Something that is wrong in words of its own.
    #[must_use]
    pub fn says(place: &str, sentence: impl Into<String>) -> Self {
        Self { place: place.to_owned(), wrong: Wrong::Says(sentence.into()) }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs { expected, actual } => write!(f, "expected {expected}, got {actual}"),
            Self::Says(sentence) => f.write_str(sentence),
            Self::Served(status) => {
                write!(f, "the request was served ({status}), so there is no error to check")
            }
        }
    }
}

/// What one check says of one response: nothing, or everything that does not hold.
pub type Mismatches = Vec<Mismatch>;

/// Nothing if the check holds, else the mismatch.
pub(super) fn unless(holds: bool, mismatch: impl FnOnce() -> Mismatch) -> Mismatches {
    if holds { Vec::new() } else { vec![mismatch()] }
}
