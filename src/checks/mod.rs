//! Named assertions: pure functions from exchanges to findings, one family a file.

use std::{collections::BTreeSet, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub mod charge;
pub mod envelope;
pub mod fields;
mod json;
pub mod leak;
pub mod rate;
pub mod rate_fields;
pub mod reading;
pub mod request_id;
pub mod retry_after;
pub mod timing;
pub mod twin;

macro_rules! checks {
    ($($(#[$doc:meta])* $variant:ident = $id:literal, $level:ident;)*) => {
        /// The stable id of a check. Ids never change: known deviations and reports name them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, JsonSchema)]
        pub enum CheckId {
            $($(#[$doc])* #[serde(rename = $id)] $variant,)*
        }

        impl CheckId {
            /// Every check there is.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The id as it is written in files and reports.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// How much a check that does not hold weighs.
            #[must_use]
            pub fn level(self) -> Level {
                match self { $(Self::$variant => Level::$level,)* }
            }
        }
    };
}

checks! {
    /// The status is the scenario's, and the body repeats it where that is promised.
    Status = "status", Must;
    /// The code is the scenario's.
    Code = "code", Must;
    /// The docs link is the contract's.
    Docs = "docs", Must;
    /// The body is one JSON document in UTF-8, and the headers say so.
    EnvelopeJson = "envelope.json", Must;
    /// The JSON Schema of the envelope holds.
    EnvelopeSchema = "envelope.schema", Must;
    /// The message is there, with the parts that the docs promise.
    Message = "message", Must;
    /// The request id is there, and no other answer of the run has it.
    RequestId = "request-id", Must;
    /// `Retry-After` is whole seconds, from 1 to the limit's window or what the scenario says.
    RetryAfter = "retry-after", Must;
    /// After waiting `Retry-After` out, the next request is admitted.
    RetryAfterHonest = "retry-after.honest", Must;
    /// Of a burst on a rested key, exactly the limit is admitted.
    RateAdmits = "rate.admits", Must;
    /// The rest of a burst is refused, each with an envelope.
    RateRefuses = "rate.refuses", Must;
    /// While one key is refused, another is served.
    RatePerKey = "rate.per-key", Must;
    /// What `RateLimit` and `RateLimit-Policy` tell is the limit, and what is left of it.
    RateTold = "rate.told", Must;
    /// What a probe reads is the same before and after.
    NoCharge = "no-charge", Must;
    /// The answer comes in the time that the docs give.
    Timing = "timing", Should;
    /// No answer holds the key that was sent.
    SecretLeak = "secret-leak", Must;
    /// The same request without the defect does not give this error.
    Twin = "twin", Must;
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How much a check that does not hold weighs. Both fail the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The docs promise it.
    Must,
    /// The docs describe it.
    Should,
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A check that did not hold.
    Check(CheckId),
    /// An envelope that differs from its reviewed snapshot.
    Drift,
}

impl Kind {
    /// Its name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Check(check) => check.as_str(),
            Self::Drift => "drift",
        }
    }

    /// How much it weighs. Drift fails a run like what the docs promise: somebody has to look.
    #[must_use]
    pub fn level(self) -> Level {
        match self {
            Self::Check(check) => check.level(),
            Self::Drift => Level::Must,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

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
fn unless(holds: bool, mismatch: impl FnOnce() -> Mismatch) -> Mismatches {
    if holds { Vec::new() } else { vec![mismatch()] }
}

/// A check that did not hold, on one or more of a trial's answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The check.
    pub kind: Kind,
    /// What it found.
    pub mismatch: Mismatch,
    /// The exchange on which it was found first, counted from 0.
    pub exchange: usize,
    /// On how many of the trial's exchanges it was found.
    pub times: usize,
}

/// All that the checks say of one trial.
#[derive(Debug, Default, Clone)]
pub struct Sheet {
    judged: BTreeSet<CheckId>,
    findings: Vec<Finding>,
}

impl Sheet {
    /// Notes what a check says of one exchange.
    pub fn note(&mut self, check: CheckId, exchange: usize, mismatches: Mismatches) {
        self.judged.insert(check);
        for mismatch in mismatches {
            self.add(Kind::Check(check), exchange, mismatch);
        }
    }

    /// Notes that an envelope differs from its reviewed snapshot.
    pub fn drift(&mut self, exchange: usize, mismatch: Mismatch) {
        self.add(Kind::Drift, exchange, mismatch);
    }

    /// The same finding on many answers of a burst is one finding.
    fn add(&mut self, kind: Kind, exchange: usize, mismatch: Mismatch) {
        let same = |known: &&mut Finding| known.kind == kind && known.mismatch == mismatch;
        match self.findings.iter_mut().find(same) {
            Some(known) => known.times += 1,
            None => self.findings.push(Finding { kind, mismatch, exchange, times: 1 }),
        }
    }

    /// Everything that did not hold.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The checks that held on every exchange they were made on.
    pub fn held(&self) -> impl Iterator<Item = CheckId> {
        let broken = |check| self.findings.iter().any(|finding| finding.kind == Kind::Check(check));
        self.judged.iter().copied().filter(move |check| !broken(*check))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_levels_never_change() {
        let list: Vec<_> = CheckId::ALL.iter().map(|id| format!("{id} {:?}", id.level())).collect();
        insta::assert_snapshot!(list.join("\n"), @r"
        status Must
        code Must
        docs Must
        envelope.json Must
        envelope.schema Must
        message Must
        request-id Must
        retry-after Must
        retry-after.honest Must
        rate.admits Must
        rate.refuses Must
        rate.per-key Must
        rate.told Must
        no-charge Must
        timing Should
        secret-leak Must
        twin Must
        ");
    }

    #[test]
    fn the_same_finding_on_many_answers_is_shown_once_and_counted() {
        let mut sheet = Sheet::default();
        let missing = || vec![Mismatch::at("header Retry-After", "whole seconds", "nothing")];
        sheet.note(CheckId::Status, 3, Vec::new());
        sheet.note(CheckId::RetryAfter, 3, missing());
        sheet.note(CheckId::RetryAfter, 4, missing());
        let [finding] = sheet.findings() else { panic!("{:?}", sheet.findings()) };
        assert_eq!((finding.exchange, finding.times), (3, 2));
        assert_eq!(sheet.held().collect::<Vec<_>>(), [CheckId::Status]);
    }
}
