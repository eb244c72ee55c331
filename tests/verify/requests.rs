//! What a contract says of its requests: methods, queries, headers, bodies of any kind, and what is wrong with a header.

mod fresh;
mod hooks;
mod small;
mod steps;

use std::{
    collections::BTreeSet,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use serde_json::Value;
use small::{KEY, Sent, Server, Small, error, success};

use crate::support::{Ended, command, errproof, plan, trials_of};

/// Runs a contract against a server, with the report.
fn run(small: &Small, url: &str, flags: &[&str]) -> (Ended, Value) {
    let reports = tempfile::tempdir().expect("a folder");
    let to = reports.path().to_str().expect("a path in UTF-8");
    let given = ["--contract", small.folder(), "--target-url", url, "--report-dir", to];
    let ended = errproof(&[&given[..], flags].concat(), &KEY);
    let report = std::fs::read_to_string(reports.path().join("report.json")).unwrap_or_default();
    (ended, serde_json::from_str(&report).unwrap_or_default())
}

/// The trials of a report that did not pass, each with its outcome.
fn not_passed(report: &Value) -> Vec<String> {
    let trials = trials_of(report, "server");
    let red = trials.iter().filter(|trial| trial["outcome"] != "pass");
    red.map(|trial| format!("{}: {}", trial["name"].as_str().unwrap_or_default(), trial["outcome"]))
        .collect()
}

const VERSIONED: &str = r#"
[headers]
Api-Version = "2022-06-28"
X-Of-All = "all"

[requests.form]
method = "POST"
path = "/form?a=b"
query = { "expand[]" = "a customer&more" }
headers = { Idempotency-Key = "{fresh}", x-of-all = "own" }
form = { amount = "100", note = "a&b {fresh}" }

[requests.multipart]
method = "POST"
path = "/multipart"
multipart = { purpose = "x", file = { filename = "a.txt", media-type = "text/plain", text = "inside" } }

[requests.text]
method = "PUT"
path = "/text"
text = "id: {fresh}"
media-type = "text/yaml"

[requests.bytes]
method = "PATCH"
path = "/bytes"
bytes = "00 ff"
media-type = "application/octet-stream"

[requests.file]
method = "PUT"
path = "/file"
file = "bodies/manifest.json"
media-type = "application/vnd.oci.image.manifest.v1+json"

[requests.json]
method = "PROPFIND"
path = "/json"
json = '{"id": "{fresh}", "amount": null}'

[requests.head]
method = "HEAD"
path = "/head"

[requests.options]
method = "OPTIONS"
path = "/options"
"#;

const EACH: [&str; 8] = ["form", "multipart", "text", "bytes", "file", "json", "head", "options"];

/// The contract of an API that wants to be told its version, with a case at each request, whose twin is that request.
fn versioned() -> Small {
    let small = Small::new(&["no_version"], "", VERSIONED);
    std::fs::create_dir(std::path::Path::new(small.folder()).join("bodies")).expect("created");
    small.write("bodies/manifest.json", "{ \"schemaVersion\": 2 }\n");
    let case = |request: &&str| {
        format!(
            "[[cases]]\nid = \"at-{request}\"\nrequest = \"{request}\"\nheader = {{ remove = \"api-version\" }}\ntwin = {{}}\n"
        )
    };
    small.scenario(400, "no_version", "form", &EACH.iter().map(case).collect::<Vec<_>>().concat());
    small
}

/// What such an API says.
fn with_version(sent: &Sent) -> small::Reply {
    match sent.header("api-version") {
        _ if sent.path == "/ping" => success(200),
        Some("2022-06-28") => success(200),
        _ => error(400, "no_version"),
    }
}

#[test]
fn each_request_is_sent_as_the_contract_says_and_a_case_without_its_header_is_its_own_twin() {
    let server = Server::start(with_version);
    let small = versioned();
    let (ended, report) = run(&small, &server.url, &[]);
    assert_eq!((ended.code, not_passed(&report)), (0, vec![]), "{ended:?}");
    let sent = server.take();
    let at = |path: &str| -> Vec<&Sent> {
        sent.iter().filter(|sent| sent.path.split('?').next() == Some(path)).collect()
    };
    // The case and its twin.
    assert!(EACH.iter().all(|name| at(&format!("/{name}")).len() == 2), "{sent:?}");
    let fresh = regex::Regex::new("^[0-9a-f]{32}$").expect("a pattern");
    let mut seen = BTreeSet::new();
    for sent in at("/form") {
        assert_eq!(sent.path, "/form?a=b&expand%5B%5D=a%20customer%26more");
        assert_eq!(sent.header("content-type"), Some("application/x-www-form-urlencoded"));
        let id = sent.header("idempotency-key").expect("it is there");
        assert!(fresh.is_match(id) && seen.insert(id.to_owned()), "{id}");
        assert_eq!(sent.text(), format!("amount=100&note=a%26b+{id}"));
        let of_all: Vec<_> =
            sent.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("x-of-all")).collect();
        assert!(matches!(of_all[..], [(_, value)] if value == "own"), "{of_all:?}");
    }
    for sent in at("/multipart") {
        assert_eq!(
            sent.header("content-type"),
            Some("multipart/form-data; boundary=errproof-boundary-1")
        );
        assert!(sent.text().contains(
            "name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\ninside\r\n"
        ));
        assert_eq!(sent.header("x-of-all"), Some("all"));
    }
    for sent in at("/text") {
        assert_eq!((sent.method.as_str(), sent.header("content-type")), ("PUT", Some("text/yaml")));
        let text = sent.text();
        let id = text.strip_prefix("id: ").expect("as it is written");
        assert!(fresh.is_match(id) && seen.insert(id.to_owned()), "{text}");
    }
    let whole = |path: &str| {
        (at(path)[0].body.clone(), at(path)[0].header("content-type").map(str::to_owned))
    };
    assert_eq!(whole("/bytes"), (vec![0, 255], Some("application/octet-stream".to_owned())));
    let manifest = "application/vnd.oci.image.manifest.v1+json".to_owned();
    assert_eq!(whole("/file"), (b"{ \"schemaVersion\": 2 }\n".to_vec(), Some(manifest)));
    for sent in at("/json") {
        assert_eq!(sent.method, "PROPFIND");
        let text = sent.text();
        let id = text.get(8..40).expect("an id");
        assert!(fresh.is_match(id) && seen.insert(id.to_owned()), "{text}");
        assert_eq!(text, format!("{{\"id\": \"{id}\", \"amount\": null}}"));
    }
    assert_eq!(
        (at("/head")[0].method.as_str(), at("/options")[0].method.as_str()),
        ("HEAD", "OPTIONS")
    );
    let versions = sent.iter().filter(|sent| sent.header("api-version").is_some()).count();
    assert_eq!(versions, 1 + EACH.len(), "the preflight and the twins: {sent:?}");
}

#[test]
fn a_server_that_does_not_look_at_the_header_is_red_and_its_commands_make_fresh_values_anew() {
    let server = Server::start(|_| success(200));
    let small = versioned();
    let (ended, report) = run(&small, &server.url, &[]);
    assert_eq!((ended.code, not_passed(&report).len()), (101, EACH.len()), "{ended:?}");
    if Command::new("curl").arg("--version").output().is_err() {
        return crate::support::skip("there is no curl on this machine");
    }
    let without = |sent: &Sent| {
        let hex = regex::Regex::new("[0-9a-f]{32}").expect("a pattern");
        let mut headers: Vec<_> = sent
            .headers
            .iter()
            .map(|(name, value)| {
                (name.to_ascii_lowercase(), hex.replace_all(value, "(fresh)").into_owned())
            })
            .filter(|(name, _)| !["user-agent", "accept", "host"].contains(&name.as_str()))
            .collect();
        headers.sort();
        let body = String::from_utf8_lossy(&sent.body).into_owned();
        (
            sent.method.clone(),
            sent.path.clone(),
            headers,
            hex.replace_all(&body, "(fresh)").into_owned(),
        )
    };
    let by_errproof: Vec<Sent> = server.take();
    for trial in trials_of(&report, "server") {
        let again = trial["evidence"]["again"].as_str().expect("a command");
        let mut values = BTreeSet::new();
        for _ in 0..2 {
            let ended = Command::new("sh").args(["-c", again]).envs(KEY).output().expect("a shell");
            assert!(ended.status.success(), "{again}: {ended:?}");
            let [sent] = &server.take()[..] else { panic!("{again}") };
            assert!(
                by_errproof.iter().any(|own| without(own) == without(sent)),
                "{again}: {sent:?}"
            );
            values.insert(sent.header("idempotency-key").map(str::to_owned));
        }
        assert_eq!(values.len(), if again.contains("/form?") { 2 } else { 1 }, "{again}");
        assert_eq!(
            again.contains("fresh=$("),
            ["/form?", "/text", "/json"].iter().any(|path| again.contains(path))
        );
    }
}

#[test]
fn what_an_account_may_not_do_is_everywhere_if_the_case_says_so_and_else_where_something_costs() {
    let tables = format!(
        "{SHOP}[slots.guest]\nenv = \"SMALL_GUEST\"\npurpose = \"a key that may do nothing\"\n"
    );
    let points = |more: &str| {
        let small = Small::new(&["forbidden"], "", &tables);
        small.write("schemas/pay.json", "true");
        let case = format!(
            "[twin]\nslot = \"valid\"\n[[cases]]\nid = \"guest\"\nslot = \"guest\"\n{more}"
        );
        small.scenario(403, "forbidden", "pay", &case);
        let given = ["--contract", small.folder(), "--target-url", "http://127.0.0.1:9", "--list"];
        let ended = errproof(&given, &KEY);
        ended.stdout.lines().filter(|line| line.contains("forbidden::guest")).count()
    };
    assert_eq!((points(""), points("everywhere = true\n")), (1, 4));
}

/// What `errproof lint` says of a contract.
fn lint(small: &Small) -> (i32, String) {
    let ended = command("lint", &["--contract", small.folder()], &[]);
    (ended.code, ended.stdout + &ended.stderr)
}

#[test]
fn what_a_request_cannot_have_is_a_fault_with_its_place() {
    let tables = r#"
[headers]
Content-Length = "7"
Authorization = "Bearer me"
"X Y" = "z"

[requests.two]
method = "post"
path = "/two"
headers = { Content-Type = "text/plain", Accept = "a\nb" }
body = { a = 1 }
form = { a = "1" }

[requests.bare]
method = "POST"
path = "/bare"
text = "hello"

[requests.bytes]
method = "POST"
path = "/bytes"
bytes = "0"
media-type = "application/octet-stream"

[requests.outside]
method = "POST"
path = "/outside"
file = "../outside.json"
media-type = "application/json"

[requests.none]
method = "POST"
path = "/none"
media-type = "text"

[requests.broken]
method = "HE AD"
path = "/broken"
json = '{"a": nul}'

[requests.head]
method = "HEAD"
path = "/head"
body = {}

[requests.odd]
method = "CONNECT"
path = "/odd"
multipart = { a = { filename = "a", media-type = "?", text = "" }, b = { file = "b" } }

[requests.judged]
method = "POST"
path = "/judged"
form = { amount = "x" }
input = "schemas/amount.json"
"#;
    let small = Small::new(&["bad"], "", tables);
    small.write("schemas/amount.json", r#"{"properties":{"amount":{"pattern":"^[0-9]+$"}}}"#);
    small.scenario(400, "bad", "ping", "[[cases]]\nid = \"one\"\nkey = \"absent\"\n");
    let (code, said) = lint(&small);
    assert_eq!(code, 2, "{said}");
    insta::assert_snapshot!(said);
}

#[test]
fn a_defect_that_cannot_be_is_a_fault_with_its_place() {
    let tables = "[headers]\nAccept = \"text/csv\"\n[requests.pay]\nmethod = \"POST\"\npath = \"/pay\"\nform = { amount = \"1\" }\ninput = \"schemas/amount.json\"\n[requests.text]\nmethod = \"POST\"\npath = \"/text\"\ntext = \"a\"\nmedia-type = \"text/plain\"\n";
    let small = Small::new(&["bad", "later"], "", tables);
    small.write("schemas/amount.json", r#"{"properties":{"amount":{"pattern":"^[0-9]+$"}}}"#);
    let cases = [
        "header = { remove = \"Accept\" }\nkey = \"absent\"",
        "header = { remove = \"Acept\" }",
        "header = { remove = \"Host\" }",
        "header = { remove = \"authorization\" }",
        "header = { set = { name = \"Transfer-Encoding\", to = \"x\" } }",
        "header = { set = { name = \"accept\", to = \"text/csv\" } }",
        "header = { set = { name = \"content-type\", to = \"a\\nb\" } }",
        "header = { drop = \"Accept\" }",
        "body = { set = { at = \"/amount\", null = true } }",
        "body = { set = { at = \"/amount\" } }",
        "body = { set = { at = \"/amount\", to = \"2\" } }",
        "body = { remove = \"/amunt\" }",
        "request = \"text\"\nbody = { remove = \"/a\" }",
        "key = \"absent\"\ntwin = { request = \"pya\", slot = \"vaild\", reaches = \"bad\" }",
    ];
    let cases = cases
        .iter()
        .enumerate()
        .map(|(at, case)| format!("[[cases]]\nid = \"case-{at}\"\n{case}\n"))
        .collect::<Vec<_>>()
        .concat();
    small.scenario(400, "bad", "pay", &format!("generate = true\ngrammar = {{}}\n{cases}"));
    let (code, said) = lint(&small);
    assert_eq!(code, 2, "{said}");
    insta::assert_snapshot!(said);
}

#[test]
fn a_target_may_change_each_word_of_a_request() {
    let server = Server::start(with_version);
    let small = versioned();
    let target = format!(
        "base-url = \"{}\"\n[requests.form]\nmethod = \"PUT\"\nquery = {{ c = \"d\" }}\nheaders = {{ X-Own = \"here\" }}\nbody = {{ a = 1 }}\n[requests.text]\nmedia-type = \"text/plain\"\n[requests.bytes]\nfile = \"bodies/manifest.json\"\nmedia-type = \"a/b\"\n[headers]\nX-Of-All = {{ value = \"target\" }}\n",
        server.url
    );
    small.write("targets/here.toml", &target);
    let ended = errproof(&["--contract", small.folder(), "--target", "here"], &KEY);
    assert_eq!(ended.code, 0, "{ended:?}");
    let sent = server.take();
    let at = |path: &str| sent.iter().find(|sent| sent.path.starts_with(path)).expect("it came");
    let form = at("/form");
    assert_eq!(
        (form.method.as_str(), form.path.as_str(), form.text().as_str()),
        ("PUT", "/form?a=b&c=d", "{\"a\":1}")
    );
    assert_eq!(form.header("content-type"), Some("application/json"));
    assert_eq!((form.header("x-own"), form.header("idempotency-key")), (Some("here"), None));
    assert_eq!(form.header("x-of-all"), Some("target"));
    assert_eq!(at("/text").header("content-type"), Some("text/plain"));
    assert_eq!((at("/bytes").header("content-type"), at("/bytes").body.len()), (Some("a/b"), 23));
    small.write("targets/here.toml", &(target + "[requests.json]\nform = { a = \"b\" }\ntext = \"c\"\nmethod = \"get\"\nheaders = { Host = \"h\" }\n"));
    let ended = errproof(&["--contract", small.folder(), "--target", "here"], &KEY);
    assert_eq!(ended.code, 2, "{ended:?}");
    for said in ["two bodies in one request", "not a method", "`Host` cannot be added"] {
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
    }
}

const SHOP: &str = r#"
[points]

[headers]
Accept = "application/json"

[requests.pay]
method = "POST"
path = "/pay"
form = { amount = "100", currency = "eur" }
input = "schemas/pay.json"

[requests.note]
method = "POST"
path = "/note"
body = { amount = 1 }
headers = { X-Note = "1" }

[requests.read]
method = "GET"
path = "/read"
"#;

/// A shop that says what is wrong with a media type, an `Accept` and an amount. `lenient` is what it does not look at.
fn shop(lenient: &'static str) -> impl Fn(&Sent) -> small::Reply {
    move |sent| {
        let is = |name: &str, value: &str| sent.header(name) == Some(value);
        let text = sent.text();
        let has_body = sent.method == "POST";
        let media = if sent.path == "/pay" {
            "application/x-www-form-urlencoded"
        } else {
            "application/json"
        };
        if lenient != "accept" && !is("accept", "application/json") {
            error(406, "not_acceptable")
        } else if sent.path == "/ping" {
            success(200)
        } else if lenient != "media" && has_body && !is("content-type", media) {
            error(415, "unsupported_media")
        } else if lenient != "note" && sent.path == "/note" && sent.header("x-note").is_none() {
            error(428, "no_note")
        } else if lenient != "amount"
            && has_body
            && (!text.contains("amount") || text.contains("null"))
        {
            error(400, "bad_amount")
        } else {
            success(200)
        }
    }
}

#[test]
fn a_wrong_header_is_wrong_at_every_request_that_can_have_it_and_forms_are_broken_by_their_fields()
{
    let small =
        Small::new(&["not_acceptable", "unsupported_media", "no_note", "bad_amount"], "", SHOP);
    small.write(
        "schemas/pay.json",
        r#"{"required":["amount"],"properties":{"amount":{"type":"string"}}}"#,
    );
    let set = |name: &str, to: &str| {
        format!(
            "[twin]\n[[cases]]\nid = \"one\"\nheader = {{ set = {{ name = \"{name}\", to = \"{to}\" }} }}\n"
        )
    };
    small.scenario(406, "not_acceptable", "pay", &set("Accept", "text/csv"));
    small.scenario(415, "unsupported_media", "pay", &set("Content-Type", "text/csv"));
    small.scenario(
        428,
        "no_note",
        "note",
        "[twin]\n[[cases]]\nid = \"one\"\nheader = { remove = \"X-Note\" }\n",
    );
    small.scenario(400, "bad_amount", "pay", "[twin]\n[[cases]]\nid = \"missing\"\nbody = { remove = \"/amount\" }\n[[cases]]\nid = \"null\"\nrequest = \"note\"\nbody = { set = { at = \"/amount\", null = true } }\n");
    let names = |report: &Value| -> Vec<String> {
        trials_of(report, "server")
            .iter()
            .map(|trial| trial["name"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let server = Server::start(shop(""));
    let (ended, report) = run(&small, &server.url, &[]);
    assert_eq!((ended.code, not_passed(&report)), (0, vec![]), "{ended:?}");
    assert_eq!(
        names(&report),
        [
            "bad_amount::missing",
            "bad_amount::null",
            "not_acceptable::one",
            "not_acceptable::one@note-bearer",
            "not_acceptable::one@ping-bearer",
            "not_acceptable::one@read-bearer",
            "unsupported_media::one",
            "unsupported_media::one@note-bearer",
            "no_note::one",
        ]
    );
    for lenient in ["accept", "media", "note", "amount"] {
        let server = Server::start(shop(lenient));
        let (ended, report) = run(&small, &server.url, &[]);
        assert_eq!(ended.code, 101, "{lenient}: {ended:?}");
        let red = not_passed(&report);
        let of = ["accept", "media", "note", "amount"]
            .iter()
            .zip(["not_acc", "unsupp", "no_note", "bad_am"]);
        let code = of.into_iter().find(|(name, _)| **name == lenient).map(|(_, code)| code);
        assert!(
            !red.is_empty()
                && red.iter().all(|name| code.is_some_and(|code| name.starts_with(code))),
            "{lenient}: {red:?}"
        );
    }
}

#[test]
fn a_case_proves_nothing_if_its_own_twin_is_refused_as_well() {
    let small = versioned();
    let server = Server::start(|sent| match &*sent.path {
        "/ping" => success(200),
        "/json" => error(400, "no_version"),
        _ => with_version(sent),
    });
    let (ended, report) = run(&small, &server.url, &[]);
    assert_eq!(
        (ended.code, not_passed(&report)),
        (101, vec!["no_version::at-json: \"error\"".to_owned()]),
        "{ended:?}"
    );
}

/// Trials that are under way at once: the most that others were when the lone one's request was, and the most at all.
fn under_way(lone: &str) -> (usize, usize) {
    let small = Small::new(&["bad"], "", "[requests.lone]\nmethod = \"POST\"\npath = \"/lone\"\n");
    let cases = (0..24).map(|at| format!("[[cases]]\nid = \"case-{at}\"\nkey = \"absent\"\n"));
    let cases = cases.collect::<Vec<_>>().concat();
    let last = "[[cases]]\nid = \"at-last\"\nkey = \"absent\"\nlast = true\n";
    let lone = format!("[[cases]]\nid = \"lone\"\nrequest = \"lone\"\nkey = \"absent\"\n{lone}\n");
    small.scenario(400, "bad", "ping", &format!("[twin]\n{lone}{cases}{last}"));
    let now = std::sync::Arc::new(AtomicUsize::new(0));
    let most = std::sync::Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let (counted, seen) = (std::sync::Arc::clone(&now), std::sync::Arc::clone(&most));
    let server = Server::start(move |sent| {
        let others = counted.fetch_add(1, Ordering::SeqCst);
        seen[1].fetch_max(others + 1, Ordering::SeqCst);
        let is_lone = sent.path == "/lone";
        thread::sleep(Duration::from_millis(if is_lone { 400 } else { 60 }));
        let left = counted.fetch_sub(1, Ordering::SeqCst) - 1;
        if is_lone {
            seen[0].fetch_max(others.max(left), Ordering::SeqCst);
        }
        if sent.header("authorization").is_some() { success(200) } else { error(400, "bad") }
    });
    let (ended, _) = run(&small, &server.url, &["--test-threads=4"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let said = plan(&["--contract", small.folder(), "--target-url", &server.url], &KEY);
    assert!(said.contains("26 of 26 cases"), "{said}");
    (most[0].load(Ordering::SeqCst), most[1].load(Ordering::SeqCst))
}

#[test]
fn no_other_trial_is_under_way_with_one_that_has_to_be_alone() {
    let (others, most) = under_way("alone = true");
    assert_eq!(others, 0);
    assert!(most > 1, "{most}");
    assert!(under_way("").0 > 0, "the test sees nothing");
    // It may be one of the last as well.
    assert_eq!(under_way("alone = true\nlast = true").0, 0);
}
