//! Named assertions: pure functions from exchanges to findings, one family a file.

pub mod balance;
pub mod charge;
pub mod envelope;
pub mod field_texts;
pub mod fields;
pub mod head;
pub mod http;
pub mod internals;
mod json;
pub mod key_traces;
pub mod leak;
pub mod message;
pub mod mismatch;
pub mod naming;
pub mod numbers;
pub mod order;
pub mod rate;
pub mod rate_fields;
pub mod rate_window;
pub mod reading;
pub mod request_id;
pub mod retry_after;
pub mod sheet;
pub mod template;
pub mod timing;
pub mod twin;
