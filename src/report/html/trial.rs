//! One trial under a fold: what was promised, what was found, what was sent and answered.

use super::{
    attempts,
    element::{Element, element},
    parts::{aside, chip, entry, notice, promise},
};
use crate::{
    result::{
        evidence::{AnswerResult, Evidence},
        finding::Finding,
        outcome::Outcome,
        repeat::Repeat,
        side_name::SideName,
        timeline::Printed,
        trial::TrialResult,
    },
    shown,
    shown::{seconds::seconds, text::Shown},
};

/// A trial. Red ones are open, unless they show nothing new.
pub(super) fn render(trial: &TrialResult, repeat: Option<&Repeat>) -> Element {
    let summary = element("summary")
        .child(chip(trial.outcome))
        .text(" ")
        .child(element("code").text(&trial.name))
        .text(" ")
        .child(element("span").class("what").text(seconds(trial.seconds)));
    element("details")
        .attribute("id", &trial.name)
        .class(trial.outcome.as_str())
        .flag("open", trial.outcome.is_red() && repeat.is_none())
        .child(summary)
        .child(body(trial, repeat))
}

fn body(trial: &TrialResult, repeat: Option<&Repeat>) -> Element {
    let held: Vec<Shown> = trial.held.iter().map(|check| check.as_str().into()).collect();
    let held = (!held.is_empty()).then(|| shown!["held: ", Shown::joined(&held, ", ")]);
    let no_twin = trial.without_twin.as_ref();
    let no_twin = no_twin.map(|why| shown!["the twin ", why]);
    let place = trial.file.as_ref().zip(trial.line);
    let place = place.map(|(file, line)| shown![file, ":", line]);
    element("div")
        .class("body")
        .child(trial.why.as_ref().map(notice))
        .child(repeat.map(|repeat| aside(repeat.sentence())))
        .children(trial.findings.iter().map(one_finding))
        .children([held, no_twin, place].into_iter().flatten().map(aside))
        .child((trial.side != SideName::Server).then(|| promise(trial)))
        .children(attempts::render(&trial.timelines))
        .children(trial.printed.iter().flat_map(printed))
        .children(trial.evidence.iter().flat_map(|evidence| exchange(evidence, trial.outcome)))
}

fn one_finding(finding: &Finding) -> Element {
    let mut head = element("p").child(element("b").text(finding.check.as_str()));
    if !finding.place.is_empty() {
        head = head.text(" at ").child(element("code").text(&finding.place));
    }
    if finding.times > 1 {
        head = head.text(shown![" (", finding.times, " times)"]);
    }
    let said = element("dl");
    let said = match &finding.values {
        Some(values) => said
            .children(entry("expected", &values.expected))
            .children(entry("got", &values.actual)),
        None => said.children(entry("wrong", &finding.wrong)),
    };
    let promised = finding.promise.iter().flat_map(|promise| {
        let [term, says] = entry("promised", &promise.says);
        [term, says.text(" ").child(element("cite").text(&promise.source))]
    });
    element("div").class("finding").child(head).child(said.children(promised))
}

fn printed(printed: &Printed) -> impl Iterator<Item = Element> {
    let streams = [("stdout", &printed.stdout), ("stderr", &printed.stderr)];
    streams.into_iter().filter(|(_, text)| !text.is_empty()).flat_map(|(stream, text)| {
        [element("h4").text("It printed on ").text(stream), element("pre").text(text)]
    })
}

fn exchange(evidence: &Evidence, outcome: Outcome) -> Vec<Element> {
    let Evidence { at, of, request, answer, again, .. } = evidence;
    let which = (*of > 1).then(|| shown![" ", *at, " of ", *of]);
    let body = (!request.body.is_empty()).then(|| shown!["\n\n", request.body]);
    let mut exchange = vec![
        element("h4").text("Request").text(which),
        element("pre")
            .text(shown![request.method, " ", request.path])
            .text((!request.key.is_empty()).then(|| shown!["\nkey: ", request.key]))
            .text(body),
        element("h4").text("Response"),
        answer.as_ref().map_or_else(|| aside("none"), response),
    ];
    if outcome != Outcome::Ignored {
        exchange.push(element("h4").text("Again"));
        exchange.push(element("pre").class("again").text(again));
    }
    exchange
}

fn response(answer: &AnswerResult) -> Element {
    let head = shown![answer.status, " in ", answer.milliseconds, " ms\n"];
    let headers = answer.headers.iter().map(|(name, value)| shown![name, ": ", value, "\n"]);
    let broke_off = answer.broke_off.as_ref().map(|why| shown!["\n(broken off: ", why, ")"]);
    element("pre")
        .text(head)
        .text(Shown::joined(&headers.collect::<Vec<_>>(), ""))
        .text("\n")
        .text(&answer.body)
        .text(broke_off)
}

#[cfg(test)]
mod tests {
    use super::{super::in_lines, *};
    use crate::result::example;

    #[test]
    fn a_trial_has_what_was_found_promised_and_exchanged_and_is_open_if_it_is_red() {
        let results = example::results();
        let repeats = results.repeats();
        let names = [
            "invalid_json::comma",
            "revoked_api_key::bearer",
            "sold|out`<b>::gone",
            "preflight_failed::hook",
            "generation_timeout::hook",
            "client::retry-after::20s",
            "docs::envelope",
        ];
        let shown = names.map(|name| {
            let trial = results.trials().find(|(_, trial)| trial.name.as_str() == name);
            let trial = trial.expect("it is in the example").1;
            in_lines(&render(trial, repeats.get(trial)).to_string())
        });
        insta::assert_snapshot!(shown.join("\n\n"));
    }
}
