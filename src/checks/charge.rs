//! `no-charge`: what failed costs nothing.

use std::collections::BTreeMap;

use serde_json::{Number, Value};

use super::mismatch::{Mismatch, Mismatches, unless};

/// The number that a probe finds in an answer's body.
#[must_use]
pub fn read(body: &[u8], pointer: &str) -> Option<Number> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body.pointer(pointer)?.as_number().cloned()
}

/// The same number before and after.
#[must_use]
pub fn unchanged(pointer: &str, before: &Number, after: &Number) -> Mismatches {
    let sentence = || format!("changed from {before} to {after}; a failed request costs nothing");
    let mismatch = || Mismatch::says(pointer, sentence());
    unless(before == after, mismatch)
}

/// A balance before a run and now.
#[derive(Debug, Clone, Copy)]
pub struct Balances<'a> {
    /// Before the first trial.
    pub before: &'a Number,
    /// When all trials are over.
    pub now: &'a Number,
}

/// What a run's requests did with one key.
#[derive(Debug, Clone, Copy)]
pub struct Spent<'a> {
    /// The most that those cost that succeeded.
    pub most: u64,
    /// How many got an error, by status.
    pub errors: &'a BTreeMap<u16, usize>,
}

/// A balance has not fallen by more than the requests cost that succeeded.
#[must_use]
pub fn ledger(pointer: &str, balances: &Balances<'_>, spent: Spent<'_>) -> Mismatches {
    let Balances { before, now } = balances;
    let (Some(fell), Some(most)) = (fell(before, now), as_number(spent.most)) else {
        return Vec::new();
    };
    unless(fell <= most + ROUNDING, || {
        let errors: Vec<_> =
            spent.errors.iter().map(|(status, times)| format!("{times} of {status}")).collect();
        let errors = if errors.is_empty() { "none".to_owned() } else { errors.join(", ") };
        let sentence = format!(
            "fell from {before} to {now}, though the requests that succeeded with this key cost {most} at most: {} too many; errors meanwhile: {errors}",
            fell - most
        );
        Mismatch::says(pointer, sentence)
    })
}

/// Why a balance that has not fallen too far proves nothing, if it does not.
#[must_use]
pub fn unclear(before: &Number, now: &Number, spent: u64) -> Option<String> {
    let fell = fell(before, now)?;
    if fell < -ROUNDING {
        return Some(format!(
            "the balance rose from {before} to {now} during the run, so what errors cost cannot be told"
        ));
    }
    let stands = fell.abs() <= ROUNDING && spent > 0;
    stands.then(|| {
        format!(
            "the balance stayed at {now}, though requests that succeeded cost up to {spent}: what the probe reads does not follow them"
        )
    })
}

/// Less than the smallest part of a credit that an API counts, and more than sums of such parts are off by.
const ROUNDING: f64 = 1e-6;

/// Whether two amounts are the same, but for how sums of parts are rounded.
#[must_use]
pub fn is_same(one: f64, other: f64) -> bool {
    (one - other).abs() <= ROUNDING
}

/// By how much a balance fell.
#[must_use]
pub fn fell(before: &Number, now: &Number) -> Option<f64> {
    Some(before.as_f64()? - now.as_f64()?)
}

fn as_number(credits: u64) -> Option<f64> {
    Number::from(credits).as_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_holds_only_if_it_stays() {
        let read = |body: &str| read(body.as_bytes(), "/credits");
        let (Some(before), Some(after)) = (read(r#"{"credits":40}"#), read(r#"{"credits":30}"#))
        else {
            panic!("both bodies have a number there");
        };
        assert_eq!(unchanged("/credits", &before, &before), []);
        assert_eq!(
            unchanged("/credits", &before, &after),
            [Mismatch::says("/credits", "changed from 40 to 30; a failed request costs nothing")]
        );
        for body in ["{}", "[", r#"{"credits":"40"}"#] {
            assert_eq!(read(body), None, "{body}");
        }
    }

    #[test]
    fn a_balance_falls_by_what_succeeded_and_what_it_says_otherwise_is_a_finding_or_unclear() {
        // Before, now, what the requests that succeeded cost at most; whether it is a finding, or unclear.
        let rows = [
            ("100", "100", 0, false, false),
            ("100", "90", 10, false, false),
            ("100", "95", 10, false, false),
            ("100", "90", 0, true, false),
            ("100", "89", 10, true, false),
            ("0.3", "0.2", 0, true, false),
            ("100", "100", 10, false, true),
            ("100", "110", 0, false, true),
        ];
        let errors = BTreeMap::from([(502, 2)]);
        for (before, now, most, is_finding, is_unclear) in rows {
            let [before, now]: [Number; 2] =
                [before, now].map(|text| text.parse().expect("a number"));
            let balances = Balances { before: &before, now: &now };
            let found = ledger("/credits", &balances, Spent { most, errors: &errors });
            assert_eq!(found.is_empty(), !is_finding, "{before} {now} {most}");
            assert_eq!(unclear(&before, &now, most).is_some(), is_unclear, "{before} {now} {most}");
        }
        let [before, now] = [100, 89].map(Number::from);
        let found = ledger(
            "/credits",
            &Balances { before: &before, now: &now },
            Spent { most: 10, errors: &errors },
        );
        assert_eq!(
            found,
            [Mismatch::says(
                "/credits",
                "fell from 100 to 89, though the requests that succeeded with this key cost 10 at most: 1 too many; errors meanwhile: 2 of 502"
            )]
        );
    }
}
