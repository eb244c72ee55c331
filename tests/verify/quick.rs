//! `--quick`: each promise at one point, for a pull request.

use std::{fs, path::Path};

use errproof::internals::contract::{
    Contract as Loaded,
    scenario::{At, Case, Origin},
};
use serde_json::Value;

use crate::support::{Contract, KEYS, Mock, errproof, plan, trials};

/// A trial that `--quick` leaves out, and the name that it begins with.
const ELSEWHERE: &str = "plan_gate::free-plan@roadmap-bearer";
const OWN: &str = "plan_gate::free-plan";

/// What the summary says of it.
const SAID: &str = "14 proven at 19 of 78 points (--quick: one point per promise)";

/// How many trials a quick run has, and how many a whole one.
fn own_and_all() -> (usize, usize) {
    let contract = Loaded::load(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("this repository's");
    let cases = || contract.all_scenarios().flat_map(|scenario| &scenario.cases);
    let is_quick = |case: &&Case| case.at == At::Own && case.origin == Origin::Written;
    (cases().filter(is_quick).count(), cases().count())
}

#[test]
fn a_quick_run_proves_every_code_at_its_own_points_and_every_output_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().to_str().expect("a path in UTF-8");
    let ended = errproof(&["--quick", "--report-dir", to], &[]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stdout.contains(SAID), "{}", ended.stdout);
    let (own, all) = own_and_all();
    let part = format!("a part of the contract: {own} of {all} trials were selected");
    assert!(ended.stdout.contains(&part), "{}", ended.stdout);
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("written");
    assert!(read("report.html").contains(SAID));
    assert!(read("summary.md").contains("one point per promise"));
    assert!(read("junit.xml").contains("<property name=\"quick\" value=\"true\"/>"));
    let report: Value = serde_json::from_str(&read("report.json")).expect("JSON");
    assert_eq!(report["server"]["configuration"]["quick"], true);
    assert_eq!(report["scope"]["all"], all);
    let points = |code: &Value| code["points"].clone();
    let codes = report["server"]["codes"].as_array().expect("codes");
    let missing = codes.iter().find(|code| code["code"] == "plan_gate").map(points);
    assert_eq!(missing, Some(serde_json::json!({ "proven": 1, "of": 2 })));
}

#[test]
fn a_variable_stands_in_for_the_flag() {
    let (own, all_trials) = own_and_all();
    let ended = errproof(&["--list"], &[("ERRPROOF_QUICK", "1")]);
    assert_eq!(ended.stdout.lines().count(), own, "{ended:?}");
    assert!(ended.stdout.contains(OWN) && !ended.stdout.contains('@'), "{}", ended.stdout);
    let all = errproof(&["--list"], &[("ERRPROOF_QUICK", "0")]);
    assert_eq!(all.stdout.lines().count(), all_trials);
    let cases = format!(": {own} of {all_trials} cases, ");
    assert!(plan(&["--quick"], &[]).contains(&cases));
}

#[test]
fn a_filter_that_names_what_is_left_out_alone_selects_nothing_and_says_why() {
    let all = trials().len();
    let named = errproof(&["--quick", "--exact", OWN], &[]);
    assert_eq!(named.code, 0, "{named:?}");
    assert!(named.stdout.contains("running 1 test"), "{}", named.stdout);
    let ended = errproof(&["--quick", ELSEWHERE], &[]);
    assert_eq!(ended.code, 4, "{ended:?}");
    let why = format!(
        "errproof: none of the {all} trials is selected by `{ELSEWHERE}`: --quick leaves out 1 that would be\n"
    );
    assert_eq!(ended.stderr, why);
    // What nobody has is nothing that could be left out.
    let ended = errproof(&["--quick", "no_such_code"], &[]);
    let why = format!("errproof: none of the {all} trials is selected by `no_such_code`\n");
    assert_eq!(ended.stderr, why);
}

#[test]
fn a_known_deviation_of_a_trial_that_is_left_out_is_not_taken_for_mended() {
    let mock = Mock::start(&[]);
    let contract = Contract::copy();
    let target = format!(
        "base-url = \"{}\"\n[[known]]\non = \"{ELSEWHERE}\"\ncheck = \"docs\"\nreason = \"an old gateway\"\nowner = \"platform team\"\nuntil = \"9999-12-31\"\n",
        mock.url
    );
    fs::write(contract.path("targets/other.toml"), target).expect("written");
    let variables: Vec<(&str, &str)> =
        mock.variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    let flags = ["--contract", contract.folder(), "--target", "other", "plan_gate"];
    let whole = errproof(&flags, &variables);
    assert_eq!(whole.code, 101, "{whole:?}");
    assert!(whole.stdout.contains("remove the entry"), "{}", whole.stdout);
    let quick = errproof(&[&flags[..], &["--quick"]].concat(), &variables);
    assert_eq!(quick.code, 0, "{quick:?}");
    assert!(!quick.stdout.contains("remove the entry"), "{}", quick.stdout);
}

#[test]
fn a_quick_run_leaves_every_reviewed_snapshot_as_it_is() {
    let contract = Contract::copy();
    let snapshots = || {
        let entries = fs::read_dir(contract.path("snapshots/mock")).expect("snapshots");
        let read = |path: std::path::PathBuf| (path.clone(), fs::read(path).expect("a snapshot"));
        let mut all: Vec<_> = entries.map(|entry| read(entry.expect("an entry").path())).collect();
        all.sort();
        all
    };
    let before = snapshots();
    let flags = ["--contract", contract.folder(), "--quick"];
    let ended = errproof(&flags, &[("INSTA_UPDATE", "always")]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(snapshots(), before);
}

/// What a run of the burst alone ends with, on a mock with this mutant.
fn burst(mutant: &str, flags: &[&str]) -> (i32, String) {
    let mock = Mock::start(&["--rate-window", "8", "--mutant", mutant]);
    let contract = Contract::copy();
    contract.change("contract.toml", "window-seconds = 60", "window-seconds = 8");
    let given = ["--contract", contract.folder(), "--target-url", &mock.url, "rate_limited"];
    let variables: Vec<(&str, &str)> =
        mock.variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    let ended = errproof(&[&given, flags].concat(), &variables);
    (ended.code, ended.stdout)
}

#[test]
fn a_quick_run_still_proves_the_limit_by_its_burst_and_leaves_its_minute_out() {
    let (code, said) = burst("limit never resets", &["--quick"]);
    assert_eq!(code, 101, "{said}");
    assert!(said.contains("retry-after.honest"), "{said}");
    let overlooked = "limit overlooks balance-bearer";
    assert_eq!(burst(overlooked, &["--quick"]).0, 0);
    assert_eq!(burst(overlooked, &[]).0, 101);
}

#[test]
fn a_quick_run_asks_each_key_once() {
    let requests = |flags: &[&str]| {
        let said = plan(&[flags, &["--target-url", "http://127.0.0.1:1"]].concat(), &KEYS);
        let line = said.lines().find(|line| line.contains("revoked")).expect("a line");
        line.split_whitespace().last().expect("a number").to_owned()
    };
    // By each carrier, now and at the end of the run.
    let own = ["revoked_api_key::revoked-", "revoked_api_key::still"];
    assert_eq!(own.map(|name| requests(&["--quick", name])), ["2", "2"]);
}
