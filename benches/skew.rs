//! How far apart the requests of a burst are sent: from the first to the last of 61.
//!
//! A limiter is proven by requests that are there at once; the figure says how much "at once" means.

mod common;
use common::line;

use std::{path::Path, time::Duration};

use errproof::internals::{
    contract::Contract,
    exchange::{clock::Clock, pacing::Pacer, sender::Sender},
    mock::server::Bundled,
    server::suite::Suite,
};
use tokio::runtime::Runtime;

const BURSTS: usize = 200;
const REQUESTS: u32 = 61;

fn main() {
    // `cargo test --benches` only asks whether it starts.
    if !std::env::args().any(|flag| flag == "--bench") {
        return;
    }
    let runtime = Runtime::new().expect("the runtime starts");
    let contract = Contract::load(Path::new(env!("CARGO_MANIFEST_DIR")));
    let contract = contract.unwrap_or_else(|faults| panic!("{faults:?}"));
    let limit = contract.limit.clone();
    let bundled = runtime.block_on(Bundled::start(Clock::real()));
    let suite = Suite::on_bundled(contract, &bundled).unwrap_or_else(|faults| panic!("{faults:?}"));
    let (base_url, request) = (&suite.run.target.base_url, &suite.plan.preflights[0].request);
    let mut skews: Vec<Duration> = (0..BURSTS)
        .map(|_| {
            // A client of its own for each burst: a run has one burst, on connections of its own.
            let sender = Sender::new(base_url.clone(), Clock::real(), Pacer::new(limit.as_ref()));
            let sender = sender.expect("no TLS is needed");
            let burst = runtime.block_on(sender.burst(request, REQUESTS)).expect("answers");
            let sent = || burst.iter().map(|exchange| exchange.sent);
            sent().max().unwrap_or_default().saturating_sub(sent().min().unwrap_or_default())
        })
        .collect();
    skews.sort();
    line(&format!(
        "first to last of {REQUESTS} requests sent, {BURSTS} bursts: median {:.2?}, p99 {:.2?}",
        skews[BURSTS / 2],
        skews[BURSTS * 99 / 100]
    ));
}
