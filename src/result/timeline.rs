//! A run of a client on a line of time, to be drawn.

use schemars::JsonSchema;
use serde::Serialize;

/// A run as a line of points in time, to be drawn. All times are milliseconds since its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields, rename = "TimelineResult")]
pub struct Timeline {
    /// The script's name.
    pub run: String,
    /// The attempts.
    pub attempts: Vec<Mark>,
    /// When the command ended.
    pub ended_ms: u64,
    /// How it ended, in words.
    pub end: String,
    /// Until when the mock was there.
    pub watched_ms: u64,
}

/// One attempt on a time line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(deny_unknown_fields, rename = "AttemptResult")]
pub struct Mark {
    /// When it arrived.
    pub arrived_ms: u64,
    /// When it was over.
    pub over_ms: u64,
    /// Whether it was answered, or left by the client before that.
    pub answered: bool,
    /// The answer's status.
    pub status: u16,
    /// The answer's code; none for a success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The answer's `Retry-After`, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// The answer's request id.
    pub request_id: String,
    /// The least wait before the next attempt, by the promise; none if there must not be one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least_wait_ms: Option<u64>,
}
