//! Errors that have no code, one code for several, a number, another form: each promise holds where it is kept, and is red where
//! it is not. The server answers what a row says to who sends no key, and is fine with everybody else.

use std::{fs, path::Path};

use serde_json::Value;
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers};

use crate::support::errproof;

mod faults;
mod rows;

use faults::FAULTS;
use rows::ROWS;

/// What a response has.
struct Response {
    status: u16,
    media: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
}

const fn json(status: u16, body: &'static str) -> Response {
    Response { status, media: "application/json", headers: &[], body }
}

const fn of(media: &'static str, status: u16, body: &'static str) -> Response {
    Response { status, media, headers: &[], body }
}

/// Begin of a contract: a key, one request, and an envelope of which a row says the rest.
const CONTRACT: &str = r#"
name = "the row's API"
docs_here
chain = chain_here

[key]
prefix = "sk_"
alphabet = "abcdefghijklmnopqrstuvwxyz"
length = 12

[[key.carriers]]
name = "bearer"
header = "Authorization"
before = "Bearer "

[requests.thing]
method = "GET"
path = "/thing"

[preflight]
request = "thing"
slot = "valid"

[slots.valid]
env = "ROW_KEY"
purpose = "a key"
"#;

/// A row's contract: what it says of envelopes, and its scenarios. The first is provoked, by a request without a key.
struct Row {
    name: &'static str,
    envelope: &'static str,
    chain: &'static str,
    scenarios: &'static [&'static str],
    /// Each response, and the checks that do not hold of it.
    responses: &'static [(Response, &'static [&'static str])],
}

const PLAIN: &str = "[envelope]\nschema = \"any.json\"\ncode = \"/code\"\nmessage = \"/message\"\n";

/// Writes a row's contract into a folder.
fn write(row: &Row, folder: &Path) {
    let docs = "docs = \"https://docs.example.com/errors#{code}\"";
    let has_docs = row.envelope.contains("docs =");
    let contract = CONTRACT
        .replace("docs_here", if has_docs { docs } else { "" })
        .replace("chain_here", row.chain);
    fs::create_dir(folder.join("scenarios")).expect("a folder");
    for (schema, text) in [
        ("any.json", "true"),
        ("title.json", r#"{"properties":{"errors":{"required":["title"]}}}"#),
        ("size.json", r#"{"properties":{"errors":{"required":["size"]}}}"#),
    ] {
        fs::write(folder.join(schema), text).expect("written");
    }
    fs::write(folder.join("contract.toml"), contract + row.envelope).expect("written");
    for (at, scenario) in row.scenarios.iter().enumerate() {
        let (scenario, field) = match scenario.strip_suffix("\nfield") {
            Some(scenario) => (scenario, "field = \"tone\"\n"),
            None => (*scenario, ""),
        };
        // The others are there to be told from the first.
        let rest = if at == 0 {
            format!(
                "request = \"thing\"\nslot = \"valid\"\n[twin]\n[[cases]]\nid = \"no-key\"\nkey = \"absent\"\n{field}"
            )
        } else {
            "unprovoked = \"the row is about another one\"\n".to_owned()
        };
        let text = format!("{scenario}\npromise = \"the row's\"\nsource = \"the row\"\n{rest}");
        // The first file by name is another one's: that tells nothing.
        let file = format!("scenarios/{}.toml", row.scenarios.len() - at);
        fs::write(folder.join(file), text).expect("written");
    }
}

/// A server that answers so to who sends no key, and at `/closed`, and this to everybody else.
async fn server(response: &Response, others: &'static str) -> MockServer {
    let server = MockServer::start().await;
    let mut refusal = ResponseTemplate::new(response.status)
        .set_body_raw(response.body.as_bytes(), response.media);
    if response.media.is_empty() {
        refusal = ResponseTemplate::new(response.status);
        if !response.body.is_empty() {
            refusal = refusal.set_body_raw(response.body.as_bytes(), "text/plain");
        }
    }
    for (name, value) in response.headers {
        refusal = refusal.append_header(*name, *value);
    }
    let answer = move |request: &Request| {
        if request.headers.contains_key("authorization") && request.url.path() != "/closed" {
            ResponseTemplate::new(200).set_body_raw(others, "application/json")
        } else {
            refusal.clone()
        }
    };
    Mock::given(matchers::any()).respond_with(answer).mount(&server).await;
    server
}

#[test]
fn an_error_is_told_by_what_its_docs_promise_of_it_and_by_nothing_else() {
    let runtime = tokio::runtime::Runtime::new().expect("the runtime starts");
    for row in ROWS {
        for (response, expected) in row.responses {
            let folder = tempfile::tempdir().expect("a folder");
            write(row, folder.path());
            let server = runtime.block_on(server(response, "{}"));
            let reports = folder.path().join("reports");
            let flags = [
                "--contract",
                folder.path().to_str().expect("a path"),
                "--target-url",
                &server.uri(),
                "--report-dir",
                reports.to_str().expect("a path"),
            ];
            let ended = errproof(&flags, &[("ROW_KEY", "sk_abcdefghijkl")]);
            let said = format!("{}: {}\n{}{}", row.name, response.body, ended.stdout, ended.stderr);
            let report = fs::read_to_string(reports.join("report.json"));
            let report = report.unwrap_or_else(|_| panic!("{said}"));
            let report: Value = serde_json::from_str(&report).expect("JSON");
            let trials = crate::support::trials_of(&report, "server");
            let [trial] = trials.as_slice() else { panic!("{said}") };
            let findings = trial["findings"].as_array().expect("a list");
            let mut checks: Vec<_> =
                findings.iter().filter_map(|finding| finding["check"].as_str()).collect();
            checks.dedup();
            assert_eq!(checks, *expected, "{said}");
            assert_eq!(ended.code, if expected.is_empty() { 0 } else { 101 }, "{said}");
        }
    }
}

#[test]
fn an_error_that_no_scenario_has_is_no_success_by_whichever_envelope_it_is_told() {
    const STATEMENTS: &str = "[envelope]\nschema = \"any.json\"\nmessage = \"/error\"\n\n[envelopes.statement]\nschema = \"any.json\"\nsuccess-statuses = true\n";
    let statements = |places: &str| format!("{STATEMENTS}{places}");
    let told = "message = \"/results/*/error\"\n";
    let coded = "code = \"/responses/*/errno\"\nmessage = \"/responses/*/message\"\n";
    let at_top = "message = \"/message\"\n";
    // What the envelope of a name says, what everybody else is answered, and whether that is a success.
    let rows = [
        (told, r#"{"results":[{"id":0}]}"#, true),
        (told, r#"{"results":[{"id":0},{"id":1,"error":"timeout"}]}"#, false),
        (told, r#"{"results":[{"error":null}]}"#, true),
        (coded, r#"{"responses":[{"errno":998,"message":"no"}]}"#, false),
        (coded, r#"{"responses":[{"errno":null},{"body":{}}]}"#, true),
        (coded, r#"{"responses":[]}"#, true),
        // Many successes have a message.
        (at_top, r#"{"message":"it is there"}"#, true),
    ];
    let runtime = tokio::runtime::Runtime::new().expect("the runtime starts");
    let refused = json(401, r#"{"error":"Who are you?"}"#);
    for (places, served, is_success) in rows {
        let folder = tempfile::tempdir().expect("a folder");
        let scenarios = &["name = \"no-key\"\nstatus = 401"];
        let envelope = statements(places).leak();
        let row = Row { name: "", envelope, chain: "[\"no-key\"]", scenarios, responses: &[] };
        write(&row, folder.path());
        let server = runtime.block_on(server(&refused, served));
        let path = folder.path().to_str().expect("a path");
        let flags = ["--contract", path, "--target-url", &server.uri(), "--strict"];
        let ended = errproof(&flags, &[("ROW_KEY", "sk_abcdefghijkl")]);
        assert_eq!(ended.code, if is_success { 0 } else { 101 }, "{served}: {ended:?}");
    }
}

#[test]
fn a_twin_that_gets_just_what_its_case_has_got_is_stuck_though_it_was_to_reach_an_error_like_it() {
    let envelope = "[envelope]\nschema = \"any.json\"\nmessage = \"/message\"\n\n[requests.closed]\nmethod = \"GET\"\npath = \"/closed\"\n";
    let scenarios = &[
        "name = \"parse\"\nstatus = 400\nmessage = { is = \"^error parsing query: \" }",
        "name = \"no-name\"\nstatus = 400\nmessage = { is = \"^error parsing query: expected a name\" }",
    ];
    let chain = "[\"parse\", \"no-name\"]";
    let row = Row { name: "", envelope, chain, scenarios, responses: &[] };
    let runtime = tokio::runtime::Runtime::new().expect("the runtime starts");
    // What the case is answered; its twin is answered the same, and is to reach the narrower one.
    for (body, verdict) in [
        (r#"{"message":"error parsing query: expected a name"}"#, "not judged"),
        (r#"{"message":"error parsing query: expected a number"}"#, "not judged"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        write(&row, folder.path());
        let file = folder.path().join("scenarios/2.toml");
        let text = fs::read_to_string(&file).expect("written");
        let twin = "[twin]\nrequest = \"closed\"\nreaches = \"no-name\"\n";
        fs::write(&file, text.replace("[twin]\n", twin)).expect("written");
        let server = runtime.block_on(server(&json(400, body), "{}"));
        let path = folder.path().to_str().expect("a path");
        let flags = ["--contract", path, "--target-url", &server.uri()];
        let ended = errproof(&flags, &[("ROW_KEY", "sk_abcdefghijkl")]);
        assert!(ended.code == 101 && ended.stdout.contains(verdict), "{body}: {ended:?}");
    }
}

#[test]
fn what_cannot_tell_an_error_from_others_is_a_fault_with_its_place() {
    for (envelope, scenarios, titles) in FAULTS {
        let folder = tempfile::tempdir().expect("a folder");
        let row =
            Row { name: "", envelope, chain: "[\"bad\", \"other\"]", scenarios, responses: &[] };
        write(&row, folder.path());
        let path = folder.path().to_str().expect("a path");
        let ended = errproof(&["--contract", path, "--target-url", "http://127.0.0.1:9"], &[]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{scenarios:?} {}", ended.stderr);
        for title in *titles {
            assert!(ended.stderr.contains(&format!("error: {title}")), "{title}: {}", ended.stderr);
        }
        assert!(ended.stderr.contains("-->") && ended.stderr.contains(" ^"), "{}", ended.stderr);
    }
}

#[test]
fn a_refusal_is_told_by_its_own_envelope_whatever_the_others_look_like() {
    use errproof::internals::{
        checks::reading::Reading,
        contract::Contract,
        exchange::message::{Answer, Ending},
    };
    let row = Row {
        name: "",
        envelope: "[envelope]\nschema = \"any.json\"\ncode = \"/code\"\n\n[envelopes.gate]\nform = \"text\"\nmessage = \"body\"\n",
        chain: "[\"bad\"]",
        scenarios: &[
            "name = \"bad\"\nstatus = 403\nenvelope = \"gate\"\nmessage = { is = \"^Too many\" }",
        ],
        responses: &[],
    };
    let folder = tempfile::tempdir().expect("a folder");
    write(&row, folder.path());
    let contract = Contract::load(folder.path()).unwrap_or_else(|faults| panic!("{faults:?}"));
    for (status, body, expected) in
        [(403, "Too many requests", true), (403, "Not for you", false), (429, "Too many", false)]
    {
        let (headers, body) = (Vec::new(), body.as_bytes().to_vec());
        let answer = Answer { status, headers, body, ending: Ending::Complete };
        let reading = Reading::of(&answer, &contract.envelope.places);
        assert_eq!(reading.is_refusal(&contract.scenarios[0]), expected, "{answer:?}");
    }
}
