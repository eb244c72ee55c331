//! `rate.told`: what an API tells of its limit in `RateLimit` and `RateLimit-Policy`
//! (draft-ietf-httpapi-ratelimit-headers-11), and how long it says to wait.

use std::ops::RangeInclusive;

use sfv::{BareItem, List, ListEntry, Parameters, Parser};

use super::{
    envelope::quoted,
    mismatch::{Mismatch, Mismatches},
    retry_after::seconds,
};
use crate::{contract::contract_file::Limit, exchange::message::Answer};

/// What is left of a limit, as far as the answer itself shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// The request was served: less than all.
    Some,
    /// The request was refused: nothing, and how long it stays so.
    Nothing,
}

/// The seconds that an answer asks to wait: in `Retry-After`, which goes before by the draft, or else
/// in the `t` of `RateLimit`, where the contract says that there is one.
#[must_use]
pub fn wait(answer: &Answer, limit: &Limit) -> Option<u64> {
    let told = || {
        let policy = limit.policy.as_ref()?;
        u64::try_from(number(&parameters(answer, "ratelimit", policy)?, "t")?).ok()
    };
    seconds(answer).or_else(told)
}

/// `rate.told`: the policy is the documented limit, and what is left of it fits the answer. More of
/// what a served one is told is no deviation: the draft calls it a hint.
#[must_use]
pub fn told(answer: &Answer, limit: &Limit, policy: &str, left: Left) -> Mismatches {
    let (requests, window) = (i64::from(limit.requests), i64::from(limit.window_seconds));
    let mut fields = [
        ("RateLimit-Policy", vec![("q", requests..=requests), ("w", window..=window)]),
        ("RateLimit", vec![("r", 0..=requests - 1)]),
    ];
    if left == Left::Nothing {
        // Both are rounded, each in its own way.
        let retry_after = seconds(answer).and_then(|told| i64::try_from(told).ok());
        let time = retry_after.map_or(1..=window, |told| told - 1..=told + 1);
        fields[1].1 = vec![("r", 0..=0), ("t", time)];
    }
    fields.iter().filter_map(|(name, expected)| field(answer, name, policy, expected)).collect()
}

/// A field in which each parameter of the policy is a number of its range.
fn field(
    answer: &Answer,
    name: &str,
    policy: &str,
    expected: &[(&str, RangeInclusive<i64>)],
) -> Option<Mismatch> {
    let lower = name.to_ascii_lowercase();
    let found = parameters(answer, &lower, policy);
    let holds = found.is_some_and(|found| {
        expected
            .iter()
            .all(|(name, range)| number(&found, name).is_some_and(|told| range.contains(&told)))
    });
    let shown = |(name, range): &(&str, RangeInclusive<i64>)| match (range.start(), range.end()) {
        (one, other) if one == other => format!(";{name}={one}"),
        (least, most) => format!(";{name}={least} to {most}"),
    };
    (!holds).then(|| {
        let parameters: String = expected.iter().map(shown).collect();
        let actual = answer.header(&lower);
        let expected = format!("{policy:?}{parameters}");
        let actual = actual.as_deref().map(quoted);
        Mismatch::or_missing(&format!("header {name}"), expected, actual)
    })
}

/// The parameters of the item that is named for a policy, in a header that is a list of such items.
/// A header that stands there several times is one list (RFC 9110, section 5.3).
fn parameters(answer: &Answer, header: &str, policy: &str) -> Option<Parameters> {
    let lines = answer.headers.iter().filter(|(name, _)| name == header);
    let value = lines.map(|(_, value)| value.as_slice()).collect::<Vec<_>>().join(&b", "[..]);
    let list: List = Parser::new(&value).parse().ok()?;
    list.into_iter().find_map(|entry| match entry {
        ListEntry::Item(item) => match &item.bare_item {
            BareItem::String(name) if name.as_str() == policy => Some(item.params),
            _ => None,
        },
        ListEntry::InnerList(_) => None,
    })
}

fn number(parameters: &Parameters, name: &str) -> Option<i64> {
    parameters.get(name)?.as_integer().map(i64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::message::Ending;

    fn answer(fields: &[(&str, &str)]) -> Answer {
        let header = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
        Answer {
            status: 429,
            headers: fields.iter().map(header).collect(),
            body: Vec::new(),
            ending: Ending::Complete,
        }
    }

    fn limit() -> Limit {
        Limit { policy: Some("default".to_owned()), ..Limit::of(10, 10) }
    }

    #[test]
    fn what_is_told_holds_only_if_it_is_the_limit_and_what_is_left() {
        const POLICY: &str = r#""default";q=10;w=10"#;
        const REFUSED: &str = r#""default";r=0;t=7"#;
        // The policy, what is left, Retry-After, on a served and on a refused answer.
        let rows = [
            (POLICY, REFUSED, Some("7"), true, true),
            (POLICY, REFUSED, Some("8"), true, true),
            (POLICY, REFUSED, None, true, true),
            (POLICY, r#""day";r=9, "default";r=0;t=7"#, None, true, true),
            (POLICY, r#""default";r=9"#, None, true, false),
            (POLICY, r#""default";r=9;t=7"#, None, true, false),
            (POLICY, r#""default";r=10;t=7"#, None, false, false),
            (POLICY, r#""default";r=0"#, None, true, false),
            (POLICY, r#""default";r=0;t=11"#, None, true, false),
            (POLICY, r#""default";r=0;t=0"#, None, true, false),
            (POLICY, r#""default";r=0;t=7.5"#, None, true, false),
            (POLICY, r#""default";r=0;t=2"#, Some("7"), true, false),
            (POLICY, r#""other";r=0;t=7"#, None, false, false),
            (POLICY, "limit=10, remaining=0, reset=7", None, false, false),
            (POLICY, r#""default;r=0;t=7"#, None, false, false),
            (r#""default";q=60;w=10"#, REFUSED, None, false, false),
            (r#""default";q=10"#, REFUSED, None, false, false),
            ("", REFUSED, None, false, false),
        ];
        for (policy, left, retry_after, served, refused) in rows {
            let mut fields = vec![("ratelimit-policy", policy), ("ratelimit", left)];
            fields.extend(retry_after.map(|told| ("retry-after", told)));
            let answer = answer(&fields);
            let held = [Left::Some, Left::Nothing]
                .map(|left| told(&answer, &limit(), "default", left).is_empty());
            assert_eq!(held, [served, refused], "{fields:?}");
        }
        let found =
            told(&answer(&[("ratelimit-policy", POLICY)]), &limit(), "default", Left::Nothing);
        let sentence = r#"missing; expected "default";r=0;t=1 to 10"#;
        assert_eq!(found, [Mismatch::says("header RateLimit", sentence)]);
    }

    #[test]
    fn a_wait_is_told_by_retry_after_and_else_by_the_policy_that_is_promised() {
        let both = answer(&[("ratelimit", r#""default";r=0;t=7"#), ("retry-after", "9")]);
        assert_eq!(wait(&both, &limit()), Some(9));
        let one = answer(&[("ratelimit", r#""default";r=0;t=7"#)]);
        assert_eq!(wait(&one, &limit()), Some(7));
        assert_eq!(wait(&one, &Limit { policy: None, ..limit() }), None);
        assert_eq!(wait(&answer(&[("ratelimit", r#""default";r=0;t=-7"#)]), &limit()), None);
    }
}
