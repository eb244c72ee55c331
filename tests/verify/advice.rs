//! Advice: what no page promises is shown and fails nothing, until somebody promises it or denies it.

use serde_json::Value;

use crate::support::{Contract, Mock, command, errproof};

/// The mock without the header that says how to authenticate, and where that is seen.
const MUTANT: &str = "no challenge on missing_api_key";
const CASE: &str = "missing_api_key::no-header";
const SAID: &str = "http.www-authenticate: at header WWW-Authenticate: missing";

/// A mock that breaks one promise, with the variables of its keys.
struct Broken(Mock);

impl Broken {
    fn start(mutant: &str) -> Self {
        Self(Mock::start(&["--rate-window", "1", "--mutant", mutant]))
    }

    fn variables(&self) -> Vec<(&str, &str)> {
        self.0.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// How a run of some trials ends, and what it prints.
    fn run(&self, flags: &[&str]) -> (i32, String) {
        let flags = [&["--target-url", &self.0.url], flags].concat();
        let ended = errproof(&flags, &self.variables());
        (ended.code, ended.stdout)
    }
}

#[test]
fn advice_is_shown_at_the_end_and_fails_only_what_denies_it() {
    let mock = Broken::start(MUTANT);
    let (code, said) = mock.run(&["--exact", CASE]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains(&format!("  {SAID}; expected a challenge")), "{said}");
    assert!(
        said.contains("(on 1 of 1 trial, 1 code; first at missing_api_key::no-header)"),
        "{said}"
    );
    let (code, said) = mock.run(&["--deny", "advice", "--exact", CASE]);
    assert_eq!(code, 101, "{said}");
    assert!(said.contains("x http.www-authenticate"), "{said}");
    assert!(!said.contains("advice, which"), "{said}");
}

#[test]
fn what_a_contract_promises_is_no_advice() {
    let mock = Broken::start(MUTANT);
    let contract = Contract::copy();
    let promise =
        "\n[promises.\"http.www-authenticate\"]\nsays = \"a 401 says how\"\nsource = \"a page\"\n";
    contract.append("contract.toml", promise);
    let (code, said) = mock.run(&["--contract", contract.folder(), "--exact", CASE]);
    assert_eq!(code, 101, "{said}");
    assert!(said.contains("promised: a 401 says how"), "{said}");
}

#[test]
fn advice_that_is_listed_as_known_is_not_shown_and_is_stale_once_it_is_mended() {
    let (broken, whole) = (Broken::start(MUTANT), Broken(Mock::start(&["--rate-window", "1"])));
    let contract = Contract::copy();
    let run = |mock: &Broken| {
        let known = format!(
            "base-url = \"{}\"\n[[known]]\non = \"{CASE}\"\ncheck = \"http.www-authenticate\"\nreason = \"an old gateway\"\nowner = \"platform team\"\nuntil = \"9999-12-31\"\n",
            mock.0.url
        );
        std::fs::write(contract.path("targets/here.toml"), known).expect("written");
        let flags = ["--contract", contract.folder(), "--target", "here", "--exact", CASE];
        let ended = errproof(&flags, &mock.variables());
        (ended.code, ended.stdout)
    };
    let (code, said) = run(&broken);
    assert_eq!(code, 0, "{said}");
    assert!(!said.contains("advice, which"), "{said}");
    let (code, said) = run(&whole);
    assert_eq!(code, 101, "{said}");
    assert!(said.contains("http.www-authenticate is listed as known on"), "{said}");
}

#[test]
fn a_request_id_of_the_run_before_is_advice_and_another_is_none() {
    let mock = Broken::start("request id constant");
    let reports = tempfile::tempdir().expect("a folder");
    let folder = reports.path().to_str().expect("a path in UTF-8");
    let flags = ["--report-dir", folder, "--exact", CASE];
    let again = "request-id.again: at /error/requestId: is a request id of the run before as well";
    let (code, said) = mock.run(&flags);
    assert!(code == 0 && !said.contains(again), "{said}");
    let (code, said) = mock.run(&flags);
    assert!(code == 0 && said.contains(again), "{said}");
    let report = std::fs::read_to_string(reports.path().join("report.json")).expect("a report");
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let advice = &report["sides"][0]["advice"][0];
    assert_eq!((&advice["check"], &advice["trials"]), (&"request-id.again".into(), &1.into()));
    let whole = Broken(Mock::start(&["--rate-window", "1"]));
    for _ in 0..2 {
        let (code, said) = whole.run(&flags);
        assert!(code == 0 && !said.contains("advice, which"), "{said}");
    }
}

#[test]
fn the_bundled_mock_and_the_example_keep_all_advice() {
    let ended = command("test", &["--deny", "advice"], &[]);
    assert_eq!(ended.code, 0, "{ended:?}");
}

#[test]
fn of_two_defects_the_order_is_held_where_it_is_promised_and_drifts_where_it_is_not() {
    let mock = Broken::start("invalid_json before missing_api_key at roadmap");
    let case = "order::missing_api_key+invalid_json@roadmap";
    let contract = Contract::copy();
    // Without a snapshot of this target nothing is compared.
    let (code, said) = mock.run(&["--contract", contract.folder(), "--exact", case]);
    // And a request with two defects alone proves no code.
    assert_eq!(code, 4, "{said}");
    assert!(
        said.contains("order.authentication: tells invalid_json to who has no good key"),
        "{said}"
    );
    let reviewed = contract.path("snapshots/here");
    std::fs::create_dir_all(&reviewed).expect("made");
    std::fs::copy(contract.path("snapshots/mock/order.snap"), reviewed.join("order.snap"))
        .expect("copied");
    let target = format!("base-url = \"{}\"\n", mock.0.url);
    std::fs::write(contract.path("targets/here.toml"), target).expect("written");
    let flags = ["--contract", contract.folder(), "--target", "here", "--exact", case];
    let run = || {
        let ended = errproof(&flags, &mock.variables());
        (ended.code, ended.stdout)
    };
    let (code, said) = run();
    assert_eq!(code, 101, "{said}");
    let drift = "missing_api_key+invalid_json@roadmap: expected missing_api_key (as reviewed), got invalid_json";
    assert!(said.contains(drift), "{said}");
    contract.change(
        "contract.toml",
        "[order]\n",
        "[order]\npromised = [[\"missing_api_key\", \"invalid_json\"]]\n",
    );
    let (code, said) = run();
    assert_eq!(code, 101, "{said}");
    assert!(said.contains("x order "), "{said}");
    assert!(said.contains("expected missing_api_key, which goes before"), "{said}");
}
