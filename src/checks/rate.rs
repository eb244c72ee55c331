//! `rate.admits`, `rate.refuses` and `rate.per-key`: whether a limit is what the docs say.

use std::time::Duration;

use super::{Mismatch, Mismatches, unless};
use crate::{contract::format::Limit, exchange::Exchange};

/// What came of a burst, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Requests sent.
    pub sent: usize,
    /// Requests that were served.
    pub admitted: usize,
    /// Requests that were refused as the scenario says.
    pub refused: usize,
    /// From the first departure to the last arrival.
    pub span: Duration,
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
    /// Counts a burst's answers: `served` is the status of an admitted one, `refusal` of a refused.
    #[must_use]
    pub fn of(exchanges: &[Exchange], served: u16, refusal: u16) -> Self {
        let with = |status| exchanges.iter().filter(|e| e.answer.status == status).count();
        let first = exchanges.iter().map(|exchange| exchange.sent).min();
        let last = exchanges.iter().map(|exchange| exchange.answered).max();
        Self {
            sent: exchanges.len(),
            admitted: with(served),
            refused: with(refusal),
            span: last.unwrap_or_default().saturating_sub(first.unwrap_or_default()),
        }
    }

    /// Compares what was admitted with the limit. A limiter that refills as time passes (a token
    /// bucket) may admit one more for each share of the window that the burst lasted.
    #[must_use]
    pub fn admitted(&self, limit: Limit) -> Admitted {
        match self.admitted {
            few if few < count(limit.requests) => Admitted::TooFew,
            some if some <= self.most(limit) => Admitted::AsLimited,
            _ => Admitted::TooMany,
        }
    }

    fn most(&self, limit: Limit) -> usize {
        let share = self.span.as_secs_f64() / f64::from(limit.window_seconds);
        let refilled = (share * f64::from(limit.requests)).floor();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a burst lasts minutes at most"
        )]
        let refilled = refilled as usize;
        count(limit.requests) + refilled
    }
}

fn count(requests: u32) -> usize {
    usize::try_from(requests).unwrap_or(usize::MAX)
}

/// `rate.admits`: exactly the limit, and what the elapsed time refilled.
#[must_use]
pub fn admits(tally: &Tally, limit: Limit) -> Mismatches {
    if tally.admitted(limit) == Admitted::AsLimited {
        return Vec::new();
    }
    let expected = match tally.most(limit) {
        most if most == count(limit.requests) => format!("{most}"),
        most => format!("{} to {most}", limit.requests),
    };
    let Tally { sent, admitted, span, .. } = tally;
    let expected = format!("{expected} of {sent} at once admitted on a rested key");
    vec![Mismatch::at("", expected, format!("{admitted} within {:.1} s", span.as_secs_f64()))]
}

/// `rate.refuses`: all others are refused, and with the documented status.
#[must_use]
pub fn refuses(tally: &Tally, limit: Limit, refusal: u16) -> Mismatches {
    let expected = tally.sent - tally.admitted.min(tally.sent);
    if tally.refused > 0 && tally.refused == expected {
        return Vec::new();
    }
    let most = tally.sent.saturating_sub(count(limit.requests));
    let expected = format!("all past the limit ({most} of {}) refused with {refusal}", tally.sent);
    let other = tally.sent - tally.admitted - tally.refused;
    let actual = match (tally.refused, other) {
        (0, 0) => "none refused".to_owned(),
        (refused, other) => format!("{refused} refused with {refusal}, {other} answered otherwise"),
    };
    vec![Mismatch::at("", expected, actual)]
}

/// `rate.per-key`: another key is served while the burst's is refused.
#[must_use]
pub fn per_key(other: &Exchange, served: u16) -> Mismatches {
    unless(other.answer.status == served, || {
        let expected = format!("{served} for another key meanwhile");
        Mismatch::at("", expected, other.answer.status.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit { requests: 60, window_seconds: 60 };

    fn tally(admitted: usize, refused: usize, millis: u64) -> Tally {
        Tally { sent: 75, admitted, refused, span: Duration::from_millis(millis) }
    }

    #[test]
    fn a_burst_holds_only_if_exactly_the_limit_and_the_refill_is_admitted() {
        let rows = [
            (tally(60, 15, 0), true, true),
            (tally(59, 16, 0), false, true),
            (tally(61, 14, 0), false, true),
            (tally(61, 14, 999), false, true),
            (tally(61, 14, 1_000), true, true),
            (tally(62, 13, 1_500), false, true),
            (tally(75, 0, 0), false, false),
            (tally(60, 14, 0), true, false),
            (tally(60, 0, 0), true, false),
            (tally(0, 75, 0), false, true),
        ];
        for (tally, admitted, refused) in rows {
            assert_eq!(admits(&tally, LIMIT).is_empty(), admitted, "{tally:?}");
            assert_eq!(refuses(&tally, LIMIT, 429).is_empty(), refused, "{tally:?}");
        }
    }
}
