//! What `errproof plan` foretells, beside what a run then takes. In real time and at the real minute the conformant
//! servers show it (`tests/conformant.rs`).

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use regex::Regex;
use serde_json::Value;

use crate::support::{self, Contract, Mock, command};

/// Requests by whose key they carry.
type Requests = BTreeMap<String, u64>;

/// The requests that a plan's lines foretell.
fn foretold(plan: &str) -> Requests {
    let line = Regex::new(r"(?m)^  (\S.*?) +(\d+)(?:  \(about.*)?$").expect("a pattern");
    let requests = line.captures_iter(plan);
    requests.map(|said| (said[1].to_owned(), said[2].parse().expect("a number"))).collect()
}

/// The seconds that a plan foretells.
fn seconds(plan: &str) -> f64 {
    let line = Regex::new(r"(?m)^time: about (\d+) s").expect("a pattern");
    let said = line.captures(plan).unwrap_or_else(|| panic!("no time in {plan}"));
    said[1].parse().expect("a number")
}

/// A run with these flags, and the requests that its report says were sent.
fn run(flags: &[&str], variables: &[(&str, &str)]) -> Requests {
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().to_str().expect("a path in UTF-8");
    let ended = command("test", &[flags, &["--report-dir", to]].concat(), variables);
    assert_eq!(ended.code, 0, "{ended:?}");
    let report = fs::read_to_string(folder.path().join("report.json")).expect("written");
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let requests = report["server"]["requests"].as_object().expect("requests by holder");
    let count = |count: &Value| count.as_u64().expect("a number");
    requests.iter().map(|(holder, sent)| (holder.clone(), count(sent))).collect()
}

#[test]
fn a_plan_foretells_each_request_of_a_run_on_the_mock() {
    let counts = Contract::copy();
    counts.change("contract.toml", "[limit]", "[limit]\ncounts = \"every-request\"");
    let counts = ["rate_limited", "--contract", counts.folder()];
    for flags in [&[][..], &["rate_limited"], &["revoked_api_key"], &["generation_"], &counts] {
        let plan = support::plan(flags, &[]);
        assert_eq!(run(flags, &[]), foretold(&plan), "{flags:?}");
    }
}

#[test]
fn a_plan_foretells_the_seconds_of_a_run_in_real_time_to_a_fifth() {
    // A limit and a timeout that a test can wait for.
    let mock = Mock::start(&["--generation-timeout", "10", "--rate-window", "10"]);
    let contract = Contract::copy();
    contract.change("contract.toml", "window-seconds = 60", "window-seconds = 10");
    contract.change("scenarios/504-generation_timeout.toml", "at-least = 90", "at-least = 10");
    let flags = ["--contract", contract.folder(), "--target-url", &mock.url];
    let variables: Vec<(&str, &str)> =
        mock.variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    let plan = support::plan(&flags, &variables);
    let begin = Instant::now();
    let sent = run(&flags, &variables);
    let took = begin.elapsed();
    let expected = Duration::from_secs_f64(seconds(&plan));
    support::line(&format!("foretold {expected:?}, took {took:?}"));
    let (least, most) = (expected.mul_f64(0.8), expected.mul_f64(1.2));
    assert!((least..=most).contains(&took), "{took:?}, and {plan}");
    assert_eq!(sent, foretold(&plan));
}
