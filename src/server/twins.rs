//! The twins of a run: each is asked once, for all cases that share it, while there are credits for it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use tokio::sync::OnceCell;

use crate::{
    checks::{mismatch::Mismatches, twin::TwinAnswer},
    exchange::{locked::Locked as _, outgoing::Exchange},
};

/// The twins of a run that were asked, and the credits that are left for more.
#[derive(Debug)]
pub struct Twins {
    asked: Mutex<HashMap<String, TwinCell>>,
    credits: Mutex<u32>,
}

/// What it was answered, as soon as that is there; `None` if the twin was not asked for want of credits.
pub(super) type TwinCell = Arc<OnceCell<Option<Asked>>>;

/// A twin that was asked.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) exchange: Exchange,
    /// What its answer gives away: a finding of every trial whose twin it is.
    pub(super) leaks: Mismatches,
    /// How far it got.
    pub(super) answer: TwinAnswer,
}

impl Twins {
    /// No twin asked yet, and this much to spend.
    #[must_use]
    pub fn new(credits: u32) -> Self {
        Self { asked: Mutex::default(), credits: Mutex::new(credits) }
    }

    /// Where the twin's answer is kept, or will be.
    pub(super) fn cell(&self, id: &str) -> TwinCell {
        let mut asked = self.asked.locked();
        Arc::clone(asked.entry(id.to_owned()).or_default())
    }

    /// Takes a twin's cost from what is left, if that is enough.
    pub(super) fn pay(&self, cost: u32) -> bool {
        let mut credits = self.credits.locked();
        let rest = credits.checked_sub(cost);
        *credits = rest.unwrap_or(*credits);
        rest.is_some()
    }
}
