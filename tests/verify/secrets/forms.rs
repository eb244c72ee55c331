//! A text in the forms in which it may come back, and a search for any twelve characters of it in each of them. The
//! encoders are the test's own.

use std::fmt::Write as _;

use aho_corasick::AhoCorasick;
use base64::{Engine as _, engine::general_purpose};
use errproof::internals::shown::redactor::WINDOW;
use fastrand::Rng;

pub(super) const PREFIX: &str = "pms_live_";

/// What puts a text in another form.
pub(super) type Form = fn(&str) -> String;

/// The forms in which a text comes back, by name.
const FORMS: [(&str, Form); 32] = [
    ("as it is", str::to_owned),
    ("upper case", str::to_uppercase),
    ("lower case", str::to_lowercase),
    ("percent-encoded", |text| percent(text, false)),
    ("percent-encoded, all of it", |text| percent(text, true)),
    ("percent-encoded twice", |text| percent(text, true).replace('%', "%25")),
    ("in a form", |text| percent(text, false).replace("%20", "+")),
    ("hexadecimal", |text| joined(text.bytes().map(|byte| format!("{byte:02x}")))),
    ("HEXADECIMAL", |text| joined(text.bytes().map(|byte| format!("{byte:02X}")))),
    ("JSON escapes", |text| joined(text.encode_utf16().map(|unit| format!("\\u{unit:04x}")))),
    ("base64", |text| general_purpose::STANDARD.encode(text)),
    ("base64 for addresses", |text| general_purpose::URL_SAFE_NO_PAD.encode(text)),
    ("base64 in lower case", |text| general_purpose::STANDARD.encode(text).to_lowercase()),
    ("unseen characters between", |text| joined(text.chars().map(|c| format!("{c}\u{200b}")))),
    ("HTML references", |text| joined(text.chars().map(|c| format!("&#{};", u32::from(c))))),
    ("a header's name", |text| text.to_lowercase().replace('_', "-")),
    ("HTML references without semicolons", |text| each(text, |c| format!("&#{}", u32::from(c)))),
    ("HTML references with zeros", |text| each(text, |c| format!("&#{:012};", u32::from(c)))),
    ("HTML references, escaped", |text| each(text, |c| format!("&amp;#x{:x};", u32::from(c)))),
    ("HTML references, percent-encoded", |text| {
        percent(&each(text, |c| format!("&#{};", u32::from(c))), false)
    }),
    ("escapes of a program", |text| each(text, |c| format!("\\x{:02x}", u32::from(c)))),
    ("long escapes of a program", |text| each(text, |c| format!("\\U{:08x}", u32::from(c)))),
    ("old percent-encoding", |text| each(text, |c| format!("%u{:04X}", u32::from(c)))),
    ("hexadecimal pairs", |text| between(text, ":", |byte| format!("{byte:02x}"))),
    ("a buffer of Node", |text| between(text, " ", |byte| format!("{byte:02x}"))),
    ("a list of bytes", |text| between(text, ", ", |byte| byte.to_string())),
    ("octal escapes", |text| each(text, |c| format!("\\{:03o}", u32::from(c)))),
    ("percent-encoded JSON escapes", |text| {
        percent(&each(text, |c| format!("\\u{:04x}", u32::from(c))), true)
    }),
    ("lines in JSON", |text| lines(&text.replace('\\', "\\\\").replace('"', "\\\""), 7, "\\n")),
    ("lines, percent-encoded", |text| lines(&percent(text, false), 9, "%0A")),
    ("soft hyphens by name", |text| each(text, |c| c.to_string().replace('&', "&amp;") + "&shy;")),
    ("base64 in lines in JSON", |text| {
        lines(&general_purpose::STANDARD.encode(text).replace('/', "\\/"), 19, "\\n")
    }),
];

/// What stands between the parts of a text in those forms that have lines.
const BETWEEN: [&str; 3] = ["\\n", "%0a", "&shy;"];

fn each(text: &str, write: fn(char) -> String) -> String {
    joined(text.chars().map(write))
}

fn between(text: &str, between: &str, write: fn(u8) -> String) -> String {
    text.bytes().map(write).collect::<Vec<_>>().join(between)
}

/// A text in lines of so many characters, but for one that ends where it would cut an escape.
fn lines(text: &str, length: usize, between: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut lines: Vec<String> = Vec::new();
    let mut rest = characters.as_slice();
    while !rest.is_empty() {
        let mut end = length.min(rest.len());
        while rest[..end].iter().rev().take(2).any(|c| ['%', '\\'].contains(c)) && end < rest.len()
        {
            end += 1;
        }
        lines.push(rest[..end].iter().collect());
        rest = &rest[end..];
    }
    lines.join(between)
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().concat()
}

fn percent(text: &str, all: bool) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if !all && (byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Any twelve characters of a secret in a row, with each form of theirs, in lower case.
pub(super) struct Sought(Vec<(String, String)>);

/// Of texts from this length on, looking for a thousand forms one by one takes longer than to make an automaton.
const LONG: usize = 10_000;

impl Sought {
    pub(super) fn of(secret: &str) -> Self {
        let secret: Vec<char> = secret.chars().collect();
        let windows = secret.windows(WINDOW).map(|window| window.iter().collect::<String>());
        let forms = windows.flat_map(|window| {
            let forms = FORMS.iter().flat_map(|(name, form)| {
                if !name.starts_with("base64") || name.contains("lines") {
                    return vec![form(&window).to_lowercase()];
                }
                // Its first and last characters depend on what stands around.
                let part = |(before, from, to): (&str, usize, usize)| {
                    form(&format!("{before}{window}")).to_lowercase()[from..to].to_owned()
                };
                [("", 0, 16), ("?", 2, 17), ("??", 3, 18)].map(part).to_vec()
            });
            forms.map(|form| (window.clone(), form)).collect::<Vec<_>>()
        });
        Self(forms.collect())
    }

    /// The first of them that is in a text.
    pub(super) fn left_in(&self, text: &str) -> Option<&str> {
        // Whoever reads the text leaves out how an unseen character is written.
        let lower = text.to_lowercase().replace("\\u{200b}", "\u{200b}");
        let joined = BETWEEN.iter().fold(lower.clone(), |text, between| text.replace(between, ""));
        let found = if text.len() < LONG {
            self.0.iter().position(|(_, form)| lower.contains(form) || joined.contains(form))
        } else {
            let forms = AhoCorasick::new(self.0.iter().map(|(_, form)| form));
            let forms = forms.expect("a few thousand short forms");
            let mut texts = [&lower, &joined].into_iter();
            texts.find_map(|text| forms.find(text)).map(|found| found.pattern().as_usize())
        };
        found.map(|at| self.0[at].0.as_str())
    }
}

pub(super) fn left(text: &str, secret: &str) -> Option<String> {
    Sought::of(secret).left_in(text).map(str::to_owned)
}

/// A secret of letters and digits, or of all that can stand in a header.
pub(super) fn secret(random: &mut Rng) -> String {
    let plain = random.bool();
    let length = random.usize(16..48);
    let next = |random: &mut Rng| {
        if plain { random.alphanumeric() } else { random.char('!'..='~') }
    };
    (0..length).map(|_| next(random)).collect()
}

/// A secret in some form, whole or only a part of it, with something around it.
pub(super) fn planted(random: &mut Rng, secret: &str) -> (String, &'static str) {
    let (name, form) = FORMS[random.usize(..FORMS.len())];
    let whole = format!("{PREFIX}{secret}");
    let from = if random.bool() { 0 } else { random.usize(..=whole.len() - WINDOW) };
    let to = if random.bool() { whole.len() } else { random.usize(from + WINDOW..=whole.len()) };
    // Inside of base64 a key may begin at each of three offsets.
    let around = ["", "a", "ab", "key=", "user:"][random.usize(..5)];
    // So may it be in a line of JSON, where all of it is found only if the lines are joined.
    let inside = if name.starts_with("base64") { around } else { "" };
    let before = " x".repeat(random.usize(..320));
    let after = " y".repeat(random.usize(..40));
    (format!("{before} {}{after}", form(&format!("{inside}{}", &whole[from..to]))), name)
}

/// What is undone as often as three times, in whatever order.
pub(super) const ESCAPES: [(&str, Form); 6] = [
    ("percent", |text| percent(text, true)),
    ("percent where it must be", |text| percent(text, false)),
    ("JSON", |text| each(text, |c| format!("\\u{:04x}", u32::from(c)))),
    ("JSON where it must be", |text| text.replace('\\', "\\\\").replace('"', "\\\"")),
    ("HTML", |text| each(text, |c| format!("&#{};", u32::from(c)))),
    ("HTML where it must be", |text| text.replace('&', "&amp;")),
];

/// What is undone twice, with escapes in it and around it.
pub(super) const ENCODINGS: [(&str, Form); 5] = [
    ("base64", |text| general_purpose::STANDARD.encode(text)),
    ("base64 of UTF-16", |text| {
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        general_purpose::STANDARD.encode(units)
    }),
    ("hexadecimal", |text| joined(text.bytes().map(|byte| format!("{byte:02x}")))),
    ("pairs", |text| between(text, ":", |byte| format!("{byte:02x}"))),
    ("a list", |text| between(text, ",", |byte| byte.to_string())),
];
