//! One text as different readers see it: as it is, with its percent-encoding or JSON escapes undone,
//! from hexadecimal digits or from base64. Each byte knows which part of the text it was read from.

/// A byte of a view, and the part of the text that it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// The byte; `None` between two parts that do not belong together.
    pub(super) byte: Option<u8>,
    /// Where what it was read from begins.
    pub(super) start: usize,
    /// Where that ends.
    pub(super) end: usize,
}

/// The shortest run of digits or of base64 that is worth undoing: eight bytes of a secret.
const SHORTEST_RUN: usize = 11;

/// Calls `look` with each view of a text.
pub(super) fn each(text: &[u8], mut look: impl FnMut(&mut dyn Iterator<Item = Seen>)) {
    look(&mut plain(text));
    if text.contains(&b'%') {
        look(&mut undo(plain(text), percent));
        look(&mut undo(undo(plain(text), percent), percent));
    }
    if text.contains(&b'\\') {
        look(&mut undo(plain(text), escape));
        look(&mut undo(undo(plain(text), escape), escape));
        look(&mut visible(undo(plain(text), escape)));
    }
    if text.windows(2).any(|two| two == b"&#") {
        look(&mut undo(plain(text), entity));
    }
    if !text.iter().all(|byte| is_visible(*byte) || *byte == b' ') {
        look(&mut visible(plain(text)));
    }
    for run in runs(text, |byte| byte.is_ascii_hexdigit()) {
        for skip in 0..2 {
            look(&mut groups(text, run.0 + skip, run.1, 2, |pair| {
                Some([nibble(pair[0])? << 4 | nibble(pair[1])?, 0, 0])
            }));
        }
    }
    for run in runs(text, |byte| sextet(byte).is_some()) {
        for skip in 0..4 {
            look(&mut groups(text, run.0 + skip, run.1, 4, |four| {
                let bits =
                    four.iter().try_fold(0, |bits, c| Some(bits << 6 | u32::from(sextet(*c)?)))?;
                let [_, first, second, third] = bits.to_be_bytes();
                Some([first, second, third])
            }));
        }
    }
}

fn plain(text: &[u8]) -> impl Iterator<Item = Seen> {
    text.iter().enumerate().map(|(at, byte)| Seen { byte: Some(*byte), start: at, end: at + 1 })
}

/// A view without control codes, terminal sequences and all that is not ASCII: what stands unseen between
/// the characters of a key, and the zeros of UTF-16.
fn visible(view: impl Iterator<Item = Seen>) -> impl Iterator<Item = Seen> {
    let mut in_sequence = false;
    view.filter(move |seen| {
        let Some(byte) = seen.byte else { return true };
        if byte == ESCAPE_CODE {
            in_sequence = true;
        } else if in_sequence && byte != b'[' {
            // A letter ends a sequence (ECMA-48, section 5.4).
            in_sequence = !(b'@'..=b'~').contains(&byte);
            return false;
        }
        !in_sequence && (is_visible(byte) || byte == b' ')
    })
}

const ESCAPE_CODE: u8 = 0x1b;

fn is_visible(byte: u8) -> bool {
    byte.is_ascii_graphic()
}

/// What an escape at the beginning of some bytes stands for, and how many of them it takes.
type Undo = fn(&[u8]) -> Option<(Vec<u8>, usize)>;

/// The longest escape: `&#x0000e9;`.
const LONGEST_ESCAPE: usize = 10;

/// A view with its escapes undone.
fn undo(view: impl Iterator<Item = Seen>, undo: Undo) -> impl Iterator<Item = Seen> {
    let mut view = view.fuse();
    let mut ahead: std::collections::VecDeque<Seen> = std::collections::VecDeque::new();
    let mut ready: std::collections::VecDeque<Seen> = std::collections::VecDeque::new();
    std::iter::from_fn(move || {
        if let Some(seen) = ready.pop_front() {
            return Some(seen);
        }
        while ahead.len() < LONGEST_ESCAPE
            && let Some(seen) = view.next()
        {
            ahead.push_back(seen);
        }
        let bytes: Vec<u8> = ahead.iter().map_while(|seen| seen.byte).collect();
        let Some((stands_for, length)) = undo(&bytes) else { return ahead.pop_front() };
        let (start, end) = (ahead[0].start, ahead[length - 1].end);
        ahead.drain(..length);
        ready.extend(stands_for.into_iter().map(|byte| Seen { byte: Some(byte), start, end }));
        ready.pop_front()
    })
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

/// `&#65;` and `&#x41;` (HTML, section 13.5).
fn entity(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let [b'&', b'#', rest @ ..] = bytes else { return None };
    let end = rest.iter().position(|byte| *byte == b';')?;
    let number = std::str::from_utf8(&rest[..end]).ok()?;
    let unit = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => number.parse().ok()?,
    };
    Some((char::from_u32(unit)?.to_string().into_bytes(), "&#".len() + end + 1))
}

/// The stretches of a text that consist of such bytes alone.
fn runs(text: &[u8], belongs: fn(u8) -> bool) -> Vec<(usize, usize)> {
    let mut runs = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let length = text[at..].iter().take_while(|byte| belongs(**byte)).count();
        if length >= SHORTEST_RUN {
            runs.push((at, at + length));
        }
        at += length + 1;
    }
    runs
}

/// A stretch read in groups, each of which stands for up to three bytes. Nothing is allocated here: base64
/// may stand anywhere, and half of what a run needs were these groups.
fn groups(
    text: &[u8],
    start: usize,
    end: usize,
    size: usize,
    read: impl Fn(&[u8]) -> Option<[u8; 3]>,
) -> impl Iterator<Item = Seen> {
    let groups = text.get(start..end).unwrap_or_default().chunks(size).enumerate();
    groups.flat_map(move |(at, group)| {
        let start = start + at * size;
        let end = start + group.len();
        let mut padded = [if size == 4 { b'A' } else { b'0' }; 4];
        padded[..group.len()].copy_from_slice(group);
        let bytes = if group.len() < 2 { None } else { read(&padded[..size]) };
        // A group that is cut short stands for fewer bytes.
        let length = if size == 4 { (group.len() * 6) / 8 } else { group.len() / 2 };
        let (bytes, length) = bytes.map_or(([None; 3], 1), |bytes| (bytes.map(Some), length));
        bytes.into_iter().take(length).map(move |byte| Seen { byte, start, end })
    })
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// The value of a character of base64, in either alphabet (RFC 4648, sections 4 and 5).
fn sextet(c: u8) -> Option<u8> {
    match c {
        b'A'..=b'Z' => Some(c - b'A'),
        b'a'..=b'z' => Some(c - b'a' + 26),
        b'0'..=b'9' => Some(c - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All views of a text, with `|` for a gap.
    fn views(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        each(text.as_bytes(), |view| {
            let bytes: Vec<u8> = view.map(|seen| seen.byte.unwrap_or(b'|')).collect();
            all.push(String::from_utf8_lossy(&bytes).into_owned());
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
        let mut places: Vec<Vec<(usize, usize)>> = Vec::new();
        each(b"a%41b", |view| places.push(view.map(|seen| (seen.start, seen.end)).collect()));
        assert_eq!(places[1], vec![(0, 1), (1, 4), (4, 5)]);
    }
}
