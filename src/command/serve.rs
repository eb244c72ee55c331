//! `errproof serve`: the bundled mock on a port, with all that one needs to provoke each error.

use std::{fmt::Write as _, net::SocketAddr, time::Duration};

use clap::Parser;
use tokio::{runtime::Runtime, signal};

use crate::{
    contract::Contract,
    exchange::clock::Clock,
    mock::{
        api::{FAULT_HEADER, Waits},
        mutants::{self, Mutant},
        serve::Serving,
        server::{Front, Keys},
    },
    run::end::End,
    shown::text::Shown,
    source::{
        fault::{Fault, Faults, did_you_mean},
        folder::Folder,
    },
    terminal::{exit, print},
};

/// What `errproof serve --help` begins with.
pub(super) const ABOUT: &str = "\
Serve the bundled mock, for people who write clients.

It first prints one API key per account state, as variables to paste into a shell, and the headers
that make the generator fail. It runs until Ctrl-C.";

/// The flags of `errproof serve`.
#[derive(Debug, Parser)]
#[command(after_help = "\
Examples:
  errproof serve                                  on a free port of this machine
  errproof serve --port 8080 --rate-window 2      a limit of 60 in 2 s, so that tests need not wait
  errproof serve --generation-timeout 1           the mock gives up on a hanging generator after 1 s
  errproof serve --mutant \"retry-after a date\"    one promise is broken
  errproof serve --list-mutants                   the promises that can be broken")]
pub struct ServeOptions {
    /// Port to listen on [default: a free one]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    pub port: u16,

    /// Address of this machine to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub address: std::net::IpAddr,

    /// Seconds that a window of the rate limit lasts
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub rate_window: u32,

    /// Seconds after which the mock gives up on a hanging generator
    #[arg(long, value_name = "SECONDS", default_value_t = 90, value_parser = clap::value_parser!(u32).range(0..=86_400))]
    pub generation_timeout: u32,

    /// Break one promise
    #[arg(long, value_name = "NAME")]
    pub mutant: Option<String>,

    /// Print the names that --mutant takes
    #[arg(long)]
    pub list_mutants: bool,
}

/// Serves until it is told to end.
///
/// # Errors
/// If there is no such mutant, or if the port cannot be had.
pub fn serve(options: &ServeOptions) -> Result<u8, End> {
    let mutants = mutants::all();
    if options.list_mutants {
        let names: Vec<_> = mutants.iter().map(|mutant| mutant.name.as_str()).collect();
        print::line(&Shown::with_keys_of_the_mock(&names.join("\n")))?;
        return Ok(exit::SUCCESS);
    }
    let mutant = options.mutant.as_deref().map(|name| find(&mutants, name)).transpose()?;
    let waits = Waits {
        rate_window: Duration::from_secs(options.rate_window.into()),
        generation_timeout: Duration::from_secs(options.generation_timeout.into()),
    };
    let mutation = mutant.map(|mutant| mutant.mutation);
    let (front, keys) = Front::with_waits(Clock::real(), mutation, waits);
    let mut faults = Faults::default();
    let contract = Contract::read(&Folder::BuiltIn, &mut faults);
    let contract = faults.into_result(contract)?.expect("what is built in can be read");
    let address = SocketAddr::new(options.address, options.port);
    let failed = |error| Fault::general(format!("failed to serve at {address}: {error}"));
    let runtime = Runtime::new().expect("the runtime starts");
    runtime.block_on(async {
        let end = asked_to_end();
        let serving = Serving::open(address, front).await.map_err(failed)?;
        let address = serving.address().map_err(failed)?;
        print::line(&Shown::with_keys_of_the_mock(&greeting(address, &contract, &keys, mutant)))?;
        serving.run(end).await;
        print::line(&"ended".into())?;
        Ok(exit::SUCCESS)
    })
}

fn find<'a>(mutants: &'a [Mutant], name: &str) -> Result<&'a Mutant, Fault> {
    mutants.iter().find(|mutant| mutant.name == name).ok_or_else(|| {
        let names = mutants.iter().map(|mutant| mutant.name.as_str());
        let fault = Fault::general(format!("there is no mutant `{name}`"));
        fault.help(did_you_mean(name, names).unwrap_or("see --list-mutants".to_owned()))
    })
}

/// All that one needs to provoke each error, to be pasted into a shell.
fn greeting(
    address: SocketAddr,
    contract: &Contract,
    keys: &Keys,
    mutant: Option<&Mutant>,
) -> String {
    let mut text = format!("# {} is at http://{address} until Ctrl-C.\n", contract.name);
    if let Some(mutant) = mutant {
        let _ = writeln!(text, "# One promise is broken: {}.", mutant.name);
    }
    text.push_str("\n# One key per account state:\n");
    for (name, slot) in &contract.slots {
        if let Some(key) = keys.get(name.as_str()) {
            let _ = writeln!(text, "export {}={key} # {}", slot.env, slot.purpose);
        }
    }
    text.push_str("\n# Headers that make a tool's request fail, with a key that can pay:\n");
    for (name, hook) in &contract.hooks {
        let _ =
            writeln!(text, "export {}='{FAULT_HEADER}: {name}' # makes {}", hook.env, hook.purpose);
    }
    text.push_str("\n# Requests that succeed:\n");
    let slot = &contract.slots[&contract.preflight.slot];
    for request in contract.requests.values() {
        let (path, method) = (&request.format.path, request.format.method.as_str());
        let mut command = format!("curl -sS -i -X {method} http://{address}{path}");
        if let Some(carrier) = contract.key.carriers.first()
            && let Some(header) = &carrier.header
        {
            let _ = write!(command, " -H \"{header}: {}${}\"", carrier.before, slot.env);
        }
        if let Some(body) = &request.format.body {
            let text = String::from_utf8_lossy(&body.bytes()).replace('\'', r"'\''");
            let media = &body.media_type;
            let _ = write!(command, " -H 'Content-Type: {media}' --data '{text}'");
        }
        let _ = writeln!(text, "{command}");
    }
    text.push_str("\n# All of it, proven (with shorter waits than the docs promise one trial or two are red):\n");
    let _ = write!(text, "errproof test --target-url http://{address}");
    text
}

/// Listens, from now on, for Ctrl-C and for what a service manager sends; the wait for it comes out.
fn asked_to_end() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let terminated = signal::unix::signal(signal::unix::SignalKind::terminate());
    let interrupted = signal::ctrl_c();
    async {
        #[cfg(unix)]
        if let Ok(mut terminated) = terminated {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
        interrupted.await.ok();
    }
}
