//! What a person sees: siblings over the same results.

pub mod failure;
pub mod plan;
pub mod print;
pub mod summary;

use crate::{checks::Finding, contract::names::Code, harness::verdict::Verdict};

/// What came of one trial.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its name.
    pub trial: String,
    /// The code that it was to provoke.
    pub code: Code,
    /// What did not hold.
    pub findings: Vec<Finding>,
    /// What it comes to.
    pub verdict: Verdict,
    /// Why the same request without the defect was not asked, if it was not.
    pub twin_not_asked: Option<String>,
}
