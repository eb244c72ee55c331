//! Who is tested: a base URL, keys, and what it offers.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use url::Url;

use super::{known::Known, target_file::Budget};
use crate::{
    contract::{
        contract_file::{Method, Probe, RequestFormat},
        names::{HookName, ProbeName, RequestName, SlotName},
    },
    exchange::{clock::Clock, deadlines::Deadlines},
    shown::secret::{Named, Secret},
};

/// Who is tested.
#[derive(Debug, Clone)]
pub struct Target {
    /// The folder under `snapshots/` that is its own.
    pub name: String,
    /// The address that all paths begin at.
    pub base_url: Url,
    /// How time passes for it.
    pub clock: Clock,
    /// How long an answer may take that is not documented to take longer.
    pub deadlines: Deadlines,
    /// How long it may ask to wait: for longer nobody waits.
    pub wait_at_most: Duration,
    /// Its keys.
    pub slots: BTreeMap<SlotName, Slot>,
    /// Headers that every request carries, or why one of them is missing.
    pub headers: Result<Headers, String>,
    /// Header values from the environment, with what is shown in their place.
    pub secrets: Vec<Named>,
    /// Deviations that are known.
    pub known: Vec<Known>,
    /// The credits that a run may spend.
    pub budget: Budget,
    /// The contract's requests as they are sent here.
    pub requests: BTreeMap<RequestName, RequestFormat>,
    /// Those of them whose cost its file says.
    pub priced: BTreeSet<RequestName>,
    /// How failures are provoked, or why one cannot be.
    pub hooks: BTreeMap<HookName, Result<Hook, String>>,
    /// The numbers that can be read, or why one cannot be.
    pub probes: BTreeMap<ProbeName, Result<Probe, String>>,
}

/// Names and values of headers.
pub type Headers = Vec<(Arc<str>, Secret)>;

/// A named credential.
#[derive(Debug, Clone)]
pub struct Slot {
    /// The environment variable that fills it.
    pub env: String,
    /// What the key behind it must be.
    pub purpose: String,
    /// The key, if the variable is set.
    pub key: Option<Secret>,
    /// Who uses its workspace during a run.
    pub usage: SlotUse,
    /// Whether a target may do without it.
    pub need: SlotNeed,
}

/// Whether a target may do without a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotNeed {
    /// What it proves is missing without it.
    Required,
    /// Its cases are more than anybody has to offer.
    Optional,
}

/// Who uses the workspace of a slot's key during a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotUse {
    /// Only errproof.
    Alone,
    /// Others as well, so that its balance tells nothing.
    Shared,
}

/// How a failure is provoked.
#[derive(Debug, Clone, Default)]
pub struct Hook {
    /// Headers to add to the case's request.
    pub headers: Headers,
    /// A request to send first.
    pub first: Option<First>,
}

/// A request that is sent before a case's own.
#[derive(Debug, Clone)]
pub struct First {
    /// The method.
    pub method: Method,
    /// The path.
    pub path: Arc<str>,
    /// The headers.
    pub headers: Headers,
    /// The body, to the byte.
    pub body: Vec<u8>,
}

impl Target {
    /// Whether it is the bundled mock.
    #[must_use]
    pub fn is_bundled(&self) -> bool {
        matches!(self.clock, Clock::Shared(_))
    }

    /// The key of a slot.
    ///
    /// # Errors
    /// What to set to fill it.
    pub fn key(&self, slot: &SlotName) -> Result<&Secret, String> {
        let slot_of = &self.slots[slot];
        slot_of.key.as_ref().ok_or_else(|| {
            let Slot { env, purpose, need, .. } = slot_of;
            let optional = if *need == SlotNeed::Optional { "the optional " } else { "" };
            format!("no key for {optional}slot `{slot}`: set ${env} to {purpose}")
        })
    }
}
