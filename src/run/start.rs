//! A run, from flags to an exit code.

use std::{
    collections::BTreeSet,
    env,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    time::{Instant, SystemTime},
};

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Parser;
use libtest_mimic::{Arguments, Conclusion, FormatSetting, Trial};

use super::{
    carry_out::{Style, trial},
    end::{self, End},
    folder::Fallback,
    options::Options,
    prepare::{Ready, prepare},
    reports::Reports,
};
use crate::{
    report::summary,
    result::{
        collected::Collected,
        outcome::Counts,
        results::{Results, Scope},
        side::{Side, SideResult},
    },
    server::{details::How, suite::Suite},
    shown,
    shown::{redactor::Redactor, secrets::Secrets, text::Shown},
    terminal::{exit, nextest::in_nextest, paint::Paint, print},
};

/// What a test binary with `harness = false` calls: reads the flags, runs, and ends as [`exit`] says.
#[must_use = "return it from main, or the run always succeeds"]
pub fn main() -> ExitCode {
    start(Options::try_parse(), Fallback::None)
}

/// Runs with flags that were read, or says what is wrong with them, and ends as [`exit`] says.
#[must_use = "return it from main, or the run always succeeds"]
pub fn start(options: Result<Options, clap::Error>, fallback: Fallback) -> ExitCode {
    let mut secrets = of_environment();
    match options {
        Ok(options) => {
            let ended = run(options, fallback, &mut secrets);
            end::finish(ended, &secrets.redactor())
        }
        Err(error) => print::usage(&error, &secrets.redactor()),
    }
}

/// What the environment tells to be secret, before any file is read.
pub(crate) fn of_environment() -> Secrets {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    Secrets::of_environment(env::vars_os().map(|(name, value)| (text(name), text(value))))
}

/// A side that is tested, and what came of its trials so far.
struct Tested {
    side: Box<dyn Side>,
    collected: Arc<Mutex<Collected>>,
    trials: Vec<Trial>,
}

fn run(options: Options, fallback: Fallback, secrets: &mut Secrets) -> Result<u8, End> {
    let Ready { contract, sides, suite, redactor, _running } =
        prepare(&options, fallback, secrets)?;
    let reports = Reports::new(&options)?;
    let mut tests = options.tests.clone();
    if tests.test_threads.is_none() && suite.as_ref().is_some_and(Suite::is_live) {
        tests.test_threads = Some(LIVE_THREADS);
    }
    let style = Style {
        strict: options.strict,
        keep: reports.keep(),
        paint: Paint::from_flags(&tests),
        in_nextest: in_nextest(),
    };
    let tested = |side: Box<dyn Side>| {
        let collected = Arc::<Mutex<Collected>>::default();
        let trials = side.trials(style.keep).into_iter();
        let trials = trials.map(|one| trial(&*side, one, style, &collected)).collect();
        Tested { side, collected, trials }
    };
    let mut tested: Vec<Tested> = sides.into_iter().map(tested).collect();
    let all = tested.iter().map(|tested| tested.trials.len()).sum();
    let selected: BTreeSet<String> = tested
        .iter()
        .flat_map(|tested| &tested.trials)
        .filter(|trial| !tests.is_filtered_out(trial))
        .map(|trial| trial.name().to_owned())
        .collect();
    let scope = Scope { selected: selected.len(), all };
    if !tests.list && selected.is_empty() {
        let by = selection(&tests, &redactor);
        return Err(End::Nothing(shown!["none of the ", all, " trials is selected", by]));
    }
    let mut trials = Vec::new();
    for one in &mut tested {
        trials.append(&mut one.trials);
    }
    if !tests.list {
        // A side that no selected trial is about is not asked and not summed up.
        tested.retain(|tested| {
            let names = tested.side.trials(style.keep);
            names.iter().any(|trial| selected.contains(&trial.name))
        });
        for Tested { side, .. } in &tested {
            side.ready(&selected)?;
        }
    }
    let (started, begin) = (SystemTime::now(), Instant::now());
    let conclusion = libtest_mimic::run(&tests, trials);
    if tests.list {
        return Ok(exit::SUCCESS);
    }
    let how = How { strict: options.strict, allow_production: options.allow_production };
    let mut server = None;
    let results = tested.iter().map(|Tested { side, collected, .. }| {
        let collected = collected.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(suite), crate::result::side::SideName::Server) = (&suite, side.name()) {
            server = Some(suite.collector.details(&collected, how));
        }
        side.result(&collected)
    });
    let sides: Vec<SideResult> = results.collect();
    let results = Results {
        errproof: env!("CARGO_PKG_VERSION"),
        contract: redactor.line(&contract.name),
        started: DateTime::<Utc>::from(started).to_rfc3339_opts(SecondsFormat::Secs, true),
        seconds: begin.elapsed().as_secs_f64(),
        scope,
        counts: sides.iter().fold(Counts::default(), |counts, side| counts + side.counts),
        sides,
        server,
    };
    let written = reports.write(&results);
    if !tests.quiet && !matches!(tests.format, Some(FormatSetting::Terse | FormatSetting::Json)) {
        print::line(&shown![summary::render(&results), reports.note(&redactor)]);
    }
    reports.annotate(&results, &contract.root, &redactor);
    // A broken contract is said before a report that could not be written.
    match code(&conclusion, &results)? {
        exit::SUCCESS => written.map(|()| exit::SUCCESS).map_err(End::from),
        code => {
            if let Err(fault) = written {
                print::problem(&crate::source::fault::Faults::from(fault).shown(&redactor));
            }
            Ok(code)
        }
    }
}

/// Trials wait on the network, so more of them run at once than there are cores. Sixteen keep a
/// target at sixteen requests at a time: less than a browser's six connections for three tabs.
const LIVE_THREADS: usize = 16;

fn code(conclusion: &Conclusion, results: &Results) -> Result<u8, End> {
    let proven = conclusion.num_passed + conclusion.num_failed;
    // In nextest each trial is a process of its own, and an ignored one is nothing unusual.
    match conclusion.has_failed() {
        true => Ok(exit::BROKEN),
        false if in_nextest() => Ok(exit::SUCCESS),
        false if proven == 0 => {
            Err(End::Nothing("every selected trial is ignored, so nothing was proven".into()))
        }
        // Another side's green trials say nothing of this one.
        false => match results.sides.iter().find(|side| side.counts.proves_nothing()) {
            Some(side) => Err(End::Nothing(shown![
                "every selected trial of the ",
                side.side.as_str(),
                " is ignored, so nothing of it was proven",
            ])),
            None => Ok(exit::SUCCESS),
        },
    }
}

fn selection(tests: &Arguments, redactor: &Redactor) -> Shown {
    let filter = tests.filter.as_ref();
    let filter = filter.map(|filter| shown![" by `", redactor.line(filter), "`"]);
    let skip = match tests.skip.is_empty() {
        true => Shown::default(),
        false => shown![", skipping `", redactor.line(&tests.skip.join("`, `")), "`"],
    };
    shown![filter.unwrap_or_default(), skip]
}
