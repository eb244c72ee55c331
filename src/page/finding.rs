//! What is not on a page as the contract has it: data, for all who report it.

use std::fmt;

use crate::{
    checks::mismatch::Mismatch,
    contract::{check::CheckId, names::Code},
};

/// A place on a page, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PagePlace {
    /// The line of its source, counted from 1.
    pub line: usize,
    /// The heading that it stands under.
    pub under: Option<String>,
}

impl fmt::Display for PagePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        match &self.under {
            Some(heading) => write!(f, ", under `{heading}`"),
            None => Ok(()),
        }
    }
}

/// A check that does not hold on the page or on the link to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnPage {
    /// The check.
    pub check: CheckId,
    /// Where on the page, and what is wrong there.
    pub mismatch: Mismatch,
}

impl OnPage {
    /// What is wrong, in a sentence without a full stop.
    #[must_use]
    pub fn says(check: CheckId, place: Option<&PagePlace>, sentence: impl Into<String>) -> Self {
        let place = place.map(ToString::to_string).unwrap_or_default();
        Self { check, mismatch: Mismatch::says(&place, sentence) }
    }
}

/// What came of one trial on the page or on the link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedTrial {
    /// Its name.
    pub trial: String,
    /// The code that it is about, if it is about one.
    pub code: Option<Code>,
    /// What the contract promises.
    pub promise: String,
    /// The file that has it, or the part of one.
    pub source: String,
    /// What did not hold.
    pub found: Vec<OnPage>,
    /// Why it could not be judged, if it could not.
    pub unjudged: Option<String>,
}
