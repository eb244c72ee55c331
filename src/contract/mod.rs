//! What the docs promise: `contract.toml`, `scenarios/`, `schemas/`, read and checked.
//!
//! Input faults are collected and all shown ([`crate::source::fault::Faults`]); what comes out of
//! [`Contract::load`] is complete and consistent.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

pub mod any_error_file;
pub mod blank;
pub mod body;
mod burst;
pub mod carrier;
mod carrier_check;
mod case;
pub mod check;
pub mod content;
pub mod contract_file;
mod defect;
mod elsewhere;
pub mod encoding;
pub mod envelope;
pub mod extent;
pub mod fresh;
mod generated;
pub mod generation;
pub mod grammar;
mod header_defect;
pub mod identity;
pub mod input_cases;
mod input_values;
pub mod key;
mod keyless;
pub mod ledger;
pub mod limit;
mod limits;
pub mod lint;
mod load;
pub mod method;
pub mod names;
pub mod neighbour;
pub mod order;
pub mod order_format;
pub mod page;
pub mod pair;
pub mod parts;
pub mod place;
pub mod pointer;
pub mod points;
pub mod promise;
pub mod request_format;
pub mod request_shape;
mod resolve;
pub mod retry;
pub mod scenario;
pub mod scenario_file;
mod seeded;
pub(crate) mod sendable;
mod slots;
pub mod step_format;
pub(crate) mod steps;
pub mod told;
pub mod wrong_fields;

use check::CheckId;
use contract_file::{BundledMock, HookPurpose, Limit, PreflightFormat, Probe, SlotFormat};
use key::KeyShape;
use names::{Code, EnvelopeName, HookName, LimitName, ProbeName, RequestName, SlotName};
use order::Order;
use page::PageReading;
use parts::{DocsLink, Envelope, NamedRequest};
use points::PointsFormat;
use promise::Promise;
use retry::RetryFormat;
use scenario::Scenario;
use told::Telling;

/// An API's whole contract.
#[derive(Debug)]
pub struct Contract {
    /// The folder that it was read from.
    pub root: PathBuf,
    /// The API's name, for people.
    pub name: String,
    /// The API that errproof bundles and that keeps this contract.
    pub mock: Option<BundledMock>,
    /// The link that every error carries, and where.
    pub docs: Option<DocsLink>,
    /// Hosts that real customers use.
    pub production_hosts: Vec<String>,
    /// How an error looks.
    pub envelope: Arc<Envelope>,
    /// How errors look that look otherwise, by the names that scenarios call them.
    pub envelopes: BTreeMap<EnvelopeName, Arc<Envelope>>,
    /// How a key looks and where it is carried.
    pub key: KeyShape,
    /// How many requests a key has, if the docs set a limit.
    pub limit: Option<Limit>,
    /// The headers of every request, as the file has them.
    pub headers: BTreeMap<String, String>,
    /// Further limits, by their names.
    pub limits: BTreeMap<LimitName, Limit>,
    /// The requests that cases build on.
    pub requests: BTreeMap<RequestName, NamedRequest>,
    /// The credentials that cases need.
    pub slots: BTreeMap<SlotName, SlotFormat>,
    /// The request that is sent before all others.
    pub preflight: PreflightFormat,
    /// The codes in the order in which the API looks for them.
    pub chain: Vec<Code>,
    /// Which points are left out for all codes, if codes are proven at more than their own.
    pub points: Option<PointsFormat>,
    /// The failures that a target may offer to provoke.
    pub hooks: BTreeMap<HookName, HookPurpose>,
    /// The numbers that a target may offer to read.
    pub probes: BTreeMap<ProbeName, Probe>,
    /// What is promised of every error, by the check that guards it.
    pub promises: BTreeMap<CheckId, Promise>,
    /// How the docs' page is read.
    pub page: PageReading,
    /// What clients are told to do after an error.
    pub retry: Option<RetryFormat>,
    /// One for each code, in the order of their files' names.
    pub scenarios: Vec<Arc<Scenario>>,
    /// What is promised of every error, if the contract says which.
    pub any_error: Option<Arc<Scenario>>,
    /// What is said of two defects at once, if the contract has an order.
    pub order: Option<Order>,
    /// What is promised of the balances, if the contract has a ledger.
    pub ledger: Option<Arc<Scenario>>,
    /// In which order a response is compared with them.
    telling: Telling,
    /// Which of them are those of limits.
    limit_scenarios: Vec<usize>,
}
