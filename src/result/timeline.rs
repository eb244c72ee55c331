//! A run of a client on a line of time, to be drawn.

use serde::Serialize;

use crate::shown::text::Shown;

/// A run as a line of points in time, to be drawn. All times are milliseconds since its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct Timeline {
    /// The script's name.
    pub run: Shown,
    /// The attempts.
    pub attempts: Vec<AttemptMark>,
    /// How many more there were: the first 64 are kept.
    pub more_attempts: usize,
    /// When the command ended.
    pub ended_ms: u64,
    /// How it ended, in words.
    pub end: Shown,
    /// Until when the mock was there.
    pub watched_ms: u64,
}

/// One attempt on a time line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct AttemptMark {
    /// When it arrived.
    pub arrived_ms: u64,
    /// When it was over.
    pub over_ms: u64,
    /// Whether it got a response, or the client gave it up before that.
    pub answered: bool,
    /// The response's status code.
    pub status: u16,
    /// The response's error code, unless it was a success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Shown>,
    /// The response's `Retry-After`, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// The response's request id.
    pub request_id: Shown,
    /// The least wait before the next attempt, by the promise; none if there must not be one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least_wait_ms: Option<u64>,
    /// The most that it may wait, where the docs give the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_wait_ms: Option<u64>,
}

/// What a client printed, from the end of each stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct Printed {
    /// The end of its stdout.
    pub stdout: Shown,
    /// The end of its stderr.
    pub stderr: Shown,
}
