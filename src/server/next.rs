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

/// What to do after these bursts.
///
/// Too few admitted may mean that the key was used within the last window, so the window is waited
/// out and a second burst is judged. So is one after a burst that took longer than a window.
///
/// Too many may mean that a window ended within the burst; but only where windows end by the wall
/// clock and not a window after the first request. The second burst, half a window later, tells: if
/// it is right and is told to wait for clearly less than a window, the first was over an edge. Else
/// the first one counts.
pub(super) fn next(first: &Tally, second: Option<&Tally>, limit: &Limit) -> Next {
    let window = Duration::from_secs(limit.window_seconds.into());
    let is_overlong = |burst: &Tally| burst.span >= window;
    let admitted = first.admitted(limit);
    match second {
        None => match admitted {
            Admitted::AsLimited if !is_overlong(first) => Next::Judge(Which::First),
            Admitted::AsLimited | Admitted::TooFew => Next::SendSecond(window + ARRIVAL),
            Admitted::TooMany => Next::SendSecond(window + window / 2 + ARRIVAL),
        },
        Some(second) if is_overlong(second) => {
            let (times, seconds, window) = (second.sent, second.span.as_secs(), window.as_secs());
            let twice = if is_overlong(first) { ", twice" } else { "" };
            Next::GiveUp(format!(
                "a burst of {times} requests took {seconds} s, longer than the window of {window} s{twice}"
            ))
        }
        Some(second) => {
            let clearly_less = window * 3 / 4;
            let was_over_an_edge = second.admitted(limit) == Admitted::AsLimited
                && second.told.is_some_and(|told| told <= clearly_less);
            if admitted == Admitted::TooMany && !is_overlong(first) && !was_over_an_edge {
                Next::Judge(Which::First)
            } else {
                Next::Judge(Which::Second)
            }
        }
    }
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
        ] {
            assert_eq!(next(&first, Some(&second), &LIMIT), Next::GiveUp(why), "{first:?}");
        }
    }
}
