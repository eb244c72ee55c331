//! What the API knows: workspaces with plans and balances, and keys that it can only recognise.

use std::collections::{BTreeMap, HashMap};

use ring::digest::{SHA256, digest};

use crate::contract::key::Random;

/// A plan, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the page names them and says no more of them")]
pub enum Subscription {
    Free,
    Starter,
    Pro,
}

impl Subscription {
    /// How often a project may be regenerated.
    #[must_use]
    pub fn regenerations(self) -> Option<u32> {
        match self {
            Self::Free => Some(1),
            Self::Starter => Some(3),
            Self::Pro => None,
        }
    }
}

/// A customer's workspace.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// What it has paid for.
    pub plan: Subscription,
    /// Credits left. Only a server with a deviation lets a workspace owe some.
    pub credits: i64,
    /// Regenerations used, by project.
    pub regenerations: HashMap<String, u32>,
}

/// What is known of a key: not the key itself, only its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRecord {
    /// The workspace it belongs to.
    pub workspace: usize,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// All workspaces and keys.
#[derive(Debug, Default)]
pub struct World {
    workspaces: Vec<Option<Workspace>>,
    keys: HashMap<[u8; 32], KeyRecord>,
}

/// What every key begins with.
pub const PREFIX: &str = "pms_live_";

/// How many letters and digits follow.
pub const LENGTH: usize = 32;

/// What they are drawn from.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

impl World {
    /// Adds a workspace with a new key, and gives the key: it is not kept.
    pub fn add(&mut self, plan: Subscription, credits: i64, random: Random<'_>) -> String {
        let drawn = (0..LENGTH).map(|_| char::from(ALPHABET[random(ALPHABET.len())]));
        let key: String = PREFIX.chars().chain(drawn).collect();
        let record = KeyRecord { workspace: self.workspaces.len(), revoked: false };
        self.keys.insert(hash(&key), record);
        let regenerations = HashMap::new();
        self.workspaces.push(Some(Workspace { plan, credits, regenerations }));
        key
    }

    /// Revokes a key, or takes that back. Revoked keys stay known.
    pub fn revoke(&mut self, key: &str, revoked: bool) {
        if let Some(record) = self.keys.get_mut(&hash(key)) {
            record.revoked = revoked;
        }
    }

    /// Takes credits from the workspace that a key belongs to.
    pub fn charge(&mut self, key: &str, credits: i64) {
        let record = self.look_up(key);
        if let Some(workspace) = record.and_then(|record| self.workspace(record)) {
            workspace.credits = (workspace.credits - credits).max(0);
        }
    }

    /// Gives credits to the workspace that a key belongs to, or takes some that it does not have.
    pub fn change(&mut self, key: &str, credits: i64) {
        let record = self.look_up(key);
        if let Some(workspace) = record.and_then(|record| self.workspace(record)) {
            workspace.credits += credits;
        }
    }

    /// Deletes the workspace that a key belongs to. The key stays known.
    pub fn delete_workspace(&mut self, key: &str) {
        if let Some(record) = self.look_up(key) {
            self.workspaces[record.workspace] = None;
        }
    }

    /// What is known of a key.
    #[must_use]
    pub fn look_up(&self, key: &str) -> Option<KeyRecord> {
        self.keys.get(&hash(key)).copied()
    }

    /// A workspace, unless it was deleted.
    pub fn workspace(&mut self, record: KeyRecord) -> Option<&mut Workspace> {
        self.workspaces[record.workspace].as_mut()
    }

    /// A world with a key for each of the conditions that the page's errors need, by the name
    /// of the condition.
    #[must_use]
    pub fn seeded(random: Random<'_>) -> (Self, BTreeMap<&'static str, String>) {
        let mut world = Self::default();
        let plenty = 1_000_000;
        let mut add = |plan, credits| world.add(plan, credits, random);
        let keys = BTreeMap::from([
            ("valid", add(Subscription::Pro, plenty)),
            ("burst", add(Subscription::Pro, plenty)),
            ("revoked", add(Subscription::Pro, plenty)),
            ("drained", add(Subscription::Pro, 4)),
            ("exact", add(Subscription::Pro, 10)),
            ("one-less", add(Subscription::Pro, 9)),
            ("race", add(Subscription::Pro, 10)),
            ("free-plan", add(Subscription::Free, plenty)),
            ("regen-capped", add(Subscription::Starter, plenty)),
            ("orphaned", add(Subscription::Pro, plenty)),
            // Of workspaces like that of `valid`, for a slot with several keys.
            ("valid-2", add(Subscription::Pro, plenty)),
            ("valid-3", add(Subscription::Pro, plenty)),
        ]);
        world.revoke(&keys["revoked"], true);
        world.delete_workspace(&keys["orphaned"]);
        let capped = world.look_up(&keys["regen-capped"]).expect("it was just added");
        if let Some(workspace) = world.workspace(capped) {
            let cap = workspace.plan.regenerations().unwrap_or_default();
            workspace.regenerations.insert("prj_demo".to_owned(), cap);
        }
        (world, keys)
    }
}

/// The SHA-256 of some bytes: ring has it, which TLS needs anyway.
pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().expect("SHA-256 has 32 bytes")
}

fn hash(key: &str) -> [u8; 32] {
    sha256(key.as_bytes())
}
