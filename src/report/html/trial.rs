//! One trial under a fold: what was promised, what was found, what was sent and answered.

use maud::{Markup, html};

use super::attempts;
use crate::result::{
    evidence::Evidence, finding::Finding, outcome::Outcome, side::SideName, timeline::Printed,
    trial::TrialResult,
};

/// A trial. Red ones are open.
pub(super) fn render(trial: &TrialResult) -> Markup {
    html! {
        details id=(trial.name) class=(trial.outcome.as_str()) open[trial.outcome.is_red()] {
            summary {
                span class={ "chip " (trial.outcome.as_str()) } { (trial.outcome.as_str()) }
                " " code { (trial.name) }
                " " span.what { (format!("{:.1} s", trial.seconds)) }
            }
            div.body {
                @if let Some(why) = &trial.why { p.notice { (why) } }
                @for finding in &trial.findings { (one_finding(finding)) }
                @if !trial.held.is_empty() {
                    p.what {
                        "held: "
                        @for (at, check) in trial.held.iter().enumerate() {
                            @if at > 0 { ", " }
                            (check.as_str())
                        }
                    }
                }
                @if let Some(why) = &trial.twin_not_asked {
                    p.what { "the twin was not sent: " (why) }
                }
                @if let (Some(file), Some(line)) = (&trial.file, trial.line) { p.what { (file) ":" (line) } }
                @if trial.side != SideName::Server { p.promise { (trial.promise) " " cite { (trial.source) } } }
                (attempts::render(&trial.timelines))
                @if let Some(Printed { stdout, stderr }) = &trial.printed {
                    @for (stream, text) in [("stdout", stdout), ("stderr", stderr)] {
                        @if !text.is_empty() { h4 { "It printed on " (stream) } pre { (text) } }
                    }
                }
                @if let Some(evidence) = &trial.evidence { (exchange(evidence, trial.outcome)) }
            }
        }
    }
}

fn one_finding(finding: &Finding) -> Markup {
    html! {
        div.finding {
            p { b { (finding.check.as_str()) }
                @if !finding.place.is_empty() { " at " code { (finding.place) } }
                @if finding.times > 1 { " (" (finding.times) " times)" }
            }
            dl {
                @match &finding.values {
                    Some(values) => {
                        dt { "expected" } dd { (values.expected) }
                        dt { "got" } dd { (values.actual) }
                    }
                    None => { dt { "wrong" } dd { (finding.wrong) } }
                }
                @if let Some(promise) = &finding.promise {
                    dt { "promised" } dd { (promise.says) " " cite { (promise.source) } }
                }
            }
        }
    }
}

fn exchange(evidence: &Evidence, outcome: Outcome) -> Markup {
    let Evidence { at, of, request, answer, again, .. } = evidence;
    html! {
        h4 { "Request" @if *of > 1 { " " (at) " of " (of) } }
        pre { (request.method) " " (request.path) "\nkey: " (request.key)
            @if !request.body.is_empty() { "\n\n" (request.body) }
        }
        h4 { "Response" }
        @match answer {
            Some(answer) => pre {
                (answer.status) " in " (answer.milliseconds) " ms\n"
                @for (name, value) in &answer.headers { (name) ": " (value) "\n" }
                "\n" (answer.body)
                @if let Some(why) = &answer.broke_off { "\n(broken off: " (why) ")" }
            },
            None => p.what { "none" },
        }
        @if outcome != Outcome::Ignored {
            h4 { "Again" }
            pre.again { (again) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::in_lines, *};
    use crate::result::example;

    #[test]
    fn a_trial_has_what_was_found_promised_and_exchanged_and_is_open_if_it_is_red() {
        let results = example::results();
        let names = [
            "invalid_json::comma",
            "sold|out`<b>::gone",
            "preflight_failed::hook",
            "generation_timeout::hook",
            "client::retry-after::20s",
            "docs::envelope",
        ];
        let shown = names.map(|name| {
            let trial = results.trials().find(|(_, trial)| trial.name.as_str() == name);
            in_lines(&render(trial.expect("it is in the example").1).into_string())
        });
        insta::assert_snapshot!(shown.join("\n\n"));
    }
}
