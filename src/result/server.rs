//! What there is to say of a server besides its trials.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use super::outcome::Standing;
use crate::{
    shown,
    shown::{plural::plural, text::Shown},
};

/// What there is to say of a server besides its trials.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct ServerDetails {
    /// Who was tested.
    pub target: TargetResult,
    /// How the run was set up. Variables are named, and never what they hold.
    pub configuration: Configuration,
    /// How many requests were sent, by the slot whose key they carry; and how many with a key of no slot, or without one.
    pub requests: BTreeMap<Shown, usize>,
    /// What is true of each code, in the contract's order.
    pub codes: Vec<CodeResult>,
    /// How envelopes differ from the reviewed ones, each difference once.
    pub drift: Vec<DriftResult>,
    /// Which code was told where two things were wrong, by the pair and the point.
    pub order: Vec<OrderResult>,
}

/// Which code was told where two things were wrong.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct OrderResult {
    /// The codes of both, in the contract's order.
    pub codes: [Shown; 2],
    /// The point, if it is another than the pair's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Shown>,
    /// The code that was told.
    pub won: Shown,
    /// The code that has to be told, if the docs say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promised: Option<Shown>,
}

impl ServerDetails {
    /// How many requests were sent, by whose key.
    #[must_use]
    pub fn sent(&self) -> Shown {
        let of_holder = self.requests.iter().map(|(holder, count)| shown![holder, " ", *count]);
        let all: usize = self.requests.values().sum();
        let by_holder = Shown::joined(&of_holder.collect::<Vec<_>>(), ", ");
        shown![plural(all, "request"), " sent: ", by_holder]
    }
}

/// Who was tested.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct TargetResult {
    /// The name that its snapshots go by.
    pub name: Shown,
    /// Its address.
    pub url: Shown,
    /// Whether it is the bundled mock, so that nothing is said of a real server.
    pub bundled: bool,
}

/// How a run was set up.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct Configuration {
    /// Whether trials that prove nothing fail.
    pub strict: bool,
    /// Whether each promise was proven at one point alone.
    pub quick: bool,
    /// Whether a production host is allowed.
    pub allow_production: bool,
    /// The credits that a run may spend.
    pub budget_credits: u32,
    /// The variable of each slot, and whether it is set.
    pub slots: BTreeMap<Shown, SlotResult>,
    /// Deviations that are listed as known.
    pub known: usize,
}

impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let yes = |flag: bool| if flag { "yes" } else { "no" };
        let Self { strict, quick, allow_production, budget_credits, known, slots } = self;
        let names = |set: bool| {
            let is_set = |slot: &SlotResult| slot.keys().any(|key| key.set);
            let names = slots.iter().filter(|(_, slot)| is_set(slot) == set);
            let names: Vec<&str> = names.map(|(name, _)| name.as_str()).collect();
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        };
        write!(
            f,
            "strict: {}; quick: {}; production allowed: {}; budget: {budget_credits} credits; known deviations: {known}",
            yes(*strict),
            yes(*quick),
            yes(*allow_production),
        )?;
        if slots.is_empty() {
            return Ok(());
        }
        write!(f, "; keys set: {}; keys not set: {}", names(true), names(false))
    }
}

/// Where a slot's key comes from.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct SlotResult {
    /// The environment variable.
    pub env: Shown,
    /// Whether it is set.
    pub set: bool,
    /// The slot's other keys, if it has several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schemas", schemars(default))]
    pub others: Vec<KeyResult>,
}

impl SlotResult {
    /// All keys of the slot.
    pub fn keys(&self) -> impl Iterator<Item = KeyResult> {
        let first = KeyResult { env: self.env.clone(), set: self.set };
        [first].into_iter().chain(self.others.iter().cloned())
    }
}

/// Where another key of a slot comes from.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct KeyResult {
    /// The environment variable.
    pub env: Shown,
    /// Whether it is set.
    pub set: bool,
}

/// What is true of a code.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct CodeResult {
    /// The code.
    pub code: Shown,
    /// The status that goes with it.
    pub status: u16,
    /// What is true of it after all its trials.
    pub standing: Standing,
    /// At how many points it is proven, if the contract proves codes at several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<PointsResult>,
    /// Why it was not provoked or not judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Shown>,
}

/// At how many points a code is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct PointsResult {
    /// Points at which every trial passed.
    pub proven: usize,
    /// Points that were selected.
    pub of: usize,
}

impl PointsResult {
    /// How many of how many.
    #[must_use]
    pub fn sentence(&self) -> Shown {
        shown![self.proven, " of ", plural(self.of, "point")]
    }
}

/// One difference from the reviewed envelopes.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct DriftResult {
    /// Where in the envelope.
    pub place: Shown,
    /// What was reviewed.
    pub reviewed: Shown,
    /// What is there now.
    pub now: Shown,
    /// The codes that it was seen on.
    pub codes: Vec<Shown>,
}

impl DriftResult {
    /// What differs, and where.
    #[must_use]
    pub fn sentence(&self) -> Shown {
        let place = if self.place.is_empty() { "".into() } else { shown![self.place, ": "] };
        shown![place, "expected ", self.reviewed, ", got ", self.now]
    }

    /// The codes that it was seen on, of so many.
    #[must_use]
    pub fn on(&self, codes: usize) -> Shown {
        match self.codes.len() {
            all if all == codes && all > 1 => shown!["all ", all, " codes"],
            _ => Shown::joined(&self.codes, ", "),
        }
    }
}
