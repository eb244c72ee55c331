//! Everything that is there before the first request.

use std::{env, fs::File, mem::ManuallyDrop, sync::Arc, time::Duration};

use tokio::runtime::Runtime;

use super::{
    end::End,
    folder::{Fallback, contract_folder},
    options::Options,
};
use crate::server::{drift::Recording, suite::Suite};
use crate::{
    client::trials::{Asked, Clients},
    contract::Contract,
    exchange::{
        clock::{Clock, SharedClock},
        deadlines::Deadlines,
    },
    mock::server::Bundled,
    page::trials::Docs,
    source::fault::{Fault, Faults},
    targets::{load::Given, target::Target},
    terminal::paint::Paint,
};

/// The bundled mock keeps its own contract, and would fail any other for no reason.
const NO_TARGET: &str = "no target: give --target-url URL or --target NAME; without one only a contract is run that has `mock` in its contract.toml";

/// More of them than any target should be asked by at once; each is a thread of this machine.
const MOST_THREADS: usize = 1_024;

/// Everything that is there before the first request.
pub(super) struct Ready {
    /// Never shut down: that would wait for connections which a hostile server keeps busy. They end
    /// with the process.
    pub(super) runtime: ManuallyDrop<Runtime>,
    /// What is promised.
    pub(super) contract: Arc<Contract>,
    /// The server's side, unless only other sides are tested.
    pub(super) suite: Option<Suite>,
    /// The client's side, if one is tested.
    pub(super) clients: Option<Clients>,
    /// The page's side.
    pub(super) docs: Docs,
    /// The mock, if it is what is tested: it ends when this is dropped.
    pub(super) _bundled: Option<Bundled>,
}

pub(super) fn prepare(options: &Options, fallback: Fallback) -> Result<Ready, End> {
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
            target.wait_at_most = Duration::from_secs(options.wait_at_most);
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
