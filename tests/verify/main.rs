//! The harness's own tests, one file for each subject: `cargo verify`.

mod alarms;
mod bursts;
mod cli;
mod clients;
mod command;
mod commands_in_docs;
mod curl;
mod dev_dependency;
mod docs;
mod ends;
mod failures;
mod formats;
mod limits;
mod links;
mod live;
mod mutants;
mod null_targets;
mod picture;
mod problem_json;
mod reports;
mod scenarios;
mod schemas;
mod secrets;
mod support;
mod unharmed;
mod untrusted;
