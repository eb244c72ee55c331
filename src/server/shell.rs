//! Text as a shell reads it.

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
