//! A side's trial as one of a standard test run.

use std::sync::{Arc, Mutex};

use libtest_mimic::{Completion, Failed, Trial};

use crate::{
    exchange::locked::Locked as _,
    report::failure,
    result::{
        collected::{Collected, Keep},
        outcome::Outcome,
        repeat::{FirstShown, Shows},
        side::{Foreseen, Manner, Side, SideTrial},
        side_name::SideName,
        trial::TrialResult,
        unproven::{InRun, Owed},
    },
    shown::text::Shown,
    terminal::{nextest::Process, paint::Paint},
};

/// How trials are carried out and shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// What a side has to know of it.
    pub(super) manner: Manner,
    /// Whether failures are coloured.
    pub(super) paint: Paint,
    /// nextest counts a trial that is ignored while it runs as passed, and one that is listed as ignored
    /// as skipped.
    pub(super) process: Process,
}

/// A trial that carries a side's out and keeps its result. `first` is what the trials before it have shown.
pub(super) fn trial(
    side: &dyn Side,
    trial: SideTrial,
    style: Style,
    collected: &Arc<Mutex<Collected>>,
    first: &Arc<Mutex<FirstShown>>,
) -> Trial {
    let SideTrial { name, kind, ignored, carry_out } = trial;
    let (collected, first) = (Arc::clone(collected), Arc::clone(first));
    let subject = side.subject();
    // Clients and pages have some dozens of trials, whose names their headline needs.
    let keep = if side.name() == SideName::Server { style.manner.keep } else { Keep::All };
    let owed = if ignored == Foreseen::Optional { Owed::IfOffered } else { Owed::Always };
    let foreseen = ignored != Foreseen::CarriedOut
        && style.manner.unproven.in_run(Outcome::Ignored, owed) == InRun::Ignored;
    let runner = move || {
        let result = carry_out();
        let completed = completed(&subject, &result, style, &first);
        collected.locked().add(result, keep);
        completed
    };
    Trial::ignorable_test(name, runner)
        .with_kind(kind)
        .with_ignored_flag(foreseen && style.process == Process::Trial)
}

fn completed(
    subject: &Shown,
    result: &TrialResult,
    style: Style,
    first: &Mutex<FirstShown>,
) -> Result<Completion, Failed> {
    let why = result.why.clone().unwrap_or_default();
    match (style.manner.unproven.in_run(result.outcome, result.owed), result.outcome) {
        (InRun::Passed, _) => Ok(Completion::Completed),
        (InRun::Ignored, Outcome::Inconclusive) => {
            Ok(Completion::ignored_with(format!("inconclusive: {why}")))
        }
        (InRun::Ignored, _) => Ok(Completion::ignored_with(why.to_string())),
        (InRun::Failed, _) => {
            let shows = first.locked().note(result);
            let text = match shows {
                Shows::News(_) => failure::render(subject, result, style.paint),
                Shows::Repeat(repeat) => failure::repeated(result, &repeat, style.paint),
            };
            Err(Failed::from(text.trim_end()))
        }
    }
}
