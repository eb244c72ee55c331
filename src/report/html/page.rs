//! `report.html`: one file that needs no network and no scripts, for a browser or a phone.
//!
//! What a server said is text here, never markup: the macro escapes all that is put into the page,
//! and the page forbids itself whatever it does not hold.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{burst, matrix, trial};
use crate::result::{
    outcome::{Outcome, Standing},
    results::Results,
    server::{CodeResult, ServerDetails},
    side::{SideName, SideResult},
};
use crate::shown::text::Shown;

const STYLE: &str = include_str!("style.css");

/// Nothing may be loaded, and no script may run, whatever stands in the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The results as a page.
#[must_use]
pub fn render(results: &Results) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (verdict(results)) " - " (results.contract) " - errproof" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (head(results))
                main {
                    (red(results))
                    @for side in &results.sides { (one_side(results, side)) }
                }
            }
        }
    };
    page.into_string()
}

fn verdict(results: &Results) -> &'static str {
    let red = Outcome::ALL.into_iter().filter(|outcome| outcome.is_red());
    match red.map(|outcome| results.counts.get(outcome)).sum::<usize>() {
        0 if results.counts.pass + results.counts.known == 0 => "Nothing proven",
        0 if results.counts.known > 0 => "Holds, but for what is known",
        0 => "Holds",
        _ => "Broken",
    }
}

fn head(results: &Results) -> Markup {
    let scope = results.scope;
    html! {
        header {
            p.what { "errproof " (results.errproof) " · " (results.contract) }
            @let word = verdict(results);
            h1 class=(word.split(' ').next().unwrap_or_default().to_lowercase()) { (word) }
            @for side in &results.sides { p { (side.headline) } }
            ul.counts {
                @for outcome in Outcome::ALL {
                    @let count = results.counts.get(outcome);
                    @if count > 0 { li class=(outcome.as_str()) { (count) " " (outcome.as_str()) } }
                }
            }
            p.what { (results.started) ", " (format!("{:.1} s", results.seconds)) }
            @if scope.is_partial() {
                p.notice { "A part of the contract: " (scope.selected) " of " (scope.all) " trials were selected." }
            }
            @if results.server.as_ref().is_some_and(|server| server.target.bundled) {
                p.notice { "This was the bundled mock: it says nothing of a real server." }
            }
        }
    }
}

/// The red trials, so that nobody has to look for them among the green ones.
fn red(results: &Results) -> Markup {
    let red: Vec<_> = results.red().collect();
    html! {
        @if !red.is_empty() {
            section {
                h2 { "What is red" }
                ul {
                    @for (_, trial) in red {
                        @let mut checks: Vec<_> = trial.findings.iter().map(|found| found.check.as_str()).collect();
                        @let () = checks.dedup();
                        li {
                            span class={ "chip " (trial.outcome.as_str()) } { (trial.outcome.as_str()) }
                            " " a href={ "#" (trial.name) } { code { (trial.name) } } " "
                            @if checks.is_empty() { (trial.why.clone().unwrap_or_default()) } @else { (checks.join(", ")) }
                        }
                    }
                }
            }
        }
    }
}

fn one_side(results: &Results, side: &SideResult) -> Markup {
    html! {
        @match (side.side, &results.server) {
            (SideName::Server, Some(server)) => {
                (matrix::render(side, server))
                (bursts(side))
                (drift(server))
                (tickets(side))
                (codes(side, server))
                (configuration(side, server))
            }
            (SideName::Client, _) => (plain_side("The client", side)),
            _ => (plain_side("The page", side)),
        }
    }
}

fn plain_side(title: &str, side: &SideResult) -> Markup {
    html! {
        section {
            h2 { (title) }
            p { code { (side.subject) } }
            @for trial in &side.trials { (trial::render(trial)) }
        }
    }
}

fn bursts(server: &SideResult) -> Markup {
    let bursts = server.trials.iter().filter_map(|trial| {
        let evidence = trial.evidence.as_ref().filter(|evidence| !evidence.burst.is_empty())?;
        Some((trial, evidence))
    });
    html! {
        @for (trial, evidence) in bursts {
            section {
                h2 { "The burst of " code { (trial.name) } }
                (burst::render(trial.status.unwrap_or_default(), &evidence.burst))
            }
        }
    }
}

fn drift(server: &ServerDetails) -> Markup {
    html! {
        @if !server.drift.is_empty() {
            section {
                h2 { "Drift" }
                p { "Envelopes that differ from the reviewed ones. " code { "cargo insta review" } " accepts or rejects a change." }
                @for drift in &server.drift {
                    figure.drift {
                        figcaption { code { (drift.place) } " in " (Shown::joined(&drift.codes, ", ")) }
                        pre {
                            del { "- " (drift.reviewed) "\n" }
                            ins { "+ " (drift.now) "\n" }
                        }
                    }
                }
            }
        }
    }
}

/// What support can find a red trial's answer by.
fn tickets(server: &SideResult) -> Markup {
    let ids = server.trials.iter().filter(|trial| trial.outcome.is_red()).filter_map(|trial| {
        let id = trial.evidence.as_ref()?.answer.as_ref()?.request_id.as_ref()?;
        Some((&trial.name, id))
    });
    let ids: Vec<_> = ids.collect();
    html! {
        @if !ids.is_empty() {
            section {
                h2 { "Request ids for a support ticket" }
                ul { @for (name, id) in ids { li { code { (id) } " " (name) } } }
            }
        }
    }
}

fn codes(side: &SideResult, server: &ServerDetails) -> Markup {
    html! {
        section {
            h2 { "Code by code" }
            @for code in server.codes.iter().filter(|code| code.standing != Standing::NotSelected) {
                (one_code(side, code))
            }
        }
    }
}

fn one_code(side: &SideResult, code: &CodeResult) -> Markup {
    let trials: Vec<_> =
        side.trials.iter().filter(|trial| trial.code.as_ref() == Some(&code.code)).collect();
    html! {
        article id=(code.code) {
            h3 {
                span.status { (code.status) } " " code { (code.code) } " "
                @let standing = standing(code.standing);
                span class={ "standing " (standing.replace(' ', "-")) } { (standing) }
            }
            @if let Some(trial) = trials.first() {
                p.promise { (trial.promise) " " cite { (trial.source) } }
            }
            @if let Some(why) = &code.why { p.notice { (why) } }
            @for trial in trials { (trial::render(trial)) }
        }
    }
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Proven => "proven",
        Standing::ProvenWithoutTwin => "proven without a twin",
        Standing::Stale => "stale",
        Standing::Broken => "broken",
        Standing::Known => "known",
        Standing::NotJudged => "not judged",
        Standing::NotProvoked => "not provoked",
        Standing::NotSelected => "not selected",
    }
}

fn configuration(side: &SideResult, server: &ServerDetails) -> Markup {
    let configuration = &server.configuration;
    let yes = |flag: bool| if flag { "yes" } else { "no" };
    html! {
        section {
            h2 { "How it was run" }
            dl {
                dt { "target" } dd { (server.target.name) ", " (server.target.url) }
                dt { "trials that prove nothing fail" } dd { (yes(configuration.strict)) }
                dt { "production allowed" } dd { (yes(configuration.allow_production)) }
                dt { "budget" } dd { (configuration.budget_credits) " credits" }
                dt { "known deviations" } dd { (configuration.known) }
            }
            table.slots {
                thead { tr { th { "slot" } th { "variable" } th { "set" } } }
                tbody {
                    @for (name, slot) in &configuration.slots {
                        tr { td { (name) } td { code { "$" (slot.env) } } td { (yes(slot.set)) } }
                    }
                }
            }
            @if !side.notes.is_empty() {
                ul { @for note in &side.notes { li { (note) } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::in_lines, *};
    use crate::result::example;

    #[test]
    fn the_page_has_all_that_is_known_of_a_run_and_says_first_what_is_red() {
        let page = render(&example::results());
        // The style is reviewed where it is written.
        let page = page.replace(STYLE, "(style.css)");
        insta::assert_snapshot!(in_lines(&page));
    }
}
