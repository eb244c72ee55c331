//! Text from outside, with what a screen obeys or does not show written out.

use std::borrow::Cow;

/// The text with its control codes written out: what a server or a file says never reaches the
/// terminal raw. Line breaks stay.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && !text.contains("##") {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        // `##[` and `##vso[` are commands to the runners of GitHub and Azure, anywhere in a line.
        let commands = c == '[' && (shown.ends_with("##") || shown.ends_with("##vso"));
        if commands || is_unseen(c) {
            shown.extend(c.escape_unicode());
        } else if c.is_control() && c != '\n' {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown.into()
}

/// Whether a character is drawn, and no terminal obeys it.
pub(crate) fn is_seen(c: char) -> bool {
    !c.is_control() && !is_unseen(c)
}

/// Whether nobody sees a character: what makes a line read otherwise than it is (CVE-2021-42574), what
/// some take for a line break, what no XML may hold, and all that is left out when text is drawn
/// (`Default_Ignorable_Code_Point` in Unicode 16, <https://www.unicode.org/reports/tr44/>), and the
/// controls that join hieroglyphs.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
        | '\u{13430}'..='\u{13440}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_codes_and_what_nobody_sees_are_written_out() {
        let rows = [
            ("a\u{1b}[2J\tb\r\n\u{91}c", "a\\u{1b}[2J\\tb\\r\n\\u{91}c"),
            ("c\u{202e}d é\u{fffe}", "c\\u{202e}d é\\u{fffe}"),
            ("plan\u{200b}_gate \u{feff}so\u{ad}ft", "plan\\u{200b}_gate \\u{feff}so\\u{ad}ft"),
            ("##[error] ##vso[x] #[y]", "##\\u{5b}error] ##vso\\u{5b}x] #[y]"),
            ("a\u{13431}b", "a\\u{13431}b"),
            ("a\u{a0}b, ünï, 日本, 👍", "a\u{a0}b, ünï, 日本, 👍"),
        ];
        for (text, shown) in rows {
            assert_eq!(visible(text), shown);
        }
    }
}
