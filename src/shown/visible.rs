//! Text from outside, made safe to show.

/// The text with its control codes written out: what a server or a file says never reaches the
/// terminal raw. Line breaks stay. The marks that turn the direction of writing go, too: they make
/// a line read otherwise than it is (CVE-2021-42574).
#[must_use]
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        let turns = matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        );
        // Some take them for line breaks; no XML may hold the last two.
        let breaks = matches!(c, '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}');
        // `##[` and `##vso[` are commands to the runners of GitHub and Azure, anywhere in a line.
        let commands = c == '[' && (shown.ends_with("##") || shown.ends_with("##vso"));
        if commands {
            shown.push_str("\\u{5b}");
        } else if turns || breaks || (c.is_control() && c != '\n') {
            shown.extend(c.escape_unicode().filter(|_| turns || breaks));
            shown.extend(c.escape_default().filter(|_| !turns && !breaks));
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
        let text = "a\u{1b}[2J\tb\r\n\u{91}c\u{202e}d é\u{fffe} ##[error] ##vso[x] #[y]";
        let shown =
            "a\\u{1b}[2J\\tb\\r\n\\u{91}c\\u{202e}d é\\u{fffe} ##\\u{5b}error] ##vso\\u{5b}x] #[y]";
        assert_eq!(visible(text), shown);
    }
}
