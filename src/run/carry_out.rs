//! A side's trial as one of a standard test run.

use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Completion, Failed, Trial};

use crate::{
    report::failure,
    result::{
        collected::{Collected, Keep},
        outcome::Outcome,
        side::{Foreseen, Side, SideName, SideTrial},
        trial::TrialResult,
    },
    shown,
    shown::text::Shown,
    terminal::paint::Paint,
};

/// How trials are shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// Whether trials that prove nothing fail.
    pub(super) strict: bool,
    /// Which trials are kept for the end of the run.
    pub(super) keep: Keep,
    /// Whether failures are coloured.
    pub(super) paint: Paint,
    /// Whether nextest runs this, which counts a trial that is ignored while it runs as passed, and one
    /// that is listed as ignored as skipped.
    pub(super) in_nextest: bool,
}

/// A trial that carries a side's out and keeps what came of it.
pub(super) fn trial(
    side: &dyn Side,
    trial: SideTrial,
    style: Style,
    collected: &Arc<Mutex<Collected>>,
) -> Trial {
    let SideTrial { name, kind, ignored, carry_out } = trial;
    let (collected, subject) = (Arc::clone(collected), side.subject());
    // Clients and pages have some dozens of trials, whose names their headline needs.
    let keep = if side.name() == SideName::Server { style.keep } else { Keep::All };
    let ignored = ignored == Foreseen::Ignored && style.in_nextest && !style.strict;
    let runner = move || {
        let result = weighed(carry_out(), style);
        let completed = completed(&subject, &result, style);
        collected.lock().unwrap_or_else(PoisonError::into_inner).add(result, keep);
        completed
    };
    Trial::ignorable_test(name, runner).with_kind(kind).with_ignored_flag(ignored)
}

/// A code that is proven without its twin is not proven to whoever asks for all.
fn weighed(mut result: TrialResult, style: Style) -> TrialResult {
    if let (Outcome::Pass, Some(why), true) = (result.outcome, &result.twin_not_asked, style.strict)
    {
        result.why = Some(shown!["the twin was not sent: ", why]);
        result.outcome = Outcome::Inconclusive;
    }
    result
}

fn completed(subject: &Shown, result: &TrialResult, style: Style) -> Result<Completion, Failed> {
    let why = result.why.clone().unwrap_or_default();
    match result.outcome {
        Outcome::Pass | Outcome::Known => Ok(Completion::Completed),
        Outcome::Ignored if !style.strict => Ok(Completion::ignored_with(why.to_string())),
        Outcome::Inconclusive if !style.strict => {
            Ok(Completion::ignored_with(format!("inconclusive: {why}")))
        }
        _ => Err(Failed::from(failure::render(subject, result, style.paint).trim_end())),
    }
}
