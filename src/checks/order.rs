//! `order`, `order.authentication`, `order.effect`: of two things that are wrong at once, which the API tells.

use super::mismatch::{Mismatch, Mismatches, unless};
use crate::contract::{
    names::Code,
    pair::{DefectKind, Pair},
};

/// `order`: the code that is promised to be looked for first wins.
#[must_use]
pub fn promised(pair: &Pair, won: &Code) -> Mismatches {
    let Some(first) = pair.first.as_ref().filter(|first| *first != won) else { return Vec::new() };
    let [one, other] = &pair.codes;
    let expected = format!("{first}, which goes before the other of {one} and {other}");
    vec![Mismatch::at("", expected, won.to_string())]
}

/// `order.authentication`: who has no good key does not learn what a body has to be (OWASP API Security, API2 and API3;
/// Google's AIP-211 has permissions checked before anything else). Nothing is said of other pairs.
#[must_use]
pub fn authentication(pair: &Pair, statuses: [u16; 2], won: &Code) -> Option<Mismatches> {
    let body =
        other_of(pair, statuses, |status| status == 401, |kind, _| kind == DefectKind::Body)?;
    Some(if won == body { tells(body.as_str()) } else { Vec::new() })
}

/// `order.authentication`: that somebody without a good key was told a code that is about the body.
#[must_use]
pub fn tells(code: &str) -> Mismatches {
    vec![Mismatch::says("", format!("tells {code} to who has no good key"))]
}

/// `order.effect`: nothing is generated for who may not have it, so that a failure behind the API does not show either.
/// Nothing is said of other pairs.
#[must_use]
pub fn effect(pair: &Pair, statuses: [u16; 2], won: &Code) -> Option<Mismatches> {
    let is_refusal = |status| matches!(status, 401..=403);
    let is_upstream = |kind, status| kind == DefectKind::Hook && (502..=504).contains(&status);
    let upstream = other_of(pair, statuses, is_refusal, is_upstream)?;
    Some(unless(won != upstream, || {
        let sentence = format!("goes as far as {upstream} for who is to be refused");
        Mismatch::says("", sentence)
    }))
}

/// The code of a pair that is so, if the other one has such a status.
fn other_of(
    pair: &Pair,
    statuses: [u16; 2],
    is_one: impl Fn(u16) -> bool,
    is_other: impl Fn(DefectKind, u16) -> bool,
) -> Option<&Code> {
    let at = [0, 1].into_iter().find(|at| is_other(pair.kinds[*at], statuses[*at]))?;
    is_one(statuses[1 - at]).then(|| &pair.codes[at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::pair::OneOf;
    use DefectKind::{Body, Hook, Key, Slot};

    #[test]
    fn what_may_win_follows_from_the_promise_the_kinds_and_the_statuses() {
        let code = |name: &str| Code::from(name.to_owned());
        let [one, two] = ["one", "two"].map(code);
        let pair = |kinds, first: Option<&Code>| Pair {
            codes: ["one", "two"].map(|name| Code::from(name.to_owned())),
            kinds,
            first: first.cloned(),
            one_of: OneOf::Points,
        };
        // The kinds, the statuses, the promised first one, and what each check says if "two" wins.
        let rows = [
            ([Key, Body], [401, 400], None, true, Some(false), None),
            ([Key, Body], [401, 400], Some(&one), false, Some(false), None),
            ([Key, Body], [401, 400], Some(&two), true, Some(false), None),
            ([Slot, Body], [402, 400], None, true, None, None),
            ([Body, Key], [400, 401], None, true, Some(true), None),
            ([Key, Hook], [401, 502], None, true, None, Some(false)),
            ([Slot, Hook], [403, 504], None, true, None, Some(false)),
            ([Slot, Hook], [403, 500], None, true, None, None),
            ([Body, Hook], [400, 502], None, true, None, None),
        ];
        for (kinds, statuses, first, held, learns, acts) in rows {
            let pair = pair(kinds, first);
            assert_eq!(promised(&pair, &two).is_empty(), held, "{pair:?}");
            let said = |found: Option<Mismatches>| found.map(|found| found.is_empty());
            assert_eq!(said(authentication(&pair, statuses, &two)), learns, "{pair:?}");
            assert_eq!(said(effect(&pair, statuses, &two)), acts, "{pair:?}");
        }
    }
}
