//! The server's side of the contract: what is sent, how it is judged, and the result.

pub mod alone;
mod around;
mod balance;
pub mod beyond;
#[cfg(feature = "mock")]
pub mod bundled;
mod burst;
mod by_holder;
mod carried;
mod carry;
mod closing;
pub mod collector;
mod common;
pub mod curl;
mod curl_encoded;
mod curl_key;
mod curl_steps;
pub mod details;
pub mod drift;
mod edge;
mod facts;
mod forecast;
pub mod headline;
pub mod judge;
pub mod key_use;
pub mod ledger;
pub mod limit_use;
mod limits_told;
mod long_window;
mod meanwhile;
mod message_numbers;
mod minute;
mod next;
mod numbers;
mod opening;
mod order;
mod overtaken;
mod patch;
pub mod plan;
pub mod plan_text;
pub mod planned;
pub mod play;
pub mod played;
pub mod preflight;
mod preflight_leak;
pub mod progress;
mod requests;
pub mod shared;
mod shell;
mod step;
mod step_play;
mod stepping;
mod steps;
pub mod suite;
pub mod trial;
pub mod twin;
mod twin_at;
mod twin_plan;
pub mod twins;
pub mod winners;

#[cfg(test)]
mod simulated;
#[cfg(test)]
mod simulated_limiter;
