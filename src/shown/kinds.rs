//! What kinds of bytes a text is made of. All of every response is looked at for each of them.

/// Kinds of bytes. One byte may be of several.
pub(super) type Kinds = u8;

/// A character of base64, in either alphabet (RFC 4648, sections 4 and 5).
pub(super) const SEXTET: Kinds = 1;
/// A hexadecimal digit.
pub(super) const NIBBLE: Kinds = 2;
/// What may be in a list of numbers.
pub(super) const OF_LIST: Kinds = 4;
/// What stands in a text: visible, a line break, or the zero that UTF-16 has with every character of ASCII.
pub(super) const OF_TEXT: Kinds = 8;

/// Whether a byte is of one of these kinds.
pub(super) fn is(byte: u8, kinds: Kinds) -> bool {
    OF[byte as usize] & kinds != 0
}

const OF: [Kinds; 256] = {
    let mut of = [0; 256];
    let mut byte: u8 = 0;
    loop {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_') {
            of[byte as usize] |= SEXTET;
        }
        if byte.is_ascii_hexdigit() {
            of[byte as usize] |= NIBBLE | OF_LIST;
        }
        if matches!(byte, b' ' | b',' | b':' | b'-' | b';' | b'x' | b'\r' | b'\n') {
            of[byte as usize] |= OF_LIST;
        }
        if is_visible(byte) || matches!(byte, 0 | b'\n') {
            of[byte as usize] |= OF_TEXT;
        }
        if byte == u8::MAX {
            break of;
        }
        byte += 1;
    }
};

/// Whether a byte is a character of ASCII that a reader sees, or a space.
pub(super) const fn is_visible(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

/// Whether all of a text is visible. Eight bytes are looked at at once: all of every response is.
pub(super) fn is_all_visible(text: &[u8]) -> bool {
    const SEVEN_BITS: u64 = each(0x7f);
    // These carry into the eighth bit from a space on, and from the code above the tilde on.
    const FROM_SPACE: u64 = each(0x80 - b' ');
    const FROM_DELETE: u64 = each(0x80 - 0x7f);
    let (eights, rest) = text.as_chunks::<8>();
    let mut others = 0;
    for eight in eights {
        let eight = u64::from_ne_bytes(*eight);
        let low = eight & SEVEN_BITS;
        others |= !(low + FROM_SPACE) | (low + FROM_DELETE) | eight;
    }
    others & each(0x80) == 0 && rest.iter().all(|byte| is_visible(*byte))
}

/// Eight times the same byte.
const fn each(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bytes_at_once_are_looked_at_like_each_alone() {
        for length in [1, 7, 8, 9, 23] {
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut text = vec![b'~'; length];
                    text[at] = byte;
                    assert_eq!(is_all_visible(&text), is_visible(byte), "{byte} at {at}");
                }
            }
        }
        assert!(is_all_visible(b""));
    }
}
