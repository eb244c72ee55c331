//! What a limit may say besides how many requests it allows: whom it counts together, and where responses tell of it.

use serde::Deserialize;

use super::place::AnswerPlace;

/// Whose requests a limit counts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Per {
    /// Each key's own.
    #[default]
    Key,
    /// All that come from one address, with a key or without.
    Address,
    /// All with a key of one account. errproof does not know which keys those are, so it takes them for all.
    Account,
    /// All that anybody sends.
    Everybody,
}

impl Per {
    /// Whether several keys share one count. The burst past such a limit would break other trials, so it runs alone.
    #[must_use]
    pub fn is_shared(self) -> bool {
        self != Self::Key
    }

    /// Whether a request without a key is counted.
    #[must_use]
    pub fn counts_without_key(self) -> bool {
        matches!(self, Self::Address | Self::Everybody)
    }
}

/// A limit's place among those of a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LimitPlace(pub u8);

/// The most limits that a contract can have.
pub(super) const MOST_LIMITS: usize = 64;

/// Some of a contract's limits: those that count a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LimitSet(u64);

impl LimitSet {
    /// One limit.
    #[must_use]
    pub const fn of(place: LimitPlace) -> Self {
        Self(1 << place.0)
    }

    /// These limits and those.
    #[must_use]
    pub fn and(self, Self(others): Self) -> Self {
        Self(self.0 | others)
    }

    /// These limits but this one.
    #[must_use]
    pub fn without(self, place: LimitPlace) -> Self {
        Self(self.0 & !Self::of(place).0)
    }

    /// Whether this limit is one of them.
    #[must_use]
    pub fn has(self, place: LimitPlace) -> bool {
        self.0 & Self::of(place).0 != 0
    }
}

/// Where each response tells of a limit: `X-RateLimit-Limit` and its like. A place is a header, as `header
/// X-RateLimit-Limit`, or a JSON Pointer into the body.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Told {
    /// Where the limit itself is.
    #[serde(default)]
    pub limit: Option<AnswerPlace>,
    /// Where it stands how many requests are left.
    #[serde(default)]
    pub left: Option<AnswerPlace>,
    /// Where it stands when the window ends.
    #[serde(default)]
    pub reset: Option<AnswerPlace>,
    /// How `reset` tells that.
    #[serde(default)]
    pub reset_is: Option<ResetIs>,
}

/// How the end of a window is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ResetIs {
    /// Seconds since 1970.
    EpochSeconds,
    /// Milliseconds since 1970.
    EpochMilliseconds,
    /// Seconds from now on.
    Seconds,
    /// Milliseconds from now on.
    Milliseconds,
    /// A date, as HTTP (RFC 9110) or RFC 3339 writes it.
    Date,
}

/// A limit that is told in `RateLimit` and `RateLimit-Policy` as structured fields
/// (draft-ietf-httpapi-ratelimit-headers), with the names of their parameters: those change from draft to draft.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Draft {
    /// The name of the policy in both headers.
    pub policy: String,
    /// The parameter of `RateLimit-Policy` that is how many requests there are.
    #[serde(default = "q")]
    pub quota: String,
    /// The parameter of `RateLimit-Policy` that is the window in seconds. A response may leave it out.
    #[serde(default = "w")]
    pub window: String,
    /// The parameter of `RateLimit` that is how many requests are left.
    #[serde(default = "r")]
    pub left: String,
    /// The parameter of `RateLimit` that is in how many seconds there are more. A response may leave it out, and it tells
    /// nobody to wait.
    #[serde(default = "t")]
    pub reset: String,
}

fn q() -> String {
    "q".to_owned()
}

fn w() -> String {
    "w".to_owned()
}

fn r() -> String {
    "r".to_owned()
}

fn t() -> String {
    "t".to_owned()
}

/// Where a refusal says how long to wait, beside `Retry-After` or in its place. Where both say it they have to agree
/// to a second.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WaitPlace {
    /// The place: a JSON Pointer into the body, or a header, as `header X-Wait`.
    pub at: AnswerPlace,
    /// What is told there.
    #[serde(default)]
    pub unit: WaitUnit,
}

/// How a wait is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum WaitUnit {
    /// In seconds, also in fractions of them.
    #[default]
    Seconds,
    /// In milliseconds.
    Milliseconds,
    /// By its end, a date as HTTP (RFC 9110) or RFC 3339 writes it.
    Date,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_the_limits_that_were_put_into_it() {
        let [one, last] = [LimitPlace(0), LimitPlace(63)];
        let both = LimitSet::of(one).and(LimitSet::of(last));
        let rows = [
            (LimitSet::default(), [false, false]),
            (LimitSet::of(one), [true, false]),
            (both, [true, true]),
            (both.without(one), [false, true]),
            (LimitSet::of(one).without(last), [true, false]),
        ];
        for (set, expected) in rows {
            assert_eq!([one, last].map(|place| set.has(place)), expected, "{set:?}");
        }
    }

    #[test]
    fn a_limit_of_more_than_a_key_is_shared_and_may_count_who_has_none() {
        let rows = [
            (Per::Key, false, false),
            (Per::Address, true, true),
            (Per::Account, true, false),
            (Per::Everybody, true, true),
        ];
        for (per, is_shared, counts) in rows {
            assert_eq!((per.is_shared(), per.counts_without_key()), (is_shared, counts), "{per:?}");
        }
    }
}
