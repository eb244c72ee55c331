//! `timing`: an answer comes in the time that the docs give.

use std::time::Duration;

use super::mismatch::{Mismatch, Mismatches, unless};

/// What an answer may take beyond the range that the docs give. They speak of the tool that gives up,
/// and the answer is here a round trip later: up to a second between continents, and as much for each
/// of the gateway, the queue and a busy machine.
pub const ON_THE_WAY: Duration = Duration::from_secs(5);

/// From `range.0` to `range.1`, both included, and the time on the way. Nothing is allowed below: no
/// way makes an answer earlier than the tool gave up.
#[must_use]
pub fn within(took: Duration, range: (Duration, Duration)) -> Mismatches {
    unless((range.0..=range.1 + ON_THE_WAY).contains(&took), || {
        let (least, most, took) = (range.0.as_secs(), range.1.as_secs(), took.as_secs_f64());
        let sentence = format!("the response took {took:.1} s; expected {least} to {most} s");
        Mismatch::says("", sentence)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_the_range_hold_and_what_the_way_takes_and_nothing_outside() {
        let range = (Duration::from_secs(90), Duration::from_secs(300));
        for (millis, holds) in [
            (1_000, false),
            (89_999, false),
            (90_000, true),
            (300_000, true),
            (305_000, true),
            (305_001, false),
        ] {
            let found = within(Duration::from_millis(millis), range);
            assert_eq!(found.is_empty(), holds, "{millis} ms: {found:?}");
        }
    }
}
