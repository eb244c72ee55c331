//! What a limit served over its whole window, whoever asked when, compared with every way to keep "so many a minute".

use std::{collections::BTreeMap, time::Duration};

use super::mismatch::{Mismatch, Mismatches, unless};
use crate::contract::contract_file::{Counts, Limit, Windows};

/// When a request that was served left, and when its response was there: the server counted it between the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Served {
    /// When it left, by the key's time.
    pub sent: Duration,
    /// When its response was there.
    pub answered: Duration,
}

/// What a server's clock may be off by, within a minute, and what it may count a moment late.
const SLACK: Duration = Duration::from_millis(500);

/// `rate.admits` over time: nothing is served that no limiter of so many a window would serve.
///
/// A limit of 60 a minute can be kept in windows that end by the wall clock, in windows that begin with a key's first
/// request, and as a bucket that is refilled as time passes, evenly or a part at a time. Each may serve twice the limit within a minute, half of it
/// on either side of an edge, and none of them more. Where any minute is promised to have no more than the limit
/// ([`Windows::Any`]), that is what counts.
#[must_use]
pub fn over_time(served: &[Served], refused: &[Served], limit: &Limit) -> Mismatches {
    let mut served = served.to_vec();
    served.sort();
    let window = Duration::from_secs(limit.window_seconds.into());
    let most = most_within(&served, window);
    let requests = usize::try_from(limit.requests).unwrap_or(usize::MAX);
    let holds = match limit.windows {
        Windows::Any => most <= requests,
        Windows::Fixed => {
            // The most common ones first.
            most <= requests
                || is_from_first(&served, requests, window)
                || is_by_the_clock(&served, refused, requests, window)
                || is_bucket(&served, refused, requests, window)
                || is_stepped(&served, refused, requests, window)
        }
    };
    if holds {
        return Vec::new();
    }
    let (seconds, passed) = (limit.window_seconds, passed(limit));
    let promised = match limit.windows {
        Windows::Any => format!("the limit is {requests}"),
        Windows::Fixed => {
            format!("no limit of {requests} serves so many, wherever its windows end")
        }
    };
    let with = if limit.per.is_shared() { "" } else { " with one API key" };
    let sentence = format!("{most} requests{with} were {passed} within {seconds} s; {promised}");
    vec![Mismatch::says("", sentence)]
}

/// What became of the requests that a limit counts and lets pass.
fn passed(limit: &Limit) -> &'static str {
    match limit.counts {
        Counts::Unsaid => "served",
        Counts::EveryRequest => "served or refused for their input",
    }
}

/// Which promise a limit was seen to keep that [`over_time`] allows, as a sentence: so many in any minute, or so
/// many in each of its windows, of which two halves make one minute.
#[must_use]
pub fn seen(served: &[Served], limit: &Limit) -> String {
    let mut served = served.to_vec();
    served.sort();
    let seconds = limit.window_seconds;
    let most = most_within(&served, Duration::from_secs(seconds.into()));
    let requests = limit.requests;
    let is_within = usize::try_from(requests).is_ok_and(|requests| most <= requests);
    match (is_within, limit.per.is_shared()) {
        (true, false) => {
            format!("a key was never served more than {requests} times within {seconds} s")
        }
        (true, true) => {
            format!("never more than {requests} requests were served within {seconds} s")
        }
        (false, is_shared) => {
            let served = if is_shared {
                format!("{most} requests were served")
            } else {
                format!("a key was served {most} times")
            };
            format!(
                "{served} within {seconds} s: {requests} for each window, and not for any {seconds} s"
            )
        }
    }
}

/// `rate.admits` of a key that has used its limit once and was not refused meanwhile: a window later it is served.
#[must_use]
pub fn comes_back(is_refused: bool, limit: &Limit) -> Mismatches {
    unless(!is_refused, || {
        let (requests, seconds) = (limit.requests, limit.window_seconds);
        let sentence = format!(
            "{requests} requests were served and none of them refused, and more than {seconds} s later the key was: that is a limit of less than {requests} in {seconds} s"
        );
        Mismatch::says("", sentence)
    })
}

/// The most requests that were surely served within one window's time. They are sorted by when they were sent.
#[must_use]
pub fn most_within(served: &[Served], window: Duration) -> usize {
    let from = |first: usize| {
        let end = served[first].sent + window;
        let begun = served[first..].iter().take_while(|other| other.sent <= end);
        begun.filter(|other| other.answered <= end).count()
    };
    (0..served.len()).map(from).max().unwrap_or_default()
}

/// Whether a bucket of so many, refilled evenly, serves and refuses this.
fn is_bucket(served: &[Served], refused: &[Served], requests: usize, window: Duration) -> bool {
    let share = window.as_nanos() / u128::try_from(requests).unwrap_or(u128::MAX).max(1);
    let step = Duration::from_nanos(u64::try_from(share).unwrap_or(u64::MAX));
    if refused.iter().any(|one| is_too_late(one, served, step)) {
        return false;
    }
    (0..served.len()).all(|first| {
        let mut last = Duration::ZERO;
        served[first..].iter().enumerate().all(|(more, other)| {
            last = last.max(other.answered);
            let time = last.saturating_sub(served[first].sent) + SLACK;
            let refilled = usize::try_from(time.as_nanos() / share.max(1)).unwrap_or(usize::MAX);
            more < requests.saturating_add(refilled).saturating_add(1)
        })
    })
}

/// Whether a bucket serves and refuses this that gets an equal part of its limit each time that an equal part of the window
/// is over: 10 every 10 s, at whatever second. An honest server of `tests/conformant/` served 91 in a minute so.
fn is_stepped(served: &[Served], refused: &[Served], requests: usize, window: Duration) -> bool {
    let is_divisor = |parts: &usize| requests.is_multiple_of(*parts);
    (2..=requests).filter(is_divisor).any(|parts| {
        let step = window / u32::try_from(parts).unwrap_or(u32::MAX);
        let steps = |time: Duration| {
            usize::try_from((time + SLACK).as_nanos() / step.as_nanos().max(1))
                .unwrap_or(usize::MAX)
        };
        let most = |time| {
            requests
                .saturating_add((steps(time).saturating_add(1)).saturating_mul(requests / parts))
        };
        let is_within = (0..served.len()).all(|first| {
            let mut last = Duration::ZERO;
            served[first..].iter().enumerate().all(|(more, other)| {
                last = last.max(other.answered);
                more < most(last.saturating_sub(served[first].sent))
            })
        });
        is_within && !refused.iter().any(|one| is_too_late(one, served, step))
    })
}

/// Whether a request was refused that a bucket serves which gets something each time that a step is over: it has
/// something to spare a step after it served last.
fn is_too_late(one: &Served, served: &[Served], step: Duration) -> bool {
    let before = served.iter().filter(|other| other.answered <= one.sent);
    let last = before.map(|other| other.answered).max();
    last.is_some_and(|last| one.sent > last + step + SLACK)
}

/// Whether windows serve this of which each begins with the first request after the one before.
fn is_from_first(served: &[Served], requests: usize, window: Duration) -> bool {
    let mut rest = served;
    while let Some(first) = rest.first() {
        let end = first.sent + window.saturating_sub(SLACK);
        let within = rest.iter().take_while(|other| other.answered < end).count().max(1);
        if within > requests {
            return false;
        }
        rest = &rest[within..];
    }
    true
}

/// Whether windows serve and refuse this that end by the wall clock, at whatever second.
fn is_by_the_clock(
    served: &[Served],
    refused: &[Served],
    requests: usize,
    window: Duration,
) -> bool {
    let nanos = window.as_nanos().max(1);
    let edges = served.iter().flat_map(|one| [one.sent, one.answered]);
    edges.map(|edge| edge.as_nanos() % nanos).any(|phase| {
        let place = |time: Duration| (time.as_nanos() + nanos - phase) / nanos;
        // A window that refuses serves nobody more: what left after that is of the next one.
        let has_refused = |at: u128, before: Duration| {
            let within = |one: &&Served| place(one.sent) == at && place(one.answered) == at;
            refused.iter().filter(within).any(|one| one.answered < before)
        };
        // How many are surely in each window, how many in that or the next one, and how many that were on their way when
        // an edge was and can only be of the next: an edge may have been in any of the latter two.
        let mut windows: BTreeMap<u128, [usize; 3]> = BTreeMap::new();
        for one in served {
            let (begin, end) = (place(one.sent), place(one.answered));
            let kind = match begin == end {
                true => 0,
                false if !has_refused(begin, one.sent) => 1,
                false => 2,
            };
            windows.entry(begin).or_default()[kind] += 1;
        }
        // Each window takes as many as it can of those that it shares with the next one.
        let mut over = (0, 0);
        windows.iter().all(|(at, [own, shared, late])| {
            let come = if over.0 == *at { over.1 } else { 0 };
            let spare = requests.checked_sub(own + come);
            over = (at + 1, late + shared.saturating_sub(spare.unwrap_or_default()));
            spare.is_some()
        }) && over.1 <= requests
            // Once a window refuses, it serves nobody more.
            && refused.iter().all(|one| {
                let at = place(one.sent);
                let is_after = |other: &Served| {
                    let is_within = place(other.sent) == at && place(other.answered) == at;
                    other.sent > one.answered && is_within
                };
                at != place(one.answered) || !served.iter().any(is_after)
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    type Bursts = &'static [(f64, usize)];

    /// So many at once at each of these times, in seconds.
    fn bursts(bursts: &[(f64, usize)]) -> Vec<Served> {
        let burst = |(at, times): &(f64, usize)| {
            let sent = Duration::from_secs_f64(*at);
            vec![Served { sent, answered: sent + Duration::from_millis(100) }; *times]
        };
        bursts.iter().flat_map(burst).collect()
    }

    #[test]
    fn what_any_limiter_of_sixty_a_minute_serves_holds_and_no_more() {
        let limit = |windows| Limit { windows, ..Limit::of(60, 60) };
        // What was served when; whether a limit keeps it by some windows, and in any minute.
        let rows: [(Bursts, bool, bool); 12] = [
            (&[(0.0, 60)], true, true),
            (&[(0.0, 61)], true, false),
            (&[(0.0, 62)], true, false),
            (&[(0.0, 60), (60.2, 60)], true, true),
            // An edge by the wall clock.
            (&[(0.0, 60), (7.0, 60), (67.2, 60)], true, false),
            // One may have ended within the second, before which there was a whole limit.
            (&[(0.0, 60), (7.0, 61)], false, false),
            // A bucket: one a second.
            (&[(0.0, 60), (1.0, 1), (2.0, 1), (3.0, 1)], true, false),
            (&[(0.0, 60), (30.0, 30), (60.0, 30)], true, false),
            // 60 every ten seconds, and every thirty.
            (&[(0.0, 60), (10.0, 60), (20.0, 60)], false, false),
            (&[(0.0, 60), (30.0, 60), (60.3, 60), (90.6, 60)], false, false),
            // An edge may have ended within the second burst.
            (&[(0.0, 60), (61.0, 75)], true, false),
            (&[(0.0, 60), (5.0, 10)], true, false),
        ];
        for (served, fixed, any) in rows {
            let served = bursts(served);
            let held = [Windows::Fixed, Windows::Any]
                .map(|windows| over_time(&served, &[], &limit(windows)).is_empty());
            assert_eq!(held, [fixed, any], "{:?}", served.len());
        }
        let found =
            over_time(&bursts(&[(0.0, 60), (10.0, 60), (20.0, 60)]), &[], &limit(Windows::Fixed));
        let sentence = "180 requests with one API key were served within 60 s; no limit of 60 serves so many, wherever its windows end";
        assert_eq!(found, [Mismatch::says("", sentence)]);
    }

    #[test]
    fn a_bucket_that_is_refilled_a_part_at_a_time_holds_where_it_refuses_for_no_longer_than_a_part()
    {
        let limit = Limit::of(60, 60);
        let tens = |at: &[f64]| {
            let tens: Vec<(f64, usize)> = at.iter().map(|at| (*at, 10)).collect();
            bursts(&[&[(0.0, 60)][..], &tens].concat())
        };
        // A part came right after the first burst, and one each ten seconds from then on.
        let served = tens(&[0.3, 10.4, 20.4, 30.4, 40.4, 50.4, 60.2]);
        assert_eq!(over_time(&served, &bursts(&[(9.9, 1)]), &limit), []);
        // For 35 s nothing came, more than half of the window, so it is none.
        let served = tens(&[0.3, 10.4, 50.4, 50.4, 50.4]);
        assert_eq!(over_time(&served, &bursts(&[(46.0, 1)]), &limit).len(), 1);
        // A part more than there is time for.
        let served = tens(&[0.3, 0.4, 10.4, 20.4, 30.4, 40.4, 50.4]);
        assert_eq!(over_time(&served, &[], &limit).len(), 1);
    }

    #[test]
    fn which_of_the_two_promises_a_limit_keeps_is_said() {
        let rows: [(Bursts, &str); 2] = [
            (&[(0.0, 60), (60.2, 60)], "a key was never served more than 60 times within 60 s"),
            (
                &[(0.0, 60), (7.0, 60), (67.2, 60)],
                "a key was served 120 times within 60 s: 60 for each window, and not for any 60 s",
            ),
        ];
        for (served, sentence) in rows {
            assert_eq!(seen(&bursts(served), &Limit::of(60, 60)), sentence);
        }
    }

    #[test]
    fn windows_that_are_too_short_are_told_by_what_was_refused_just_before_they_ended() {
        // So many seconds from burst to burst, with a refusal two seconds before the next one.
        for (seconds, holds) in [(60.2, true), (57.0, false), (50.0, false), (30.0, false)] {
            let at = |times: f64| times * seconds;
            let served = bursts(&[(0.0, 60), (at(1.0), 60), (at(2.0), 60)]);
            let refused = bursts(&[(at(1.0) - 2.0, 1), (at(2.0) - 2.0, 1)]);
            let found = over_time(&served, &refused, &Limit::of(60, 60));
            assert_eq!(found.is_empty(), holds, "{seconds}: {found:?}");
        }
        // One more in the second window than in the first: a bucket would have had something at half a minute.
        let served = bursts(&[(0.0, 60), (60.0, 1), (60.2, 60)]);
        let refused = bursts(&[(30.0, 1), (58.0, 1)]);
        assert_eq!(over_time(&served, &refused, &Limit::of(60, 60)).len(), 1);
        assert_eq!(over_time(&served, &[], &Limit::of(60, 60)), []);
        // The first window ended by the wall clock, seven seconds after the first burst.
        let served = bursts(&[(0.0, 60), (7.0, 60), (67.2, 60)]);
        let refused = bursts(&[(5.0, 1), (65.0, 1)]);
        assert_eq!(over_time(&served, &refused, &Limit::of(60, 60)), []);
    }
}
