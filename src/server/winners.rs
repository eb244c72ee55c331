//! Which of two codes a run was told.

use std::{collections::BTreeMap, sync::Mutex};

use crate::{
    contract::{
        names::Code,
        pair::Pair,
        scenario::{Case, ORDER},
    },
    exchange::locked::Locked as _,
};

/// Which code won, by the pair and the point.
#[derive(Debug, Default)]
pub struct Winners(Mutex<BTreeMap<String, Won>>);

/// A pair, and which code it got.
#[derive(Debug, Clone)]
pub struct Won {
    /// The two codes.
    pub pair: Pair,
    /// The code that the response has.
    pub code: Code,
}

impl Winners {
    /// Adds what was told at a place.
    pub(super) fn add(&self, at: &str, won: Won) {
        self.0.locked().insert(at.to_owned(), won);
    }

    /// The code that was told at a place.
    #[must_use]
    pub fn code_at(&self, place: &str) -> Option<Code> {
        self.0.locked().get(place).map(|won| won.code.clone())
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> BTreeMap<String, Won> {
        self.0.locked().clone()
    }
}

/// What a pair at a point is called in the snapshot and in the reports: the trial's name without its begin.
#[must_use]
pub fn place_of(case: &Case) -> &str {
    case.name.strip_prefix(ORDER).and_then(|name| name.strip_prefix("::")).unwrap_or(&case.name)
}
