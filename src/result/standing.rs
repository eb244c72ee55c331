//! What is true of a code, from all that its trials came to.

use super::outcome::{Outcome, Standing};
use crate::shown::text::Shown;

/// What the trials of a code that passed show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passed {
    /// None passed.
    None,
    /// At least one did, and its twin shows that the error comes from the defect.
    WithTwin,
    /// At least one did, but a twin of the code was not sent, or proves nothing.
    WithoutTwin,
}

impl Standing {
    /// What is true of a code, and why where that is not plain. `trials` are those that did not
    /// pass, each with its reason; those that passed may be among them, and count by `passed` alone.
    ///
    /// What says most goes first: a deviation before one that is mended, both before one that is
    /// known, all three before a trial that could not be judged. A pass counts only if nothing else
    /// does, and a trial that was ignored only if nothing passed.
    #[must_use]
    pub fn of(trials: &[(Outcome, Option<&Shown>)], passed: Passed) -> (Self, Option<Shown>) {
        let first = |outcomes: &[Outcome]| {
            trials.iter().find(|(outcome, _)| outcomes.contains(outcome)).map(|(_, why)| *why)
        };
        let reason = |why: Option<&Shown>| why.cloned();
        if first(&[Outcome::Fail]).is_some() {
            return (Self::Broken, None);
        }
        if let Some(why) = first(&[Outcome::Stale]) {
            return (Self::Stale, reason(why));
        }
        if let Some(why) = first(&[Outcome::Known]) {
            return (Self::Known, reason(why));
        }
        if let Some(why) = first(&[Outcome::Error, Outcome::Inconclusive]) {
            return (Self::NotJudged, reason(why));
        }
        match (passed, first(&[Outcome::Ignored])) {
            (Passed::WithTwin, _) => (Self::Proven, None),
            (Passed::WithoutTwin, _) => (Self::ProvenWithoutTwin, None),
            (Passed::None, Some(why)) => (Self::NotProvoked, reason(why)),
            (Passed::None, None) => (Self::NotSelected, None),
        }
    }

    /// Whether a run has shown something of the code that a server does not get by refusing everybody.
    #[must_use]
    pub fn is_shown(self) -> bool {
        match self {
            Self::Proven | Self::Broken | Self::Known | Self::Stale => true,
            Self::ProvenWithoutTwin
            | Self::NotJudged
            | Self::NotProvoked
            | Self::Unprovoked
            | Self::NotSelected => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_most_of_a_code_is_its_standing() {
        use Outcome::{Error, Fail, Ignored, Inconclusive, Known, Pass, Stale};
        // What the trials came to, in the order of the run; what those that passed show; what is true
        // of the code, and the trial that says why.
        let rows: [(&[Outcome], Passed, Standing, Option<Outcome>); 22] = [
            (&[], Passed::None, Standing::NotSelected, None),
            (&[Ignored], Passed::None, Standing::NotProvoked, Some(Ignored)),
            (&[], Passed::WithTwin, Standing::Proven, None),
            (&[], Passed::WithoutTwin, Standing::ProvenWithoutTwin, None),
            (&[Pass], Passed::WithTwin, Standing::Proven, None),
            (&[Ignored], Passed::WithTwin, Standing::Proven, None),
            (&[Ignored], Passed::WithoutTwin, Standing::ProvenWithoutTwin, None),
            (&[Inconclusive], Passed::None, Standing::NotJudged, Some(Inconclusive)),
            (&[Inconclusive], Passed::WithTwin, Standing::NotJudged, Some(Inconclusive)),
            (&[Error], Passed::WithTwin, Standing::NotJudged, Some(Error)),
            (&[Ignored, Inconclusive], Passed::None, Standing::NotJudged, Some(Inconclusive)),
            (&[Ignored, Error], Passed::None, Standing::NotJudged, Some(Error)),
            // Of two that could not be judged the first one in the run says why.
            (&[Error, Inconclusive], Passed::None, Standing::NotJudged, Some(Error)),
            (&[Inconclusive, Error], Passed::None, Standing::NotJudged, Some(Inconclusive)),
            (&[Known], Passed::WithTwin, Standing::Known, Some(Known)),
            (&[Error, Known], Passed::None, Standing::Known, Some(Known)),
            (&[Inconclusive, Known], Passed::None, Standing::Known, Some(Known)),
            (&[Ignored, Known], Passed::None, Standing::Known, Some(Known)),
            (&[Known, Stale], Passed::WithTwin, Standing::Stale, Some(Stale)),
            (&[Error, Stale], Passed::None, Standing::Stale, Some(Stale)),
            (&[Stale, Known, Error, Ignored, Fail], Passed::WithTwin, Standing::Broken, None),
            (&[Pass, Fail], Passed::WithoutTwin, Standing::Broken, None),
        ];
        for (trials, passed, expected, why) in rows {
            let said: Vec<Shown> = trials.iter().map(|outcome| outcome.as_str().into()).collect();
            let of: Vec<_> = trials.iter().copied().zip(said.iter().map(Some)).collect();
            let expected = (expected, why.map(|outcome| outcome.as_str().into()));
            assert_eq!(Standing::of(&of, passed), expected, "{trials:?} {passed:?}");
        }
    }
}
