//! `retry-after` and `retry-after.honest`: how long to wait, and whether that is true.

use std::time::Duration;

use super::{
    envelope::quoted,
    mismatch::{Mismatch, Mismatches, unless},
    told_place::{seconds_over, wait},
};
use crate::{
    contract::{contract_file::Limit, limit::WaitPlace, scenario::LongestWait},
    exchange::{message::Answer, outgoing::Exchange},
};

const PLACE: &str = "header Retry-After";

/// `retry-after`: whole seconds, from 1 to the longest wait that the docs allow. RFC 9110 also allows
/// a date there; the docs say seconds.
#[must_use]
pub fn present(answer: &Answer, longest: LongestWait) -> Mismatches {
    let most = match longest {
        LongestWait::Unsaid => u64::MAX,
        LongestWait::Seconds(most) => most.into(),
    };
    let told = seconds(answer).is_some_and(|told| (1..=most).contains(&told));
    unless(told && answer.count("retry-after") == 1, || {
        let actual = answer.header("retry-after");
        let expected = match longest {
            LongestWait::Unsaid => "a whole number of seconds, at least 1".to_owned(),
            LongestWait::Seconds(most) => format!("a whole number of seconds from 1 to {most}"),
        };
        Mismatch::or_missing(PLACE, expected, actual.as_deref().map(quoted))
    })
}

/// How many of its windows a limit may ask to wait, where the docs set no longest wait: some lock a key out that goes on.
const WINDOWS: u64 = 60;

/// `retry-after` of a wait that the docs set no end to: nothing of a limit lasts for so many of its windows.
#[must_use]
pub fn within_window(told: u64, limit: &Limit, place: &str) -> Mismatches {
    let window = u64::from(limit.window_seconds);
    unless(told <= window.saturating_mul(WINDOWS), || {
        let sentence = format!(
            "asks for {told} s, more than {WINDOWS} of the limit's windows of {window} s; if the docs say so, add `retry-after-at-most`"
        );
        Mismatch::says(if place == "Retry-After" { PLACE } else { place }, sentence)
    })
}

/// The seconds that an answer asks to wait, if it says so in digits alone.
#[must_use]
pub fn seconds(answer: &Answer) -> Option<u64> {
    let text = answer.header("retry-after")?;
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// By how much the waits of two refusals of one key may differ that were sent at about the same time. A limit may ask
/// for more of who goes on, and some double it each time; a thousand is another unit.
const DIFFERS: u64 = 10;

/// `retry-after` of a refusal next to another one of the same key: it does not ask for a wait of another order.
#[must_use]
pub fn agrees(answer: &Answer, other: Option<u64>, limit: &Limit) -> Mismatches {
    let Some((told, other)) = seconds(answer).zip(other) else { return Vec::new() };
    let most = other.max(limit.window_seconds.into()).saturating_mul(DIFFERS);
    unless(told <= most, || {
        let sentence = format!("asks for {told} s, and another refusal of the key for {other} s");
        Mismatch::says(PLACE, sentence)
    })
}

/// By how much two refusals that tell what is left of the same wait may differ: whole seconds are rounded, and a server
/// may add one.
const ROUNDED: Duration = Duration::from_secs(2);

/// `retry-after` of a refusal after another one of the same key, where the docs promise that it tells what is left: both
/// tell the same end. `at` is where else the wait may be told. Nothing is found where the first wait is over, since a window may have ended between the two.
#[must_use]
pub fn falls(first: &Exchange, later: &Exchange, at: Option<&WaitPlace>) -> Mismatches {
    let told = |exchange: &Exchange| {
        let elsewhere = || at.and_then(|at| wait(exchange, at)).map(seconds_over);
        seconds(&exchange.answer).or_else(elsewhere)
    };
    let Some((told, before)) = told(later).zip(told(first)) else {
        return Vec::new();
    };
    let time = Duration::from_secs;
    let earliest = (first.sent + time(before)).saturating_sub(later.answered + ROUNDED);
    let latest = (first.answered + time(before) + ROUNDED).saturating_sub(later.sent);
    if earliest.is_zero() {
        return Vec::new();
    }
    unless((earliest..=latest).contains(&time(told)), || {
        let passed = later.sent.saturating_sub(first.sent).as_secs();
        let left = before.saturating_sub(passed);
        let sentence = format!(
            "asks for {told} s, and {passed} s before another refusal of the key asked for {before} s; expected what is left of that, about {left} s"
        );
        Mismatch::says(PLACE, sentence)
    })
}

/// A wait that is over.
#[derive(Debug, Clone, Copy)]
pub struct Waited<'a> {
    /// How many seconds it was.
    pub seconds: u64,
    /// What told them, as in "that Retry-After told".
    pub by: &'a str,
    /// Who was told, as the begin of a sentence.
    pub who: &'static str,
}

/// `retry-after.honest`: the answer after the wait is what the request gives when it is not refused.
#[must_use]
pub fn honest(again: &Answer, is_served: bool, served: u16, waited: Waited<'_>) -> Mismatches {
    unless(is_served, || {
        let (got, Waited { seconds, by, who }) = (again.status, waited);
        let sentence = format!(
            "{who} got {got} after the {seconds} s that {by} told it to wait; expected {served}"
        );
        Mismatch::says("", sentence)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::exchange::{
        message::{Ending, Request},
        outgoing::Role,
    };

    fn answer(status: u16, retry_after: Option<&str>) -> Answer {
        let header = retry_after.map(|text| ("retry-after".to_owned(), text.as_bytes().to_vec()));
        Answer {
            status,
            headers: header.into_iter().collect(),
            body: Vec::new(),
            ending: Ending::Complete,
        }
    }

    #[test]
    fn two_refusals_of_a_key_do_not_ask_for_waits_of_another_order() {
        let limit = Limit::of(60, 60);
        for (told, other, holds) in [
            ("45", Some(45), true),
            ("600", Some(1), true),
            ("45000", Some(45), false),
            ("45000", None, true),
            ("1200", Some(120), true),
            ("1201", Some(120), false),
            ("soon", Some(45), true),
        ] {
            let found = agrees(&answer(429, Some(told)), other, &limit);
            assert_eq!(found.is_empty(), holds, "{told} {other:?}: {found:?}");
        }
    }

    #[test]
    fn a_refusal_tells_what_is_left_of_the_wait_that_another_one_told() {
        let exchange = |at: u64, told: &str| {
            let (method, path) = ("GET".into(), "/".into());
            let request = Arc::new(Request {
                method,
                path,
                headers: Vec::new(),
                body: Vec::new(),
                signing: None,
            });
            let (sent, role) = (Duration::from_secs(at), Role::Own);
            let (answer, answered) = (answer(429, Some(told)), sent + Duration::from_millis(100));
            Exchange {
                request,
                written: None,
                key: None,
                answer,
                sent,
                answered,
                date: Duration::ZERO,
                role,
            }
        };
        // When the two were sent, and what each told.
        for (first, later, holds) in [
            ((0, "60"), (30, "30"), true),
            ((0, "60"), (30, "31"), true),
            ((0, "60"), (30, "32"), true),
            ((0, "60"), (30, "28"), true),
            ((0, "60"), (30, "27"), false),
            ((0, "60"), (30, "60"), false),
            ((0, "60"), (0, "60"), true),
            ((0, "60"), (0, "40"), false),
            // A window ended between them.
            ((0, "1"), (0, "60"), true),
            ((0, "60"), (58, "60"), true),
            ((0, "60"), (30, "soon"), true),
        ] {
            let [one, other] = [first, later].map(|(at, told)| exchange(at, told));
            assert_eq!(falls(&one, &other, None).is_empty(), holds, "{first:?} {later:?}");
        }
        let found = falls(&exchange(0, "60"), &exchange(30, "60"), None);
        let sentence = "asks for 60 s, and 30 s before another refusal of the key asked for 60 s; expected what is left of that, about 30 s";
        assert_eq!(found, [Mismatch::says(PLACE, sentence)]);
    }

    #[test]
    fn only_whole_seconds_within_the_window_hold() {
        let minute = LongestWait::Seconds(60);
        let good = ["1", "60", "007"];
        let long = ["61", "60000"];
        let bad = [
            "0",
            "-1",
            "+5",
            "1.5",
            "5s",
            " ",
            "99999999999999999999999",
            "Wed, 21 Oct 2026 07:28:00 GMT",
        ];
        let found = |text, longest| present(&answer(429, text), longest).len();
        for text in good {
            assert_eq!(found(Some(text), minute), 0, "{text}");
        }
        // What is too long is for the docs to say.
        for text in long {
            assert_eq!(found(Some(text), minute), 1, "{text}");
            assert_eq!(found(Some(text), LongestWait::Unsaid), 0, "{text}");
        }
        for longest in [minute, LongestWait::Unsaid] {
            for text in bad {
                assert_eq!(found(Some(text), longest), 1, "{text}");
            }
            assert_eq!(found(None, longest), 1);
        }
    }

    #[test]
    fn a_refusal_after_the_wait_is_dishonest() {
        let waited = Waited { seconds: 17, by: "Retry-After", who: "the key" };
        assert_eq!(honest(&answer(200, None), true, 200, waited), []);
        let found = honest(&answer(429, Some("1")), false, 200, waited);
        let sentence =
            "the key got 429 after the 17 s that Retry-After told it to wait; expected 200";
        assert_eq!(found, [Mismatch::says("", sentence)]);
    }
}
