//! The command that sends a trial's request once more: for a shell, exact to the byte, and with the
//! variables' names where the keys were.

use std::{fmt::Write as _, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use url::Url;

use super::{
    plan::{Planned, TrialScript},
    play::Run,
};
use crate::{
    contract::{key::KeyDefect, names::SlotName, scenario::Provocation, scenario_file::BodyDefect},
    exchange::{message::Request, outgoing::Role, sender::url},
    shown::{redactor::Redactor, secret::Secret, text::Shown, visible::is_seen},
};

/// What a shell reads as one word.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// As it stands.
    Literal(String),
    /// What the shell makes of this: `$VARIABLE`.
    Shell(String),
}

/// Writes commands for the requests of one run.
#[derive(Debug)]
pub struct Curl {
    run: Arc<Run>,
    redactor: Arc<Redactor>,
    /// Whether the contract has a carrier that is a part of HTTP Basic credentials.
    credentials: Credentials,
}

/// How an `Authorization: Basic` header is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Credentials {
    /// As its parts, one of which is the key (RFC 7617): curl makes the header from them.
    Parts,
    /// As it is: the key is all of it.
    Whole,
}

/// A secret that a request may hold, and what the shell makes it from.
type Made = (String, Vec<Piece>);

impl Curl {
    /// A writer for a run's requests.
    #[must_use]
    pub fn new(run: Arc<Run>, redactor: Arc<Redactor>) -> Self {
        let in_parts = run.contract.key.carriers.iter().any(|carrier| carrier.basic.is_some());
        let credentials = if in_parts { Credentials::Parts } else { Credentials::Whole };
        Self { run, redactor, credentials }
    }

    /// The command that sends what a trial sent, with what has to be sent before it;
    /// for a burst, all of it at once.
    #[must_use]
    pub fn command(
        &self,
        planned: &Planned,
        sent: &Request,
        key: Option<&Secret>,
        role: Role,
    ) -> Shown {
        let writer = CurlWriter {
            base_url: &self.run.target.base_url,
            credentials: self.credentials,
            secrets: self.secrets(planned, key, role),
        };
        let command = match &planned.script {
            Ok(TrialScript::Burst { times, .. }) if role == Role::Own => {
                let one = writer.one(sent, None);
                format!("(for i in $(seq {times}); do {one} -w '\\n' & done; wait)")
            }
            Ok(TrialScript::Single { first, .. }) if role == Role::Own => {
                let defect = match &planned.case().provocation {
                    Provocation::Single(single) => single.body.as_deref(),
                    Provocation::Burst(_) => None,
                };
                let one = writer.one(sent, defect);
                match first {
                    Some(first) => format!("{} && {one}", writer.one(&first.request, None)),
                    None => one,
                }
            }
            _ => writer.one(sent, None),
        };
        self.redactor.text(&command)
    }

    /// Each secret that a request may hold. The longest first, so that a spoilt key is not taken for the
    /// key inside it.
    fn secrets(&self, planned: &Planned, key: Option<&Secret>, role: Role) -> Vec<Made> {
        let target = &self.run.target;
        let spoilt = match (&planned.case().provocation, key) {
            (Provocation::Single(single), Some(key)) if role == Role::Own => {
                let defect = single.key.as_ref();
                defect
                    .map(|defect| (key.expose().to_owned(), made(&self.run, &single.slot, defect)))
            }
            _ => None,
        };
        let variable = |label: &str| vec![Piece::Shell(label.to_owned())];
        let slots = target.slots.values().filter_map(|slot| {
            Some((slot.key.as_ref()?.expose().to_owned(), variable(&format!("${}", slot.env))))
        });
        let more = target.secrets.iter();
        let more = more.map(|named| (named.secret.expose().to_owned(), variable(&named.label)));
        let all = spoilt.into_iter().chain(slots).chain(more);
        let mut secrets: Vec<Made> = all.filter(|(text, _)| !text.is_empty()).collect();
        secrets.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup_by(|(a, _), (b, _)| a == b);
        secrets
    }
}

/// Writes the command for one request.
struct CurlWriter<'a> {
    base_url: &'a Url,
    credentials: Credentials,
    secrets: Vec<Made>,
}

impl CurlWriter<'_> {
    fn one(&self, request: &Request, defect: Option<&BodyDefect>) -> String {
        let mut command = "curl -sS -i".to_owned();
        if self.base_url.scheme() == "https" {
            command.push_str(" --http1.1");
        }
        let sends = request.announces_body();
        if sends || request.method != "GET" {
            let _ = write!(command, " -X {}", request.method);
        }
        let address = url(self.base_url, &request.path).to_string();
        if address.contains(['[', ']', '{', '}']) {
            // curl would make several addresses of it.
            command.push_str(" -g");
        }
        let _ = write!(command, " {}", quoted(&[Piece::Literal(address)]));
        for (name, value) in &request.headers {
            let parts = match self.credentials {
                Credentials::Parts => basic(name, value.expose()),
                Credentials::Whole => None,
            };
            let _ = match parts {
                Some(credentials) => {
                    write!(command, " -u {}", quoted(&self.pieces(&credentials)))
                }
                None => write!(command, " -H {}", quoted(&self.header(name, value.expose()))),
            };
        }
        if !sends {
            return command;
        }
        if request.header("content-type").is_none() {
            // curl would call it a form.
            command.push_str(" -H Content-Type:");
        }
        if request.body.len() > 1 << 20 {
            // curl would ask first.
            command.push_str(" -H Expect:");
        }
        match body(&request.body, defect) {
            Body::Word(word) => command + " --data-raw " + &word,
            Body::Made(made) => format!("{made} | {command} --data-binary @-"),
        }
    }

    fn header(&self, name: &str, value: &str) -> Vec<Piece> {
        if value.is_empty() {
            // With a colon curl would leave the header out.
            return vec![Piece::Literal(format!("{name};"))];
        }
        let mut pieces = vec![Piece::Literal(format!("{name}: "))];
        pieces.extend(self.pieces(value));
        pieces
    }

    /// A text in which every secret is what the shell makes it from.
    fn pieces(&self, text: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((at, secret, made)) = self
            .secrets
            .iter()
            .filter_map(|(secret, made)| Some((rest.find(secret)?, secret, made)))
            .min_by_key(|(at, secret, _)| (*at, usize::MAX - secret.len()))
        {
            pieces.push(Piece::Literal(rest[..at].to_owned()));
            pieces.extend_from_slice(made);
            rest = &rest[at + secret.len()..];
        }
        pieces.push(Piece::Literal(rest.to_owned()));
        pieces
    }
}

/// What stands in base64 in HTTP Basic credentials (RFC 7617): curl makes the header from it by
/// itself, and a key in it can be a variable.
fn basic(name: &str, value: &str) -> Option<String> {
    if !name.eq_ignore_ascii_case("authorization") {
        return None;
    }
    let encoded = value.strip_prefix("Basic ")?;
    let credentials = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    credentials.contains(':').then_some(credentials)
}

/// How a shell makes a spoilt key from the slot's variable, with nothing but what POSIX has.
fn made(run: &Run, slot: &SlotName, defect: &KeyDefect) -> Vec<Piece> {
    let shape = &run.contract.key;
    let env = &run.target.slots[slot].env;
    let literal = |text: &str| Piece::Literal(text.to_owned());
    let shell = |text: String| Piece::Shell(text);
    let shortened = || shell(format!("${{{env}%?}}"));
    let key = run.target.slots[slot].key.as_ref().map(Secret::expose);
    match defect {
        KeyDefect::Absent | KeyDefect::Empty => Vec::new(),
        // In two parts, or it would be taken for a key that somebody has.
        KeyDefect::Fresh => {
            let example = shape.example_like(key);
            let tail = example.strip_prefix(&shape.prefix).unwrap_or(&example);
            let (prefix, tail) = (quoted_text(&shape.prefix), quoted_text(tail));
            vec![shell(format!("$(printf %s%s {prefix} {tail})"))]
        }
        KeyDefect::Shortened => vec![shortened()],
        KeyDefect::Lengthened => {
            vec![shell(format!("${env}")), shell(format!("${{{env}#\"${{{env}%?}}\"}}"))]
        }
        KeyDefect::Prefix(text) => {
            vec![literal(text), shell(format!("${{{env}#\"{}\"}}", shape.prefix))]
        }
        KeyDefect::Quoted(text) => vec![literal(text), shell(format!("${env}")), literal(text)],
        KeyDefect::Inserted(text) => {
            let middle = shape.middle(key.unwrap_or_default());
            let head = format!("$(printf %.{middle}s \"${env}\")");
            let tail = format!("${{{env}#\"{head}\"}}");
            vec![shell(head), literal(text), shell(tail)]
        }
        KeyDefect::Ending(text) => vec![shortened(), literal(text)],
    }
}

/// One word of a command. Literal text alone stands in single quotes, where nothing has a meaning.
fn quoted(pieces: &[Piece]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/:@%+=,".contains(c);
    let literal = |piece: &Piece| match piece {
        Piece::Literal(text) => Some(text.clone()),
        Piece::Shell(_) => None,
    };
    let control = |text: &str| text.chars().any(char::is_control);
    if let Some(texts) = pieces.iter().map(literal).collect::<Option<Vec<_>>>() {
        let text = texts.concat();
        if !text.is_empty() && text.chars().all(plain) {
            return text;
        }
        if !control(&text) {
            return quoted_text(&text);
        }
    }
    let mut word = "\"".to_owned();
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Shell(text) => {
                let next = pieces[at + 1..].iter().find_map(|next| match next {
                    Piece::Literal(text) => text.chars().next(),
                    Piece::Shell(_) => Some('$'),
                });
                let goes_on = next.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
                match text.strip_prefix('$').filter(|name| goes_on && !name.starts_with(['{', '(']))
                {
                    Some(name) => {
                        let _ = write!(word, "${{{name}}}");
                    }
                    None => word.push_str(text),
                }
            }
            Piece::Literal(text) => {
                for c in text.chars() {
                    match c {
                        '"' | '\\' | '$' | '`' => word.extend(['\\', c]),
                        // An interactive shell looks for it in its history, in double quotes, too.
                        '!' => word.push_str("\"'!'\""),
                        c if c.is_control() => {
                            let _ = write!(word, "$(printf '\\{:03o}')", u32::from(c));
                        }
                        c => word.push(c),
                    }
                }
            }
        }
    }
    word + "\""
}

/// A body as a word of the command, or as what another command prints.
enum Body {
    Word(String),
    Made(String),
}

/// Longer texts are made by the command rather than written out: a screen is not for them, and
/// Linux takes no word of more than 128 KiB.
const LONGEST_WORD: usize = 4_096;

fn body(bytes: &[u8], defect: Option<&BodyDefect>) -> Body {
    let text = std::str::from_utf8(bytes).ok();
    let text = text.filter(|text| text.chars().all(|c| is_seen(c) || c == '\n'));
    if let Some(text) = text.filter(|text| text.len() <= LONGEST_WORD) {
        return Body::Word(quoted_text(text));
    }
    if let (Some(text), Some(BodyDefect::Fill(fill))) = (text, defect)
        && let filling = fill.with.repeat(fill.times)
        && let Some((before, after)) = text.split_once(&filling)
    {
        let print = |text: &str| format!("printf %s {}", quoted_text(text));
        let with = quoted_text(&fill.with);
        let times = fill.times;
        return Body::Made(format!(
            "{{ {}; yes {with} | head -n {times} | tr -d '\\n'; {}; }}",
            print(before),
            print(after)
        ));
    }
    let mut format = String::new();
    for byte in bytes {
        match byte {
            b'%' => format.push_str("%%"),
            b'\\' => format.push_str(r"\\"),
            b'\'' => format.push_str(r"'\''"),
            b' '..=b'~' => format.push(char::from(*byte)),
            _ => {
                let _ = write!(format, "\\{byte:03o}");
            }
        }
    }
    Body::Made(format!("printf '{format}'"))
}

/// A text in single quotes, in which a shell obeys nothing. Not by shlex: that puts several quotes in a
/// row around what has a backslash or an apostrophe in it, as JSON often has, and none around a number.
fn quoted_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
