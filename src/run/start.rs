//! A run, from flags to an exit code.

use std::{
    collections::BTreeSet,
    env,
    ffi::OsString,
    iter,
    process::ExitCode,
    sync::{Arc, Mutex, MutexGuard},
    time::{Instant, SystemTime},
};

use clap::Parser;
use libtest_mimic::{Arguments, FormatSetting, Trial};

use super::{
    carry_out::{Style, trial},
    conclude::conclude,
    end::{self, End},
    folder::Fallback,
    options::{Deniable, Options},
    prepare::{Ready, prepare},
    reports::Reports,
};
use crate::{
    exchange::locked::Locked as _,
    report::summary,
    result::{
        advised::Advised,
        collected::Collected,
        outcome::Counts,
        repeat::FirstShown,
        results::{Results, Scope},
        side::{Manner, Side, SideResult},
        side_name::SideName,
        unproven::Unproven,
    },
    server::{
        details::{How, Production},
        suite::Suite,
    },
    shown,
    shown::{redactor::Redactor, secrets::Secrets, text::Shown},
    terminal::{
        exit,
        harness::{self, HarnessEnd},
        nextest::Process,
        paint::Paint,
        print::{self, Unwritten},
    },
};

/// What a test binary with `harness = false` calls: reads the flags, runs, and ends as [`exit`] says.
#[must_use = "return it from main, or the run always succeeds"]
pub fn main() -> ExitCode {
    start(Options::try_parse(), Fallback::None)
}

impl Options {
    /// Reads flags as [`main`] reads those of its process, without the program's name in front. For a
    /// flag that is not there, its variable of the environment counts.
    ///
    /// # Errors
    /// If the flags are wrong: errproof says so on stderr, and the code is [`exit::USAGE`]. Or if they ask
    /// for `--help` alone: errproof prints it, and the code is [`exit::SUCCESS`].
    pub fn from_flags<Flags>(flags: Flags) -> Result<Self, ExitCode>
    where
        Flags: IntoIterator,
        Flags::Item: Into<OsString>,
    {
        let program = OsString::from(env!("CARGO_PKG_NAME"));
        let words = iter::once(program).chain(flags.into_iter().map(Into::into));
        Self::try_parse_from(words)
            .map_err(|error| print::usage(&error, &of_environment().redactor()))
    }

    /// Runs the contract and prints as a standard test run does. [`exit`] lists the codes it can end with.
    #[must_use = "return it from main, or a broken contract goes unnoticed"]
    pub fn run(self) -> ExitCode {
        start(Ok(self), Fallback::None)
    }
}

/// Runs with flags that were read, or says what is wrong with them, and ends as [`exit`] says.
#[must_use = "return it from main, or the run always succeeds"]
pub fn start(options: Result<Options, clap::Error>, fallback: Fallback) -> ExitCode {
    let mut secrets = of_environment();
    match options {
        Ok(options) => {
            let ended = run(&options, fallback, &mut secrets);
            end::finish(ended, || secrets.redactor())
        }
        Err(error) => print::usage(&error, &secrets.redactor()),
    }
}

/// What the environment tells to be secret, before any file is read.
pub(crate) fn of_environment() -> Secrets {
    let text = |text: OsString| text.to_string_lossy().into_owned();
    Secrets::of_environment(env::vars_os().map(|(name, value)| (text(name), text(value))))
}

fn run(options: &Options, fallback: Fallback, secrets: &mut Secrets) -> Result<u8, End> {
    let Ready { contract, sides, suite, redactor, _running } = prepare(options, fallback, secrets)?;
    let process = match fallback {
        Fallback::None => Process::of_test_binary(&options.tests),
        // nextest starts test binaries, and never the command.
        Fallback::BuiltIn => Process::Run,
    };
    let reports = Reports::new(options, process)?;
    if let Some(suite) = &suite {
        suite.run.judge.know_run_before(reports.request_ids_before().clone());
    }
    let mut tests = options.tests.clone();
    tests.test_threads = threads(&tests, suite.as_ref());
    let advised = match options.deny {
        Some(Deniable::Advice) => Advised::Denied,
        None => Advised::Shown,
    };
    let unproven = if options.strict { Unproven::Fail } else { Unproven::Ignore };
    let style = Style {
        manner: Manner { keep: reports.keep(), unproven, advised },
        paint: Paint::from_flags(&tests),
        process,
    };
    let first = Arc::default();
    let tested = |side| Tested { side, collected: Arc::default(), first: Arc::clone(&first) };
    let mut tested: Vec<Tested> = sides.into_iter().map(tested).collect();
    let trials: Vec<Trial> = tested.iter().flat_map(|tested| tested.trials(style)).collect();
    let is_selected = |trial: &Trial| !tests.is_filtered_out(trial);
    let selected = trials.iter().filter(|trial| is_selected(trial));
    let selected: BTreeSet<String> = selected.map(|trial| trial.name().to_owned()).collect();
    let left_out = left_out(suite.as_ref());
    let scope = Scope { selected: selected.len(), all: trials.len() + left_out.len() };
    if tests.list {
        let (_, heard) = carry_out(&tests, trials, Vec::new);
        return heard.map(|()| exit::SUCCESS).map_err(End::from);
    }
    if selected.is_empty() {
        return Err(nothing_selected(scope.all, &tests, left_out, &redactor));
    }
    if tests.bench {
        // The harness would call each trial ignored, after the target was asked whether it is there.
        let why =
            "nothing was tested: --bench runs benchmarks instead of tests, and errproof has none";
        return Err(End::Nothing(why.into()));
    }
    // A side that no selected trial is about is not asked and not summed up.
    tested.retain(|tested| tested.trials(style).iter().any(is_selected));
    for Tested { side, .. } in &tested {
        side.ready(&selected)?;
    }
    let (started, begin) = (SystemTime::now(), Instant::now());
    let (is_red, mut heard) = carry_out(&tests, trials, || {
        let done = tested.iter().map(|tested| tested.collected().counts().all()).sum();
        let all = tested.iter().flat_map(|tested| tested.trials(style));
        // One thread carries them out in this order; where there are more, none is left.
        all.filter(is_selected).skip(done).collect()
    });
    let unrecorded = suite.as_ref().and_then(|suite| suite.run.snapshots.unwritten());
    let mut lost: Vec<Shown> = unrecorded.map(|why| why.shown(&redactor)).into_iter().collect();
    let how = How { unproven, production: Production::of_flag(options.allow_production) };
    let details = |suite: &Suite| {
        let server = tested.iter().find(|tested| tested.side.name() == SideName::Server)?;
        Some(suite.collector.details(&server.collected(), how))
    };
    let server = suite.as_ref().and_then(details);
    let sides: Vec<SideResult> =
        tested.iter().map(|tested| tested.side.result(&tested.collected())).collect();
    let causes =
        |(tested, side): (&Tested, &SideResult)| tested.collected().causes(side.side, &side.trials);
    let results = Results {
        errproof: env!("CARGO_PKG_VERSION"),
        contract: redactor.line(&contract.name),
        started: redactor.line(&humantime::format_rfc3339_seconds(started).to_string()),
        seconds: begin.elapsed().as_secs_f64(),
        scope,
        causes: tested.iter().zip(&sides).flat_map(causes).collect(),
        counts: sides.iter().fold(Counts::default(), |counts, side| counts + side.counts),
        sides,
        server,
    };
    let ids = suite.as_ref().map(|suite| suite.run.judge.request_ids()).unwrap_or_default();
    let ids: Vec<_> = ids.iter().map(|id| redactor.line(id)).collect();
    let ids = reports.write_request_ids(&ids);
    lost.extend(ids.err().map(|why| why.shown(&redactor)));
    lost.extend(reports.write(&results).err().map(|why| why.shown(&redactor)));
    if !tests.quiet && !matches!(tests.format, Some(FormatSetting::Terse | FormatSetting::Json)) {
        let end = shown![summary::render(&results, &first.locked()), reports.note(&redactor)];
        heard = heard.and_then(|()| print::line(&end));
    }
    heard = heard.and_then(|()| reports.annotate(&results, &contract.root, &redactor));
    lost.extend(heard.err().map(|why| why.shown(&redactor)));
    conclude(&results, is_red, unproven, process, &lost)
}

/// A side that is tested, and the results of its trials so far.
struct Tested {
    side: Box<dyn Side>,
    collected: Arc<Mutex<Collected>>,
    /// What the trials of all sides have shown so far.
    first: Arc<Mutex<FirstShown>>,
}

impl Tested {
    fn trials(&self, style: Style) -> Vec<Trial> {
        let trials = self.side.trials(style.manner).into_iter();
        trials.map(|one| trial(&*self.side, one, style, &self.collected, &self.first)).collect()
    }

    fn collected(&self) -> MutexGuard<'_, Collected> {
        self.collected.locked()
    }
}

/// Trials wait on the network, so more of them run at once than there are cores. Sixteen keep a
/// target at sixteen requests at a time: less than a browser's six connections for three tabs.
const LIVE_THREADS: usize = 16;

/// How many trials are carried out at once, unless the test harness decides it: as many as there are cores.
pub(super) fn threads(tests: &Arguments, suite: Option<&Suite>) -> Option<usize> {
    let live = suite.is_some_and(Suite::is_live).then_some(LIVE_THREADS);
    tests.test_threads.or(live)
}

/// The names of the trials that `--quick` leaves out.
pub(super) fn left_out(suite: Option<&Suite>) -> &[String] {
    suite.map(|suite| &*suite.plan.left_out).unwrap_or_default()
}

/// Why a run of no trial is none. What would be selected of those that are `left_out` is said.
pub(super) fn nothing_selected(
    all: usize,
    tests: &Arguments,
    left_out: &[String],
    redactor: &Redactor,
) -> End {
    let by = selection(tests, redactor);
    let is_selected = |name: &&String| !tests.is_filtered_out(&unplayed((*name).clone()));
    let hint = match left_out.iter().filter(is_selected).count() {
        0 => Shown::default(),
        some => shown![": --quick leaves out ", some, " that would be"],
    };
    End::Nothing(shown!["none of the ", all, " trials is selected", by, hint])
}

/// A trial that is only looked at.
pub(super) fn unplayed(name: String) -> Trial {
    Trial::test(name, || Ok(()))
}

/// Carries the trials out, and tells whether one is known to be red and whether all lines could be
/// written. Whoever reads them, a run goes on to its end, since it has reports to write and an exit
/// code of its own: what is `left` is carried out without a line.
fn carry_out(
    tests: &Arguments,
    trials: Vec<Trial>,
    left: impl FnOnce() -> Vec<Trial>,
) -> (bool, Result<(), Unwritten>) {
    let error = match harness::run(tests, trials) {
        HarnessEnd::Whole(conclusion) => return (conclusion.has_failed(), Ok(())),
        HarnessEnd::Unwritten(error) => error,
    };
    let ended = harness::run_unheard(tests, left());
    let is_red = matches!(ended, HarnessEnd::Whole(conclusion) if conclusion.has_failed());
    (is_red, Unwritten::unless_closed(harness::output(tests), Err(error)))
}

fn selection(tests: &Arguments, redactor: &Redactor) -> Shown {
    let filter = tests.filter.as_ref();
    let filter = filter.map(|filter| shown![" by `", redactor.line(filter), "`"]);
    let filter = filter.unwrap_or_default();
    if tests.skip.is_empty() {
        return filter;
    }
    shown![filter, ", skipping `", redactor.line(&tests.skip.join("`, `")), "`"]
}
