//! The ledger of a run: what each key's balance was before the first trial, and what its requests that succeeded may
//! have cost since.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Mutex,
};

use serde_json::Number;

use crate::{
    exchange::{locked::Locked as _, outgoing::Exchange},
    shown::secret::Secret,
};

/// What is known of the balances of a run.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<HashMap<Secret, Account>>);

/// What is known of one key's balance.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// The response that told it before the first trial, and what it was; or why it is not known.
    pub opening: Option<(Exchange, Result<Number, String>)>,
    /// The most that the requests cost that succeeded since.
    pub spent: u64,
    /// How many responses with the status of an error there were since, by status.
    pub errors: BTreeMap<u16, usize>,
}

impl Ledger {
    /// Keeps what a key's balance is before the first trial.
    pub(super) fn open(&self, key: &Secret, exchange: Exchange, balance: Result<Number, String>) {
        self.0.locked().entry(key.clone()).or_default().opening = Some((exchange, balance));
    }

    /// Counts a response: what its request costs if it succeeded, or that it is an error.
    pub(super) fn count(&self, key: Option<&Secret>, outcome: Outcome) {
        let Some(key) = key else { return };
        let mut accounts = self.0.locked();
        let account = accounts.entry(key.clone()).or_default();
        match outcome {
            Outcome::Succeeded(cost) => account.spent += u64::from(cost),
            Outcome::Failed(status) => *account.errors.entry(status).or_default() += 1,
        }
    }

    /// The most that all requests cost that succeeded, whatever their keys: two keys may be of one workspace.
    pub(super) fn spent(&self) -> u64 {
        self.0.locked().values().map(|account| account.spent).sum()
    }

    /// What is known of a key's balance.
    pub(super) fn account(&self, key: &Secret) -> Account {
        self.0.locked().get(key).cloned().unwrap_or_default()
    }
}

/// What became of a request, as far as it matters to a balance.
#[derive(Debug, Clone, Copy)]
pub(super) enum Outcome {
    /// It succeeded, and costs at most this.
    Succeeded(u32),
    /// It got an error with this status.
    Failed(u16),
}
