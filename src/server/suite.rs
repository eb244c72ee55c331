//! A contract's cases, ready to be carried out against a target as trials of a standard test run.

use std::{
    cmp::Reverse,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use libtest_mimic::{Completion, Failed, Trial};
use tokio::runtime::Handle;

use super::{
    collect::{Collector, How},
    collected::{Collected, Keep},
    drift::{Recording, Snapshots},
    judge::Judge,
    key_use::KeyUse,
    play::Run,
    played::Played,
    twin::Twins,
};
use crate::{
    checks::sheet::Sheet,
    contract::Contract,
    exchange::{pacing::Pacer, sender::Sender},
    report::failure,
    result::{
        outcome::Outcome,
        results::ServerResult,
        unproven::{InRun, Unproven},
    },
    server::plan::{Plan, Planned},
    shown::{redactor::Redactor, secret::Secret},
    source::fault::{Fault, Faults},
    targets::{known::Day, target::Target},
    terminal::{
        activity::{Activity, Lines, Watch},
        nextest::in_nextest,
        paint::Paint,
    },
};

/// How trials are carried out and shown.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// What to make of those that prove nothing.
    pub unproven: Unproven,
    /// Whether what was exchanged is kept for those that are green.
    pub keep: Keep,
    /// Whether failures are coloured.
    pub paint: Paint,
    /// How lines on stderr go with those of the run; none if nothing is said of slow trials.
    pub lines: Option<Lines>,
}

impl Style {
    /// Nothing kept, nothing coloured, and what proves nothing is ignored.
    pub const PLAIN: Self =
        Self { unproven: Unproven::Ignore, keep: Keep::Red, paint: Paint::Plain, lines: None };
}

/// Everything that is needed to carry the trials out and to show what came of them.
#[derive(Debug, Clone)]
pub struct Suite {
    /// What the trials share.
    pub run: Arc<Run>,
    /// What they send.
    pub plan: Arc<Plan>,
    /// What makes results of what came of them.
    pub collector: Arc<Collector>,
    redactor: Arc<Redactor>,
    results: Arc<Mutex<Collected>>,
}

impl Suite {
    /// Makes every request of a run, and the way to the target. Nothing is sent.
    ///
    /// # Errors
    /// If a case cannot be made from what the target's file says, or if the address needs TLS and
    /// this machine trusts nobody.
    pub fn new(
        contract: impl Into<Arc<Contract>>,
        target: Target,
        recording: Recording,
    ) -> Result<Self, Faults> {
        let contract = contract.into();
        let pacer = Pacer::new(contract.limit.as_ref());
        let sender = Sender::new(target.base_url.clone(), target.clock.clone(), pacer);
        let sender =
            sender.map_err(|why| Fault::general(format!("failed to set up TLS: {why}")))?;
        Self::with_sender(contract, target, recording, sender)
    }

    /// The same with another way to the target.
    ///
    /// # Errors
    /// If a case cannot be made from what the target's file says.
    pub fn with_sender(
        contract: Arc<Contract>,
        target: Target,
        recording: Recording,
        sender: Sender,
    ) -> Result<Self, Faults> {
        let plan = Plan::new(&contract, &target)?;
        let keys = Arc::new(Redactor::new(&plan.keys));
        let redactor = match target.secrets.as_slice() {
            [] => Arc::clone(&keys),
            more => Arc::new(Redactor::new(plan.keys.iter().chain(more))),
        };
        let budget = target.budget.credits;
        let snapshots =
            Snapshots::new(&contract.root, &target.name, recording, Arc::clone(&redactor));
        let run = Run {
            contract,
            target,
            today: Day::today(),
            sender,
            judge: Judge::new(keys),
            keys: KeyUse::default(),
            twins: Twins::new(budget),
            snapshots,
        };
        let (run, plan) = (Arc::new(run), Arc::new(plan));
        let collector =
            Collector::new(Arc::clone(&run), Arc::clone(&plan), Arc::clone(&redactor)).into();
        Ok(Self { run, plan, redactor, collector, results: Arc::default() })
    }

    /// The trials, the longest first.
    #[must_use]
    pub fn trials(&self, runtime: &Handle, style: Style) -> Vec<Trial> {
        let mut order: Vec<usize> = (0..self.plan.trials.len()).collect();
        order.sort_by_key(|at| Reverse(self.plan.trials[*at].expected()));
        // nextest counts a trial that is ignored while it runs as passed, and one that is listed as
        // ignored as skipped.
        let in_nextest = in_nextest();
        let trial = |at: usize| {
            let planned = &self.plan.trials[at];
            let ignored = style.unproven.in_run(Outcome::Ignored) == InRun::Ignored;
            let ignored = ignored && planned.script.is_err();
            let (suite, runtime) = (self.clone(), runtime.clone());
            let runner = move || suite.carry_out(&suite.plan.trials[at], &runtime, style);
            Trial::ignorable_test(&planned.case().name, runner)
                .with_kind(planned.scenario.status.to_string())
                .with_ignored_flag(ignored && in_nextest)
        };
        order.into_iter().map(trial).collect()
    }

    /// How many trials were carried out until now.
    #[must_use]
    pub fn carried_out(&self) -> usize {
        let results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        results.counts().all()
    }

    /// All that came of the trials.
    #[must_use]
    pub fn results(&self, how: How) -> ServerResult {
        let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        self.collector.server(std::mem::take(&mut *results), how)
    }

    /// Every key and secret header value of the run, with what is shown in its place.
    #[must_use]
    pub fn secrets(&self) -> Vec<(Secret, String)> {
        [self.plan.keys.as_slice(), self.run.target.secrets.as_slice()].concat()
    }

    /// The text without any key.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.redactor.redact(text)
    }

    fn carry_out(
        &self,
        planned: &Planned,
        runtime: &Handle,
        style: Style,
    ) -> Result<Completion, Failed> {
        let begin = Instant::now();
        let activity = Activity::default();
        let name = &planned.case().name;
        let watch = style.lines.map(|lines| Watch::start(runtime, name, &activity, lines));
        // A panic is a bug of ours; the summary must not count its code as proven.
        let play = || runtime.block_on(self.run.play_telling(planned, &activity, style.unproven));
        let played = catch_unwind(AssertUnwindSafe(play));
        drop(watch);
        let played = played.unwrap_or_else(|_| {
            Played::error(Vec::new(), Sheet::default(), "errproof itself failed, please report it")
        });
        let seconds = begin.elapsed().as_secs_f64();
        let result = self.collector.trial(planned, &played, seconds, style.keep);
        let why = result.why.clone().unwrap_or_default();
        let completed = match (style.unproven.in_run(result.outcome), result.outcome) {
            (InRun::Passed, _) => Ok(Completion::Completed),
            (InRun::Ignored, Outcome::Inconclusive) => {
                Ok(Completion::ignored_with(format!("inconclusive: {why}")))
            }
            (InRun::Ignored, _) => Ok(Completion::ignored_with(why)),
            (InRun::Failed, _) => {
                let target = self.collector.target_url();
                Err(Failed::from(failure::render(&target, &result, style.paint).trim_end()))
            }
        };
        self.results.lock().unwrap_or_else(PoisonError::into_inner).add(result, style.keep);
        completed
    }
}
