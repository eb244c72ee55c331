//! Prints the docs' page from the contract, in Markdown, so that it need never drift.

use std::{fmt::Write as _, time::Duration};

use serde_json::{Map, Value};

use super::{builder::single_spaced, judge::timed};
use crate::{
    contract::{
        Contract,
        limit::{Per, WaitPlace, WaitUnit},
        parts::NamedRequest,
        place::AnswerPlace,
        pointer,
        scenario::{RetryAfter, Scenario, ToldWait},
    },
    shown::{
        markdown::{self, Words},
        plural::plural,
    },
    source::fault::{Fault, Faults},
};

/// The page: the envelope with an example, the codes under the headings that their scenarios name,
/// the limit and the ranges of time.
///
/// # Errors
/// If the contract has no example, and the one made from `[envelope]` is refused by its schema.
pub fn markdown(contract: &Contract) -> Result<String, Faults> {
    let mut page = format!("# Error codes of {}\n\n", escaped(&contract.name));
    let heading = contract.page.example_under.as_deref().unwrap_or("Envelope");
    let _ = writeln!(page, "## {}\n", escaped(heading));
    let _ = writeln!(page, "Every error is a JSON document such as this one:\n");
    let _ = writeln!(page, "```json\n{}\n```\n", example(contract)?);
    add_codes(&mut page, contract);
    add_numbers(&mut page, contract);
    Ok(page)
}

/// The contract's own example, or one that holds what `[envelope]` has places for.
fn example(contract: &Contract) -> Result<String, Faults> {
    if let Some(example) = &contract.page.example {
        return Ok(example.trim().to_owned());
    }
    // A message that has to hold numbers is better left to the contract.
    let scenarios = in_order(contract);
    let plain = scenarios.iter().find(|scenario| scenario.message.is_none());
    let scenario = plain.or(scenarios.first()).expect("a contract has a scenario");
    let places = &contract.envelope.places;
    let mut body = Value::Object(Map::new());
    if let Some(code) = scenario.tells.carried(places) {
        set(&mut body, places.code.as_ref(), code);
    }
    set(&mut body, places.message.as_ref(), scenario.promise.as_str().into());
    set(&mut body, places.status.as_ref(), scenario.status.into());
    let docs = scenario.docs.as_ref();
    set(&mut body, docs.map(|docs| &docs.place), docs.map(|docs| docs.link.as_str()).into());
    set(&mut body, places.request_id.as_ref(), "9f8c2d4e6a7b1035".into());
    let schema = contract.envelope.schema.as_ref();
    if let Some(error) = schema.and_then(|schema| schema.iter_errors(&body).next()) {
        let title = format!("the example made from [envelope] is refused by its schema: {error}");
        return Err(Fault::general(title).help("write one as `example` in [page]").into());
    }
    Ok(serde_json::to_string_pretty(&body).expect("a value is JSON"))
}

/// Puts a value at a place of the body.
fn set(body: &mut Value, place: Option<&AnswerPlace>, value: Value) {
    if let Some(place) = place.filter(|place| place.header().is_none()) {
        pointer::put(body, &place.in_entry(0), value);
    }
}

/// The scenarios in the order in which the API looks for their codes.
fn in_order(contract: &Contract) -> Vec<&Scenario> {
    let mut scenarios: Vec<&Scenario> = contract.scenarios.iter().map(AsRef::as_ref).collect();
    scenarios.sort_by_key(|scenario| contract.chain.iter().position(|code| *code == scenario.code));
    scenarios
}

fn add_codes(page: &mut String, contract: &Contract) {
    let code = &contract.page.code_columns[0];
    let status = &contract.page.status_columns[0];
    let mut scenarios = in_order(contract);
    while let Some(first) = scenarios.first() {
        let source = first.source.clone();
        let _ = writeln!(page, "## {}\n", escaped(&source));
        let _ = writeln!(page, "| {} | {} | Meaning |", escaped(code), escaped(status));
        let _ = writeln!(page, "|---|---|---|");
        for scenario in scenarios.extract_if(.., |scenario| scenario.source == source) {
            let wait = scenario.retry_after.as_ref().map(says_wait).unwrap_or_default();
            let Scenario { code, tells, promise, .. } = scenario;
            let (code, status) =
                (tells.spelling().unwrap_or(code.as_str().into()), &tells.statuses);
            let _ = writeln!(page, "| `{code}` | {status} | {}{wait} |", escaped(promise));
        }
        page.push('\n');
    }
}

/// Where a refusal says how long to wait, as the end of a sentence.
fn says_wait(promised: &ToldWait) -> String {
    let header = "; `Retry-After` says how many seconds to wait";
    let header = if promised.header == RetryAfter::Promised { header } else { "" };
    let elsewhere = promised.at.as_ref().map(|WaitPlace { at, unit }| {
        let says = match unit {
            WaitUnit::Seconds => "how many seconds to wait",
            WaitUnit::Milliseconds => "how many milliseconds to wait",
            WaitUnit::Date => "until when to wait",
        };
        format!("; `{}` says {says}", at.header().unwrap_or(at.as_str()))
    });
    format!("{header}{}", elsewhere.unwrap_or_default())
}

fn add_numbers(page: &mut String, contract: &Contract) {
    let mut numbers = Vec::new();
    for limit in contract.all_limits() {
        let window = match limit.window_seconds {
            1 => "second".to_owned(),
            60 => "minute".to_owned(),
            3_600 => "hour".to_owned(),
            seconds => duration(Duration::from_secs(seconds.into())),
        };
        let who = match limit.per {
            Per::Key => "A key has",
            Per::Address => "An address has",
            Per::Account => "An account has",
            Per::Everybody => "All together have",
        };
        let requests = limit.of.iter().flatten().filter_map(|name| contract.requests.get(name));
        let requests = requests.map(|NamedRequest { format, .. }| {
            format!("`{} {}`", format.method.as_str(), format.path)
        });
        let of: Vec<String> = requests.collect();
        let of = if of.is_empty() { String::new() } else { format!(": {}", of.join(", ")) };
        let count = plural(limit.requests, "request");
        numbers.push(format!("- {who} {count} per {window}{of}."));
    }
    for (scenario, (least, most)) in timed(contract) {
        let (least, most) = (duration(least), duration(most));
        numbers.push(format!("- `{}` comes after {least} to {most}.", scenario.code));
    }
    if !numbers.is_empty() {
        let _ = writeln!(page, "## Limits\n\n{}", numbers.join("\n"));
    }
}

/// A time in the largest unit in which it is a whole number.
fn duration(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds != 0 && seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

/// A text in which nothing means anything to Markdown, in one line.
fn escaped(text: &str) -> String {
    markdown::escaped(&single_spaced(text), Words::Contract)
}
