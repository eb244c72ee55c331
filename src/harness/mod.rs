//! The run: from flags to an exit code.

use std::{
    env,
    fs::File,
    mem::ManuallyDrop,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use clap::Parser;
use libtest_mimic::{Arguments, Conclusion, FormatSetting, Trial};
use tokio::runtime::Runtime;

pub mod activity;
mod bundled;
mod burst;
pub mod drift;
pub mod end;
pub mod exit;
pub mod judge;
pub mod key_use;
pub mod options;
pub mod plan;
pub mod preflight;
pub mod run;
pub mod suite;
pub mod twin;
pub mod verdict;

use crate::{
    client::trials::{Asked, Clients},
    contract::{
        Contract,
        fault::{Fault, Faults},
        folder::Folder,
    },
    exchange::Deadlines,
    mock::server::Bundled,
    page::{self, Docs},
    report::{
        self,
        collect::{self, How, Sides},
        files::Reports,
        paint::Paint,
        print,
        result::{Results, Scope},
    },
    target::{
        Given, Target,
        clock::{Clock, SharedClock},
    },
};
use activity::Lines;
use drift::Recording;
use end::End;
use options::Options;
use suite::{Style, Suite, Unproven};

/// What is run where there is no contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// Nothing: a crate whose contract is missing must not be green for another's.
    None,
    /// The contract that errproof carries: for the command, wherever it is started.
    BuiltIn,
}

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

/// Prints what a run with these flags would send, and sends nothing.
#[must_use = "return it from main, or faults in the files go unnoticed"]
pub fn plan(options: &Options, fallback: Fallback) -> ExitCode {
    end::finish(prepare(options, fallback).map(|Ready { suite, clients, docs, .. }| {
        if let Some(suite) = suite {
            print::line(suite.redact(&report::plan::render(&suite.run, &suite.plan)).trim_end());
        }
        if let Some(clients) = clients {
            print::line(&clients.plan());
        }
        if let Some(page) = docs.page() {
            print::line(&format!("{page} is read"));
        }
        exit::SUCCESS
    }))
}

/// Prints the docs' page from the contract, in Markdown.
#[must_use = "return it from main, or faults in the files go unnoticed"]
pub fn docs(options: &Options, fallback: Fallback) -> ExitCode {
    let folder = contract_folder(options.contract.as_deref(), fallback);
    let mut faults = Faults::default();
    let contract = Contract::read(&folder, &mut faults);
    let page = faults.into_result(contract).and_then(|contract| {
        page::print::markdown(&contract.expect("what cannot be read is a fault"))
    });
    end::finish(page.map_err(End::from).map(|page| {
        print::line(page.trim_end());
        exit::SUCCESS
    }))
}

/// The bundled mock keeps its own contract, and would fail any other for no reason.
const NO_TARGET: &str = "no target: give --target-url URL or --target NAME; without one only a contract is run that has `mock` in its contract.toml";

/// Everything that is there before the first request.
struct Ready {
    /// Never shut down: that would wait for connections which a hostile server keeps busy. They end
    /// with the process.
    runtime: ManuallyDrop<Runtime>,
    /// What is promised.
    contract: Arc<Contract>,
    /// The server's side, unless only other sides are tested.
    suite: Option<Suite>,
    /// The client's side, if one is tested.
    clients: Option<Clients>,
    /// The page's side.
    docs: Docs,
    /// The mock, if it is what is tested: it ends when this is dropped.
    _bundled: Option<Bundled>,
}

fn prepare(options: &Options, fallback: Fallback) -> Result<Ready, End> {
    let environment = |name: &str| {
        // What is not UTF-8 is set, and refused where it is looked at.
        env::var_os(name).map(|value| value.to_string_lossy().into_owned())
    };
    if options.tests.test_threads == Some(0) {
        return Err(Fault::general("--test-threads takes 1 or more").into());
    }
    if options.tests.test_threads.is_some_and(|threads| threads > MOST_THREADS) {
        let title = format!("--test-threads takes {MOST_THREADS} at the most");
        return Err(Fault::general(title).into());
    }
    if let Some(file) = &options.tests.logfile {
        let created = File::create(file);
        created.map_err(|error| Fault::general(format!("failed to write {file}: {error}")))?;
    }
    let folder = contract_folder(options.contract.as_deref(), fallback);
    let runtime = ManuallyDrop::new(Runtime::new().expect("the runtime starts"));
    let given = Given { target: options.target.as_deref(), url: options.target_url.as_deref() };
    let mut faults = Faults::default();
    let contract = Contract::read(&folder, &mut faults);
    let mut bundled = None;
    let target = contract.as_ref().filter(|_| options.tests_server()).and_then(|contract| {
        if !given.is_nothing() {
            return Target::load(given, contract, &environment, &mut faults);
        }
        if contract.mock.is_none() {
            faults.add(Fault::general(NO_TARGET));
            return None;
        }
        bundled
            .insert(runtime.block_on(Bundled::start(Clock::Shared(SharedClock::default()))))
            .target(contract, &mut faults)
    });
    let contract = faults.into_result(contract)?.expect("what cannot be read is a fault");
    let contract = Arc::new(contract);
    let suite = match target {
        Some(mut target) => {
            if let Some(seconds) = options.answer_within {
                target.deadlines = Deadlines::within(Duration::from_secs(seconds));
            }
            guard_production(&contract, &target, options.allow_production)?;
            let recording = Recording::from_environment(&environment);
            Some(Suite::new(Arc::clone(&contract), target, recording)?)
        }
        None => None,
    };
    let secrets = suite.as_ref().map(Suite::secrets).unwrap_or_default();
    let page = options.docs.as_deref();
    let docs = Docs::new(Arc::clone(&contract), page, options.check_links, &secrets)?;
    let clients = clients(options, &contract, suite.as_ref())?;
    Ok(Ready { runtime, contract, suite, clients, docs, _bundled: bundled })
}

/// The client that was asked for. It sees none of the keys that the server's side has.
fn clients(
    options: &Options,
    contract: &Arc<Contract>,
    suite: Option<&Suite>,
) -> Result<Option<Clients>, Fault> {
    let Some(command) = &options.client else { return Ok(None) };
    let asked = Asked {
        command,
        patience: Duration::from_secs(options.client_timeout.into()),
        at_once: options.tests.test_threads,
        paint: Paint::from_flags(&options.tests),
    };
    let mut hidden: Vec<String> = contract.slots.values().map(|slot| slot.env.clone()).collect();
    hidden.extend(contract.hooks.values().map(|hook| hook.env.clone()));
    let secrets = suite.map(Suite::secrets).unwrap_or_default();
    if let Some(Suite { run, .. }) = suite {
        hidden.extend(run.target.slots.values().map(|slot| slot.env.clone()));
    }
    Clients::new(contract, asked, &secrets, hidden).map(Some)
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

/// More of them than any target should be asked by at once; each is a thread of this machine.
const MOST_THREADS: usize = 1_024;

/// Whether this is one trial of a run of nextest, which says so in this variable.
pub(crate) fn in_nextest() -> bool {
    env::var("NEXTEST").is_ok_and(|set| set == "1")
}

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

/// The folder that was given, or else the package whose test this is, or else where we stand.
pub(crate) fn contract_folder(given: Option<&Path>, fallback: Fallback) -> Folder {
    let package = || env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let here = || package().unwrap_or_else(|| PathBuf::from("."));
    let path = given.map_or_else(here, Path::to_owned);
    let is_one = path.join("contract.toml").exists();
    match fallback {
        Fallback::BuiltIn if given.is_none() && !is_one => Folder::BuiltIn,
        Fallback::BuiltIn | Fallback::None => Folder::At(path),
    }
}

fn guard_production(contract: &Contract, target: &Target, allowed: bool) -> Result<(), Fault> {
    // A dot at the end is the same host.
    let host = target.base_url.host_str().unwrap_or_default().trim_end_matches('.');
    let production = contract.production_hosts.iter().any(|known| known.eq_ignore_ascii_case(host));
    if !production || allowed {
        return Ok(());
    }
    Err(Fault::general(format!("{host} is a production host of {}", contract.name))
        .help("point at a staging server, or add --allow-production if you mean it"))
}

fn selection(tests: &Arguments) -> String {
    let filter = tests.filter.as_ref().map(|filter| format!(" by `{filter}`"));
    let skip =
        (!tests.skip.is_empty()).then(|| format!(", skipping `{}`", tests.skip.join("`, `")));
    format!("{}{}", filter.unwrap_or_default(), skip.unwrap_or_default())
}
