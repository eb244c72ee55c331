//! Servers that break the page at one point each, written from the page by somebody who had not read errproof's code:
//! how many of them does a run see? `tests/deviating/unseen.txt` names those that it does not see, and why.
//!
//! Run it by `cargo test --test deviating -- --nocapture`, which takes half an hour; some of them alone by
//! `ERRPROOF_DEVIATING=have-zero,limit-30s`.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
    time::Instant,
};

mod servers;
use servers::{Said, judge_all, line, variants};

/// What a run ends with that has found something.
const BROKEN: i32 = 101;

#[test]
fn every_server_that_breaks_the_page_is_seen_but_for_those_that_are_listed() {
    let begin = Instant::now();
    let only = env::var("ERRPROOF_DEVIATING").unwrap_or_default();
    let only: BTreeSet<&str> = only.split(',').filter(|name| !name.is_empty()).collect();
    let mut variants = variants("deviating");
    variants.retain(|variant| only.is_empty() || only.contains(variant.name.as_str()));
    let names: BTreeSet<String> = variants.iter().map(|variant| variant.name.clone()).collect();
    let strangers: Vec<_> = only.iter().filter(|name| !names.contains(**name)).collect();
    assert_eq!(strangers, [&""; 0], "no servers");
    let all = judge_all(variants, report);
    let unseen: BTreeSet<&str> = all.iter().filter(|said| !is_seen(said)).map(name).collect();
    line(&format!(
        "{} of {} deviating servers seen ({} s)",
        all.len() - unseen.len(),
        all.len(),
        begin.elapsed().as_secs()
    ));
    let listed = listed();
    let listed = listed.keys().map(String::as_str).filter(|name| names.contains(*name));
    assert_eq!(unseen, listed.collect(), "those that are not seen, and those that are listed");
}

fn name(said: &Said) -> &str {
    said.title.split_once('/').map_or(said.title.as_str(), |(_, name)| name)
}

/// A server that did not start has no plan, and was not seen either.
fn is_seen(said: &Said) -> bool {
    said.code == Some(BROKEN) && !said.plan.is_empty()
}

/// Those that are known not to be seen, each with the reason.
fn listed() -> BTreeMap<String, String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deviating/unseen.txt");
    let text = fs::read_to_string(file).expect("the list");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let entry = |line: &str| {
        let (name, why) = line.split_once(": ").expect("a name and a reason");
        (name.to_owned(), why.to_owned())
    };
    lines.map(entry).collect()
}

/// Says whether a server was seen, and by which trials.
fn report(said: &Said) {
    let Said { title, code, text, .. } = said;
    let failed = text.lines().filter_map(|line| {
        let name = line.strip_prefix("---- ")?.strip_suffix(" ----")?;
        Some(name.to_owned())
    });
    let failed: Vec<String> = failed.collect();
    let seen = if is_seen(said) { "seen" } else { "NOT SEEN" };
    let code = code.map_or("none".to_owned(), |code| code.to_string());
    let first = failed.first().map_or("", String::as_str);
    line(&format!("{title}: {seen} (exit {code}, {} trials, {first})", failed.len()));
}
