//! `timing`: an answer comes in the time that the docs give.

use std::time::Duration;

use super::mismatch::{Mismatch, Mismatches, unless};

/// From `range.0` to `range.1`, both included.
#[must_use]
pub fn within(took: Duration, range: (Duration, Duration)) -> Mismatches {
    unless((range.0..=range.1).contains(&took), || {
        let expected = format!("an answer after {} to {} s", range.0.as_secs(), range.1.as_secs());
        Mismatch::at("", expected, format!("one after {:.1} s", took.as_secs_f64()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_the_range_hold_and_nothing_outside() {
        let range = (Duration::from_secs(90), Duration::from_secs(300));
        for (millis, holds) in
            [(1_000, false), (89_999, false), (90_000, true), (300_000, true), (300_001, false)]
        {
            let found = within(Duration::from_millis(millis), range);
            assert_eq!(found.is_empty(), holds, "{millis} ms: {found:?}");
        }
    }
}
