//! Text in Markdown.

/// Whose words they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// A contract's, in a page that people read as it is written, too: an underscore inside a word never
    /// means anything, and stays alone.
    Contract,
    /// Anybody's, a server's also, on GitHub: no tag, no mention and no strike-through either.
    Anybody,
}

/// The text with nothing in it that means anything to Markdown.
#[must_use]
pub fn escaped(text: &str, words: Words) -> String {
    let mut escaped = String::new();
    let is_inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    for (at, c) in text.char_indices() {
        match (c, words) {
            ('<', Words::Anybody) => escaped.push_str("&lt;"),
            ('&', Words::Anybody) => escaped.push_str("&amp;"),
            ('_', Words::Contract)
                if is_inside(text[..at].chars().next_back())
                    && is_inside(text[at + 1..].chars().next()) =>
            {
                escaped.push(c);
            }
            ('\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#', _)
            | ('<' | '>' | '&', Words::Contract)
            | ('!' | '@' | '~', Words::Anybody) => escaped.extend(['\\', c]),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_anybody_says_stays_text() {
        let rows = [
            (
                "<b>|`[x](y)` @me",
                "&lt;b>\\|\\`\\[x\\](y)\\` \\@me",
                "\\<b\\>\\|\\`\\[x\\](y)\\` @me",
            ),
            ("a_b _c_ ~d~", "a\\_b \\_c\\_ \\~d\\~", "a_b \\_c\\_ ~d~"),
            ("# 1 & 2!", "\\# 1 &amp; 2\\!", "\\# 1 \\& 2!"),
        ];
        for (text, anybody, contract) in rows {
            assert_eq!(escaped(text, Words::Anybody), anybody, "{text}");
            assert_eq!(escaped(text, Words::Contract), contract, "{text}");
        }
    }
}
