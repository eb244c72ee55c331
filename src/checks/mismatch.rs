//! What a check says of one answer.

/// What a check found instead of what it expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Where: a JSON Pointer into the body, a header's name, or nothing where it goes without saying.
    pub place: String,
    /// What was expected there, as the end of "expected ...".
    pub expected: String,
    /// What was there, as the end of "got ...".
    pub actual: String,
}

impl Mismatch {
    /// A mismatch at a place.
    #[must_use]
    pub fn at(place: &str, expected: impl Into<String>, actual: impl Into<String>) -> Self {
        Self { place: place.to_owned(), expected: expected.into(), actual: actual.into() }
    }
}

/// What one check says of one answer: nothing, or everything that does not hold.
pub type Mismatches = Vec<Mismatch>;

/// Nothing if the check holds, else the mismatch.
pub(super) fn unless(holds: bool, mismatch: impl FnOnce() -> Mismatch) -> Mismatches {
    if holds { Vec::new() } else { vec![mismatch()] }
}
