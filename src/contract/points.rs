//! The points at which a code is proven: a named request, and a carrier of its key.

use std::fmt;

use serde::Deserialize;

use super::names::{CarrierName, RequestName};

/// `[points]` in `contract.toml`: every code is proven at every point where its promise holds, and not only
/// where its scenario says. Docs say "every", and a server that keeps a promise on one request breaks it on another.
///
/// All cases of a scenario run at the scenario's own point, and one of them runs at each other point. Without this
/// table a scenario is proven at its own point alone.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PointsFormat {
    /// Points that no code is proven at, each with the reason.
    #[serde(default)]
    pub except: Vec<Except>,
}

/// Points that are left out, and why.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Except {
    /// The request; without one it is any.
    #[serde(default)]
    pub request: Option<RequestName>,
    /// The carrier; without one it is any.
    #[serde(default)]
    pub carrier: Option<CarrierName>,
    /// Why the promise does not hold there, or cannot be proven there.
    pub why: String,
}

impl Except {
    /// Whether it leaves a point out.
    #[must_use]
    pub fn covers(&self, point: &Point) -> bool {
        let carrier = self.carrier.as_ref();
        self.request.as_ref().is_none_or(|request| *request == point.request)
            && carrier.is_none_or(|carrier| point.carrier.as_ref() == Some(carrier))
    }
}

/// Where a code is proven.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// The request.
    pub request: RequestName,
    /// What carries the key; nothing if none is sent.
    pub carrier: Option<CarrierName>,
}

impl fmt::Display for Point {
    /// As people call it, and as the name of a trial ends there: `roadmap-bearer`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.carrier {
            Some(carrier) => write!(f, "{}-{carrier}", self.request),
            None => write!(f, "{}", self.request),
        }
    }
}
