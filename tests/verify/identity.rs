//! Errors that have no code, one code for several, a number, another form: each promise holds where it is kept, and is red where
//! it is not. The server answers what a row says to who sends no key, and is fine with everybody else.

use std::{fs, path::Path};

use serde_json::Value;
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers};

use crate::support::errproof;

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

const ROWS: &[Row] = &[
    Row {
        name: "a code is told by its status where it is absent",
        envelope: PLAIN,
        chain: "[\"no-key\", \"bad\"]",
        scenarios: &[
            "name = \"no-key\"\ncode = \"\"\nstatus = 401",
            "code = \"bad\"\nstatus = 401",
        ],
        responses: &[
            (json(401, r#"{"message":"Who are you?"}"#), &[]),
            (json(401, r#"{"code":null,"message":"Who are you?"}"#), &[]),
            (json(401, r#"{"code":"","message":"Who are you?"}"#), &["code"]),
            (json(401, r#"{"code":"bad","message":"Who are you?"}"#), &["code"]),
            (json(403, r#"{"message":"Who are you?"}"#), &["status"]),
            (json(401, "{}"), &["message"]),
        ],
    },
    Row {
        name: "nothing is promised of a code that is left out, but that it is no other error's",
        envelope: PLAIN,
        chain: "[\"no-key\", \"bad\"]",
        scenarios: &["name = \"no-key\"\nstatus = 401", "code = \"bad\"\nstatus = 401"],
        responses: &[
            (json(401, r#"{"message":"Who are you?"}"#), &[]),
            (json(401, r#"{"code":"whatever","message":"Who are you?"}"#), &[]),
            (json(401, r#"{"code":"bad","message":"Who are you?"}"#), &["code"]),
        ],
    },
    Row {
        name: "one code for two statuses is two errors",
        envelope: PLAIN,
        chain: "[\"no-key\", \"no-right\"]",
        scenarios: &[
            "name = \"no-key\"\ncode = \"security\"\nstatus = 401",
            "name = \"no-right\"\ncode = \"security\"\nstatus = 403",
        ],
        responses: &[
            (json(401, r#"{"code":"security","message":"no key"}"#), &[]),
            (json(403, r#"{"code":"security","message":"no key"}"#), &["status"]),
            (json(401, r#"{"code":"other","message":"no key"}"#), &["code"]),
        ],
    },
    Row {
        name: "one of several statuses, and a class of them",
        envelope: PLAIN,
        chain: "[\"bad\", \"broken\"]",
        scenarios: &["code = \"bad\"\nstatus = [401, 403]", "code = \"broken\"\nstatus = \"5xx\""],
        responses: &[
            (json(401, r#"{"code":"bad","message":"no key"}"#), &[]),
            (json(403, r#"{"code":"bad","message":"no key"}"#), &[]),
            (json(402, r#"{"code":"bad","message":"no key"}"#), &["status"]),
        ],
    },
    Row {
        name: "a message tells which error it is",
        envelope: "[envelope]\nschema = \"any.json\"\nmessage = \"/message\"\n",
        chain: "[\"no-key\", \"bad-key\"]",
        scenarios: &[
            "name = \"no-key\"\nstatus = 401\nmessage = { is = \"^Requires auth\" }",
            "name = \"bad-key\"\nstatus = 401\nmessage = { is = \"^Bad cred\" }",
        ],
        responses: &[
            (json(401, r#"{"message":"Requires authentication"}"#), &[]),
            (json(401, r#"{"message":"Bad credentials"}"#), &["message"]),
            (json(404, r#"{"message":"Requires authentication"}"#), &["status"]),
        ],
    },
    Row {
        name: "a message may be missing where that is said",
        envelope: "[envelope]\nschema = \"any.json\"\nmessage = \"/errors/*\"\nmessage-optional = true\n",
        chain: "[\"no-key\"]",
        scenarios: &["name = \"no-key\"\nstatus = 403"],
        responses: &[
            (json(403, r#"{"errors":["permission denied"]}"#), &[]),
            (json(403, r#"{"errors":[]}"#), &[]),
            (json(403, r#"{"errors":["[object Object]"]}"#), &["message"]),
        ],
    },
    Row {
        name: "a number is not its text",
        envelope: PLAIN,
        chain: "[10000, -32601]",
        scenarios: &["code = 10000\nstatus = 403", "code = -32601\nstatus = 404"],
        responses: &[
            (json(403, r#"{"code":10000,"message":"no key"}"#), &[]),
            (json(403, r#"{"code":1.0e4,"message":"no key"}"#), &[]),
            (json(403, r#"{"code":"10000","message":"no key"}"#), &["code"]),
            (json(403, r#"{"code":10000.5,"message":"no key"}"#), &["code"]),
            (json(403, r#"{"code":-32601,"message":"no key"}"#), &["code"]),
        ],
    },
    Row {
        name: "one of several errors in a response is the scenario's, with its own message",
        envelope: "[envelope]\nschema = \"any.json\"\ncode = \"/errors/*/code\"\nmessage = \"/errors/*/message\"\n",
        chain: "[\"DENIED\"]",
        scenarios: &["code = \"DENIED\"\nstatus = 403"],
        responses: &[
            (json(403, r#"{"errors":[{"code":"DENIED","message":"no"}]}"#), &[]),
            (
                json(
                    403,
                    r#"{"errors":[{"code":"OTHER","message":""},{"code":"DENIED","message":"no"}]}"#,
                ),
                &[],
            ),
            (
                json(
                    403,
                    r#"{"errors":[{"code":"OTHER","message":"no"},{"code":"DENIED","message":""}]}"#,
                ),
                &["message"],
            ),
            (json(403, r#"{"errors":[{"code":"OTHER","message":"no"}]}"#), &["code"]),
            (json(403, r#"{"errors":[]}"#), &["code", "message"]),
            (
                json(403, r#"{"errors":{"0":{"code":"DENIED","message":"no"}}}"#),
                &["code", "message"],
            ),
        ],
    },
    Row {
        name: "the shape of the body tells which error it is",
        envelope: "[envelope]\nschema = \"any.json\"\n\n[envelopes.title]\nschema = \"title.json\"\n\n[envelopes.size]\nschema = \"size.json\"\n",
        chain: "[\"bad-size\", \"bad-title\"]",
        scenarios: &[
            "name = \"bad-size\"\nstatus = 400\nenvelope = \"size\"",
            "name = \"bad-title\"\nstatus = 400\nenvelope = \"title\"",
        ],
        responses: &[
            (json(400, r#"{"errors":{"size":["is too big"]}}"#), &[]),
            (json(400, r#"{"errors":{"title":["is taken"]}}"#), &["envelope.schema", "code"]),
            (json(400, r#"{"errors":{}}"#), &["envelope.schema"]),
        ],
    },
    Row {
        name: "what is told by no code has to be of the promised media type",
        envelope: "[envelope]\nschema = \"any.json\"\nmessage = \"/detail\"\n\n[envelopes.problem]\nschema = \"any.json\"\nmessage = \"/detail\"\nmedia-type = \"application/problem+json\"\n",
        chain: "[\"no-method\", \"problem\"]",
        scenarios: &[
            "name = \"no-method\"\nstatus = 405",
            "name = \"problem\"\nstatus = \"4xx\"\nenvelope = \"problem\"\nmessage = { is = \".\" }",
        ],
        responses: &[
            (json(405, r#"{"detail":"Method Not Allowed"}"#), &[]),
            (of("application/problem+json", 405, r#"{"detail":"Method Not Allowed"}"#), &["code"]),
        ],
    },
    Row {
        name: "the field is named though nothing is promised of a message",
        envelope: "[envelope]\nschema = \"any.json\"\ncode = \"/code\"\nfield = \"/errors/*\"\n",
        chain: "[\"bad\"]",
        scenarios: &["code = \"bad\"\nstatus = 422\nfield"],
        responses: &[
            (json(422, r#"{"code":"bad","errors":{"tone":["is no tone"]}}"#), &[]),
            (json(422, r#"{"code":"bad","errors":{"size":["is no tone"]}}"#), &["message"]),
            (json(422, r#"{"code":"bad"}"#), &["message"]),
        ],
    },
    Row {
        name: "all of several errors are the scenario's",
        envelope: "[envelope]\nschema = \"any.json\"\ncode = \"/errors/*/code\"\nmessage = \"/errors/*/message\"\nseveral = \"all\"\n",
        chain: "[\"DENIED\"]",
        scenarios: &["code = \"DENIED\"\nstatus = 403"],
        responses: &[
            (
                json(
                    403,
                    r#"{"errors":[{"code":"DENIED","message":"no"},{"code":"DENIED","message":"no"}]}"#,
                ),
                &[],
            ),
            (
                json(
                    403,
                    r#"{"errors":[{"code":"DENIED","message":"no"},{"code":"OTHER","message":"no"}]}"#,
                ),
                &["code"],
            ),
            (
                json(403, r#"{"errors":[{"code":"DENIED","message":"no"},{"code":"DENIED"}]}"#),
                &["message"],
            ),
        ],
    },
    Row {
        name: "the first of several errors is the scenario's",
        envelope: "[envelope]\nschema = \"any.json\"\ncode = \"/errors/*/code\"\nmessage = \"/errors/*/message\"\nseveral = \"first\"\n",
        chain: "[\"DENIED\"]",
        scenarios: &["code = \"DENIED\"\nstatus = 403"],
        responses: &[
            (
                json(
                    403,
                    r#"{"errors":[{"code":"DENIED","message":"no"},{"code":"OTHER","message":""}]}"#,
                ),
                &[],
            ),
            (
                json(
                    403,
                    r#"{"errors":[{"code":"OTHER","message":"no"},{"code":"DENIED","message":"no"}]}"#,
                ),
                &["code"],
            ),
        ],
    },
    Row {
        name: "two prefixes of one code",
        envelope: "[envelope]\nschema = \"any.json\"\ncode = \"/__type\"\nmessage = \"/message\"\ncode-prefix = [\"v\", \"v1#\", \"v2#\"]\n",
        chain: "[\"Denied\"]",
        scenarios: &["code = \"Denied\"\nstatus = 400"],
        responses: &[
            (json(400, r#"{"__type":"v1#Denied","message":"no"}"#), &[]),
            (json(400, r#"{"__type":"v2#Denied","message":"no"}"#), &[]),
            (json(400, r#"{"__type":"Denied","message":"no"}"#), &["code"]),
        ],
    },
    Row {
        name: "an error in XML",
        envelope: "[envelope]\nform = \"xml\"\ncode = \"/Error/Code\"\nmessage = \"/Error/Message\"\nrequest-id = \"/Error/RequestId\"\n",
        chain: "[\"AccessDenied\"]",
        scenarios: &["code = \"AccessDenied\"\nstatus = 403"],
        responses: &[
            (
                of(
                    "application/xml",
                    403,
                    "<Error><Code>AccessDenied</Code><Message>no</Message><RequestId>ab12cd34</RequestId></Error>",
                ),
                &[],
            ),
            (
                of(
                    "application/xml",
                    403,
                    "<Error><Code>Other</Code><Message>no</Message><RequestId>ab12cd34</RequestId></Error>",
                ),
                &["code"],
            ),
            (
                of(
                    "application/xml",
                    403,
                    "<Error><Code>AccessDenied</Code><Message lang=\"en\">no</Message><RequestId>ab12cd34</RequestId></Error>",
                ),
                &[],
            ),
            (
                of("application/xml", 403, "<Error><Code>AccessDenied</Code><Message/></Error>"),
                &["message", "request-id"],
            ),
            (of("application/xml", 403, "<Error><Code>AccessDenied</Code>"), &["envelope.json"]),
            (
                of(
                    "application/json",
                    403,
                    "<Error><Code>AccessDenied</Code><Message>no</Message><RequestId>ab12cd34</RequestId></Error>",
                ),
                &["envelope.json"],
            ),
        ],
    },
    Row {
        name: "a router's text",
        envelope: "[envelope]\nschema = \"any.json\"\ncode = \"/code\"\nmessage = \"/message\"\n\n[envelopes.router]\nform = \"text\"\nmedia-type = \"text/plain\"\nmessage = \"body\"\n",
        chain: "[\"no-route\"]",
        scenarios: &[
            "name = \"no-route\"\nstatus = 404\nenvelope = \"router\"\nmessage = { is = \"not found\" }",
        ],
        responses: &[
            (of("text/plain", 404, "404 page not found\n"), &[]),
            (of("text/plain", 404, "nothing here"), &["message"]),
            (of("text/html", 404, "404 page not found\n"), &["envelope.json"]),
            (of("text/plain", 405, "404 page not found\n"), &["status"]),
        ],
    },
    Row {
        name: "no body at all, and headers that are promised",
        envelope: "[envelope]\nform = \"empty\"\ncode = \"header X-Error-Code\"\n",
        chain: "[\"no-method\"]",
        scenarios: &[
            "code = \"no-method\"\nstatus = 405\nheaders = { Allow = \"GET\", X-Error-Code = \"^{code}$\" }",
        ],
        responses: &[
            (
                Response {
                    status: 405,
                    media: "",
                    headers: &[("Allow", "GET, HEAD"), ("X-Error-Code", "no-method")],
                    body: "",
                },
                &[],
            ),
            (
                Response {
                    status: 405,
                    media: "",
                    headers: &[("Allow", "POST"), ("X-Error-Code", "no-method")],
                    body: "",
                },
                &["headers"],
            ),
            (
                Response {
                    status: 405,
                    media: "",
                    headers: &[("X-Error-Code", "no-method")],
                    body: "",
                },
                &["headers"],
            ),
            (
                Response { status: 405, media: "", headers: &[("Allow", "GET")], body: "" },
                &["code", "headers"],
            ),
            (
                Response {
                    status: 405,
                    media: "",
                    headers: &[("Allow", "GET"), ("X-Error-Code", "no-method")],
                    body: "no",
                },
                &["envelope.json"],
            ),
        ],
    },
    Row {
        name: "the field is named in its own place",
        envelope: "[envelope]\nschema = \"any.json\"\ncode = \"/code\"\nmessage = \"/message\"\nfield = \"/details/*/field\"\n",
        chain: "[\"bad\"]",
        scenarios: &["code = \"bad\"\nstatus = 422\nfield"],
        responses: &[
            (
                json(
                    422,
                    r#"{"code":"bad","message":"no","details":[{"field":"size"},{"field":"body.tone"}]}"#,
                ),
                &[],
            ),
            (
                json(
                    422,
                    r#"{"code":"bad","message":"tone is wrong","details":[{"field":"size"}]}"#,
                ),
                &["message"],
            ),
            (json(422, r#"{"code":"bad","message":"tone is wrong"}"#), &["message"]),
        ],
    },
    Row {
        name: "each code has its own link",
        envelope: "[envelope]\nschema = \"any.json\"\ncode = \"/code\"\nmessage = \"/message\"\ndocs = \"/docs\"\n",
        chain: "[\"bad\"]",
        scenarios: &["code = \"bad\"\nstatus = 400"],
        responses: &[
            (
                json(
                    400,
                    r#"{"code":"bad","message":"no","docs":"https://docs.example.com/errors#bad"}"#,
                ),
                &[],
            ),
            (
                json(
                    400,
                    r#"{"code":"bad","message":"no","docs":"https://docs.example.com/errors"}"#,
                ),
                &["docs"],
            ),
        ],
    },
];

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
        fs::write(folder.join(format!("scenarios/{at}.toml")), text).expect("written");
    }
}

/// A server that answers so to who sends no key.
async fn server(response: &Response) -> MockServer {
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
        if request.headers.contains_key("authorization") {
            ResponseTemplate::new(200).set_body_raw("{}", "application/json")
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
            let server = runtime.block_on(server(response));
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

/// A contract's envelopes, its scenario, and the begin of the faults that this is. The second of two scenarios is unprovoked.
const FAULTS: &[(&str, &[&str], &[&str])] = &[
    (
        "[envelope]\nschema = \"any.json\"\nmessage = \"/message\"\n",
        &["code = \"bad\"\nstatus = 400"],
        &["a code, and no place for one"],
    ),
    (
        "[envelope]\nschema = \"any.json\"\ncode = \"/code\"\n",
        &["name = \"bad\"\nstatus = 400\nmessage = { is = \"x\" }"],
        &["a message, and no place for one"],
    ),
    (
        PLAIN,
        &["name = \"bad\"\nstatus = 400\nmessage = { is = \"(\" }"],
        &["not a regular expression"],
    ),
    (
        PLAIN,
        &["name = \"bad\"\nstatus = 400", "name = \"other\"\nstatus = 400"],
        &["nothing tells `other` from `bad` in scenarios/0.toml"],
    ),
    (
        PLAIN,
        &[
            "name = \"bad\"\ncode = \"x\"\nstatus = [400, 401]",
            "name = \"other\"\ncode = \"x\"\nstatus = [401, 402]",
        ],
        &["nothing tells `other` from `bad`"],
    ),
    (
        "[envelope]\nschema = \"any.json\"\n[envelopes.one]\nform = \"xml\"\n[envelopes.two]\nform = \"xml\"\n",
        &[
            "name = \"bad\"\nstatus = 400\nenvelope = \"one\"",
            "name = \"other\"\nstatus = 400\nenvelope = \"two\"",
        ],
        &["nothing tells `other` from `bad`"],
    ),
    (PLAIN, &["status = 400"], &["missing key `code`"]),
    (PLAIN, &["code = \"bad\"\nstatus = \"6xx\""], &["wrong value for `status`"]),
    (PLAIN, &["code = \"bad\"\nstatus = true"], &["wrong value for `status`"]),
    (PLAIN, &["code = 1.5\nstatus = 400"], &["wrong value for `code`"]),
    (PLAIN, &["code = \"bad\"\nstatus = [400, 302]"], &["not the status of an error"]),
    (PLAIN, &["name = \"baad\"\nstatus = 400"], &["unknown name `baad`"]),
    (
        "[envelope]\nschema = \"any.json\"\nsuccess-statuses = true\ncode = \"/code\"\n",
        &["name = \"bad\"\nstatus = [200, 400]"],
        &["nothing tells this error from a success"],
    ),
    (
        "[envelope]\nschema = \"any.json\"\ncode = \"/code\"\n[envelopes.router]\nform = \"text\"\n",
        &["code = \"bad\"\nstatus = 400\nenvelope = \"roter\""],
        &["unknown envelope `roter`"],
    ),
    (
        "[envelope]\nschema = \"any.json\"\ncode = \"/errors/*/code\"\nmessage = \"/messages/*\"\n",
        &["code = \"bad\"\nstatus = 400"],
        &["`*` stands for the entries of two lists"],
    ),
    (
        "[envelope]\nschema = \"any.json\"\ncode = \"body\"\nmessage = \"/a/*/b/*\"\n",
        &["code = \"bad\"\nstatus = 400"],
        &["not a place in such a body", "not a place in a response"],
    ),
    (
        "[envelope]\nform = \"text\"\nschema = \"any.json\"\ncode = \"/code\"\n",
        &["code = \"bad\"\nstatus = 400"],
        &["a schema of what is not JSON", "not a place in such a body"],
    ),
    (
        "[envelope]\ncode = \"/code\"\n",
        &["code = \"bad\"\nstatus = 400"],
        &["an envelope without a schema"],
    ),
    (
        PLAIN,
        &["code = \"bad\"\nstatus = 400\ndocs = \"https://example.com/\""],
        &["a docs link without a place"],
    ),
    (
        PLAIN,
        &["code = \"bad\"\nstatus = 400\nheaders = { \"a b\" = \"x\", Allow = \"(\" }"],
        &["not a regular expression", "not a header's name"],
    ),
    (
        PLAIN,
        &["code = \"bad\"\nstatus = 400\nunprovoked = \"why\""],
        &["`cases` in a scenario that nobody can provoke"],
    ),
];

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
