//! A contract's cases, ready to be carried out against a target as trials of a standard test run.

use std::{
    cmp::Reverse,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use libtest_mimic::{Completion, Failed, Trial};
use tokio::runtime::Handle;

use super::{
    drift::{Recording, Snapshots},
    judge::Judge,
    key_use::KeyUse,
    plan::{Plan, Planned},
    run::Run,
    twin::Twins,
    verdict::{Played, Verdict},
};
use crate::{
    checks::Sheet,
    contract::{
        Contract,
        fault::{Fault, Faults},
    },
    exchange::sender::Sender,
    report::{Record, failure, summary},
    target::{Target, known::Day, pacing::Pacer, redact::Redactor},
    visible::visible,
};

/// What to make of trials that prove nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unproven {
    /// An ignored or inconclusive trial is shown as ignored.
    Ignore,
    /// It fails: `--strict`.
    Fail,
}

/// Everything that is needed to carry the trials out and to show what came of them.
#[derive(Debug, Clone)]
pub struct Suite {
    /// What the trials share.
    pub run: Arc<Run>,
    /// What they send.
    pub plan: Arc<Plan>,
    redactor: Arc<Redactor>,
    records: Arc<Mutex<Vec<Record>>>,
}

impl Suite {
    /// Makes every request of a run, and the way to the target. Nothing is sent.
    ///
    /// # Errors
    /// If a case cannot be made from what the target's file says, or if the address needs TLS and
    /// this machine trusts nobody.
    pub fn new(contract: Contract, target: Target, recording: Recording) -> Result<Self, Faults> {
        let pacer = Pacer::new(contract.limit);
        let sender = Sender::new(target.base_url.clone(), target.clock.clone(), pacer);
        let sender =
            sender.map_err(|why| Fault::general(format!("failed to set up TLS: {why}")))?;
        Self::with_sender(contract.into(), target, recording, sender)
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
        Ok(Self { run: Arc::new(run), plan: Arc::new(plan), redactor, records: Arc::default() })
    }

    /// The trials, the longest first.
    #[must_use]
    pub fn trials(&self, runtime: &Handle, unproven: Unproven) -> Vec<Trial> {
        let window = Duration::from_secs(self.run.contract.limit.window_seconds.into());
        let mut order: Vec<usize> = (0..self.plan.trials.len()).collect();
        order.sort_by_key(|at| Reverse(self.plan.trials[*at].expected(window)));
        // nextest counts a trial that is ignored while it runs as passed, and one that is listed as
        // ignored as skipped.
        let in_nextest = std::env::var("NEXTEST").is_ok_and(|set| set == "1");
        let trial = |at: usize| {
            let planned = &self.plan.trials[at];
            let listed = planned.script.is_err() && in_nextest && unproven == Unproven::Ignore;
            let (suite, runtime) = (self.clone(), runtime.clone());
            let runner = move || suite.carry_out(&suite.plan.trials[at], &runtime, unproven);
            Trial::ignorable_test(&planned.case().name, runner)
                .with_kind(planned.scenario.status.to_string())
                .with_ignored_flag(listed)
        };
        order.into_iter().map(trial).collect()
    }

    /// The last lines of a run: what was proven.
    #[must_use]
    pub fn summary(&self) -> String {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        visible(&self.redact(&summary::render(&self.run, &records)))
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
        unproven: Unproven,
    ) -> Result<Completion, Failed> {
        // A panic is a bug of ours; the summary must not count its code as proven.
        let played = catch_unwind(AssertUnwindSafe(|| runtime.block_on(self.run.play(planned))));
        let played = played.unwrap_or_else(|_| {
            Played::error(Vec::new(), Sheet::default(), "errproof itself failed, please report it")
        });
        let record = Record {
            trial: planned.case().name.clone(),
            code: planned.scenario.code.clone(),
            findings: played.sheet.findings().to_vec(),
            verdict: played.verdict.clone(),
            twin_not_asked: played.twin_not_asked.clone(),
        };
        self.records.lock().unwrap_or_else(PoisonError::into_inner).push(record);
        let why = match &played.verdict {
            Verdict::Pass | Verdict::Known(_) => return Ok(Completion::Completed),
            Verdict::Ignored(why) if unproven == Unproven::Ignore => why.clone(),
            Verdict::Inconclusive(why) if unproven == Unproven::Ignore => {
                format!("inconclusive: {why}")
            }
            _ => {
                let shown = failure::render(&self.run, &self.redactor, planned, &played);
                return Err(Failed::from(shown));
            }
        };
        Ok(Completion::ignored_with(visible(&self.redact(&why))))
    }
}
