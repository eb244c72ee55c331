//! The format of `any-error.toml`: what is promised of every error, whatever it is for.

use serde::Deserialize;

use super::{
    names::{EnvelopeName, RequestName, SlotName},
    scenario_file::CaseFormat,
};
use crate::source::{bounds::some, format::FileFormat};

/// `any-error.toml`: requests that give an error of which only the envelope is promised, such as one to a route that
/// is not there. Docs that say what "every error" carries promise it of these as well; which of them they cover, this
/// file says, since a gateway in front of the API may answer some.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AnyErrorFile {
    /// What the docs promise of every error, in your own words.
    pub promise: String,
    /// The heading or sentence in the docs that promises it.
    pub source: String,
    /// The envelope that they have, of `[envelopes]` in contract.toml. By default `[envelope]`.
    #[serde(default)]
    pub envelope: Option<EnvelopeName>,
    /// The request that the cases build on, where a case names no other.
    pub request: RequestName,
    /// The slot whose key is sent, where a case names no other: one with which nothing can succeed. An API without keys has
    /// none.
    #[serde(default = "SlotName::unsaid")]
    pub slot: SlotName,
    /// The cases, in the order in which people should read them.
    #[serde(deserialize_with = "some")]
    #[cfg_attr(feature = "schemas", schemars(length(min = 1)))]
    pub cases: Vec<CaseFormat>,
}

impl FileFormat for AnyErrorFile {
    const SCHEMA: &'static str = include_str!("../../schemas/any-error.schema.json");
}
