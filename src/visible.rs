//! Text from outside, made safe to show.

/// The text with its control codes written out: what a server or a file says never reaches the
/// terminal raw. Line breaks stay. The marks that turn the direction of writing go, too: they make
/// a line read otherwise than it is (CVE-2021-42574).
#[must_use]
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if turns || (c.is_control() && c != '\n') {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_codes_and_turning_marks_are_written_out() {
        let text = "a\u{1b}[2J\tb\r\n\u{91}c\u{202e}d é";
        assert_eq!(visible(text), "a\\u{1b}[2J\\tb\\r\n\\u{91}c\\u{202e}d é");
    }
}
