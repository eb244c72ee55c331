//! What stands in a text of a request for a value that is known only when it is sent: `{fresh}`, and what an earlier
//! response gave.

/// What stands for another value each time that a request is sent.
pub const FRESH: &str = "{fresh}";

/// The name of the value that is another one each time.
pub const FRESH_NAME: &str = "fresh";

/// The places of a text that may be blanks, each with the name in it: words of small letters, digits and `-` in braces.
pub fn names(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices('{').filter_map(|(at, _)| {
        let (name, _) = text[at + 1..].split_once('}')?;
        is_name(name).then_some((at, name))
    })
}

/// Whether a value that is captured may be called so.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_is_a_name_in_braces_and_all_else_is_text() {
        let rows: [(&str, &[(usize, &str)]); 6] = [
            ("/a/{fresh}/{upload-2}", &[(3, "fresh"), (11, "upload-2")]),
            ("{\"a\": {}}", &[]),
            ("{{fresh}}", &[(1, "fresh")]),
            ("{Key} {9} {a b}", &[]),
            ("{key", &[]),
            ("", &[]),
        ];
        for (text, found) in rows {
            assert_eq!(names(text).collect::<Vec<_>>(), found, "{text}");
        }
    }
}
