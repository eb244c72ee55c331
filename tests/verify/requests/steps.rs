//! Requests that are sent before a case's own and after it.

use std::{
    collections::BTreeSet,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::Value;

use crate::support::trials_of;

use super::{
    lint, not_passed, run,
    small::{KEY, Reply, Sent, Server, Small, error, success},
};

/// What is wrong with a server of uploads.
#[derive(Clone, Copy, PartialEq)]
enum Wrong {
    Nothing,
    TakesAll,
    CannotStart,
    GivesNoAddress,
    CannotCancel,
}

/// Uploads that are begun, each at an address of its own that only its response tells.
#[derive(Default)]
struct Uploads {
    open: Mutex<BTreeSet<String>>,
    made: AtomicUsize,
}

impl Uploads {
    fn answer(&self, sent: &Sent, wrong: Wrong) -> Reply {
        let (path, query) = sent.path.split_once('?').unwrap_or((&sent.path, ""));
        let id = path.strip_prefix("/api/uploads/").unwrap_or_default().to_owned();
        let mut open = self.open.lock().expect("nobody panics");
        match (sent.method.as_str(), path) {
            (_, "/api/ping") => success(200),
            ("POST", "/api/login") => {
                let cookie = ("set-cookie", "session=\"s-12345678\"; Path=/".to_owned());
                (
                    200,
                    vec![cookie],
                    "{\"data\":{\"token\":\"t\\\"oken-12345678\",\"number\":7}}".to_owned(),
                )
            }
            ("POST", "/api/note") => {
                let is = |name: &str, value: &str| sent.header(name) == Some(value);
                let is_whole = is("cookie", "session=s-12345678") && is("x-number", "7");
                let is_said = sent.text() == "{\"token\":\"t\\\"oken-12345678\"}";
                if is_whole && is_said && is("accept", "text/csv") {
                    error(406, "not_acceptable")
                } else if is_whole && is_said {
                    success(200)
                } else {
                    error(400, "unknown")
                }
            }
            ("POST", "/api/uploads") if wrong == Wrong::CannotStart => error(503, "busy"),
            ("POST", "/api/uploads") => {
                let id = format!(
                    "up-{:032x}",
                    0x7f3a_9c1e_u64 + self.made.fetch_add(1, Ordering::SeqCst) as u64
                );
                open.insert(id.clone());
                let host = sent.header("host").unwrap_or_default();
                let at = ("location", format!("http://{host}/api/uploads/{id}?state=st4te0f{id}"));
                let at = (wrong != Wrong::GivesNoAddress).then_some(at);
                (202, at.into_iter().collect(), "{}".to_owned())
            }
            _ if !open.contains(&id) || !query.contains(&format!("state=st4te0f{id}")) => {
                error(404, "unknown")
            }
            ("DELETE", _) if wrong == Wrong::CannotCancel => error(500, "unknown"),
            ("DELETE", _) => {
                open.remove(&id);
                success(204)
            }
            ("PUT", _) if wrong == Wrong::TakesAll || sent.header("x-digest") == Some("good") => {
                if query.ends_with("&part=1%2F2") {
                    success(201)
                } else {
                    error(400, "unknown")
                }
            }
            _ => error(400, "digest_invalid"),
        }
    }
}

const UPLOADS: &str = r#"
[requests.start]
method = "POST"
path = "/uploads"
status = 202

[requests.cancel]
method = "DELETE"
path = "{upload}"
status = 204

[requests.put]
method = "PUT"
path = "{upload}"
query = { part = "1/2" }
headers = { X-Digest = "good" }
status = 201
first = [{ request = "start", capture = { upload = "header Location" } }]
after-all = [{ request = "cancel", status = 204 }]
secret = ["upload"]

[requests.login]
method = "POST"
path = "/login"

[requests.note]
method = "POST"
path = "/note"
headers = { Accept = "application/json", Cookie = "session={session}", X-Number = "{number}" }
body = { token = "{token}" }
"#;

fn uploads() -> Small {
    let small = Small::new(&["digest_invalid", "not_acceptable"], "", UPLOADS);
    let case = "[[cases]]\nid = \"wrong\"\nheader = { set = { name = \"X-Digest\", to = \"bad\" } }\ntwin = {}\n";
    small.scenario(400, "digest_invalid", "put", case);
    let first = "first = [{ request = \"login\", status = 200, capture = { session = \"cookie session\", token = \"/data/token\", number = \"/data/number\" } }]\nsecret = [\"token\"]\n";
    let case =
        "[[cases]]\nid = \"csv\"\nheader = { set = { name = \"Accept\", to = \"text/csv\" } }\n";
    small.scenario(406, "not_acceptable", "note", &format!("[twin]\n{case}{first}"));
    small
}

/// The server, and the uploads that are open on it.
fn serve(wrong: Wrong) -> (Server, Arc<Uploads>) {
    let uploads = Arc::new(Uploads::default());
    let own = Arc::clone(&uploads);
    (Server::start(move |sent| own.answer(sent, wrong)), uploads)
}

fn left(uploads: &Uploads) -> usize {
    uploads.open.lock().expect("nobody panics").len()
}

#[test]
fn what_a_step_gives_is_used_by_later_requests_and_cleaned_up_after_them() {
    let (server, uploads) = serve(Wrong::Nothing);
    let (ended, report) = run(&self::uploads(), &format!("{}/api", server.url), &[]);
    assert_eq!((ended.code, not_passed(&report)), (0, vec![]), "{ended:?}");
    // One by the case, and one by its twin.
    assert_eq!((uploads.made.load(Ordering::SeqCst), left(&uploads)), (2, 0));
    let sent = server.take();
    let count = |method: &str, begin: &str| {
        sent.iter().filter(|sent| sent.method == method && sent.path.starts_with(begin)).count()
    };
    assert_eq!((count("PUT", "/api/uploads/up-"), count("DELETE", "/api/uploads/up-")), (2, 2));
    assert_eq!((count("POST", "/api/login"), count("POST", "/api/note")), (2, 2));
}

#[test]
fn a_case_that_fails_is_cleaned_up_as_well_and_nobody_is_shown_what_is_secret() {
    let (server, uploads) = serve(Wrong::TakesAll);
    let small = self::uploads();
    let (ended, report) = run(&small, &format!("{}/api", server.url), &["digest_invalid"]);
    assert_eq!((ended.code, not_passed(&report).len(), left(&uploads)), (101, 1, 0), "{ended:?}");
    let everything = format!("{}{}{report}", ended.stdout, ended.stderr);
    assert!(!everything.contains("7f3a9c1e") && !everything.contains("st4te0f"), "{everything}");
    let trials = trials_of(&report, "server");
    let again = trials[0]["evidence"]["again"].as_str().expect("a command");
    let request = trials[0]["evidence"]["request"]["path"].as_str().expect("a path");
    assert_eq!(request, "/uploads/$upload?state=$upload&part=1%2F2");
    if Command::new("curl").arg("--version").output().is_err() {
        return crate::support::skip("there is no curl on this machine");
    }
    server.take();
    let ended = Command::new("sh").args(["-c", again]).envs(KEY).output().expect("a shell");
    assert!(ended.status.success(), "{again}: {ended:?}");
    let sent = server.take();
    let [start, put] = &sent[..] else { panic!("{again}: {sent:?}") };
    assert_eq!((start.method.as_str(), start.path.as_str()), ("POST", "/api/uploads"));
    assert!(
        put.method == "PUT"
            && put.path.contains("?state=st4te0fup-")
            && put.path.ends_with("&part=1%2F2"),
        "{put:?}"
    );
    assert_eq!(put.header("x-digest"), Some("bad"));
    assert_eq!(left(&uploads), 1);
}

#[test]
fn a_step_that_fails_leaves_its_case_unjudged_and_its_response_is_shown_if_it_holds_no_secret() {
    let rows = [
        (
            Wrong::CannotStart,
            "not judged: the step POST /uploads was answered 503; expected 202",
            503.into(),
        ),
        (
            Wrong::GivesNoAddress,
            "not judged: the step POST /uploads was answered 202 without the `upload` at `header Location`; the response is not shown, since a secret may be in it",
            // Where it may be is not known.
            Value::Null,
        ),
        (
            Wrong::CannotCancel,
            "not judged: the step DELETE /uploads/$upload?state=$upload was answered 500; expected 204",
            500.into(),
        ),
    ];
    for (wrong, why, status) in rows {
        let (server, _) = serve(wrong);
        let (ended, report) = run(&uploads(), &format!("{}/api", server.url), &["digest_invalid"]);
        assert_eq!(ended.code, 101, "{ended:?}");
        let trials = trials_of(&report, "server");
        assert_eq!((&trials[0]["outcome"], &trials[0]["why"]), (&"error".into(), &why.into()));
        assert_eq!(trials[0]["evidence"]["answer"]["status"], status);
    }
}

#[test]
fn a_value_that_no_step_captures_is_a_fault_with_its_place() {
    let more = r#"
[requests.nested]
method = "GET"
path = "/nested"
first = [{ request = "put", status = 99, capture = { Up = "header A B", key = "id", twice = "/a" } }, { request = "strat", capture = { twice = "/b" } }]
secret = ["uplaod"]
"#;
    let small = Small::new(&["digest_invalid"], "", &format!("{UPLOADS}{more}"));
    let cases = [
        "request = \"cancel\"",
        "request = \"note\"\nfirst = [{ request = \"login\", capture = { sesion = \"cookie session\", number = \"/data/number\" } }]",
        "after-all = [{ request = \"cancel\" }, { request = \"note\" }]\nsecret = [\"uploads\"]",
        "first = [{ request = \"cancel\" }]",
    ];
    let cases: Vec<String> = cases
        .iter()
        .enumerate()
        .map(|(at, case)| format!("[[cases]]\nid = \"case-{at}\"\nkey = \"absent\"\n{case}\n"))
        .collect();
    small.scenario(400, "digest_invalid", "put", &cases.concat());
    let (code, said) = lint(&small);
    assert_eq!(code, 2, "{said}");
    insta::assert_snapshot!(said);
}

#[test]
fn the_command_takes_what_it_needs_from_bodies_and_cookies_as_well() {
    let server = Server::start(|sent| match Uploads::default().answer(sent, Wrong::Nothing) {
        // It does not look at what it is asked to give.
        (406, ..) => success(200),
        reply => reply,
    });
    let (ended, report) = run(&uploads(), &format!("{}/api", server.url), &["not_acceptable"]);
    assert_eq!(ended.code, 101, "{ended:?}");
    // It is not secret, and stands in no report but where a response has it.
    let trials = trials_of(&report, "server");
    let again = trials[0]["evidence"]["again"].as_str().expect("a command");
    assert!(!again.contains("12345678"), "{again}");
    let is_there = |name: &str| Command::new(name).arg("--version").output().is_ok();
    if !is_there("curl") || !is_there("jq") {
        return crate::support::skip("there is no curl or no jq on this machine");
    }
    server.take();
    let ended = Command::new("sh").args(["-c", again]).envs(KEY).output().expect("a shell");
    assert!(ended.status.success(), "{again}: {ended:?}");
    let sent = server.take();
    let [login, note] = &sent[..] else { panic!("{again}: {sent:?}") };
    assert_eq!((login.path.as_str(), note.path.as_str()), ("/api/login", "/api/note"));
    assert_eq!(note.header("x-number"), Some("7"), "{again}");
    assert_eq!(note.header("accept"), Some("text/csv"));
    assert_eq!(note.text(), "{\"token\":\"t\\\"oken-12345678\"}", "{again}");
    assert!(note.header("cookie").is_some_and(|cookie| cookie.contains("s-12345678")), "{note:?}");
}

#[test]
fn a_secret_that_is_too_short_to_be_taken_out_is_not_shown_with_anything() {
    let small = uploads();
    let case = "[[cases]]\nid = \"csv\"\nheader = { set = { name = \"Accept\", to = \"text/csv\" } }\nfirst = [{ request = \"login\", capture = { session = \"cookie session\", token = \"/data/token\", number = \"/pin\" } }]\nsecret = [\"number\"]\n";
    small.scenario(406, "not_acceptable", "note", case);
    let server = Server::start(|sent| {
        if sent.path == "/ping" {
            return success(200);
        }
        let cookie = ("set-cookie", "session=s-12345678".to_owned());
        (200, vec![cookie], "{\"pin\":\"p1n-x\",\"data\":{\"token\":\"t\"}}".to_owned())
    });
    let (ended, report) = run(&small, &server.url, &["not_acceptable"]);
    let everything = format!("{}{}{report}", ended.stdout, ended.stderr);
    assert!(
        everything.contains("a `number` of fewer than 8 characters of its own"),
        "{everything}"
    );
    assert!(!everything.contains("p1n-x"), "{everything}");
}

/// A contract in which a login gives a token, which later requests use in a path and in place of the key.
fn tokens() -> Small {
    let requests = r#"
[requests.login]
method = "POST"
path = "/login"

[requests.thing]
method = "GET"
path = "/things/{token}"
headers = { Authorization = "Bearer {token}" }
first = [{ request = "login", capture = { token = "/token" } }]
after-all = [{ request = "drop", status = 204 }]
secret = ["token"]

[requests.drop]
method = "DELETE"
path = "/things/{token}"
"#;
    let small = Small::new(&["gone"], "", requests);
    small.scenario(410, "gone", "thing", "[[cases]]\nid = \"gone\"\nwith = { query = \"a=1\" }\n");
    small
}

#[test]
fn a_captured_value_goes_in_place_of_the_key_and_leads_to_no_other_place() {
    // What the login says, where later requests go, and why the case is not judged if it is not.
    let missing = "not judged: the step POST /login was answered 200 without the `token` at `/token`; the response is not shown, since a secret may be in it";
    let rows = [
        (r#"{"token":"t0k/en-12345678"}"#, Some("t0k/en-12345678"), None),
        (r#"{"token":".."}"#, None, Some(missing)),
        (r#"{"token":"t0ken-12345678/../users"}"#, None, Some(missing)),
        (r#"{"token":["t0ken-12345678"]}"#, None, Some(missing)),
        (r#"{"tokens":"t0ken-12345678"}"#, None, Some(missing)),
        (r#"{"id":7,"token":{"value":"t0ken-12345678"}}"#, None, Some(missing)),
    ];
    for (login, step, why) in rows {
        let server = Server::start(move |sent| match (sent.method.as_str(), sent.path.as_str()) {
            ("POST", _) => (200, Vec::new(), login.to_owned()),
            ("DELETE", _) => success(204),
            (_, "/ping") => success(200),
            _ => error(410, "gone"),
        });
        let (ended, report) = run(&tokens(), &server.url, &[]);
        let trials = trials_of(&report, "server");
        let everything = format!("{}{}{report}", ended.stdout, ended.stderr);
        assert!(!everything.contains("12345678"), "{everything}");
        assert_eq!(trials[0]["why"].as_str(), why, "{everything}");
        let sent = server.take();
        let paths: Vec<_> = sent.iter().filter(|sent| sent.path.starts_with("/things")).collect();
        let expected = step.map(|step| [format!("/things/{step}?a=1"), format!("/things/{step}")]);
        let got: Vec<_> = paths.iter().map(|sent| sent.path.clone()).collect();
        assert_eq!(got, expected.map_or(vec![], Vec::from), "{everything}");
        if step.is_some() {
            assert_eq!(ended.code, 0, "{everything}");
            let keys: Vec<_> = paths.iter().map(|sent| sent.header("authorization")).collect();
            assert_eq!(keys[0], Some("Bearer t0k/en-12345678"));
        }
    }
}

#[test]
fn an_error_that_tells_a_captured_secret_back_is_a_leak() {
    let server = Server::start(|sent| match (sent.method.as_str(), sent.path.as_str()) {
        ("POST", _) => (200, Vec::new(), r#"{"token":"t0ken-12345678"}"#.to_owned()),
        ("DELETE", _) => success(204),
        (_, "/ping") => success(200),
        (_, path) => (410, Vec::new(), format!(r#"{{"code":"gone","message":"{path} is gone"}}"#)),
    });
    let (ended, report) = run(&tokens(), &server.url, &[]);
    let trials = trials_of(&report, "server");
    let checks = &trials[0]["findings"];
    assert_eq!((ended.code, &checks[0]["check"]), (101, &"secret-leak".into()), "{ended:?}");
    let everything = format!("{}{}{report}", ended.stdout, ended.stderr);
    assert!(!everything.contains("12345678"), "{everything}");
}

#[test]
fn only_a_secret_of_a_step_goes_in_place_of_the_key_and_no_case_breaks_a_key_that_is_not_sent() {
    let request = |first: &str, secret: &str| {
        format!(
            "[requests.login]\nmethod = \"POST\"\npath = \"/login\"\n[requests.thing]\nmethod = \"GET\"\npath = \"/thing\"\nheaders = {{ Authorization = \"Bearer {{token}}\" }}\nfirst = [{first}]\nsecret = [{secret}]\n"
        )
    };
    let login = "{ request = \"login\", capture = { token = \"/token\" } }";
    let rows = [
        (request("", ""), "key = \"absent\"", "`Authorization` cannot be added"),
        (request(login, ""), "key = \"absent\"", "`Authorization` cannot be added"),
        (request(login, "\"token\""), "key = \"absent\"", "the key of this case is not sent"),
    ];
    for (requests, defect, title) in rows {
        let small = Small::new(&["gone"], "", &requests);
        small.scenario(410, "gone", "thing", &format!("[[cases]]\nid = \"gone\"\n{defect}\n"));
        let (code, said) = lint(&small);
        assert!(code == 2 && said.contains(title), "{title}: {said}");
    }
}
