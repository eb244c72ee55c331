//! `headers`: what the docs promise of a response's headers.

use super::{
    envelope::quoted,
    mismatch::{Mismatch, Mismatches},
};
use crate::{contract::scenario::PromisedHeader, exchange::message::Answer};

/// `headers`: each promised header is there, and one of its values holds what is looked for.
#[must_use]
pub fn headers(answer: &Answer, promised: &[PromisedHeader]) -> Mismatches {
    let wrong = |promised: &PromisedHeader| {
        let PromisedHeader { name, pattern } = promised;
        let named = answer.headers.iter().filter(|(known, _)| known == name);
        let values: Vec<_> = named.map(|(_, value)| String::from_utf8_lossy(value)).collect();
        // Several lines of one name are one list (RFC 9110, section 5.3).
        let has_it = |value: &str| pattern.is_match(value);
        if values.iter().any(|value| has_it(value))
            || (values.len() > 1 && has_it(&values.join(", ")))
        {
            return None;
        }
        let place = format!("header {name}");
        let expected = format!("a value that matches `{pattern}`");
        let actual = (!values.is_empty()).then(|| quoted(&values.join(", ")));
        Some(Mismatch::or_missing(&place, expected, actual))
    };
    promised.iter().filter_map(wrong).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::message::Ending;
    use regex::Regex;

    type Headers<'a> = &'a [(&'a str, &'a str)];

    #[test]
    fn a_promised_header_is_there_and_holds_what_is_looked_for() {
        let promised = [("allow", "GET"), ("www-authenticate", "^Basic ")];
        let promised = promised.map(|(name, pattern)| {
            let pattern = Regex::new(pattern).expect("a pattern");
            PromisedHeader { name: name.to_owned(), pattern }
        });
        let rows: [(Headers<'_>, &[&str]); 5] = [
            (&[("allow", "X-GE"), ("allow", "T, GET"), ("www-authenticate", "Basic x")], &[]),
            (&[("allow", "GET, HEAD"), ("www-authenticate", "Basic realm=\"x\"")], &[]),
            (&[("allow", "POST"), ("allow", "GET"), ("www-authenticate", "Basic x")], &[]),
            (
                &[("allow", "POST"), ("www-authenticate", "Bearer")],
                &["header allow", "header www-authenticate"],
            ),
            (&[("allow", "GET")], &["header www-authenticate"]),
        ];
        for (headers, expected) in rows {
            let headers = headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
                .collect();
            let answer =
                Answer { status: 405, headers, body: Vec::new(), ending: Ending::Complete };
            let found = super::headers(&answer, &promised);
            let places: Vec<_> = found.iter().map(|found| found.place.as_str()).collect();
            assert_eq!(places, expected, "{answer:?}");
        }
    }
}
