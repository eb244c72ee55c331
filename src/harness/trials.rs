//! Turns planned cases into the trials of a standard test run.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use libtest_mimic::{Completion, Failed, Trial};
use tokio::runtime::Handle;

use super::{options::Options, plan::Planned, run::Run, verdict::Verdict};
use crate::report::{Record, failure};
use crate::target::redact::Redactor;

/// What the trials need to be carried out and shown.
#[derive(Debug, Clone)]
pub struct Stage {
    /// What they share.
    pub run: Arc<Run>,
    /// What takes keys out of all they show.
    pub redactor: Arc<Redactor>,
    /// What has come of them so far.
    pub records: Arc<Mutex<Vec<Record>>>,
    /// Where they run.
    pub runtime: Handle,
}

/// The trials, the longest first.
#[must_use]
pub fn trials(stage: &Stage, mut planned: Vec<Planned>, options: &Options) -> Vec<Trial> {
    let window = Duration::from_secs(stage.run.contract.limit.window_seconds.into());
    planned.sort_by_key(|planned| std::cmp::Reverse(planned.expected(window)));
    // nextest counts a trial that is ignored while it runs as passed, and one that is listed as
    // ignored as skipped.
    let in_nextest = std::env::var("NEXTEST").is_ok_and(|set| set == "1");
    let strict = options.strict;
    planned
        .into_iter()
        .map(|planned| {
            let ignored = planned.script.is_err() && in_nextest && !strict;
            let kind = planned.scenario.status.to_string();
            let stage = stage.clone();
            let name = planned.case().name.clone();
            let trial = Trial::ignorable_test(name, move || stage.carry_out(&planned, strict));
            trial.with_kind(kind).with_ignored_flag(ignored)
        })
        .collect()
}

impl Stage {
    fn carry_out(&self, planned: &Planned, strict: bool) -> Result<Completion, Failed> {
        let played = self.runtime.block_on(self.run.play(planned));
        let shown = failure::render(&self.run, planned, &played);
        let record = Record {
            code: planned.scenario.code.clone(),
            findings: played.sheet.findings().to_vec(),
            verdict: played.verdict.clone(),
        };
        self.records.lock().unwrap_or_else(PoisonError::into_inner).push(record);
        let shown = self.redactor.redact(&shown);
        match played.verdict {
            Verdict::Pass => Ok(Completion::Completed),
            Verdict::Fail | Verdict::Error(_) => Err(Failed::from(shown)),
            Verdict::Ignored(_) | Verdict::Inconclusive(_) if strict => Err(Failed::from(shown)),
            Verdict::Ignored(why) => Ok(Completion::ignored_with(self.redactor.redact(&why))),
            Verdict::Inconclusive(why) => {
                Ok(Completion::ignored_with(self.redactor.redact(&format!("inconclusive: {why}"))))
            }
        }
    }
}
