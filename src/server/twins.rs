//! The twins of a run: each is asked once, for all cases that share it, while there are credits for it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use tokio::sync::OnceCell;

use crate::{
    checks::{mismatch::Mismatches, twin::TwinAnswer},
    contract::scenario::At,
    exchange::{locked::Locked as _, outgoing::Exchange},
};

/// The twins of a run that were asked, and the credits that are left for more.
#[derive(Debug)]
pub struct Twins {
    asked: Mutex<HashMap<String, TwinCell>>,
    credits: Mutex<Purse>,
}

/// The credits that are left for twins.
#[derive(Debug)]
struct Purse {
    /// For the twins of cases at the scenarios' own points: they go first, since without them a code is not proven.
    own: u32,
    /// For all.
    rest: u32,
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
    /// By how much the balance fell meanwhile that pays for it, if it succeeded and that was read.
    pub(super) fell: Option<f64>,
}

impl Twins {
    /// No twin asked yet, and this much to spend, of which so much is for cases at their scenarios' own points.
    #[must_use]
    pub fn new(credits: u32, own: u32) -> Self {
        let own = own.min(credits);
        let purse = Purse { own, rest: credits - own };
        Self { asked: Mutex::default(), credits: Mutex::new(purse) }
    }

    /// Where the twin's answer is kept, or will be.
    pub(super) fn cell(&self, id: &str) -> TwinCell {
        let mut asked = self.asked.locked();
        Arc::clone(asked.entry(id.to_owned()).or_default())
    }

    /// Takes a twin's cost from what is left, if that is enough.
    pub(super) fn pay(&self, cost: u32, at: At) -> bool {
        let mut purse = self.credits.locked();
        let own = if at == At::Own { purse.own.min(cost) } else { 0 };
        let Some(rest) = purse.rest.checked_sub(cost - own) else { return false };
        *purse = Purse { own: purse.own - own, rest };
        true
    }
}
