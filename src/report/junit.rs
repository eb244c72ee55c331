//! `junit.xml`: the results for CI systems.

use std::time::Duration;

use chrono::DateTime;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use quick_xml::{
    Reader, Writer,
    events::{BytesStart, Event},
    name::QName,
};

use super::failure;
use crate::{
    result::{
        outcome::Outcome,
        results::Results,
        side::{SideName, SideResult},
        trial::TrialResult,
    },
    shown,
    shown::text::Shown,
    terminal::paint::Paint,
};

/// The results as `JUnit`'s XML: a suite for each side that was tested, and a case for each trial.
#[must_use]
pub fn render(results: &Results) -> String {
    let mut report = Report::new("errproof");
    report.set_time(seconds(results.seconds));
    report.add_test_suites(results.sides.iter().map(|side| suite(results, side)));
    let text = report.to_string().expect("a report without invalid characters can be written");
    without_all_skipped(&text).expect("what was written as XML can be read as XML")
}

/// Jenkins' and Maven's schemas know `skipped` on a suite, and refuse it on all together.
fn without_all_skipped(text: &str) -> Result<String, quick_xml::Error> {
    let (mut reader, mut writer) = (Reader::from_str(text), Writer::new(Vec::new()));
    loop {
        let event = match reader.read_event()? {
            Event::Eof => break,
            Event::Start(tag) if tag.name().as_ref() == ALL.as_bytes() => {
                Event::Start(without_skipped(&tag)?)
            }
            Event::Empty(tag) if tag.name().as_ref() == ALL.as_bytes() => {
                Event::Empty(without_skipped(&tag)?)
            }
            other => other,
        };
        writer.write_event(event)?;
    }
    Ok(String::from_utf8(writer.into_inner()).expect("a text's own parts are a text"))
}

/// The element around all suites.
const ALL: &str = "testsuites";

fn without_skipped(tag: &BytesStart<'_>) -> Result<BytesStart<'static>, quick_xml::Error> {
    let attributes = tag.attributes().collect::<Result<Vec<_>, _>>()?;
    let kept = attributes.into_iter().filter(|attribute| attribute.key != QName(b"skipped"));
    Ok(BytesStart::new(ALL).with_attributes(kept))
}

fn suite(results: &Results, side: &SideResult) -> TestSuite {
    let server = match side.side {
        SideName::Server => results.server.as_ref(),
        SideName::Client | SideName::Page => None,
    };
    let name = server.map_or(&side.subject, |server| &server.target.name);
    let mut suite = TestSuite::new(name.as_str());
    suite.set_time(seconds(results.seconds));
    if let Ok(started) = DateTime::parse_from_rfc3339(&results.started) {
        suite.set_timestamp(started);
    }
    let partial = results.scope.is_partial().to_string();
    for (name, value) in [
        ("errproof", results.errproof),
        ("contract", results.contract.as_str()),
        ("target", side.subject.as_str()),
        ("partial", &partial),
    ] {
        suite.add_property((name, value));
    }
    // JUnit knows four verdicts; these are all of ours, of the whole run.
    for outcome in Outcome::ALL {
        let count = results.counts.get(outcome).to_string();
        suite.add_property((format!("count.{}", outcome.as_str()).as_str(), count.as_str()));
    }
    if let Some(server) = server {
        let configuration = server.configuration.to_string();
        suite.add_property(("configuration", configuration.as_str()));
    }
    suite.add_test_cases(side.trials.iter().map(|trial| case(side, trial)));
    suite
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

fn case(side: &SideResult, trial: &TrialResult) -> TestCase {
    let mut case = TestCase::new(trial.name.as_str(), status(side, trial));
    let about = trial.name.as_str().split("::").next().unwrap_or_default();
    case.set_classname(format!("errproof.{about}"));
    case.set_time(seconds(trial.seconds));
    if let (Outcome::Known, Some(why)) = (trial.outcome, &trial.why) {
        case.set_system_out(format!("known: {why}"));
    }
    case
}

fn status(side: &SideResult, trial: &TrialResult) -> TestCaseStatus {
    let why = trial.why.clone().unwrap_or_default();
    let kind = match trial.outcome {
        Outcome::Pass | Outcome::Known => return TestCaseStatus::success(),
        Outcome::Ignored | Outcome::Inconclusive => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(why.as_str());
            return status;
        }
        Outcome::Error => NonSuccessKind::Error,
        Outcome::Fail | Outcome::Stale => NonSuccessKind::Failure,
    };
    let findings = trial.findings.iter();
    let findings: Vec<Shown> =
        findings.map(|finding| shown![finding.check.as_str(), ": ", finding.sentence()]).collect();
    let message = if findings.is_empty() { why } else { Shown::joined(&findings, "; ") };
    let mut status = TestCaseStatus::non_success(kind);
    let text = failure::render(&side.subject, trial, Paint::Plain);
    status.set_message(message.as_str()).set_type(trial.outcome.as_str()).set_description(text);
    status
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::example;

    #[test]
    fn every_side_is_a_suite_and_every_trial_a_case_of_it() {
        insta::assert_snapshot!(render(&example::results()));
    }
}
