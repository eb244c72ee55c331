//! `no-charge`: what failed costs nothing.

use serde_json::{Number, Value};

use super::mismatch::{Mismatch, Mismatches, unless};

/// The number that a probe finds in an answer's body.
#[must_use]
pub fn read(body: &[u8], pointer: &str) -> Option<Number> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body.pointer(pointer)?.as_number().cloned()
}

/// The same number before and after.
#[must_use]
pub fn unchanged(pointer: &str, before: &Number, after: &Number) -> Mismatches {
    let sentence = || format!("changed from {before} to {after}; a failed request costs nothing");
    let mismatch = || Mismatch::says(pointer, sentence());
    unless(before == after, mismatch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_holds_only_if_it_stays() {
        let read = |body: &str| read(body.as_bytes(), "/credits");
        let (Some(before), Some(after)) = (read(r#"{"credits":40}"#), read(r#"{"credits":30}"#))
        else {
            panic!("both bodies have a number there");
        };
        assert_eq!(unchanged("/credits", &before, &before), []);
        assert_eq!(
            unchanged("/credits", &before, &after),
            [Mismatch::says("/credits", "changed from 40 to 30; a failed request costs nothing")]
        );
        for body in ["{}", "[", r#"{"credits":"40"}"#] {
            assert_eq!(read(body), None, "{body}");
        }
    }
}
