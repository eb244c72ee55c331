//! The three sides of the contract by name.

use serde::Serialize;

/// The side of the contract that a trial is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SideName {
    /// Does the server respond as the docs say?
    Server,
    /// Does a client retry as the docs say?
    Client,
    /// Does the page with the docs say what the contract says?
    Page,
}

impl SideName {
    /// Its name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::Page => "page",
        }
    }
}
