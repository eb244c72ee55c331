//! One text as different readers see it: as it is, with its percent-encoding or JSON escapes undone,
//! from hexadecimal digits or from base64. Each byte knows which part of the text it was read from.

use std::{borrow::Cow, ops::Range};

/// A text as one reader sees it.
pub(super) struct View<'a> {
    /// What the reader sees.
    pub(super) bytes: Cow<'a, [u8]>,
    places: Places,
}

/// Which parts of the text the bytes of a view were read from.
enum Places {
    /// Each from itself.
    Same,
    /// From groups of characters that stand one after the other; the last may be cut short.
    Groups { all: Range<usize>, group: Group },
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

impl View<'_> {
    /// The part of the text that a byte was read from.
    pub(super) fn place(&self, at: usize) -> Range<usize> {
        match &self.places {
            Places::Same => at..at + 1,
            Places::Groups { all, group } => {
                let start = all.start + at / group.bytes * group.characters;
                start..all.end.min(start + group.characters)
            }
            Places::Each(places) => places[at].clone(),
        }
    }

    /// A view of some of its bytes, or of what these stand for.
    fn of_parts(parts: impl Iterator<Item = (u8, Range<usize>)>) -> View<'static> {
        let (bytes, places): (Vec<u8>, Vec<Range<usize>>) = parts.unzip();
        View { bytes: bytes.into(), places: Places::Each(places) }
    }
}

/// Calls `look` with each view of a text in which so many characters in a row can be seen.
pub(super) fn each(text: &[u8], shortest: usize, mut look: impl FnMut(View<'_>)) {
    let plain = || View { bytes: text.into(), places: Places::Same };
    look(plain());
    if text.contains(&b'%') {
        let once = undo(&plain(), percent);
        look(undo(&once, percent));
        look(once);
    }
    if text.contains(&b'\\') {
        let once = undo(&plain(), escape);
        look(undo(&once, escape));
        look(visible(&once));
        look(once);
    }
    if text.contains(&b'&') && text.windows(2).any(|two| two == b"&#") {
        look(undo(&plain(), entity));
    }
    if !is_all_visible(text) {
        look(visible(&plain()));
    }
    // Eight bytes of a secret need 11 characters of base64, or 16 digits, which base64 has, too.
    let mut bytes = Vec::new();
    runs(text, 0..text.len(), (shortest * 4).div_ceil(3), sextet, |run| {
        for skip in 0..4 {
            look(base64(text, run.start + skip..run.end, &mut bytes));
        }
        runs(text, run, shortest * 2, nibble, |run| {
            for skip in 0..2 {
                look(hexadecimal(text, run.start + skip..run.end, &mut bytes));
            }
        });
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

fn is_visible(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte)
}

/// Looks at all of them whatever it finds, which the compiler turns into sixteen at once.
fn is_all_visible(text: &[u8]) -> bool {
    text.iter().fold(true, |all, byte| all & is_visible(*byte))
}

/// What an escape at the beginning of some bytes stands for, and how many of them it takes.
type Undo = fn(&[u8]) -> Option<(Vec<u8>, usize)>;

/// A view with its escapes undone.
fn undo(view: &View<'_>, undo: Undo) -> View<'static> {
    let mut parts = Vec::with_capacity(view.bytes.len());
    let mut at = 0;
    while at < view.bytes.len() {
        if let Some((stands_for, length)) = undo(&view.bytes[at..]) {
            let place = view.place(at).start..view.place(at + length - 1).end;
            parts.extend(stands_for.into_iter().map(|byte| (byte, place.clone())));
            at += length;
        } else {
            parts.push((view.bytes[at], view.place(at)));
            at += 1;
        }
    }
    View::of_parts(parts.into_iter())
}

/// `%41` (RFC 3986, section 2.1).
fn percent(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let [b'%', high, low, ..] = bytes else { return None };
    Some((vec![nibble(*high)? << 4 | nibble(*low)?], 3))
}

/// `\u0041` and the short escapes of JSON (RFC 8259, section 7).
fn escape(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    match bytes {
        [b'\\', b'u', digits @ ..] => {
            let digits = digits.get(..4)?;
            let unit =
                digits.iter().try_fold(0, |unit, c| Some(unit << 4 | u32::from(nibble(*c)?)))?;
            // Half of a surrogate pair is in no key that can be sent.
            Some((char::from_u32(unit)?.to_string().into_bytes(), r"\u0041".len()))
        }
        [b'\\', c @ (b'"' | b'\\' | b'/'), ..] => Some((vec![*c], 2)),
        [b'\\', b't', ..] => Some((vec![b'\t'], 2)),
        _ => None,
    }
}

/// What stands between `&#` and the semicolon is no longer than `x0000e9`.
const LONGEST_REFERENCE: usize = 8;

/// `&#65;` and `&#x41;` (HTML, section 13.5).
fn entity(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let [b'&', b'#', rest @ ..] = bytes else { return None };
    let end = rest.iter().take(LONGEST_REFERENCE).position(|byte| *byte == b';')?;
    let number = std::str::from_utf8(&rest[..end]).ok()?;
    let unit = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => number.parse().ok()?,
    };
    Some((char::from_u32(unit)?.to_string().into_bytes(), "&#".len() + end + 1))
}

/// Calls `look` with the stretches of a part of a text that consist of such characters alone and are long
/// enough. Most of a text is in none: where the last of so many characters is no such one, all before it
/// are passed over.
fn runs(
    text: &[u8],
    part: Range<usize>,
    shortest: usize,
    value: fn(u8) -> Option<u8>,
    mut look: impl FnMut(Range<usize>),
) {
    let belongs = |byte: &u8| value(*byte).is_some();
    let mut start = part.start;
    while start + shortest <= part.end {
        let (window, rest) = text[start..part.end].split_at(shortest);
        if let Some(at) = window.iter().rposition(|byte| !belongs(byte)) {
            start += at + 1;
        } else {
            let end = start + shortest + rest.iter().take_while(|byte| belongs(byte)).count();
            look(start..end);
            start = end + 1;
        }
    }
}

/// A stretch of hexadecimal digits, read from there in pairs. `bytes` is where to, made once for all of them.
fn hexadecimal<'a>(text: &[u8], all: Range<usize>, bytes: &'a mut Vec<u8>) -> View<'a> {
    bytes.clear();
    let pairs = text[all.clone()].chunks_exact(HEX.characters);
    bytes.extend(pairs.filter_map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?)));
    View { bytes: bytes.as_slice().into(), places: Places::Groups { all, group: HEX } }
}

/// A stretch of base64, read from there in groups of four. One that is cut short stands for fewer bytes.
fn base64<'a>(text: &[u8], all: Range<usize>, bytes: &'a mut Vec<u8>) -> View<'a> {
    bytes.clear();
    let value = |c: &u8| u32::from(SEXTETS[usize::from(*c)]);
    let read = |[a, b, c, d]: [&u8; 4]| {
        (value(a) << 18 | value(b) << 12 | value(c) << 6 | value(d)).to_be_bytes()
    };
    let mut groups = text[all.clone()].chunks_exact(BASE64.characters);
    for group in &mut groups {
        let [a, b, c, d] = group else { continue };
        bytes.extend_from_slice(&read([a, b, c, d])[1..]);
    }
    match groups.remainder() {
        [a, b] => bytes.extend_from_slice(&read([a, b, &b'A', &b'A'])[1..2]),
        [a, b, c] => bytes.extend_from_slice(&read([a, b, c, &b'A'])[1..3]),
        _ => {}
    }
    View { bytes: bytes.as_slice().into(), places: Places::Groups { all, group: BASE64 } }
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// The value of a character of base64, in either alphabet (RFC 4648, sections 4 and 5).
fn sextet(c: u8) -> Option<u8> {
    Some(SEXTETS[usize::from(c)]).filter(|value| *value != NO_SEXTET)
}

const NO_SEXTET: u8 = 255;

/// One look for each character: every run of letters in an answer is read four times.
const SEXTETS: [u8; 256] = {
    let mut sextets = [NO_SEXTET; 256];
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
            ("&#65;&#x42;&#X43;&#68", "ABC&#68"),
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
