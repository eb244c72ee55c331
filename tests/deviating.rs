//! Servers that break the page at one point each, and servers that keep it in ways that one does not expect, written
//! from the page by people who had not read errproof's code. How many of the former does a run see, and how many of the
//! latter does it call broken? `tests/deviating/unseen.txt` and `tests/habits/called-broken.txt` name those that it gets
//! wrong, and why.
//!
//! Run it by `cargo test --test deviating -- --nocapture --test-threads=1`, which takes an hour; some servers alone by
//! `ERRPROOF_DEVIATING=have-zero,limit-30s`.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
    time::Instant,
};

mod servers;
use servers::{SHAPES, Said, judge_all, line, variants};

/// What a run ends with that has found something.
const BROKEN: i32 = 101;

/// What a run may spend: enough that each price is shown by a success.
const CREDITS: u32 = 400;

#[test]
fn every_server_that_breaks_the_page_is_seen_but_for_those_that_are_listed() {
    compare(&Expected {
        folder: "deviating",
        list: "unseen.txt",
        end: BROKEN,
        are: "deviating servers seen",
    });
}

#[test]
fn no_server_that_keeps_the_page_is_called_broken_but_for_those_that_are_listed() {
    compare(&Expected {
        folder: "habits",
        list: "called-broken.txt",
        end: 0,
        are: "conformant servers left alone",
    });
}

/// What is expected of the servers in a folder.
struct Expected {
    /// The folder, in `tests/`.
    folder: &'static str,
    /// Its file with those that are known to end otherwise.
    list: &'static str,
    /// The exit code of a run.
    end: i32,
    /// What those are that end so.
    are: &'static str,
}

fn compare(expected: &Expected) {
    let begin = Instant::now();
    let only = env::var("ERRPROOF_DEVIATING").unwrap_or_default();
    let only: BTreeSet<&str> = only.split(',').filter(|name| !name.is_empty()).collect();
    let mut variants = variants(expected.folder);
    variants.retain(|variant| only.is_empty() || only.contains(variant.name.as_str()));
    for variant in &mut variants {
        variant.credits = CREDITS;
        // What the contract says that a key is.
        variant.shape = SHAPES[0];
    }
    let names: BTreeSet<String> = variants.iter().map(|variant| variant.name.clone()).collect();
    let all = judge_all(variants, |said| report(said, expected));
    let otherwise: BTreeSet<&str> =
        all.iter().filter(|said| !ends_as(said, expected)).map(name).collect();
    line(&format!(
        "{} of {} {} ({} s)",
        all.len() - otherwise.len(),
        all.len(),
        expected.are,
        begin.elapsed().as_secs()
    ));
    let listed = listed(expected);
    let listed = listed.keys().map(String::as_str).filter(|name| names.contains(*name));
    assert_eq!(otherwise, listed.collect(), "those that end otherwise, and those that are listed");
}

fn name(said: &Said) -> &str {
    said.title.split_once('/').map_or(said.title.as_str(), |(_, name)| name)
}

/// A server that did not start has no plan, and ends as nobody expects.
fn ends_as(said: &Said, expected: &Expected) -> bool {
    said.code == Some(expected.end) && !said.plan.is_empty()
}

/// Those that are known to end otherwise, each with the reason.
fn listed(expected: &Expected) -> BTreeMap<String, String> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let file = tests.join(expected.folder).join(expected.list);
    let text = fs::read_to_string(file).expect("the list");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let entry = |line: &str| {
        let (name, why) = line.split_once(": ").expect("a name and a reason");
        (name.to_owned(), why.to_owned())
    };
    lines.map(entry).collect()
}

/// Says how a server's run ended, and which trials failed.
fn report(said: &Said, expected: &Expected) {
    let Said { title, code, text, .. } = said;
    let failed = text.lines().filter_map(|line| {
        let name = line.strip_prefix("---- ")?.strip_suffix(" ----")?;
        Some(name.to_owned())
    });
    let failed: Vec<String> = failed.collect();
    let how = if ends_as(said, expected) { "as expected" } else { "OTHERWISE" };
    let code = code.map_or("none".to_owned(), |code| code.to_string());
    let first = failed.first().map_or("", String::as_str);
    line(&format!("{title}: {how} (exit {code}, {} trials red, {first})", failed.len()));
}
