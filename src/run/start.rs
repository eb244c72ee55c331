//! A run, from flags to an exit code.

use std::{
    process::ExitCode,
    time::{Instant, SystemTime},
};

use clap::Parser;
use libtest_mimic::{Arguments, FormatSetting, Trial};

use super::{
    conclude::conclude,
    end::{self, End},
    folder::Fallback,
    options::Options,
    prepare::{Ready, prepare},
    reports::Reports,
};
use crate::{
    client::trials::Clients,
    report,
    result::{results::Scope, unproven::Unproven},
    server::{
        collect::{self, How, Sides},
        suite::{Style, Suite},
    },
    terminal::{
        activity::Lines,
        exit,
        harness::{self, Ended},
        paint::Paint,
        print::{self, Unwritten},
    },
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
    let unproven = if options.strict { Unproven::Fail } else { Unproven::Ignore };
    let style = Style {
        unproven,
        keep: reports.keep(),
        paint: Paint::from_flags(tests),
        lines: Some(if one_at_a_time { Lines::Begun } else { Lines::Whole }),
    };
    let of_server = |suite: &Suite| suite.trials(runtime.handle(), style);
    let of_client = |clients: &Clients| clients.trials(runtime.handle());
    let of_page = || docs.trials(runtime.handle(), style.paint);
    let is_selected = |trial: &Trial| !tests.is_filtered_out(trial);
    let mut trials: Vec<Trial> = suite.iter().flat_map(of_server).collect();
    let selected = trials.iter().filter(|trial| is_selected(trial)).count();
    // A side that no selected trial is about is not asked and not summed up.
    let suite = suite.filter(|_| selected > 0);
    let client: Vec<Trial> = clients.iter().flat_map(of_client).collect();
    let clients = clients.filter(|_| client.iter().any(is_selected));
    trials.extend(client);
    let page = of_page();
    let asks_docs = page.iter().any(is_selected);
    trials.extend(page);
    let selected = trials.iter().filter(|trial| is_selected(trial)).count();
    let scope = Scope { selected, all: trials.len() };
    if tests.list {
        let (_, heard) = carry_out(tests, trials, Vec::new);
        return heard.map(|()| exit::SUCCESS).map_err(End::from);
    }
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
    let (started, begin) = (SystemTime::now(), Instant::now());
    let (is_red, mut heard) = carry_out(tests, trials, || {
        let done = suite.as_ref().map_or(0, Suite::carried_out)
            + clients.as_ref().map_or(0, |clients| clients.outcomes().len())
            + docs.outcomes().len();
        let all = suite.iter().flat_map(of_server).chain(clients.iter().flat_map(of_client));
        // One thread carries them out in this order; where there are more, none is left.
        all.chain(of_page()).filter(is_selected).skip(done).collect()
    });
    let how = How { strict: options.strict, allow_production: options.allow_production };
    let unrecorded = suite.as_ref().and_then(|suite| suite.run.snapshots.unwritten());
    let mut lost: Vec<String> = unrecorded.map(ToString::to_string).into_iter().collect();
    let results = collect::results(
        &contract,
        Sides {
            server: suite.as_ref().map(|suite| suite.results(how)),
            client: clients.map(|clients| clients.result()),
            page: asks_docs.then(|| docs.result()),
            started,
            seconds: begin.elapsed().as_secs_f64(),
            scope,
        },
    );
    lost.extend(reports.write(&results).err().map(|why| why.to_string()));
    if !tests.quiet && !matches!(tests.format, Some(FormatSetting::Terse | FormatSetting::Json)) {
        let end = report::summary::render(&results) + &reports.note();
        heard = heard.and_then(|()| print::line(end.trim_end()));
    }
    heard = heard.and_then(|()| reports.annotate(&results, &contract.root));
    lost.extend(heard.err().map(|why| why.to_string()));
    conclude(&results, is_red, unproven, &lost)
}

/// Trials wait on the network, so more of them run at once than there are cores. Sixteen keep a
/// target at sixteen requests at a time: less than a browser's six connections for three tabs.
const LIVE_THREADS: usize = 16;

/// Carries the trials out, and tells whether one is known to be red and whether all lines could be
/// written. Whoever reads them, a run goes on to its end, since it has reports to write and an exit
/// code of its own: what is `left` is carried out without a line.
fn carry_out(
    tests: &Arguments,
    trials: Vec<Trial>,
    left: impl FnOnce() -> Vec<Trial>,
) -> (bool, Result<(), Unwritten>) {
    let error = match harness::run(tests, trials) {
        Ended::Whole(conclusion) => return (conclusion.has_failed(), Ok(())),
        Ended::Unwritten(error) => error,
    };
    let ended = harness::run_unheard(tests, left());
    let is_red = matches!(ended, Ended::Whole(conclusion) if conclusion.has_failed());
    (is_red, Unwritten::unless_closed(harness::output(tests), Err(error)))
}

fn selection(tests: &Arguments) -> String {
    let filter = tests.filter.as_ref().map(|filter| format!(" by `{filter}`"));
    let skip =
        (!tests.skip.is_empty()).then(|| format!(", skipping `{}`", tests.skip.join("`, `")));
    format!("{}{}", filter.unwrap_or_default(), skip.unwrap_or_default())
}
