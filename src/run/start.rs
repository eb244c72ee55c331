//! A run, from flags to an exit code.

use std::{
    process::ExitCode,
    time::{Instant, SystemTime},
};

use clap::Parser;
use libtest_mimic::{Arguments, Conclusion, FormatSetting, Trial};

use super::{
    end::{self, End},
    folder::Fallback,
    options::Options,
    prepare::{Ready, prepare},
    reports::Reports,
};
use crate::{
    report::{self},
    result::results::{Results, Scope},
    server::collect::{self, How, Sides},
    terminal::{paint::Paint, print},
};
use crate::{
    server::suite::{Style, Unproven},
    terminal::{activity::Lines, exit, nextest::in_nextest},
};

/// What a test binary with `harness = false` calls: reads the flags, runs, and ends as [`exit`] says.
#[must_use = "return it from main, or the run always succeeds"]
pub fn main() -> ExitCode {
    start(Options::try_parse(), Fallback::None)
}

/// Runs with flags that were read, or says what is wrong with them, and ends as [`exit`] says.
#[must_use = "return it from main, or the run always succeeds"]
pub fn start(options: Result<Options, clap::Error>, fallback: Fallback) -> ExitCode {
    match options {
        Ok(options) => end::finish(run(options, fallback)),
        Err(error) => print::usage(&error),
    }
}

fn run(mut options: Options, fallback: Fallback) -> Result<u8, End> {
    let Ready { runtime, contract, suite, clients, docs, _bundled } = prepare(&options, fallback)?;
    let reports = Reports::new(&options)?;
    let tests = &mut options.tests;
    let is_live = suite.as_ref().is_some_and(|suite| !suite.run.target.is_bundled());
    if tests.test_threads.is_none() && is_live {
        tests.test_threads = Some(LIVE_THREADS);
    }
    let one_at_a_time = tests.test_threads == Some(1) && tests.format != Some(FormatSetting::Json);
    let style = Style {
        unproven: if options.strict { Unproven::Fail } else { Unproven::Ignore },
        keep: reports.keep(),
        paint: Paint::from_flags(tests),
        lines: Some(if one_at_a_time { Lines::Begun } else { Lines::Whole }),
    };
    let server = suite.iter().flat_map(|suite| suite.trials(runtime.handle(), style));
    let mut trials: Vec<Trial> = server.collect();
    let is_selected = |trial: &Trial| !tests.is_filtered_out(trial);
    let selected = trials.iter().filter(|trial| is_selected(trial)).count();
    // A side that no selected trial is about is not asked and not summed up.
    let suite = suite.filter(|_| selected > 0);
    let of_client = clients.iter().flat_map(|clients| clients.trials(runtime.handle()));
    let of_client: Vec<Trial> = of_client.collect();
    let clients = clients.filter(|_| of_client.iter().any(is_selected));
    trials.extend(of_client);
    let page = docs.trials(runtime.handle(), style.paint);
    let asks_docs = page.iter().any(is_selected);
    trials.extend(page);
    let selected = trials.iter().filter(|trial| is_selected(trial)).count();
    let scope = Scope { selected, all: trials.len() };
    if !tests.list {
        if selected == 0 {
            let (all, by) = (trials.len(), selection(tests));
            return Err(End::Nothing(format!("none of the {all} trials is selected{by}")));
        }
        docs.load(runtime.handle(), is_selected).map_err(End::Unreachable)?;
        if let Some(suite) = &suite {
            let ready = runtime.block_on(suite.run.preflight(&suite.plan.preflight));
            ready.map_err(|why| End::Unreachable(suite.redact(&why)))?;
        }
        if let Some(clients) = &clients {
            clients.preflight(runtime.handle())?.map_err(End::Unreachable)?;
            clients.start(runtime.handle(), is_selected);
        }
    }
    let (started, begin) = (SystemTime::now(), Instant::now());
    let conclusion = libtest_mimic::run(tests, trials);
    if tests.list {
        return Ok(exit::SUCCESS);
    }
    let how = How { strict: options.strict, allow_production: options.allow_production };
    let results = collect::results(
        &contract,
        Sides {
            server: suite.map(|suite| suite.results(how)),
            client: clients.map(|clients| clients.result()),
            page: asks_docs.then(|| docs.result()),
            started,
            seconds: begin.elapsed().as_secs_f64(),
            scope,
        },
    );
    let written = reports.write(&results);
    if !tests.quiet && !matches!(tests.format, Some(FormatSetting::Terse | FormatSetting::Json)) {
        let end = report::summary::render(&results) + &reports.note();
        print::line(end.trim_end());
    }
    reports.annotate(&results, &contract.root);
    // A broken contract is said before a report that could not be written.
    match code(&conclusion, &results)? {
        exit::SUCCESS => written.map(|()| exit::SUCCESS).map_err(End::from),
        code => {
            written.unwrap_or_else(|fault| print::problem(&fault.to_string()));
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
            Err(End::Nothing("every selected trial is ignored, so nothing was proven".to_owned()))
        }
        // Another side's green trials say nothing of the server.
        false if results.server.as_ref().is_some_and(|server| server.counts.proves_nothing()) => {
            let why = "every selected trial of the server is ignored, so nothing of it was proven";
            Err(End::Nothing(why.to_owned()))
        }
        false => Ok(exit::SUCCESS),
    }
}

fn selection(tests: &Arguments) -> String {
    let filter = tests.filter.as_ref().map(|filter| format!(" by `{filter}`"));
    let skip =
        (!tests.skip.is_empty()).then(|| format!(", skipping `{}`", tests.skip.join("`, `")));
    format!("{}{}", filter.unwrap_or_default(), skip.unwrap_or_default())
}
