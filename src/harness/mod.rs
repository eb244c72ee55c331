//! The run: from flags to an exit code.

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use clap::Parser;
use libtest_mimic::{Arguments, Conclusion, FormatSetting};
use tokio::runtime::Runtime;

mod burst;
pub mod drift;
pub mod exit;
pub mod judge;
pub mod key_use;
pub mod options;
pub mod plan;
pub mod preflight;
pub mod run;
pub mod trials;
pub mod verdict;

use crate::{
    contract::{
        Contract,
        fault::{Fault, Faults},
    },
    exchange::sender::Sender,
    mock::server::Bundled,
    report::{print, summary},
    target::{
        Given, Target,
        clock::{Clock, SharedClock},
        pacing::Pacer,
        redact::Redactor,
    },
};
use drift::{Recording, Snapshots};
use options::Options;
use plan::Plan;
use run::Run;
use trials::{Stage, trials};

/// What a test binary with `harness = false` calls: reads the flags, runs, and ends as [`exit`] says.
#[must_use = "return it from main, or the run always succeeds"]
pub fn main() -> ExitCode {
    start(Options::try_parse())
}

/// Runs with flags that were read, or says what is wrong with them, and ends as [`exit`] says.
#[must_use = "return it from main, or the run always succeeds"]
pub fn start(options: Result<Options, clap::Error>) -> ExitCode {
    let options = match options {
        Ok(options) => options,
        Err(error) => return print::usage(&error),
    };
    let (why, code) = match run(options) {
        Ok(code) => return ExitCode::from(code),
        Err(End::Faults(faults)) => (faults.to_string(), exit::USAGE),
        Err(End::Unreachable(why)) => (format!("errproof: {why}"), exit::UNREACHABLE),
        Err(End::Nothing(why)) => (format!("errproof: {why}"), exit::NOTHING),
    };
    print::problem(&why);
    ExitCode::from(code)
}

/// Why a run ends without a verdict on the contract.
enum End {
    Faults(Faults),
    Unreachable(String),
    Nothing(String),
}

impl From<Faults> for End {
    fn from(faults: Faults) -> Self {
        Self::Faults(faults)
    }
}

impl From<Fault> for End {
    fn from(fault: Fault) -> Self {
        Self::Faults(fault.into())
    }
}

fn run(mut options: Options) -> Result<u8, End> {
    let environment = |name: &str| env::var(name).ok();
    let root = contract_folder(options.contract.as_deref());
    let runtime = Runtime::new().expect("the runtime starts");
    let given = Given { target: options.target.as_deref(), url: options.target_url.as_deref() };
    let mut faults = Faults::default();
    let contract = Contract::read(&root, &mut faults);
    let mut bundled = None;
    let target = contract.as_ref().and_then(|contract| {
        if !given.is_nothing() {
            return Target::load(given, contract, &environment, &mut faults);
        }
        bundled
            .insert(runtime.block_on(Bundled::start(Clock::Shared(SharedClock::default()))))
            .target(contract, &mut faults)
    });
    let (contract, target) =
        faults.into_result(contract.zip(target))?.expect("what cannot be read is a fault");
    guard_production(&contract, &target, options.allow_production)?;
    let plan = Plan::new(&contract, &target)?;
    let redactor =
        Redactor::new(plan.secrets.iter().map(|(secret, label)| (secret, label.clone())));
    let sender =
        Sender::new(target.base_url.clone(), target.clock.clone(), Pacer::new(contract.limit));
    let sender =
        sender.map_err(|error| End::Unreachable(format!("failed to set up TLS: {error}")))?;
    let snapshots =
        Snapshots::new(&contract.root, &target.name, Recording::from_environment(&environment));
    let run = Arc::new(Run {
        contract: Arc::new(contract),
        target: Arc::new(target),
        sender,
        judge: judge::Judge::default(),
        keys: key_use::KeyUse::default(),
        snapshots,
    });
    let stage = Stage {
        run: Arc::clone(&run),
        redactor: Arc::new(redactor),
        records: Arc::new(Mutex::default()),
        runtime: runtime.handle().clone(),
    };
    let trials = trials(&stage, plan.trials, &options);
    let tests = &mut options.tests;
    if !tests.list {
        if trials.iter().all(|trial| tests.is_filtered_out(trial)) {
            return Err(End::Nothing(format!(
                "none of the {} trials is selected{}",
                trials.len(),
                selection(tests)
            )));
        }
        let ready = runtime.block_on(run.preflight(&plan.preflight));
        ready.map_err(|why| End::Unreachable(stage.redactor.redact(&why)))?;
    }
    if tests.test_threads.is_none() && !run.target.is_bundled() {
        tests.test_threads = Some(LIVE_THREADS);
    }
    let conclusion = libtest_mimic::run(tests, trials);
    if tests.list {
        return Ok(exit::SUCCESS);
    }
    if !tests.quiet && !matches!(tests.format, Some(FormatSetting::Terse | FormatSetting::Json)) {
        let records = stage.records.lock().unwrap_or_else(PoisonError::into_inner);
        print::line(&stage.redactor.redact(&summary::render(&run, &records)));
    }
    code(&conclusion)
}

/// Trials wait on the network, so more of them run at once than there are cores. Sixteen keep a
/// target at sixteen requests at a time: less than a browser's six connections for three tabs.
const LIVE_THREADS: usize = 16;

fn code(conclusion: &Conclusion) -> Result<u8, End> {
    let proven = conclusion.num_passed + conclusion.num_failed;
    // In nextest each trial is a process of its own, and an ignored one is nothing unusual.
    match conclusion.has_failed() {
        true => Ok(exit::BROKEN),
        false if proven == 0 && env::var("NEXTEST").is_err() => {
            Err(End::Nothing("every selected trial is ignored, so nothing was proven".to_owned()))
        }
        false => Ok(exit::SUCCESS),
    }
}

/// The folder that was given, or else the package whose test this is, or else where we stand.
fn contract_folder(given: Option<&Path>) -> PathBuf {
    let package = || env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    given.map(Path::to_owned).or_else(package).unwrap_or_else(|| PathBuf::from("."))
}

fn guard_production(contract: &Contract, target: &Target, allowed: bool) -> Result<(), Fault> {
    let host = target.base_url.host_str().unwrap_or_default();
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
