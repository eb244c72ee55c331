//! Requests that no client should send, each by what is odd about it.

use crate::exchange::message::Request;

/// One odd request: all that is given has to be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Odd {
    /// The case of `any-error.toml` that sends it.
    pub case: &'static str,
    method: &'static str,
    path: &'static str,
    header: Option<(&'static str, &'static str)>,
    body: &'static str,
    key: OddKey,
}

/// Whether it has a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OddKey {
    There,
    Missing,
}

const TAGLINE: &str = "/api/v1/tools/tagline";
const NOWHERE: &str = "/api/v1/errproof-no-such-route";

/// A request with a key to the tagline tool, but for what is said.
const ORDINARY: Odd =
    Odd { case: "", method: "POST", path: TAGLINE, header: None, body: "", key: OddKey::There };

const fn header(case: &'static str, name: &'static str, value: &'static str) -> Odd {
    Odd { case, header: Some((name, value)), ..ORDINARY }
}

const fn body(case: &'static str, body: &'static str) -> Odd {
    Odd { case, body, ..ORDINARY }
}

/// One for each case that is answered with a body.
pub const ALL: [Odd; 30] = [
    Odd { case: "unknown-route", method: "GET", path: NOWHERE, ..ORDINARY },
    Odd {
        case: "unknown-route-without-key",
        method: "GET",
        path: NOWHERE,
        key: OddKey::Missing,
        ..ORDINARY
    },
    Odd { case: "unknown-tool", path: "/api/v1/tools/errproof-no-such-tool", ..ORDINARY },
    Odd { case: "tool-by-get", method: "GET", ..ORDINARY },
    Odd { case: "tool-by-delete", method: "DELETE", ..ORDINARY },
    Odd { case: "tool-by-patch", method: "PATCH", ..ORDINARY },
    Odd { case: "balance-by-post", path: "/api/v1/credits", ..ORDINARY },
    Odd { case: "unknown-route-by-options", method: "OPTIONS", path: NOWHERE, ..ORDINARY },
    Odd { case: "tool-by-options", method: "OPTIONS", ..ORDINARY },
    body("body-of-two-megabytes", "errprooferrprooferrproof"),
    header("body-as-text", "content-type", "text/plain"),
    header("body-as-form", "content-type", "application/x-www-form-urlencoded"),
    Odd {
        key: OddKey::Missing,
        ..header("body-as-text-without-key", "content-type", "text/plain")
    },
    Odd {
        case: "tool-with-a-slash-behind-it-without-key",
        path: "/api/v1/tools/tagline/",
        key: OddKey::Missing,
        ..ORDINARY
    },
    Odd {
        case: "tool-in-percent-signs-without-key",
        path: "/api/v1/tools/%74agline",
        key: OddKey::Missing,
        ..ORDINARY
    },
    Odd {
        case: "percent-signs-that-are-no-text",
        path: "/api/v1/projects/%FF/regenerate",
        ..ORDINARY
    },
    header("body-in-unknown-coding", "content-encoding", "errproof"),
    Odd {
        key: OddKey::Missing,
        ..header("html-accepted-without-key", "accept", "text/html,application/xhtml+xml;q=0.9")
    },
    header(
        "browser",
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    ),
    Odd {
        key: OddKey::Missing,
        ..header("basic-authorization", "authorization", "Basic ZXJycHJvb2Y6ZXJycHJvb2Y=")
    },
    body("json-null-in-field", r#""product":null"#),
    body("json-nul-in-text", r"err\u0000proof"),
    body("json-lone-surrogate", r"err\ud800proof"),
    body("json-proto", "__proto__"),
    body("json-5000-levels", "[[[[[[["),
    body("json-1e400", "1e400"),
    body("text-of-300-characters", "errproof errproof errproof "),
    Odd {
        path: "/api/v1/tools/roadmap",
        ..body("text-of-300-characters-at-another-tool", "errproof errproof errproof ")
    },
    Odd {
        path: "/api/v1/projects/prj_demo/regenerate",
        ..body("text-of-20000-characters", "errproof errproof errproof ")
    },
    body("json-name-twice", r#""errproof","product":7"#),
];

impl Odd {
    /// Whether a request is the one.
    #[must_use]
    pub fn is(&self, request: &Request) -> bool {
        let is_missing = !["x-api-key", "authorization"]
            .iter()
            .filter_map(|name| request.header(name))
            .any(|value| value.contains("pms_live_"));
        let text = String::from_utf8_lossy(&request.body);
        let has_header =
            self.header.is_none_or(|(name, value)| request.header(name) == Some(value));
        request.method == self.method
            && &*request.path == self.path
            && has_header
            && (self.body.is_empty() || text.contains(self.body))
            && is_missing == (self.key == OddKey::Missing)
            // Another request is odd as well.
            && (self.header.is_some() || !self.body.is_empty() || self.is_odd_by_itself())
    }

    fn is_odd_by_itself(&self) -> bool {
        self.method != "POST" || self.path != TAGLINE
    }
}
