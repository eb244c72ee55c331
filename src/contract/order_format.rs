//! The format of `[order]` in `contract.toml`.

use serde::Deserialize;

use super::names::Code;

/// `[order]` in `contract.toml`: for each two codes whose defects one request can have, such a request. It has to get one
/// of the two errors. Where the docs promise which, that one; elsewhere what it gets is recorded, reviewed, and drifts.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OrderFormat {
    /// Lists of codes in the order in which the docs promise that they are looked for.
    #[serde(default)]
    pub promised: Vec<Vec<Code>>,
    /// Whether the docs promise the order of `chain`.
    #[serde(default)]
    pub chain_is_promised: bool,
    /// What the docs promise, in your own words.
    pub says: String,
    /// The heading or sentence of the docs that promises it.
    pub source: String,
}
