//! The command that sends a trial's request once more: for a shell, exact to the byte, and with the
//! variables' names where the keys were.

use std::{fmt::Write as _, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use url::Url;

use super::{
    curl_encoded::other_forms,
    curl_key::made,
    curl_steps::{self, Within},
    planned::{Planned, PlannedStep, TrialScript},
    shared::Run,
    shell::{Piece, apart, is_plain, is_word, quoted, quoted_text},
};
use crate::{
    contract::{scenario::Provocation, scenario_file::BodyDefect},
    exchange::{
        blanks::Written,
        message::{LEFT_OUT, Request},
        outgoing::{Outgoing, Role},
        sender::url,
        signing::{Signing, digest_of},
    },
    shown,
    shown::{
        redactor::{Redactor, SHORTEST_SECRET},
        secret::Secret,
        text::Shown,
    },
    targets::target::{SlotKey, is_nobody},
};

/// What a command begins with that is not the one that sends what its trial sent. For a shell it is a
/// comment, as all of its lines are then: what is left of the quotes may mean anything.
pub const TAKEN_OUT: &str = "# not to be run, since what may be a key is taken out of it: ";

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
        written: Option<&Written>,
        key: Option<&Secret>,
        role: Role,
    ) -> Shown {
        let writer = self.writer(self.secrets(planned, key, role), written);
        let fresh = curl_steps::fresh(written);
        let sent = written.map_or(sent, |written| &written.request);
        let command = match &planned.script {
            Ok(TrialScript::Burst { times, .. } | TrialScript::Balance { times, .. })
                if role == Role::Own && *times > 1 =>
            {
                let one = format!("{fresh}{}", writer.one(sent, None));
                format!("(for i in $(seq {times}); do {one} -w '\\n' & done; wait)")
            }
            Ok(TrialScript::Single { .. }) if role == Role::Own => {
                let defect = match &planned.case().provocation {
                    Provocation::Single(single) => single.body.as_deref(),
                    Provocation::Burst(_) | Provocation::Ledger(_) | Provocation::Balance(_) => {
                        None
                    }
                };
                format!("{fresh}{}", writer.one(sent, defect))
            }
            _ => format!("{fresh}{}", writer.one(sent, None)),
        };
        let command = self.steps(planned, written, role) + &command;
        let shown = self.redactor.text(&command);
        if shown.as_str() == command {
            return shown;
        }
        shown![TAKEN_OUT, shown.escaped(|text| text.replace('\n', "\n# "))]
    }

    fn writer(&self, mut secrets: Vec<Made>, written: Option<&Written>) -> CurlWriter<'_> {
        let blanks = written.into_iter().flat_map(|written| &written.names);
        for (written, name) in written.into_iter().cycle().zip(blanks) {
            let base = self.run.target.base_url.path();
            let texts = curl_steps::texts(written, name, base).into_iter();
            let made = |(text, made): (String, Vec<String>)| {
                (text, made.into_iter().map(Piece::Shell).collect())
            };
            secrets.extend(texts.map(made));
        }
        let names = written.map_or_else(Vec::new, |written| written.names.clone());
        let (base_url, credentials) = (&self.run.target.base_url, self.credentials);
        CurlWriter { base_url, credentials, secrets, names }
    }

    /// The commands for what comes before a request.
    fn steps(&self, planned: &Planned, written: Option<&Written>, role: Role) -> String {
        let steps = match (&planned.script, &planned.twin) {
            (_, Some(Ok(twin))) if role == Role::Twin => [twin.steps.as_deref(), None],
            (Ok(TrialScript::Single { steps, hook, .. }), _) => match role {
                Role::Own | Role::First | Role::Step | Role::After => {
                    [steps.as_deref(), hook.as_deref()]
                }
                Role::Again => [steps.as_deref(), None],
                _ => [None, None],
            },
            _ => [None, None],
        };
        let steps = steps.into_iter().flatten().flat_map(|steps| &steps.first).collect();
        let commands = curl_steps::before(steps, written, role).into_iter().enumerate();
        let command = |(at, step): (usize, &PlannedStep)| {
            let Outgoing { request, blanks, key, .. } = &step.request;
            let written = blanks.written(request);
            let writer =
                self.writer(self.secrets(planned, key.as_ref(), Role::Step), written.as_deref());
            let fresh = curl_steps::fresh(written.as_deref());
            let command = writer.one(request, None);
            fresh.to_owned() + &curl_steps::step(at + 1, &command, step)
        };
        commands.map(command).collect()
    }

    /// Each secret that a request may hold. The longest first, so that a spoilt key is not taken for the
    /// key inside it.
    fn secrets(&self, planned: &Planned, key: Option<&Secret>, role: Role) -> Vec<Made> {
        let target = &self.run.target;
        let spoilt = match (&planned.case().provocation, key) {
            (Provocation::Single(single), Some(key)) if role == Role::Own => {
                let defect = single.key.as_ref();
                defect.map(|defect| {
                    let slot = target.slots[&single.slot].dealt(planned.turn);
                    (key.expose().to_owned(), made(&self.run, slot, defect))
                })
            }
            _ => None,
        };
        let variable = |label: &str| vec![Piece::Shell(label.to_owned())];
        let keys = target.slots.values().flat_map(|slot| &slot.keys);
        let keys: Vec<&SlotKey> = keys.collect();
        let slots = keys.iter().filter_map(|SlotKey { env, key, .. }| {
            let key = key.as_ref().filter(|key| !is_nobody(key))?;
            Some((key.expose().to_owned(), variable(&format!("${env}"))))
        });
        let parts = keys.iter().flat_map(|own| {
            let part = |(name, value): (_, &Secret)| {
                (value.expose().to_owned(), variable(&format!("${}", own.variables[name])))
            };
            own.parts.iter().map(part)
        });
        let more = target.secrets.iter();
        let more = more.map(|named| (named.secret.expose().to_owned(), variable(&named.label)));
        let all = spoilt.into_iter().chain(slots).chain(more).chain(parts);
        let mut secrets: Vec<Made> = all.filter(|(text, _)| !text.is_empty()).collect();
        let forms = |(text, made): &Made| {
            let form = |(text, by_shell)| (text, vec![Piece::Shell(by_shell)]);
            other_forms(text, made).map(form).collect::<Vec<_>>()
        };
        let forms: Vec<Made> = secrets.iter().flat_map(forms).collect();
        secrets.extend(forms);
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
    /// The names of the request's blanks.
    names: Vec<Arc<str>>,
}

impl CurlWriter<'_> {
    fn one(&self, request: &Request, defect: Option<&BodyDefect>) -> String {
        let mut command = "curl -sS -i".to_owned();
        if self.base_url.scheme() == "https" {
            command.push_str(" --http1.1");
        }
        let sends = request.announces_body();
        if request.method == "HEAD" {
            // By `-X HEAD` curl would wait for a body.
            command.push_str(" --head");
        } else if sends || request.method != "GET" {
            let _ = write!(command, " -X {}", request.method);
        }
        let sign = if request.path.starts_with('/') { "" } else { "/" };
        let address = url(self.base_url, &format!("{sign}{}", request.path)).to_string();
        if address.contains(['[', ']', '{', '}']) {
            // curl would make several addresses of it.
            command.push_str(" -g");
        }
        let _ = write!(command, " {}", quoted(&self.address(&address)));
        if let Some(signing) = &request.signing {
            let Signing { service, region, access_key, secret } = &**signing;
            let scope = format!("aws:amz:{region}:{service}");
            let user = self.credentials(&format!("{access_key}:{}", secret.expose()));
            let _ = write!(command, " --aws-sigv4 {scope} --user {}", quoted(&user));
            // S3 asks for it, and few versions of curl make it by themselves.
            let _ = write!(command, " -H 'X-Amz-Content-Sha256: {}'", digest_of(&request.body));
        }
        for (name, value) in &request.headers {
            let is_cookie = name.eq_ignore_ascii_case("cookie") && value.expose().contains('=');
            if is_cookie {
                let _ = write!(command, " -b {}", quoted(&self.pieces(value.expose())));
                continue;
            }
            // One that a variable holds is nobody's to be taken apart.
            let is_whole = self.secrets.iter().any(|(secret, _)| secret == value.expose());
            let parts = match self.credentials {
                Credentials::Parts if !is_whole => basic(name, value.expose()),
                _ => None,
            };
            let _ = match parts {
                Some(credentials) => {
                    write!(command, " -u {}", quoted(&self.credentials(&credentials)))
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
        let text = std::str::from_utf8(&request.body).ok();
        let within = Within::body_of(request);
        let pieces = text.filter(|text| is_word(text)).map(|text| {
            let mut pieces = self.pieces(text);
            self.encode(&mut pieces, within);
            pieces
        });
        let variable = |piece: &Piece| matches!(piece, Piece::Shell(_));
        if let Some(pieces) = pieces.filter(|pieces| pieces.iter().any(variable)) {
            return command + " --data-raw " + &quoted(&pieces);
        }
        match body(&request.body, defect, |text| self.word(text)) {
            Body::Word(word) => command + " --data-raw " + &word,
            Body::Made(made) => {
                // It stands in single quotes.
                let fill = |made: String, name: &Arc<str>| {
                    let variable = format!("'\"${{{}}}\"'", curl_steps::variable(name));
                    let texts = [format!("{{{name}}}"), format!("%%7B{name}%%7D")];
                    texts.iter().fold(made, |made, text| made.replace(text, &variable))
                };
                let made = self.names.iter().fold(made, fill);
                format!("{made} | {command} --data-binary @-")
            }
        }
    }

    /// An address, in whose query a captured value is encoded.
    fn address(&self, address: &str) -> Vec<Piece> {
        let mut pieces = self.pieces(address);
        let begins_query = |piece: &Piece| match piece {
            Piece::Literal(text) => text.contains('?'),
            Piece::Shell(text) => text.starts_with(curl_steps::SIGN),
        };
        if let Some(query) = pieces.iter().position(begins_query) {
            self.encode(&mut pieces[query..], Within::Query);
        }
        pieces
    }

    /// Writes the captured values among these as their place takes them.
    fn encode(&self, pieces: &mut [Piece], within: Within) {
        for piece in pieces {
            let is_it = |name: &&Arc<str>| match &*piece {
                Piece::Shell(text) => *text == Within::Plain.written(name),
                Piece::Literal(_) => false,
            };
            if let Some(name) = self.names.iter().find(is_it) {
                *piece = Piece::Shell(within.written(name));
            }
        }
    }

    fn header(&self, name: &str, value: &str) -> Vec<Piece> {
        if value == LEFT_OUT {
            return vec![Piece::Literal(format!("{name}:"))];
        }
        if value.is_empty() {
            // With a colon curl would leave the header out.
            return vec![Piece::Literal(format!("{name};"))];
        }
        let mut pieces = vec![Piece::Literal(format!("{name}: "))];
        pieces.extend(self.value(value));
        pieces
    }

    /// The two parts of credentials, of which one may be too short to be looked for.
    fn credentials(&self, text: &str) -> Vec<Piece> {
        let colon = [Piece::Literal(":".to_owned())];
        let short = || self.secrets.iter().filter(|(secret, _)| secret.len() < SHORTEST_SECRET);
        for (secret, made) in short() {
            let [user, password] = [format!("{secret}:"), format!(":{secret}")];
            if let Some(rest) = text.strip_prefix(&user) {
                return [&made[..], &colon, &self.pieces(rest)].concat();
            } else if let Some(rest) = text.strip_suffix(&password) {
                return [&self.pieces(rest), &colon[..], made].concat();
            }
        }
        self.pieces(text)
    }

    /// A whole value, which may be too short to be looked for.
    fn value(&self, text: &str) -> Vec<Piece> {
        let whole = self.secrets.iter().find(|(secret, _)| secret == text);
        whole.map_or_else(|| self.pieces(text), |(_, made)| made.clone())
    }

    /// A text in quotes, with what the shell makes each secret in it from.
    fn word(&self, text: &str) -> String {
        let pieces = self.pieces(text);
        let is_made = pieces.iter().any(|piece| matches!(piece, Piece::Shell(_)));
        if is_made { quoted(&pieces) } else { quoted_text(text) }
    }

    /// A text in which every secret is what the shell makes it from.
    fn pieces(&self, text: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((at, secret, made)) = self
            .secrets
            .iter()
            // The name of a blank is looked for, however short it is.
            .filter(|(secret, _)| secret.len() >= SHORTEST_SECRET || is_blank(secret))
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

/// Whether a text stands for a blank, in an address or elsewhere.
fn is_blank(text: &str) -> bool {
    ["{", "%7B", "/%7B"].iter().any(|begin| text.starts_with(begin))
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

/// A body as a word of the command, or as what another command prints.
enum Body {
    Word(String),
    Made(String),
}

fn body(bytes: &[u8], defect: Option<&BodyDefect>, word: impl Fn(&str) -> String) -> Body {
    let text = std::str::from_utf8(bytes).ok().filter(|text| is_plain(text));
    if let Some(text) = text.filter(|text| is_word(text)) {
        return Body::Word(quoted_text(text));
    }
    if let (Some(text), Some(BodyDefect::Fill(fill))) = (text, defect)
        // `yes` would take the one for a flag, and `tr` takes the other out.
        && !fill.with.starts_with('-')
        && !fill.with.contains('\n')
        && let filling = fill.with.repeat(fill.times)
        && let Some((before, after)) = text.split_once(&filling)
    {
        let print = |text: &str| format!("printf %s {}", word(text));
        let with = quoted_text(&fill.with);
        let times = fill.times;
        return Body::Made(format!(
            "{{ {}; yes {with} | head -n {times} | tr -d '\\n'; {}; }}",
            print(before),
            print(after)
        ));
    }
    let mut format = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            // A flag of `printf`.
            b'-' if at == 0 => format.push_str(r"\055"),
            b'%' => format.push_str("%%"),
            b'\\' => format.push_str(r"\\"),
            b'\'' => format.push_str(r"'\''"),
            b' '..=b'~' => format.push(char::from(*byte)),
            _ => {
                let _ = write!(format, "\\{byte:03o}");
            }
        }
    }
    Body::Made(apart(&format!("printf '{format}'"), '\''))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::scenario_file::Filling;

    #[test]
    fn a_body_is_made_of_what_no_command_takes_for_a_flag() {
        let fill = |with: &str| {
            let at = String::new();
            BodyDefect::Fill(Filling { at, with: with.to_owned(), times: 5_000 })
        };
        let made =
            |bytes: &[u8], defect: Option<&BodyDefect>| match body(bytes, defect, quoted_text) {
                Body::Word(word) => word,
                Body::Made(made) => made,
            };
        let rows: [(&[u8], &str); 4] = [
            (b"-d {}", "'-d {}'"),
            (b"-\0-%\\'", r"printf '\055\000-%%\\'\'''"),
            ("\u{200b}##[x]".as_bytes(), r"printf '\342\200\213##''[x]'"),
            (b"\xff", r"printf '\377'"),
        ];
        for (bytes, expected) in rows {
            assert_eq!(made(bytes, None), expected);
        }
        for (with, by_yes) in [("x", true), ("x-", true), ("-n", false), ("x\n", false)] {
            let filled = format!("<{}>", with.repeat(5_000));
            let made = made(filled.as_bytes(), Some(&fill(with)));
            assert_eq!(made.contains("yes "), by_yes, "{with:?}");
        }
    }
}
