//! What judging costs: the whole suite on the bundled mock, against a bare client that sends the
//! same requests at the same concurrency and looks at nothing. Same process, in turn.
//!
//! Bound: the suite takes at most 1.25 times as long.

mod common;
use common::line;

use std::{
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use errproof::internals::{
    contract::Contract,
    exchange::{
        clock::{Clock, SharedClock},
        message::Request,
        sender::url,
    },
    mock::server::Bundled,
    result::{
        advised::Advised,
        collected::Keep,
        outcome::Outcome,
        side::{Manner, Side as _, SideTrial},
        unproven::Unproven,
    },
    server::{
        planned::TrialScript,
        suite::{Server, Suite},
    },
};
use libtest_mimic::{Failed, Trial};
use reqwest::{Client, Method, Url, redirect::Policy};
use tokio::{runtime::Runtime, task::JoinSet};

/// A server and its runtime settle into one of two speeds, a third apart, so that one says little.
const SERVERS: usize = 11;
const ROUNDS: usize = 11;
const THREADS: usize = 16;
const BOUND: f64 = 1.25;

fn main() {
    // `cargo test --benches` only asks whether it starts.
    if !std::env::args().any(|flag| flag == "--bench") {
        return;
    }
    let (mut suite, mut bare, mut count) = (Vec::new(), Vec::new(), 0);
    for _ in 0..SERVERS {
        count = measure(&mut suite, &mut bare);
    }
    let (suite, bare) = (median(suite), median(bare));
    let ratio = suite.as_secs_f64() / bare.as_secs_f64();
    line(&format!(
        "suite {suite:.1?}, bare client {bare:.1?}, {count} requests, {THREADS} trials at once, \
         medians of {ROUNDS} on each of {SERVERS} servers: {ratio:.2} times (bound {BOUND})"
    ));
    assert!(ratio <= BOUND, "the suite takes {ratio:.2} times as long as a bare client");
}

/// Measures both in turn on one server, and gives the number of their requests.
fn measure(suite: &mut Vec<Duration>, bare: &mut Vec<Duration>) -> usize {
    let runtime = Runtime::new().expect("the runtime starts");
    let clock = SharedClock::default();
    let bundled = runtime.block_on(Bundled::start(Clock::Shared(clock.clone())));
    let base_url = Url::parse(&bundled.url()).expect("an address");
    let requests = requests(&runtime, &bundled);
    for _ in 0..ROUNDS {
        // Every key is rested again.
        for key in bundled.keys().values() {
            let key = errproof::internals::shown::secret::Secret::new(key.as_str());
            clock.advance(Some(&key), Duration::from_secs(120));
        }
        suite.push(run_suite(&runtime, &bundled));
        bare.push(run_bare(&runtime, &base_url, &requests));
    }
    requests.iter().flatten().map(Vec::len).sum()
}

/// The suite as `cargo test` runs it, but printing into a file.
fn run_suite(runtime: &Runtime, bundled: &Bundled) -> Duration {
    let suite = prepare(bundled);
    let arguments = libtest_mimic::Arguments {
        test_threads: Some(THREADS),
        logfile: Some("/dev/null".to_owned()),
        ..Default::default()
    };
    let server = Server::new(suite, runtime.handle().clone(), None);
    let manner = Manner { keep: Keep::Red, unproven: Unproven::Fail, advised: Advised::Shown };
    let trial = |SideTrial { name, carry_out, .. }| {
        Trial::test(name, move || match carry_out().outcome {
            Outcome::Pass => Ok(()),
            _ => Err(Failed::without_message()),
        })
    };
    let trials = server.trials(manner).into_iter().map(trial).collect();
    let begin = Instant::now();
    let conclusion = libtest_mimic::run(&arguments, trials);
    let took = begin.elapsed();
    assert!(!conclusion.has_failed() && conclusion.num_passed >= 60, "{conclusion:?}");
    took
}

/// What a trial sends: groups one after the other, the requests of a group at once.
type Groups = Vec<Vec<Arc<Request>>>;

/// Everything that the suite sends, trial by trial, the longest first as in a run.
fn requests(runtime: &Runtime, bundled: &Bundled) -> Vec<Groups> {
    let suite = prepare(bundled);
    let mut trials: Vec<Groups> = Vec::new();
    let mut twins = std::collections::HashSet::new();
    for planned in &suite.plan.trials {
        let played = runtime.block_on(suite.run.play(planned));
        let mut requests = played.exchanges.into_iter().map(|exchange| exchange.request);
        // A twin that was asked before stands in the trial, too, but was not sent again.
        let asked = match &planned.twin {
            Some(Ok(twin)) => !twins.insert(twin.id.clone()),
            _ => false,
        };
        let at_once = match planned.script {
            Ok(TrialScript::Burst { times, .. }) => times as usize,
            _ => 1,
        };
        let first: Vec<_> = requests.by_ref().take(at_once).collect();
        let mut rest: Vec<_> = requests.map(|request| vec![request]).collect();
        if asked {
            rest.pop();
        }
        trials.push([first].into_iter().chain(rest).collect());
    }
    trials.sort_by_key(|groups| std::cmp::Reverse(groups[0].len()));
    trials
}

fn prepare(bundled: &Bundled) -> Suite {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let contract = Contract::load(root).unwrap_or_else(|faults| panic!("{faults:?}"));
    Suite::on_bundled(contract, bundled).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn run_bare(runtime: &Runtime, base_url: &Url, trials: &[Groups]) -> Duration {
    let queue = Mutex::new(trials.iter());
    // A client of its own for each round, as the suite has: connections are part of the work.
    let client = Client::builder().no_proxy().redirect(Policy::none()).http1_only();
    let client = client.tls_backend_preconfigured(no_tls()).build().expect("a client");
    let begin = Instant::now();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(groups) = queue.lock().ok().and_then(|mut queue| queue.next()) {
                    runtime.block_on(send_groups(&client, base_url, groups));
                }
            });
        }
    });
    begin.elapsed()
}

async fn send_groups(client: &Client, base_url: &Url, groups: &Groups) {
    for group in groups {
        let mut tasks = JoinSet::new();
        for request in group {
            let (client, base_url, request) =
                (client.clone(), base_url.clone(), Arc::clone(request));
            tasks.spawn(async move { send(&client, &base_url, &request).await });
        }
        tasks.join_all().await;
    }
}

async fn send(client: &Client, base_url: &Url, request: &Request) {
    let method = Method::from_bytes(request.method.as_bytes()).expect("a method");
    let mut builder =
        client.request(method, url(base_url, &request.path)).body(request.body.clone());
    for (name, value) in &request.headers {
        builder = builder.header(&**name, value.expose().as_bytes());
    }
    let response = builder.send().await.expect("an answer");
    response.bytes().await.expect("a body");
}

fn no_tls() -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has them")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
