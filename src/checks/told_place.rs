//! What a response tells of a limit at a place: a number, or a date, in the body or in a header.

use std::{ops::RangeInclusive, time::UNIX_EPOCH};

use serde_json::Value;

use super::envelope::quoted;
use crate::{
    contract::{
        limit::{WaitPlace, WaitUnit},
        place::AnswerPlace,
        pointer,
    },
    exchange::{message::Answer, outgoing::Exchange},
};

/// By how many seconds a date may be off: dates are rounded, and two clocks are never quite the same.
pub(super) const DATE_SLACK: f64 = 2.0;

/// What stands at a place, if it is a number or a text.
fn text(answer: &Answer, place: &AnswerPlace) -> Option<String> {
    if let Some(name) = place.header() {
        return answer.header(&name.to_ascii_lowercase());
    }
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    match pointer::find(&body, place.as_str())? {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

/// What stands at a place, as a finding shows it.
pub(super) fn shown(answer: &Answer, place: &AnswerPlace) -> Option<String> {
    text(answer, place).map(|text| quoted(&text))
}

/// The number at a place, in digits. Of a list its first: the older drafts of `RateLimit-Limit` add policies behind it.
pub(super) fn number(answer: &Answer, place: &AnswerPlace) -> Option<f64> {
    let text = text(answer, place)?;
    let first = text.split([',', ';']).next().unwrap_or_default().trim();
    let is_number = first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = first.parse().ok().filter(|_| is_number)?;
    number.is_finite().then_some(number)
}

/// The whole number at a place.
pub(super) fn whole(answer: &Answer, place: &AnswerPlace) -> Option<u64> {
    let text = text(answer, place)?;
    let first = text.split([',', ';']).next().unwrap_or_default().trim();
    let is_number = first.bytes().all(|byte| byte.is_ascii_digit());
    first.parse().ok().filter(|_| is_number)
}

/// The date at a place, in seconds since 1970.
pub(super) fn date(answer: &Answer, place: &AnswerPlace) -> Option<f64> {
    let text = text(answer, place)?;
    http_date(&text).or_else(|| rfc_3339(text.trim()))
}

/// Between which two times a response was made, in seconds since 1970: by its own `Date` if it has one, since a date is
/// told by the clock of the server.
#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 have ten digits")]
pub(super) fn made(exchange: &Exchange) -> RangeInclusive<f64> {
    if let Some(date) = exchange.answer.header("date").and_then(|text| http_date(&text)) {
        return date..=date + 1.0;
    }
    let answered = exchange.date.as_millis() as f64 / 1_000.0;
    answered - exchange.took().as_secs_f64()..=answered
}

/// The seconds that a response asks to wait, at the place that the contract names. Of a date they may be less than none.
pub(super) fn wait(exchange: &Exchange, at: &WaitPlace) -> Option<f64> {
    let answer = &exchange.answer;
    match at.unit {
        WaitUnit::Seconds => number(answer, &at.at),
        WaitUnit::Milliseconds => number(answer, &at.at).map(|told| told / 1_000.0),
        WaitUnit::Date => date(answer, &at.at).map(|end| end - made(exchange).start()),
    }
}

/// The same in whole seconds, rounded up: a wait that is over. One of more than a century is cut to that, so that no sum of
/// times is too large.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is within what a number of seconds can be"
)]
pub(super) fn seconds_over(told: f64) -> u64 {
    told.ceil().clamp(0.0, f64::from(u32::MAX)) as u64
}

fn http_date(text: &str) -> Option<f64> {
    let date = httpdate::parse_http_date(text.trim()).ok()?;
    Some(date.duration_since(UNIX_EPOCH).ok()?.as_secs_f64())
}

/// A date as RFC 3339 writes it: `2026-10-21T07:28:00.5+02:00`.
#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 have ten digits")]
fn rfc_3339(text: &str) -> Option<f64> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let digits = text.get(range)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
    };
    let is_sign =
        |at: usize, signs: &[u8]| text.as_bytes().get(at).is_some_and(|byte| signs.contains(byte));
    let signs: [(usize, &[u8]); 5] = [(4, b"-"), (7, b"-"), (10, b"Tt "), (13, b":"), (16, b":")];
    if !signs.iter().all(|(at, signs)| is_sign(*at, signs)) {
        return None;
    }
    let [year, month, day] = [number(0..4)?, number(5..7)?, number(8..10)?];
    let [hour, minute, second] = [number(11..13)?, number(14..16)?, number(17..19)?];
    let rest = text.get(19..)?;
    let (fraction, zone) = rest.split_at(rest.find(|c: char| c != '.' && !c.is_ascii_digit())?);
    let fraction: f64 =
        if fraction.is_empty() { 0.0 } else { format!("0{fraction}").parse().ok()? };
    let offset = match zone {
        "Z" | "z" => 0,
        _ => {
            let begin = text.len() - zone.len();
            let minutes = number(begin + 1..begin + 3)? * 60 + number(begin + 4..begin + 6)?;
            let is_whole = zone.len() == 6 && is_sign(begin + 3, b":");
            match zone.as_bytes().first() {
                Some(b'+') if is_whole => minutes,
                Some(b'-') if is_whole => -minutes,
                _ => return None,
            }
        }
    };
    let is_date = (1..=12).contains(&month) && (1..=31).contains(&day);
    let is_time = hour < 24 && minute < 60 && second <= 60;
    if !(is_date && is_time) {
        return None;
    }
    // Days of a calendar whose years begin in March, so that the day that comes and goes is the last.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    let seconds = (days - 719_468) * 86_400 + hour * 3_600 + (minute - offset) * 60 + second;
    Some(seconds as f64 + fraction)
}

#[cfg(test)]
pub(super) mod tests {
    use std::{sync::Arc, time::Duration};

    use super::*;
    use crate::exchange::{
        message::{Ending, Request},
        outgoing::Role,
    };

    /// A response with these headers and this body, that was there 1,000 s after the beginning of 1970.
    pub(in super::super) fn exchange(status: u16, fields: &[(&str, &str)], body: &str) -> Exchange {
        let header = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
        let (method, path) = ("GET".into(), "/".into());
        let answer = Answer {
            status,
            headers: fields.iter().map(header).collect(),
            body: body.as_bytes().to_vec(),
            ending: Ending::Complete,
        };
        let request = Arc::new(Request {
            method,
            path,
            headers: Vec::new(),
            body: Vec::new(),
            signing: None,
        });
        let date = Duration::from_secs(1_000);
        let [sent, answered] = [Duration::ZERO, Duration::from_millis(100)];
        Exchange {
            request,
            written: None,
            key: None,
            answer,
            sent,
            answered,
            date,
            role: Role::Own,
        }
    }

    #[test]
    fn numbers_are_found_in_bodies_and_headers_and_of_a_list_the_first() {
        let fields = [("x-left", "7"), ("ratelimit-limit", "10, 10;w=1"), ("x-odd", "1e3")];
        let body = r#"{"ms":1500,"text":"2.5","none":null,"odd":"-3","list":[1]}"#;
        let exchange = exchange(429, &fields, body);
        let rows = [
            ("header X-Left", Some(7.0), Some(7)),
            ("header RateLimit-Limit", Some(10.0), Some(10)),
            ("header X-Odd", None, None),
            ("header X-Missing", None, None),
            ("/ms", Some(1500.0), Some(1500)),
            ("/text", Some(2.5), None),
            ("/none", None, None),
            ("/odd", None, None),
            ("/list", None, None),
        ];
        for (place, expected, expected_whole) in rows {
            let place = AnswerPlace::from(place.to_owned());
            assert_eq!(number(&exchange.answer, &place), expected, "{place:?}");
            assert_eq!(whole(&exchange.answer, &place), expected_whole, "{place:?}");
        }
    }

    #[test]
    fn dates_are_read_as_http_and_as_rfc_3339_write_them() {
        let rows = [
            ("Wed, 21 Oct 2015 07:28:00 GMT", Some(1_445_412_480.0)),
            ("2015-10-21T07:28:00Z", Some(1_445_412_480.0)),
            ("2015-10-21T09:28:00.25+02:00", Some(1_445_412_480.25)),
            ("2015-10-21t02:58:00-04:30", Some(1_445_412_480.0)),
            ("1970-01-01T00:00:00Z", Some(0.0)),
            ("2024-02-29T00:00:00Z", Some(1_709_164_800.0)),
            ("2000-03-01T00:00:00Z", Some(951_868_800.0)),
            ("2015-13-21T07:28:00Z", None),
            ("2015-10-21T07:28:00", None),
            ("2015-10-21", None),
            ("1445412480", None),
            ("soon", None),
            ("2015-10-21T07:28:00+é", None),
        ];
        for (text, expected) in rows {
            let exchange = exchange(429, &[("x-reset", text)], "");
            let place = AnswerPlace::from("header X-Reset".to_owned());
            assert_eq!(date(&exchange.answer, &place), expected, "{text}");
        }
    }

    #[test]
    fn a_response_is_as_old_as_its_date_says_and_else_as_our_clock() {
        assert_eq!(made(&exchange(200, &[], "")), 999.9..=1_000.0);
        let dated = exchange(200, &[("date", "Wed, 21 Oct 2015 07:28:00 GMT")], "");
        assert_eq!(made(&dated), 1_445_412_480.0..=1_445_412_481.0);
    }

    #[test]
    fn a_wait_is_over_after_the_next_whole_second() {
        let rows = [(0.2, 1), (1.0, 1), (6.5, 7), (-3.0, 0), (1e300, u32::MAX.into())];
        for (told, expected) in rows {
            assert_eq!(seconds_over(told), expected, "{told}");
        }
    }
}
