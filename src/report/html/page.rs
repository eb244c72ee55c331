//! `report.html`: one file that needs no network and no scripts, for a browser or a phone.
//!
//! What a server said is text here, never markup: `super::element` takes nothing else, and the page
//! forbids itself whatever it does not hold.

use super::{
    burst,
    element::{Element, document, element, style},
    matrix, order,
    parts::{aside, chip, entry, notice, promise},
    trial,
};
use crate::{
    result::{
        cause::SharedCause,
        outcome::{Outcome, Standing},
        repeat::Repeats,
        results::Results,
        server::{CodeResult, DriftResult, KeyResult, ServerDetails},
        side::SideResult,
        side_name::SideName,
        trial::TrialResult,
    },
    shown,
    shown::{plural::plural, seconds::seconds, text::Shown},
};

/// Nothing may be loaded, and no script may run, whatever stands in the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The results as a page.
#[must_use]
pub fn render(results: &Results) -> String {
    let meta = |name, content| element("meta").attributes([("name", name), ("content", content)]);
    let policy = [("http-equiv", "Content-Security-Policy"), ("content", POLICY)];
    let title = [verdict(results).words.into(), results.contract.clone(), "errproof".into()];
    let head = element("head")
        .child(element("meta").attribute("charset", "utf-8"))
        .child(meta("viewport", "width=device-width, initial-scale=1"))
        .child(meta("color-scheme", "light dark"))
        .child(element("meta").attributes(policy))
        .child(element("title").text(Shown::joined(&title, " - ")))
        .child(style());
    let repeats = results.repeats();
    let main = element("main")
        .child(causes(results))
        .child(red(results, &repeats))
        .children(results.sides.iter().flat_map(|side| one_side(results, side, &repeats)));
    let body = element("body").child(header(results)).child(main);
    document(&element("html").attribute("lang", "en").child(head).child(body))
}

/// What a run came to in a few words, and the class that gives them their colour.
struct Said {
    words: &'static str,
    class: &'static str,
}

fn verdict(results: &Results) -> Said {
    let red = Outcome::ALL.into_iter().filter(|outcome| outcome.is_red());
    let (words, class) = match red.map(|outcome| results.counts.get(outcome)).sum::<usize>() {
        0 if results.counts.pass + results.counts.known == 0 => ("Nothing proven", "nothing"),
        0 if results.counts.known > 0 => ("Holds, but for what is known", "known"),
        0 => ("Holds", "holds"),
        _ => ("Broken", "broken"),
    };
    Said { words, class }
}

fn header(results: &Results) -> Element {
    let Said { words, class } = verdict(results);
    let scope = results.scope;
    let partial = scope.is_partial().then(|| {
        let of = shown![scope.selected, " of ", scope.all, " trials were selected."];
        notice(shown!["A part of the contract: ", of])
    });
    let bundled = results.server.as_ref().is_some_and(|server| server.target.bundled);
    let bundled =
        bundled.then(|| notice("This was the bundled mock: it says nothing of a real server."));
    let counts = Outcome::ALL.into_iter().filter(|outcome| results.counts.get(*outcome) > 0);
    let count = |outcome: Outcome| {
        let count = shown![results.counts.get(outcome), " ", outcome.as_str()];
        element("li").class(outcome.as_str()).text(count)
    };
    element("header")
        .child(aside(shown!["errproof ", results.errproof, " · ", results.contract]))
        .child(element("h1").class(class).text(words))
        .children(results.sides.iter().map(|side| element("p").text(&side.headline)))
        .child(element("ul").class("counts").children(counts.map(count)))
        .child(aside(shown![results.started, ", ", seconds(results.seconds)]))
        .child(partial)
        .child(bundled)
}

fn section(title: &'static str) -> Element {
    element("section").child(element("h2").text(title))
}

/// A list, unless there is nothing in it.
fn list(items: impl IntoIterator<Item = Element>) -> Option<Element> {
    let mut items = items.into_iter().peekable();
    items.peek().is_some().then(|| element("ul").children(items))
}

/// What no page promised and every engineer expects.
fn advice(side: &SideResult) -> Option<Element> {
    let how = element("p")
        .text("No page promised this, and it fails nothing. ")
        .child(element("code").text("--deny advice"))
        .text(" makes it fail.");
    Some(section("Advice").child(how).child(list(side.advice.iter().map(cause))?))
}

/// What several red trials have in common, each once.
fn causes(results: &Results) -> Option<Element> {
    let causes = list(results.causes.iter().map(cause))?;
    Some(section("Causes that several trials share").child(causes))
}

/// A cause, how much it weighs, and the first trial that shows it.
fn cause(cause: &SharedCause) -> Element {
    let mut item = element("li").child(element("b").text(cause.check.as_str()));
    if !cause.place.is_empty() {
        item = item.text(" at ").child(element("code").text(&cause.place));
    }
    let weight = shown!["on ", cause.weight(), "; first at "];
    item.text(shown![": ", cause.wrong, " "])
        .child(element("span").class("what").text(weight))
        .child(link(&cause.first))
}

/// A trial's name, which leads to it.
fn link(trial: &Shown) -> Element {
    element("a").attribute("href", shown!["#", trial]).child(element("code").text(trial))
}

/// The red trials, so that nobody has to look for them among the green ones.
/// Those that show nothing new are under a fold.
fn red(results: &Results, repeats: &Repeats) -> Option<Element> {
    let item = |(_, trial): (&SideResult, &TrialResult)| {
        let mut checks: Vec<Shown> =
            trial.findings.iter().map(|found| found.check.as_str().into()).collect();
        checks.dedup();
        let link = link(&trial.name);
        let item = element("li").child(chip(trial.outcome)).text(" ").child(link).text(" ");
        if checks.is_empty() {
            item.text(trial.why.clone())
        } else {
            item.text(Shown::joined(&checks, ", "))
        }
    };
    let (repeated, news): (Vec<_>, Vec<_>) =
        results.red().partition(|(_, trial)| repeats.get(trial).is_some());
    let further = plural(repeated.len(), "further trial");
    let further = element("summary").text(shown![further, " with nothing new"]);
    let repeated = list(repeated.into_iter().map(item));
    let repeated = repeated.map(|repeated| element("details").child(further).child(repeated));
    Some(section("What is red").child(list(news.into_iter().map(item))?).child(repeated))
}

fn one_side(results: &Results, side: &SideResult, repeats: &Repeats) -> Vec<Element> {
    match (side.side, &results.server) {
        (SideName::Server, Some(server)) => {
            let mut sections = vec![matrix::render(side, server)];
            sections.extend(order::render(server));
            sections.extend(advice(side));
            sections.extend(bursts(side));
            sections.extend(drift(server));
            sections.extend(tickets(side));
            sections.push(codes(side, server, repeats));
            sections.push(configuration(side, server));
            sections
        }
        (SideName::Client, _) => vec![plain_side("The client", side, repeats)],
        _ => vec![plain_side("The page", side, repeats)],
    }
}

fn plain_side(title: &'static str, side: &SideResult, repeats: &Repeats) -> Element {
    section(title)
        .child(element("p").child(element("code").text(&side.subject)))
        .children(side.trials.iter().map(|trial| trial::render(trial, repeats.get(trial))))
}

fn bursts(server: &SideResult) -> impl Iterator<Item = Element> {
    server.trials.iter().filter_map(|trial| {
        let evidence = trial.evidence.as_ref().filter(|evidence| !evidence.burst.is_empty())?;
        let title = element("h2").text("The burst of ").child(element("code").text(&trial.name));
        let drawing = burst::render(trial.status.unwrap_or_default(), &evidence.burst);
        Some(element("section").child(title).child(drawing))
    })
}

fn drift(server: &ServerDetails) -> Option<Element> {
    let how = element("p")
        .text("Envelopes that differ from the reviewed ones. ")
        .child(element("code").text("cargo insta review"))
        .text(" accepts or rejects a change.");
    let one = |drift: &DriftResult| {
        let caption = element("figcaption")
            .child(element("code").text(&drift.place))
            .text(" in ")
            .text(Shown::joined(&drift.codes, ", "));
        let change = element("pre")
            .child(element("del").text(shown!["- ", drift.reviewed, "\n"]))
            .child(element("ins").text(shown!["+ ", drift.now, "\n"]));
        element("figure").class("drift").child(caption).child(change)
    };
    let drift = &server.drift;
    (!drift.is_empty()).then(|| section("Drift").child(how).children(drift.iter().map(one)))
}

/// What support can find a red trial's answer by.
fn tickets(server: &SideResult) -> Option<Element> {
    let red = server.trials.iter().filter(|trial| trial.outcome.is_red());
    let ids = red.filter_map(|trial| {
        let id = trial.evidence.as_ref()?.answer.as_ref()?.request_id.as_ref()?;
        Some(element("li").child(element("code").text(id)).text(" ").text(&trial.name))
    });
    Some(section("Request ids for a support ticket").child(list(ids)?))
}

fn codes(side: &SideResult, server: &ServerDetails, repeats: &Repeats) -> Element {
    let codes = server.codes.iter().filter(|code| code.standing != Standing::NotSelected);
    section("Code by code").children(codes.map(|code| one_code(side, code, repeats)))
}

fn one_code(side: &SideResult, code: &CodeResult, repeats: &Repeats) -> Element {
    let of_code = |trial: &&TrialResult| trial.code.as_ref() == Some(&code.code);
    let trials: Vec<_> = side.trials.iter().filter(of_code).collect();
    let words = standing(code.standing);
    let class = Shown::from(words).escaped(|words| words.replace(' ', "-"));
    let title = element("h3")
        .child(element("span").class("status").text(code.status))
        .text(" ")
        .child(element("code").text(&code.code))
        .text(" ")
        .child(element("span").class(shown!["standing ", class]).text(words));
    element("article")
        .attribute("id", &code.code)
        .child(title)
        .child(trials.first().map(|trial| promise(trial)))
        .child(code.why.as_ref().map(notice))
        .children(trials.into_iter().map(|trial| trial::render(trial, repeats.get(trial))))
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
        Standing::Unprovoked => "unprovoked by the contract",
        Standing::NotSelected => "not selected",
    }
}

fn configuration(side: &SideResult, server: &ServerDetails) -> Element {
    let configuration = &server.configuration;
    let yes = |flag: bool| if flag { "yes" } else { "no" };
    let flags = element("dl")
        .children(entry("target", shown![server.target.name, ", ", server.target.url]))
        .children(entry("trials that prove nothing fail", yes(configuration.strict)))
        .children(entry("one point per promise (--quick)", yes(configuration.quick)))
        .children(entry("production allowed", yes(configuration.allow_production)))
        .children(entry("budget", shown![configuration.budget_credits, " credits"]))
        .children(entry("known deviations", configuration.known))
        .children(entry("requests", server.sent()));
    let columns = ["slot", "variable", "set"].map(|title| element("th").text(title));
    let row = |(name, key): (&Shown, KeyResult)| {
        let variable = element("code").text(shown!["$", key.env]);
        element("tr")
            .child(element("td").text(name))
            .child(element("td").child(variable))
            .child(element("td").text(yes(key.set)))
    };
    let slots = configuration.slots.iter();
    let keys = slots.flat_map(|(name, slot)| slot.keys().map(move |key| (name, key)));
    let slots = element("table")
        .class("slots")
        .child(element("thead").child(element("tr").children(columns)))
        .child(element("tbody").children(keys.map(row)));
    section("How it was run")
        .child(flags)
        .children((!configuration.slots.is_empty()).then_some(slots))
        .child(list(side.notes.iter().map(|note| element("li").text(note))))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{element::STYLE, in_lines},
        *,
    };
    use crate::result::{example, outcome::Counts};

    #[test]
    fn each_verdict_has_its_words_and_a_colour() {
        let rows = [
            (Counts::of([Outcome::Ignored]), "Nothing proven"),
            (Counts::of([Outcome::Pass]), "Holds"),
            (Counts::of([Outcome::Pass, Outcome::Known]), "Holds, but for what is known"),
            (Counts::of([Outcome::Pass, Outcome::Stale]), "Broken"),
        ];
        for (counts, expected) in rows {
            let Said { words, class } = verdict(&Results { counts, ..example::results() });
            assert_eq!(words, expected);
            assert!(STYLE.contains(&format!("h1.{class}")), "{class}");
        }
    }

    #[test]
    fn the_page_has_all_that_is_known_of_a_run_and_says_first_what_is_red() {
        let page = render(&example::results());
        // The style is reviewed where it is written.
        let page = page.replace(STYLE, "(style.css)");
        insta::assert_snapshot!(in_lines(&page));
    }
}
