//! The rules as trials of a standard test run. Each script is run once, all at the same time since
//! the waits are real, and every rule that it says something of is judged from that one run.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use libtest_mimic::{Failed, Trial};
use tokio::{
    runtime::Handle,
    sync::{OnceCell, Semaphore},
};

use super::{
    command::{self, API_KEY, Given, Program},
    group::Groups,
    judge::{self, Finding, Judged},
    outcome::Outcome,
    output::Wanted,
    record::Record,
    rule::{Proof, Rule, Rules, Script},
    server::Mock,
    text as report,
};
use crate::{
    contract::{Contract, contract_file::Promise},
    exchange::clock::pause,
    result::{
        results::{SideFindingResult, SideResult, SideTrialResult},
        verdict::Verdict,
    },
    shown::{redactor::Redactor, secret::Secret, visible::visible},
    source::fault::Fault,
    terminal::paint::Paint,
};

/// How far apart the runs begin at the most, the longest first. Twenty interpreters that start at
/// once on two cores take 3 s, and the longest run would be late by that; it is to start alone, and
/// the short ones have its time to spare.
const APART: Duration = Duration::from_millis(250);

/// By how much runs that are all alike may be spread: half of what the whole may take beyond the
/// longest of them.
const SPREAD: Duration = Duration::from_secs(1);

/// A client that is tested, and what came of it until now.
#[derive(Debug, Clone)]
pub struct Clients(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    rules: Rules,
    program: Program,
    patience: Duration,
    paint: Paint,
    key: Secret,
    hidden: Vec<String>,
    /// Looks for the client's key alone.
    key_seeker: Arc<Redactor>,
    /// Takes all keys of the run out of what is shown.
    redactor: Redactor,
    /// One for each script, run once. Some rules are judged from all of them.
    records: Vec<OnceCell<Result<Arc<Record>, String>>>,
    at_once: Semaphore,
    /// When each script of this run begins, after its beginning.
    starts: OnceLock<BTreeMap<usize, Duration>>,
    groups: Groups,
    outcomes: Mutex<Vec<Outcome>>,
}

/// What a person said of the client.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The command.
    pub command: &'a str,
    /// How long a run of it may take beyond the waits that it is told.
    pub patience: Duration,
    /// How many runs there may be at once; all of them if nothing was said.
    pub at_once: Option<usize>,
    /// Whether failures are coloured.
    pub paint: Paint,
}

impl Clients {
    /// Makes the scripts and a key for the client. Nothing is started. `secrets` are those of a
    /// target that is tested in the same run, and `hidden` the variables that hold them.
    ///
    /// # Errors
    /// If the contract says nothing of clients, or the command is none.
    pub fn new(
        contract: &Contract,
        asked: Asked<'_>,
        secrets: &[(Secret, String)],
        hidden: Vec<String>,
    ) -> Result<Self, Fault> {
        let rules = Rules::new(contract)?;
        let program = Program::parse(asked.command)?;
        let key = Secret::new(contract.key.fresh());
        let own = (key.clone(), format!("${API_KEY}"));
        let tail = key.expose().strip_prefix(contract.key.prefix.as_str()).unwrap_or_default();
        let tail = (Secret::new(tail), own.1.clone());
        let at_once = asked.at_once.unwrap_or(rules.scripts.len());
        Ok(Self(Arc::new(Shared {
            program,
            patience: asked.patience,
            paint: asked.paint,
            hidden,
            key_seeker: Arc::new(Redactor::new([&own, &tail])),
            redactor: Redactor::new([&own, &tail].into_iter().chain(secrets)),
            key,
            records: rules.scripts.iter().map(|_| OnceCell::new()).collect(),
            rules,
            at_once: Semaphore::new(at_once),
            starts: OnceLock::new(),
            groups: Groups::default(),
            outcomes: Mutex::default(),
        })))
    }

    /// The trials, in the order of the rules.
    #[must_use]
    pub fn trials(&self, runtime: &Handle) -> Vec<Trial> {
        let trial = |(at, rule): (usize, &Rule)| {
            let (clients, runtime) = (self.clone(), runtime.clone());
            Trial::test(name(rule), move || clients.carry_out(at, &runtime))
                .with_kind(self.0.kind(rule))
        };
        self.0.rules.rules.iter().enumerate().map(trial).collect()
    }

    /// Runs the command once, against a mock that answers with success: one message instead of a
    /// failure for each rule.
    ///
    /// # Errors
    /// If the command cannot be started: bad usage. Or, inside, why it is none that can be tested.
    pub fn preflight(&self, runtime: &Handle) -> Result<Result<(), String>, Fault> {
        let shared = &self.0;
        #[cfg(unix)]
        end_on_signal(runtime, &shared.groups);
        let record = runtime.block_on(shared.record(0)).map_err(Fault::general)?;
        Ok(judge::ready(&record).map_err(|why| {
            let said = report::last_words(&record, &shared.redactor);
            self.redact(&format!("{}: {why}{said}", shared.program))
        }))
    }

    /// Starts every run that these trials need, so that they wait at the same time however few
    /// threads the test run has.
    pub fn start(&self, runtime: &Handle, wanted: impl Fn(&Trial) -> bool) {
        let rules = &self.0.rules;
        let needed: BTreeSet<usize> = self
            .trials(runtime)
            .iter()
            .zip(&rules.rules)
            .filter(|(trial, _)| wanted(trial))
            .flat_map(|(_, rule)| rules.scripts_of(rule))
            .collect();
        let mut order: Vec<usize> = needed.into_iter().collect();
        order.sort_by_key(|at| Reverse(rules.scripts[*at].longest()));
        let longest = order.first().map_or(Duration::ZERO, |at| rules.scripts[*at].shortest());
        let many = u32::try_from(order.len()).unwrap_or(u32::MAX).max(1);
        let apart = APART.min((longest + SPREAD) / many);
        let starts: BTreeMap<usize, Duration> =
            order.into_iter().zip((0..).map(|place| apart * place)).collect();
        for at in self.0.starts.get_or_init(|| starts).keys().copied() {
            let shared = Arc::clone(&self.0);
            drop(runtime.spawn(async move { shared.record(at).await.is_ok() }));
        }
    }

    /// What came of the rules until now.
    #[must_use]
    pub fn outcomes(&self) -> Vec<Outcome> {
        self.0.outcomes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What came of the client, in the order of the rules.
    #[must_use]
    pub fn result(&self) -> SideResult {
        let mut outcomes = self.outcomes();
        let place = |outcome: &Outcome| {
            self.0.rules.rules.iter().position(|rule| rule.id == outcome.rule.id)
        };
        outcomes.sort_by_key(place);
        let headline = report::summary(&self.0.program, &outcomes);
        SideResult {
            subject: self.redact(&self.0.program.to_string()),
            headline: self.redact(headline.trim_end()),
            trials: outcomes.into_iter().map(|outcome| self.trial(outcome)).collect(),
        }
    }

    fn trial(&self, outcome: Outcome) -> SideTrialResult {
        let Promise { says, source } = &outcome.rule.promise;
        let finding = |finding: &Finding| SideFindingResult {
            check: finding.what.clone(),
            place: self.redact(&finding.runs.join(", ")),
            expected: self.redact(&finding.expected),
            actual: self.redact(&finding.actual),
        };
        SideTrialResult {
            name: outcome.trial,
            outcome: (&outcome.verdict).into(),
            why: outcome.verdict.why().map(|why| self.redact(why)),
            promise: self.redact(&format!("{says} ({source})")),
            findings: outcome.findings.iter().map(finding).collect(),
            timelines: outcome.timelines,
            text: outcome.text,
        }
    }

    /// What a run would do, before it does anything.
    #[must_use]
    pub fn plan(&self) -> String {
        self.redact(&report::plan(&self.0.program, &self.0.rules))
    }

    /// The text without any key, and safe to show.
    fn redact(&self, text: &str) -> String {
        visible(&self.0.redactor.redact(text))
    }

    fn carry_out(&self, at: usize, runtime: &Handle) -> Result<(), Failed> {
        let shared = &self.0;
        let rule = &shared.rules.rules[at];
        let scripts = shared.rules.scripts_of(rule);
        let records = runtime.block_on(async {
            let mut records = Vec::new();
            for at in scripts {
                records.push(shared.record(at).await);
            }
            records
        });
        let mut judged = if let Some(why) = records.iter().find_map(|record| record.as_ref().err())
        {
            Judged { unjudged: Some(why.clone()), ..Judged::default() }
        } else {
            let records: Vec<&Record> = records.iter().flatten().map(AsRef::as_ref).collect();
            judge::judge(&shared.rules, rule, &records, &shared.key)
        };
        for finding in &mut judged.findings {
            // What a client sends may hold the key: in its path, say.
            finding.expected = self.redact(&finding.expected);
            finding.actual = self.redact(&finding.actual);
        }
        let verdict = judged.verdict();
        let mut records: Vec<Arc<Record>> = records.into_iter().flatten().collect();
        let found = |record: &Arc<Record>| {
            judged.findings.iter().any(|finding| finding.runs.contains(&record.script.name))
        };
        records.sort_by_key(|record| !found(record));
        let mut outcome = Outcome {
            trial: name(rule),
            rule: rule.clone(),
            findings: judged.findings.clone(),
            verdict: verdict.clone(),
            timelines: records.iter().map(|record| record.timeline()).collect(),
            text: String::new(),
        };
        let seen = records.first().map(AsRef::as_ref);
        let failure = |outcome: &Outcome, paint| {
            report::failure(outcome, &judged, seen, &shared.program, &shared.redactor, paint)
        };
        let printed = failure(&outcome, shared.paint);
        if verdict != Verdict::Pass {
            outcome.text = failure(&outcome, Paint::Plain);
        }
        shared.outcomes.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
        if verdict == Verdict::Pass { Ok(()) } else { Err(Failed::from(printed)) }
    }
}

fn name(rule: &Rule) -> String {
    format!("client::{}", rule.id)
}

impl Shared {
    /// The statuses of the errors that a rule is about, as the server's trials have them.
    fn kind(&self, rule: &Rule) -> String {
        match rule.proof {
            Proof::Script(at) => self.rules.scripts[at].answer(0).status.to_string(),
            Proof::Always(_) => "all".to_owned(),
        }
    }

    /// The one run of a script.
    async fn record(&self, at: usize) -> Result<Arc<Record>, String> {
        let run = || async {
            let start = self.starts.get().and_then(|starts| starts.get(&at));
            pause(start.copied().unwrap_or_default()).await;
            let permit = self.at_once.acquire().await;
            let record = self.run(&self.rules.scripts[at], at != 0).await;
            drop(permit);
            record.map(Arc::new)
        };
        self.records[at].get_or_init(run).await.clone()
    }

    async fn run(&self, script: &Arc<Script>, watch: bool) -> Result<Record, String> {
        let carriers = self.rules.carriers.clone();
        let mock = Mock::start(Arc::clone(script), carriers).await;
        let mock = mock.map_err(|error| format!("failed to start a mock: {error}"))?;
        let given = Given {
            key: &self.key,
            hidden: &self.hidden,
            patience: script.longest() + self.patience,
            watch,
            groups: &self.groups,
        };
        let wanted = Wanted::new(Arc::clone(&self.key_seeker), mock.ids());
        let ended = command::run(&self.program, &given, &mock, wanted).await;
        let ended =
            ended.map_err(|error| format!("failed to start `{}`: {error}", self.program))?;
        let watched = mock.now();
        let seen = mock.finish().await;
        Ok(Record {
            script: Arc::clone(script),
            attempts: seen.attempts,
            beyond: seen.beyond,
            connections: seen.connections,
            end: ended.end,
            ended: ended.at,
            watched,
            printed: ended.printed,
        })
    }
}

/// Commands have process groups of their own, which an interrupt from the terminal does not reach:
/// they are ended here, and errproof with them.
#[cfg(unix)]
fn end_on_signal(runtime: &Handle, groups: &Groups) {
    use tokio::signal::unix::{SignalKind, signal};
    let _inside = runtime.enter();
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let Ok(mut told) = signal(kind) else { continue };
        let groups = groups.clone();
        tokio::spawn(async move {
            told.recv().await;
            groups.end();
            // The number that shells give to a command that a signal has ended.
            std::process::exit(128 + kind.as_raw_value());
        });
    }
}
