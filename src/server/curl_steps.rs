//! How a shell makes what a request has in its blanks: a value that is another one each time, and what the responses to
//! earlier requests give.

use std::fmt::Write as _;

use super::{curl_encoded::script, planned::PlannedStep, shell::quoted_text};
use crate::{
    contract::{
        blank::FRESH_NAME,
        encoding::in_json,
        pointer,
        step_format::{CapturePlace, CapturedFrom},
    },
    exchange::{blanks::Written, message::Request, outgoing::Role},
};

/// Makes a value that is another one each time: 32 hexadecimal digits, with nothing but what POSIX has.
const FRESH_VALUE: &str = "fresh=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \\n') && ";

/// What stands before a command whose request has a value that is another one each time.
pub(super) fn fresh(written: Option<&Written>) -> &'static str {
    let has_fresh =
        written.is_some_and(|written| written.names.iter().any(|name| **name == *FRESH_NAME));
    if has_fresh { FRESH_VALUE } else { "" }
}

/// The variable of a shell that a blank is.
pub(super) fn variable(name: &str) -> String {
    name.replace('-', "_")
}

/// Where a blank stands, so that its value is written as the place takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    /// In a path, a header or a text: as it is.
    Plain,
    /// In a query or a form.
    Query,
    /// In a text of JSON.
    Json,
}

impl Within {
    /// Where the blanks of a request's body stand.
    pub(super) fn body_of(request: &Request) -> Self {
        match request.header("content-type") {
            Some(media) if media.contains("form-urlencoded") => Self::Query,
            Some(media) if media.contains("json") => Self::Json,
            _ => Self::Plain,
        }
    }

    /// What a shell makes of a blank there. A value that is made for the command needs no encoding.
    pub(super) fn written(self, name: &str) -> String {
        let value = format!("${}", variable(name));
        match self {
            _ if name == FRESH_NAME => value,
            Self::Plain => value,
            // Each byte of it: POSIX has no shorter way.
            Self::Query => format!(
                "$(printf %s \"{value}\" | od -An -v -tx1 | tr -d ' \\n' | sed 's/../%&/g')"
            ),
            Self::Json => format!("$(printf %s \"{value}\" | {})", script("\"\\", in_json)),
        }
    }
}

/// The texts that stand for a blank in a command, each with what the shell makes of it. In an address its braces are encoded;
/// what is captured begins with the slash that an address has there, and may have a query already. `base` is the path of the
/// target's own address.
pub(super) fn texts(written: &Written, name: &str, base: &str) -> Vec<(String, Vec<String>)> {
    let (plain, encoded) = (format!("{{{name}}}"), format!("%7B{name}%7D"));
    let value = format!("${}", variable(name));
    let one = |text: String| (text, vec![value.clone()]);
    let mut texts = vec![one(encoded.clone()), one(plain.clone())];
    if written.request.path.starts_with(&plain) {
        // Of an address what stands behind that of the server.
        let base = base.trim_end_matches('/').replace(['#', '\\', '.', '*', '[', '^', '$'], ".");
        let strip = format!("s#^https*://[^/]*##;s#^{base}/#/#");
        let address = format!("$(printf %s \"{value}\" | sed {})", quoted_text(&strip));
        let sign = format!("{SIGN} \"{value}\" in (*\\?*) printf '&' ;; (*) printf '?' ;; esac)");
        texts.push((format!("/{encoded}"), vec![address.clone()]));
        texts.push((format!("/{encoded}?"), vec![address, sign]));
    }
    texts
}

/// What the shell makes the sign from that begins a query, or goes on with one.
pub(super) const SIGN: &str = "$(case";

/// Those of a trial's steps that come before a request that was sent for this: all of them before a case's own, and before
/// another step those that give what is in it.
pub(super) fn before<'s>(
    mut steps: Vec<&'s PlannedStep>,
    written: Option<&Written>,
    role: Role,
) -> Vec<&'s PlannedStep> {
    if !matches!(role, Role::First | Role::Step | Role::After) {
        return steps;
    }
    let gives = |step: &&PlannedStep| {
        let mut names = written.into_iter().flat_map(|written| &written.names);
        names.any(|name| step.capture.contains_key(&**name))
    };
    steps.truncate(steps.iter().rposition(gives).map_or(0, |last| last + 1));
    steps
}

/// The command for a step, whose response is kept, and what is taken from that.
pub(super) fn step(number: usize, command: &str, step: &PlannedStep) -> String {
    if step.capture.is_empty() {
        return format!("{command} && ");
    }
    // No captured value is called so.
    let mut text = format!("_step{number}=$({command}) && ");
    for (name, place) in &step.capture {
        let taken = taken(place);
        let _ = write!(
            text,
            "{}=$(printf '%s\\n' \"$_step{number}\" | tr -d '\\r' | {taken}) && ",
            variable(name)
        );
    }
    text
}

/// What takes a value from a response.
fn taken(place: &CapturePlace) -> String {
    let any_case = |name: &str| -> String {
        let letter = |c: char| {
            if c.is_ascii_alphabetic() {
                format!("[{}{}]", c.to_ascii_uppercase(), c.to_ascii_lowercase())
            } else {
                format!("[{c}]")
            }
        };
        name.chars().map(letter).collect()
    };
    match place.kind() {
        CapturedFrom::Header(name) => {
            let script = format!("s#^{}: *##p", any_case(name));
            format!("sed -n {} | head -n 1", quoted_text(&script))
        }
        CapturedFrom::Cookie(name) => {
            let header = any_case("set-cookie");
            let script = format!("s#^{header}: *{}=\\([^;]*\\).*#\\1#p", any_name(name));
            format!("sed -n {} | head -n 1", quoted_text(&script))
        }
        CapturedFrom::Body(at) => {
            let step = |step: String| match step.parse::<usize>() {
                Ok(index) => index.into(),
                Err(_) => serde_json::Value::from(step),
            };
            let steps: serde_json::Value = pointer::steps(at).map(step).collect();
            let script = format!("getpath({steps})");
            format!("sed '1,/^$/d' | jq -r {}", quoted_text(&script))
        }
    }
}

/// A name in a pattern, in which no letter of it has a meaning.
fn any_name(name: &str) -> String {
    let letter = |c: char| if c == '^' { "\\^".to_owned() } else { format!("[{c}]") };
    name.chars().map(letter).collect()
}
