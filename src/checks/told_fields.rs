//! `rate.told` of headers of an API's own, `X-RateLimit-Limit` and its like: the limit is the limit, what is left of it can
//! be, and the window ends within its length.

use super::{
    mismatch::{Mismatch, Mismatches, unless},
    told_place::{DATE_SLACK, date, made, number, shown, whole},
};
use crate::{
    contract::{
        contract_file::Limit,
        limit::{ResetIs, Told},
        place::AnswerPlace,
    },
    exchange::outgoing::Exchange,
};

/// What seconds are rounded up by, and what a server may add.
const ROUNDED: f64 = 1.0;

/// What a response tells of its limit. It has to tell it each time, whether the request was served or refused.
///
/// At `most` so many requests are left.
pub(super) fn told(exchange: &Exchange, limit: &Limit, told: &Told, most: u32) -> Mismatches {
    let answer = &exchange.answer;
    let mut found = Vec::new();
    if let Some(place) = &told.limit {
        found.extend(unless(whole(answer, place) == Some(limit.requests.into()), || {
            missing(exchange, place, limit.requests.to_string())
        }));
    }
    if let Some(place) = &told.left {
        let holds = whole(answer, place).is_some_and(|told| told <= most.into());
        let expected = || if most == 0 { "0".to_owned() } else { format!("0 to {most}") };
        found.extend(unless(holds, || missing(exchange, place, expected())));
    }
    if let Some((place, is)) = told.reset.as_ref().zip(told.reset_is) {
        let window = f64::from(limit.window_seconds);
        let slack = if is_date(is) { DATE_SLACK } else { 0.0 };
        let holds = ahead(exchange, place, is)
            .is_some_and(|(least, most)| most >= -slack && least <= window + ROUNDED + slack);
        found.extend(unless(holds, || missing(exchange, place, end(is, limit.window_seconds))));
    }
    found
}

/// How many seconds ahead the window ends by a refusal. For a date that is a range, since it is known to a second only
/// when the response was made.
pub(super) fn reset(exchange: &Exchange, told: &Told) -> Option<f64> {
    let (place, is) = told.reset.as_ref().zip(told.reset_is)?;
    ahead(exchange, place, is).map(|(_, most)| most)
}

/// The least and the most that the end of a window is ahead, in seconds.
fn ahead(exchange: &Exchange, place: &AnswerPlace, is: ResetIs) -> Option<(f64, f64)> {
    let answer = &exchange.answer;
    let from_now = |time: f64| (time, time);
    let at = |time: f64| {
        let made = made(exchange);
        (time - made.end(), time - made.start())
    };
    match is {
        ResetIs::Seconds => number(answer, place).map(from_now),
        ResetIs::Milliseconds => number(answer, place).map(|time| from_now(time / 1_000.0)),
        ResetIs::EpochSeconds => number(answer, place).map(at),
        ResetIs::EpochMilliseconds => number(answer, place).map(|time| at(time / 1_000.0)),
        ResetIs::Date => date(answer, place).map(at),
    }
}

fn is_date(is: ResetIs) -> bool {
    !matches!(is, ResetIs::Seconds | ResetIs::Milliseconds)
}

/// What the end of a window is told as, as the end of "expected ...".
fn end(is: ResetIs, window: u32) -> String {
    match is {
        ResetIs::Seconds => format!("0 to {window} (seconds from now)"),
        ResetIs::Milliseconds => {
            format!("0 to {} (milliseconds from now)", u64::from(window) * 1_000)
        }
        ResetIs::EpochSeconds => format!("seconds since 1970, from now to {window} s from now"),
        ResetIs::EpochMilliseconds => {
            format!("milliseconds since 1970, from now to {window} s from now")
        }
        ResetIs::Date => format!("a date from now to {window} s from now"),
    }
}

fn missing(exchange: &Exchange, place: &AnswerPlace, expected: String) -> Mismatch {
    Mismatch::or_missing(place.as_str(), expected, shown(&exchange.answer, place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::told_place::tests::exchange;

    fn place(name: &str) -> AnswerPlace {
        AnswerPlace::from(format!("header {name}"))
    }

    fn limit() -> Limit {
        Limit::of(10, 20)
    }

    /// How many findings there are on a served and on a refused response with this header.
    fn found(told_at: &Told, value: &str) -> [usize; 2] {
        let told = |most| told(&exchange(429, &[("x-it", value)], ""), &limit(), told_at, most);
        [10, 0].map(|most| told(most).len())
    }

    #[test]
    fn the_limit_is_the_limit_and_what_is_left_of_it_is_no_more() {
        let none = Told { limit: None, left: None, reset: None, reset_is: None };
        let limit = Told { limit: Some(place("X-It")), ..none.clone() };
        for (value, expected) in [
            ("10", [0, 0]),
            ("10, 10;w=20", [0, 0]),
            ("60", [1, 1]),
            ("10.5", [1, 1]),
            ("", [1, 1]),
        ] {
            assert_eq!(found(&limit, value), expected, "{value}");
        }
        let left = Told { left: Some(place("X-It")), ..none.clone() };
        for (value, expected) in
            [("0", [0, 0]), ("1", [0, 1]), ("10", [0, 1]), ("11", [1, 1]), ("-1", [1, 1])]
        {
            assert_eq!(found(&left, value), expected, "{value}");
        }
        let elsewhere = Told { limit: Some(place("X-Limit")), left: Some(place("X-Left")), ..none };
        assert_eq!(found(&elsewhere, "10"), [2, 2]);
    }

    #[test]
    fn a_window_ends_between_now_and_its_length_from_now() {
        use ResetIs::{Date, EpochMilliseconds, EpochSeconds, Milliseconds, Seconds};
        // The response is from 1,000 s after the beginning of 1970.
        let rows = [
            (Seconds, "0", true),
            (Seconds, "20", true),
            (Seconds, "21", true),
            (Seconds, "22", false),
            (Seconds, "1020", false),
            (Seconds, "7.25", true),
            (Milliseconds, "20000", true),
            (Milliseconds, "22000", false),
            (EpochSeconds, "1020", true),
            (EpochSeconds, "998", true),
            (EpochSeconds, "997", false),
            (EpochSeconds, "1024", false),
            (EpochSeconds, "20", false),
            (EpochSeconds, "1020000", false),
            (EpochSeconds, "1007.5", true),
            (EpochMilliseconds, "1020000", true),
            (EpochMilliseconds, "1020", false),
            (Date, "Thu, 01 Jan 1970 00:17:00 GMT", true),
            (Date, "1970-01-01T00:17:00Z", true),
            (Date, "1970-01-01T00:18:00Z", false),
            (Date, "soon", false),
        ];
        for (is, value, holds) in rows {
            let told =
                Told { limit: None, left: None, reset: Some(place("X-It")), reset_is: Some(is) };
            assert_eq!(found(&told, value), [usize::from(!holds); 2], "{is:?} {value}");
        }
        let told = Told {
            limit: None,
            left: None,
            reset: Some(place("X-It")),
            reset_is: Some(EpochSeconds),
        };
        let refused = exchange(429, &[("x-it", "20")], "");
        let found = super::told(&refused, &limit(), &told, 0);
        let expected = "seconds since 1970, from now to 20 s from now";
        assert_eq!(found, [Mismatch::at("header X-It", expected, "\"20\"")]);
    }
}
