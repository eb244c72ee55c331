//! Deviations that a team knows of: each for one check on one code or case, with a reason, an owner
//! and an end.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::{contract::check::CheckId, shown::plural::plural};

/// One deviation that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The code, or the case's whole name.
    pub on: String,
    /// The check that does not hold there.
    pub check: CheckId,
    /// Why it is lived with.
    pub reason: String,
    /// Who mends it.
    pub owner: String,
    /// The last day on which it is lived with.
    pub until: Day,
}

impl Known {
    /// Whether it speaks of a trial.
    #[must_use]
    pub fn covers(&self, trial: &str) -> bool {
        trial == self.on || trial.split("::").next() == Some(self.on.as_str())
    }

    /// What is shown of it.
    #[must_use]
    pub fn describe(&self, today: Day) -> String {
        let Self { check, reason, owner, until, .. } = self;
        let days = plural(until.days_after(today), "day");
        format!("{check}: {reason} ({owner}, {days} left)")
    }
}

/// A day of the calendar, in UTC, as days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(u64);

impl Day {
    /// Today.
    #[must_use]
    pub fn today() -> Self {
        Self::of(SystemTime::now())
    }

    /// Reads `2026-12-31`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        humantime::parse_rfc3339(&format!("{text}T00:00:00Z")).ok().map(Self::of)
    }

    fn of(moment: SystemTime) -> Self {
        let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(since.as_secs() / SECONDS_A_DAY)
    }

    /// How many days it is after another one.
    #[must_use]
    pub fn days_after(self, other: Self) -> i64 {
        self.0.cast_signed() - other.0.cast_signed()
    }
}

/// UTC has no leap seconds here: POSIX counts every day as this many.
const SECONDS_A_DAY: u64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_across_leap_years() {
        let rows = [
            ("1970-01-01", Some(0)),
            ("1970-03-01", Some(59)),
            ("2000-02-29", Some(11_016)),
            ("2000-03-01", Some(11_017)),
            ("2026-11-23", Some(20_780)),
            ("2026-12-31", Some(20_818)),
            ("2026-02-30", None),
            ("2026-12-31T10:00:00Z", None),
            ("2026-1-31", None),
            ("1969-12-31", None),
            ("soon", None),
        ];
        let first = Day::parse("1970-01-01").expect("a day");
        for (text, days) in rows {
            assert_eq!(Day::parse(text).map(|day| day.days_after(first)), days, "{text}");
        }
    }

    #[test]
    fn a_code_covers_all_its_cases_and_a_case_only_itself() {
        let day = |text: &str| Day::parse(text).expect("a day");
        let known = |on: &str| Known {
            on: on.to_owned(),
            check: CheckId::Docs,
            reason: "old link".to_owned(),
            owner: "api team".to_owned(),
            until: day("2026-03-01"),
        };
        let rows = [
            ("plan_gate", "plan_gate::free-plan", true),
            ("plan_gate::free-plan", "plan_gate::free-plan", true),
            ("plan_gate::free", "plan_gate::free-plan", false),
            ("plan", "plan_gate::free-plan", false),
        ];
        for (on, trial, covers) in rows {
            assert_eq!(known(on).covers(trial), covers, "{on} {trial}");
        }
        assert_eq!(
            known("plan_gate").describe(day("2026-02-28")),
            "docs: old link (api team, 1 day left)"
        );
    }
}
