//! Hooks that send requests: before a case's own, with what one gives in the next, and after it.

use std::{
    process::Command,
    sync::{Arc, Mutex},
};

use crate::support::{Ended, command, errproof, trials_of};

use super::{
    lint,
    small::{KEY, Reply, Sent, Server, Small, error, success},
};
use serde_json::{Value, json};
use url::form_urlencoded;

/// What is wrong with a server of jobs.
#[derive(Clone, Copy, PartialEq)]
enum Wrong {
    Nothing,
    WorksOn,
    CannotArm,
    ArmsOtherwise,
    NamesNoFault,
    KeepsFailing,
    WorksOnAndKeepsFailing,
    CannotArmNorEnd,
}

impl Wrong {
    fn keeps_failing(self) -> bool {
        matches!(self, Self::KeepsFailing | Self::WorksOnAndKeepsFailing | Self::CannotArmNorEnd)
    }

    fn works_on(self) -> bool {
        matches!(self, Self::WorksOn | Self::WorksOnAndKeepsFailing)
    }
}

/// The secret of whoever operates the server, and the token that it gives them.
const OPERATOR: (&str, &str) = ("SMALL_OPERATOR", "op-s3cr3t-0123456789");
/// Nothing that an address, a form or JSON takes as it is.
const TOKEN: &str = "t0k3n+/of&oper%at\"ors é#=";

/// Jobs, which fail as long as an operator wants them to.
fn answer(sent: &Sent, wrong: Wrong, armed: &Mutex<Option<String>>) -> Reply {
    let mut armed = armed.lock().expect("nobody panics");
    let is_operator = sent.header("x-token") == Some(TOKEN);
    let is_told = |text: &str| {
        let decoded = form_urlencoded::parse(text.as_bytes());
        decoded.into_iter().any(|(name, value)| name == "by" && value == TOKEN)
    };
    let (path, query) = sent.path.split_once('?').unwrap_or((&sent.path, ""));
    match (sent.method.as_str(), path) {
        ("POST", "/jobs") => (201, vec![], "{\"id\":\"job-7\"}".to_owned()),
        ("POST", "/internal/login") if sent.header("x-operator") == Some(OPERATOR.1) => {
            (200, vec![], json!({ "token": TOKEN }).to_string())
        }
        ("POST", "/internal/faults") if is_operator && is_told(query) && is_told(&sent.text()) => {
            let host = sent.header("host").unwrap_or_default();
            let fault = format!("http://{host}/internal/faults/f-1");
            let fault = (wrong != Wrong::NamesNoFault).then_some(fault);
            armed.clone_from(&fault);
            let status = match wrong {
                Wrong::CannotArm | Wrong::CannotArmNorEnd => 500,
                Wrong::ArmsOtherwise => 200,
                _ => 201,
            };
            let location = fault.map(|fault| ("location", fault));
            (status, location.into_iter().collect(), String::new())
        }
        ("POST", "/internal/end") if sent.text() == format!("{{\"by\":{}}}", json!(TOKEN)) => {
            success(200)
        }
        ("DELETE", "/internal/faults/f-1") if is_operator && wrong.keeps_failing() => {
            error(500, "unknown")
        }
        ("DELETE", "/internal/faults/f-1") if is_operator => {
            *armed = None;
            success(204)
        }
        ("GET", "/jobs/job-7") if armed.is_some() && !wrong.works_on() => error(503, "down"),
        ("GET", "/ping" | "/jobs/job-7") | ("DELETE", "/jobs/job-7") => success(200),
        _ => error(404, "unknown"),
    }
}

/// The server, and whether it was told to fail when all is over.
fn serve(wrong: Wrong) -> (Server, Arc<Mutex<Option<String>>>) {
    let armed = Arc::<Mutex<Option<String>>>::default();
    let own = Arc::clone(&armed);
    (Server::start(move |sent| answer(sent, wrong, &own)), armed)
}

const JOBS: &str = r#"
[hooks.down]
env = "SMALL_HOOK_DOWN"
purpose = "the jobs fail"

[requests.start]
method = "POST"
path = "/jobs"
status = 201

[requests.end]
method = "DELETE"
path = "/jobs/{job}"

[requests.job]
method = "GET"
path = "/jobs/{job}"
headers = { X-Text = "{text}" }
first = [{ request = "start", capture = { job = "/id" } }]
after-all = [{ request = "end" }]

[requests.look]
method = "GET"
path = "/ping"
"#;

const HOOK: &str = r#"
[hooks.down]
headers = { X-Fault = { value = "{f}" } }
after-all = [
    { method = "DELETE", path = "{f}", headers = { X-Token = { value = "{token}" } }, status = 204 },
    { method = "POST", path = "/internal/end", body = { by = "{token}" }, status = 200 },
    { request = "look" },
]
secret = ["token"]

[[hooks.down.first]]
method = "POST"
path = "/internal/login"
headers = { X-Operator = { env = "SMALL_OPERATOR" } }
status = [200, 201]
capture = { token = "/token" }

[[hooks.down.first]]
method = "POST"
path = "/internal/faults"
query = { job = "{job}", by = "{token}" }
headers = { X-Token = { value = "{token}" }, Authorization = { env = "SMALL_OPERATOR" } }
form = { kind = "down", by = "{token}" }
status = 201
capture = { f = "header Location" }
"#;

/// The contract, with a target that has this hook.
fn jobs(url: &str, hook: &str) -> Small {
    let small = Small::new(&["down"], "", JOBS);
    small.scenario(503, "down", "job", "[twin]\n[[cases]]\nid = \"down\"\nhook = \"down\"\n");
    small.write("targets/here.toml", &format!("base-url = \"{url}\"\n{hook}"));
    small
}

/// Runs the contract against its target, with the report.
fn run(small: &Small) -> (Ended, Value) {
    let reports = tempfile::tempdir().expect("a folder");
    let to = reports.path().to_str().expect("a path in UTF-8");
    let given = ["--contract", small.folder(), "--target", "here", "--report-dir", to];
    let ended = errproof(&given, &[KEY[0], OPERATOR]);
    let report = std::fs::read_to_string(reports.path().join("report.json")).unwrap_or_default();
    (ended, serde_json::from_str(&report).unwrap_or_default())
}

/// The methods and the paths, without queries.
fn lines(sent: &[Sent]) -> Vec<String> {
    let path = |sent: &Sent| sent.path.split('?').next().map(str::to_owned);
    sent.iter().map(|sent| format!("{} {}", sent.method, path(sent).unwrap_or_default())).collect()
}

#[test]
fn a_hook_sends_requests_before_and_after_with_what_one_gives_and_before_the_twin_all_is_as_before()
{
    let (server, armed) = serve(Wrong::Nothing);
    let small = jobs(&server.url, HOOK);
    let planned =
        command("plan", &["--contract", small.folder(), "--target", "here"], &[KEY[0], OPERATOR]);
    assert!(planned.stdout.contains("12 requests"), "{planned:?}");
    let (ended, _) = run(&small);
    assert_eq!(
        (ended.code, armed.lock().expect("nobody panics").is_none()),
        (0, true),
        "{ended:?}"
    );
    let sent = server.take();
    let expected = [
        "GET /ping",
        "POST /jobs",
        "POST /internal/login",
        "POST /internal/faults",
        "GET /jobs/job-7",
        "DELETE /internal/faults/f-1",
        "POST /internal/end",
        "GET /ping",
        "POST /jobs",
        "GET /jobs/job-7",
        "DELETE /jobs/job-7",
        "DELETE /jobs/job-7",
    ];
    assert_eq!(lines(&sent), expected);
    let fault = format!("{}/internal/faults/f-1", server.url);
    assert_eq!(sent[4].header("x-fault"), Some(&*fault));
    let key = format!("Bearer {}", KEY[0].1);
    // One of the contract's has a good key, and one of the target's own has none.
    assert_eq!(
        (sent[7].header("authorization"), sent[2].header("authorization")),
        (Some(&*key), None)
    );
    assert_eq!(small_lint(&small), (0, String::new()));
}

/// What lint says, but for the line that counts.
fn small_lint(small: &Small) -> (i32, String) {
    let (code, said) = lint(small);
    let lines = said.lines().filter(|line| !line.contains("nothing wrong"));
    (code, lines.collect::<Vec<_>>().join("\n"))
}

#[test]
fn what_a_hook_began_is_ended_when_the_case_fails_and_its_command_sends_all_of_it() {
    let (server, armed) = serve(Wrong::WorksOn);
    let (ended, report) = run(&jobs(&server.url, HOOK));
    assert_eq!(
        (ended.code, armed.lock().expect("nobody panics").is_none()),
        (101, true),
        "{ended:?}"
    );
    let everything = format!("{}{}{report}", ended.stdout, ended.stderr);
    assert!(!everything.contains(TOKEN) && !everything.contains(OPERATOR.1), "{everything}");
    let trials = trials_of(&report, "server");
    let again = trials[0]["evidence"]["again"].as_str().expect("a command");
    let is_there = |name: &str| Command::new(name).arg("--version").output().is_ok();
    if !is_there("curl") || !is_there("jq") {
        return crate::support::skip("there is no curl or no jq on this machine");
    }
    server.take();
    let mut shell = Command::new("sh");
    let ended = shell.args(["-c", again]).envs([KEY[0], OPERATOR]).output().expect("a shell");
    assert!(ended.status.success(), "{again}: {ended:?}");
    let sent = server.take();
    let expected =
        ["POST /jobs", "POST /internal/login", "POST /internal/faults", "GET /jobs/job-7"];
    assert_eq!(lines(&sent), expected, "{again}");
    let fault = format!("{}/internal/faults/f-1", server.url);
    assert_eq!(sent[3].header("x-fault"), Some(&*fault), "{again}");
    // Nobody has ended it: its own last request is one to be repeated, too.
    assert!(armed.lock().expect("nobody panics").is_some(), "{again}");
}

#[test]
fn a_hook_that_cannot_do_its_work_leaves_its_case_unjudged_with_the_answer_that_says_why() {
    let rows = [
        (
            Wrong::CannotArm,
            "failed to provoke: the hook's request POST /internal/faults?by=$token&job=job-7 was answered 500; expected 201",
            500,
        ),
        (
            Wrong::ArmsOtherwise,
            "failed to provoke: the hook's request POST /internal/faults?by=$token&job=job-7 was answered 200; expected 201",
            200,
        ),
        (
            Wrong::NamesNoFault,
            "failed to provoke: the hook's request POST /internal/faults?by=$token&job=job-7 was answered 201 without the `f` at `header Location`",
            201,
        ),
        (
            Wrong::CannotArmNorEnd,
            "failed to provoke: the hook's request POST /internal/faults?by=$token&job=job-7 was answered 500; expected 201",
            500,
        ),
        (
            Wrong::KeepsFailing,
            "not judged: the step DELETE /internal/faults/f-1 was answered 500; expected 204",
            500,
        ),
    ];
    for (wrong, why, status) in rows {
        let (server, _) = serve(wrong);
        let (ended, report) = run(&jobs(&server.url, HOOK));
        assert_eq!(ended.code, 101, "{ended:?}");
        let everything = format!("{}{}{report}", ended.stdout, ended.stderr);
        assert!(!everything.contains("t0k3n"), "{everything}");
        let trials = trials_of(&report, "server");
        assert_eq!((&trials[0]["outcome"], &trials[0]["why"]), (&"error".into(), &why.into()));
        assert_eq!(trials[0]["evidence"]["answer"]["status"], status, "{why}");
        assert_eq!(lines(&server.take()).last().map(String::as_str), Some("DELETE /jobs/job-7"));
    }
}

#[test]
fn a_server_that_is_left_broken_is_said_though_all_that_was_found_is_known() {
    let (server, _) = serve(Wrong::WorksOnAndKeepsFailing);
    let known = |check: &str| {
        format!(
            "[[known]]\non = \"down\"\ncheck = \"{check}\"\nreason = \"a\"\nowner = \"b\"\nuntil = \"2999-01-01\"\n"
        )
    };
    let hook = format!("{HOOK}{}{}", known("status"), known("code"));
    let (ended, report) = run(&jobs(&server.url, &hook));
    let trials = trials_of(&report, "server");
    let why = "not judged: the step DELETE /internal/faults/f-1 was answered 500; expected 204";
    assert_eq!((ended.code, &trials[0]["why"]), (101, &why.into()), "{ended:?}");
}

#[test]
fn a_secret_that_is_not_where_it_should_be_is_not_shown_by_what_cleans_up_either() {
    let hook = HOOK.replace("\"/token\"", "\"/session\"");
    let hook = hook.replace(
        "path = \"/internal/end\", body = { by = \"{token}\" }",
        "path = \"/internal/login\", headers = { X-Operator = { env = \"SMALL_OPERATOR\" } }",
    );
    let (server, _) = serve(Wrong::Nothing);
    let (ended, report) = run(&jobs(&server.url, &hook));
    let everything = format!("{}{}{report}", ended.stdout, ended.stderr);
    assert!(ended.code == 101 && !everything.contains("t0k3n"), "{everything}");
    assert!(everything.contains("the response is not shown, since a secret may be in it"));
    // It was sent, all the same.
    assert_eq!(lines(&server.take()).iter().filter(|line| line.contains("login")).count(), 2);
}

#[test]
fn credentials_that_a_variable_holds_are_shown_by_its_name_and_not_taken_apart() {
    let basic = "Basic cm9vdDpjb3JyZWN0LWhvcnNlLWJhdHRlcnk="; // root:correct-horse-battery
    let small = jobs("http://127.0.0.1:9", "");
    let contract = std::fs::read_to_string(format!("{}/contract.toml", small.folder()));
    let contract =
        contract.expect("written").replace("before = \"Bearer \"", "basic = \"password\"");
    small.write("contract.toml", &contract);
    let server = Server::start(|sent| match sent.path.as_str() {
        "/internal/arm" => (500, vec![], "root:correct-horse-battery".to_owned()),
        "/jobs" => (201, vec![], "{\"id\":\"job-7\"}".to_owned()),
        _ => success(200),
    });
    let hook = format!(
        "base-url = \"{}\"\n[hooks.down]\nfirst = {{ method = \"POST\", path = \"/internal/arm\", headers = {{ Authorization = {{ env = \"SMALL_OPERATOR\" }} }} }}\n",
        server.url
    );
    small.write("targets/here.toml", &hook);
    let reports = tempfile::tempdir().expect("a folder");
    let to = reports.path().to_str().expect("a path in UTF-8");
    let given = ["--contract", small.folder(), "--target", "here", "--report-dir", to];
    let ended = errproof(&given, &[KEY[0], ("SMALL_OPERATOR", basic)]);
    let report = std::fs::read_to_string(reports.path().join("report.json")).unwrap_or_default();
    let everything = format!("{}{}{report}", ended.stdout, ended.stderr);
    assert!(
        everything.contains("was answered 500")
            && everything.contains("Authorization: $SMALL_OPERATOR"),
        "{everything}"
    );
    assert!(
        !everything.contains("correct-horse") && !everything.contains("cm9vdDpj"),
        "{everything}"
    );
}

#[test]
fn what_a_hook_needs_of_its_cases_own_steps_is_missing_where_two_things_are_wrong_and_that_is_said()
{
    let (server, _) = serve(Wrong::Nothing);
    let steps = "first = [{ request = \"start\", capture = { job = \"/id\" } }]\nafter-all = [{ request = \"end\" }]\n";
    let tables = JOBS
        .replace(steps, "")
        .replace("path = \"/jobs/{job}\"\nheaders", "path = \"/jobs/job-7\"\nheaders");
    let order = "\n[order]\nsays = \"one of both\"\nsource = \"Errors\"\n";
    let small = Small::new(&["no_key", "down"], "", &format!("{tables}{order}"));
    small.scenario(401, "no_key", "job", "[twin]\n[[cases]]\nid = \"absent\"\nkey = \"absent\"\n");
    let case = format!("[twin]\n[[cases]]\nid = \"down\"\nhook = \"down\"\n{steps}");
    small.scenario(503, "down", "job", &case);
    small.write("targets/here.toml", &format!("base-url = \"{}\"\n{HOOK}", server.url));
    let (ended, report) = run(&small);
    let pairs = trials_of(&report, "server");
    let pairs: Vec<&Value> = pairs
        .iter()
        .filter(|trial| trial["name"].as_str().is_some_and(|name| name.starts_with("order::")))
        .collect();
    assert!(!pairs.is_empty(), "{ended:?}");
    for pair in pairs {
        let why = "the hook needs `job`, which no step of this case captures";
        assert_eq!((&pair["outcome"], &pair["why"]), (&"ignored".into(), &why.into()), "{ended:?}");
    }
    let down = trials_of(&report, "server");
    let down = down.iter().find(|trial| trial["name"] == "down::down").expect("it is there");
    assert_eq!(down["outcome"], "pass", "{ended:?}");
}

#[test]
fn what_a_hook_cannot_be_is_a_fault_with_its_place() {
    let hook = r#"
[hooks.down]
headers = { X-Fault = { value = "{fualt}" }, Authorization = { env = "SMALL_OPERATOR" } }
first = [
    { path = "/a", headers = { Authorization = { value = "Bearer a" }, Content-Type = { value = "a/b" } } },
    { request = "strat", capture = { job = "/id" } },
    { request = "job", method = "GET", form = { a = "b" }, status = 99 },
    { method = "post", path = "a", capture = { fault = "id" }, text = "a", json = "{" },
    { method = "POST", path = "/{fault}/{jbo}", query = { a = "{x}" }, body = { a = "{falt}" } },
    { method = "HEAD", path = "/a", body = { a = "{later}" }, capture = { text = "/a", own = "/b" }, headers = { X-A = { value = "{own}" } } },
    { method = "GET", path = "/a", capture = { later = "/a" } },
]
after-all = [{}, { request = "ping", status = "any" }]
secret = ["faults", "job"]
"#;
    let small = jobs("http://127.0.0.1:9", hook);
    let (code, said) = lint(&small);
    assert_eq!(code, 2, "{said}");
    insta::assert_snapshot!(said);
}
