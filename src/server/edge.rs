//! Whether a window ended within a burst that admitted more than the limit. A pure function of what was
//! counted.

use std::time::Duration;

use super::step::{ARRIVAL, Asked, Next, Reply, SHORTEST_WINDOW, Which};
use crate::{
    checks::rate::{Admitted, Tally},
    contract::contract_file::Limit,
};

/// What `Retry-After` may be more than what is left of a window: a server rounds up, and adds one.
const ROUNDED: Duration = Duration::from_secs(2);

/// What to do after a burst that admitted too many, and one about one and a half windows later (two and
/// a half, if they are short).
///
/// A window ends within a burst only where windows end by the wall clock, and not a window after the
/// first request. If the second burst is right and is told to wait for about half a window, and the first
/// was told to wait for what is next to an edge, the first was over one.
///
/// Some limiters tell everybody to wait for the whole window, or tell no time, and of a window that is
/// short beside the bursts a wait tells little. There the next edge shows itself: the key is refused just
/// before the time at which a window has to end if one ended within the first burst, and served just
/// after it.
///
/// Otherwise the first burst counts, unless the time that it took explains what it admitted.
pub(super) fn over_an_edge(
    [first, second]: [&Tally; 2],
    [if_not, if_over]: [Which; 2],
    asked: &[Asked],
    limit: &Limit,
) -> Next {
    let window = Duration::from_secs(limit.window_seconds.into());
    let is_short = window < SHORTEST_WINDOW;
    let spans = first.span + second.span;
    // By how long the second burst may be without reaching the end of its window.
    let until_end = if is_short { window * 3 / 8 } else { (window / 2).saturating_sub(ARRIVAL) };
    let is_whole = |told: Duration| told >= window;
    let are_told_whole = first.told.is_none_or(is_whole) && second.told.is_none_or(is_whole);
    let is_refill = first.is_within_refill(limit);
    match second.admitted(limit) {
        Admitted::AsLimited if is_short || spans >= window / 8 => {
            match look_for_edge(first, second, asked, window) {
                Edge::Look(at) => Next::Ask(at),
                Edge::Where => Next::Judge(if_over),
                Edge::Unclear => untold(first, "no more than the limit later", spans, window),
                Edge::ServedBefore | Edge::RefusedAfter if is_refill => refilled(first, limit),
                // The window of somebody else may have ended within so long a burst.
                Edge::ServedBefore | Edge::RefusedAfter if !is_short => {
                    untold(first, "no more than the limit later", spans, window)
                }
                Edge::ServedBefore | Edge::RefusedAfter => Next::Judge(if_not),
            }
        }
        Admitted::AsLimited => {
            let is_told_of_edge = first
                .told
                .is_none_or(|told| told <= first.span + ROUNDED || told + first.span >= window);
            let least = (window / 2).saturating_sub(ARRIVAL + spans);
            let is_amid = second.told.is_some_and(|told| (least..=window * 3 / 4).contains(&told));
            if is_told_of_edge && is_amid {
                return Next::Judge(if_over);
            }
            if is_amid && is_refill {
                return refilled(first, limit);
            }
            if !are_told_whole {
                return Next::Judge(if_not);
            }
            match look_for_edge(first, second, asked, window) {
                Edge::Look(at) => Next::Ask(at),
                Edge::Where => Next::Judge(if_over),
                Edge::Unclear => untold(first, "no more than the limit later", spans, window),
                Edge::ServedBefore if is_refill => refilled(first, limit),
                Edge::ServedBefore | Edge::RefusedAfter => Next::Judge(if_not),
            }
        }
        // A sliding window counter that refilled within the first still counts it in the second.
        Admitted::TooFew if is_refill => refilled(first, limit),
        // A window may have ended within each of them.
        Admitted::TooMany if spans >= until_end => match if_not {
            Which::First => Next::SendAnother(until_amid(first, second, window)),
            _ => untold(first, "too many later", spans, window),
        },
        Admitted::TooMany if are_told_whole && is_refill && second.is_within_refill(limit) => {
            // A bucket has one more as soon as its share of the window is over; no other limiter has.
            let at = second.end() + window / limit.requests + ARRIVAL;
            match asked.first() {
                None if at + ARRIVAL >= second.begin + window => refilled(first, limit),
                None => Next::Ask(at),
                Some(Asked { reply: Reply::Served, .. }) => refilled(first, limit),
                Some(_) => Next::Judge(if_not),
            }
        }
        _ => Next::Judge(if_not),
    }
}

/// What to do after two bursts that admitted too many, and may have been over an edge each, and a third
/// one. That was sent next after the latest edge that can be, so that none ended within it.
pub(super) fn over_two_edges([first, second, third]: [&Tally; 3], limit: &Limit) -> Next {
    let window = Duration::from_secs(limit.window_seconds.into());
    let spans = first.span + second.span;
    let is_within_one = third.end() < next_after(first, third.begin, window);
    let is_refill = third.is_within_refill(limit);
    if third.admitted(limit) == Admitted::TooMany && is_within_one && !is_refill {
        return Next::Judge(Which::Third);
    }
    untold(first, "too many later", spans, window)
}

/// How long to wait after the second burst for a time which is in a window of its own, whatever edge
/// there was in the first burst, and at which the second one is over.
fn until_amid(first: &Tally, second: &Tally, window: Duration) -> Duration {
    let rested = second.end() + window + ARRIVAL;
    let mut edge = first.end() + margin(window);
    while edge < rested {
        edge += window;
    }
    edge.saturating_sub(second.end())
}

/// The first edge that may come after this time, if one was in the first burst at the earliest.
fn next_after(first: &Tally, time: Duration, window: Duration) -> Duration {
    let mut edge = first.begin;
    // Those before are of edges that have gone by at the latest.
    while edge + first.span <= time {
        edge += window;
    }
    edge
}

fn untold(first: &Tally, why: &str, spans: Duration, window: Duration) -> Next {
    let Tally { sent, admitted, .. } = first;
    Next::GiveUp(format!(
        "{admitted} of {sent} requests at once were accepted, and {why}: two bursts in {:.1} s do not tell whether a window of {} s ended within the first",
        spans.as_secs_f64(),
        window.as_secs()
    ))
}

fn refilled(first: &Tally, limit: &Limit) -> Next {
    let Tally { sent, admitted, .. } = first;
    Next::GiveUp(format!(
        "{admitted} of {sent} requests at once were accepted within {:.1} s, and the time that the burst took may have refilled what is over the limit of {}",
        first.span.as_secs_f64(),
        limit.requests
    ))
}

/// What is known of the edge that has to come next after the second burst if one was in the first.
enum Edge {
    /// A request at this time will tell more.
    Look(Duration),
    /// The key is refused until there, and served from there on.
    Where,
    /// The key is served before.
    ServedBefore,
    /// The key is refused after it.
    RefusedAfter,
    /// The requests were not where they have to be.
    Unclear,
}

/// How far from an edge a request is sent, so that it arrives on the right side of it.
fn margin(window: Duration) -> Duration {
    if window < SHORTEST_WINDOW { window / 8 } else { ARRIVAL }
}

fn look_for_edge(first: &Tally, second: &Tally, asked: &[Asked], window: Duration) -> Edge {
    let windows = if window < SHORTEST_WINDOW { window * 3 } else { window * 2 };
    let (earliest, latest) = (first.begin + windows, first.end() + windows);
    let before = earliest.saturating_sub(margin(window));
    match asked {
        // The second burst takes until then.
        [] if before < second.end() => Edge::Unclear,
        [] => Edge::Look(before),
        [before] if before.answered > earliest => Edge::Unclear,
        [Asked { reply: Reply::Served, .. }] => Edge::ServedBefore,
        [_] => Edge::Look(latest + margin(window)),
        // By then a window that began with the second burst may be over.
        [_, after, ..] if after.answered >= second.begin + window => Edge::Unclear,
        [_, Asked { reply: Reply::Served, .. }, ..] => Edge::Where,
        [_, ..] => Edge::RefusedAfter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        next::next,
        step::examples::{LIMIT, burst},
    };

    /// The same, this many seconds later.
    fn later(burst: Tally, seconds: u64) -> Tally {
        Tally { begin: Duration::from_secs(seconds), ..burst }
    }

    fn asked(seconds: u64, reply: Reply) -> Asked {
        asked_at(seconds * 1_000, reply)
    }

    fn asked_at(millis: u64, reply: Reply) -> Asked {
        let [sent, answered] = [0, 100].map(|more| Duration::from_millis(millis + more));
        Asked { sent, answered, reply }
    }

    #[test]
    fn the_first_burst_counts_unless_the_second_is_told_that_a_window_ended_within_it() {
        use Which::{First, Second};
        let mid_window = burst(60, 0, Some(30));
        let many = burst(75, 0, None);
        let rows = [
            (many, burst(60, 0, Some(46)), First),
            (many, many, First),
            (many, burst(61, 0, Some(30)), First),
            (many, burst(59, 0, Some(30)), First),
            // The second, right in every way, shows that a window had ended within the first.
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
        ];
        for (first, second, judged) in rows {
            let expected = Next::Judge(judged);
            assert_eq!(next(&[first, second], &[], &LIMIT), expected, "{first:?} {second:?}");
        }
    }

    #[test]
    fn where_no_wait_tells_of_a_window_the_next_edge_shows_itself() {
        use Reply::{Refused, Served};
        let ask = |seconds| Next::Ask(Duration::from_secs(seconds));
        let judge = Next::Judge;
        // The edge comes from 120 s to 121 s.
        let (quiet, whole) = (burst(70, 1, None), burst(70, 1, Some(60)));
        let before = asked(119, Refused);
        let rows: [(Vec<Asked>, Next); 6] = [
            (vec![], ask(119)),
            (vec![before], ask(122)),
            (vec![before, asked(122, Served)], judge(Which::Second)),
            // A race that was lost once.
            (vec![before, asked(122, Refused)], judge(Which::First)),
            (vec![asked(119, Served)], judge(Which::First)),
            (vec![before, asked(151, Refused)], judge(Which::First)),
        ];
        for (first, told) in
            [(quiet, None), (whole, Some(60)), (whole, Some(61)), (quiet, Some(60))]
        {
            let second = later(burst(60, 0, told), 92);
            for (asked, expected) in &rows {
                let found = next(&[first, second], asked, &LIMIT);
                assert_eq!(found, *expected, "{first:?} {second:?} {asked:?}");
            }
            // What comes too late tells nothing.
            for asked in [vec![asked(120, Refused)], vec![before, asked(152, Served)]] {
                let found = next(&[first, second], &asked, &LIMIT);
                assert!(matches!(found, Next::GiveUp(_)), "{asked:?}: {found:?}");
            }
        }
    }

    #[test]
    fn what_the_time_of_a_burst_may_have_refilled_is_judged_only_if_the_key_is_refused_after_it() {
        use Reply::{Refused, Served};
        let slow = burst(62, 2, Some(60));
        let again = later(slow, 93);
        let found = |asked: &[Asked]| next(&[slow, again], asked, &LIMIT);
        assert_eq!(found(&[]), Next::Ask(Duration::from_secs(97)));
        assert_eq!(found(&[asked(97, Refused)]), Next::Judge(Which::First));
        assert!(matches!(found(&[asked(97, Served)]), Next::GiveUp(_)));
        // More than that are not refilled.
        let more = burst(63, 2, Some(60));
        assert_eq!(next(&[more, again], &[], &LIMIT), Next::Judge(Which::First));
        // A counter of sliding windows.
        let few = later(burst(59, 2, Some(40)), 93);
        assert!(matches!(next(&[slow, few], &[], &LIMIT), Next::GiveUp(_)));
        assert_eq!(next(&[more, few], &[], &LIMIT), Next::Judge(Which::First));
    }

    #[test]
    fn of_a_window_that_is_short_beside_the_bursts_the_next_edge_tells_and_no_wait() {
        use Reply::{Refused, Served};
        let millis = |millis| Duration::from_millis(millis);
        // The window, the pause, and the questions, in milliseconds. The edge is at 0.
        for (window_seconds, pause, before, after) in
            [(1, 2_500, 2_875, 3_125), (3, 7_500, 8_625, 9_375), (7, 17_500, 20_125, 21_875)]
        {
            let limit = Limit { window_seconds, ..LIMIT };
            let next = |bursts: &[Tally], asked: &[Asked]| next(bursts, asked, &limit);
            let many = burst(75, 0, None);
            assert_eq!(next(&[many], &[]), Next::SendAnother(millis(pause)), "{window_seconds}");
            let told = Some(u64::from(window_seconds.div_ceil(2)));
            let right = Tally { begin: millis(pause), ..burst(60, 0, told) };
            let [refused, early] = [Refused, Served].map(|reply| asked_at(before, reply));
            let [late, served] = [Refused, Served].map(|reply| asked_at(after, reply));
            let rows: [(&[Asked], Next); 5] = [
                (&[], Next::Ask(millis(before))),
                (&[refused], Next::Ask(millis(after))),
                (&[refused, served], Next::Judge(Which::Second)),
                (&[refused, late], Next::Judge(Which::First)),
                (&[early], Next::Judge(Which::First)),
            ];
            for (asked, expected) in rows {
                assert_eq!(next(&[many, right], asked), expected, "{window_seconds} {asked:?}");
            }
            // So slow that the second ends where the next edge has to be.
            let slow = Tally { span: millis(u64::from(window_seconds) * 400), ..right };
            let given_up = match next(&[many, slow], &[]) {
                Next::GiveUp(why) => why.contains("75 of 75"),
                _ => false,
            };
            assert!(given_up, "{window_seconds}");
            assert_eq!(next(&[many, many], &[]), Next::Judge(Which::First), "{window_seconds}");
        }
    }

    #[test]
    fn two_bursts_that_a_window_may_have_ended_within_are_followed_by_one_that_none_ends_within() {
        let of_120 = |admitted: usize, seconds, told| Tally {
            sent: 120,
            refused: 120 - admitted,
            admitted,
            ..burst(0, seconds, told)
        };
        let (first, second) = (of_120(90, 14, None), later(of_120(90, 16, None), 105));
        // The edge comes from 180 s to 194 s, and again from 240 s on.
        let sends = next(&[first, second], &[], &LIMIT);
        assert_eq!(sends, Next::SendAnother(Duration::from_secs(195 - 121)));
        let third = |admitted, span, told| {
            next(&[first, second, later(of_120(admitted, span, told), 195)], &[], &LIMIT)
        };
        assert_eq!(third(90, 14, Some(40)), Next::Judge(Which::Third));
        for found in [
            third(60, 14, Some(40)),
            third(50, 14, Some(40)),
            // It may have been over an edge.
            third(110, 45, None),
            // It may have been refilled.
            third(74, 14, Some(60)),
        ] {
            assert!(matches!(found, Next::GiveUp(_)), "{found:?}");
        }
    }
}
