//! Errors as APIs have them, each with responses that keep what is promised and such that do not.

use super::{PLAIN, Response, Row, json, of};

pub(super) const ROWS: &[Row] = &[
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
        name: "of two messages that one response fits, what is promised of the expected one holds",
        envelope: "[envelope]\nschema = \"any.json\"\nmessage = \"/message\"\n",
        chain: "[\"no-name\", \"parse\"]",
        scenarios: &[
            "name = \"no-name\"\nstatus = 400\nmessage = { is = \"^error parsing query: expected a name\" }",
            "name = \"parse\"\nstatus = 400\nmessage = { is = \"^error parsing query: \" }",
        ],
        responses: &[
            (json(400, r#"{"message":"error parsing query: expected a name"}"#), &[]),
            (json(400, r#"{"message":"error parsing query: expected a number"}"#), &["message"]),
        ],
    },
    Row {
        name: "the message of several statements stands in whichever failed, where there are no codes",
        envelope: "[envelope]\nschema = \"any.json\"\nmessage = \"/results/*/error\"\nsuccess-statuses = true\n",
        chain: "[\"no-database\"]",
        scenarios: &[
            "name = \"no-database\"\nstatus = 200\nmessage = { is = \"^database not found\" }",
        ],
        responses: &[
            (json(200, r#"{"results":[{"error":"database not found: x"}]}"#), &[]),
            (json(200, r#"{"results":[{"id":0},{"id":1,"error":"database not found: x"}]}"#), &[]),
            (json(200, r#"{"results":[{"id":0},{"id":1,"error":"timeout"}]}"#), &["message"]),
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
        name: "several errors in XML, of which there may be one",
        envelope: "[envelope]\nform = \"xml\"\ncode = \"/Errors/Error/*/Code\"\nmessage = \"/Errors/Error/*/Message\"\n",
        chain: "[\"Denied\"]",
        scenarios: &["code = \"Denied\"\nstatus = 403"],
        responses: &[
            (
                of(
                    "text/xml",
                    403,
                    "<Errors><Error><Code>Denied</Code><Message>no</Message></Error></Errors>",
                ),
                &[],
            ),
            (
                of(
                    "text/xml",
                    403,
                    "<Errors><Error><Code>Other</Code></Error><Error><Code>Denied</Code><Message>no</Message></Error></Errors>",
                ),
                &[],
            ),
            (
                of(
                    "text/xml",
                    403,
                    "<Errors><Error><Code>Other</Code><Message>no</Message></Error></Errors>",
                ),
                &["code"],
            ),
        ],
    },
    Row {
        name: "a router's text",
        envelope: "[envelope]\nschema = \"any.json\"\ncode = \"/code\"\nmessage = \"/message\"\n\n[envelopes.router]\nform = \"text\"\nmedia-type = \"text/plain\"\nmessage = \"body\"\n",
        chain: "[\"no-route\"]",
        scenarios: &[
            "name = \"no-route\"\nstatus = 404\nenvelope = \"router\"\nmessage = { is = \"not found$\" }",
        ],
        responses: &[
            (of("text/plain", 404, "404 page not found\n"), &[]),
            (of("text/plain", 404, "404 page not found"), &[]),
            (of("text/plain", 404, "404 page not found\n\n"), &["message"]),
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
