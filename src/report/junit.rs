//! `junit.xml`: the results for CI systems. It holds what the schemas of Jenkins and Maven allow, which
//! know `skipped` on a suite but not on all together.

use std::io;

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
};

use super::failure;
use crate::{
    result::{
        finding::Finding, outcome::Outcome, repeat::Repeats, results::Results, side::SideResult,
        side_name::SideName, trial::TrialResult,
    },
    shown,
    shown::text::Shown,
    terminal::paint::Paint,
};

type Xml = Writer<Vec<u8>>;

/// The results as `JUnit`'s XML: a suite for each side that was tested, and a case for each trial.
#[must_use]
pub fn render(results: &Results) -> String {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 4);
    write(&mut xml, results).expect("a vector takes all that is written");
    String::from_utf8(xml.into_inner()).expect("what is written are texts") + "\n"
}

fn write(xml: &mut Xml, results: &Results) -> io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let repeats = results.repeats();
    let trials = || results.sides.iter().flat_map(|side| &side.trials);
    let count = |element| counted(trials(), element);
    xml.create_element("testsuites")
        .with_attributes([
            ("name", "errproof"),
            ("tests", &trials().count().to_string()),
            ("failures", &count(Element::Failure)),
            ("errors", &count(Element::Error)),
            ("time", &seconds(results.seconds)),
        ])
        .write_inner_content(|xml| {
            results.sides.iter().try_for_each(|side| suite(xml, results, side, &repeats))
        })?;
    Ok(())
}

fn suite(xml: &mut Xml, results: &Results, side: &SideResult, repeats: &Repeats) -> io::Result<()> {
    let server = match side.side {
        SideName::Server => results.server.as_ref(),
        SideName::Client | SideName::Page => None,
    };
    let name = server.map_or(&side.subject, |server| &server.target.name);
    let count = |element| counted(&side.trials, element);
    xml.create_element("testsuite")
        .with_attributes([
            ("name", name.as_str()),
            ("tests", &side.trials.len().to_string()),
            ("skipped", &count(Element::Skipped)),
            ("errors", &count(Element::Error)),
            ("failures", &count(Element::Failure)),
            ("timestamp", results.started.as_str()),
            ("time", &seconds(results.seconds)),
        ])
        .write_inner_content(|xml| {
            xml.create_element("properties").write_inner_content(|xml| {
                let mut properties = properties(results, side).into_iter();
                properties.try_for_each(|(name, value)| {
                    let property = xml.create_element("property");
                    let named = [("name", name.as_str()), ("value", value.as_str())];
                    property.with_attributes(named).write_empty().map(|_| ())
                })
            })?;
            side.trials.iter().try_for_each(|trial| case(xml, side, trial, repeats))
        })?;
    Ok(())
}

fn properties(results: &Results, side: &SideResult) -> Vec<(String, String)> {
    let server = results.server.as_ref().filter(|_| side.side == SideName::Server);
    let is_quick = server.is_some_and(|server| server.configuration.quick);
    let own = [
        ("errproof", results.errproof.to_owned()),
        ("contract", results.contract.to_string()),
        ("target", side.subject.to_string()),
        ("partial", results.scope.is_partial().to_string()),
        ("quick", is_quick.to_string()),
    ];
    let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
    // JUnit knows four verdicts; these are all of ours, of the whole run.
    let counts = Outcome::ALL.into_iter().map(|outcome| {
        (format!("count.{}", outcome.as_str()), results.counts.get(outcome).to_string())
    });
    let server = results.server.as_ref().filter(|_| side.side == SideName::Server);
    let configuration =
        server.map(|server| ("configuration".to_owned(), server.configuration.to_string()));
    let causes = results.causes.iter().filter(|cause| cause.side == side.side);
    let causes = causes.zip(1..).map(|(cause, at): (_, usize)| {
        (format!("cause.{at}"), cause.line(&cause.first).to_string())
    });
    own.chain(counts).chain(causes).chain(configuration).collect()
}

/// The element that says how a case that did not pass ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    Failure,
    Error,
    Skipped,
}

impl Element {
    fn of(outcome: Outcome) -> Option<Self> {
        match outcome {
            Outcome::Pass | Outcome::Known => None,
            Outcome::Ignored | Outcome::Inconclusive => Some(Self::Skipped),
            Outcome::Error => Some(Self::Error),
            Outcome::Fail | Outcome::Stale => Some(Self::Failure),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Error => "error",
            Self::Skipped => "skipped",
        }
    }
}

fn counted<'a>(trials: impl IntoIterator<Item = &'a TrialResult>, element: Element) -> String {
    let of = |trial: &&TrialResult| Element::of(trial.outcome) == Some(element);
    trials.into_iter().filter(of).count().to_string()
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.3}")
}

fn case(
    xml: &mut Xml,
    side: &SideResult,
    trial: &TrialResult,
    repeats: &Repeats,
) -> io::Result<()> {
    let about = trial.name.as_str().split("::").next().unwrap_or_default();
    let case = xml.create_element("testcase").with_attributes([
        ("name", trial.name.as_str()),
        ("classname", &format!("errproof.{about}")),
        ("time", &seconds(trial.seconds)),
    ]);
    let mut why = trial.why.clone().unwrap_or_default();
    if trial.outcome == Outcome::Inconclusive {
        why = shown!["inconclusive: ", why];
    }
    match Element::of(trial.outcome) {
        None if trial.outcome == Outcome::Known && !why.is_empty() => {
            case.write_inner_content(|xml| {
                let known = format!("known: {why}");
                xml.create_element("system-out").write_text_content(BytesText::new(&known))?;
                Ok(())
            })?;
        }
        None => {
            case.write_empty()?;
        }
        Some(element @ Element::Skipped) => {
            case.write_inner_content(|xml| {
                let skipped = xml.create_element(element.name());
                skipped.with_attribute(("message", why.as_str())).write_empty()?;
                Ok(())
            })?;
        }
        Some(element) => {
            let text = match repeats.get(trial) {
                Some(repeat) => failure::repeated_with_command(trial, repeat),
                None => failure::render(&side.subject, trial, Paint::Plain),
            };
            let message = message(trial).unwrap_or(why);
            case.write_inner_content(|xml| {
                xml.create_element(element.name())
                    .with_attribute(("message", message.as_str()))
                    .with_attribute(("type", trial.outcome.as_str()))
                    .write_text_content(BytesText::new(text.as_str()))?;
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// What the checks found, in one line.
fn message(trial: &TrialResult) -> Option<Shown> {
    let finding = |finding: &Finding| shown![finding.check.as_str(), ": ", finding.sentence()];
    let findings: Vec<Shown> = trial.findings.iter().map(finding).collect();
    (!findings.is_empty()).then(|| Shown::joined(&findings, "; "))
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
