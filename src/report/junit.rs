//! `junit.xml`: the results for CI systems.

use std::time::Duration;

use chrono::DateTime;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::failure;
use crate::{
    result::{
        outcome::Outcome,
        results::{Results, ServerResult, SideTrialResult, TrialResult},
    },
    terminal::paint::Paint,
};

/// The results as `JUnit`'s XML: a suite for each side that was tested, and a case for each trial.
#[must_use]
pub fn render(results: &Results) -> String {
    let mut report = Report::new("errproof");
    report.set_time(seconds(results.seconds));
    if let Some(server) = &results.server {
        let cases = server.trials.iter().map(|trial| case(server, trial)).collect();
        let mut suite = suite(results, &server.target.name, &server.target.url, cases);
        let configuration = server.configuration.to_string();
        suite.add_property(("configuration", configuration.as_str()));
        report.add_test_suite(suite);
    }
    for side in results.sides() {
        let cases = side.trials.iter().map(side_case).collect();
        report.add_test_suite(suite(results, &side.subject, &side.subject, cases));
    }
    let text = report.to_string().expect("a report without invalid characters can be written");
    // Jenkins' and Maven's schemas know this attribute on a suite, and refuse it on all together.
    let around = text.split_once(" skipped=\"").and_then(|(before, after)| {
        let (_, after) = after.split_once('"')?;
        Some(format!("{before}{after}"))
    });
    around.unwrap_or(text)
}

fn suite(results: &Results, name: &str, target: &str, cases: Vec<TestCase>) -> TestSuite {
    let mut suite = TestSuite::new(name);
    suite.set_time(seconds(results.seconds));
    if let Ok(started) = DateTime::parse_from_rfc3339(&results.started) {
        suite.set_timestamp(started);
    }
    let partial = results.scope.is_partial().to_string();
    for (name, value) in [
        ("errproof", results.errproof.as_str()),
        ("contract", &results.contract),
        ("target", target),
        ("partial", &partial),
    ] {
        suite.add_property((name, value));
    }
    // JUnit knows four verdicts; these are all of ours, of the whole run.
    for outcome in Outcome::ALL {
        let count = results.counts.get(outcome).to_string();
        suite.add_property((format!("count.{}", outcome.as_str()).as_str(), count.as_str()));
    }
    suite.add_test_cases(cases);
    suite
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

fn case(server: &ServerResult, trial: &TrialResult) -> TestCase {
    let why = trial.why.as_deref().unwrap_or_default();
    let findings: Vec<_> = trial.findings.iter().map(ToString::to_string).collect();
    let text = || failure::render(&server.target.url, trial, Paint::Plain);
    let mut case = TestCase::new(trial.name.as_str(), status(trial.outcome, why, &findings, text));
    case.set_classname(format!("errproof.{}", trial.code));
    case.set_time(seconds(trial.seconds));
    if trial.outcome == Outcome::Known {
        case.set_system_out(format!("known: {why}"));
    }
    case
}

fn side_case(trial: &SideTrialResult) -> TestCase {
    let why = trial.why.as_deref().unwrap_or_default();
    let findings: Vec<_> = trial.findings.iter().map(ToString::to_string).collect();
    let text = || trial.text.clone();
    let mut case = TestCase::new(trial.name.as_str(), status(trial.outcome, why, &findings, text));
    let side = trial.name.split("::").next().unwrap_or_default();
    case.set_classname(format!("errproof.{side}"));
    case
}

fn status(
    outcome: Outcome,
    why: &str,
    findings: &[String],
    text: impl FnOnce() -> String,
) -> TestCaseStatus {
    let kind = match outcome {
        Outcome::Pass | Outcome::Known => return TestCaseStatus::success(),
        Outcome::Ignored | Outcome::Inconclusive => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(why);
            return status;
        }
        Outcome::Error => NonSuccessKind::Error,
        Outcome::Fail | Outcome::Stale => NonSuccessKind::Failure,
    };
    let mut status = TestCaseStatus::non_success(kind);
    let message = if findings.is_empty() { why.to_owned() } else { findings.join("; ") };
    status.set_message(message).set_type(outcome.as_str()).set_description(text());
    status
}
