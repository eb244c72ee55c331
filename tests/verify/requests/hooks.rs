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
use serde_json::Value;

/// What is wrong with a server of jobs.
#[derive(Clone, Copy, PartialEq)]
enum Wrong {
    Nothing,
    WorksOn,
    CannotArm,
    ArmsOtherwise,
    NamesNoFault,
    KeepsFailing,
}

/// The secret of whoever operates the server, and the token that it gives them.
const OPERATOR: (&str, &str) = ("SMALL_OPERATOR", "op-s3cr3t-0123456789");
const TOKEN: &str = "t0k3n-of-operators";

/// Jobs, which fail as long as an operator wants them to.
fn answer(sent: &Sent, wrong: Wrong, armed: &Mutex<Option<String>>) -> Reply {
    let mut armed = armed.lock().expect("nobody panics");
    let is_operator = sent.header("authorization") == Some(&format!("Bearer {TOKEN}"));
    match (sent.method.as_str(), sent.path.as_str()) {
        ("POST", "/jobs") => (201, vec![], "{\"id\":\"job-7\"}".to_owned()),
        ("POST", "/internal/login") if sent.header("x-operator") == Some(OPERATOR.1) => {
            (200, vec![], format!("{{\"token\":\"{TOKEN}\"}}"))
        }
        ("POST", "/internal/faults?job=job-7") if is_operator && sent.text() == "kind=down" => {
            let fault = (wrong != Wrong::NamesNoFault).then_some("/internal/faults/f-1");
            *armed = fault.map(str::to_owned);
            let status = match wrong {
                Wrong::CannotArm => 500,
                Wrong::ArmsOtherwise => 200,
                _ => 201,
            };
            let location = fault.map(|fault| ("location", fault.to_owned()));
            (status, location.into_iter().collect(), String::new())
        }
        ("DELETE", "/internal/faults/f-1") if is_operator && wrong == Wrong::KeepsFailing => {
            error(500, "unknown")
        }
        ("DELETE", "/internal/faults/f-1") if is_operator => {
            *armed = None;
            success(204)
        }
        ("GET", "/jobs/job-7") if armed.is_some() && wrong != Wrong::WorksOn => error(503, "down"),
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
first = [{ request = "start", capture = { job = "/id" } }]
after-all = [{ request = "end" }]

[requests.look]
method = "GET"
path = "/ping"
"#;

const HOOK: &str = r#"
[hooks.down]
headers = { X-Fault = { value = "{fault}" } }
after-all = [
    { method = "DELETE", path = "{fault}", headers = { Authorization = { value = "Bearer {token}" } }, status = 204 },
    { request = "look" },
]
secret = ["token"]

[[hooks.down.first]]
method = "POST"
path = "/internal/login"
headers = { X-Operator = { env = "SMALL_OPERATOR" } }
capture = { token = "/token" }

[[hooks.down.first]]
method = "POST"
path = "/internal/faults"
query = { job = "{job}" }
headers = { Authorization = { value = "Bearer {token}" } }
form = { kind = "down" }
status = 201
capture = { fault = "header Location" }
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

fn lines(sent: &[Sent]) -> Vec<String> {
    sent.iter().map(|sent| format!("{} {}", sent.method, sent.path)).collect()
}

#[test]
fn a_hook_sends_requests_before_and_after_with_what_one_gives_and_before_the_twin_all_is_as_before()
{
    let (server, armed) = serve(Wrong::Nothing);
    let small = jobs(&server.url, HOOK);
    let planned =
        command("plan", &["--contract", small.folder(), "--target", "here"], &[KEY[0], OPERATOR]);
    assert!(planned.stdout.contains("11 requests"), "{planned:?}");
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
        "POST /internal/faults?job=job-7",
        "GET /jobs/job-7",
        "DELETE /internal/faults/f-1",
        "GET /ping",
        "POST /jobs",
        "GET /jobs/job-7",
        "DELETE /jobs/job-7",
        "DELETE /jobs/job-7",
    ];
    assert_eq!(lines(&sent), expected);
    assert_eq!(sent[4].header("x-fault"), Some("/internal/faults/f-1"));
    let key = format!("Bearer {}", KEY[0].1);
    // One of the contract's has a good key, and one of the target's own has none.
    assert_eq!(
        (sent[6].header("authorization"), sent[2].header("authorization")),
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
    let expected = [
        "POST /jobs",
        "POST /internal/login",
        "POST /internal/faults?job=job-7",
        "GET /jobs/job-7",
    ];
    assert_eq!(lines(&sent), expected, "{again}");
    assert_eq!(sent[3].header("x-fault"), Some("/internal/faults/f-1"), "{again}");
}

#[test]
fn a_hook_that_cannot_do_its_work_leaves_its_case_unjudged_with_the_answer_that_says_why() {
    let rows = [
        (
            Wrong::CannotArm,
            "failed to provoke: the hook's request POST /internal/faults?job=job-7 was answered 500; expected 201",
            500,
        ),
        (
            Wrong::ArmsOtherwise,
            "failed to provoke: the hook's request POST /internal/faults?job=job-7 was answered 200; expected 201",
            200,
        ),
        (
            Wrong::NamesNoFault,
            "failed to provoke: the hook's request POST /internal/faults?job=job-7 was answered 201 without the `fault` at `header Location`",
            201,
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
        let trials = trials_of(&report, "server");
        assert_eq!((&trials[0]["outcome"], &trials[0]["why"]), (&"error".into(), &why.into()));
        assert_eq!(trials[0]["evidence"]["answer"]["status"], status, "{why}");
        assert_eq!(lines(&server.take()).last().map(String::as_str), Some("DELETE /jobs/job-7"));
    }
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
]
after-all = [{}]
secret = ["faults"]
"#;
    let small = jobs("http://127.0.0.1:9", hook);
    let (code, said) = lint(&small);
    assert_eq!(code, 2, "{said}");
    insta::assert_snapshot!(said);
}
