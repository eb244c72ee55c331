//! How a target is made to fail: headers on a case's request, and requests before it and after it.

use std::collections::BTreeMap;

use super::header::Headers;
use crate::contract::{
    identity::Statuses, names::RequestName, request_shape::RequestShape, step_format::CapturePlace,
};

/// How a failure is provoked.
#[derive(Debug, Clone, Default)]
pub struct Hook {
    /// Headers to add to the case's request.
    pub headers: Headers,
    /// Requests to send just before it, one after the other.
    pub first: Vec<HookStep>,
    /// Requests to send just after it, whatever became of it.
    pub after_all: Vec<HookStep>,
    /// The captured values that nobody is shown.
    pub secret: Vec<String>,
    /// The values that it needs from the steps of a case.
    pub needs: Vec<String>,
}

impl Hook {
    /// Whether it is headers alone.
    #[must_use]
    pub fn sends_nothing(&self) -> bool {
        self.first.is_empty() && self.after_all.is_empty()
    }

    /// The names of all that is captured before the case's request.
    pub fn captured(&self) -> impl Iterator<Item = &str> {
        self.first.iter().flat_map(|step| step.capture.keys()).map(String::as_str)
    }
}

/// A request that a hook sends.
#[derive(Debug, Clone)]
pub struct HookStep {
    /// The request.
    pub request: HookRequest,
    /// The statuses of which its response has to have one, if the target's file says any.
    pub status: Option<Statuses>,
    /// What of the response is kept.
    pub capture: BTreeMap<String, CapturePlace>,
}

/// Which request a hook sends.
#[derive(Debug, Clone)]
pub enum HookRequest {
    /// One of the contract's, with a good key.
    Named(RequestName),
    /// One of the target's own, which carries no key.
    Own(Box<OwnRequest>),
}

/// A request that a target's file describes.
#[derive(Debug, Clone)]
pub struct OwnRequest {
    /// The request without its headers.
    pub shape: RequestShape,
    /// Its headers, some of which are secret.
    pub headers: Headers,
}
