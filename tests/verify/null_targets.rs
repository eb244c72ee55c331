//! Servers that know nothing of the contract must pass nothing of it.

use std::{path::Path, sync::Arc};

use errproof::internals::{
    contract::{Contract, scenario::Provocation},
    exchange::{
        clock::{Clock, SharedClock},
        message::{Answer, Ending, Request},
        sender::InProcess,
    },
    mock::world::World,
    result::verdict::Verdict,
    server::suite::Suite,
};

/// A server that answers every request the same way.
#[derive(Debug)]
struct Null(Answers);

impl InProcess for Null {
    fn answer(&self, request: &Request) -> Answer {
        (self.0)(request)
    }
}

fn answer(status: u16, media: &str, body: &[u8]) -> Answer {
    Answer {
        status,
        headers: vec![("content-type".to_owned(), media.as_bytes().to_vec())],
        body: body.to_vec(),
        ending: Ending::Complete,
    }
}

const ENVELOPE: &str = r#"{"error":{"code":"invalid_api_key","message":"There is no such key.","docs":"https://www.planmysaas.com/docs/api/errors","requestId":"9e6f106523c25047"}}"#;

/// A server that knows nothing of the contract.
type Answers = fn(&Request) -> Answer;

const NULL_TARGETS: [(&str, Answers); 8] = [
    ("empty 200", |_| answer(200, "application/json", b"")),
    ("an empty object", |_| answer(200, "application/json", b"{}")),
    ("a balance for all", |_| answer(200, "application/json", br#"{"credits":7}"#)),
    ("always the same 401", |_| answer(401, "application/json", ENVELOPE.as_bytes())),
    ("always 500", |_| answer(500, "text/html", b"<h1>Internal Server Error</h1>")),
    ("always an empty envelope", |_| answer(400, "application/json", br#"{"error":{}}"#)),
    ("an echo", |request| answer(200, "application/json", &request.body)),
    ("a static file server", |request| match &*request.method {
        "GET" => answer(200, "text/html", b"<!doctype html><title>Index of /</title>"),
        _ => answer(405, "text/html", b"<h1>Method Not Allowed</h1>"),
    }),
];

#[tokio::test]
async fn a_null_target_passes_nothing() {
    let contract = Contract::load(Path::new(env!("CARGO_MANIFEST_DIR")));
    let contract = Arc::new(contract.unwrap_or_else(|faults| panic!("{faults:?}")));
    let (_, keys) = World::seeded(&mut |below| fastrand::usize(..below));
    for (name, null) in NULL_TARGETS {
        let clock = Clock::Shared(SharedClock::default());
        let suite = Suite::in_process(Arc::clone(&contract), Arc::new(Null(null)), &keys, clock);
        let suite = suite.unwrap_or_else(|faults| panic!("{faults:?}"));
        let all = suite.plan.trials.iter().map(|planned| planned.case().name.clone()).collect();
        suite.run.open(&suite.plan, &all).await;
        // What is served to these two methods is no error, and need not be one.
        let may_succeed = |name: &str| name.ends_with("-by-head") || name.ends_with("-by-options");
        let trials = suite.plan.trials.iter();
        let trials = trials.filter(|planned| !may_succeed(&planned.case().name));
        // A ledger's trial proves no code: it waits for all others, and has no balance to read here.
        for planned in trials.filter(|planned| !planned.case().last) {
            let played = suite.run.play(planned).await;
            // A case of a balance is left out where no success has shown what a request costs.
            let is_balance = matches!(planned.case().provocation, Provocation::Balance(_));
            let passed = match &played.verdict {
                Verdict::Pass => true,
                Verdict::Ignored(_) | Verdict::Inconclusive(_) => !is_balance,
                _ => false,
            };
            assert!(!passed, "{name} passes {}: {:?}", planned.case().name, played.verdict);
        }
    }
}
