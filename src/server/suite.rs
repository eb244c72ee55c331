//! A contract's cases, ready to be carried out against a target.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, OnceLock},
    time::Instant,
};

use tokio::runtime::Handle;

use super::{
    alone::UnderWay,
    collector::Collector,
    drift::{Recording, Snapshots},
    headline::headline,
    judge::AnswerJudge,
    key_use::KeyUse,
    ledger::Ledger,
    limit_use::LimitUse,
    plan::Plan,
    plan_text,
    played::Played,
    preflight_leak::PreflightLeak,
    progress::Progress,
    shared::Run,
    twins::Twins,
    winners::Winners,
};
use crate::{
    checks::sheet::Sheet,
    contract::{Contract, scenario::Expects},
    exchange::{pacing::Pacer, sender::Sender},
    result::{
        collected::Collected,
        side::{Ahead, Foreseen, Manner, NotReady, Side, SideResult, SideTrial},
        side_name::SideName,
        trial::TrialResult,
        unproven::Owed,
    },
    shown,
    shown::{redactor::Redactor, secrets::Secrets, text::Shown},
    source::fault::{Fault, Faults},
    targets::{known::Day, target::Target},
    terminal::activity::{Activity, Lines, Watch},
};

/// Everything that is needed to carry the trials out and to show their results.
#[derive(Debug, Clone)]
pub struct Suite {
    /// What the trials share.
    pub run: Arc<Run>,
    /// What they send.
    pub plan: Arc<Plan>,
    /// What makes their results.
    pub collector: Arc<Collector>,
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
        secrets: &Secrets,
    ) -> Result<Self, Faults> {
        let contract = contract.into();
        let pacer = Pacer::new(contract.all_limits());
        let sender = Sender::new(target.base_url.clone(), target.clock.clone(), pacer);
        let sender =
            sender.map_err(|why| Fault::general(format!("failed to set up TLS: {why}")))?;
        Self::with_sender(contract, target, recording, sender, secrets)
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
        secrets: &Secrets,
    ) -> Result<Self, Faults> {
        let plan = Plan::new(&contract, &target, &mut |below| fastrand::usize(..below))?;
        let keys = plan.secrets(&target);
        let mut all = secrets.clone();
        let first = all.add_first(&keys);
        for named in plan.kept_back(&contract, &target) {
            all.add(named);
        }
        all.set_prefix(&contract.key.prefix);
        let redactor = Arc::new(all.redactor());
        let snapshots =
            Snapshots::new(&contract.root, &target.name, recording, Arc::clone(&redactor));
        let judge = AnswerJudge::new(redactor.of_the_first(first));
        Ok(Self::starting(contract, target, sender, plan.into(), judge, snapshots))
    }

    /// A run of a plan that has sent nothing yet.
    pub(super) fn starting(
        contract: Arc<Contract>,
        target: Target,
        sender: Sender,
        plan: Arc<Plan>,
        judge: AnswerJudge,
        snapshots: Snapshots,
    ) -> Self {
        let budget = target.budget.credits;
        let redactor = Arc::clone(snapshots.redactor());
        let limit_use = LimitUse::of(&contract);
        let run = Run {
            contract,
            target,
            today: Day::today(),
            sender,
            judge,
            under_way: UnderWay::default(),
            keys: KeyUse::default(),
            limit_use,
            preflight_leak: PreflightLeak::default(),
            ledger: Ledger::default(),
            reserved: plan.reserved().saturating_add(budget),
            held: plan.reserved(),
            progress: Progress::default(),
            long: Progress::default(),
            alone_first: Progress::default(),
            twins: Twins::new(budget, plan.own_twins(), plan.purchases()),
            limits_seen: Mutex::default(),
            winners: Winners::default(),
            snapshots,
            redactor: Arc::clone(&redactor),
        };
        let run = Arc::new(run);
        let collector = Collector::new(Arc::clone(&run), redactor).into();
        Self { run, plan, collector }
    }

    /// Whether it is not the bundled mock that is tested.
    #[must_use]
    pub fn is_live(&self) -> bool {
        !self.run.target.is_bundled()
    }

    /// What takes the keys of the run out of what is shown.
    #[must_use]
    pub fn redactor(&self) -> &Arc<Redactor> {
        &self.collector.redactor
    }

    /// Who is tested, as people call it.
    fn subject(&self) -> Shown {
        let bundled = if self.run.target.is_bundled() { "the bundled mock at " } else { "" };
        shown![bundled, self.collector.target_url()]
    }

    /// Carries out the trial at a place of the plan. All of it is done on the runtime's few threads: on the
    /// trial's own, which has to be woken for every part of an answer, a run on the mock took a tenth longer.
    fn carry_out(&self, at: usize, style: &Means, name: Shown) -> TrialResult {
        let begin = Instant::now();
        let planned = &self.plan.trials[at];
        let activity = Activity::default();
        let runtime = &style.runtime;
        let watch = |lines| Watch::start(runtime, &name, &activity, self.redactor(), lines);
        let watch = style.lines.map(watch);
        let (run, plan) = (Arc::clone(&self.run), Arc::clone(&self.plan));
        let (heard, manner) = (activity.clone(), style.manner);
        let trial = async move { run.play_telling(&plan.trials[at], &heard, manner).await };
        let played = runtime.block_on(runtime.spawn(trial));
        drop(watch);
        // A panic is a bug of ours; the summary must not count its code as proven.
        let played = played.unwrap_or_else(|_| {
            Played::error(Vec::new(), Sheet::default(), "errproof itself failed, please report it")
        });
        let seconds = begin.elapsed().as_secs_f64();
        self.collector.trial(planned, name, &played, seconds, style.manner.keep)
    }
}

/// How trials are carried out.
#[derive(Debug, Clone)]
struct Means {
    runtime: Handle,
    manner: Manner,
    /// How lines on stderr go with those of the run; none if nothing is said of slow trials.
    lines: Option<Lines>,
}

/// The server's side of a run.
#[derive(Debug)]
pub struct Server {
    /// What is carried out.
    pub suite: Suite,
    /// What it is carried out on.
    pub runtime: Handle,
    /// How lines on stderr go with those of the run; none if nothing is said of slow trials.
    pub lines: Option<Lines>,
    names: OnceLock<Arc<[Shown]>>,
}

impl Server {
    /// The server's side of a run.
    #[must_use]
    pub fn new(suite: Suite, runtime: Handle, lines: Option<Lines>) -> Self {
        Self { suite, runtime, lines, names: OnceLock::new() }
    }

    /// The names of the trials, as they are shown, in the order of the plan.
    fn names(&self) -> &Arc<[Shown]> {
        self.names.get_or_init(|| {
            let trials = self.suite.plan.trials.iter();
            trials.map(|planned| self.suite.redactor().line(&planned.case().name)).collect()
        })
    }
}

impl Side for Server {
    fn name(&self) -> SideName {
        SideName::Server
    }

    fn subject(&self) -> Shown {
        self.suite.collector.target_url()
    }

    fn trials(&self, manner: Manner) -> Vec<SideTrial> {
        let trials = &self.suite.plan.trials;
        // One for all of them: there may be thousands.
        let style = Means { runtime: self.runtime.clone(), manner, lines: self.lines };
        let shared = Arc::new((self.suite.clone(), style, Arc::clone(self.names())));
        let trial = |at: usize| {
            let planned = &trials[at];
            let shared = Arc::clone(&shared);
            SideTrial {
                name: planned.case().name.clone(),
                kind: match planned.scenario.expects {
                    Expects::Code => planned.scenario.tells.statuses.to_string(),
                    Expects::AnyError => "any".to_owned(),
                    Expects::Ledger => "all".to_owned(),
                    Expects::Order => "two".to_owned(),
                },
                ignored: match (&planned.script, planned.owed) {
                    (Ok(_), _) => Foreseen::CarriedOut,
                    (Err(_), Owed::Always) => Foreseen::Ignored,
                    (Err(_), Owed::IfOffered) => Foreseen::Optional,
                },
                carry_out: Box::new(move || {
                    shared.0.carry_out(at, &shared.1, shared.2[at].clone())
                }),
            }
        };
        self.suite.plan.order().into_iter().map(trial).collect()
    }

    fn ready(&self, selected: &BTreeSet<String>) -> Result<(), NotReady> {
        let Suite { run, plan, .. } = &self.suite;
        let ready = self.runtime.block_on(run.preflight(plan, selected));
        ready.map_err(|why| NotReady::Unreachable(self.suite.redactor().line(&why)))?;
        self.runtime.block_on(run.open(plan, selected));
        Ok(())
    }

    fn result(&self, collected: &Collected) -> SideResult {
        let collector = &self.suite.collector;
        let order: BTreeMap<&Shown, usize> = self.names().iter().zip(0..).collect();
        let mut trials = collected.trials.clone();
        trials.sort_by_key(|trial| order.get(&trial.name).copied());
        let subject = self.suite.subject();
        let (codes, extent) = (collector.codes(collected), self.suite.run.target.extent);
        let red = trials.iter().filter(|trial| trial.code.is_none() && trial.outcome.is_red());
        let of_no_code: Vec<&Shown> = red.map(|trial| &trial.name).collect();
        SideResult {
            side: SideName::Server,
            headline: headline(&subject, &codes, extent, &of_no_code),
            subject: collector.target_url(),
            counts: collected.counts(),
            advice: collected.advice(SideName::Server, |name| order.get(name).copied()),
            trials,
            notes: collector.notes(collected),
        }
    }

    fn plan(&self, ahead: &Ahead) -> Shown {
        plan_text::render(&self.suite.run, &self.suite.plan, ahead)
    }
}
