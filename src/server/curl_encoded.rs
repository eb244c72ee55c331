//! Secrets as a query, a form and a JSON document hold them, and how a shell makes them so from a variable.

use std::fmt::Write as _;

use crate::{
    contract::encoding::{in_form, in_json, in_query},
    shown::visible::is_seen,
};

/// The other forms of a secret that a request may hold, if they differ from its text, each with what a shell makes it by.
/// `word` is what the shell makes the text from.
pub(super) fn other_forms(text: &str, word: &str) -> impl Iterator<Item = (String, String)> {
    let encoders: [fn(&str) -> String; 3] = [in_query, in_form, in_json];
    let other = move |encode: fn(&str) -> String| {
        let encoded = encode(text);
        let by_shell = || format!("$(printf %s {word} | {})", script(text, encode));
        (encoded != *text).then(|| (encoded, by_shell()))
    };
    encoders.into_iter().filter_map(other)
}

/// The command that encodes a text: a rule for each of its characters that is written as something else.
fn script(text: &str, encode: fn(&str) -> String) -> String {
    let mut characters: Vec<char> =
        text.chars().filter(|c| encode(&c.to_string()) != c.to_string()).collect();
    // The signs of the encodings first, or they would be encoded where a rule has put them.
    characters.sort_by_key(|c| (!matches!(c, '%' | '\\' | '+'), *c));
    characters.dedup();
    let mut rules = Vec::new();
    for c in characters {
        let mut from = String::new();
        if ".[]*^$\\|".contains(c) {
            from.push('\\');
        }
        from.push(c);
        let to = encode(&c.to_string()).replace('\\', "\\\\").replace('&', "\\&");
        rules.push(format!("s|{}|{}|g", in_quotes(&from), in_quotes(&to)));
    }
    format!("sed \"{}\"", rules.join(";"))
}

/// A text as it stands in double quotes, whichever shell reads it.
fn in_quotes(text: &str) -> String {
    let mut quoted = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' | '$' | '`' => quoted.extend(['\\', c]),
            // An interactive shell looks for them in quotes as well.
            '!' | '\'' => {
                let _ = write!(quoted, "$(printf '\\{:03o}')", u32::from(c));
            }
            c if is_seen(c) => quoted.push(c),
            c => {
                let bytes = c.to_string().into_bytes();
                let bytes: Vec<_> = bytes.iter().map(|byte| format!("\\{byte:03o}")).collect();
                let _ = write!(quoted, "$(printf '{}')", bytes.concat());
            }
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_makes_every_form_from_the_variable() {
        let texts = [
            "abcdef",
            "a+b/c==",
            "100% & more | less",
            r#"quo"ted\back\slash"#,
            "it's $HOME `x` !",
            ".[]*^$|&;{}()<>?#~,:@",
            "é€",
            "tab\tbed",
        ];
        for text in texts {
            for (encoded, made) in other_forms(text, "\"$SECRET\"") {
                let command = format!("printf %s \"{made}\"");
                let ended = Command::new("sh").args(["-c", &command]).env("SECRET", text).output();
                let made = ended.expect("a shell").stdout;
                assert_eq!(String::from_utf8_lossy(&made), encoded, "{command}");
            }
        }
        assert_eq!(other_forms("abc", "abc").count(), 0);
    }
}
