//! The ids of the checks: words of the contract's files, and of every report.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
}
