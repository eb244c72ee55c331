//! `leak.internals`: what an error tells of the machine behind it, and no client can use.

use std::{
    borrow::Cow,
    sync::{LazyLock, OnceLock},
};

use aho_corasick::AhoCorasick;
use regex::bytes::{Match, Regex, RegexBuilder};

/// A kind of thing that belongs into a log, and what it looks like.
struct Kind {
    /// What it is, as the end of "contains ...".
    what: &'static str,
    /// A text that each of them has, in small letters: without one of these no pattern is tried.
    hints: &'static [&'static str],
    /// What it looks like.
    pattern: &'static str,
}

/// The kinds. Each pattern is narrower than what people write in a message: `SELECT ... FROM` in capitals, since "select a
/// tone from the list" is English; a path of a system's own folders, since an address has one as well.
const KINDS: &[Kind] = &[
    Kind {
        what: "a stack trace",
        hints: &["traceback (most recent call last)", "stacktrace", "stack trace:"],
        pattern: r"(?i)traceback \(most recent call last\)|stack ?trace:?\s*\n?\s*(?:at|#|\[)",
    },
    Kind {
        what: "a stack trace",
        hints: &["at ", "goroutine ", "panicked at", "thread '"],
        pattern: r"(?m)\bat (?:async |new )?[\w.$<>\[\]/ ]+ ?\((?:[^()\s]+:\d+(?::\d+)?|native|<anonymous>|Unknown Source|Native Method)\)|goroutine \d+ \[|panicked at '?[\w./\\-]+|\bat [\w./\\:-]+\.[cm]?[jt]s:\d+:\d+",
    },
    Kind {
        what: "a place in source code",
        hints: &[
            ".py", ".js", ".ts", ".mjs", ".go", ".rs", ".rb", ".php", ".java", ".cs", ".kt",
            "file \"",
        ],
        pattern: r#"\b[\w.-]+\.(?:py|[cm]?js|[cm]?ts|go|rs|rb|php|java|cs|kt)(?::\d+|\(\d+\)|:in\b| on line \d+)|(?i:file "[^"]+", line \d+)"#,
    },
    Kind {
        what: "the name of an exception",
        hints: &["exception", "error"],
        pattern: r"\b(?:[A-Za-z_]\w*[.:]{1,2}){1,6}[A-Z]\w*(?:Exception|Error|Violation)\b|\b[A-Z]\w+(?:PointerException|ReferenceException|StateException|ArgumentException)\b",
    },
    Kind {
        what: "SQL",
        hints: &[
            "select",
            "insert",
            "update",
            "delete",
            "sqlstate",
            "syntax error at or near",
            "constraint",
            "duplicate key",
            "duplicate entry",
            "ora-",
            "relation ",
            "no such table",
            "no such column",
            "prismaclient",
        ],
        pattern: r#"\bSELECT\s[^;]{1,300}\sFROM\s|\bINSERT INTO\s|\bDELETE FROM\s|\bUPDATE \S+ SET\s|SQLSTATE|syntax error at or near|violates [a-z-]+ constraint|(?i:UNIQUE) constraint failed|duplicate key value|Duplicate entry '|\bORA-\d{5}|relation "[^"]+" does not exist|no such (?:table|column)|PrismaClient\w+"#,
    },
    Kind {
        what: "a path of the server",
        hints: &[
            "/home/",
            "/usr/",
            "/var/",
            "/opt/",
            "/root/",
            "/srv/",
            "/etc/",
            "/tmp/",
            "/users/",
            "/app/",
            "node_modules",
            "site-packages",
            ":\\",
        ],
        pattern: r#"(?:^|[\s"'`(\[=,:>])(?:file://)?/(?:home|usr|var|opt|root|srv|etc|tmp|Users)/[\w.@-]+[\w./@-]*|/app/(?:src|dist|lib|build|node_modules)/[\w./@-]*|node_modules/[\w./@-]+|site-packages/[\w./@-]*|\b[A-Za-z]:\\\\?[\w. -]+\\[\w.\\ -]*"#,
    },
    Kind {
        what: "a connection string",
        hints: &["://", "password=", "pwd="],
        pattern: r"(?i)\b(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|kafka|mssql|sqlserver|jdbc:\w+|ldaps?|memcached)://\S+|\b(?:password|pwd)=[^\s;&]+",
    },
    Kind {
        what: "an internal host",
        hints: &[
            "localhost",
            "127.0.0.1",
            "0.0.0.0",
            "10.",
            "192.168.",
            "172.",
            ".internal",
            ".local",
            ".svc",
            ".lan",
            ".corp",
            "econn",
            "enotfound",
            "getaddrinfo",
            "ehostunreach",
        ],
        pattern: r"\b(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::\d+)?\b|\b(?:10\.\d{1,3}|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}(?::\d+)?\b|\b[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d-]+)*\.(?:internal|local|svc|lan|corp)\b(?::\d+)?|\bE(?:CONNREFUSED|CONNRESET|NOTFOUND|HOSTUNREACH)\b|\bgetaddrinfo\b",
    },
    Kind {
        what: "somebody's address",
        hints: &["@"],
        pattern: r"\b[A-Za-z0-9][\w.+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b",
    },
    Kind {
        what: "markup",
        hints: &["<"],
        // One that opens alone, such as `<title>`, is what people write for a part to be put in.
        pattern: r"(?i)</(?:html|head|body|div|span|p|a|b|i|pre|code|script|style|title|table|h[1-6]|center)>|<(?:html|body|div|span|p|a|script|img|table)\s[^<>]*=[^<>]*>|<(?:br|hr|img)\s*/?>|<(?:html|head|script)>|<!doctype\b",
    },
];

/// All hints, and for each the kind that it is of.
static HINTS: LazyLock<(AhoCorasick, Vec<usize>)> = LazyLock::new(|| {
    let of_kind = |(at, kind): (usize, &Kind)| {
        kind.hints.iter().map(move |hint| (*hint, at)).collect::<Vec<_>>()
    };
    let hints: Vec<_> = KINDS.iter().enumerate().flat_map(of_kind).collect();
    let finder = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(hints.iter().map(|(hint, _)| hint))
        .expect("some short texts");
    (finder, hints.iter().map(|(_, kind)| *kind).collect())
});

/// The patterns, each compiled when a hint first asks for it. Letters, digits and the ends of words are ASCII's: with all
/// that Unicode calls so, to compile them was a seventh of all instructions of a run on the mock.
static PATTERNS: [OnceLock<Regex>; KINDS.len()] = [const { OnceLock::new() }; KINDS.len()];

/// More of a message is a log.
const LONGEST: usize = 1_024;

/// So much of what was found is shown: enough to look for it.
const SHOWN: usize = 60;

/// What of a text is no secret to whoever is told it: what they sent themselves, and where.
#[derive(Debug)]
pub struct Told<'a> {
    /// What the request held.
    pub sent: &'a str,
    /// The host that it went to.
    pub host: &'a str,
}

/// What a text of an error tells of the machine behind it, as the ends of "contains ...".
#[must_use]
pub fn found_in(text: &str, told: &Told<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let (finder, kinds) = &*HINTS;
    let mut tried = [false; KINDS.len()];
    for hint in finder.find_overlapping_iter(text) {
        let at = kinds[hint.pattern().as_usize()];
        if std::mem::replace(&mut tried[at], true) {
            continue;
        }
        let Kind { what, pattern, .. } = &KINDS[at];
        let pattern = || {
            let built = RegexBuilder::new(pattern).unicode(false).build();
            built.expect("a pattern that is tested")
        };
        let places = PATTERNS[at].get_or_init(pattern).find_iter(text.as_bytes());
        let mut places = places.map(|place: Match<'_>| String::from_utf8_lossy(place.as_bytes()));
        let is_news = |place: &Cow<'_, str>| {
            let around = |c: char| c.is_whitespace() || "\"'`()[]=,:".contains(c);
            let place = place.trim_matches(around);
            !told.sent.contains(place) && !is_own(place, told.host) && !is_of_nobody(place)
        };
        if let Some(place) = places.find(is_news) {
            let shown: String = place.trim().chars().take(SHOWN).collect();
            found.push(format!("{what}, {shown:?}"));
        }
    }
    let is_control = |c: &char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if let Some(control) = text.chars().filter(is_control).find(|c| !told.sent.contains(*c)) {
        found.push(format!("the control character U+{:04X}", u32::from(control)));
    }
    if text.chars().count() > LONGEST {
        found.push(format!("more than {LONGEST} characters"));
    }
    found
}

/// Whether a host is the one that was asked, with or without its port.
fn is_own(place: &str, host: &str) -> bool {
    let bare = place.split_once(':').map_or(place, |(bare, _)| bare);
    [place, bare].contains(&host)
}

/// Whether an address is one to which anybody may write: what stands before the `@` is no name.
fn is_of_nobody(place: &str) -> bool {
    const DESKS: [&str; 28] = [
        "support",
        "help",
        "helpdesk",
        "hello",
        "contact",
        "info",
        "api",
        "developer",
        "developers",
        "dev",
        "security",
        "abuse",
        "billing",
        "sales",
        "team",
        "admin",
        "noreply",
        "reply",
        "feedback",
        "service",
        "privacy",
        "legal",
        "partners",
        "customer",
        "office",
        "mail",
        "user",
        "kontakt",
    ];
    let Some((name, host)) = place.split_once('@') else { return false };
    let host = host.to_ascii_lowercase();
    // RFC 2606 keeps these names for examples.
    let is_example = ["example.com", "example.org", "example.net", ".example", ".test", ".invalid"]
        .iter()
        .any(|of| host.ends_with(of));
    let is_desk = |part: &str| DESKS.iter().any(|desk| desk.eq_ignore_ascii_case(part));
    let name = name.split('+').next().unwrap_or(name);
    is_example || name.split(['.', '-', '_']).any(is_desk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_into_a_log_is_found_in_a_message() {
        let rows = [
            ("Traceback (most recent call last):\n  File \"app.py\", line 7", "stack trace"),
            ("at Object.<anonymous> (/srv/app/index.js:12:7)", "stack trace"),
            ("at com.example.Keys.find(Keys.java:42)", "stack trace"),
            ("goroutine 17 [running]:", "stack trace"),
            ("thread 'main' panicked at src/main.rs:7:9", "stack trace"),
            ("handler.go:42: nil map", "source code"),
            ("Undefined index in keys.php on line 12", "source code"),
            ("java.lang.NullPointerException", "exception"),
            ("sqlalchemy.exc.IntegrityError: no", "exception"),
            ("SELECT id FROM keys WHERE hash = $1", "SQL"),
            ("duplicate key value violates unique constraint \"keys_pkey\"", "SQL"),
            ("SQLSTATE[42S02]: Base table not found", "SQL"),
            ("cannot open /var/lib/app/keys.db", "path"),
            ("C:\\inetpub\\wwwroot\\keys.aspx", "path"),
            ("postgres://app:secret@db/keys", "connection"),
            ("Server=db;Password=hunter2;", "connection"),
            ("connect ECONNREFUSED db:5432", "internal host"),
            ("no route to 10.0.12.7:8080", "internal host"),
            ("timeout of generator.prod.svc.cluster.local", "internal host"),
            ("http://localhost:9000/v1 does not answer", "internal host"),
            ("<h1>Bad Gateway</h1>", "markup"),
            ("Not <a href=\"/keys\">here", "markup"),
            ("the key of Jane.Doe+api@planmysaas.com", "somebody's address"),
            ("bad\u{1b}[31m key", "control character U+001B"),
        ];
        let told = Told { sent: "", host: "127.0.0.1" };
        for (text, expected) in rows {
            let found = found_in(text, &told);
            assert!(found.iter().any(|found| found.contains(expected)), "{text}: {found:?}");
        }
        assert_eq!(found_in(&"x".repeat(1_025), &told).len(), 1);
    }

    #[test]
    fn what_people_write_for_people_is_left_alone() {
        let told =
            Told { sent: "{\"path\":\"/etc/passwd\",\"c\":\"\u{1}\"} <b>", host: "localhost" };
        for text in [
            "You need 150 credits but have 40.",
            "Please select a tone from the list of tones.",
            "description: update the text and insert at least 20 characters",
            "Unexpected token '}', \"{\"product\":}\" is not valid JSON",
            "Expecting value: line 1 column 1 (char 0)",
            "The header must look like `Bearer pms_live_...`; see https://www.planmysaas.com/docs/api/errors",
            "invalid type: map, expected a string at line 1 column 12",
            "TypeError: product must be a string",
            "Error: the key is not right (see Settings > API keys)",
            "count: 3 < 11, and 11 > 10",
            "Call POST /api/v1/tools/tagline at https://api.example.com:443 again in 7 s.",
            "Use Node.js or go to https://example.com/app/settings",
            "Version 10.2.1 is too old; the constraint is >= 11",
            "Your path /etc/passwd and <b> are not right",
            "http://localhost:8080/docs",
            "Unerwartetes Zeichen \u{1} im Feld",
            "product\n  - too short\n  - not a word",
            "<body> has to be an object, and <title> a text; see GET /<code>",
            "Write to support@planmysaas.com or api-help@planmysaas.com, not as you@mail.example.com.",
        ] {
            assert_eq!(found_in(text, &told), Vec::<String>::new(), "{text}");
        }
    }
}
