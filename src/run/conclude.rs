//! The exit code of a run, from what it came to and what of it could not be written.

use std::collections::BTreeMap;

use super::end::End;
use crate::{
    result::{
        results::Results,
        side::SideResult,
        unproven::{InRun, Unproven},
    },
    shown,
    shown::text::Shown,
    terminal::{exit, nextest::Process, print},
};

/// Says what could not be written, and gives the exit code. A broken contract goes before it, and so
/// does a run that proved nothing.
///
/// # Errors
/// If nothing was proven.
pub(super) fn conclude(
    results: &Results,
    is_red: bool,
    unproven: Unproven,
    process: Process,
    lost: &[Shown],
) -> Result<u8, End> {
    for why in lost {
        print::problem(&shown!["errproof: ", why]);
    }
    // All that did not pass are kept.
    let mut trials = results.sides.iter().flat_map(|side| &side.trials);
    if is_red || trials.any(|trial| unproven.in_run(trial.outcome, trial.owed) == InRun::Failed) {
        return Ok(exit::BROKEN);
    }
    // In nextest each trial is a process of its own, and an ignored one is nothing unusual.
    let unshown = match process {
        Process::Run => unshown(results),
        Process::Trial => None,
    };
    match unshown {
        Some(why) => Err(End::Nothing(why)),
        None if lost.is_empty() => Ok(exit::SUCCESS),
        None => Ok(exit::UNWRITTEN),
    }
}

/// Why a run without a red trial has proven nothing, and what to set, if it has not. Another side's
/// green trials say nothing of this one.
fn unshown(results: &Results) -> Option<Shown> {
    if let (Some(side), Some(server)) = (results.of_server(), &results.server)
        && !server.codes.iter().any(|code| code.standing.is_shown())
    {
        return Some(shown!["no code was proven: ", reason(side)]);
    }
    let silent = results.sides.iter().find(|side| side.counts.proves_nothing())?;
    let side = silent.side.as_str();
    Some(shown!["every selected trial of the ", side, " is ignored, so nothing was proven"])
}

/// The reason that most of the trials give which proved nothing, or else why twins were not sent.
fn reason(side: &SideResult) -> Shown {
    let mut reasons: BTreeMap<&Shown, usize> = BTreeMap::new();
    for why in side.trials.iter().filter_map(|trial| trial.why.as_ref()) {
        *reasons.entry(why).or_default() += 1;
    }
    let most = reasons.into_iter().max_by_key(|(_, trials)| *trials).map(|(why, _)| why);
    most.or(side.notes.first()).cloned().unwrap_or_else(|| "no trial was carried out".into())
}
