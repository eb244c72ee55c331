//! Two codes whose defects one request has.

use super::names::Code;

/// Two codes whose defects one request has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The codes, in the order of the chain.
    pub codes: [Code; 2],
    /// What is wrong for the sake of each.
    pub kinds: [DefectKind; 2],
    /// The one that has to win, if the docs say.
    pub first: Option<Code>,
    /// What the request is one of.
    pub one_of: OneOf,
}

/// What a request with two defects is one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OneOf {
    /// Those of its pair, one at each point. Which code wins there is recorded.
    Points,
    /// Those of all wrong bodies at the pair's own point. Each is judged by what every engineer expects, and by what is
    /// promised: what one is told of two codes may well depend on the body.
    Bodies,
}

/// What of a request is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefectKind {
    /// Its key is none, or spoilt.
    Key,
    /// The state of its key's account.
    Slot,
    /// Its body.
    Body,
    /// Nothing: a hook makes the target fail.
    Hook,
    /// Its key is over the limit.
    Limit,
}

impl Pair {
    /// Both codes, as the pair is called: `missing_api_key+invalid_json`.
    #[must_use]
    pub fn name(&self) -> String {
        let [first, second] = &self.codes;
        format!("{first}+{second}")
    }
}
