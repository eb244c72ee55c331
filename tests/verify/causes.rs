//! A mistake of a server that many trials find is shown once, wherever a run is shown.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Contract, Ended, errproof, trials};

/// A run of a contract whose docs link is another than the mock's, with these flags and variables.
fn with_another_link(flags: &[&str], variables: &[(&str, &str)]) -> Ended {
    let contract = Contract::copy();
    let link = "docs = \"https://www.planmysaas.com/docs/api/";
    contract.change("contract.toml", &format!("{link}errors\""), &format!("{link}problems\""));
    let given = ["--contract", contract.folder(), "--test-threads=1"];
    let ended = errproof(&[&given, flags].concat(), variables);
    assert_eq!(ended.code, 101, "{ended:?}");
    ended
}

#[test]
fn the_first_trial_shows_a_cause_and_those_after_it_point_at_the_first() {
    let ended = with_another_link(&["missing_api_key"], &[]);
    insta::assert_snapshot!(ended.stdout);
    // A trial that runs alone, as each does in nextest, shows all that it found.
    let alone = with_another_link(&["--exact", "missing_api_key::empty-bearer"], &[]);
    assert!(alone.stdout.contains("\n  x docs "), "{}", alone.stdout);
    assert!(!alone.stdout.contains("causes that"), "{}", alone.stdout);
}

#[test]
fn one_mistake_in_every_trial_is_one_line_at_the_end_of_the_run_and_of_every_report() {
    let reports = tempfile::tempdir().expect("a folder");
    let to = reports.path().to_str().expect("a path in UTF-8");
    let variables = [("GITHUB_ACTIONS", "true")];
    let ended = with_another_link(&["--report-dir", to], &variables);
    let read = |name: &str| fs::read_to_string(reports.path().join(name)).expect("written");
    let times = |text: &str, what: &str| text.matches(what).count();
    let names = trials();
    // A balance has no link, nor has a success, and a response to HEAD no body.
    let has_none = ["ledger", "-by-head", "::exactly-enough"];
    let has_link = |name: &&String| !has_none.iter().any(|part| name.contains(part));
    let linked = names.iter().filter(has_link).count();
    let more = linked - 1;
    assert_eq!(times(&ended.stdout, "\n  x docs "), 1);
    assert_eq!(times(&ended.stdout, ": the same cause as "), more);
    let cause = format!(" (on {linked} of {linked} trials, 14 codes; first at ");
    assert_eq!(times(&ended.stdout, &cause), 1);
    // Each trial is in the list, with its text and its name, and in the list of those that failed.
    assert!(ended.stdout.lines().count() < names.len() * 5 + 40, "{}", ended.stdout);
    assert_eq!(times(&ended.stdout, "\n::error "), 1, "{}", ended.stdout);
    let report: Value = serde_json::from_str(&read("report.json")).expect("JSON");
    let causes = report["causes"].as_array().expect("a list");
    let [cause] = &causes[..] else { panic!("{causes:?}") };
    let said = ["side", "check", "place", "trials", "of", "first"].map(|field| &cause[field]);
    let first = "invalid_input::product-missing";
    let expected = [
        json!("server"),
        json!("docs"),
        json!("/error/docs"),
        json!(linked),
        json!(linked),
        json!(first),
    ];
    assert_eq!(said.map(Clone::clone), expected);
    assert_eq!(cause["codes"].as_array().map(Vec::len), Some(14));
    // Each trial still has all that it found, and how to see it again.
    let trials = report["sides"][0]["trials"].as_array().expect("a list");
    let is_whole = |trial: &Value| {
        trial["findings"][0]["check"] == "docs" && trial["evidence"]["again"].is_string()
    };
    let failed: Vec<_> = trials.iter().filter(|trial| trial["outcome"] == "fail").collect();
    assert!(failed.len() == linked && failed.into_iter().all(is_whole));
    let summary = read("summary.md");
    assert_eq!(times(&summary, "\n### "), 1, "{summary}");
    let is_cause = |line: &&str| line.contains("share") || line.contains("docs: at");
    let listed: Vec<_> = summary.lines().take_while(|line| !line.starts_with("###")).collect();
    let listed: Vec<_> = listed.into_iter().filter(is_cause).collect();
    insta::assert_snapshot!(listed.join("\n"));
    let further = format!("{more} further trials with nothing new");
    assert!(summary.ends_with(&format!("\n{further}, in report.html\n")));
    let junit = read("junit.xml");
    assert_eq!(times(&junit, "name=\"cause.1\""), 1);
    assert_eq!(times(&junit, &format!(": the same cause as {first}: docs at /error/docs\n")), more);
    assert_eq!(times(&junit, "\n  again "), linked);
    let html = read("report.html");
    assert_eq!(times(&html, &format!("<summary>{further}</summary>")), 1);
    assert_eq!(times(&html, " class=\"fail\" open>"), 1);
}
