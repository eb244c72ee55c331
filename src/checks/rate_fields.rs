//! `rate.told`: what an API tells of its limit in `RateLimit` and `RateLimit-Policy`
//! (draft-ietf-httpapi-ratelimit-headers), or in headers of its own, and how long it says to wait.

use std::ops::RangeInclusive;

use sfv::{BareItem, List, ListEntry, Parameters, Parser};

use super::{
    envelope::quoted,
    fields,
    mismatch::{Mismatch, Mismatches},
    retry_after::seconds,
    told_fields,
    told_place::{self, seconds_over},
};
use crate::{
    contract::{contract_file::Limit, limit::Draft},
    exchange::{message::Answer, outgoing::Exchange},
};

/// What is left of a limit, as far as the answer itself shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// The request was served: less than all.
    Some,
    /// The request was refused: nothing, and how long it stays so.
    Nothing,
}

/// Which number a response has to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// That of the contract.
    AsPromised,
    /// That of its key's plan.
    OfItsPlan,
}

/// The seconds that a response asks to wait: in `Retry-After`, or where the contract says that it is told; else in the `t`
/// of `RateLimit`, where `policy` says that there is one, or by what a refusal tells of the window's end.
#[must_use]
pub fn wait(exchange: &Exchange, limit: &Limit) -> Option<u64> {
    let answer = &exchange.answer;
    let at_place = || {
        let told = told_place::wait(exchange, limit.wait.as_ref()?)?;
        Some(seconds_over(told))
    };
    let in_policy = || {
        let policy = limit.policy.as_ref()?;
        u64::try_from(number_of(&parameters(answer, "ratelimit", policy)?, "t")?).ok()
    };
    let by_reset = || {
        let told = limit.told.as_ref().filter(|_| !fields::is_success(answer.status))?;
        Some(seconds_over(told_fields::reset(exchange, told)?))
    };
    seconds(answer).or_else(at_place).or_else(in_policy).or_else(by_reset)
}

/// What told the wait of a response, as in "that Retry-After told".
#[must_use]
pub fn told_by<'a>(answer: &Answer, limit: &'a Limit) -> &'a str {
    let reset = limit.told.as_ref().and_then(|told| told.reset.as_ref());
    match (seconds(answer), &limit.wait, &limit.policy, reset) {
        (None, Some(wait), ..) => wait.at.as_str(),
        (None, None, None, Some(reset)) => reset.as_str(),
        _ => "Retry-After",
    }
}

/// `rate.told`: what a response tells of its limit, in each way that the contract says it does; nothing if it says none.
#[must_use]
pub fn told(exchange: &Exchange, limit: &Limit, left: Left) -> Option<Mismatches> {
    let policy = limit.policy.as_ref();
    let policy = policy.map(|policy| in_policy(&exchange.answer, limit, policy, left));
    let all: Vec<Mismatches> = policy.into_iter().chain(by_each(exchange, limit, left)).collect();
    (!all.is_empty()).then(|| all.concat())
}

/// The same of a response that was served where nobody goes past the limit. What `policy` says is held where it always was.
///
/// Another key than the one that goes past the limit may have another plan: then the number is whichever it is told.
#[must_use]
pub fn told_when_served(exchange: &Exchange, limit: &Limit, number: Told) -> Mismatches {
    let own = || {
        let in_headers = limit.told.as_ref().and_then(|told| told.limit.as_ref());
        let in_headers = in_headers.and_then(|at| told_place::whole(&exchange.answer, at));
        let in_draft = limit.draft.as_ref().and_then(|draft| {
            let found = parameters(&exchange.answer, "ratelimit-policy", &draft.policy)?;
            u64::try_from(number_of(&found, &draft.quota)?).ok()
        });
        in_headers.or(in_draft).and_then(|told| u32::try_from(told).ok()).filter(|told| *told > 0)
    };
    let requests = match number {
        Told::AsPromised => limit.requests,
        Told::OfItsPlan => own().unwrap_or(limit.requests),
    };
    let limit = Limit { requests, ..limit.clone() };
    by_each(exchange, &limit, Left::Some).collect::<Vec<_>>().concat()
}

/// What each response tells, in the ways that the contract says.
fn by_each(
    exchange: &Exchange,
    limit: &Limit,
    left: Left,
) -> impl Iterator<Item = Mismatches> + use<> {
    let draft = limit.draft.as_ref().map(|draft| in_draft(&exchange.answer, limit, draft));
    // No page says when what is left is counted: before the request or after it. Nothing is left of a limit that refuses.
    let most = match left {
        Left::Some => limit.requests,
        Left::Nothing => 0,
    };
    let own = limit.told.as_ref().map(|told| told_fields::told(exchange, limit, told, most));
    draft.into_iter().chain(own)
}

/// The policy is the documented limit, and what is left of it fits the answer. More of
/// what a served one is told is no deviation: the draft calls it a hint.
fn in_policy(answer: &Answer, limit: &Limit, policy: &str, left: Left) -> Mismatches {
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

/// What the newest draft says, and no more: the quota is the limit, and what is left is no more than that. The window and
/// the time until there is more may be left out, and of a refusal nothing is said.
fn in_draft(answer: &Answer, limit: &Limit, draft: &Draft) -> Mismatches {
    let (requests, window) = (i64::from(limit.requests), i64::from(limit.window_seconds));
    let policy = &draft.policy;
    let is_there = |header: &str, name: &str| {
        parameters(answer, header, policy).is_some_and(|found| found.get(name).is_some())
    };
    let mut quota = vec![(draft.quota.as_str(), requests..=requests)];
    if is_there("ratelimit-policy", &draft.window) {
        quota.push((&draft.window, window..=window));
    }
    let mut left = vec![(draft.left.as_str(), 0..=requests)];
    if is_there("ratelimit", &draft.reset) {
        // It is rounded up, and a server may add one.
        left.push((&draft.reset, 0..=window + 1));
    }
    let fields = [("RateLimit-Policy", quota), ("RateLimit", left)];
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
            .all(|(name, range)| number_of(&found, name).is_some_and(|told| range.contains(&told)))
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

fn number_of(parameters: &Parameters, name: &str) -> Option<i64> {
    parameters.get(name)?.as_integer().map(i64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{checks::told_place::tests::exchange, contract::limit::Told};

    fn answer(fields: &[(&str, &str)]) -> Answer {
        exchange(429, fields, "").answer
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
                .map(|left| in_policy(&answer, &limit(), "default", left).is_empty());
            assert_eq!(held, [served, refused], "{fields:?}");
        }
        let found =
            in_policy(&answer(&[("ratelimit-policy", POLICY)]), &limit(), "default", Left::Nothing);
        let sentence = r#"missing; expected "default";r=0;t=1 to 10"#;
        assert_eq!(found, [Mismatch::says("header RateLimit", sentence)]);
    }

    #[test]
    fn a_wait_is_told_by_retry_after_and_else_by_the_policy_that_is_promised() {
        let refusal = |fields: &[(&str, &str)]| exchange(429, fields, "");
        let both = refusal(&[("ratelimit", r#""default";r=0;t=7"#), ("retry-after", "9")]);
        assert_eq!(wait(&both, &limit()), Some(9));
        let one = refusal(&[("ratelimit", r#""default";r=0;t=7"#)]);
        assert_eq!(wait(&one, &limit()), Some(7));
        assert_eq!(wait(&one, &Limit { policy: None, ..limit() }), None);
        // In the newest draft `t` is no wait.
        let draft = Limit { policy: None, draft: Some(draft()), ..limit() };
        assert_eq!(wait(&one, &draft), None);
        assert_eq!(wait(&refusal(&[("ratelimit", r#""default";r=0;t=-7"#)]), &limit()), None);
    }

    #[test]
    fn a_wait_is_told_at_the_place_of_the_contract_and_else_by_the_end_of_the_window() {
        use crate::contract::{
            limit::{ResetIs, WaitPlace, WaitUnit},
            place::AnswerPlace,
        };
        let place = |text: &str| AnswerPlace::from(text.to_owned());
        let at = WaitPlace { at: place("/ms"), unit: WaitUnit::Milliseconds };
        let reset = Some(place("header X-Reset"));
        let told = Told { limit: None, left: None, reset, reset_is: Some(ResetIs::EpochSeconds) };
        let limit = Limit { wait: Some(at), told: Some(told), ..Limit::of(10, 10) };
        let untold = Limit { wait: None, ..limit.clone() };
        // The response is from 1,000 s after the beginning of 1970.
        let reset = ("x-reset", "1007");
        let rows = [
            (429, vec![("retry-after", "9"), reset], r#"{"ms":3100}"#, Some(9), "Retry-After"),
            (429, vec![reset], r#"{"ms":3100}"#, Some(4), "/ms"),
            (429, vec![reset], "{}", Some(8), "/ms"),
            // Whoever is served is told when there is more, and not to wait.
            (200, vec![reset], "{}", None, "/ms"),
        ];
        for (status, fields, body, expected, by) in rows {
            let exchange = exchange(status, &fields, body);
            assert_eq!(wait(&exchange, &limit), expected, "{fields:?} {body}");
            assert_eq!(told_by(&exchange.answer, &limit), by, "{fields:?} {body}");
        }
        let exchange = exchange(429, &[reset], "");
        assert_eq!(told_by(&exchange.answer, &untold), "header X-Reset");
    }

    fn draft() -> Draft {
        let [quota, window, left, reset] = ["q", "w", "r", "t"].map(str::to_owned);
        Draft { policy: "default".to_owned(), quota, window, left, reset }
    }

    #[test]
    fn the_newest_draft_asks_for_less_and_its_parameters_have_the_names_of_the_contract() {
        // The policy, what is left of it, and whether they hold.
        let rows = [
            (r#""default";q=10;w=10"#, r#""default";r=0;t=7"#, true),
            (r#""default";q=10"#, r#""default";r=9"#, true),
            (r#""default";q=10"#, r#""default";r=10;t=0"#, true),
            (r#""day";q=9, "default";q=10;w=10;pk=:Zm9v:"#, r#""day";r=1, "default";r=4"#, true),
            (r#""default";q=11"#, r#""default";r=9"#, false),
            (r#""default";q=10;w=60"#, r#""default";r=9"#, false),
            (r#""default";q=10"#, r#""default";r=11"#, false),
            (r#""default";q=10"#, r#""default";r=9;t=12"#, false),
            (r#""default";q=10"#, r#""default";t=7"#, false),
            (r#""default";w=10"#, r#""default";r=9"#, false),
            (r#""other";q=10"#, r#""default";r=9"#, false),
            (r#""default";q=10"#, "", false),
        ];
        for (policy, left, holds) in rows {
            let fields = [("ratelimit-policy", policy), ("ratelimit", left)];
            let found = in_draft(&answer(&fields), &limit(), &draft());
            assert_eq!(found.is_empty(), holds, "{policy} {left}: {found:?}");
        }
        let renamed = Draft { left: "a".to_owned(), reset: "w".to_owned(), ..draft() };
        let fields =
            [("ratelimit-policy", r#""default";q=10;w=10"#), ("ratelimit", r#""default";a=9;w=7"#)];
        assert_eq!(in_draft(&answer(&fields), &limit(), &renamed), []);
        assert_eq!(in_draft(&answer(&fields), &limit(), &draft()).len(), 1);
    }
}
