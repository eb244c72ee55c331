//! The reports: each is read back by whoever it is for.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use quick_xml::{Reader, XmlVersion, events::Event};
use serde_json::Value;

use crate::support::{Contract, Ended, KEYS, Mock, errproof, skip, steady, trials, trials_of};

/// A run whose results are of every kind that a report has to show.
struct Reported {
    folder: tempfile::TempDir,
    ended: Ended,
}

impl Reported {
    /// The contract on a mock that sends dates in `Retry-After`, with two variables unset, one known
    /// deviation, and an envelope that drifts.
    fn broken(flags: &[&str]) -> Self {
        let mock = Mock::start(&[
            "--mutant",
            "retry-after a date",
            "--generation-timeout",
            "1",
            "--rate-window",
            "6",
        ]);
        let contract = Contract::copy();
        // A minute's limit would have some trials wait for real minutes.
        contract.change("contract.toml", "window-seconds = 60", "window-seconds = 6");
        contract.change("snapshots/mock/plan_gate.snap", "/error/requestId: [id]\n", "");
        let snapshots = contract.path("snapshots");
        fs::rename(snapshots.join("mock"), snapshots.join("live")).expect("renamed");
        let known = "[[known]]\non = \"generation_timeout\"\ncheck = \"timing\"\nreason = \"a short timeout\"\nowner = \"tools team\"\nuntil = \"9999-12-31\"\n\n[[known]]\non = \"plan_gate\"\ncheck = \"docs\"\nreason = \"an old link\"\nowner = \"web team\"\nuntil = \"2020-01-31\"\n";
        let target = format!("base-url = \"{}\"\n\n{known}", mock.url);
        fs::write(contract.path("targets/live.toml"), target).expect("written");
        let folder = tempfile::tempdir().expect("a folder");
        let to = folder.path().to_str().expect("a path in UTF-8");
        let given = ["--contract", contract.folder(), "--target", "live", "--report-dir", to];
        let unset = ["ERRPROOF_KEY_ORPHANED", "ERRPROOF_HOOK_PREFLIGHT_FAILED"];
        let variables = mock.variables.iter().map(|(name, value)| (&**name, &**value));
        let variables: Vec<_> = variables.filter(|(name, _)| !unset.contains(name)).collect();
        let ended = errproof(&[&given, flags].concat(), &variables);
        Self { folder, ended }
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).expect("written")
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.read("report.json")).expect("JSON")
    }
}

/// The text with what differs from run to run made the same.
fn steadier(text: &str) -> String {
    let rules = [
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "WHEN"),
        (r"\b\d+\.\d s\b", "TIME"),
        (r"request \d+ of \d\d +", "request N of MANY "),
        (r"\d{7} days left", "N days left"),
        (r"\d+ days ago", "N days ago"),
    ];
    rules.iter().fold(steady(text), |text, (pattern, with)| {
        regex::Regex::new(pattern).expect("a pattern").replace_all(&text, *with).into_owned()
    })
}

#[test]
fn the_json_report_keeps_its_schema_and_counts_every_verdict() {
    let schema = fs::read_to_string("schemas/report.schema.json").expect("committed");
    let schema = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let whole = Reported::broken(&[]);
    assert_eq!(whole.ended.code, 101, "{:?}", whole.ended);
    let part = Reported::broken(&["invalid_json"]);
    for report in [&whole, &part] {
        let report = report.json();
        let errors: Vec<_> =
            validator.iter_errors(&report).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    let all = trials().len();
    let some = trials().iter().filter(|name| name.contains("invalid_json")).count();
    let counts = serde_json::json!({
        "pass": all - 61, "known": 6, "ignored": 53, "inconclusive": 0, "fail": 2, "stale": 0, "error": 0
    });
    assert_eq!(whole.json()["counts"], counts);
    assert_eq!(whole.json()["scope"], serde_json::json!({"selected": all, "all": all}));
    assert_eq!(part.json()["scope"], serde_json::json!({"selected": some, "all": all}));
    let scope = |begin: &str| format!("{begin} {some} of {all} trials");
    assert!(part.read("summary.md").contains(&scope("**A part of the contract:**")));
    assert!(part.read("report.html").contains(&scope("A part of the contract:")));
    assert!(part.read("junit.xml").contains("name=\"partial\" value=\"true\""));
}

#[test]
fn a_client_and_a_page_are_in_every_report() {
    let schema = fs::read_to_string("schemas/report.schema.json").expect("committed");
    let schema = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let page = tempfile::tempdir().expect("a folder");
    let path = page.path().join("errors.md");
    let text = fs::read_to_string("tests/verify/pages/errors.md").expect("a page");
    fs::write(&path, text.replace("rate_limited", "rate_limit")).expect("written");
    let path = path.to_str().expect("a path in UTF-8");
    let client = "python3 examples/clients/wrong.py --fault milliseconds";
    let python = Command::new("python3").arg("--version").output().is_ok();
    let mut rows = vec![("page", vec!["--docs", path], "docs::rate_limited")];
    if python {
        let flags = vec!["--client", client, "client::retry-after::1s"];
        rows.push(("client", flags, "client::retry-after::1s"));
    } else {
        skip("there is no python3 on this machine, so no client is reported");
    }
    for (side, flags, red) in rows {
        let folder = tempfile::tempdir().expect("a folder");
        let to = folder.path().to_str().expect("a path in UTF-8");
        let ended = errproof(&[&flags[..], &["--report-dir", to]].concat(), &[]);
        assert_eq!(ended.code, 101, "{ended:?}");
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("written");
        let json: Value = serde_json::from_str(&read("report.json")).expect("JSON");
        let errors: Vec<_> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        let trials = trials_of(&json, side);
        let failed = |trial: &&Value| trial["outcome"] == "fail";
        assert!(trials.iter().filter(failed).any(|trial| trial["name"] == red), "{json}");
        let failed = cases(&read("junit.xml")).into_iter().filter(|case| case.ended == "failure");
        assert!(failed.count() > 0);
        assert!(read("summary.md").contains(&format!("### `{red}`")));
        let html = read("report.html");
        assert!(html.contains(">Broken</h1>") && html.contains(&format!("id=\"{red}\"")));
        assert_eq!(html.contains("<figure class=\"attempts\">"), side == "client");
    }
}

#[test]
fn the_markdown_report_says_what_broke_and_how_to_see_it_again() {
    let report = Reported::broken(&[]);
    insta::assert_snapshot!(steadier(&report.read("summary.md")));
}

#[test]
fn the_end_of_the_run_says_what_was_proven_and_where_the_reports_are() {
    let report = Reported::broken(&[]);
    let folder = report.folder.path().display().to_string();
    let end = report.ended.stdout.split("test result").nth(1).expect("an end");
    insta::assert_snapshot!(steadier(&end.replace(&folder, "REPORTS")));
}

/// A case of `junit.xml`, as a CI system reads it.
#[derive(Debug, Default)]
struct JunitCase {
    name: String,
    /// The element in it, if it did not pass.
    ended: String,
    message: String,
    text: String,
}

fn cases(text: &str) -> Vec<JunitCase> {
    let mut cases: Vec<JunitCase> = Vec::new();
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Eof => return cases,
            Event::Start(tag) | Event::Empty(tag) => {
                let of = |name: &str| {
                    let found = tag.try_get_attribute(name).expect("well-formed");
                    found.map(|found| {
                        found
                            .normalized_value(XmlVersion::Explicit1_0)
                            .expect("escaped")
                            .into_owned()
                    })
                };
                match (tag.name().as_ref(), cases.last_mut()) {
                    (b"testcase", _) => {
                        let name = of("name").expect("a case has a name");
                        cases.push(JunitCase { name, ..JunitCase::default() });
                    }
                    (ended @ (b"failure" | b"error" | b"skipped"), Some(case)) => {
                        case.ended = String::from_utf8_lossy(ended).into_owned();
                        case.message = of("message").expect("it says why");
                    }
                    _ => {}
                }
            }
            Event::Text(part) => {
                let part = part.decode().expect("UTF-8");
                cases.last_mut().into_iter().for_each(|case| case.text.push_str(&part));
            }
            _ => {}
        }
    }
}

#[test]
fn the_junit_report_is_read_back_as_it_was_meant() {
    let report = Reported::broken(&[]);
    let text = report.read("junit.xml");
    // What Jenkins' and Maven's schemas allow.
    let allowed = [
        ("testsuites", "name time tests failures errors"),
        ("testsuite", "name tests failures errors skipped time timestamp"),
        ("testcase", "name classname time"),
        ("property", "name value"),
        ("failure", "type message"),
        ("skipped", "message"),
    ];
    let elements = regex::Regex::new(r#"<(\w+)((?: [\w:]+="[^"]*")*)"#).expect("a pattern");
    let attribute = regex::Regex::new(r#" ([\w:]+)=""#).expect("a pattern");
    for element in elements.captures_iter(&text) {
        let known = allowed.iter().find(|(name, _)| *name == &element[1]);
        for attribute in attribute.captures_iter(&element[2]) {
            let is_allowed =
                known.is_some_and(|(_, names)| names.split(' ').any(|name| name == &attribute[1]));
            assert!(is_allowed, "{} on {}", &attribute[1], &element[1]);
        }
    }
    let all = trials().len();
    let suites = format!(r#"<testsuites name="errproof" tests="{all}" failures="2" errors="0" "#);
    assert!(text.contains(&suites));
    assert_eq!(text.matches("<testsuite ").count(), 1);
    let cases = cases(&text);
    let ended = |how: &'static str| cases.iter().filter(move |case| case.ended == how);
    let failed: Vec<_> = ended("failure").map(|case| (&*case.name, &*case.message)).collect();
    assert!(ended("failure").all(|case| case.text.contains("\n  again ")), "{text}");
    let said = [
        (
            "plan_gate::free-plan",
            "drift: at /error/requestId: expected nothing (as reviewed), got [id]",
        ),
        (
            "rate_limited::burst",
            "retry-after: at header Retry-After: expected a whole number of seconds, at least 1, got \"Wed, 21 Oct 2026 07:28:00 GMT\"",
        ),
    ];
    assert_eq!(failed, said);
    assert_eq!((cases.len(), ended("skipped").count(), ended("").count()), (all, 53, all - 55));
}

#[test]
fn github_shows_the_summary_and_each_red_trial_on_its_line() {
    let contract = Contract::copy();
    contract.change("snapshots/mock/plan_gate.snap", "/error/requestId: [id]\n", "");
    let summary = contract.path("step-summary.md");
    fs::write(&summary, "said before\n").expect("written");
    let path = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
    let (summary, workspace) = (path(&summary), path(contract.path("..").as_path()));
    let variables = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_STEP_SUMMARY", &*summary),
        ("GITHUB_WORKSPACE", &*workspace),
    ];
    let flags = ["--contract", contract.folder(), "403"];
    let ended = errproof(&flags, &variables);
    let name = Path::new(contract.folder()).file_name().expect("a name").to_string_lossy();
    let lines: Vec<_> = ended.stdout.lines().filter(|line| line.starts_with("::")).collect();
    let expected = format!(
        "::error file={name}/scenarios/403-plan_gate.toml,line=20,title=plan_gate%3A%3Afree-plan::drift: at /error/requestId: expected nothing (as reviewed), got [id]"
    );
    assert_eq!(lines, [expected]);
    let written = fs::read_to_string(&summary).expect("it is there");
    assert!(written.starts_with("said before\n## ❌ 2 codes on "), "{written}");
    let json = [&flags[..], &["--format", "json", "-Zunstable-options"]].concat();
    let ended = errproof(&json, &variables);
    assert!(!ended.stdout.contains("::error"), "{}", ended.stdout);
}

#[test]
fn a_folder_that_cannot_be_written_is_found_before_anything_is_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("written");
    let inside = file.join("reports");
    let flags = ["--report-dir", inside.to_str().expect("a path in UTF-8")];
    let ended = errproof(&flags, &KEYS);
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    assert!(ended.stderr.starts_with("errproof: failed to write "), "{}", ended.stderr);
}

#[test]
fn reports_of_an_earlier_run_do_not_stand_for_one_that_did_not_happen() {
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().to_str().expect("a path in UTF-8");
    let junit = folder.path().join("junit.xml");
    assert_eq!(errproof(&["--report-dir", to, "plan_gate"], &[]).code, 0);
    assert!(junit.exists());
    let away = ["--report-dir", to, "--target-url", "http://127.0.0.1:1"];
    assert_eq!(errproof(&away, &[]).code, 3);
    assert!(!junit.exists());
}

#[test]
fn the_page_opens_in_a_browser_in_light_dark_and_narrow_and_loads_nothing() {
    let report = Reported::broken(&[]);
    let html = report.read("report.html");
    assert!(!html.contains("<script") && !html.contains("<link") && !html.contains("src="));
    let Some(browser) = browser() else { return skip("there is no chromium on this machine") };
    let page = format!("file://{}", report.folder.path().join("report.html").display());
    let open = |flags: &[&str]| {
        let profile = tempfile::tempdir().expect("a folder");
        let ended = Command::new(&browser)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update"])
            .args(["--disable-sync", "--disable-quic", "--hide-scrollbars"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(flags)
            .arg(&page)
            .output()
            .expect("it starts");
        assert!(ended.status.success(), "{ended:?}");
        String::from_utf8_lossy(&ended.stdout).into_owned()
    };
    let shown = open(&["--dump-dom"]);
    assert!(shown.contains(">Broken</h1>"), "{shown:.2000}");
    // All that the file has is there.
    let details = html.matches("<details").count();
    assert!(details > trials().len() / 2, "{details}");
    assert_eq!(shown.matches("<details").count(), details);
    for (name, flags) in [
        ("light", &["--window-size=1000,1400"][..]),
        ("dark", &["--window-size=1000,1400", "--blink-settings=preferredColorScheme=0"]),
        ("narrow", &["--window-size=500,1400"]),
    ] {
        let picture = report.folder.path().join(format!("{name}.png"));
        let shot = format!("--screenshot={}", picture.display());
        open(&[flags, &[&shot]].concat());
        let size = fs::metadata(&picture).expect("a picture").len();
        assert!(size > 20_000, "{name}: nothing is on it, it has {size} bytes");
    }
}

fn browser() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    names.into_iter().find(found).map(PathBuf::from)
}
