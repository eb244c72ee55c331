//! What did not hold, as every report shows it.

use std::fmt;

use serde::Serialize;

use crate::{
    checks::{mismatch::Wrong, sheet::Noted},
    contract::check::{CheckId, Level},
    shown,
    shown::{redactor::Redactor, text::Shown},
};

/// A check that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct Finding {
    /// The check.
    pub check: CheckId,
    /// How much it weighs.
    pub level: Level,
    /// Where: a JSON Pointer into the body, a header, a line of a page, runs of a client; or nothing
    /// where it goes without saying.
    pub place: Shown,
    /// What is wrong there, as a sentence without a full stop.
    pub wrong: Shown,
    /// The two values, where one was expected and another was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Values>,
    /// On how many of the trial's responses, or of the client's runs.
    pub times: usize,
    /// The promise that it breaks, where that is not the trial's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promise: Option<Promised>,
}

/// A value that is another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct Values {
    /// What was expected.
    pub expected: Shown,
    /// What was there.
    pub actual: Shown,
}

/// A promise of the docs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct Promised {
    /// What is promised.
    pub says: Shown,
    /// Where in the docs.
    pub source: Shown,
}

impl Finding {
    /// What a check noted, without secrets, at a place that may be shown.
    #[must_use]
    pub fn of(noted: &Noted, place: Shown, promise: Option<Promised>, redactor: &Redactor) -> Self {
        let values = match &noted.mismatch.wrong {
            Wrong::Says(_) | Wrong::Served(_) => None,
            Wrong::Differs { expected, actual } => {
                let (expected, actual) = (redactor.value(expected), redactor.value(actual));
                Some(Values { expected, actual })
            }
        };
        let wrong = match (&noted.mismatch.wrong, &values) {
            (_, Some(Values { expected, actual })) => {
                shown!["expected ", expected, ", got ", actual]
            }
            (wrong, None) => redactor.value(&wrong.to_string()),
        };
        let level = noted.check.level();
        Self { check: noted.check, level, place, wrong, values, times: noted.on.len(), promise }
    }

    /// Where and what, in one line.
    #[must_use]
    pub fn sentence(&self) -> Shown {
        if self.place.is_empty() {
            return self.wrong.clone();
        }
        shown!["at ", self.place, ": ", self.wrong]
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check, self.sentence())
    }
}
