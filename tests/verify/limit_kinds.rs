//! Limits that are not a key's own, and several at once, on a server in real time that was written apart from errproof:
//! the contract holds on it, and each promise that it breaks is missed by its check.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    thread,
    time::Instant,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{self, Ended, command};

mod server;
use server::{Chat, HONEST, Habits, KEYS, Left, Reset, Wait};

const CONTRACT: &str = r#"
name = "the chat API"
chain = ["slow_down", "unauthorized", "not_found", "too_many_messages", "bad_input"]

[envelope]
schema = "error.schema.json"
code = "/error/code"
message = "/error/message"

[key]
prefix = "chat_"
alphabet = "abcdefghijklmnopqrstuvwxyz"
length = 8

[[key.carriers]]
name = "bearer"
header = "Authorization"
before = "Bearer "

[limits.address]
requests = 30
window-seconds = 6
per = "address"
wait = { at = "/retry_after_ms", unit = "milliseconds" }

[limits.address.told]
limit = "header X-RateLimit-Limit"
left = "header X-RateLimit-Remaining"
reset = "header X-RateLimit-Reset"
reset-is = "epoch-seconds"

[limits.messages]
requests = 3
window-seconds = 4
of = ["say"]
wait = { at = "/retry_after_ms", unit = "milliseconds" }

[requests.ping]
method = "GET"
path = "/ping"

[requests.nowhere]
method = "GET"
path = "/nowhere"
status = 404

[requests.say]
method = "POST"
path = "/say"
body = { text = "hello" }

[preflight]
request = "ping"
slot = "valid"

[slots.valid]
env = "CHAT_KEY_VALID"
purpose = "a key"

[slots.burst]
env = "CHAT_KEY_BURST"
purpose = "a key that says nothing else"

[slots.other]
env = "CHAT_KEY_OTHER"
purpose = "a key that says nothing else, either"
"#;

const UNAUTHORIZED: &str = r#"
code = "unauthorized"
status = 401
promise = "who has no key is told so"
source = "Errors"
request = "ping"
slot = "valid"

[twin]

[[cases]]
id = "none"
key = "absent"
times = 10

[[cases]]
id = "fresh"
key = "fresh"
times = 10

[[cases]]
id = "last"
key = "fresh"
last = true
"#;

const NOT_FOUND: &str = r#"
code = "not_found"
status = 404
promise = "what is not there is not found"
source = "Errors"
request = "nowhere"
slot = "valid"

[twin]
request = "ping"

[[cases]]
id = "nowhere"
times = 10

[[cases]]
id = "another-key"
slot = "other"
times = 10
"#;

const BAD_INPUT: &str = r#"
code = "bad_input"
status = 400
promise = "a message has a text"
source = "Errors"
request = "say"
slot = "valid"

[twin]

[[cases]]
id = "no-text"
body = { remove = "/text" }
"#;

const SLOW_DOWN: &str = r#"
code = "slow_down"
status = 429
promise = "an address has 30 requests in 6 seconds"
source = "Limits"
request = "ping"
slot = "burst"
limit = "address"

[[cases]]
id = "burst"
burst = { requests = 36 }
"#;

const TOO_MANY: &str = r#"
code = "too_many_messages"
status = 429
promise = "a key may say 3 things in 4 seconds"
source = "Limits"
request = "say"
slot = "burst"
limit = "messages"

[[cases]]
id = "burst"
burst = { requests = 5, other = "other" }
"#;

const SCENARIOS: [(&str, &str); 5] = [
    ("401-unauthorized", UNAUTHORIZED),
    ("404-not_found", NOT_FOUND),
    ("400-bad_input", BAD_INPUT),
    ("429-slow_down", SLOW_DOWN),
    ("429-too_many_messages", TOO_MANY),
];

/// A folder with the contract, of which some texts are put in the place of others.
fn folder(changes: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let text = changes.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        fs::write(folder.path().join(name), text).expect("written");
    };
    fs::create_dir(folder.path().join("scenarios")).expect("created");
    let all = SCENARIOS.iter().map(|(_, text)| *text).chain([CONTRACT]).collect::<String>();
    for (from, _) in changes {
        assert!(all.contains(from), "the contract has no {from:?}");
    }
    write("contract.toml", CONTRACT);
    write("error.schema.json", r#"{ "type": "object", "required": ["error"] }"#);
    for (name, text) in SCENARIOS {
        write(&format!("scenarios/{name}.toml"), text);
    }
    folder
}

fn path(folder: &Path) -> &str {
    folder.to_str().expect("a path in UTF-8")
}

/// A run on a server with these habits: how it ended, which trials are red by which checks, and the server.
struct Played {
    ended: Ended,
    red: BTreeMap<String, BTreeSet<String>>,
    chat: Chat,
}

fn play(habits: Habits, changes: &[(&str, &str)], flags: &[&str]) -> Played {
    let (chat, contract) = (Chat::start(habits), folder(changes));
    let reports = tempfile::tempdir().expect("a folder");
    let own = ["--contract", path(contract.path()), "--target-url", &chat.url];
    let own = [&own[..], &["--report-dir", path(reports.path())], flags].concat();
    let ended = command("test", &own, &KEYS);
    let report = fs::read_to_string(reports.path().join("report.json"));
    let report = report.unwrap_or_else(|why| panic!("{why}: {ended:?}"));
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let mut red = BTreeMap::new();
    for trial in support::trials_of(&report, "server") {
        if trial["outcome"] != "pass" {
            let findings = trial["findings"].as_array().expect("a list");
            let check = |finding: &Value| finding["check"].as_str().expect("an id").to_owned();
            let name = trial["name"].as_str().expect("a name").to_owned();
            red.insert(name, findings.iter().map(check).collect());
        }
    }
    Played { ended, red, chat }
}

#[test]
fn limits_of_an_address_and_of_some_requests_are_kept_and_proven_side_by_side() {
    let contract = folder(&[]);
    let flags = ["--contract", path(contract.path()), "--target-url", "http://127.0.0.1:9"];
    let plan = support::plan(&flags, &KEYS);
    let begin = Instant::now();
    let Played { ended, red, chat } = play(HONEST, &[], &[]);
    let took = begin.elapsed().as_secs_f64();
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(red, BTreeMap::new(), "{ended:?}");
    // As it was foretold.
    let time = plan.lines().find_map(|line| line.strip_prefix("time: about "));
    let time: f64 = time.and_then(|time| time.trim_end_matches(" s").parse().ok()).expect("a time");
    assert!((took - time).abs() < time * 0.3, "{took} s of {time} s");
    assert!(plan.contains("8 of 8 cases, 89 requests"), "{plan}");
    assert!(ended.stdout.contains("\n89 requests sent: "), "{ended:?}");
    // Nobody but the burst was refused for the address, neither before nor after it.
    let refused: BTreeSet<String> = chat.refused().into_iter().collect();
    assert_eq!(refused, BTreeSet::from(["GET /ping".to_owned()]));
}

#[test]
fn what_several_keys_share_is_refused_to_each_of_them_and_by_each_request() {
    let points = [("[limits.address]\n", "[points]\n[limits.address]\n")];
    thread::scope(|scope| {
        let honest = scope.spawn(|| play(HONEST, &points, &["slow_down"]));
        let is_per_key = Habits { is_per_key: true, ..HONEST };
        let per_key = play(is_per_key, &points, &["slow_down"]);
        let rate = BTreeSet::from(["rate.refuses".to_owned()]);
        assert_eq!(per_key.red, BTreeMap::from([("slow_down::burst".to_owned(), rate)]));
        let said = "GET /ping with another key got 200 while the limit was used up; expected 429";
        assert!(per_key.ended.stdout.contains(said), "{}", per_key.ended.stdout);
        let Played { ended, red, .. } = honest.join().expect("it ends");
        assert_eq!(red, BTreeMap::new(), "{ended:?}");
        let note = "the limit address: never more than 30 requests were served within 6 s";
        assert!(ended.stdout.contains(note), "{}", ended.stdout);
    });
}

/// What is broken, the contract's change, the only trials, and what is red.
type Row<'a> = (Habits, &'a [(&'a str, &'a str)], &'a str, &'a [&'a str]);

#[test]
fn each_promise_that_a_limit_breaks_is_missed_by_its_check() {
    const ADDRESS: &str = "slow_down::burst";
    const MESSAGES: &str = "too_many_messages::burst";
    let draft = [
        ("[limits.address.told]\n", "[limits.address.draft]\npolicy = \"address\"\nleft = \"a\"\n"),
        ("limit = \"header X-RateLimit-Limit\"\n", ""),
        ("left = \"header X-RateLimit-Remaining\"\n", ""),
        ("reset = \"header X-RateLimit-Reset\"\n", ""),
        ("reset-is = \"epoch-seconds\"\n", ""),
    ];
    let promised = [("limit = \"address\"\n", "limit = \"address\"\nretry-after = true\n")];
    let rows: [Row<'_>; 18] = [
        (Habits { address: (31, 6), ..HONEST }, &[], ADDRESS, &["rate.admits"]),
        (Habits { address: (29, 6), ..HONEST }, &[], ADDRESS, &["rate.admits"]),
        (Habits { messages: (4, 4), ..HONEST }, &[], MESSAGES, &["rate.admits"]),
        (Habits { messages: (2, 4), ..HONEST }, &[], MESSAGES, &["rate.admits"]),
        (Habits { told: 60, ..HONEST }, &[], ADDRESS, &["rate.told"]),
        (Habits { left: Left::AlwaysAll, ..HONEST }, &[], ADDRESS, &["rate.told"]),
        (Habits { reset: Reset::Delta, ..HONEST }, &[], ADDRESS, &["rate.told"]),
        (Habits { reset: Reset::WindowLater, ..HONEST }, &[], ADDRESS, &["rate.told"]),
        (Habits { reset: Reset::Missing, ..HONEST }, &[], ADDRESS, &["rate.told"]),
        (Habits { wait: Wait::Body, ..HONEST }, &[], ADDRESS, &[]),
        (Habits { wait: Wait::Body, ..HONEST }, &promised, ADDRESS, &["retry-after"]),
        (HONEST, &promised, ADDRESS, &[]),
        (Habits { wait: Wait::BodyTwice, ..HONEST }, &[], ADDRESS, &["retry-after"]),
        (Habits { wait: Wait::BodyInSeconds, ..HONEST }, &[], ADDRESS, &["retry-after"]),
        (Habits { wait: Wait::Header, ..HONEST }, &[], ADDRESS, &["retry-after"]),
        (Habits { wait: Wait::TooShort, ..HONEST }, &[], MESSAGES, &["retry-after.honest"]),
        (HONEST, &draft, ADDRESS, &[]),
        (Habits { told: 60, ..HONEST }, &draft, ADDRESS, &["rate.told"]),
    ];
    thread::scope(|scope| {
        let play = |(habits, changes, trial, expected): Row<'_>| {
            let Played { ended, red, .. } = play(habits, changes, &["--exact", trial]);
            let expected: BTreeSet<String> = expected.iter().map(ToString::to_string).collect();
            let found = red.get(trial).cloned().unwrap_or_default();
            (found != expected).then(|| format!("{habits:?}: {found:?}\n{}", ended.stdout))
        };
        let runs: Vec<_> = rows.into_iter().map(|row| scope.spawn(move || play(row))).collect();
        let wrong: Vec<String> =
            runs.into_iter().filter_map(|run| run.join().expect("it ends")).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

/// What is broken, the contract's change, and the trials that are red.
type Told<'a> = (Habits, &'a [(&'a str, &'a str)], &'a [&'a str]);

#[test]
fn a_limit_that_each_response_tells_is_looked_at_once_at_each_request_and_without_a_burst_as_well()
{
    // Nobody goes past the limit of the address.
    let unprovoked = [(
        "request = \"ping\"\nslot = \"burst\"\nlimit = \"address\"\n\n[[cases]]\nid = \"burst\"\nburst = { requests = 36 }\n",
        "unprovoked = \"it is too high\"\n",
    )];
    let silent_at = |path| Habits { silent_at: path, ..HONEST };
    let rows: [Told<'_>; 5] = [
        (silent_at("/say"), &[], &["bad_input::no-text"]),
        (silent_at("/nowhere"), &[], &[]),
        (HONEST, &unprovoked, &[]),
        (silent_at("/ping"), &unprovoked, &["unauthorized::none"]),
        (Habits { told: 60, ..HONEST }, &unprovoked, &["bad_input::no-text", "unauthorized::none"]),
    ];
    thread::scope(|scope| {
        let runs = rows.map(|(habits, changes, expected)| {
            scope.spawn(move || {
                let Played { ended, red, .. } = play(habits, changes, &[]);
                let told = BTreeSet::from(["rate.told".to_owned()]);
                let expected: BTreeMap<_, _> =
                    expected.iter().map(|trial| ((*trial).to_owned(), told.clone())).collect();
                assert_eq!(red, expected, "{habits:?}: {ended:?}");
            })
        });
        for run in runs {
            run.join().expect("it ends");
        }
    });
}

#[test]
fn what_a_limit_lacks_is_a_fault_with_its_place() {
    let rows: [(&str, &[(&str, &str)]); 5] = [
        (
            "what a limit counts and tells",
            &[
                ("of = [\"say\"]", "of = [\"sai\", \"ping\"]\npolicy = \"é\""),
                ("reset-is = \"epoch-seconds\"", ""),
                ("limit = \"header X-RateLimit-Limit\"", "limit = \"X-RateLimit-Limit\""),
                (
                    "wait = { at = \"/retry_after_ms\", unit = \"milliseconds\" }\n\n[limits.address.told]",
                    "wait = { at = \"retry\", unit = \"minutes\" }\n\n[limits.address.told]",
                ),
            ],
        ),
        (
            "a limit that counts nothing and one that tells nothing",
            &[
                ("of = [\"say\"]", "of = []\ntold = {}"),
                ("per = \"address\"", "per = \"adress\""),
                (
                    "[limits.address.told]\n",
                    "[limits.address.draft]\npolicy = \"address\"\nquota = \"Q\"\n[limits.more]\nrequests = 1\nwindow-seconds = 1\npolicy = \"more\"\ndraft = { policy = \"more\" }\n[limits.more.told]\n",
                ),
            ],
        ),
        (
            "a burst past another limit",
            &[("limit = \"address\"\n", "limit = \"adress\"\n"), ("limit = \"messages\"\n", "")],
        ),
        (
            "a burst within its limit, and of another request",
            &[
                ("burst = { requests = 36 }", "burst = { requests = 30, other = \"other\" }"),
                (
                    "burst = { requests = 5, other = \"other\" }",
                    "request = \"ping\"\nburst = { requests = 5 }",
                ),
                (
                    "request = \"nowhere\"\nslot = \"valid\"",
                    "request = \"nowhere\"\nslot = \"valid\"\nlimit = \"address\"",
                ),
            ],
        ),
        (
            "a burst with a stranger, and none",
            &[(
                "burst = { requests = 5, other = \"other\" }",
                "burst = { requests = 5, other = \"others\" }",
            )],
        ),
    ];
    let said = rows.map(|(what, changes)| {
        let contract = folder(changes);
        let ended = command("lint", &["--contract", path(contract.path())], &[]);
        assert_eq!(ended.code, 2, "{what}: {ended:?}");
        format!("# {what}\n{}", ended.stderr)
    });
    insta::assert_snapshot!(said.join("\n"));
    let without = [
        ("limit = \"messages\"\n", ""),
        (
            "[[cases]]\nid = \"burst\"\nburst = { requests = 5, other = \"other\" }\n",
            "[[cases]]\nid = \"none\"\n",
        ),
    ];
    let contract = folder(&without);
    let ended = command("lint", &["--contract", path(contract.path())], &[]);
    assert_eq!(ended.code, 0, "{ended:?}");
    insta::assert_snapshot!(ended.stdout + &ended.stderr);
}

#[test]
fn one_of_several_limits_is_asked_about_by_its_name() {
    let (chat, contract) = (Chat::start(HONEST), folder(&[]));
    let flags = ["--contract", path(contract.path()), "--target-url", &chat.url];
    let said = [
        ("message", 2, "no limit of this name; expected `address` or `messages`"),
        ("messages", 4, "a limit of 3 "),
    ];
    for (name, code, said) in said {
        let ended = command("limits", &[&flags[..], &[name]].concat(), &KEYS);
        assert_eq!(ended.code, code, "{name}: {ended:?}");
        assert!(ended.stderr.contains(said), "{name}: {}", ended.stderr);
    }
}
