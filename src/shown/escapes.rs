//! What the characters of a text are written as where they may not stand themselves: percent-encoding, the
//! escapes of JSON and of programs, the references of HTML.

/// What an escape at the beginning of some bytes stands for, and how many of them it takes.
pub(super) type Undo = fn(&[u8]) -> Option<(StandsFor, usize)>;

/// What an escape stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StandsFor {
    Byte(u8),
    Character(char),
}

/// Something that no key has in it. One byte, so that each escape is longer than what it stands for.
const OTHER: StandsFor = StandsFor::Byte(0x7f);

/// Each kind of escape, with the sign that it begins with.
pub(super) const SIGNS: [(u8, Undo); 3] = [(b'%', percent), (b'\\', escape), (b'&', reference)];

impl StandsFor {
    /// Its bytes in UTF-8.
    pub(super) fn bytes(self) -> impl Iterator<Item = u8> {
        let mut bytes = [0; 4];
        let length = match self {
            Self::Byte(byte) => {
                bytes[0] = byte;
                1
            }
            Self::Character(character) => character.encode_utf8(&mut bytes).len(),
        };
        bytes.into_iter().take(length)
    }

    fn numbered(number: u32) -> Option<Self> {
        char::from_u32(number).map(Self::Character)
    }
}

/// An escape of any kind.
pub(super) fn any(bytes: &[u8]) -> Option<(StandsFor, usize)> {
    SIGNS.iter().find_map(|(_, undo)| undo(bytes))
}

/// `%41` (RFC 3986, section 2.1), and `%u0041` (ECMA-262, section B.2.1.1).
fn percent(bytes: &[u8]) -> Option<(StandsFor, usize)> {
    let [b'%', digits @ ..] = bytes else { return None };
    if let [b'u' | b'U', digits @ ..] = digits {
        return Some((StandsFor::numbered(number(digits.get(..4)?, 16)?)?, 6));
    }
    let byte = u8::try_from(number(digits.get(..2)?, 16)?).ok()?;
    Some((StandsFor::Byte(byte), 3))
}

/// `\u0041` and the short escapes of JSON (RFC 8259, section 7), and those that programs write: `\x41`,
/// `\u{41}`, `\U00000041`, `\101`.
fn escape(bytes: &[u8]) -> Option<(StandsFor, usize)> {
    let [b'\\', kind, rest @ ..] = bytes else { return None };
    let byte = |byte: u8| Some((StandsFor::Byte(byte), 2));
    match kind {
        b'u' if rest.first() == Some(&b'{') => {
            let end = rest.iter().take(10).position(|byte| *byte == b'}')?;
            Some((StandsFor::numbered(number(rest.get(1..end)?, 16)?)?, end + 3))
        }
        // Half of a surrogate pair is in no key that can be sent.
        b'u' => Some((StandsFor::numbered(number(rest.get(..4)?, 16)?)?, 6)),
        b'U' => Some((StandsFor::numbered(number(rest.get(..8)?, 16)?)?, 10)),
        b'x' => Some((StandsFor::numbered(number(rest.get(..2)?, 16)?)?, 4)),
        b'0'..=b'7' => {
            let digits = bytes[1..].iter().take(3).take_while(|byte| (b'0'..=b'7').contains(byte));
            let length = digits.count();
            Some((StandsFor::numbered(number(&bytes[1..=length], 8)?)?, length + 1))
        }
        b'"' | b'\'' | b'\\' | b'/' => byte(*kind),
        // All of these are unseen, and it is all the same which they are.
        b'a' | b'b' | b'e' | b'f' | b'n' | b'r' | b't' | b'v' | b'\n' => byte(b'\n'),
        _ => None,
    }
}

/// `&#65;`, `&#x41;`, also without a semicolon, and `&lowbar;` (HTML, section 13.5).
fn reference(bytes: &[u8]) -> Option<(StandsFor, usize)> {
    let [b'&', rest @ ..] = bytes else { return None };
    let digits_of = |digits: &[u8], radix| {
        digits.iter().take_while(|byte| char::from(**byte).is_digit(radix)).count()
    };
    let (stands_for, length) = match rest {
        [b'#', b'x' | b'X', digits @ ..] => {
            let length = digits_of(digits, 16);
            (StandsFor::numbered(number(&digits[..length], 16)?)?, length + 3)
        }
        [b'#', digits @ ..] => {
            let length = digits_of(digits, 10);
            (StandsFor::numbered(number(&digits[..length], 10)?)?, length + 2)
        }
        name => {
            let length = name.iter().take(LONGEST_NAME).position(|byte| *byte == b';')?;
            let name = &name[..length];
            if name.is_empty() || !name.iter().all(u8::is_ascii_alphanumeric) {
                return None;
            }
            let known = NAMES.iter().find(|(known, _)| known.as_bytes() == name);
            (known.map_or(OTHER, |(_, byte)| StandsFor::Byte(*byte)), length + 1)
        }
    };
    let has_semicolon = bytes.get(length) == Some(&b';');
    Some((stands_for, length + usize::from(has_semicolon)))
}

/// `CounterClockwiseContourIntegral`, and its semicolon.
const LONGEST_NAME: usize = 32;

/// The names that HTML has for characters of ASCII. All others stand for what no key has in it.
const NAMES: [(&str, u8); 46] = [
    ("Tab", b'\t'),
    ("NewLine", b'\n'),
    ("excl", b'!'),
    ("quot", b'"'),
    ("QUOT", b'"'),
    ("num", b'#'),
    ("dollar", b'$'),
    ("percnt", b'%'),
    ("amp", b'&'),
    ("AMP", b'&'),
    ("apos", b'\''),
    ("lpar", b'('),
    ("rpar", b')'),
    ("ast", b'*'),
    ("midast", b'*'),
    ("plus", b'+'),
    ("comma", b','),
    ("period", b'.'),
    ("sol", b'/'),
    ("colon", b':'),
    ("semi", b';'),
    ("lt", b'<'),
    ("LT", b'<'),
    ("equals", b'='),
    ("gt", b'>'),
    ("GT", b'>'),
    ("quest", b'?'),
    ("commat", b'@'),
    ("lsqb", b'['),
    ("lbrack", b'['),
    ("bsol", b'\\'),
    ("rsqb", b']'),
    ("rbrack", b']'),
    ("Hat", b'^'),
    ("lowbar", b'_'),
    ("UnderBar", b'_'),
    ("grave", b'`'),
    ("DiacriticalGrave", b'`'),
    ("lcub", b'{'),
    ("lbrace", b'{'),
    ("verbar", b'|'),
    ("vert", b'|'),
    ("VerticalLine", b'|'),
    ("rcub", b'}'),
    ("rbrace", b'}'),
    ("nbsp", b' '),
];

/// A number of such digits, none of a text that has others or none.
pub(super) fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let first = digits.first()?;
    if !char::from(*first).is_digit(radix) {
        return None;
    }
    digits.iter().try_fold(0_u32, |number, digit| {
        number.checked_mul(radix)?.checked_add(char::from(*digit).to_digit(radix)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_escape_stands_for_a_character_and_takes_its_length() {
        let rows: [(&str, Option<(char, usize)>); 37] = [
            ("%41B", Some(('A', 3))),
            ("%4", None),
            ("%+4", None),
            ("%u0041B", Some(('A', 6))),
            ("%u041", None),
            (r"\U00000041B", Some(('A', 10))),
            (r"\U0041", None),
            (r"\u0041B", Some(('A', 6))),
            (r"\u{41}B", Some(('A', 6))),
            (r"\u{110000}", None),
            (r"\u{}", None),
            (r"\u{", None),
            (r"\ud800", None),
            (r"\x41B", Some(('A', 4))),
            (r"\101B", Some(('A', 4))),
            (r"\0B", Some(('\0', 2))),
            (r"\nB", Some(('\n', 2))),
            (r"\/B", Some(('/', 2))),
            (r"\q", None),
            ("\\", None),
            ("&#65;B", Some(('A', 5))),
            ("&#65B", Some(('A', 4))),
            ("&#x41;B", Some(('A', 6))),
            ("&#X41;B", Some(('A', 6))),
            ("&#x41", Some(('A', 5))),
            ("&#00000000000000000065;", Some(('A', 23))),
            ("&#99999999999;", None),
            ("&#;", None),
            ("&#x;", None),
            ("&lowbar;B", Some(('_', 8))),
            ("&amp;#65;", Some(('&', 5))),
            ("&shy;B", Some(('\u{7f}', 5))),
            ("&amp", None),
            ("&;", None),
            ("& b;", None),
            ("A", None),
            ("", None),
        ];
        for (text, expected) in rows {
            let read = any(text.as_bytes()).map(|(stands_for, length)| {
                let bytes: Vec<u8> = stands_for.bytes().collect();
                (String::from_utf8(bytes).expect("UTF-8"), length)
            });
            assert_eq!(read, expected.map(|(c, length)| (c.to_string(), length)), "{text}");
        }
    }
}
