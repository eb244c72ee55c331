//! What to do after a burst: judge it, send a second one, or give up. A pure function of what was
//! counted.

use std::time::Duration;

use crate::{
    checks::rate::{Admitted, Tally},
    contract::contract_file::Limit,
};

/// What to do after one burst, or after two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// Judge one of them.
    Judge(Which),
    /// Let this much of the key's time pass, and send a second one.
    SendSecond(Duration),
    /// Neither can be judged: this is why.
    GiveUp(String),
}

/// One of two bursts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    First,
    Second,
}

/// A second more than the window is waited for: a server's window begins when the burst arrives, not
/// when it leaves.
const ARRIVAL: Duration = Duration::from_secs(1);

/// `Retry-After` is in whole seconds, and some servers add one. Of a window that is shorter than this it
/// does not tell where in it a burst was.
const SHORTEST_WINDOW: Duration = Duration::from_secs(8);

/// What `Retry-After` may be more than what is left of a window: a server rounds up, and adds one.
const ROUNDED: Duration = Duration::from_secs(2);

/// What to do after these bursts.
///
/// Too few admitted may mean that the key was used within the last window, so the window is waited
/// out and a second burst is judged. So is one after a burst that took longer than a window, or so long
/// that a bucket may have been refilled for all of it.
///
/// Too many may mean that a window ended within the burst; but only where windows end by the wall
/// clock and not a window after the first request. The second burst, half a window later, tells: if
/// it is right and is told to wait for about half a window, and the first was told to wait for what is
/// next to an edge, the first was over one. Else the first one counts.
pub(super) fn next(first: &Tally, second: Option<&Tally>, limit: &Limit) -> Next {
    let window = Duration::from_secs(limit.window_seconds.into());
    let is_short = window < SHORTEST_WINDOW;
    let Some(second) = second else {
        return match first.admitted(limit) {
            Admitted::AsLimited if why_not(first, limit).is_none() => Next::Judge(Which::First),
            Admitted::AsLimited | Admitted::TooFew => Next::SendSecond(window + ARRIVAL),
            Admitted::TooMany => {
                // In a short window a second more is next to its end.
                let arrival = if is_short { window } else { ARRIVAL };
                Next::SendSecond(window + window / 2 + arrival)
            }
        };
    };
    let is_overlong = first.span >= window;
    if let Some(why) = why_not(second, limit) {
        let twice = if is_overlong && second.span >= window { ", twice" } else { "" };
        return Next::GiveUp(format!("{why}{twice}"));
    }
    if first.admitted(limit) != Admitted::TooMany || is_overlong {
        return Next::Judge(Which::Second);
    }
    let is_right = second.admitted(limit) == Admitted::AsLimited;
    let spans = first.span + second.span;
    if is_right && (is_short || spans >= window / 8) {
        let Tally { sent, admitted, .. } = first;
        return Next::GiveUp(format!(
            "{admitted} of {sent} requests at once were accepted, and no more than the limit later: two bursts in {:.1} s do not tell whether a window of {} s ended within the first",
            spans.as_secs_f64(),
            window.as_secs()
        ));
    }
    let may_be_over_an_edge =
        first.told.is_none_or(|told| told <= first.span + ROUNDED || told + first.span >= window);
    let least = (window / 2).saturating_sub(ARRIVAL + spans);
    let is_amid = second.told.is_some_and(|told| (least..=window * 3 / 4).contains(&told));
    if is_right && may_be_over_an_edge && is_amid {
        Next::Judge(Which::Second)
    } else {
        Next::Judge(Which::First)
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

    const LIMIT: Limit = Limit { requests: 60, window_seconds: 60, policy: None };

    /// A burst of 75: how many were admitted, how many seconds it took, and how many seconds those
    /// that were refused are told to wait, at most.
    fn burst(admitted: usize, seconds: u64, told: Option<u64>) -> Tally {
        Tally {
            sent: 75,
            admitted,
            refused: 75 - admitted,
            span: Duration::from_secs(seconds),
            told: told.map(Duration::from_secs),
        }
    }

    #[test]
    fn after_one_burst_it_is_judged_or_a_second_one_is_sent() {
        let second = |seconds| Next::SendSecond(Duration::from_secs(seconds));
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
            assert_eq!(next(&first, None, &LIMIT), expected, "{first:?}");
        }
    }

    #[test]
    fn after_two_bursts_one_is_judged_unless_both_say_nothing() {
        use Which::{First, Second};
        let limited = burst(60, 0, Some(60));
        let mid_window = burst(60, 0, Some(30));
        let (few, many, long) = (burst(50, 0, Some(60)), burst(75, 0, None), burst(75, 75, None));
        let rows = [
            // After too few the second counts, whatever it is.
            (few, limited, Second),
            (few, few, Second),
            (few, many, Second),
            // After too many the first counts ...
            (many, limited, First),
            (many, burst(60, 0, Some(46)), First),
            (many, burst(60, 0, None), First),
            (many, many, First),
            (many, burst(61, 0, Some(30)), First),
            (many, burst(59, 0, Some(30)), First),
            // ... unless the second, right in every way, shows that a window had ended within it.
            (many, mid_window, Second),
            (many, burst(60, 0, Some(45)), Second),
            (many, burst(60, 0, Some(29)), Second),
            (burst(70, 0, Some(2)), mid_window, Second),
            (burst(70, 1, Some(59)), mid_window, Second),
            // What the first was told is not next to an edge: a race that was lost once.
            (burst(70, 0, Some(3)), mid_window, First),
            (burst(70, 1, Some(58)), mid_window, First),
            // A bucket that let too many pass once: it tells of no half window.
            (burst(70, 0, Some(1)), burst(60, 0, Some(1)), First),
            (many, burst(60, 0, Some(28)), First),
            // After one that was too long the second counts, whatever the first admitted.
            (long, limited, Second),
            (long, many, Second),
            (burst(65, 75, Some(60)), limited, Second),
            (burst(60, 75, Some(60)), few, Second),
        ];
        for (first, second, judged) in rows {
            let expected = Next::Judge(judged);
            assert_eq!(next(&first, Some(&second), &LIMIT), expected, "{first:?} {second:?}");
        }
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
            assert_eq!(next(&first, Some(&second), &LIMIT), Next::GiveUp(why), "{first:?}");
        }
    }

    #[test]
    fn a_window_that_is_short_beside_the_bursts_does_not_tell_whether_it_ended_within_one() {
        for (window_seconds, milliseconds) in [(1, 2_500), (3, 7_500), (7, 17_500), (8, 13_000)] {
            let limit = Limit { window_seconds, ..LIMIT };
            let pause = Next::SendSecond(Duration::from_millis(milliseconds));
            assert_eq!(next(&burst(75, 0, None), None, &limit), pause, "{window_seconds}");
            let right = burst(60, 0, Some(u64::from(window_seconds / 2)));
            let given_up = match next(&burst(75, 0, None), Some(&right), &limit) {
                Next::GiveUp(why) => why.contains("75 of 75"),
                _ => false,
            };
            assert_eq!(given_up, window_seconds < 8, "{window_seconds}");
            let slow = burst(75, u64::from(window_seconds / 8), None);
            assert!(matches!(next(&slow, Some(&right), &limit), Next::GiveUp(_)));
            let wrong = next(&burst(75, 0, None), Some(&burst(75, 0, None)), &limit);
            assert_eq!(wrong, Next::Judge(Which::First), "{window_seconds}");
        }
    }
}
