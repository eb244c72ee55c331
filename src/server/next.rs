//! What to do after a burst: judge it, send another one, ask once more, or give up. A pure function of
//! what was counted.

use std::time::Duration;

use super::{
    edge::{over_an_edge, over_two_edges},
    step::{ARRIVAL, Asked, Next, SHORTEST_WINDOW, Which},
};
use crate::{
    checks::rate::{Admitted, Tally},
    contract::contract_file::Limit,
};

/// What to do after these bursts, and what was asked since the last one.
///
/// Too few admitted may mean that the key was used within the last window, so the window is waited
/// out and a second burst is judged. So is one after a burst that took longer than a window, or so long
/// that a bucket may have been refilled for all of it. Too few once more may mean that the limiter counts
/// the window before by how much of it lies within the last window (a sliding window counter): the
/// third burst is sent when that is over.
///
/// Too many may mean that a window ended within the burst. Another one, half a window later, tells:
/// see [`over_an_edge`].
pub(super) fn next(bursts: &[Tally], asked: &[Asked], limit: &Limit) -> Next {
    let window = Duration::from_secs(limit.window_seconds.into());
    let amid_a_window = || {
        // In a short window a second more is next to its end.
        let arrival = if window < SHORTEST_WINDOW { window } else { ARRIVAL };
        Next::SendAnother(window + window / 2 + arrival)
    };
    let Some((last, before)) = bursts.split_last() else {
        // In a short window somebody's use a moment ago is likely to end within the burst, which looks like
        // a race that is lost once. It is waited out.
        let rest = if window < SHORTEST_WINDOW { window + window / 8 } else { Duration::ZERO };
        return Next::SendAnother(rest);
    };
    if let Some(previous) = before.last() {
        if let Some(why) = why_not(last, limit) {
            let is_overlong = |burst: &Tally| burst.span >= window;
            let twice = if is_overlong(previous) && is_overlong(last) { ", twice" } else { "" };
            return Next::GiveUp(format!("{why}{twice}"));
        }
        let is_too_many =
            |burst: &Tally| burst.admitted(limit) == Admitted::TooMany && burst.span < window;
        if let [first, second, third] = bursts
            && is_too_many(first)
            && is_too_many(second)
        {
            return over_two_edges([first, second, third], limit);
        }
        if is_too_many(previous) {
            let whichs = [which(before.len()), which(bursts.len())];
            return over_an_edge([previous, last], whichs, asked, limit);
        }
    }
    let is_sound = why_not(last, limit).is_none();
    match (last.admitted(limit), before.len()) {
        (Admitted::AsLimited, _) if is_sound => Next::Judge(which(bursts.len())),
        (Admitted::TooFew | Admitted::AsLimited, 0) => Next::SendAnother(window + ARRIVAL),
        (Admitted::TooFew, 1) => Next::SendAnother(window * 2 + ARRIVAL),
        (Admitted::TooMany, 0 | 1) => amid_a_window(),
        // After two bursts that admitted too few.
        (Admitted::TooMany, _) if last.is_within_refill(limit) => {
            let Tally { sent, admitted, .. } = last;
            Next::GiveUp(format!(
                "{admitted} of {sent} requests at once were accepted within {:.1} s, and fewer than the limit before: the time that the burst took may have refilled what is over the limit",
                last.span.as_secs_f64()
            ))
        }
        _ => Next::Judge(which(bursts.len())),
    }
}

/// The burst that is this many-th.
fn which(number: usize) -> Which {
    match number {
        1 => Which::First,
        2 => Which::Second,
        _ => Which::Third,
    }
}

/// Why a burst cannot be judged, if it cannot, whatever its key was used for before.
fn why_not(burst: &Tally, limit: &Limit) -> Option<String> {
    let (times, span) = (burst.sent, burst.span);
    let (seconds, window) = (span.as_secs(), limit.window_seconds);
    if span >= Duration::from_secs(window.into()) {
        return Some(format!(
            "a burst of {times} requests took {seconds} s, longer than the window of {window} s"
        ));
    }
    let is_served = burst.admitted == times && burst.admitted(limit) == Admitted::AsLimited;
    is_served.then(|| {
        format!(
            "a burst of {times} requests took {seconds} s, in which a limit of {} in {window} s may let all of them pass",
            limit.requests
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::step::examples::{LIMIT, burst};

    #[test]
    fn before_the_first_burst_a_short_window_is_waited_out() {
        for (window_seconds, millis) in [(1, 1_125), (7, 7_875), (8, 0), (60, 0)] {
            let limit = Limit { window_seconds, ..LIMIT };
            let rest = Next::SendAnother(Duration::from_millis(millis));
            assert_eq!(next(&[], &[], &limit), rest, "{window_seconds}");
        }
    }

    #[test]
    fn after_one_burst_it_is_judged_or_a_second_one_is_sent() {
        let second = |seconds| Next::SendAnother(Duration::from_secs(seconds));
        let rows = [
            (burst(60, 0, Some(60)), Next::Judge(Which::First)),
            (burst(60, 59, Some(60)), Next::Judge(Which::First)),
            // A bucket that refills one a second.
            (burst(65, 5, Some(1)), Next::Judge(Which::First)),
            // Somebody used the key before.
            (burst(59, 0, Some(60)), second(61)),
            (burst(0, 0, Some(60)), second(61)),
            // A window ended within it, or the limit is not kept: half a window later tells.
            (burst(61, 0, Some(60)), second(91)),
            (burst(75, 0, None), second(91)),
            // Longer than a window: whatever was admitted.
            (burst(60, 60, Some(60)), second(61)),
            (burst(59, 60, Some(60)), second(61)),
            (burst(75, 60, Some(60)), second(91)),
            // A bucket that was refilled for all of them.
            (burst(75, 15, None), second(61)),
            (burst(75, 14, None), second(91)),
        ];
        for (first, expected) in rows {
            assert_eq!(next(&[first], &[], &LIMIT), expected, "{first:?}");
        }
    }

    #[test]
    fn after_one_that_cannot_be_judged_the_second_is_judged_if_it_is_right() {
        let limited = burst(60, 0, Some(60));
        let (few, many, long) = (burst(50, 0, Some(60)), burst(75, 0, None), burst(75, 75, None));
        let third = |seconds| Next::SendAnother(Duration::from_secs(seconds));
        let rows = [
            (few, limited, Next::Judge(Which::Second)),
            // A counter of sliding windows still counts the first.
            (few, few, third(121)),
            // A window may have ended within the second.
            (few, many, third(91)),
            // After one that was too long the second counts, whatever the first admitted.
            (long, limited, Next::Judge(Which::Second)),
            (long, many, third(91)),
            (burst(65, 75, Some(60)), limited, Next::Judge(Which::Second)),
            (burst(60, 75, Some(60)), few, third(121)),
        ];
        for (first, second, expected) in rows {
            assert_eq!(next(&[first, second], &[], &LIMIT), expected, "{first:?} {second:?}");
        }
    }

    #[test]
    fn after_three_bursts_the_last_two_are_judged_like_two() {
        use Which::{Second, Third};
        let limited = burst(60, 0, Some(60));
        let (few, many) = (burst(50, 0, Some(60)), burst(75, 0, None));
        let rows = [
            ([few, few, limited], Third),
            ([few, few, few], Third),
            ([few, few, many], Third),
            ([few, many, burst(60, 0, Some(30))], Third),
            ([few, many, burst(60, 0, Some(46))], Second),
            ([few, many, many], Second),
        ];
        for (bursts, judged) in rows {
            assert_eq!(next(&bursts, &[], &LIMIT), Next::Judge(judged), "{bursts:?}");
        }
        let slow = next(&[few, few, burst(61, 2, Some(60))], &[], &LIMIT);
        assert!(matches!(slow, Next::GiveUp(_)), "{slow:?}");
    }

    #[test]
    fn two_that_take_too_long_or_are_served_whole_say_nothing() {
        let few = burst(50, 0, Some(60));
        let (many, long) = (burst(75, 0, None), burst(75, 75, None));
        let said = "a burst of 75 requests took 75 s, longer than the window of 60 s";
        let exactly = "a burst of 75 requests took 60 s, longer than the window of 60 s";
        for (first, second, why) in [
            (long, long, format!("{said}, twice")),
            (many, long, said.to_owned()),
            (few, burst(60, 60, Some(60)), exactly.to_owned()),
            (
                burst(75, 15, None),
                burst(75, 16, None),
                "a burst of 75 requests took 16 s, in which a limit of 60 in 60 s may let all of them pass".to_owned(),
            ),
        ] {
            assert_eq!(next(&[first, second], &[], &LIMIT), Next::GiveUp(why), "{first:?}");
        }
    }
}
