//! `summary.md`: the results for a pull request or a job's page.

use std::fmt::Write as _;

use super::failure;
use crate::{
    result::{
        cause::LISTED,
        outcome::{Outcome, Standing},
        results::{Results, Scope},
        server::{CodeResult, ServerDetails},
    },
    shown,
    shown::{
        markdown::{self, Words},
        plural::plural,
        seconds::seconds,
        text::Shown,
    },
    terminal::paint::Paint,
};

/// So many red trials are shown in full: GitHub takes a megabyte for a job's page.
const SHOWN: usize = 50;

/// The results as Markdown.
#[must_use]
pub fn render(results: &Results) -> String {
    let is_red = Outcome::ALL.into_iter().filter(|outcome| outcome.is_red());
    let red: usize = is_red.map(|outcome| results.counts.get(outcome)).sum();
    let sign = if red == 0 { "✅" } else { "❌" };
    let headlines: Vec<Shown> = results.sides.iter().map(|side| side.headline.clone()).collect();
    let mut text = format!("## {sign} {}\n\n", Shown::joined(&headlines, "; ").escaped(escaped));
    let count = |outcome: Outcome| format!("{} {}", results.counts.get(outcome), outcome.as_str());
    let counts: Vec<_> = Outcome::ALL.into_iter().map(count).collect();
    let _ = writeln!(
        text,
        "{} · errproof {} · {} · {}\n",
        counts.join(", "),
        results.errproof,
        results.started,
        seconds(results.seconds)
    );
    if results.scope.is_partial() {
        let Scope { selected, all } = results.scope;
        let _ = writeln!(
            text,
            "**A part of the contract:** {selected} of {all} trials were selected.\n"
        );
    }
    if let Some(server) = &results.server {
        add_codes(&mut text, server);
    }
    add_causes(&mut text, results);
    add_advice(&mut text, results);
    for (_, trial) in results.trials() {
        if let (Outcome::Known, Some(why)) = (trial.outcome, &trial.why) {
            let _ = writeln!(text, "- known on {}: {}", code(&trial.name), why.escaped(escaped));
        }
    }
    for note in results.sides.iter().flat_map(|side| &side.notes) {
        let _ = writeln!(text, "- {}", note.escaped(escaped));
    }
    if let Some(server) = &results.server {
        let _ = writeln!(text, "- {}", server.sent().escaped(escaped));
        let _ = writeln!(text, "- {}", escaped(&server.configuration.to_string()));
    }
    let repeats = results.repeats();
    let news = || results.red().filter(|(_, trial)| repeats.get(trial).is_none());
    for (side, trial) in news().take(SHOWN) {
        let shown = failure::render(&side.subject, trial, Paint::Plain);
        let fence = "`".repeat(longest_run(&shown).max(2) + 1);
        let name = code(&trial.name);
        let _ = writeln!(text, "\n### {name}\n\n{fence}text\n{shown}{fence}");
    }
    if let Some(more @ 1..) = news().count().checked_sub(SHOWN) {
        let _ = writeln!(text, "\nand {more} more, in report.html");
    }
    if repeats.count() > 0 {
        let further = plural(repeats.count(), "further trial");
        let _ = writeln!(text, "\n{further} with nothing new, in report.html");
    }
    text
}

/// What is wrong in several trials, each once. It may be a server's words, so it is code.
fn add_causes(text: &mut String, results: &Results) {
    let causes = results.causes.iter().map(|cause| {
        let (said, first) = (code(&cause.sentence()), code(&cause.first));
        format!("{said} on {}; first at {first}", cause.weight())
    });
    let drift = results.server.iter().flat_map(|server| {
        let several = server.drift.iter().filter(|drift| drift.codes.len() > 1);
        several.map(|drift| {
            let said = shown!["drift: ", drift.sentence()];
            format!("{} in {}", code(&said), code(&drift.on(server.codes.len())))
        })
    });
    let lines: Vec<_> = causes.chain(drift).collect();
    if lines.is_empty() {
        return;
    }
    text.push_str("Causes that several trials share:\n\n");
    for line in lines.iter().take(LISTED) {
        let _ = writeln!(text, "- {line}");
    }
    if let Some(more @ 1..) = lines.len().checked_sub(LISTED) {
        let _ = writeln!(text, "- and {more} more, in report.html");
    }
    text.push('\n');
}

/// What no page promised, each once.
fn add_advice(text: &mut String, results: &Results) {
    let advice: Vec<_> = results.sides.iter().flat_map(|side| &side.advice).collect();
    if advice.is_empty() {
        return;
    }
    text.push_str("Advice, which no page promised and fails nothing:\n\n");
    for cause in advice.iter().take(LISTED) {
        let (said, first) = (code(&cause.sentence()), code(&cause.first));
        let _ = writeln!(text, "- {said} on {}; first at {first}", cause.weight());
    }
    if let Some(more @ 1..) = advice.len().checked_sub(LISTED) {
        let _ = writeln!(text, "- and {more} more, in report.html");
    }
    text.push('\n');
}

fn add_codes(text: &mut String, server: &ServerDetails) {
    text.push_str("| code | status | result |\n|---|---|---|\n");
    for result in &server.codes {
        let code = in_table(&result.code);
        let points =
            result.points.map(|points| format!(", {}", points.sentence())).unwrap_or_default();
        let _ = writeln!(text, "| {code} | {} | {}{points} |", result.status, said_of(result));
    }
    text.push('\n');
}

fn said_of(code: &CodeResult) -> String {
    let why =
        code.why.as_ref().map(|why| format!(": {}", why.escaped(escaped))).unwrap_or_default();
    match code.standing {
        Standing::Proven => "✅ proven".to_owned(),
        Standing::ProvenWithoutTwin => "✅ proven without a twin".to_owned(),
        Standing::Stale => format!("❌ stale{why}"),
        Standing::Broken => "❌ broken".to_owned(),
        Standing::Known => format!("⚠️ known{why}"),
        // A trial that is red for it is shown below; one that is inconclusive is not red.
        Standing::NotJudged => {
            // It may be a server's words. GitHub looks for mentions, issues and addresses after it has read the
            // Markdown, whatever was escaped there, but not in code.
            let why = code.why.as_ref().map(|why| format!(": {}", in_table(why)));
            format!("⚠️ not judged{}", why.unwrap_or_default())
        }
        Standing::NotProvoked => format!("not provoked{why}"),
        Standing::Unprovoked => format!("unprovoked by the contract{why}"),
        Standing::NotSelected => "not selected".to_owned(),
    }
}

/// A text in which nothing has a meaning to Markdown: it may come from a server.
fn escaped(text: &str) -> String {
    markdown::escaped(text, Words::Anybody)
}

/// The same in a table, in whose code one character has a meaning.
fn in_table(text: &Shown) -> String {
    code(text).replace('|', "\\|")
}

/// A text as code, in which nothing is linked: a name of the contract, which may name a code as it likes, or a
/// server's words.
fn code(name: &Shown) -> String {
    let name = name.as_str();
    let fence = "`".repeat(longest_run(name) + 1);
    let room = if fence.len() > 1 { " " } else { "" };
    format!("{fence}{room}{name}{room}{fence}")
}

/// The longest run of backticks: a fence has to be longer.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::example;

    #[test]
    fn what_a_server_says_of_a_code_neither_links_nor_mentions_anybody() {
        let mut results = example::results();
        let server = results.server.as_mut().expect("a server");
        let words = "got @everyone, #1, o/r#2, http://x/y, www.x.y, a|b and `c`";
        server.codes[0].standing = Standing::NotJudged;
        server.codes[0].points = None;
        server.codes[0].why = Some(words.into());
        let text = render(&results);
        let line =
            "not judged: `` got @everyone, #1, o/r#2, http://x/y, www.x.y, a\\|b and `c` `` |\n";
        assert!(text.contains(line), "{text}");
    }

    #[test]
    fn a_pull_request_is_told_what_is_true_of_each_code_and_all_of_what_is_red() {
        insta::assert_snapshot!(render(&example::results()));
    }
}
