//! Text as a shell reads it.

use std::fmt::Write as _;

use crate::shown::visible::is_seen;

/// What a shell reads as one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// As it stands.
    Literal(String),
    /// What the shell makes of this: `$VARIABLE`.
    Shell(String),
}

/// A text in single quotes, in which a shell obeys nothing. Not by shlex: that puts several quotes in a
/// row around what has a backslash or an apostrophe in it, as JSON often has, and none around a number.
pub(super) fn quoted_text(text: &str) -> String {
    apart(&format!("'{}'", text.replace('\'', r"'\''")), '\'')
}

/// A text in quotes in which no runner of a CI system reads a command of its own: what is shown has
/// those written out (see [`is_seen`]'s module), and would no more be what was sent.
pub(super) fn apart(quoted: &str, quote: char) -> String {
    let mut text = quoted.to_owned();
    for begin in ["##", "##vso"] {
        text = text.replace(&format!("{begin}["), &format!("{begin}{quote}{quote}["));
    }
    text
}

/// A text as it stands in double quotes within double quotes. An interactive shell that looks for its history does not know that
/// these are quotes in quotes, so it is not to see what matters to it.
pub(super) fn in_quotes(text: &str) -> String {
    let escaped = |c| match c {
        '"' | '\\' | '$' | '`' => format!("\\{c}"),
        '!' | '\'' => octal(c),
        c if is_shown(c) => c.to_string(),
        c => octal(c),
    };
    text.chars().map(escaped).collect()
}

/// A word that stands within double quotes.
pub(super) fn within(pieces: &[Piece]) -> String {
    format!("\"{}\"", joined(pieces, in_quotes))
}

/// A character as `printf` makes it.
fn octal(c: char) -> String {
    let bytes = c.to_string().into_bytes();
    let bytes: Vec<_> = bytes.iter().map(|byte| format!("\\{byte:03o}")).collect();
    format!("$(printf '{}')", bytes.concat())
}

/// Whether a word may show a character as it is.
fn is_shown(c: char) -> bool {
    is_seen(c) || c == '\n'
}

/// One word of a command. Literal text alone stands in single quotes, where nothing has a meaning.
pub(super) fn quoted(pieces: &[Piece]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/:@%+=,".contains(c);
    let literal = |piece: &Piece| match piece {
        Piece::Literal(text) => Some(text.clone()),
        Piece::Shell(_) => None,
    };
    if let Some(texts) = pieces.iter().map(literal).collect::<Option<Vec<_>>>() {
        let text = texts.concat();
        if !text.is_empty() && text.chars().all(plain) {
            return text;
        }
        if text.chars().all(is_shown) {
            return quoted_text(&text);
        }
    }
    let in_word = |text: &str| {
        let escaped = |c| match c {
            '"' | '\\' | '$' | '`' => format!("\\{c}"),
            // An interactive shell looks for it in its history, even in double quotes.
            '!' => "\"'!'\"".to_owned(),
            c if is_shown(c) => c.to_string(),
            c => octal(c),
        };
        text.chars().map(escaped).collect()
    };
    apart(&format!("\"{}\"", joined(pieces, in_word)), '"')
}

/// What stands between double quotes: literal text as it is written there, and what the shell makes.
fn joined(pieces: &[Piece], written: impl Fn(&str) -> String) -> String {
    let mut word = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Shell(text) => {
                let next = pieces[at + 1..].iter().find_map(|next| match next {
                    Piece::Literal(text) => text.chars().next(),
                    Piece::Shell(_) => Some('$'),
                });
                let goes_on = next.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
                match text.strip_prefix('$').filter(|name| goes_on && !name.starts_with(['{', '(']))
                {
                    Some(name) => {
                        let _ = write!(word, "${{{name}}}");
                    }
                    None => word.push_str(text),
                }
            }
            Piece::Literal(text) => word.push_str(&written(text)),
        }
    }
    word
}

/// Longer texts are made by the command rather than written out: a screen is not for them, and
/// Linux takes no word of more than 128 KiB.
const LONGEST_WORD: usize = 4_096;

/// Whether a body can be a word that is shown as it is.
pub(super) fn is_word(text: &str) -> bool {
    text.len() <= LONGEST_WORD && is_plain(text)
}

pub(super) fn is_plain(text: &str) -> bool {
    text.chars().all(is_shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shown::redactor::Redactor;

    #[test]
    fn a_word_is_what_a_shell_reads_and_a_screen_shows_as_it_is() {
        let literal = |text: &str| Piece::Literal(text.to_owned());
        let key = || Piece::Shell("$KEY".to_owned());
        let rows = [
            (vec![literal("a/b")], "a/b"),
            (vec![literal("")], "''"),
            (vec![literal("it's $HOME!")], r"'it'\''s $HOME!'"),
            (vec![literal("a\nb")], "'a\nb'"),
            (vec![literal("a "), key(), literal("_\"`\\$!")], r#""a ${KEY}_\"\`\\\$"'!'"""#),
            (vec![key(), literal("\n")], "\"$KEY\n\""),
            // All of its bytes, which are two.
            (vec![literal("a\u{85}b")], r#""a$(printf '\302\205')b""#),
            (vec![literal("a\tb\u{200b}")], r#""a$(printf '\011')b$(printf '\342\200\213')""#),
            // What the runner of a CI system would obey.
            (vec![literal("##[error]")], "'##''[error]'"),
            (vec![key(), literal("##vso[x]")], r#""$KEY##vso""[x]""#),
        ];
        for (pieces, word) in rows {
            assert_eq!(quoted(&pieces), word, "{pieces:?}");
            assert_eq!(Redactor::default().text(word).as_str(), word);
        }
        // By the seed 14818304445221159291: bash took the apostrophe for the begin of a quote.
        assert_eq!(in_quotes("it's \"!\""), r#"it$(printf '\047')s \"$(printf '\041')\""#);
        // By the seed 6436651293979513221: the same within the word that is encoded.
        let pieces = [literal("_'"), key(), literal("7!\u{200b}")];
        let word = r#""_$(printf '\047')${KEY}7$(printf '\041')$(printf '\342\200\213')""#;
        assert_eq!(within(&pieces), word);
    }
}
