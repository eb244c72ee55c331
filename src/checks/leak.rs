//! `secret-leak`: no answer holds the key that was sent.

use super::{Mismatch, Mismatches};
use crate::{
    exchange::Answer,
    target::{redact::forms_of, secret::Secret},
};

/// The key in none of its forms ([`forms_of`]), in body, header names and header values.
#[must_use]
pub fn key(answer: &Answer, sent: &Secret) -> Mismatches {
    let forms = forms_of(sent);
    let holds = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
        forms.iter().any(|form| text.contains(&form.to_ascii_lowercase()))
    };
    let mut found = Vec::new();
    let mut add = |place: &str| {
        found.push(Mismatch::at(place, "nothing of the key that was sent", "the key"));
    };
    for (name, value) in &answer.headers {
        if holds(name.as_bytes()) {
            add("a header's name");
        } else if holds(value) {
            add(&format!("header {name}"));
        }
    }
    if holds(&answer.body) {
        add("body");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Ending;

    #[test]
    fn a_key_is_found_wherever_it_is_echoed() {
        let sent = Secret::new("pms_live_0123456789abcdef");
        let rows = [
            ("x-id", "7", "no key at all", None),
            ("x-id", "7", "got pms_live_0123456789abcdef", Some("body")),
            ("x-id", "7", "cG1zX2xpdmVfMDEyMzQ1Njc4OWFiY2RlZg==", Some("body")),
            ("x-id", "%70ms_live_0123456789abcdef", "", None),
            ("x-key", "PMS_LIVE_0123456789ABCDEF", "", Some("header x-key")),
            ("x-pms_live_0123456789abcdef", "1", "", Some("a header's name")),
        ];
        for (name, value, body, place) in rows {
            let answer = Answer {
                status: 401,
                headers: vec![(name.to_owned(), value.as_bytes().to_vec())],
                body: body.as_bytes().to_vec(),
                ending: Ending::Complete,
            };
            let found = key(&answer, &sent);
            assert_eq!(found.first().map(|m| m.place.as_str()), place, "{name} {value} {body}");
        }
    }
}
