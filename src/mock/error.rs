//! The errors of the page's tables: code, status, and what is said to the client.

use std::time::Duration;

/// One error that the API answers with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the code of each is its name, and its message says what it is")]
pub enum ApiError {
    MissingApiKey,
    MalformedApiKey,
    InvalidApiKey,
    RevokedApiKey,
    InvalidJson(String),
    InvalidInput { field: Option<&'static str>, why: String },
    InsufficientCredits { need: i64, have: i64 },
    PlanGate,
    RegenLimit { cap: u32 },
    RateLimited { wait: Duration },
    GenerationFailed,
    GenerationTimeout,
    WorkspaceNotFound,
    PreflightFailed,
    // The page names none of these, and says what every error carries.
    NotFound,
    MethodNotAllowed { allowed: &'static str },
    BodyTooLarge,
}

impl ApiError {
    /// The code and the status, by the page's tables.
    #[must_use]
    pub fn code_and_status(&self) -> (&'static str, u16) {
        match self {
            Self::MissingApiKey => ("missing_api_key", 401),
            Self::MalformedApiKey => ("malformed_api_key", 401),
            Self::InvalidApiKey => ("invalid_api_key", 401),
            Self::RevokedApiKey => ("revoked_api_key", 401),
            Self::InvalidJson(_) => ("invalid_json", 400),
            Self::InvalidInput { .. } => ("invalid_input", 400),
            Self::InsufficientCredits { .. } => ("insufficient_credits", 402),
            Self::PlanGate => ("plan_gate", 403),
            Self::RegenLimit { .. } => ("regen_limit", 403),
            Self::RateLimited { .. } => ("rate_limited", 429),
            Self::GenerationFailed => ("generation_failed", 502),
            Self::GenerationTimeout => ("generation_timeout", 504),
            Self::WorkspaceNotFound => ("workspace_not_found", 404),
            Self::PreflightFailed => ("preflight_failed", 500),
            Self::NotFound => ("not_found", 404),
            Self::MethodNotAllowed { .. } => ("method_not_allowed", 405),
            Self::BodyTooLarge => ("body_too_large", 413),
        }
    }

    /// What is said to the client.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::MissingApiKey => "The request carries no API key.".to_owned(),
            Self::MalformedApiKey => {
                "The API key does not look like pms_live_ and 32 letters or digits.".to_owned()
            }
            Self::InvalidApiKey => "There is no such API key.".to_owned(),
            Self::RevokedApiKey => "This API key has been revoked.".to_owned(),
            Self::InvalidJson(why) => format!("The body is not JSON: {why}."),
            Self::InvalidInput { field: Some(field), why } => format!("The field {field} {why}."),
            Self::InvalidInput { field: None, why } => format!("The body {why}."),
            Self::InsufficientCredits { need, have } => {
                format!("This call needs {need} credits, and the workspace has {have}.")
            }
            Self::PlanGate => {
                "This tool is part of the Starter plan and those above it.".to_owned()
            }
            Self::RegenLimit { cap } => format!("This project has used its {cap} regenerations."),
            Self::RateLimited { wait } => {
                format!("This key is over its limit for another {} seconds.", whole_seconds(*wait))
            }
            Self::GenerationFailed => {
                "The generator answered with an error; nothing was charged.".to_owned()
            }
            Self::GenerationTimeout => "The generator did not answer in time.".to_owned(),
            Self::WorkspaceNotFound => "The workspace behind this key has been deleted.".to_owned(),
            Self::PreflightFailed => "The credits could not be checked.".to_owned(),
            Self::NotFound => "There is nothing at this address.".to_owned(),
            Self::MethodNotAllowed { .. } => "This address takes another method.".to_owned(),
            Self::BodyTooLarge => "The body is longer than the API takes.".to_owned(),
        }
    }
}

/// Seconds, rounded up: a client that waits a part of a second less is refused again.
#[must_use]
pub fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
