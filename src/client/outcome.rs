//! What came of one rule: what the run prints of it, and what reports draw.

use super::{judge::Finding, rule::Rule};
use crate::result::{timeline::Timeline, verdict::Verdict};

/// What came of one rule.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The trial's name: `client::retry-after::2s`.
    pub trial: String,
    /// The rule.
    pub rule: Rule,
    /// What did not hold.
    pub findings: Vec<Finding>,
    /// What it comes to.
    pub verdict: Verdict,
    /// The runs that it was judged from, to be drawn. Those with findings come first.
    pub timelines: Vec<Timeline>,
    /// What is printed of it, if it is red.
    pub text: String,
}
