//! One mutant: a name, the broken promise, the check that has to see it, and on which trials.

use super::{
    mutation::{Mutation, Somewhere},
    on::On,
};
use crate::contract::check::CheckId;

/// The mock with one promise broken, and who must notice.
#[derive(Debug, Clone)]
pub struct Mutant {
    /// Its name, unique: `html on plan_gate`.
    pub name: String,
    /// What is broken.
    pub mutation: Mutation,
    /// The check that has to fail.
    pub killed_by: CheckId,
    /// The trials on which it has to fail. All others stay green.
    pub on: On,
    /// Trials that may be red or green: they show the same break by another road.
    pub open: fn(&str) -> bool,
    /// What has to be promised for it to be a break.
    pub promised: MutantPromised,
}

impl Mutant {
    /// The code whose envelope is broken, if it is one code's.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self.mutation {
            Mutation::Envelope(_, code) | Mutation::At(_, Somewhere::Envelope(_, code)) => {
                Some(code)
            }
            _ => None,
        }
    }
}

/// What a mutant breaks a promise of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MutantPromised {
    /// The page.
    ByPage,
    /// The page, and what it does not say: that `Retry-After` asks for at most a window (`retry-after-at-most`) and
    /// for what is left of it (`retry-after-falls`), that the limit counts requests that are refused for their input
    /// (`counts = "every-request"`), in which order codes are looked for (`chain-is-promised`), and all advice.
    MoreThanPage,
}

/// The codes of the page.
pub const CODES: [&str; 14] = [
    "missing_api_key",
    "malformed_api_key",
    "invalid_api_key",
    "revoked_api_key",
    "invalid_json",
    "invalid_input",
    "insufficient_credits",
    "plan_gate",
    "regen_limit",
    "rate_limited",
    "generation_failed",
    "generation_timeout",
    "workspace_not_found",
    "preflight_failed",
];
