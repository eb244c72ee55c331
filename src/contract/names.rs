//! The names that contract, scenario and target files give to things: one type for each kind, so
//! that a slot's name is never taken for a request's. Thousands of cases share one text each.

use std::sync::Arc;

use serde::Deserialize;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
        #[serde(from = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as it is written in the files.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(name: String) -> Self {
                Self(name.into())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// An error code of the API, as its docs spell it: `invalid_json`.
    Code
    /// A case's own name within its scenario: `trailing-comma`.
    CaseName
    /// A named credential: `valid`, `burst`, `drained`.
    SlotName
    /// A named request that cases build on: `tagline`.
    RequestName
    /// A way in which a target lets a failure be provoked: `generation_failed`.
    HookName
    /// A number that a target lets be read: `credits`.
    ProbeName
    /// A place in a request that carries the key: `bearer`.
    CarrierName
}
