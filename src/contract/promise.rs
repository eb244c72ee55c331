//! What the docs promise, in words.

use serde::Deserialize;

/// A promise of the docs, in your own words, and where they make it.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Promise {
    /// What is promised.
    pub says: String,
    /// The heading or sentence of the docs that promises it.
    pub source: String,
}
