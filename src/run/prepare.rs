//! Everything that is there before the first request.

use std::{
    env,
    fs::{self, File},
    mem::ManuallyDrop,
    path::Path,
    sync::Arc,
    time::Duration,
};

use libtest_mimic::Arguments;
use tokio::runtime::Runtime;

use super::{
    end::End,
    folder::{Fallback, contract_folder},
    options::Options,
    parts::{self, Bundled},
};
#[cfg(feature = "client")]
use crate::client::trials::{Asked, Clients, Surroundings};
#[cfg(feature = "page")]
use crate::page::trials::{self as page, Docs, Links};
#[cfg(any(feature = "client", feature = "page"))]
use crate::targets::known::Known;
use crate::{
    contract::{Contract, extent::Extent},
    exchange::deadlines::Deadlines,
    result::side::Side,
    server::{
        details::Production,
        drift::Recording,
        suite::{Server, Suite},
    },
    shown::{
        redactor::Redactor,
        secret::{Named, Secret},
        secrets::Secrets,
    },
    source::{
        fault::{Fault, Faults},
        folder::Folder,
    },
    targets::{
        hooks::hook_secret,
        load::{self, GivenTarget},
        target::Target,
    },
    terminal::activity::Lines,
};

/// More of them than any target should be asked by at once; each is a thread of this machine.
const MOST_THREADS: usize = 1_024;

/// Everything that is there before the first request.
pub(super) struct Ready {
    /// What is promised.
    pub(super) contract: Arc<Contract>,
    /// The sides that are tested.
    pub(super) sides: Vec<Box<dyn Side>>,
    /// The server's side, unless only other sides are tested.
    pub(super) suite: Option<Suite>,
    /// Takes every key of the run out of what is shown.
    pub(super) redactor: Arc<Redactor>,
    /// What ends when this is dropped.
    pub(super) _running: Running,
}

/// What the sides are carried out on.
pub(crate) struct Running {
    /// Never shut down: that would wait for connections which a hostile server keeps busy. They end
    /// with the process.
    pub(crate) runtime: ManuallyDrop<Runtime>,
    /// The mock, if it is what is tested.
    bundled: Option<Bundled>,
}

impl Running {
    /// A runtime on which nothing runs yet.
    pub(crate) fn new() -> Self {
        let runtime = ManuallyDrop::new(Runtime::new().expect("the runtime starts"));
        Self { runtime, bundled: None }
    }
}

/// Reads all that a run needs. What is found to be secret on the way is added to `secrets`, so that faults
/// do not show it.
pub(super) fn prepare(
    options: &Options,
    fallback: Fallback,
    secrets: &mut Secrets,
) -> Result<Ready, End> {
    let mut faults = Faults::default();
    let folder = contract_folder(options.contract.as_deref(), fallback);
    let contract = read_contract(&folder, secrets, &mut faults);
    parts::check(options)?;
    check_flags(&options.tests)?;
    let mut running = Running::new();
    let given = GivenTarget {
        target: options.target.as_ref().map(Secret::expose),
        url: options.target_url.as_ref().map(Secret::expose),
    };
    let target = match &contract {
        Some(contract) if options.tests_server() => {
            find_target(given, contract, &mut running, secrets, &mut faults)
        }
        _ => None,
    };
    let contract = faults.into_result(contract)?.expect("what cannot be read is a fault");
    let contract = Arc::new(contract);
    let mut suite = None;
    if let Some(mut target) = target {
        if let Some(seconds) = options.answer_within {
            target.deadlines = Deadlines::within(Duration::from_secs(seconds));
        }
        target.wait_at_most = Duration::from_secs(options.wait_at_most);
        target.extent = Extent::of_flag(options.quick);
        guard_production(&contract, &target, Production::of_flag(options.allow_production))?;
        let recording = Recording::from_environment(&variable);
        suite = Some(Suite::new(Arc::clone(&contract), target, recording, secrets)?);
    }
    let redactor = match &suite {
        Some(suite) => Arc::clone(suite.redactor()),
        None => Arc::new(secrets.redactor()),
    };
    let runtime = running.runtime.handle();
    let mut sides: Vec<Box<dyn Side>> = Vec::new();
    if let Some(suite) = &suite {
        let lines = Some(lines(&options.tests));
        let (suite, runtime) = (suite.clone(), runtime.clone());
        sides.push(Box::new(Server::new(suite, runtime, lines)));
    }
    #[cfg(feature = "client")]
    if let Some(command) = &options.client {
        let asked = Asked {
            command,
            patience: Duration::from_secs(options.client_timeout.into()),
            at_once: options.tests.test_threads,
        };
        let mut secrets = secrets.clone();
        if let Some(Suite { plan, run, .. }) = &suite {
            plan.secrets(&run.target).into_iter().for_each(|named| secrets.add(named));
        }
        let hidden = hidden(&contract, suite.as_ref());
        let known = known(suite.as_ref());
        let around = Surroundings { runtime, secrets: &secrets, hidden, known };
        sides.push(Box::new(Clients::new(&contract, asked, around)?));
    }
    #[cfg(feature = "page")]
    if options.docs.is_some() || options.check_links {
        let links = if options.check_links { Links::Followed } else { Links::LeftAlone };
        let known = known(suite.as_ref());
        let around = page::PageSurroundings { runtime, redactor: Arc::clone(&redactor), known };
        let docs = Docs::new(Arc::clone(&contract), options.docs.as_ref(), links, around)?;
        sides.push(Box::new(docs));
    }
    Ok(Ready { contract, sides, suite, redactor, _running: running })
}

/// What a variable of the environment holds. What is not UTF-8 is set, and refused where it is looked at.
fn variable(name: &str) -> Option<String> {
    env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Reads a contract, and adds what it tells to be secret to `secrets`, as far as it can be read.
pub(crate) fn read_contract(
    folder: &Folder,
    secrets: &mut Secrets,
    faults: &mut Faults,
) -> Option<Contract> {
    load::learn(folder.path(), secrets);
    let contract = Contract::read(folder, faults);
    match &contract {
        Some(contract) => learn(contract, secrets),
        // Which of the variables are keys is not known then.
        None => secrets.named_in(&folder.read(Path::new("contract.toml")).unwrap_or_default()),
    }
    contract
}

/// What a contract tells to be secret: the variables of its slots and hooks, and what keys begin with.
fn learn(contract: &Contract, secrets: &mut Secrets) {
    secrets.set_prefix(&contract.key.prefix);
    for slot in contract.slots.values() {
        for env in [&slot.env].into_iter().chain(slot.parts.values()) {
            if let Some(text) = variable(env) {
                secrets.add(Named::of_variable(env, &text));
            }
        }
    }
    for hook in contract.hooks.values() {
        let header = variable(&hook.env);
        let secret = header.and_then(|header| hook_secret(contract, &hook.env, &header));
        if let Some(secret) = secret {
            secrets.add(secret);
        }
    }
}

fn check_flags(tests: &Arguments) -> Result<(), Fault> {
    if tests.test_threads == Some(0) {
        return Err(Fault::general("--test-threads takes 1 or more"));
    }
    if tests.test_threads.is_some_and(|threads| threads > MOST_THREADS) {
        return Err(Fault::general(format!("--test-threads takes at most {MOST_THREADS}")));
    }
    // A pipe would be at its end for its reader.
    let is_pipe = |file: &&String| fs::metadata(file).is_ok_and(|it| !it.is_file() && !it.is_dir());
    if let Some(file) = tests.logfile.as_ref().filter(|file| !is_pipe(file)) {
        let created = File::create(Path::new(file));
        created.map_err(|error| Fault::general(format!("failed to write {file}: {error}")))?;
    }
    Ok(())
}

/// The target that was asked for, or the bundled mock.
pub(crate) fn find_target(
    given: GivenTarget<'_>,
    contract: &Contract,
    running: &mut Running,
    secrets: &mut Secrets,
    faults: &mut Faults,
) -> Option<Target> {
    if !given.is_nothing() {
        return Target::load(given, contract, &variable, secrets, faults);
    }
    let (bundled, target) = parts::bundled(&running.runtime, contract, faults)?;
    running.bundled = Some(bundled);
    Some(target)
}

/// With one trial at a time its name is printed before it is carried out.
fn lines(tests: &Arguments) -> Lines {
    let json = tests.format == Some(libtest_mimic::FormatSetting::Json);
    if tests.test_threads == Some(1) && !json { Lines::Begun } else { Lines::Whole }
}

/// The deviations that the target's file lists as known.
#[cfg(any(feature = "client", feature = "page"))]
fn known(suite: Option<&Suite>) -> Vec<Known> {
    suite.map(|suite| suite.run.target.known.clone()).unwrap_or_default()
}

/// The variables of a target's keys and hooks: a client sees none of them.
#[cfg(feature = "client")]
fn hidden(contract: &Contract, suite: Option<&Suite>) -> Vec<String> {
    let slots =
        contract.slots.values().flat_map(|slot| [&slot.env].into_iter().chain(slot.parts.values()));
    let hooks = contract.hooks.values().map(|hook| &hook.env);
    let own = suite.iter().flat_map(|suite| suite.run.target.slots.values());
    let own = own.flat_map(|slot| &slot.keys);
    let own = own.flat_map(|key| [&key.env].into_iter().chain(key.variables.values()));
    // A slot without a key has no variable.
    slots.chain(hooks).chain(own).filter(|env| !env.is_empty()).cloned().collect()
}

/// Refuses a host that real customers use, unless somebody means it.
pub(crate) fn guard_production(
    contract: &Contract,
    target: &Target,
    production: Production,
) -> Result<(), Fault> {
    // A dot at the end is the same host.
    let host = target.base_url.host_str().unwrap_or_default().trim_end_matches('.');
    let is_known = |known: &String| known.eq_ignore_ascii_case(host);
    if production == Production::Allowed || !contract.production_hosts.iter().any(is_known) {
        return Ok(());
    }
    Err(Fault::general(format!("{host} is a production host of {}", contract.name))
        .help("point at a staging server, or add --allow-production if you mean it"))
}
