//! One text as different readers see it: as it is, with its percent-encoding, escapes or references undone,
//! from hexadecimal digits or from base64, and without what stands unseen in it. Each byte knows which part of
//! the text it was read from.

use std::{
    borrow::Cow,
    ops::{Range, RangeInclusive},
};

use super::{
    escapes::{self, SIGNS, Undo},
    kinds::{self, Kinds, NIBBLE, OF_LIST, OF_TEXT, SEXTET, is_all_visible, is_visible},
};

/// A text as one reader sees it.
pub(super) struct View<'a> {
    /// What the reader sees.
    pub(super) bytes: Cow<'a, [u8]>,
    places: Places<'a>,
}

/// Which parts of the text the bytes of a view were read from.
enum Places<'a> {
    /// Each from itself.
    Same,
    /// From groups of characters of another view that stand one after the other; the last may be cut short.
    Groups { of: &'a View<'a>, all: Range<usize>, group: Group },
    /// Each from a part of its own.
    Each(Vec<Range<usize>>),
}

/// How an encoding takes a text: so many characters at once, and what they stand for.
#[derive(Clone, Copy)]
struct Group {
    characters: usize,
    bytes: usize,
}

const HEX: Group = Group { characters: 2, bytes: 1 };
const BASE64: Group = Group { characters: 4, bytes: 3 };

/// So many escapes one around the other are undone, of whatever kinds. Logs of a proxy, in JSON, in a page
/// make three.
const LAYERS: usize = 3;

/// So many encodings one in the other are undone, each with the escapes in it and around it: credentials in
/// base64, in a token in base64.
const ENCODED: usize = 2;

impl View<'_> {
    /// The part of the text that a byte was read from.
    pub(super) fn place(&self, at: usize) -> Range<usize> {
        match &self.places {
            Places::Same => at..at + 1,
            Places::Groups { of, all, group } => {
                let start = all.start + at / group.bytes * group.characters;
                of.places(start..all.end.min(start + group.characters))
            }
            Places::Each(places) => places[at].clone(),
        }
    }

    /// The part of the text that some bytes were read from.
    fn places(&self, bytes: Range<usize>) -> Range<usize> {
        self.place(bytes.start).start..self.place(bytes.end - 1).end
    }

    /// A view of some of its bytes, or of what these stand for.
    fn of_parts(parts: impl Iterator<Item = (u8, Range<usize>)>) -> View<'static> {
        let (bytes, places): (Vec<u8>, Vec<Range<usize>>) = parts.unzip();
        View { bytes: bytes.into(), places: Places::Each(places) }
    }
}

/// Calls `look` with each view of a text in which so many characters in a row can be seen.
pub(super) fn each(text: &[u8], shortest: usize, mut look: impl FnMut(&View<'_>)) {
    let plain = View { bytes: text.into(), places: Places::Same };
    look(&plain);
    // A key may itself have what another encoding gives a meaning to, so each is undone alone.
    for (_, alone) in SIGNS.iter().filter(|(sign, _)| text.contains(sign)) {
        let once = undone(&plain, *alone);
        for view in [undone(&once, *alone), once] {
            look(&view);
            if !is_all_visible(&view.bytes) {
                look(&visible(&view));
            }
        }
    }
    inside(&plain, shortest, ENCODED, &mut look);
}

/// Calls `look` with what stands in a view in an encoding, escaped, or with unseen characters between, and so
/// many encodings deep in that.
fn inside(view: &View<'_>, shortest: usize, deep: usize, look: &mut impl FnMut(&View<'_>)) {
    encoded(view, shortest, deep, look);
    let mut layer: Option<View<'static>> = None;
    if !is_all_visible(&view.bytes) {
        let seen = visible(view);
        look(&seen);
        encoded(&seen, shortest, deep, look);
        // In UTF-16 every escape has zeros in it.
        layer = Some(seen).filter(|_| view.bytes.contains(&0));
    }
    for _ in 0..LAYERS {
        let above = layer.as_ref().unwrap_or(view);
        if !has_sign(&above.bytes) {
            return;
        }
        let below = undone(above, escapes::any);
        if below.bytes.len() == above.bytes.len() {
            return;
        }
        look(&below);
        // What stands unseen between two parts of base64 divides it, and so does no other sign.
        let seen = visible(&below);
        look(&seen);
        encoded(&seen, shortest, deep, look);
        layer = Some(below);
    }
}

/// Calls `look` with what stands in base64, in hexadecimal digits, or as a list of numbers; and if that is a text,
/// with what stands inside of it.
fn encoded(view: &View<'_>, shortest: usize, deep: usize, look: &mut impl FnMut(&View<'_>)) {
    let Some(deep) = deep.checked_sub(1) else { return };
    let text = &*view.bytes;
    let mut read = |view: &View<'_>| {
        look(view);
        if is_mostly_text(&view.bytes) {
            inside(view, shortest, deep, look);
        }
    };
    // Eight bytes of a secret need 11 characters of base64, or 16 digits, which are characters of base64 as well.
    let (mut bytes, mut sextets) = (Vec::new(), Vec::new());
    runs(text, 0..text.len(), (shortest * 4).div_ceil(3), SEXTET, |run| {
        sextets.clear();
        sextets.extend(text[run.clone()].iter().map(|c| SEXTETS[usize::from(*c)]));
        for skip in 0..BASE64.characters {
            let from = run.start + skip..run.end;
            read(&base64(view, from, &sextets[skip..], &mut bytes));
        }
        runs(text, run, shortest * 2, NIBBLE, |run| {
            for skip in 0..2 {
                read(&hexadecimal(view, run.start + skip..run.end, &mut bytes));
            }
        });
    });
    // Each number has a digit at least, and something before the next.
    runs(text, 0..text.len(), shortest * 2, OF_LIST, |run| {
        for (radix, digits) in [(16, 2..=2), (10, 1..=3)] {
            let numbers = numbers(view, run.clone(), radix, &digits);
            if numbers.bytes.len() >= shortest {
                read(&numbers);
            }
        }
    });
}

/// A view without control codes, terminal sequences and all that is not ASCII: what stands unseen between
/// the characters of a key, and the zeros of UTF-16.
fn visible(view: &View<'_>) -> View<'static> {
    let mut in_sequence = false;
    let bytes = view.bytes.iter().copied().zip(0..).filter(|(byte, _)| {
        if *byte == ESCAPE_CODE {
            in_sequence = true;
        } else if in_sequence && *byte != b'[' {
            // A letter ends a sequence (ECMA-48, section 5.4).
            in_sequence = !(b'@'..=b'~').contains(byte);
            return false;
        }
        !in_sequence && is_visible(*byte)
    });
    View::of_parts(bytes.map(|(byte, at)| (byte, view.place(at))))
}

const ESCAPE_CODE: u8 = 0x1b;

/// Whether anything in a text may be the begin of an escape.
fn has_sign(text: &[u8]) -> bool {
    SIGNS.iter().any(|(sign, _)| text.contains(sign))
}

/// A view with its escapes undone.
fn undone(view: &View<'_>, undo: Undo) -> View<'static> {
    let mut parts = Vec::with_capacity(view.bytes.len());
    let mut at = 0;
    while at < view.bytes.len() {
        if let Some((stands_for, length)) = undo(&view.bytes[at..]) {
            let place = view.places(at..at + length);
            parts.extend(stands_for.bytes().map(|byte| (byte, place.clone())));
            at += length;
        } else {
            parts.push((view.bytes[at], view.place(at)));
            at += 1;
        }
    }
    View::of_parts(parts.into_iter())
}

/// Calls `look` with the stretches of a part of a text that consist of bytes of a kind alone and are long
/// enough. Most of a text is in none: where the last of so many bytes is no such one, all before it are passed
/// over.
fn runs(
    text: &[u8],
    part: Range<usize>,
    shortest: usize,
    kind: Kinds,
    mut look: impl FnMut(Range<usize>),
) {
    let mut start = part.start;
    while start + shortest <= part.end {
        let mut from = start + shortest;
        while from > start && kinds::is(text[from - 1], kind) {
            from -= 1;
        }
        if from > start {
            start = from;
            continue;
        }
        let mut end = start + shortest;
        while end < part.end && kinds::is(text[end], kind) {
            end += 1;
        }
        look(start..end);
        start = end + 1;
    }
}

/// A stretch of hexadecimal digits, read from there in pairs. `bytes` is where to, made once for all of them.
fn hexadecimal<'a>(of: &'a View<'a>, all: Range<usize>, bytes: &'a mut Vec<u8>) -> View<'a> {
    bytes.clear();
    let pairs = of.bytes[all.clone()].chunks_exact(HEX.characters);
    bytes.extend(pairs.filter_map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?)));
    View { bytes: bytes.as_slice().into(), places: Places::Groups { of, all, group: HEX } }
}

/// A stretch of base64 with these sextets, read in groups of four. One that is cut short stands for fewer bytes.
fn base64<'a>(
    of: &'a View<'a>,
    all: Range<usize>,
    sextets: &[u8],
    bytes: &'a mut Vec<u8>,
) -> View<'a> {
    let (groups, rest) = sextets.as_chunks::<{ BASE64.characters }>();
    let length = groups.len() * BASE64.bytes + rest.len().saturating_sub(1);
    // What is longer from before is left as it is: to make a vector anew costs as much as to read it.
    if bytes.len() < length {
        bytes.resize(length, 0);
    }
    let (read, mut at) = (bytes.as_mut_slice(), 0);
    for [a, b, c, d] in groups {
        read[at] = a << 2 | b >> 4;
        read[at + 1] = b << 4 | c >> 2;
        read[at + 2] = c << 6 | d;
        at += BASE64.bytes;
    }
    if let [a, b, more @ ..] = rest {
        read[at] = a << 2 | b >> 4;
        if let [c] = more {
            read[at + 1] = b << 4 | c >> 2;
        }
    }
    View { bytes: read[..length].into(), places: Places::Groups { of, all, group: BASE64 } }
}

/// The bytes that a list of numbers stands for, as programs show what they do not take for a text:
/// `70 6d 73`, `70:6d:73`, `[112, 109, 115]`.
fn numbers(
    of: &View<'_>,
    all: Range<usize>,
    radix: u32,
    digits: &RangeInclusive<usize>,
) -> View<'static> {
    let mut parts = Vec::new();
    let mut at = all.start;
    for number in of.bytes[all].split(|byte| !byte.is_ascii_alphanumeric()) {
        let bare = number.strip_prefix(b"0x").unwrap_or(number);
        if digits.contains(&bare.len())
            && let Some(byte) = escapes::number(bare, radix).and_then(|value| value.try_into().ok())
        {
            parts.push((byte, of.places(at..at + number.len())));
        }
        at += number.len() + 1;
    }
    View::of_parts(parts.into_iter())
}

/// What is read from where it was not encoded is as good as random, of which a third is visible.
fn is_mostly_text(bytes: &[u8]) -> bool {
    let mut others_left = bytes.len() / 8;
    for byte in bytes {
        if !kinds::is(*byte, OF_TEXT) {
            if others_left == 0 {
                return false;
            }
            others_left -= 1;
        }
    }
    true
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// The value of each character of base64, in either alphabet (RFC 4648, sections 4 and 5): every run of letters in
/// an answer is read four times.
const SEXTETS: [u8; 256] = {
    let mut sextets = [0; 256];
    let alphabets = [
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
    ];
    let mut value = 0;
    while value < 64 {
        sextets[alphabets[0][value as usize] as usize] = value;
        sextets[alphabets[1][value as usize] as usize] = value;
        value += 1;
    }
    sextets
};

#[cfg(test)]
mod tests {
    use super::*;

    /// All views of a text.
    fn views(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        each(text.as_bytes(), 8, |view| {
            all.push(String::from_utf8_lossy(&view.bytes).into_owned());
        });
        all
    }

    #[test]
    fn each_encoding_is_undone_at_each_place_where_it_may_begin() {
        let rows = [
            ("%41%2542", "AB"),
            (r"\u0041\/\\u0042", "A/B"),
            ("x4142434445464748494a4b4c", "ABCDEFGHIJKL"),
            ("QUJDREVGR0hJSktM", "ABCDEFGHIJKL"),
            ("xxQUJDREVGR0hJSktM=", "ABCDEFGHIJKL"),
            ("_-8x_-8x_-8xQUJDRA", "ABCD"),
            ("A\u{200b}B\tC\u{301}D\u{ad}", "ABCD"),
            ("A\u{1b}[0mB\u{1b}[31;1mC", "ABC"),
            (r"A\u200bB\u2060C", "ABC"),
            ("A\0B\0C\0", "ABC"),
            ("&#65;&#x42;&#X43;&#68", "ABCD"),
            // One around the other, and unseen characters between them.
            (r"%5Cu0041&amp;#66;%26%2367;", "ABC"),
            (
                r"A
B%0AC&shy;D&#8203;E",
                "ABCDE",
            ),
            (
                r"QUJDREVGR0
hJSktM",
                "ABCDEFGHIJKL",
            ),
            (r"MTIzNDU2\/zg5", "1234"),
        ];
        for (text, read) in rows {
            let views = views(text);
            assert!(views.iter().any(|view| view.contains(read)), "{text}: {views:?}");
        }
        assert_eq!(views("plain words"), ["plain words"]);
    }

    #[test]
    fn every_byte_knows_what_it_was_read_from() {
        let rows: [(&str, usize, &[Range<usize>]); 3] = [
            ("a%41b", 1, &[0..1, 1..4, 4..5]),
            ("x4142434445464748", 5, &[1..3, 3..5, 5..7]),
            (
                "QUJDREVGR0hJSk",
                1,
                &[0..4, 0..4, 0..4, 4..8, 4..8, 4..8, 8..12, 8..12, 8..12, 12..14],
            ),
        ];
        for (text, view, places) in rows {
            let mut read = Vec::new();
            each(text.as_bytes(), 8, |view| {
                let places = (0..view.bytes.len()).map(|at| view.place(at));
                read.push(places.collect::<Vec<_>>());
            });
            assert_eq!(read[view][..places.len()], *places, "{text}: {read:?}");
        }
    }
}
