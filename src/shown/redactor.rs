//! Takes secrets out of everything that is shown or written, in whatever form a server echoed them.
//!
//! A text is looked at in every view of `super::views`, through a window of twelve characters: any
//! twelve in a row that a secret has are taken out, with all that goes on with them. So a server that
//! echoes a part of a key is found out, and a key that was spoilt needs no entry of its own.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::Arc,
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

use super::{
    secrets::{KeyPrefix, Named},
    text::Shown,
    views::{self, Seen},
    visible::visible,
};

/// So many characters in a row that a secret has are no coincidence: of 62 letters and digits two random
/// texts share twelve once in 10^21 times. Fewer would take ordinary words for secrets.
pub const WINDOW: usize = 12;

/// Shorter texts are not searched for: they would be found in ordinary words.
pub const SHORTEST_SECRET: usize = 8;

/// What is searched piece by piece has to overlap by this: a window of which each character takes as
/// much room as the longest encoding, `\\u0041`.
pub const OVERLAP: usize = WINDOW * 7;

/// How much of a value is shown in one line.
const SHOWN_VALUE: usize = 300;

/// How much of a body is shown.
const SHOWN_BODY: usize = 600;

/// The label of a key that is known by its shape alone.
const BY_SHAPE: &str = "(a key)";

/// Finds secrets, and makes text without them.
pub struct Redactor {
    /// Where in a secret a window of it is, by the window's characters.
    windows: HashMap<Vec<u8>, usize>,
    /// The lengths of windows that there are: twelve, and fewer for secrets that are shorter.
    lengths: Vec<usize>,
    /// The last two bytes of every window: most of a text is passed over by a look into this.
    ends: Box<[bool; 1 << 16]>,
    labels: Vec<Arc<str>>,
    /// What every key begins with, as it is compared.
    prefix: Vec<u8>,
    strangers: Strangers,
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

impl Redactor {
    /// A redactor for these secrets. Where two have something in common, the first one's label is shown.
    #[must_use]
    pub fn new(secrets: &[Named], prefix: &KeyPrefix) -> Self {
        Self::build(secrets, prefix, Strangers::TakenOut)
    }

    /// One that finds these secrets, and no others that only look like them.
    #[must_use]
    pub fn of_these_alone(secrets: &[Named], prefix: &KeyPrefix) -> Self {
        Self::build(secrets, prefix, Strangers::LeftAlone)
    }

    fn build(secrets: &[Named], prefix: &KeyPrefix, strangers: Strangers) -> Self {
        let prefix: Vec<u8> = prefix.0.bytes().map(folded).collect();
        let mut redactor = Self {
            windows: HashMap::new(),
            lengths: Vec::new(),
            ends: vec![false; 1 << 16].into_boxed_slice().try_into().expect("of this length"),
            labels: secrets.iter().map(|named| named.label.as_str().into()).collect(),
            prefix,
            strangers,
        };
        for (at, named) in secrets.iter().enumerate() {
            let text = named.secret.expose();
            redactor.add(text.as_bytes(), at);
            // What is left of it where only letters and digits may stand, as in a header's name.
            let bare: Vec<u8> = text.bytes().filter(u8::is_ascii_alphanumeric).collect();
            redactor.add(&bare, at);
            redactor.add_base64(text.as_bytes(), at);
            // Credentials of HTTP Basic (RFC 7617) are often kept as the base64 that is sent.
            let decoded = STANDARD.decode(text).ok().filter(|bytes| bytes.is_ascii());
            for part in decoded.iter().flat_map(|bytes| bytes.split(|byte| *byte == b':')) {
                redactor.add(part, at);
            }
        }
        redactor.lengths.sort_unstable_by(|one, other| other.cmp(one));
        redactor
    }

    /// Every window of a secret. What all keys begin with is no secret.
    fn add(&mut self, text: &[u8], secret: usize) {
        let text: Vec<u8> = text.iter().copied().map(folded).collect();
        let own = text.strip_prefix(self.prefix.as_slice()).unwrap_or(&text);
        if own.len() < SHORTEST_SECRET {
            return;
        }
        self.add_windows(own, own.len().min(WINDOW), secret);
    }

    /// A header's name is in lower case, and base64 that is cannot be undone: it is looked for as it is.
    fn add_base64(&mut self, text: &[u8], secret: usize) {
        for offset in 0..3 {
            let shifted = [&[0; 2][..offset], text].concat();
            let mut forms = vec![STANDARD_NO_PAD.encode(&shifted)];
            if forms[0].contains(['+', '/']) {
                forms.push(URL_SAFE_NO_PAD.encode(&shifted));
            }
            for encoded in forms {
                // The characters at both ends also hold bits of what stands around the text.
                let first = [0, 2, 3][offset];
                let last = (offset + text.len()) / 3 * 4;
                let encoded = encoded.bytes().take(last).skip(first).map(folded);
                self.add_windows(&encoded.collect::<Vec<_>>(), WINDOW * 4 / 3, secret);
            }
        }
    }

    fn add_windows(&mut self, text: &[u8], length: usize, secret: usize) {
        if !self.lengths.contains(&length) {
            self.lengths.push(length);
        }
        for window in text.windows(length).filter(|window| is_telling(window)) {
            self.windows.entry(window.to_vec()).or_insert(secret);
            self.ends[pair(window[length - 2], window[length - 1])] = true;
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
    fn without_secrets(&self, text: &str) -> String {
        let mut hits = Vec::new();
        self.search(text.as_bytes(), |hit| hits.push(hit));
        if hits.is_empty() {
            return text.to_owned();
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
        clean + &text[done..]
    }

    fn search(&self, bytes: &[u8], mut found: impl FnMut(Hit)) {
        if self.windows.is_empty()
            && (self.prefix.is_empty() || self.strangers == Strangers::LeftAlone)
        {
            return;
        }
        views::each(bytes, |view| self.search_view(view, &mut found));
    }

    fn search_view(&self, view: &mut dyn Iterator<Item = Seen>, found: &mut impl FnMut(Hit)) {
        let room = WINDOW * 4 / 3 + self.prefix.len();
        let mut passed: VecDeque<(u8, usize, usize)> = VecDeque::with_capacity(room + 1);
        // Where a key began that is known by its shape, and how much of it was seen.
        let mut shaped: Option<(usize, usize)> = None;
        for Seen { byte, start, end } in view {
            let Some(byte) = byte.map(folded) else {
                passed.clear();
                shaped = None;
                continue;
            };
            if passed.len() == room {
                passed.pop_front();
            }
            passed.push_back((byte, start, end));
            self.match_windows(&mut passed, end, found);
            shaped = self.match_shape(&mut passed, shaped, byte);
            if let Some((begin, length)) = shaped
                && length >= WINDOW
            {
                found(Hit { start: begin, end, secret: self.labels.len() });
            }
        }
    }

    fn match_windows(
        &self,
        passed: &mut VecDeque<(u8, usize, usize)>,
        end: usize,
        found: &mut impl FnMut(Hit),
    ) {
        let count = passed.len();
        if count < 2 || !self.ends[pair(passed[count - 2].0, passed[count - 1].0)] {
            return;
        }
        let bytes: Vec<u8> = passed.iter().map(|(byte, ..)| *byte).collect();
        for length in self.lengths.iter().copied().filter(|length| *length <= count) {
            let Some(secret) = self.windows.get(&bytes[count - length..]) else { continue };
            let before = &bytes[..count - length];
            // The label stands for the key with what it begins with.
            let from = match before.strip_suffix(self.prefix.as_slice()) {
                Some(rest) => rest.len(),
                None => before.len(),
            };
            return found(Hit { start: passed[from].1, end, secret: *secret });
        }
    }

    fn match_shape(
        &self,
        passed: &mut VecDeque<(u8, usize, usize)>,
        shaped: Option<(usize, usize)>,
        byte: u8,
    ) -> Option<(usize, usize)> {
        if self.prefix.is_empty() || self.strangers == Strangers::LeftAlone {
            return None;
        }
        if let Some((begin, length)) = shaped
            && (byte.is_ascii_alphanumeric() || byte == b'-')
        {
            return Some((begin, length + 1));
        }
        let count = passed.len().checked_sub(self.prefix.len())?;
        let is_prefix = passed.iter().skip(count).map(|(byte, ..)| byte).eq(&self.prefix);
        is_prefix.then(|| (passed[count].1, 0))
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
        Shown::made(if from == 0 { end } else { format!("...{end}") })
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

fn one_line(text: &str) -> String {
    visible(text).replace('\n', "\\n")
}

/// The beginning of a text that has `bytes` bytes in all. Cut before secrets are taken out, a part of
/// one could be left at the end.
fn cut(clean: String, most: usize, bytes: usize) -> String {
    match clean.char_indices().nth(most) {
        None => clean,
        Some((end, _)) => format!("{}... ({bytes} bytes in all)", &clean[..end]),
    }
}

/// Whether a window has characters enough to tell a secret by: a row of zeros may stand anywhere.
fn is_telling(window: &[u8]) -> bool {
    let mut different = [0_u64; 4];
    for byte in window {
        different[usize::from(byte / 64)] |= 1 << (byte % 64);
    }
    different.iter().map(|bits| bits.count_ones()).sum::<u32>() >= 4
}

/// A byte as it is compared. Header names come back in lower case and without underscores, and a form
/// has a plus sign for a space.
fn folded(byte: u8) -> u8 {
    match byte {
        b'_' => b'-',
        b' ' => b'+',
        byte => byte.to_ascii_lowercase(),
    }
}

fn pair(one: u8, other: u8) -> usize {
    usize::from(one) << 8 | usize::from(other)
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
    fn debug_shows_nothing_of_what_is_looked_for() {
        assert_eq!(format!("{:?}", redactor()), "(takes out 2 secrets)");
    }
}
