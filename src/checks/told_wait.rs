//! `retry-after` where the wait is told at another place than the header, or at both.

use super::{
    mismatch::{Mismatch, Mismatches, unless},
    retry_after::{self, seconds},
    told_place::{DATE_SLACK, shown, wait},
};
use crate::{
    contract::{
        limit::{WaitPlace, WaitUnit},
        scenario::{LongestWait, RetryAfter, ToldWait},
    },
    exchange::outgoing::Exchange,
};

/// By how many seconds two places may tell different waits.
const DIFFERS: f64 = 1.0;

/// `retry-after`: the wait is where the contract says, is no longer than the docs allow, and where two places tell one they
/// agree.
#[must_use]
pub fn present(exchange: &Exchange, promised: &ToldWait) -> Mismatches {
    let answer = &exchange.answer;
    let is_header = |at: &WaitPlace| {
        at.at.header().is_some_and(|name| name.eq_ignore_ascii_case("retry-after"))
    };
    let mut found = Vec::new();
    let elsewhere = promised.at.as_ref();
    if promised.header == RetryAfter::Promised && !elsewhere.is_some_and(is_header) {
        found.extend(retry_after::present(answer, promised.longest));
    }
    let Some(at) = elsewhere else { return found };
    let most = match promised.longest {
        LongestWait::Unsaid => f64::INFINITY,
        LongestWait::Seconds(most) => most.into(),
    };
    let told = wait(exchange, at);
    let holds = |told: f64| match at.unit {
        WaitUnit::Seconds | WaitUnit::Milliseconds => told > 0.0 && told <= most,
        WaitUnit::Date => told >= -DATE_SLACK && told <= most + DATE_SLACK,
    };
    found.extend(unless(told.is_some_and(holds), || {
        Mismatch::or_missing(at.at.as_str(), expected(at, promised.longest), shown(answer, &at.at))
    }));
    if let Some((told, header)) = told.zip(seconds(answer))
        && !is_header(at)
    {
        found.extend(agree(told, header, at));
    }
    found
}

fn expected(at: &WaitPlace, longest: LongestWait) -> String {
    let most = |in_a_second: u64| match longest {
        LongestWait::Unsaid => String::new(),
        LongestWait::Seconds(most) => format!(", at most {}", u64::from(most) * in_a_second),
    };
    match at.unit {
        WaitUnit::Seconds => format!("a number of seconds more than 0{}", most(1)),
        WaitUnit::Milliseconds => format!("a number of milliseconds more than 0{}", most(1_000)),
        WaitUnit::Date => match longest {
            LongestWait::Unsaid => "a date to come".to_owned(),
            LongestWait::Seconds(most) => format!("a date at most {most} s from now"),
        },
    }
}

/// Whether both places tell the same wait.
#[expect(
    clippy::cast_precision_loss,
    reason = "a wait of more digits than that agrees with nothing"
)]
fn agree(told: f64, header: u64, at: &WaitPlace) -> Mismatches {
    let may_differ = if at.unit == WaitUnit::Date { DIFFERS + DATE_SLACK } else { DIFFERS };
    unless((told - header as f64).abs() <= may_differ + 0.001, || {
        let sentence = format!(
            "tells to wait {} s, and Retry-After {} s; expected the same, to a second",
            (told * 1_000.0).round() / 1_000.0,
            header
        );
        Mismatch::says(at.at.as_str(), sentence)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        checks::told_place::tests::exchange,
        contract::{place::AnswerPlace, scenario::WaitMeanwhile},
    };

    fn promised(header: RetryAfter, at: &str, unit: WaitUnit, longest: LongestWait) -> ToldWait {
        let at = Some(WaitPlace { at: AnswerPlace::from(at.to_owned()), unit });
        ToldWait { header, at, longest, meanwhile: WaitMeanwhile::Unsaid }
    }

    #[test]
    fn a_wait_has_to_be_where_the_contract_says_and_to_agree_with_retry_after() {
        use RetryAfter::{Promised, Unsaid};
        use WaitUnit::{Date, Milliseconds, Seconds};
        const DATE: (&str, &str) = ("date", "Wed, 21 Oct 2015 07:28:00 GMT");
        // Whether Retry-After is promised, what it tells, the unit and the body's text, and how many findings there are.
        let rows: [(_, Option<&str>, _, &str, usize); 21] = [
            (Unsaid, None, Milliseconds, r#"{"wait":6500}"#, 0),
            (Unsaid, None, Milliseconds, r#"{"wait":"6500"}"#, 0),
            (Unsaid, Some("7"), Milliseconds, r#"{"wait":6500}"#, 0),
            (Promised, Some("7"), Milliseconds, r#"{"wait":6500}"#, 0),
            (Promised, None, Milliseconds, r#"{"wait":6500}"#, 1),
            (Unsaid, Some("7"), Milliseconds, r#"{"wait":8000}"#, 0),
            (Unsaid, Some("7"), Milliseconds, r#"{"wait":8100}"#, 1),
            (Unsaid, Some("7"), Milliseconds, r#"{"wait":6}"#, 1),
            (Unsaid, Some("7"), Seconds, r#"{"wait":6.2}"#, 0),
            (Unsaid, Some("7"), Seconds, r#"{"wait":65}"#, 2),
            (Unsaid, None, Seconds, r#"{"wait":60}"#, 0),
            (Unsaid, None, Seconds, r#"{"wait":61}"#, 1),
            (Unsaid, None, Seconds, r#"{"wait":0}"#, 1),
            (Unsaid, None, Seconds, r#"{"wait":-1}"#, 1),
            (Unsaid, None, Seconds, r#"{"wait":"soon"}"#, 1),
            (Unsaid, Some("7"), Seconds, "{}", 1),
            (Unsaid, None, Seconds, "", 1),
            (Unsaid, Some("7"), Date, r#"{"wait":"2015-10-21T07:28:07Z"}"#, 0),
            (Unsaid, Some("7"), Date, r#"{"wait":"Wed, 21 Oct 2015 07:28:20 GMT"}"#, 1),
            (Unsaid, None, Date, r#"{"wait":"2015-10-21T07:27:00Z"}"#, 1),
            (Unsaid, None, Date, r#"{"wait":"2015-10-21T07:29:03Z"}"#, 1),
        ];
        for (header, retry_after, unit, body, expected) in rows {
            let mut fields = vec![DATE];
            fields.extend(retry_after.map(|told| ("retry-after", told)));
            let promised = promised(header, "/wait", unit, LongestWait::Seconds(60));
            let found = present(&exchange(429, &fields, body), &promised);
            assert_eq!(found.len(), expected, "{header:?} {retry_after:?} {body}: {found:?}");
        }
        let both = promised(Unsaid, "/wait", Milliseconds, LongestWait::Unsaid);
        let found = present(&exchange(429, &[("retry-after", "7")], r#"{"wait":9250}"#), &both);
        let sentence = "tells to wait 9.25 s, and Retry-After 7 s; expected the same, to a second";
        assert_eq!(found, [Mismatch::says("/wait", sentence)]);
    }

    #[test]
    fn a_retry_after_that_is_a_date_is_promised_by_naming_it_as_the_place() {
        let promised =
            |header| promised(header, "header Retry-After", WaitUnit::Date, LongestWait::Unsaid);
        let fields = |told| [("date", "Wed, 21 Oct 2015 07:28:00 GMT"), ("retry-after", told)];
        for (told, expected) in [("Wed, 21 Oct 2015 07:29:00 GMT", 0), ("60", 1), ("soon", 1)] {
            for header in [RetryAfter::Promised, RetryAfter::Unsaid] {
                let found = present(&exchange(429, &fields(told), ""), &promised(header));
                assert_eq!(found.len(), expected, "{told}: {found:?}");
            }
        }
    }
}
