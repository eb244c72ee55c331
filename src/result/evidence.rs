//! What a trial sent and was answered, as reports show it.

use serde::Serialize;

use crate::{exchange::outgoing::Role, shown::text::Shown};

/// The request and the response, as far as they are worth showing.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct Evidence {
    /// Which of the trial's exchanges is shown, counted from 1.
    pub at: usize,
    /// How many there were.
    pub of: usize,
    /// The request.
    pub request: RequestResult,
    /// The response, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<AnswerResult>,
    /// The command that sends it once more.
    pub again: Shown,
    /// Every request of a burst, in the order of their responses; otherwise nothing.
    pub burst: Vec<BurstMark>,
}

/// A request, as it is shown.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct RequestResult {
    /// The method.
    pub method: Shown,
    /// The path.
    pub path: Shown,
    /// Whose key it carried.
    pub key: Shown,
    /// The body, cut where it is long.
    pub body: Shown,
}

/// A response, as it is shown.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct AnswerResult {
    /// The status.
    pub status: u16,
    /// How long it took, in milliseconds of the key's time.
    pub milliseconds: u64,
    /// The request id, for a support ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Shown>,
    /// Names and values of its headers.
    pub headers: Vec<(Shown, Shown)>,
    /// The body, cut where it is long.
    pub body: Shown,
    /// Why it is not all of the body, if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broke_off: Option<Shown>,
}

/// One request of a burst, or one that was sent to see what the burst did.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct BurstMark {
    /// When it was sent, in milliseconds since the trial's first.
    pub sent: u64,
    /// When the response was there.
    pub answered: u64,
    /// The status code of the response.
    pub status: u16,
    /// What it was sent for.
    pub role: Role,
    /// The wait that the response asked for, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Whose key it carried.
    pub key: Shown,
}
