//! `errproof limits`: the algorithm of a rate limiter, named from outside. The experiment itself is in
//! `src/limiter/`; here it is sent and waited for.

use std::{fmt, path::PathBuf, sync::Arc};

use clap::Parser;

use super::limited::{Found, Limited};
use crate::{
    contract::{Contract, scenario::Provocation},
    limiter::{step::Outcome, text},
    run::{
        end::End,
        folder::{Fallback, contract_folder},
        prepare::{Running, find_target, guard_production, read_contract},
    },
    server::{details::Production, drift::Recording, suite::Suite},
    shown,
    shown::{secret::Secret, secrets::Secrets},
    source::{
        fault::{Fault, Faults, one_of},
        reader::keys,
    },
    targets::load::GivenTarget,
    terminal::{
        activity::{Activity, Lines, Watch},
        exit, print,
    },
};

/// What `errproof limits --help` begins with.
pub(super) const ABOUT: &str = "\
Name the algorithm of a rate limiter from outside, and the most that it serves.

errproof sends requests with the key of the contract's burst, waits, and sends more: for a limit of 60 in
60 s that is about 450 requests in 5 minutes. Nobody else may use that key meanwhile. It tells apart:
fixed windows that begin with a key's first request, fixed windows that end by the clock, a sliding log, a
sliding counter, a token bucket (or GCRA), several counters behind a balancer, and no limit.

The output puts the numbers beside the contract's and is no verdict on the contract: `errproof test`
gives that. Without a target errproof asks the bundled mock, which takes no time.";

/// The flags of `errproof limits`.
#[derive(Parser)]
#[command(after_help = "\
Exit codes:
  0  the algorithm was named, whatever it is
  2  bad usage or bad files, or the contract has no burst, or its key is not set; nothing was sent
  3  the target could not be reached, or refuses the key
  4  the algorithm could not be told, for example since somebody else uses the key

Examples:
  errproof limits --target staging
  errproof limits --contract our-api --target-url https://staging.example.com")]
pub struct LimitsOptions {
    /// Ask about this limit, a name under [limits] in the contract; by default about the first burst's
    #[arg(value_name = "LIMIT")]
    limit: Option<Secret>,

    /// Ask the API at this address; with --target, instead of the address in its file
    #[arg(long, value_name = "URL", env = "ERRPROOF_TARGET_URL", hide_env_values = true)]
    target_url: Option<Secret>,

    /// Ask the API that targets/NAME.toml or FILE describes
    #[arg(long, value_name = "NAME|FILE", env = "ERRPROOF_TARGET", hide_env_values = true)]
    target: Option<Secret>,

    /// Take the contract from this folder
    #[arg(long, value_name = "DIR", env = "ERRPROOF_CONTRACT", hide_env_values = true)]
    contract: Option<PathBuf>,

    /// Allow requests to a host that real customers use
    #[arg(long, env = "ERRPROOF_ALLOW_PRODUCTION", value_parser = clap::builder::FalseyValueParser::new())]
    allow_production: bool,
}

impl fmt::Debug for LimitsOptions {
    /// Any of them may hold a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LimitsOptions").finish_non_exhaustive()
    }
}

/// Carries the experiment out, and says what it found.
///
/// # Errors
/// If the files are wrong or the contract has no burst, if the target cannot be reached or refuses the key, or if
/// the algorithm could not be told.
pub fn limits(options: &LimitsOptions, secrets: &mut Secrets) -> Result<u8, End> {
    let folder = contract_folder(options.contract.as_deref(), Fallback::BuiltIn);
    let (mut faults, mut running) = (Faults::default(), Running::new());
    let mut contract = read_contract(&folder, secrets, &mut faults);
    if let Some(contract) = &mut contract {
        ask_nobody_else(contract)?;
    }
    let given = GivenTarget {
        target: options.target.as_ref().map(Secret::expose),
        url: options.target_url.as_ref().map(Secret::expose),
    };
    let target = contract
        .as_ref()
        .and_then(|contract| find_target(given, contract, &mut running, secrets, &mut faults));
    let contract = faults.into_result(contract)?.expect("what cannot be read is a fault");
    if let Some(name) = &options.limit {
        is_named(&contract, name)?;
    }
    let target = target.expect("what cannot be used is a fault");
    guard_production(&contract, &target, Production::of_flag(options.allow_production))?;
    let suite = Suite::new(contract, target, Recording::Nothing, secrets)?;
    let redactor = Arc::clone(suite.redactor());
    let name = options.limit.as_ref().map(Secret::expose);
    let limiter = Limited::of(&suite, name).map_err(|why| Fault::general(why.to_owned()))?;
    let numbers = limiter.numbers;
    let activity = Activity::default();
    let _watch = (!suite.run.target.is_bundled()).then(|| {
        print::problem(&shown!["errproof: ", text::announcement(numbers)]);
        let runtime = running.runtime.handle();
        Watch::start(runtime, &"limits".into(), &activity, &redactor, Lines::Whole)
    });
    let unreachable = |why: &str| {
        End::Unreachable(redactor.line(&format!("{}: {why}", suite.run.target.base_url)))
    };
    let found = running.runtime.block_on(limiter.find_out(&activity));
    let Found { outcome, sent } = found.map_err(|why| unreachable(&why.to_string()))?;
    match outcome {
        Outcome::Named(algorithm) => {
            print::line(&text::render(numbers, Some(algorithm), &sent))?;
            Ok(exit::SUCCESS)
        }
        Outcome::Unclear(why) => {
            if !sent.is_empty() {
                print::line(&text::render(numbers, None, &sent))?;
            }
            Err(End::Nothing(shown!["the algorithm could not be told: ", why]))
        }
        Outcome::NotTaken(status) => {
            let request = &limiter.request.request;
            let (method, path) = (&request.method, &request.path);
            let who = if limiter.env.is_empty() {
                String::new()
            } else {
                format!("the key in ${} got ", limiter.env)
            };
            Err(unreachable(&format!(
                "{who}{status} for {method} {path}: neither a success nor a refusal by the rate limit"
            )))
        }
    }
}

/// Whether the contract has a limit of this name. A name that it does not have may be anything, and is not shown.
fn is_named(contract: &Contract, name: &Secret) -> Result<(), Fault> {
    if keys(&contract.limits).any(|known| known == name.expose()) {
        return Ok(());
    }
    let help = if contract.limits.is_empty() {
        "it has none under [limits]".to_owned()
    } else {
        format!("expected {}", one_of(keys(&contract.limits)))
    };
    Err(Fault::general("the contract has no limit of this name").help(help))
}

/// The burst's trial sends one request with another key. The experiment does not, so that key need not be set.
fn ask_nobody_else(contract: &mut Contract) -> Result<(), Fault> {
    let mut bursts = 0;
    for scenario in &mut contract.scenarios {
        let scenario = Arc::get_mut(scenario).expect("it was just read, so nobody shares it");
        for case in &mut scenario.cases {
            if let Provocation::Burst(burst) = &mut case.provocation {
                burst.other = burst.other.is_some().then(|| burst.slot.clone());
                bursts += 1;
            }
        }
    }
    let help = "add a case with `burst` to the scenario of the rate limit";
    match (contract.all_limits().count(), bursts) {
        (0, _) => Err(Fault::general("the contract has no rate limit")
            .help("add [limit] to contract.toml, and a scenario with a burst")),
        (_, 0) => Err(Fault::general("no scenario of the contract has a burst").help(help)),
        _ => Ok(()),
    }
}
