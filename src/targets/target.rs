//! Who is tested: a base URL, keys, and what it offers.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use url::Url;

use super::{header::Headers, hook::Hook, known::Known, target_file::Budget};
use crate::{
    contract::{
        carrier::Parts,
        contract_file::Probe,
        extent::Extent,
        names::{HookName, PartName, ProbeName, RequestName, SlotName},
        request_shape::RequestShape,
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
    /// How much of the contract is proven on it.
    pub extent: Extent,
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
    pub requests: BTreeMap<RequestName, RequestShape>,
    /// Those of them whose cost its file says.
    pub priced: BTreeSet<RequestName>,
    /// How failures are provoked, or why one cannot be.
    pub hooks: BTreeMap<HookName, Result<Hook, String>>,
    /// The numbers that can be read, or why one cannot be.
    pub probes: BTreeMap<ProbeName, Result<Probe, String>>,
}

/// A named credential.
#[derive(Debug, Clone)]
pub struct Slot {
    /// Its keys, in the order of the target's file: one, or several whose workspaces are in the same state.
    pub keys: Vec<SlotKey>,
    /// What a key of it must be.
    pub purpose: String,
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

/// One key of a slot, with the further parts of its credentials.
#[derive(Debug, Clone)]
pub struct SlotKey {
    /// The environment variable that fills it.
    pub env: String,
    /// The key, if the variable is set, and those of all parts. Of a slot without a key it is what tells that slot from
    /// others, and is never sent.
    pub key: Option<Secret>,
    /// The parts that are set.
    pub parts: Parts,
    /// The variable of each part.
    pub variables: BTreeMap<PartName, String>,
    /// The variables that are not set.
    pub lacks: Vec<Lack>,
}

/// A variable of a slot that is not set.
#[derive(Debug, Clone)]
pub struct Lack {
    /// The part that it holds; none if it holds the key.
    pub part: Option<PartName>,
    /// The variable.
    pub env: String,
}

/// What the keys of slots begin with that carry none: no key that can be sent does.
const NOBODY: char = '\0';

/// Whether this is the key of a slot that carries none.
#[must_use]
pub fn is_nobody(key: &Secret) -> bool {
    key.expose().starts_with(NOBODY)
}

impl SlotKey {
    /// That of a slot without a key. It is always there, and paced like any other.
    #[must_use]
    pub fn nobody(slot: &SlotName) -> Self {
        Self {
            env: String::new(),
            key: Some(Secret::new(format!("{NOBODY}{slot}"))),
            parts: Parts::new(),
            variables: BTreeMap::new(),
            lacks: Vec::new(),
        }
    }

    /// The variable to be set first.
    #[must_use]
    pub fn unset(&self) -> &str {
        self.lacks.first().map_or(&self.env, |lack| &lack.env)
    }
}

impl Slot {
    /// The keys that are set.
    pub fn set(&self) -> impl Iterator<Item = &SlotKey> {
        self.keys.iter().filter(|key| key.key.is_some())
    }

    /// The variables that are not set though others of the slot are.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        let is_partly_set = self.set().next().is_some();
        let unset = self.keys.iter().filter(move |key| is_partly_set && key.key.is_none());
        unset.map(SlotKey::unset)
    }

    /// The key that a trial is dealt whose turn this is: of those that are set one after the other. If none is, the
    /// first, which says what to set.
    #[must_use]
    pub fn dealt(&self, turn: usize) -> &SlotKey {
        let count = self.set().count().max(1);
        self.set().nth(turn % count).unwrap_or(&self.keys[0])
    }
}

/// Who uses the workspace of a slot's key during a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotUse {
    /// Only errproof.
    Alone,
    /// Others as well, so that its balance tells nothing.
    Shared,
}

impl Target {
    /// Whether it is the bundled mock.
    #[must_use]
    pub fn is_bundled(&self) -> bool {
        matches!(self.clock, Clock::Shared(_))
    }

    /// The first key of a slot.
    ///
    /// # Errors
    /// What to set to fill it.
    pub fn key(&self, slot: &SlotName) -> Result<&Secret, String> {
        self.dealt(slot, 0)
    }

    /// The key of a slot that a trial is dealt whose turn this is.
    ///
    /// # Errors
    /// What to set to fill it.
    pub fn dealt(&self, slot: &SlotName, turn: usize) -> Result<&Secret, String> {
        let slot_of = &self.slots[slot];
        let own = slot_of.dealt(turn);
        own.key.as_ref().ok_or_else(|| {
            let Slot { purpose, need, .. } = slot_of;
            let optional = if *need == SlotNeed::Optional { "the optional " } else { "" };
            if let Some(Lack { part: Some(part), env }) = own.lacks.first() {
                return format!(
                    "no `{part}` for {optional}slot `{slot}`: set ${env} to that of {purpose}"
                );
            }
            let env = own.unset();
            format!("no key for {optional}slot `{slot}`: set ${env} to {purpose}")
        })
    }

    /// Which variables of slots are not set that have other keys, each in a sentence.
    pub fn missing(&self) -> impl Iterator<Item = String> {
        self.slots.iter().flat_map(|(name, slot)| {
            let missing = slot.missing();
            missing.map(move |env| {
                format!(
                    "${env} is not set: slot `{name}` has one key fewer, and the run takes longer"
                )
            })
        })
    }

    /// The slot that a key is of, and the variable that it is from.
    #[must_use]
    pub fn holder(&self, key: &Secret) -> Option<(&SlotName, &SlotKey)> {
        self.slots.iter().find_map(|(name, slot)| {
            let own = slot.keys.iter().find(|known| known.key.as_ref() == Some(key))?;
            Some((name, own))
        })
    }
}
