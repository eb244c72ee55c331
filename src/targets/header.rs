//! Headers that a target's file adds to requests.

use std::sync::Arc;

use serde::Deserialize;

use crate::shown::secret::Secret;

/// Names and values of headers.
pub type Headers = Vec<(Arc<str>, Secret)>;

/// Where a header's value comes from.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum HeaderSource {
    /// This text.
    Value(String),
    /// This environment variable, whose value is kept out of all output.
    Env(String),
}

/// What may stand in headers that carry keys.
#[derive(Debug, Clone, Copy)]
pub(super) enum OfKeys<'a> {
    /// Nothing: errproof puts a slot's key there.
    Refused,
    /// The key of an operator, from a variable or as one of these captured values: the request carries no slot's key.
    Operators(&'a [String]),
    /// Whatever this is.
    Any,
}

impl OfKeys<'_> {
    /// What may stand there where a variable holds it.
    pub(super) fn of_variable(self) -> Self {
        match self {
            Self::Operators(_) => Self::Any,
            of_keys => of_keys,
        }
    }
}
