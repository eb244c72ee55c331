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
    /// Held by a twin whose price is looked at: another that succeeds meanwhile would be taken for a part of it.
    pub(super) alone: tokio::sync::Mutex<()>,
}

/// The credits that are left for twins.
#[derive(Debug)]
struct Purse {
    /// For the twins of cases at the scenarios' own points: they go first, since without them a code is not proven.
    own: u32,
    /// For requests that a balance pays for.
    purchases: u32,
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
    /// No twin asked yet, and this much to spend: so much of it is for cases at their scenarios' own points, and then so
    /// much for what a balance pays for.
    #[must_use]
    pub fn new(credits: u32, own: u32, purchases: u32) -> Self {
        let own = own.min(credits);
        let purchases = purchases.min(credits - own);
        let purse = Purse { own, purchases, rest: credits - own - purchases };
        Self {
            asked: Mutex::default(),
            credits: Mutex::new(purse),
            alone: tokio::sync::Mutex::default(),
        }
    }

    /// Where the twin's answer is kept, or will be.
    pub(super) fn cell(&self, id: &str) -> TwinCell {
        let mut asked = self.asked.locked();
        Arc::clone(asked.entry(id.to_owned()).or_default())
    }

    /// Takes a twin's cost from what is left, if that is enough.
    pub(super) fn pay(&self, cost: u32, at: At) -> bool {
        let mut purse = self.credits.locked();
        let Purse { own, rest, .. } = &mut *purse;
        let kept = if at == At::Elsewhere { &mut 0 } else { own };
        take(cost, kept, rest)
    }

    /// The same for a request that a balance pays for.
    pub(super) fn pay_purchase(&self, cost: u32) -> bool {
        let mut purse = self.credits.locked();
        let Purse { purchases, rest, .. } = &mut *purse;
        take(cost, purchases, rest)
    }
}

/// Takes what is to be paid from what is kept for it, and what is missing from the rest.
fn take(cost: u32, kept: &mut u32, rest: &mut u32) -> bool {
    let part = cost.min(*kept);
    let Some(left) = rest.checked_sub(cost - part) else { return false };
    (*kept, *rest) = (*kept - part, left);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_for_what_proves_a_code_before_it_is_for_anything_else() {
        // What is kept for twins of 10 and a purchase of 10, and what is left.
        let spend = |credits| {
            let twins = Twins::new(credits, 10, 10);
            [twins.pay(5, At::Elsewhere), twins.pay_purchase(10), twins.pay(10, At::Own)]
        };
        assert_eq!(spend(9), [false, false, false]);
        assert_eq!(spend(10), [false, false, true]);
        assert_eq!(spend(20), [false, true, true]);
        assert_eq!(spend(25), [true, true, true]);
    }
}
