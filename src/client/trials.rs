//! The rules as trials. Each script is run once, all at the same time since the waits are real, and every
//! rule that it says something of is judged from that one run.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use tokio::{
    runtime::Handle,
    sync::{OnceCell, Semaphore},
};

use super::{
    command::{self, API_KEY, Afterwards, CommandSetup, Program},
    group::Groups,
    judge::{self, Judged},
    output::Wanted,
    record::Record,
    rule::{Proof, Rule, Rules, Script},
    server::Mock,
};
use crate::{
    checks::sheet::Noted,
    contract::Contract,
    exchange::clock::pause,
    result::{
        collected::Collected,
        finding::Finding,
        outcome::Outcome,
        side::{Ahead, Foreseen, Manner, NotReady, Side, SideResult, SideTrial},
        side_name::SideName,
        timeline::Printed,
        trial::TrialResult,
        unproven::Owed,
        verdict::weigh,
    },
    shown,
    shown::{
        plural::plural,
        redactor::Redactor,
        secret::{Named, Secret},
        secrets::Secrets,
        text::Shown,
    },
    source::fault::Fault,
    targets::known::{Day, Known},
};

/// How far apart the runs begin at most, the longest first. Twenty interpreters that start at
/// once on two cores take 3 s, and the longest run would be late by that; it is to start alone, and
/// the short ones have its time to spare.
const APART: Duration = Duration::from_millis(250);

/// By how much runs that are all alike may be spread: half of what the whole may take beyond the
/// longest of them.
const SPREAD: Duration = Duration::from_secs(1);

/// How much of what a command printed is shown, from its end.
const SHOWN_OUTPUT: usize = 600;

/// How many runs are named in a finding's place. A client that is wrong in one way is wrong in most runs.
const NAMED_RUNS: usize = 1;

/// A client that is tested.
#[derive(Debug, Clone)]
pub struct Clients(Arc<ClientsShared>);

#[derive(Debug)]
struct ClientsShared {
    rules: Rules,
    program: Program,
    patience: Duration,
    key: Secret,
    hidden: Vec<String>,
    /// Looks for the client's key alone.
    key_seeker: Arc<Redactor>,
    /// Takes all keys of the run out of what is shown.
    redactor: Arc<Redactor>,
    /// One for each script, run once. Some rules are judged from all of them.
    records: Vec<OnceCell<Result<Arc<Record>, String>>>,
    at_once: Semaphore,
    /// When each script of this run begins, after its beginning.
    starts: OnceLock<BTreeMap<usize, Duration>>,
    groups: Groups,
    runtime: Handle,
    known: Vec<Known>,
    today: Day,
}

/// What a person said of the client.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The command.
    pub command: &'a Secret,
    /// How long a run of it may take beyond the waits that it is told.
    pub patience: Duration,
    /// How many runs there may be at once; all of them if nothing was said.
    pub at_once: Option<usize>,
}

/// What a client's run shares with the others.
#[derive(Debug)]
pub struct Surroundings<'a> {
    /// What it is carried out on.
    pub runtime: &'a Handle,
    /// Everything that is known to be secret.
    pub secrets: &'a Secrets,
    /// Variables that the client must not see: they hold the secrets of a target.
    pub hidden: Vec<String>,
    /// Deviations that are known.
    pub known: Vec<Known>,
}

impl Clients {
    /// Makes the scripts and a key for the client. Nothing is started.
    ///
    /// # Errors
    /// If the contract says nothing of clients, or the command is none.
    pub fn new(
        contract: &Contract,
        asked: Asked<'_>,
        around: Surroundings<'_>,
    ) -> Result<Self, Fault> {
        let rules = Rules::new(contract)?;
        let program = Program::parse(asked.command)?;
        let key = Secret::new(contract.key.fresh(&mut |below| fastrand::usize(..below)));
        let own = Named { secret: key.clone(), label: format!("${API_KEY}") };
        let mut secrets = around.secrets.clone();
        let first = secrets.add_first(&[own]);
        secrets.set_prefix(&contract.key.prefix);
        let redactor = secrets.redactor();
        let at_once = asked.at_once.unwrap_or(rules.scripts.len());
        Ok(Self(Arc::new(ClientsShared {
            program,
            patience: asked.patience,
            hidden: around.hidden,
            key_seeker: Arc::new(redactor.of_the_first(first)),
            redactor: Arc::new(redactor),
            key,
            records: rules.scripts.iter().map(|_| OnceCell::new()).collect(),
            rules,
            at_once: Semaphore::new(at_once),
            starts: OnceLock::new(),
            groups: Groups::default(),
            runtime: around.runtime.clone(),
            known: around.known,
            today: Day::today(),
        })))
    }

    /// Starts every run that these trials need, so that they wait at the same time however few
    /// threads the test run has.
    fn start(&self, selected: &BTreeSet<String>) {
        let rules = &self.0.rules;
        let wanted = rules.rules.iter().filter(|rule| selected.contains(&name(rule)));
        let needed: BTreeSet<usize> = wanted.flat_map(|rule| rules.scripts_of(rule)).collect();
        let mut order: Vec<usize> = needed.into_iter().collect();
        order.sort_by_key(|at| Reverse(rules.scripts[*at].longest()));
        let longest = order.first().map_or(Duration::ZERO, |at| rules.scripts[*at].shortest());
        let many = u32::try_from(order.len()).unwrap_or(u32::MAX).max(1);
        let apart = APART.min((longest + SPREAD) / many);
        let starts: BTreeMap<usize, Duration> =
            order.into_iter().zip((0..).map(|place| apart * place)).collect();
        for at in self.0.starts.get_or_init(|| starts).keys().copied() {
            let shared = Arc::clone(&self.0);
            drop(self.0.runtime.spawn(async move { shared.record(at).await.is_ok() }));
        }
    }

    fn carry_out(&self, at: usize) -> TrialResult {
        let begin = Instant::now();
        let shared = &self.0;
        let rule = &shared.rules.rules[at];
        let scripts = shared.rules.scripts_of(rule);
        let records = shared.runtime.block_on(async {
            let mut records = Vec::new();
            for at in scripts {
                records.push(shared.record(at).await);
            }
            records
        });
        let judged = if let Some(why) = records.iter().find_map(|record| record.as_ref().err()) {
            Judged { unjudged: Some(why.clone()), ..Judged::default() }
        } else {
            let records: Vec<&Record> = records.iter().flatten().map(AsRef::as_ref).collect();
            judge::judge(&shared.rules, rule, &records, &shared.key)
        };
        let records: Vec<Arc<Record>> = records.into_iter().flatten().collect();
        shared.result(rule, &judged, &records, begin.elapsed())
    }
}

impl Side for Clients {
    fn name(&self) -> SideName {
        SideName::Client
    }

    fn subject(&self) -> Shown {
        self.0.program.shown(&self.0.redactor)
    }

    fn trials(&self, _manner: Manner) -> Vec<SideTrial> {
        let trial = |(at, rule): (usize, &Rule)| {
            let clients = self.clone();
            SideTrial {
                name: name(rule),
                kind: self.0.kind(rule),
                ignored: Foreseen::CarriedOut,
                carry_out: Box::new(move || clients.carry_out(at)),
            }
        };
        self.0.rules.rules.iter().enumerate().map(trial).collect()
    }

    /// Runs the command once, against a mock that answers with success: one message instead of a
    /// failure for each rule.
    fn ready(&self, selected: &BTreeSet<String>) -> Result<(), NotReady> {
        let shared = &self.0;
        #[cfg(unix)]
        end_on_signal(&shared.runtime, &shared.groups);
        let record = shared.runtime.block_on(shared.record(0));
        let record = record.map_err(|why| NotReady::Fault(Fault::general(why)))?;
        if let Err(why) = judge::ready(&record) {
            let (program, why) =
                (shared.program.shown(&shared.redactor), shared.redactor.line(&why));
            return Err(NotReady::Unreachable(shown![
                program,
                ": ",
                why,
                shared.last_words(&record)
            ]));
        }
        self.start(selected);
        Ok(())
    }

    fn result(&self, collected: &Collected) -> SideResult {
        let shared = &self.0;
        let place = |trial: &TrialResult| {
            let rules = shared.rules.rules.iter();
            rules.map(name).position(|name| name == trial.name.as_str())
        };
        let mut trials = collected.trials.clone();
        trials.sort_by_key(place);
        let subject = shared.program.shown(&shared.redactor);
        SideResult {
            side: SideName::Client,
            headline: headline(&subject, &trials),
            subject,
            counts: collected.counts(),
            trials,
            advice: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn plan(&self, _: &Ahead) -> Shown {
        let Rules { scripts, rules, .. } = &self.0.rules;
        let longest = scripts.iter().map(|script| script.shortest()).max().unwrap_or_default();
        let program = self.0.program.shown(&self.0.redactor);
        shown![
            program,
            ": ",
            rules.len(),
            " rules, ",
            scripts.len(),
            " runs of the command at once\ntime: at least ",
            longest.as_secs(),
            " s",
        ]
    }
}

fn name(rule: &Rule) -> String {
    format!("client::{}", rule.id)
}

/// Which rules the client keeps, in one line.
fn headline(subject: &Shown, trials: &[TrialResult]) -> Shown {
    let names = |wanted: &[Outcome]| {
        let of = trials.iter().filter(|trial| wanted.contains(&trial.outcome));
        let mut names: Vec<Shown> = of
            .map(|trial| trial.name.escaped(|name| name.trim_start_matches("client::").to_owned()))
            .collect();
        names.sort_unstable();
        names
    };
    let kept = names(&[Outcome::Pass]).len();
    let mut text = shown![plural(trials.len(), "rule"), " on ", subject, ": ", kept, " kept"];
    for (what, outcomes) in [
        (" broken (", &[Outcome::Fail][..]),
        (" listed as known but mended (", &[Outcome::Stale]),
        (" broken as known (", &[Outcome::Known]),
        (" not judged (", &[Outcome::Error]),
    ] {
        let names = names(outcomes);
        if !names.is_empty() {
            text = shown![text, ", ", names.len(), what, Shown::joined(&names, ", "), ")"];
        }
    }
    text
}

impl ClientsShared {
    /// The result of one rule.
    fn result(
        &self,
        rule: &Rule,
        judged: &Judged,
        records: &[Arc<Record>],
        took: Duration,
    ) -> TrialResult {
        let trial = name(rule);
        let known: Vec<&Known> = self.known.iter().filter(|known| known.covers(&trial)).collect();
        let verdict = weigh(&judged.sheet, judged.unjudged.as_deref(), &known, self.today);
        let outcome = Outcome::from(&verdict);
        let finding =
            |noted: &Noted| Finding::of(noted, self.place(noted, records), None, &self.redactor);
        // Those with findings come first.
        let found = |at: &usize| judged.sheet.noted().iter().any(|noted| noted.on.contains(at));
        let mut order: Vec<usize> = (0..records.len()).collect();
        order.sort_by_key(|at| !found(at));
        let first = order.first().map(|at| &records[*at]);
        TrialResult {
            name: self.redactor.line(&trial),
            side: SideName::Client,
            code: None,
            status: None,
            point: None,
            outcome,
            why: verdict.why().map(|why| self.redactor.line(why)),
            promise: self.redactor.line(&rule.promise.says),
            source: self.redactor.line(&rule.promise.source),
            file: None,
            line: None,
            held: judged.sheet.held().collect(),
            findings: judged.sheet.noted().iter().map(finding).collect(),
            advice: Vec::new(),
            owed: Owed::Always,
            without_twin: None,
            seconds: took.as_secs_f64(),
            evidence: None,
            timelines: order.iter().map(|at| records[*at].timeline(&self.redactor)).collect(),
            printed: match outcome {
                Outcome::Pass => None,
                _ => first.map(|record| self.printed(record)),
            },
        }
    }

    /// The runs in which something does not hold, where many were looked at.
    fn place(&self, noted: &Noted, records: &[Arc<Record>]) -> Shown {
        if records.len() < 2 {
            return Shown::default();
        }
        let runs = noted.on.iter().filter_map(|at| records.get(*at));
        let named = runs.take(NAMED_RUNS).map(|record| self.redactor.line(&record.script.name));
        let named = Shown::joined(&named.collect::<Vec<_>>(), ", ");
        match noted.on.len().saturating_sub(NAMED_RUNS) {
            0 => named,
            more => shown![named, " and ", more, " more"],
        }
    }

    fn printed(&self, record: &Record) -> Printed {
        let end = |stream: &str| self.redactor.end_of(stream, SHOWN_OUTPUT);
        Printed { stdout: end(&record.printed.stdout), stderr: end(&record.printed.stderr) }
    }

    /// The last line that a command printed, as the end of a sentence about it.
    fn last_words(&self, record: &Record) -> Shown {
        let Printed { stdout, stderr } = self.printed(record);
        let last = |stream: Shown| {
            stream.escaped(|text| text.lines().next_back().unwrap_or_default().to_owned())
        };
        let words = [stderr, stdout].into_iter().map(last).find(|line| !line.is_empty());
        words.map(|line| shown!["; it printed: ", line]).unwrap_or_default()
    }

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
            let afterwards = if at == 0 { Afterwards::Ends } else { Afterwards::Watches };
            let permit = self.at_once.acquire().await;
            let record = self.run(&self.rules.scripts[at], afterwards).await;
            drop(permit);
            record.map(Arc::new)
        };
        self.records[at].get_or_init(run).await.clone()
    }

    async fn run(&self, script: &Arc<Script>, afterwards: Afterwards) -> Result<Record, String> {
        let carriers = self.rules.carriers.clone();
        let mock = Mock::start(Arc::clone(script), carriers).await;
        let mock = mock.map_err(|error| format!("failed to start a mock: {error}"))?;
        let given = CommandSetup {
            key: &self.key,
            hidden: &self.hidden,
            patience: script.longest() + self.patience,
            afterwards,
            groups: &self.groups,
        };
        let wanted = Wanted::new(Arc::clone(&self.key_seeker), mock.ids());
        let ended = command::run(&self.program, &given, &mock, wanted).await;
        let ended = ended
            .map_err(|error| format!("failed to start `{}`: {error}", self.program.written()))?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::example;

    #[test]
    fn a_client_is_said_to_keep_rules_or_to_break_them_by_name() {
        let side = example::side(SideName::Client);
        let line = headline(&side.subject, &side.trials);
        insta::assert_snapshot!(line);
        assert_eq!(line, side.headline, "the example's own");
    }
}
