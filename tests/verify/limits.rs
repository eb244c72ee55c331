//! Limits that somebody else has used before the run: waited out, judged, and never a false alarm.

use std::{path::Path, sync::Arc, time::Duration};

use errproof::internals::{
    contract::Contract,
    exchange::{
        clock::{Clock, SharedClock},
        message::Request,
        outgoing::Outgoing,
        pacing::Pacer,
        sender::Sender,
    },
    mock::{
        mutation::{Behaviour, Mutation, RetryAfterFault},
        server::{Bundled, Front},
    },
    result::verdict::Verdict,
    server::{bundled::target, drift::Recording, played::Played, suite::Suite},
    shown::secret::Secret,
    shown::secrets::Secrets,
    source::fault::Faults,
    targets::{target::Target, target_file::TargetFile},
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

/// The bundled API and the suite for it, in one process and on one clock.
struct Bench {
    clock: SharedClock,
    bundled: Bundled,
    suite: Suite,
}

impl Bench {
    async fn new() -> Self {
        let clock = SharedClock::default();
        let bundled = Bundled::start(Clock::Shared(clock.clone())).await;
        let suite =
            Suite::on_bundled(contract(), &bundled).unwrap_or_else(|faults| panic!("{faults:?}"));
        Self { clock, bundled, suite }
    }

    /// Uses a key this often, as somebody else would.
    async fn use_key(&self, slot: &str, times: u32) {
        let key = Secret::new(self.bundled.keys()[slot].as_str());
        let request = self.suite.plan.preflights[0].request.clone();
        let mut headers = request.request.headers.clone();
        for (_, value) in headers.iter_mut().filter(|(name, _)| &**name == "X-API-Key") {
            *value = key.clone();
        }
        let changed = Request { headers, ..(*request.request).clone() };
        let outgoing = Outgoing { request: changed.into(), key: Some(key), ..request };
        self.suite.run.sender.burst(&outgoing, times).await.expect("answers");
    }

    async fn play(&self, name: &str) -> Played {
        play(&self.suite, name).await
    }

    fn now(&self, slot: &str) -> Duration {
        self.clock.now(Some(&Secret::new(self.bundled.keys()[slot].as_str())))
    }
}

fn contract() -> Contract {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    Contract::load(root).unwrap_or_else(|faults| panic!("{faults:?}"))
}

async fn play(suite: &Suite, name: &str) -> Played {
    let planned = suite.plan.trials.iter().find(|planned| planned.case().name == name);
    suite.run.play(planned.expect("a case of this name")).await
}

fn statuses(played: &Played) -> Vec<u16> {
    played.exchanges.iter().map(|exchange| exchange.answer.status).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_key_that_was_used_within_the_last_minute_is_rested_once_and_passes() {
    let bench = Bench::new().await;
    bench.use_key("burst", 7).await;
    let played = bench.play("rate_limited::burst").await;
    assert_eq!(played.verdict, Verdict::Pass, "{:?}", played.sheet);
    // Three bursts of 75, three requests of the other key, thirteen while the key is refused, one after those, and three in
    // and after the wait.
    assert_eq!(played.exchanges.len(), 3 * 75 + 3 + 13 + 1 + 3);
    assert_eq!(bench.now("burst"), Duration::from_secs(61 + 60));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_the_case_did_not_ask_for_is_waited_out_and_the_case_sent_again() {
    let bench = Bench::new().await;
    bench.use_key("valid", 60).await;
    let played = bench.play("invalid_json::empty").await;
    assert_eq!(played.verdict, Verdict::Pass, "{:?}", played.sheet);
    // The refusal, the case, and its twin.
    assert_eq!(statuses(&played), [429, 400, 400]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_the_case_did_not_ask_for_is_never_its_finding() {
    let clock = SharedClock::default();
    // A refusal that is wrong in itself is a finding of the limit's own case alone.
    let mutation = Mutation::Behaviour(Behaviour::RefusalByGateway);
    let (front, keys) = Front::new(Clock::Shared(clock.clone()), Some(mutation));
    let on_clock = Clock::Shared(clock.clone());
    let suite = Suite::in_process(contract().into(), Arc::new(front), &keys, on_clock);
    let suite = suite.unwrap_or_else(|faults| panic!("{faults:?}"));
    suite.run.sender.burst(&suite.plan.preflights[0].request, 60).await.expect("answers");
    let played = play(&suite, "invalid_json::empty").await;
    assert_eq!(played.verdict, Verdict::Pass, "{:?}", played.sheet);
    assert_eq!(statuses(&played), [429, 400, 400]);
    let burst = play(&suite, "rate_limited::burst").await;
    assert_eq!(burst.verdict, Verdict::Fail, "{:?}", burst.sheet);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_retry_after_is_waited_out_up_to_a_most_and_beyond_is_inconclusive_or_no_wait_of_that_limit()
 {
    let long = Mutation::Behaviour(Behaviour::RetryAfter(RetryAfterFault::LongerThanWindow));
    let hours = Mutation::Behaviour(Behaviour::RetryAfter(RetryAfterFault::Milliseconds));
    let untried = |told, most| {
        Verdict::Inconclusive(format!(
            "the refusals ask for a wait of {told} s, and --wait-at-most is {most} s: whether the key is served again was not tried"
        ))
    };
    let rows = [
        // It is served in the middle of what it is told to wait.
        (long, 300, Verdict::Pass, 60),
        (long, 120, Verdict::Pass, 60),
        (long, 119, untried(120, 119), 0),
        // A thousand of its windows is no wait of that limit, unless the docs set one.
        (hours, 300, Verdict::Fail, 0),
    ];
    for (mutation, most, verdict, waited) in rows {
        let clock = SharedClock::default();
        let (front, keys) = Front::new(Clock::Shared(clock.clone()), Some(mutation));
        let on_clock = Clock::Shared(clock.clone());
        let server = Arc::new(front);
        let mut faults = Faults::default();
        let contract = Arc::new(contract());
        let url = "http://127.0.0.1";
        let target = target(url, &keys, on_clock.clone(), &contract, &mut faults);
        let mut target = target.unwrap_or_else(|| panic!("{faults:?}"));
        target.wait_at_most = Duration::from_secs(most);
        let sender = Sender::in_process(server, on_clock, Pacer::new(contract.limit.as_ref()));
        let suite =
            Suite::with_sender(contract, target, Recording::Nothing, sender, &Secrets::default());
        let suite = suite.unwrap_or_else(|faults| panic!("{faults:?}"));
        let played = play(&suite, "rate_limited::burst").await;
        assert_eq!(played.verdict, verdict, "{most}: {:?}", played.sheet);
        let key = Secret::new(keys["burst"].as_str());
        assert_eq!(clock.now(Some(&key)), Duration::from_secs(waited), "{most}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_refused_twice_is_an_error_and_no_failure() {
    let server = MockServer::start().await;
    let envelope = serde_json::json!({ "error": {
        "code": "rate_limited",
        "message": "slower",
        "docs": "https://www.planmysaas.com/docs/api/errors",
        "requestId": "1",
    }});
    let refusal =
        ResponseTemplate::new(429).set_body_json(envelope).insert_header("retry-after", "7");
    Mock::given(matchers::any()).respond_with(refusal).mount(&server).await;
    let file = TargetFile { base_url: server.uri(), ..TargetFile::default() };
    let key = format!("pms_live_{}", "a".repeat(32));
    let environment = |name: &str| (name == "ERRPROOF_KEY_VALID").then(|| key.clone());
    let clock = SharedClock::default();
    let (contract, mut faults) = (contract(), Faults::default());
    let on_clock = Clock::Shared(clock.clone());
    let target = Target::bundled(&file, &contract, on_clock, &environment, &mut faults);
    let target = target.unwrap_or_else(|| panic!("{faults:?}"));
    let suite = Suite::new(contract, target, Recording::Nothing, &Secrets::default());
    let suite = suite.unwrap_or_else(|faults| panic!("{faults:?}"));
    let played = play(&suite, "invalid_json::empty").await;
    let Verdict::Error(why) = &played.verdict else { panic!("{played:?}") };
    assert_eq!(
        why,
        "the limit refused the request with 429, and again after a wait of 7 s: this case was not judged"
    );
    assert_eq!(statuses(&played), [429, 429]);
    assert_eq!(clock.now(Some(&Secret::new(key.as_str()))), Duration::from_secs(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generator_that_hangs_takes_its_time_on_the_keys_clock_and_none_of_ours() {
    let bench = Bench::new().await;
    let played = bench.play("generation_timeout::generator-hangs").await;
    assert_eq!(played.verdict, Verdict::Pass, "{:?}", played.sheet);
    assert_eq!(bench.now("valid"), Duration::from_secs(90));
    assert_eq!(bench.now("burst"), Duration::ZERO);
}
