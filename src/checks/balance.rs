//! `balance`: a balance pays for as many requests as it can, and for no more.

use serde_json::Number;

use super::{
    charge,
    mismatch::{Mismatch, Mismatches, unless},
};

/// What became of requests that were sent at once with one key.
#[derive(Debug, Clone, Copy)]
pub struct Purchase<'a> {
    /// How many were sent.
    pub sent: u32,
    /// How many of them succeeded.
    pub served: u32,
    /// What each of them costs.
    pub cost: u32,
    /// The balance before.
    pub before: &'a Number,
}

impl Purchase<'_> {
    /// As many requests succeed as the balance pays for.
    #[must_use]
    pub fn served(&self, pays_for: u32) -> Mismatches {
        let Self { sent, served, cost, before } = self;
        unless(*served == pays_for, || {
            let what = if *sent == 1 {
                let was = if *served == 1 { "was served" } else { "was refused" };
                format!("the request {was}")
            } else {
                format!("{served} of {sent} requests at once were served")
            };
            let pays = if pays_for == 0 { "less than that" } else { "just that" };
            Mismatch::says(
                "",
                format!("{what}; each costs {cost}, and the balance was {before}: {pays}"),
            )
        })
    }

    /// What is left of the balance, if that is what those cost that were served.
    #[must_use]
    pub fn left(&self, pointer: &str, now: &Number) -> Left {
        let spent = f64::from(self.served) * f64::from(self.cost);
        let Some(fell) = charge::fell(self.before, now) else { return Left::Paid };
        if charge::is_same(fell, spent) {
            return Left::Paid;
        }
        if fell < spent {
            return Left::NotPaidYet;
        }
        let Self { served, before, .. } = self;
        let sentence = format!(
            "fell from {before} to {now}, though {served} of the requests succeeded, for {spent} together"
        );
        Left::Overpaid(Mismatch::says(pointer, sentence))
    }
}

/// What is left of a balance after some requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// It fell by what they cost.
    Paid,
    /// By less: what they cost may be charged later.
    NotPaidYet,
    /// By more.
    Overpaid(Mismatch),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_pays_for_as_many_requests_as_it_can_and_for_no_more() {
        let [nine, ten]: [Number; 2] = [9, 10].map(Number::from);
        let rows = [
            (1, 1, 1, &ten, ""),
            (5, 1, 1, &ten, ""),
            (1, 0, 0, &nine, ""),
            (
                1,
                0,
                1,
                &ten,
                "the request was refused; each costs 10, and the balance was 10: just that",
            ),
            (
                1,
                1,
                0,
                &nine,
                "the request was served; each costs 10, and the balance was 9: less than that",
            ),
            (
                5,
                2,
                1,
                &ten,
                "2 of 5 requests at once were served; each costs 10, and the balance was 10: just that",
            ),
        ];
        for (sent, served, pays_for, before, expected) in rows {
            let found = Purchase { sent, served, cost: 10, before }.served(pays_for);
            let said: Vec<_> = found.iter().map(|found| found.wrong.to_string()).collect();
            assert_eq!(said.concat(), expected);
        }
    }

    #[test]
    fn what_is_left_is_less_by_what_was_served() {
        let before = Number::from(10);
        let purchase = Purchase { sent: 5, served: 1, cost: 10, before: &before };
        assert_eq!(purchase.left("/credits", &0.into()), Left::Paid);
        assert_eq!(purchase.left("/credits", &10.into()), Left::NotPaidYet);
        let sentence = "fell from 10 to -10, though 1 of the requests succeeded, for 10 together";
        let overpaid = Left::Overpaid(Mismatch::says("/credits", sentence));
        assert_eq!(purchase.left("/credits", &(-10).into()), overpaid);
    }
}
