//! Named assertions: pure functions from exchanges to findings, one family a file.

pub mod balance;
pub mod charge;
pub mod envelope;
pub mod fields;
mod json;
pub mod leak;
pub mod message;
pub mod mismatch;
pub mod naming;
pub mod numbers;
pub mod rate;
pub mod rate_fields;
pub mod rate_window;
pub mod reading;
pub mod request_id;
pub mod retry_after;
pub mod sheet;
pub mod timing;
pub mod twin;
