//! Takes keys out of everything that is shown or written, in whatever form a server echoed them.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::{Engine as _, engine::general_purpose};

use super::secret::Secret;

/// Replaces every form of every known secret by that secret's label.
///
/// The longest form wins, so that no part of a key stays behind where one form holds another.
#[derive(Debug)]
pub struct Redactor {
    forms: AhoCorasick,
    labels: Vec<String>,
}

/// Shorter texts are not searched for: they would be found in ordinary words.
pub const SHORTEST_SECRET: usize = 8;

impl Redactor {
    /// A redactor for these secrets, each with the label that is shown in its place. Where two have
    /// a form in common, the first one's label is shown.
    #[must_use]
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a (Secret, String)>) -> Self {
        let mut forms: BTreeMap<String, &str> = BTreeMap::new();
        for (secret, label) in secrets {
            for form in forms_of(secret) {
                forms.entry(form.to_ascii_lowercase()).or_insert(label);
            }
        }
        let labels = forms.values().map(|label| (*label).to_owned()).collect();
        // Header names come back in lower case, so a key echoed as one does, too.
        let forms = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .ascii_case_insensitive(true)
            // Quick to build: a run searches a few hundred kilobytes at the most.
            .kind(Some(AhoCorasickKind::NoncontiguousNFA))
            .build(forms.keys())
            .expect("the forms of a few keys fit into an automaton");
        Self { forms, labels }
    }

    /// Whether one of the secrets, in whatever form, is in these bytes.
    #[must_use]
    pub fn finds(&self, bytes: &[u8]) -> bool {
        self.forms.is_match(bytes)
    }

    /// The length of the longest form, in bytes: what is searched piece by piece has to overlap.
    #[must_use]
    pub fn longest_form(&self) -> usize {
        self.forms.max_pattern_len()
    }

    /// The text without any secret.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.forms.replace_all(text, &self.labels)
    }
}

/// The forms in which servers give a key back: as it is, as a header's name, percent-encoded once or twice, as in a
/// form, as hexadecimal digits, escaped as in JSON, and in both alphabets of base64 at each of the
/// three offsets at which it can begin inside a longer text (`Bearer KEY`, `user:KEY`). A server
/// that means to hide a key (reversed, encrypted) is not found out.
#[must_use]
pub fn forms_of(secret: &Secret) -> Vec<String> {
    let text = secret.expose();
    if text.len() < SHORTEST_SECRET {
        return Vec::new();
    }
    let json = serde_json::to_string(text).expect("a text is JSON");
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let percent = |byte: u8| format!("%{byte:02x}");
    let percent_needed = |byte: u8| {
        if unreserved(byte) { char::from(byte).to_string() } else { percent(byte) }
    };
    let all_percent = text.bytes().map(percent).collect::<Vec<_>>().concat();
    let needed_percent = text.bytes().map(percent_needed).collect::<Vec<_>>().concat();
    let mut forms: Vec<String> = vec![
        text.to_owned(),
        text.replace(' ', "+"),
        // What is left of it where only some characters may stand, as in a header's name.
        text.replace('_', "-"),
        text.chars().filter(char::is_ascii_alphanumeric).collect(),
        all_percent.replace('%', "%25"),
        needed_percent.replace('%', "%25"),
        needed_percent.replace("%20", "+"),
        json.trim_matches('"').to_owned(),
        all_percent,
        needed_percent,
        text.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat(),
        text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect::<Vec<_>>().concat(),
    ];
    for offset in 0..3 {
        for engine in [general_purpose::STANDARD_NO_PAD, general_purpose::URL_SAFE_NO_PAD] {
            let encoded = engine.encode([&[0; 2][..offset], text.as_bytes()].concat());
            // The characters at both ends also hold bits of what stands around the key.
            let first = [0, 2, 3][offset];
            let last = (offset + text.len()) / 3 * 4;
            forms.push(encoded[first..last.min(encoded.len())].to_owned());
        }
    }
    forms.retain(|form| form.len() >= SHORTEST_SECRET);
    forms.sort();
    forms.dedup();
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        let key = Secret::new("pms_live_AbC+/\"9é");
        let longer = Secret::new("xx_pms_live_AbC+/\"9é");
        Redactor::new(&[(key, "$KEY".to_owned()), (longer, "$LONGER".to_owned())])
    }

    #[test]
    fn every_form_of_a_key_is_replaced_and_nothing_else() {
        let rows = [
            ("a pms_live_AbC+/\"9é b", "a $KEY b"),
            ("a xx_pms_live_AbC+/\"9é b", "a $LONGER b"),
            ("x-pms_live_abc+/\"9é: 1", "x-$KEY: 1"),
            (r#"{"k":"pms_live_AbC+/\"9é"}"#, r#"{"k":"$KEY"}"#),
            ("pms_live_AbC%2B%2F%229%C3%A9", "$KEY"),
            ("%70%6D%73%5F%6C%69%76%65%5F%41%62%43%2B%2F%22%39%C3%A9", "$KEY"),
            ("706d735f6c6976655f4162432b2f2239c3a9", "$KEY"),
            (
                r"\u0070\u006d\u0073\u005f\u006c\u0069\u0076\u0065\u005f\u0041\u0062\u0043\u002b\u002f\u0022\u0039\u00e9",
                "$KEY",
            ),
            ("pms_live_ alone", "pms_live_ alone"),
        ];
        for (text, expected) in rows {
            assert_eq!(redactor().redact(text), expected, "{text}");
        }
    }

    #[test]
    fn a_key_inside_base64_is_replaced_at_every_offset() {
        for before in ["", "a", "ab", "Bearer ", "user:"] {
            for engine in [general_purpose::STANDARD, general_purpose::URL_SAFE_NO_PAD] {
                let encoded = engine.encode(format!("{before}pms_live_AbC+/\"9é--"));
                let shown = redactor().redact(&encoded);
                assert!(shown.contains("$KEY"), "{before:?}: {shown}");
                assert!(shown.len() < encoded.len() - 12, "{before:?}: {shown}");
            }
        }
    }
}
