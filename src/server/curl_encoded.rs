//! Secrets as a query, a form and a JSON document hold them, and how a shell makes them so from a variable.

use super::shell::{Piece, in_quotes, within};
use crate::contract::encoding::{in_form, in_json, in_query};

/// The other forms of a secret that a request may hold, if they differ from its text, each with what a shell makes it by.
/// `pieces` are what the shell makes the text from.
pub(super) fn other_forms(text: &str, pieces: &[Piece]) -> impl Iterator<Item = (String, String)> {
    let word = within(pieces);
    let encoders: [fn(&str) -> String; 3] = [in_query, in_form, in_json];
    let other = move |encode: fn(&str) -> String| {
        let encoded = encode(text);
        let by_shell = || format!("$(printf %s {word} | {})", script(text, encode));
        (encoded != *text).then(|| (encoded, by_shell()))
    };
    encoders.into_iter().filter_map(other)
}

/// The command that encodes a text: a rule for each of its characters that is written as something else.
pub(super) fn script(text: &str, encode: fn(&str) -> String) -> String {
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
        let secret = Piece::Shell("$SECRET".to_owned());
        for text in texts {
            for (encoded, made) in other_forms(text, std::slice::from_ref(&secret)) {
                let command = format!("printf %s \"{made}\"");
                let ended = Command::new("sh").args(["-c", &command]).env("SECRET", text).output();
                let made = ended.expect("a shell").stdout;
                assert_eq!(String::from_utf8_lossy(&made), encoded, "{command}");
            }
        }
        assert_eq!(other_forms("abc", &[secret]).count(), 0);
    }
}
