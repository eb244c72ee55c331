//! What to make of trials that prove nothing: the one place that knows what `--strict` means.

use super::{outcome::Outcome, verdict::Verdict};

/// What to make of trials that prove nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unproven {
    /// An ignored or inconclusive trial is shown as ignored.
    Ignore,
    /// It fails, and so does one that passed without its twin: `--strict`.
    Fail,
}

/// Whether a run owes a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Owed {
    /// It does: what stops it has to be mended.
    #[default]
    Always,
    /// Only if the target offers what it needs, and it does not: it is ignored, whatever a run is to be.
    IfOffered,
}

/// What a trial is in the test run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InRun {
    /// `ok`
    Passed,
    /// `ignored`
    Ignored,
    /// `FAILED`
    Failed,
}

impl Unproven {
    /// The verdict on a trial whose checks come to `weighed`, in the light of why the same request
    /// without the defect proves nothing, if it does not.
    #[must_use]
    pub fn verdict(self, weighed: Verdict, without_twin: Option<&str>) -> Verdict {
        match (self, weighed, without_twin) {
            (Self::Fail, Verdict::Pass, Some(why)) => {
                Verdict::Inconclusive(format!("the twin {why}"))
            }
            (_, weighed, _) => weighed,
        }
    }

    /// What a trial that came to this is in the test run.
    #[must_use]
    pub fn in_run(self, outcome: Outcome, owed: Owed) -> InRun {
        match (outcome, self) {
            (Outcome::Ignored, _) if owed == Owed::IfOffered => InRun::Ignored,
            (Outcome::Pass | Outcome::Known, _) => InRun::Passed,
            (Outcome::Ignored | Outcome::Inconclusive, Self::Ignore) => InRun::Ignored,
            (Outcome::Ignored | Outcome::Inconclusive, Self::Fail)
            | (Outcome::Fail | Outcome::Stale | Outcome::Error, _) => InRun::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_fails_what_proves_nothing_and_changes_nothing_else() {
        use InRun::{Failed, Ignored, Passed};
        // What a trial came to, what it is in a run, and what it is in a strict one.
        let rows = [
            (Outcome::Pass, Passed, Passed),
            (Outcome::Known, Passed, Passed),
            (Outcome::Ignored, Ignored, Failed),
            (Outcome::Inconclusive, Ignored, Failed),
            (Outcome::Fail, Failed, Failed),
            (Outcome::Stale, Failed, Failed),
            (Outcome::Error, Failed, Failed),
        ];
        assert_eq!(rows.len(), Outcome::ALL.len());
        for (outcome, in_run, in_strict) in rows {
            let owed = Owed::Always;
            assert_eq!(Unproven::Ignore.in_run(outcome, owed), in_run, "{outcome:?}");
            let strict = Unproven::Fail.in_run(outcome, owed);
            assert_eq!(strict, in_strict, "{outcome:?} in a strict run");
            // What nobody has to offer is ignored in every run, and else as good and as bad as any.
            let optional = Unproven::Fail.in_run(outcome, Owed::IfOffered);
            let expected = if outcome == Outcome::Ignored { Ignored } else { in_strict };
            assert_eq!(optional, expected, "{outcome:?} of what is optional");
        }
    }

    #[test]
    fn a_pass_without_its_twin_is_inconclusive_in_a_strict_run_alone() {
        let inconclusive = Verdict::Inconclusive("the twin was not sent: no credits".to_owned());
        let twin = Some("was not sent: no credits");
        let rows = [
            (Unproven::Ignore, Verdict::Pass, None, Verdict::Pass),
            (Unproven::Ignore, Verdict::Pass, twin, Verdict::Pass),
            (Unproven::Fail, Verdict::Pass, None, Verdict::Pass),
            (Unproven::Fail, Verdict::Pass, twin, inconclusive),
            (Unproven::Fail, Verdict::Fail, twin, Verdict::Fail),
        ];
        for (unproven, weighed, twin, verdict) in rows {
            let row = format!("{unproven:?} {weighed:?} {twin:?}");
            assert_eq!(unproven.verdict(weighed, twin), verdict, "{row}");
        }
    }
}
