//! APIs without keys, and requests without one in an API that has them.

use std::path::Path;

use super::api::{Api, Asked, contract, error, everything, run, served};
use crate::support::{command, plan};

const REQUESTS: &str = "[requests.things]\nmethod = 'GET'\npath = '/things'\n[requests.nothing]\nmethod = 'GET'\npath = '/nothing'\n[requests.say]\nmethod = 'POST'\npath = '/say'\nbody = { text = 'hello' }\n[preflight]\nrequest = 'things'\n[points]\n";
const NOT_FOUND: &str =
    "status = 404\nrequest = 'nothing'\n[twin]\nrequest = 'things'\n[[cases]]\nid = 'nothing'\n";
const BAD_INPUT: &str = "status = 400\nrequest = 'say'\n[twin]\n[[cases]]\nid = 'number'\nbody = { set = { at = '/text', to = 7 } }\n";

fn answer(asked: &Asked) -> (u16, String) {
    match asked.path() {
        "/things" => served(),
        "/say" if asked.body.contains("\"hello\"") => served(),
        "/say" => error(400, "bad_input"),
        _ => error(404, "not_found"),
    }
}

#[test]
fn an_api_without_keys_is_proven_and_nobody_reads_of_a_key() {
    let api = Api::start(answer);
    let folder = contract(REQUESTS, &[("bad_input", BAD_INPUT), ("not_found", NOT_FOUND)]);
    std::fs::write(
        folder.path().join("any-error.toml"),
        "promise = 'each has a code'\nsource = 'Errors'\nrequest = 'things'\n[[cases]]\nid = 'route'\nwith = { path = '/no-such-route' }\n",
    )
    .expect("written");
    let path = folder.path().to_str().expect("UTF-8");
    let lint = command("lint", &["--contract", path], &[]);
    assert_eq!(lint.code, 0, "{lint:?}");
    let (ended, report) = run(folder.path(), &api.url, &[], &["--strict"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stdout.contains("2 proven"), "{}", ended.stdout);
    let said = plan(&["--contract", path, "--target-url", &api.url], &[]);
    assert!(said.contains("\n  every request"), "{said}");
    let names = command("test", &["--contract", path, "--target-url", &api.url, "--list"], &[]);
    assert!(names.stdout.contains("bad_input::number"), "{names:?}");
    assert_eq!(
        api.taken().iter().filter(|asked| asked.header("authorization").is_some()).count(),
        0
    );
    // Something is red, so that a request is shown.
    let broken = Api::start(|asked| match asked.path() {
        "/nothing" => error(500, "oops"),
        _ => answer(asked),
    });
    let (red, red_report) = run(folder.path(), &broken.url, &[], &[]);
    assert_eq!(red.code, 101, "{red:?}");
    assert!(red.stdout.contains("GET /nothing\n"), "{}", red.stdout);
    let texts = [everything(&ended, &report), everything(&red, &red_report), said];
    let word = regex::Regex::new(r"(?i)\bkeys?\b|\$[A-Z]|variable|slot").expect("a pattern");
    // The fields of a report, which are there for machines, and the id of a check.
    let machine = ["rate.per-key", "\"key\": \"\"", "\"slots\": {}"];
    let markup = regex::Regex::new(r"(?s)<style>.*?</style>|<[^>]*>").expect("a pattern");
    for text in texts {
        let text = markup.replace_all(&text, "\n");
        let lines = text.lines().filter(|line| !machine.iter().any(|words| line.contains(words)));
        let found: Vec<&str> = lines.filter(|line| word.is_match(line)).collect();
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn a_limit_without_keys_paces_all_requests_alike() {
    let folder = contract(
        &format!("[limit]\nrequests = 2\nwindow-seconds = 5\n{REQUESTS}"),
        &[("bad_input", BAD_INPUT), ("not_found", NOT_FOUND)],
    );
    let path = folder.path().to_str().expect("UTF-8");
    let said = plan(&["--contract", path, "--target-url", "http://127.0.0.1:1"], &[]);
    let seconds: u64 = said
        .lines()
        .find_map(|line| line.strip_prefix("time: about ")?.strip_suffix(" s"))
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or_else(|| panic!("{said}"));
    assert!(seconds >= 10, "{said}");
}

const KEYED: &str = "[key]\nprefix = ''\nalphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'\nlength = 16\n[[key.carriers]]\nname = 'x-key'\nheader = 'X-Key'\n[[key.carriers]]\nname = 'bearer'\nheader = 'Authorization'\nbefore = 'Bearer '\n[requests.things]\nmethod = 'GET'\npath = '/things'\n[requests.mine]\nmethod = 'GET'\npath = '/mine'\n[preflight]\nrequest = 'things'\nslot = 'nobody'\n[slots.nobody]\nkeyless = true\npurpose = 'somebody without an account'\n[slots.member]\nenv = 'MEMBER_KEY'\npurpose = 'a member'\n[points]\nexcept = [{ request = 'things', why = 'it is for all' }]\n";
const MEMBERS_ONLY: &str = "status = 403\nrequest = 'mine'\nslot = 'nobody'\n[twin]\nslot = 'member'\n[[cases]]\nid = 'anonymous'\n";

fn members(asked: &Asked) -> (u16, String) {
    let is_member = asked.header("x-key") == Some(KEY.1);
    match asked.path() {
        "/things" => served(),
        _ if is_member => served(),
        _ => error(403, "members_only"),
    }
}

const KEY: (&str, &str) = ("MEMBER_KEY", "abcdefgh01234567");

#[test]
fn a_slot_without_a_key_sends_none_and_its_twin_sends_its_own() {
    let folder = contract(KEYED, &[("members_only", MEMBERS_ONLY)]);
    let lint = command("lint", &["--contract", folder.path().to_str().expect("UTF-8")], &[]);
    assert_eq!((lint.code, lint.stderr.contains("advice")), (0, false), "{lint:?}");
    let api = Api::start(members);
    let (ended, report) = run(folder.path(), &api.url, &[KEY], &["--strict"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let asked = api.taken();
    let with: Vec<_> = asked.iter().filter(|one| one.header("x-key").is_some()).collect();
    assert_eq!((asked.len(), with.len()), (3, 1), "{asked:#?}");
    assert!(!everything(&ended, &report).contains('\0'));
    // One that serves everybody.
    let open = Api::start(|_| served());
    let (red, _) = run(folder.path(), &open.url, &[KEY], &[]);
    assert_eq!(red.code, 101, "{red:?}");
    assert!(red.stdout.contains("GET /mine   key: none"), "{}", red.stdout);
}

#[test]
fn what_needs_a_key_is_a_fault_where_there_is_none() {
    let case = |more: &str| format!("{NOT_FOUND}{more}\n");
    let key = "status = 401\nrequest = 'things'\n[[cases]]\nid = 'a'\nkey = 'absent'\n";
    let anonymous = |more: &str| format!("{MEMBERS_ONLY}{more}\n");
    let no_slot = "status = 403\nrequest = 'mine'\n[[cases]]\nid = 'a'\n";
    let no_slot_first =
        KEYED.replace("request = 'things'\nslot = 'nobody'\n", "request = 'things'\n");
    let rows: [(&str, &str, &str, &str); 12] = [
        (&no_slot_first, "members_only", MEMBERS_ONLY, "missing key `slot`"),
        (REQUESTS, "not_found", key, "`key` in a case without a key"),
        (REQUESTS, "not_found", &case("slot = 'valid'"), "`valid` in an API without keys"),
        (REQUESTS, "not_found", &case("carriers = ['bearer']"), "unknown carrier `bearer`"),
        (
            REQUESTS,
            "not_found",
            &case("with = { query = 'k={key}' }"),
            "`with` in a case without a key",
        ),
        (
            "[slots.a]\nenv = 'A_KEY'\npurpose = 'x'\n[requests.things]\nmethod = 'GET'\npath = '/'\n[preflight]\nrequest = 'things'\n",
            "not_found",
            "status = 404\nrequest = 'things'\n[[cases]]\nid = 'a'\n",
            "the slot `a` has a key, and the API has none",
        ),
        (KEYED, "members_only", no_slot, "missing key `slot`"),
        (KEYED, "members_only", &anonymous("key = 'empty'"), "`key` in a case without a key"),
        (
            KEYED,
            "members_only",
            &anonymous("carriers = ['bearer']"),
            "`carriers` in a case without a key",
        ),
        (
            KEYED,
            "members_only",
            &anonymous("with = { also-in = ['bearer'] }"),
            "`also-in` in a case without a key",
        ),
        (
            &KEYED.replace("keyless = true", "keyless = true\nenv = 'NOBODY_KEY'"),
            "members_only",
            MEMBERS_ONLY,
            "`env` in a slot that carries no key",
        ),
        (
            &KEYED.replace("env = 'MEMBER_KEY'\n", ""),
            "members_only",
            MEMBERS_ONLY,
            "missing key `env`",
        ),
    ];
    for (lines, code, scenario, title) in rows {
        let folder = contract(lines, &[(code, scenario)]);
        assert_fault(folder.path(), title);
    }
}

fn assert_fault(folder: &Path, title: &str) {
    let lint = command("lint", &["--contract", folder.to_str().expect("UTF-8")], &[]);
    assert_eq!(lint.code, 2, "{title}: {lint:?}");
    assert!(lint.stderr.contains(title), "{title}: {}", lint.stderr);
    assert!(lint.stderr.contains('^'), "{title}: {}", lint.stderr);
}
