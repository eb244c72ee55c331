//! Clients, right ones and wrong ones, each run against every rule. The waits are real, so the runs
//! go on beside each other. Where an interpreter is not on the machine, its clients are skipped, and
//! the test says so.

use std::{
    collections::BTreeSet,
    fs,
    process::{Command, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use errproof::internals::{exchange::clock::Clock, mock::server::Bundled};
use insta::assert_snapshot;

use crate::support::{Contract, Ended, errproof, skip};

/// How many clients are tested at once: each is run twenty times at once.
const AT_ONCE: usize = 8;

/// Python itself rather than a launcher, without the packages that cost it half of its start.
fn python() -> Option<String> {
    let path = output("python3", &["-c", "import sys; print(sys.executable)"])?;
    Some(path.trim().to_owned())
}

/// What a command prints if it succeeds.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let done = Command::new(program).args(arguments).stderr(Stdio::null()).output().ok()?;
    done.status.success().then(|| String::from_utf8_lossy(&done.stdout).into_owned())
}

fn client(command: &str, flags: &[&str]) -> Ended {
    errproof(&[&["--client", command], flags].concat(), &[])
}

/// The rules that were broken, and those that could not be judged: `ends!`.
fn broken(ended: &Ended) -> BTreeSet<String> {
    let name = |line: &str| {
        let name = line.strip_prefix("---- client::")?.strip_suffix(" ----")?.to_owned();
        let text = ended.stdout.split(line).nth(1)?;
        let unjudged = text.trim_start().lines().nth(1)?.contains("could not be judged");
        Some(if unjudged { format!("{name}!") } else { name })
    };
    ended.stdout.lines().filter_map(name).collect()
}

/// Does a thing for each row, a few at once, and gives what came of it in the rows' order.
fn each<R: Sync, T: Send>(rows: &[R], act: impl Fn(&R) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(rows.len()) {
            scope.spawn(|| {
                while let at = next.fetch_add(1, Ordering::Relaxed)
                    && let Some(row) = rows.get(at)
                {
                    let result = act(row);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[test]
fn each_conformant_client_keeps_every_rule() {
    let rows = [
        ("examples/clients/curl.sh", "curl", &["--version"] as &[&str]),
        ("python3 examples/clients/client.py", "python3", &["-c", "import requests"]),
        ("node examples/clients/client.mjs", "node", &["-e", "fetch"]),
    ];
    let ran = each(&rows, |(command, program, arguments)| {
        if output(program, arguments).is_none() {
            skip(&format!("{command}: `{program} {}` does not work here", arguments.join(" ")));
            return false;
        }
        let ended = client(command, &[]);
        let last = format!("27 rules on {command}: 27 kept\n");
        assert!(ended.code == 0 && ended.stdout.ends_with(&last), "{}", ended.stdout);
        true
    });
    assert!(ran.contains(&true) || output("curl", &["--version"]).is_none());
}

/// Every way to be wrong of `wrong.py`, and the rules that it breaks: all of them. A `!` stands
/// behind a rule that cannot be judged then. `*` stands for each of a group.
const WRONG: [(&str, &[&str]); 23] = [
    // The one that takes longest begins first.
    ("hangs-on-429", &["ends", "retry-after::*!"]),
    ("at-once", &["beat", "wait::preflight_failed"]),
    ("no-retry-after", &["retry-after::2s", "retry-after::3s", "retry-after::grows"]),
    ("first-retry-after", &["retry-after::grows"]),
    ("milliseconds", &["beat", "retry-after::*"]),
    (
        "retries-401",
        &[
            "not-retried::invalid_api_key",
            "not-retried::malformed_api_key",
            "not-retried::missing_api_key",
            "not-retried::revoked_api_key",
        ],
    ),
    ("forever", &["backoff::generation_failed::stops", "backoff::generation_timeout::stops"]),
    ("no-growth", &["backoff::*"]),
    ("slow", &["backoff::*"]),
    (
        "gives-up",
        &["backoff::generation_failed::recovers", "backoff::generation_timeout::recovers"],
    ),
    ("swallows-id", &["request-id"]),
    ("first-id", &["request-id"]),
    (
        "exit-0",
        &[
            "backoff::generation_failed::stops",
            "backoff::generation_timeout::stops",
            "not-retried::*",
        ],
    ),
    (
        "exit-1",
        &[
            "backoff::generation_failed::recovers",
            "backoff::generation_timeout::recovers",
            "retry-after::*",
            "wait::preflight_failed",
        ],
    ),
    ("prints-key", &["key-unseen"]),
    ("prints-base64", &["key-unseen"]),
    ("other-body", &["same-request"]),
    ("other-key", &["same-request"]),
    ("hedges", &["one-at-a-time", "retry-after::*"]),
    ("twice", &["succeeds"]),
    ("leaves-child", &["backoff::generation_failed::stops", "quiet"]),
    ("daemon", &["backoff::generation_failed::stops", "quiet"]),
    ("prints-much", &["key-unseen!"]),
];

/// The ids of all rules, from the list of the trials.
fn rules() -> Vec<String> {
    let list = client("true", &["--list"]).stdout;
    let id = |line: &str| Some(line.split_once("client::")?.1.strip_suffix(": test")?.to_owned());
    list.lines().filter_map(id).collect()
}

#[test]
fn the_ids_of_the_rules_never_change() {
    assert_snapshot!(rules().join("\n"));
}

#[test]
fn each_wrong_client_breaks_exactly_its_rules() {
    let Some(python) = python() else { return skip("wrong.py: there is no python3 here") };
    let rules = rules();
    let expand = |written: &&str| -> Vec<String> {
        let (rule, mark) = written.strip_suffix('!').map_or((*written, ""), |rule| (rule, "!"));
        let of = rules.iter().filter(|known| match rule.strip_suffix('*') {
            Some(group) => known.starts_with(group),
            None => known.as_str() == rule,
        });
        let of: Vec<_> = of.map(|known| format!("{known}{mark}")).collect();
        assert!(!of.is_empty(), "there is no rule {written}");
        of
    };
    let found = each(&WRONG, |(fault, _)| {
        let command = format!("{python} -I -S examples/clients/wrong.py --fault {fault}");
        // Only what is sure to hang is cut short.
        let timeout = if fault.starts_with("hangs") { "20" } else { "60" };
        client(&command, &["--client-timeout", timeout])
    });
    let mut wrong = Vec::new();
    for ((fault, expected), ended) in WRONG.iter().zip(&found) {
        let expected: BTreeSet<String> = expected.iter().flat_map(expand).collect();
        let found = broken(ended);
        if (found != expected) || ended.code != 101 {
            wrong.push(format!("{fault}: expected {expected:?}, got {found:?}\n{}", ended.stdout));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_command_that_cannot_be_tested_ends_the_run_with_one_line() {
    let python = python();
    let wrong = |fault: &str| {
        let python = python.as_ref()?;
        Some(format!("{python} -I -S examples/clients/wrong.py --fault {fault}"))
    };
    let rows = [
        (Some("./no-such-client --now".to_owned()), 2, "failed to start"),
        (Some("contract.toml".to_owned()), 2, "failed to start"),
        (Some(String::new()), 2, "`` is not a command"),
        (Some("sh -c 'open".to_owned()), 2, "is not a command"),
        (Some("true".to_owned()), 3, "succeeded without a request to $ERRPROOF_BASE_URL"),
        (Some("sh -c 'echo no module >&2; exit 7'".to_owned()), 3, "exit 7 without a request"),
        (wrong("nothing"), 3, "succeeded without a request"),
        (wrong("connects"), 3, "although it connected once"),
        (wrong("hangs"), 3, "did not end within 2 s, and was killed with its child processes"),
        (wrong("fails"), 3, "ended with exit 1, although its call was answered with 200"),
    ];
    let mut lines = Vec::new();
    for (command, code, says) in rows {
        let Some(command) = command else {
            skip("wrong.py: there is no python3 here");
            continue;
        };
        let ended = client(&command, &["--client-timeout", "2"]);
        assert_eq!((ended.code, ended.stdout.as_str()), (code, ""), "{command}: {ended:?}");
        assert!(ended.stderr.contains(says), "{command}: {}", ended.stderr);
        lines.push(ended.stderr);
    }
    // Faults of the flag may add what to write instead.
    assert!(lines.iter().all(|line| line.lines().count() <= 4), "{lines:?}");
}

/// A client in a shell that notes something in a file first, and makes its call then.
fn noting(what: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let file = folder.path().join("noted");
    let command = format!("sh -c '{what} > {}; exec examples/clients/curl.sh'", file.display());
    (folder, command)
}

fn noted(folder: &tempfile::TempDir) -> String {
    fs::read_to_string(folder.path().join("noted")).expect("it was noted")
}

#[test]
fn a_key_that_a_client_prints_is_not_shown_again() {
    let (folder, command) = noting("echo \"$ERRPROOF_API_KEY\"");
    let command = command.replace("exec ", "echo \"key $ERRPROOF_API_KEY\"; exec ");
    let ended = client(&command, &["client::key-unseen"]);
    let key = noted(&folder).trim().to_owned();
    assert!(key.starts_with("pms_live_") && key.len() == 41, "{key}");
    assert_eq!(ended.code, 101, "{}", ended.stdout);
    let said = ended.stdout + &ended.stderr;
    assert!(said.contains("key $ERRPROOF_API_KEY") && !said.contains(&key[9..25]), "{said}");
}

#[test]
fn a_client_sees_its_own_key_and_none_of_the_targets() {
    let (folder, command) = noting("env");
    let secret = "pms_live_0123456789abcdef0123456789abcdef";
    let flags = ["--client", &command, "client::succeeds"];
    let ended = errproof(&flags, &[("ERRPROOF_KEY_VALID", secret)]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let environment = noted(&folder);
    assert!(environment.contains("ERRPROOF_API_KEY=pms_live_"), "{environment}");
    assert!(environment.contains("ERRPROOF_BASE_URL=http://127.0.0.1:"), "{environment}");
    assert!(!environment.contains(secret), "{environment}");
}

/// Waits until these processes, one a line, are gone: an orphan that was killed is there until its
/// new parent looks.
fn are_gone(processes: &str) -> bool {
    let lives = |process: &str| output("kill", &["-0", process]).is_some();
    let began = Instant::now();
    while processes.lines().any(lives) {
        if began.elapsed() > Duration::from_secs(60) {
            return false;
        }
        thread::sleep(Duration::from_millis(20));
    }
    true
}

#[test]
fn the_children_of_a_command_that_hangs_are_ended_with_it() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let file = folder.path().join("child");
    let command = format!("sh -c 'sleep 600 & echo $! > {}; wait'", file.display());
    let ended = client(&command, &["--client-timeout", "1"]);
    assert_eq!(ended.code, 3, "{ended:?}");
    let child = fs::read_to_string(&file).expect("the child was started");
    assert!(!child.is_empty() && are_gone(&child), "{child}");
}

#[test]
fn a_command_is_ended_with_its_children_when_errproof_is_told_to_end() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let file = folder.path().join("children");
    // It answers for the control, and hangs in the runs after it.
    let command = format!(
        "sh -c 'if [ -e {0} ]; then sleep 600 & echo $! >> {0}; wait; fi; touch {0}; exec examples/clients/curl.sh'",
        file.display()
    );
    let mut errproof = Command::new(env!("CARGO_BIN_EXE_errproof"))
        .args(["test", "--client", &command, "client::ends"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdout(Stdio::null())
        .spawn()
        .expect("the command starts");
    let began = Instant::now();
    let children = || fs::read_to_string(&file).unwrap_or_default();
    while children().lines().count() < 5 && began.elapsed() < Duration::from_secs(50) {
        thread::sleep(Duration::from_millis(20));
    }
    output("kill", &[&errproof.id().to_string()]).expect("it is told");
    assert_eq!(errproof.wait().expect("it ends").code(), Some(143));
    let children = children();
    assert!(children.lines().count() >= 5, "{children}");
    assert!(are_gone(&children), "{children}");
}

#[test]
fn a_failure_shows_the_time_line_and_what_was_promised() {
    let Some(python) = python() else { return skip("wrong.py: there is no python3 here") };
    let command = format!("{python} -I -S examples/clients/wrong.py --fault milliseconds");
    let ended = client(&command, &["--exact", "client::retry-after::2s"]);
    let times = regex::Regex::new(r"\d+\.\d{3} s").expect("a pattern");
    let text = ended.stdout.replace(&python, "python3");
    assert_snapshot!(times.replace_all(&text, "TIME"));
}

#[test]
fn a_contract_that_says_nothing_of_clients_or_says_two_things_is_a_fault() {
    let contract = Contract::copy();
    contract
        .change("contract.toml", "codes = [\"preflight_failed\"]", "codes = [\"preflight_faild\"]")
        .change("contract.toml", "\"generation_timeout\"]", "\"plan_gate\"]")
        .change("contract.toml", "grows = [1, 3]", "grows = [3, 3]")
        .change("contract.toml", "steps-seconds = [1, 2, 4]", "steps-seconds = [1, 2, 400]")
        .change("contract.toml", "[retry.always.beat]", "[retry.always.beet]");
    let folder = contract.folder();
    let mut said = errproof(&["--contract", folder, "--client", "true"], &[]).stderr;
    let text = fs::read_to_string("contract.toml").expect("the contract");
    let (before, rest) = text.split_once("# What a client does").expect("its part");
    let (_, after) = rest.split_once("# What is promised of every error").expect("what follows");
    fs::write(contract.path("contract.toml"), format!("{before}#{after}")).expect("written");
    let ended = errproof(&["--contract", folder, "--client", "true"], &[]);
    assert_eq!(ended.code, 2);
    said.push_str(&ended.stderr);
    assert_snapshot!(said);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_and_a_server_are_tested_in_one_run() {
    let server = Bundled::start(Clock::real()).await;
    let flags =
        ["--target-url", &server.url(), "--client", "examples/clients/curl.sh", "missing_api_key"];
    let flags = flags.map(str::to_owned);
    let run = move || errproof(&flags.each_ref().map(String::as_str), &[]);
    let ended = tokio::task::spawn_blocking(run).await.expect("no panic");
    let ok = |name: &str| {
        ended.stdout.lines().any(|line| line.contains(name) && line.ends_with("... ok"))
    };
    // Without a key for its twin the server's side is proven less, and still there.
    assert!(ok("client::not-retried::missing_api_key"), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("missing_api_key::no-header"), "{}", ended.stdout);
    let said = "\n1 rule on examples/clients/curl.sh: 1 kept\n";
    assert!(ended.stdout.contains(said), "{}", ended.stdout);
}
