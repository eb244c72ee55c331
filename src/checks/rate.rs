//! `rate.admits`, `rate.refuses` and `rate.per-key`: whether a limit is what the docs say.

use std::time::Duration;

use super::{
    mismatch::{Mismatch, Mismatches, unless},
    rate_fields::wait,
};
use crate::{
    contract::contract_file::Limit,
    exchange::{message::Answer, outgoing::Exchange},
};

/// A burst's responses, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Requests sent.
    pub sent: usize,
    /// Requests that were served.
    pub admitted: usize,
    /// Requests that were refused as the scenario says.
    pub refused: usize,
    /// When the first request left, by the key's time.
    pub begin: Duration,
    /// From the first departure to the last arrival.
    pub span: Duration,
    /// The longest time that a refused one was told to wait.
    pub told: Option<Duration>,
}

/// How many a burst admitted, against the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admitted {
    /// Fewer: somebody may have used the key within the last window.
    TooFew,
    /// As many as the limit, and what was refilled while the burst lasted.
    AsLimited,
    /// More: the limit is not kept, or a window ended within the burst.
    TooMany,
}

impl Tally {
    /// Counts a burst's answers, each by whether it is one of a request that was served or one of a
    /// request that was refused.
    #[must_use]
    pub fn of(
        exchanges: &[Exchange],
        limit: &Limit,
        served: impl Fn(&Exchange) -> bool,
        refused: impl Fn(&Exchange) -> bool,
    ) -> Self {
        let first = exchanges.iter().map(|exchange| exchange.sent).min();
        let last = exchanges.iter().map(|exchange| exchange.answered).max();
        let waits = exchanges.iter().filter_map(|exchange| wait(exchange, limit));
        Self {
            told: waits.max().map(Duration::from_secs),
            sent: exchanges.len(),
            admitted: exchanges.iter().filter(|exchange| served(exchange)).count(),
            refused: exchanges.iter().filter(|exchange| refused(exchange)).count(),
            begin: first.unwrap_or_default(),
            span: last.unwrap_or_default().saturating_sub(first.unwrap_or_default()),
        }
    }

    /// Compares what was admitted with the limit.
    #[must_use]
    pub fn admitted(&self, limit: &Limit) -> Admitted {
        match self.admitted {
            few if few < count(limit.requests) => Admitted::TooFew,
            some if some <= count(limit.requests) + self.refilled(limit) => Admitted::AsLimited,
            _ => Admitted::TooMany,
        }
    }

    /// When the last response was there, by the key's time.
    #[must_use]
    pub fn end(&self) -> Duration {
        self.begin + self.span
    }

    /// Whether the time that the burst lasted may have refilled all that was admitted beyond the
    /// limit, whatever those that were refused are told.
    #[must_use]
    pub fn is_within_refill(&self, limit: &Limit) -> bool {
        self.admitted <= count(limit.requests) + self.refilled_by_time(limit)
    }

    /// What a limiter that refills as time passes (a token bucket) may have admitted besides: one
    /// for each share of the window that the burst lasted. Such a limiter tells who is refused to
    /// wait for about one share; where the wait is longer, nothing is refilled meanwhile.
    fn refilled(&self, limit: &Limit) -> usize {
        if is_told_soon(self.told, limit) { self.refilled_by_time(limit) } else { 0 }
    }

    /// One for each share of the window that the burst lasted.
    fn refilled_by_time(&self, limit: &Limit) -> usize {
        let share = Duration::from_secs(limit.window_seconds.into()) / limit.requests;
        usize::try_from(self.span.as_nanos() / share.as_nanos().max(1)).unwrap_or(usize::MAX)
    }
}

/// Whether a refused request is told to wait for about one share of the window, as a limiter tells that refills as
/// time passes.
fn is_told_soon(told: Option<Duration>, limit: &Limit) -> bool {
    let share = Duration::from_secs(limit.window_seconds.into()) / limit.requests;
    // A server rounds up to whole seconds, and may add one.
    let soon = share + share.max(Duration::from_secs(2));
    told.is_none_or(|told| told <= soon)
}

/// How many requests a limiter that refills may serve within a time, to a key that was refused with this wait.
#[must_use]
pub fn refilled(told: Option<Duration>, within: Duration, limit: &Limit) -> usize {
    if !is_told_soon(told, limit) {
        return 0;
    }
    let share = Duration::from_secs(limit.window_seconds.into()) / limit.requests;
    let whole = within.as_nanos() / share.as_nanos().max(1);
    usize::try_from(whole).unwrap_or(usize::MAX).saturating_add(1)
}

fn count(requests: u32) -> usize {
    usize::try_from(requests).unwrap_or(usize::MAX)
}

/// `rate.admits`: exactly the limit, and what the elapsed time refilled. `strangers` is how many requests came just
/// before, with keys that are not the burst's but next to it.
#[must_use]
pub fn admits(tally: &Tally, limit: &Limit, strangers: usize) -> Mismatches {
    if tally.admitted(limit) == Admitted::AsLimited {
        return Vec::new();
    }
    let Tally { sent, admitted, span, .. } = tally;
    let requests = limit.requests;
    let limit = match tally.refilled(limit) {
        0 => format!("the limit is {}", limit.requests),
        more => format!(
            "the limit is {}, and up to {more} may be refilled in {:.1} s",
            limit.requests,
            span.as_secs_f64()
        ),
    };
    let lacking = count(requests).saturating_sub(*admitted);
    let counted = if (1..=strangers).contains(&lacking) {
        format!(
            "; {strangers} requests came just before it, each with a key that nobody issued and that has a part of this one: do those count?"
        )
    } else {
        String::new()
    };
    let sentence =
        format!("{admitted} of {sent} concurrent requests were accepted; {limit}{counted}");
    vec![Mismatch::says("", sentence)]
}

/// `rate.refuses`: all others are refused, and with the documented status.
#[must_use]
pub fn refuses(tally: &Tally, limit: &Limit, refusal: &str) -> Mismatches {
    let expected = tally.sent - tally.admitted.min(tally.sent);
    if tally.refused > 0 && tally.refused == expected {
        return Vec::new();
    }
    let Tally { sent, refused, .. } = tally;
    let past = sent.saturating_sub(count(limit.requests));
    let other = match sent - tally.admitted - refused {
        0 => String::new(),
        other => format!(" and {other} got another error"),
    };
    let sentence = format!(
        "{refused} of {sent} concurrent requests were refused with {refusal}{other}; {past} are past the limit"
    );
    vec![Mismatch::says("", sentence)]
}

/// `rate.per-key`: another key is served, with its status, while the burst's is refused.
#[must_use]
pub fn per_key(other: &Answer, is_served: bool, served: u16) -> Mismatches {
    unless(is_served, || {
        let got = other.status;
        let sentence = format!(
            "another API key got {got} while this one was over its limit; expected {served}"
        );
        Mismatch::says("", sentence)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit::of(60, 60);

    fn tally(admitted: usize, refused: usize, millis: u64, told: Option<u64>) -> Tally {
        let span = Duration::from_millis(millis);
        let (begin, told) = (Duration::ZERO, told.map(Duration::from_secs));
        Tally { sent: 75, admitted, refused, begin, span, told }
    }

    #[test]
    fn a_burst_holds_only_if_exactly_the_limit_and_the_refill_is_admitted() {
        let rows = [
            (tally(60, 15, 0, Some(60)), true, true),
            (tally(59, 16, 0, Some(60)), false, true),
            (tally(61, 14, 0, Some(60)), false, true),
            // A loaded machine: the burst lasts longer than a share of the window.
            (tally(61, 14, 1_500, Some(59)), false, true),
            (tally(61, 14, 999, Some(1)), false, true),
            (tally(61, 14, 1_000, Some(1)), true, true),
            (tally(62, 13, 1_500, Some(1)), false, true),
            (tally(61, 14, 1_500, None), true, true),
            (tally(61, 14, 1_500, Some(3)), true, true),
            (tally(61, 14, 1_500, Some(4)), false, true),
            (tally(75, 0, 0, None), false, false),
            (tally(60, 14, 0, Some(60)), true, false),
            (tally(60, 0, 0, None), true, false),
            (tally(0, 75, 0, Some(60)), false, true),
        ];
        for (tally, admitted, refused) in rows {
            assert_eq!(admits(&tally, &LIMIT, 0).is_empty(), admitted, "{tally:?}");
            assert_eq!(refuses(&tally, &LIMIT, "429").is_empty(), refused, "{tally:?}");
        }
    }

    #[test]
    fn who_sees_too_few_admitted_is_told_of_strangers_if_those_may_have_taken_what_lacks() {
        for (admitted, strangers, is_told) in [(60, 5, false), (57, 5, true), (54, 5, false)] {
            let found = admits(&tally(admitted, 75 - admitted, 0, Some(60)), &LIMIT, strangers);
            let said = format!("{found:?}");
            assert_eq!(said.contains("do those count"), is_told, "{said}");
        }
    }
}
