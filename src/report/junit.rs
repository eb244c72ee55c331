//! `junit.xml`: the results for CI systems.

use std::time::Duration;

use chrono::DateTime;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{
    failure,
    paint::Paint,
    result::{Outcome, Results, TrialResult},
};

/// The results as `JUnit`'s XML: one suite, and a case for each trial.
#[must_use]
pub fn render(results: &Results) -> String {
    let mut suite = TestSuite::new(results.target.name.as_str());
    let time = Duration::try_from_secs_f64(results.seconds).unwrap_or_default();
    suite.set_time(time);
    if let Ok(started) = DateTime::parse_from_rfc3339(&results.started) {
        suite.set_timestamp(started);
    }
    let partial = results.scope.is_partial().to_string();
    for (name, value) in [
        ("errproof", results.errproof.as_str()),
        ("contract", &results.contract),
        ("target", &results.target.url),
        ("partial", &partial),
    ] {
        suite.add_property((name, value));
    }
    suite.add_test_cases(results.trials.iter().map(|trial| case(results, trial)));
    let mut report = Report::new("errproof");
    report.set_time(time).add_test_suite(suite);
    report.to_string().expect("a report without invalid characters can be written")
}

fn case(results: &Results, trial: &TrialResult) -> TestCase {
    let why = trial.why.as_deref().unwrap_or_default();
    let text = || failure::render(&results.target.url, trial, Paint::Plain);
    let status = match trial.outcome {
        Outcome::Pass | Outcome::Known => TestCaseStatus::success(),
        Outcome::Ignored | Outcome::Inconclusive => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(why);
            status
        }
        Outcome::Fail | Outcome::Stale | Outcome::Error => {
            let kind = match trial.outcome {
                Outcome::Error => NonSuccessKind::Error,
                _ => NonSuccessKind::Failure,
            };
            let mut status = TestCaseStatus::non_success(kind);
            let checks: Vec<_> = trial.findings.iter().map(|finding| finding.check).collect();
            let message = if checks.is_empty() { why.to_owned() } else { checks.join(", ") };
            status.set_message(message).set_type(trial.outcome.as_str()).set_description(text());
            status
        }
    };
    let mut case = TestCase::new(trial.name.as_str(), status);
    case.set_classname(format!("errproof.{}", trial.code));
    case.set_time(Duration::try_from_secs_f64(trial.seconds).unwrap_or_default());
    if trial.outcome == Outcome::Known {
        case.set_system_out(format!("known: {why}"));
    }
    case
}
