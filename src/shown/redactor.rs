//! Takes secrets out of everything that is shown or written, in whatever form a server echoed them.
//!
//! A text is looked at in every view of `super::views`: any twelve characters in a row that a secret has
//! are taken out, with all that goes on with them. So a server that echoes a part of a key is found
//! out, and a key that was spoilt needs no entry of its own.

use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use memchr::memmem;

use super::{
    grams::{Grams, Run, Telling, folded},
    secret::{KeyPrefix, Named},
    text::Shown,
    views::{self, View},
    visible::visible,
};

/// So many characters in a row that a secret has are no coincidence: of 62 letters and digits two random
/// texts share twelve once in 10^21 times. Fewer would take ordinary words for secrets.
pub const WINDOW: usize = 12;

/// Twelve bytes fill so many characters of base64, wherever in a group of three they begin.
const WINDOW_OF_BASE64: usize = 15;

/// Shorter texts are not searched for: they would be found in ordinary words.
pub const SHORTEST_SECRET: usize = 8;

/// A long text is searched piece by piece, so that what it takes does not grow with it.
const PIECE: usize = 64 << 10;

/// What is searched piece by piece has to overlap by this: twelve characters of a secret and what stands
/// unseen between them, or a key of which only the shape is known.
pub const OVERLAP: usize = 4 << 10;

/// How much of a value is shown in one line.
const SHOWN_VALUE: usize = 300;

/// How much of a body is shown.
const SHOWN_BODY: usize = 600;

/// The label of a key that is known by its shape alone.
const BY_SHAPE: &str = "(a key)";

/// Finds secrets, and makes text without them.
pub struct Redactor {
    grams: Arc<Grams>,
    labels: Vec<Arc<str>>,
    /// What every key begins with, as it is compared.
    prefix: memmem::Finder<'static>,
    strangers: Strangers,
    /// What it has learned since it was made.
    learned: RwLock<Learned>,
}

/// Secrets that nobody knew before a run, since a server gave them.
#[derive(Default)]
struct Learned {
    named: Vec<Named>,
    /// Finds them.
    redactor: Option<Box<Redactor>>,
}

/// What to make of keys that nobody has named and that only look like one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strangers {
    /// They are taken out: somebody's key they may be.
    TakenOut,
    /// They are nothing that is looked for.
    LeftAlone,
}

/// A part of a text that holds a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    start: usize,
    end: usize,
    /// Whose it is; one more than there are for a key that is known by its shape.
    secret: usize,
}

impl Hit {
    fn joins(&self, other: &Self) -> bool {
        self.secret == other.secret && self.start <= other.end && other.start <= self.end
    }
}

impl Redactor {
    /// A redactor for these secrets. Where two have something in common, the first one's label is shown.
    #[must_use]
    pub fn new(secrets: &[Named], prefix: &KeyPrefix) -> Self {
        let prefix = all_folded(prefix.0.as_bytes());
        let mut grams = Grams::default();
        for (at, named) in secrets.iter().enumerate() {
            add(&mut grams, &prefix, named.secret.expose().as_bytes(), at);
        }
        Self {
            grams: grams.sorted().into(),
            labels: secrets.iter().map(|named| named.label.as_str().into()).collect(),
            prefix: memmem::Finder::new(&prefix).into_owned(),
            strangers: Strangers::TakenOut,
            learned: RwLock::default(),
        }
    }

    /// From now on this is taken out as well: a server has given it in this run.
    pub fn learn(&self, named: Named) {
        let mut learned = self.learned.write().unwrap_or_else(PoisonError::into_inner);
        if !learned.named.contains(&named) {
            learned.named.push(named);
            let redactor = Self::new(&learned.named, &KeyPrefix::default());
            learned.redactor = Some(redactor.into());
        }
    }

    /// One that finds who gave so many of the first of its secrets away: no others that only look like them, and
    /// no parts of them that others' secrets share. Both share what they know.
    #[must_use]
    pub fn of_the_first(&self, count: usize) -> Self {
        Self {
            grams: Arc::clone(&self.grams),
            labels: self.labels.iter().take(count).cloned().collect(),
            prefix: self.prefix.clone(),
            strangers: Strangers::LeftAlone,
            learned: RwLock::default(),
        }
    }

    /// Whose secret is in these bytes, in whatever form; the label of the first.
    #[must_use]
    pub fn finds(&self, bytes: &[u8]) -> Option<&str> {
        let mut first = None;
        self.search(bytes, |hit| first = first.min(Some(hit.secret)).or(Some(hit.secret)));
        first.map(|first| self.label(first))
    }

    fn label(&self, secret: usize) -> &str {
        self.labels.get(secret).map_or(BY_SHAPE, |label| label)
    }

    /// The text without any secret; control codes are still in it.
    fn without_secrets<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let clean = self.without_known_secrets(text);
        let learned = self.learned.read().unwrap_or_else(PoisonError::into_inner);
        match &learned.redactor {
            None => clean,
            Some(redactor) => redactor.without_known_secrets(&clean).into_owned().into(),
        }
    }

    fn without_known_secrets<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut hits: Vec<Hit> = Vec::new();
        self.search(text.as_bytes(), |hit| match hits.last_mut() {
            // A key that is like itself is found at many places that overlap.
            Some(last) if last.joins(&hit) => {
                (last.start, last.end) = (last.start.min(hit.start), last.end.max(hit.end));
            }
            _ => hits.push(hit),
        });
        if hits.is_empty() {
            return text.into();
        }
        hits.sort_unstable();
        let mut clean = String::with_capacity(text.len());
        let mut done = 0;
        let mut hits = hits.into_iter().peekable();
        while let Some(mut hit) = hits.next() {
            while let Some(next) = hits.next_if(|next| next.start <= hit.end) {
                hit.end = hit.end.max(next.end);
                hit.secret = hit.secret.min(next.secret);
            }
            let start = floor(text, hit.start).max(done);
            clean.push_str(&text[done..start]);
            clean.push_str(self.label(hit.secret));
            done = ceiling(text, hit.end).max(start);
        }
        (clean + &text[done..]).into()
    }

    fn search(&self, bytes: &[u8], mut found: impl FnMut(Hit)) {
        let shortest = match self.grams.shortest() {
            Some(shortest) => shortest,
            None if self.knows_strangers() => WINDOW,
            None => return,
        };
        let mut from = 0;
        loop {
            let to = bytes.len().min(from + PIECE);
            views::each(&bytes[from..to], shortest, |view| {
                self.search_view(view, |Hit { start, end, secret }| {
                    found(Hit { start: from + start, end: from + end, secret });
                });
            });
            if to == bytes.len() {
                return;
            }
            from = to - OVERLAP;
        }
    }

    fn search_view(&self, view: &View<'_>, mut found: impl FnMut(Hit)) {
        let prefix = self.prefix.needle();
        let mut hit = |start: usize, end: usize, secret| {
            found(Hit { start: view.place(start).start, end: view.place(end - 1).end, secret });
        };
        self.grams.search(&view.bytes, |Run { start, end, secret, telling }| {
            let is_sought = telling == Telling::Secret || self.strangers == Strangers::TakenOut;
            if secret >= self.labels.len() || !is_sought {
                return;
            }
            // The label stands for the key with what it begins with.
            let before = start.checked_sub(prefix.len());
            let begins = before.filter(|from| all_folded(&view.bytes[*from..start]) == prefix);
            hit(begins.unwrap_or(start), end, secret);
        });
        if self.knows_strangers() {
            let bytes = all_folded(&view.bytes);
            let mut done = 0;
            while let Some(at) = self.prefix.find(&bytes[done..]) {
                let (start, own) = (done + at, done + at + prefix.len());
                let length = bytes[own..].iter().take_while(|byte| is_of_a_key(**byte)).count();
                if length >= WINDOW {
                    hit(start, own + length, self.labels.len());
                }
                // What begins in between ends there, too: a megabyte of prefixes took minutes.
                done = own + length;
            }
        }
    }

    fn knows_strangers(&self) -> bool {
        self.strangers == Strangers::TakenOut && !self.prefix.needle().is_empty()
    }

    /// A text of several lines.
    #[must_use]
    pub fn text(&self, text: &str) -> Shown {
        Shown::made(visible(&self.without_secrets(text)))
    }

    /// A text for one line: line breaks are written out like other control codes.
    #[must_use]
    pub fn line(&self, text: &str) -> Shown {
        Shown::made(one_line(&self.without_secrets(text)))
    }

    /// A value for one line, cut where it is long.
    #[must_use]
    pub fn value(&self, text: &str) -> Shown {
        Shown::made(one_line(&cut(self.without_secrets(text), SHOWN_VALUE, text.len())))
    }

    /// A body, cut where it is long.
    #[must_use]
    pub fn body(&self, bytes: &[u8]) -> Shown {
        let text = String::from_utf8_lossy(bytes);
        Shown::made(visible(&cut(self.without_secrets(&text), SHOWN_BODY, bytes.len())))
    }

    /// The end of a text, at most so many characters of it.
    #[must_use]
    pub fn end_of(&self, text: &str, most: usize) -> Shown {
        let clean = self.without_secrets(text);
        let clean = clean.trim_end();
        let from = clean.char_indices().rev().nth(most.saturating_sub(1)).map_or(0, |(at, _)| at);
        let end = visible(&clean[from..]);
        if from == 0 { Shown::made(end) } else { Shown::made(format!("...{end}").into()) }
    }
}

impl Default for Redactor {
    /// One that knows no secret, and still cuts and writes control codes out.
    fn default() -> Self {
        Self::new(&[], &KeyPrefix::default())
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(takes out {} secrets)", self.labels.len())
    }
}

/// Adds every form of a secret that is looked for.
fn add(grams: &mut Grams, prefix: &[u8], text: &[u8], secret: usize) {
    let whole = own_part(text, prefix);
    let signature = signature(text);
    let telling = if signature.is_some() { Telling::Shared } else { Telling::Secret };
    // What is left of it where only letters and digits may stand, as in a header's name.
    let bare: Vec<u8> = whole.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
    // Credentials of HTTP Basic (RFC 7617) are often kept as the base64 that is sent.
    let decoded = STANDARD.decode(text).ok().filter(|bytes| bytes.is_ascii());
    let credentials = decoded.iter().flat_map(|bytes| bytes.split(|byte| *byte == b':'));
    let credentials = credentials.map(|text| own_part(text, prefix));
    let bare_too = (bare.len() < whole.len()).then_some(bare.as_slice());
    let forms = [whole].into_iter().chain(bare_too).chain(credentials);
    for form in forms.filter(|form| form.len() >= SHORTEST_SECRET) {
        grams.add(form, WINDOW, secret, telling);
    }
    add_base64(grams, whole, secret, telling);
    if let Some(signature) = signature {
        grams.add(signature, WINDOW, secret, Telling::Secret);
        add_base64(grams, signature, secret, Telling::Secret);
    }
}

/// What is secret of a JSON Web Token (RFC 7515, section 7.1): not its header, which names an algorithm, and
/// not its claims. Tokens of other people begin with the same.
fn signature(text: &[u8]) -> Option<&[u8]> {
    let parts: Vec<&[u8]> = text.split(|byte| *byte == b'.').collect();
    let [header, _, signature] = parts[..] else { return None };
    let header = URL_SAFE_NO_PAD.decode(header).ok()?;
    let is_token = header.starts_with(b"{") && memmem::find(&header, b"\"alg\"").is_some();
    (is_token && signature.len() >= WINDOW).then_some(signature)
}

/// A secret without what every key begins with, which is no secret.
fn own_part<'a>(text: &'a [u8], prefix: &[u8]) -> &'a [u8] {
    if all_folded(text).starts_with(prefix) { &text[prefix.len()..] } else { text }
}

/// A header's name is in lower case, and base64 that is cannot be undone: it is looked for as it is.
fn add_base64(grams: &mut Grams, text: &[u8], secret: usize, telling: Telling) {
    for offset in 0..3 {
        let shifted = [&[0; 2][..offset], text].concat();
        let mut forms = vec![STANDARD_NO_PAD.encode(&shifted)];
        if forms[0].contains(['+', '/']) {
            forms.push(URL_SAFE_NO_PAD.encode(&shifted));
        }
        for encoded in forms {
            // The characters at both ends also hold bits of what stands around the text.
            let first = [0, 2, 3][offset];
            let last = (offset + text.len()) * 8 / 6;
            let own = encoded.as_bytes().get(first..last).unwrap_or_default();
            if own.len() >= WINDOW_OF_BASE64 {
                grams.add(own, WINDOW_OF_BASE64, secret, telling);
            }
        }
    }
}

fn one_line(text: &str) -> Cow<'_, str> {
    let visible = visible(text);
    if visible.contains('\n') { visible.replace('\n', "\\n").into() } else { visible }
}

/// The beginning of a text that has `bytes` bytes in all. Cut before secrets are taken out, a part of
/// one could be left at the end.
fn cut(clean: Cow<'_, str>, most: usize, bytes: usize) -> Cow<'_, str> {
    match clean.char_indices().nth(most) {
        None => clean,
        Some((end, _)) => format!("{}... ({bytes} bytes in all)", &clean[..end]).into(),
    }
}

fn all_folded(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().map(folded).collect()
}

/// Whether a byte, as it is compared, may stand in a key.
fn is_of_a_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

/// The nearest place at or before this one at which a text can be divided.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

fn ceiling(text: &str, at: usize) -> usize {
    (at.min(text.len())..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_learned_in_a_run_is_taken_out_from_then_on() {
        let named = |secret: &str, label: &str| Named {
            secret: super::super::secret::Secret::new(secret),
            label: label.to_owned(),
        };
        let redactor = Redactor::new(&[named("k3yk3yk3yk3yk3y0", "$KEY")], &KeyPrefix::default());
        let text = "/up/7f3a9c1e5b2d8f40?key=k3yk3yk3yk3yk3y0";
        assert_eq!(redactor.line(text).as_str(), "/up/7f3a9c1e5b2d8f40?key=$KEY");
        redactor.learn(named("7f3a9c1e5b2d8f40", "$upload"));
        redactor.learn(named("another-session-1", "$session"));
        assert_eq!(redactor.line(text).as_str(), "/up/$upload?key=$KEY");
        assert_eq!(redactor.body(b"another-session-1").as_str(), "$session");
    }
    use crate::shown::secrets::Secrets;

    fn redactor() -> Redactor {
        let mut secrets = Secrets::default();
        secrets.add(Named::of_variable("KEY", "pms_live_AbC+/\"9é.0123456789xyz"));
        secrets.add(Named::of_variable("BASIC", "YWxpY2U6Y29ycmVjdC1ob3JzZS0x"));
        secrets.set_prefix("pms_live_");
        secrets.redactor()
    }

    #[test]
    fn a_key_is_taken_out_in_every_form_and_nothing_else_is() {
        let rows = [
            ("a pms_live_AbC+/\"9é.0123456789xyz b", "a $KEY b"),
            ("x-pms-live-abc+/\"9é.0123456789xyz: 1", "x-$KEY: 1"),
            (r#"{"k":"pms_live_AbC+/\"9é.0123456789xyz"}"#, r#"{"k":"$KEY"}"#),
            ("pms_live_AbC%2B%2F%229%C3%A9.0123456789xyz", "$KEY"),
            ("pms_live_AbC%252B%252F%25229%25C3%25A9.0123456789xyz", "$KEY"),
            ("a 2e3031323334353637383978797a b", "a $KEY b"),
            (r"\u0030\u0031\u0032\u0033\u0034\u0035\u0036\u0037\u0038\u0039\u0078\u0079", "$KEY"),
            // A part of it, wherever that begins and ends.
            ("ends in 0123456789xyz, they say", "ends in $KEY, they say"),
            ("ends in 123456789xy, they say", "ends in 123456789xy, they say"),
            // Another key of the same shape.
            ("pms_live_zzzzzzzzzzzz is another", "(a key) is another"),
            ("pms_live_zzzzzzzzzzz is none", "pms_live_zzzzzzzzzzz is none"),
            ("pms_live_ alone", "pms_live_ alone"),
            // What the base64 of HTTP Basic holds.
            ("-u alice:correct-horse-1", "-u alice:$BASIC"),
            ("Basic YWxpY2U6Y29ycmVjdC1ob3JzZS0x", "Basic $BASIC"),
        ];
        for (text, expected) in rows {
            assert_eq!(redactor().line(text).to_string(), expected, "{text}");
        }
    }

    #[test]
    fn of_a_token_with_claims_the_signature_alone_is_given_away_and_all_is_taken_out() {
        let token = |claims: &str, signature: &str| {
            let [header, claims] =
                [r#"{"alg":"HS256","typ":"JWT"}"#, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
            format!("{header}.{claims}.{signature}")
        };
        let own =
            token(r#"{"iss":"https://auth.example.com","sub":"1"}"#, "0123456789abcdefghij-_");
        let others =
            token(r#"{"iss":"https://auth.example.com","sub":"2"}"#, "zyxwvutsrqponmlkji9876");
        let redactor = Redactor::new(&[Named::of_variable("KEY", &own)], &KeyPrefix::default());
        let finder = redactor.of_the_first(1);
        assert_eq!(finder.finds(others.as_bytes()), None);
        assert_eq!(finder.finds(own.as_bytes()), Some("$KEY"));
        assert_eq!(finder.finds(STANDARD.encode(&own).as_bytes()), Some("$KEY"));
        assert_eq!(redactor.line(&own).as_str(), "$KEY");
        let shown = redactor.line(&others).to_string();
        assert!(shown.starts_with("$KEY") && shown.ends_with("zyxwvutsrqponmlkji9876"), "{shown}");
    }

    #[test]
    fn keys_without_end_are_one_hit_of_each_view() {
        let text = "pms_live_".repeat(1_000);
        let mut hits = Vec::new();
        redactor().search(text.as_bytes(), |hit| hits.push(hit));
        assert_eq!(hits, [Hit { start: 0, end: text.len(), secret: 2 }]);
        assert_eq!(redactor().line(&text).as_str(), "(a key)");
    }

    #[test]
    fn a_key_inside_base64_is_taken_out_at_every_offset() {
        for before in ["", "a", "ab", "Bearer ", "user:"] {
            for engine in [STANDARD, URL_SAFE_NO_PAD] {
                let encoded = engine.encode(format!("{before}pms_live_AbC+/\"9é.0123456789xyz--"));
                let shown = redactor().line(&encoded).to_string();
                assert!(shown.contains("$KEY"), "{before:?}: {shown}");
                assert!(shown.len() < 24, "{before:?}: {shown}");
            }
        }
    }

    #[test]
    fn keys_are_taken_out_before_a_text_is_cut_and_control_codes_are_written_out_last() {
        let redactor = redactor();
        let long = format!("{}pms_live_AbC+/\"9é.0123456789xyz", "x".repeat(285));
        assert!(redactor.value(&long).to_string().ends_with("xxx$KEY"));
        let body = format!("{}0123456789xyz\u{1b}[2J", "x".repeat(594));
        assert_eq!(
            redactor.body(body.as_bytes()).to_string(),
            format!("{}$KEY\\u{{1b}}[... (611 bytes in all)", "x".repeat(594))
        );
        assert_eq!(redactor.end_of("ab\n0123456789xyz\n\n", 6).to_string(), "...b\n$KEY");
    }

    #[test]
    fn a_secret_of_any_length_is_taken_out_from_eight_characters_on() {
        for length in 0..40 {
            let key: String =
                "0123456789abcdefghijklmnopqrstuvwxyzABCD".chars().take(length).collect();
            let redactor = Redactor::new(&[Named::of_variable("KEY", &key)], &KeyPrefix::default());
            let text = format!("before {key} after");
            let clean = if length < SHORTEST_SECRET { &text } else { "before $KEY after" };
            assert_eq!(redactor.line(&text).as_str(), clean);
        }
    }

    #[test]
    fn debug_shows_nothing_of_what_is_looked_for() {
        assert_eq!(format!("{:?}", redactor()), "(takes out 2 secrets)");
    }
}
