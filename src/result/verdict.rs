//! The verdict on a trial.

use crate::{
    checks::{
        mismatch::Wrong,
        sheet::{Noted, Sheet},
    },
    contract::check::CheckId,
    targets::known::{Day, Known},
};

/// The verdict on a trial. A set-up that fails is an error and never a failure: the contract was
/// not seen to be broken. Nor is it a pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every check held.
    Pass,
    /// A check did not hold.
    Fail,
    /// Checks did not hold, and each of them is listed as known. Holds what is said of them.
    Known(String),
    /// A check is listed as known, and held. Holds what to remove.
    Stale(String),
    /// The target offers no way to provoke it. Holds the reason, and what to add.
    Ignored(String),
    /// Timing made it unjudgeable, twice. Holds the reason.
    Inconclusive(String),
    /// It could not be judged. Holds the reason.
    Error(String),
}

impl Verdict {
    /// Its reason, where it has one.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Pass | Self::Fail => None,
            Self::Known(why)
            | Self::Stale(why)
            | Self::Ignored(why)
            | Self::Inconclusive(why)
            | Self::Error(why) => Some(why),
        }
    }
}

/// The verdict on a sheet, in the light of the deviations that are known of its trial. Each is for
/// one check, so that one known gap never hides a second; one past its day is known no more. A request
/// that was served breaks two checks by one finding, so a status that is known to be another does not
/// hide it. `unjudged` is why it could not be judged to its end, if it could not: that is never forgiven.
#[must_use]
pub fn weigh(sheet: &Sheet, unjudged: Option<&str>, known: &[&Known], today: Day) -> Verdict {
    let known: Vec<_> = known.iter().filter(|known| known.until >= today).collect();
    let listed = |check: CheckId| known.iter().any(|known| known.check == check);
    let forgiven = |noted: &Noted| match noted.mismatch.wrong {
        Wrong::Served(_) => listed(noted.check) && listed(CheckId::Code),
        Wrong::Differs { .. } | Wrong::Says(_) => listed(noted.check),
    };
    if !sheet.noted().iter().all(forgiven) {
        return Verdict::Fail;
    }
    if let Some(why) = unjudged {
        return Verdict::Error(why.to_owned());
    }
    let has_held = |check: CheckId| sheet.held().any(|held| held == check);
    if let Some(stale) = known.iter().find(|known| has_held(known.check)) {
        let Known { on, check, .. } = stale;
        return Verdict::Stale(format!(
            "{check} is listed as known on {on}, and holds: remove the entry"
        ));
    }
    if sheet.noted().is_empty() {
        return Verdict::Pass;
    }
    let said: Vec<_> = known.iter().map(|known| known.describe(today)).collect();
    Verdict::Known(said.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::{fields, mismatch::Mismatch};

    fn day(of_month: u8) -> Day {
        Day::parse(&format!("2026-11-{of_month:02}")).expect("a day")
    }

    #[test]
    fn the_truth_table_of_known_deviations() {
        let known = |check, until| Known {
            on: "plan_gate".to_owned(),
            check,
            reason: "old link".to_owned(),
            owner: "api team".to_owned(),
            until: day(until),
        };
        let docs = known(CheckId::Docs, 10);
        let expired = known(CheckId::Docs, 4);
        let message = known(CheckId::Message, 10);
        let said = || Verdict::Known("docs: old link (api team, 5 days left)".to_owned());
        let stale = |check: &str| {
            Verdict::Stale(format!(
                "{check} is listed as known on plan_gate, and holds: remove the entry"
            ))
        };
        // Which of docs and message do not hold, what is listed, the verdict on day 5.
        let rows: [(&[CheckId], &[&Known], Verdict); 9] = [
            (&[], &[], Verdict::Pass),
            (&[CheckId::Docs], &[], Verdict::Fail),
            (&[CheckId::Docs], &[&docs], said()),
            (&[], &[&docs], stale("docs")),
            (&[CheckId::Docs, CheckId::Message], &[&docs], Verdict::Fail),
            (&[CheckId::Message], &[&docs], Verdict::Fail),
            (&[CheckId::Docs], &[&docs, &message], stale("message")),
            (&[CheckId::Docs], &[&expired], Verdict::Fail),
            (&[], &[&expired], Verdict::Pass),
        ];
        for (broken, known, verdict) in rows {
            let mut sheet = Sheet::default();
            for check in [CheckId::Docs, CheckId::Message] {
                let mismatch = Mismatch::at("", "a", "b");
                let found = broken.contains(&check).then_some(mismatch);
                sheet.note(check, 0, found.into_iter().collect());
            }
            assert_eq!(weigh(&sheet, None, known, day(5)), verdict, "{broken:?} {known:?}");
        }
    }

    #[test]
    fn a_request_that_is_served_is_forgiven_only_if_its_status_and_its_code_are_known() {
        let known = |check| Known {
            on: "plan_gate".to_owned(),
            check,
            reason: "an open gate".to_owned(),
            owner: "api team".to_owned(),
            until: day(10),
        };
        let (status, code) = (known(CheckId::Status), known(CheckId::Code));
        let mut sheet = Sheet::default();
        sheet.note(CheckId::Status, 0, fields::served(200));
        assert_eq!(sheet.noted().len(), 1);
        for few in [&[][..], &[&status], &[&code]] {
            assert_eq!(weigh(&sheet, None, few, day(5)), Verdict::Fail, "{few:?}");
        }
        let both = weigh(&sheet, None, &[&status, &code], day(5));
        assert!(matches!(both, Verdict::Known(_)), "{both:?}");
    }

    #[test]
    fn drift_is_never_known() {
        let mut sheet = Sheet::default();
        sheet.note(CheckId::Drift, 0, vec![Mismatch::at("/error/hint", "nothing", "[text]")]);
        assert_eq!(weigh(&sheet, None, &[], day(1)), Verdict::Fail);
    }
}
