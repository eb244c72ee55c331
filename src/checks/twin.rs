//! `twin`: the same request without the defect gets past the code, so the defect is what caused it.

use super::mismatch::{Mismatch, Mismatches, unless};
use crate::contract::names::Code;

/// Not refused with the case's own code, nor with one that the API looks for earlier. `refused` is
/// the code of the twin's answer, if it has one. An answer that is broken in itself is a finding of
/// the code that it should have had, and not of this one.
#[must_use]
pub fn past(refused: Option<&Code>, code: &Code, chain: &[Code]) -> Mismatches {
    let place = |code: &Code| chain.iter().position(|known| known == code);
    let stuck = refused.filter(|refused| {
        *refused == code || place(refused).zip(place(code)).is_some_and(|(other, own)| other < own)
    });
    unless(stuck.is_none(), || {
        let refused = stuck.map(Code::as_str).unwrap_or_default();
        let sentence = format!(
            "the same request without the defect (its twin) was refused as {refused}; expected it to get past {code}"
        );
        Mismatch::says("", sentence)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_twin_that_is_refused_with_the_own_or_an_earlier_code_is_not_past() {
        let code = |name: &str| Code::from(name.to_owned());
        let chain = ["key", "json", "credits"].map(code);
        let rows = [
            (None, true),
            (Some("credits"), true),
            (Some("CREDITS"), true),
            (Some("json"), false),
            (Some("key"), false),
        ];
        for (refused, holds) in rows {
            let refused = refused.map(code);
            let found = past(refused.as_ref(), &code("json"), &chain);
            assert_eq!(found.is_empty(), holds, "{refused:?}");
        }
        assert_eq!(past(Some(&code("other")), &code("other"), &chain).len(), 1);
    }
}
