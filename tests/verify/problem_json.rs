//! A contract of one's own: another API's, of which `src/` knows nothing. It holds on the example
//! server, and each promise that this server can break is missed by the check that guards it. Time is
//! real here, so all servers are tested at once: a window is ten seconds, and a wrong limit takes
//! three of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
    sync::Arc,
};

use clap::ValueEnum as _;
use errproof::internals::{
    contract::{Contract, check::CheckId},
    result::verdict::Verdict,
    server::{drift::Recording, played::Played, suite::Suite},
    shown::secrets::Secrets,
    source::fault::Faults,
    targets::{load::GivenTarget, target::Target},
};
use serde_json::Value;
use tokio::task::JoinSet;
use wiremock::{Mock, MockServer, matchers};

#[path = "../../examples/problem-json/src/api.rs"]
mod api;
use api::{Deviation, KEYS, Shop};

const FOLDER: &str = "examples/problem-json";

/// Which trials a deviation has to turn red; all others stay green.
#[derive(Debug, Clone, Copy)]
enum On {
    /// All of them.
    Every,
    /// All but the first that is judged.
    AllButOne,
    /// Those that send a key that errproof knows to the server.
    WithKey,
    /// Those of one code.
    Code(&'static str),
    /// These.
    Trials(&'static [&'static str]),
}

const BURST: On = On::Code("too-many-requests");

/// Each deviation, the check that has to see it, what else may fail for it, and where.
#[rustfmt::skip]
const TABLE: [(Deviation, &str, &[&str], On); 25] = [
    (Deviation::MediaType, "envelope.json", &[], On::Every),
    (Deviation::StatusInBody, "status", &[], On::Every),
    (Deviation::TypeElsewhere, "code", &[], On::Every),
    (Deviation::TitleMissing, "envelope.schema", &[], On::Every),
    (Deviation::InstanceConstant, "request-id", &[], On::AllButOne),
    (Deviation::KeyEchoed, "secret-leak", &[], On::WithKey),
    (Deviation::HintAdded, "drift", &[], On::Every),
    (Deviation::LimitEleven, "rate.admits", &[], BURST),
    (Deviation::LimitNine, "rate.admits", &[], BURST),
    (Deviation::LimitPerAddress, "rate.per-key", &[], BURST),
    (Deviation::RefusalAs503, "rate.refuses", &["status"], BURST),
    (Deviation::RetryAfterMissing, "retry-after", &[], BURST),
    (Deviation::RetryAfterTooShort, "retry-after.honest", &[], BURST),
    (Deviation::RetryAfterDate, "retry-after", &[], BURST),
    (Deviation::RateLimitMissing, "rate.told", &[], BURST),
    (Deviation::RateLimitTimeLies, "rate.told", &[], BURST),
    (Deviation::RateLimitPolicyLies, "rate.told", &[], BURST),
    (Deviation::UnknownAs403, "status", &[], On::Code("unknown-credentials")),
    (Deviation::ShortenedKeyTaken, "status", &["envelope.json", "envelope.schema", "code", "message", "request-id"], On::Trials(&["unknown-credentials::one-short"])),
    (Deviation::ApiKeySchemeIgnored, "code", &["twin"], On::Trials(&["unknown-credentials::never-issued-api-key", "missing-credentials::no-key-api-key"])),
    (Deviation::FieldNotNamed, "message", &[], On::Code("invalid-value")),
    (Deviation::MalformedAs500, "status", &[], On::Code("malformed-body")),
    (Deviation::GoneAsNotFound, "code", &["status"], On::Code("gone")),
    (Deviation::ClosedWithoutEnd, "retry-after", &[], On::Code("maintenance")),
    (Deviation::SoldOutForEveryone, "twin", &[], On::Code("out-of-stock")),
];

/// A shop on a port of its own.
async fn open(deviation: Option<Deviation>) -> MockServer {
    let server = MockServer::builder().disable_request_recording().start().await;
    Mock::given(matchers::any()).respond_with(Shop::new(deviation)).mount(&server).await;
    server
}

/// Every trial on a shop, all at once.
async fn play(deviation: Option<Deviation>) -> BTreeMap<String, (bool, Played)> {
    let server = open(deviation).await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    let contract = Contract::load(&root).unwrap_or_else(|faults| panic!("{faults:?}"));
    let environment = |name: &str| {
        let key = KEYS.iter().find(|(variable, _)| *variable == name);
        key.map(|(_, key)| (*key).to_owned())
    };
    let mut faults = Faults::default();
    let given = GivenTarget { target: Some("local"), url: Some(&server.uri()) };
    let target = Target::load(given, &contract, &environment, &mut Secrets::default(), &mut faults);
    let target = target.unwrap_or_else(|| panic!("{faults:?}"));
    let suite = Suite::new(contract, target, Recording::Nothing, &Secrets::default());
    let suite = suite.unwrap_or_else(|faults| panic!("{faults:?}"));
    let mut trials = JoinSet::new();
    // With one window for all keys the other trials would wait for each other: the burst says it all.
    let alone = deviation == Some(Deviation::LimitPerAddress);
    let all = 0..suite.plan.trials.len();
    for at in all.filter(|at| !alone || name(&suite, *at).starts_with("too-many-requests")) {
        let (run, plan) = (Arc::clone(&suite.run), Arc::clone(&suite.plan));
        let name = name(&suite, at).to_owned();
        trials.spawn(async move { (name, run.play(&plan.trials[at]).await) });
    }
    let mut played = BTreeMap::new();
    while let Some(done) = trials.join_next().await {
        let (name, result) = done.expect("a trial does not panic");
        let with_key = result.exchanges.iter().any(|exchange| exchange.key.is_some());
        played.insert(name, (with_key, result));
    }
    played
}

fn name(suite: &Suite, at: usize) -> &str {
    &suite.plan.trials[at].case().name
}

/// The ids of what did not hold.
fn failed(played: &Played) -> BTreeSet<String> {
    played.sheet.noted().iter().map(|noted| noted.check.to_string()).collect()
}

/// What is wrong with how the suite took a deviation.
fn judge(
    (deviation, check, also, on): (Deviation, &str, &[&str], On),
    played: &BTreeMap<String, (bool, Played)>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut red = 0;
    for (trial, (with_key, played)) in played {
        let meant = match on {
            On::Every => true,
            On::AllButOne => played.verdict != Verdict::Pass,
            // A case without a key is asked again with one, as its twin, and that is served.
            On::WithKey => *with_key && !trial.starts_with("missing-credentials"),
            On::Code(code) => trial.split("::").next() == Some(code),
            On::Trials(names) => names.contains(&trial.as_str()),
        };
        let failed = failed(played);
        red += usize::from(meant);
        if !meant && played.verdict != Verdict::Pass {
            wrong.push(format!("{deviation:?}: {trial} is not green: {:?}", played.sheet));
        }
        // An envelope is reviewed on the first case of its code.
        if meant && check == "drift" && failed.is_empty() {
            continue;
        }
        let others = failed.iter().filter(|id| *id != check && !also.contains(&id.as_str()));
        let others: Vec<_> = others.collect();
        // Where it makes a twin fail, a case that held proves nothing any more.
        let seen = failed.contains(check) || failed.contains("twin");
        if meant && (!seen || !others.is_empty()) {
            wrong.push(format!("{deviation:?}: on {trial} not {check}, but {failed:?}"));
        }
    }
    let drifted = played.values().filter(|(_, played)| failed(played).contains("drift")).count();
    if red == 0 || (matches!(on, On::AllButOne) && red + 1 < played.len()) {
        wrong.push(format!("{deviation:?}: {red} trials are red"));
    }
    if check == "drift" && drifted != 9 {
        wrong.push(format!("{deviation:?}: {drifted} codes drift"));
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_and_all_advice_hold_on_the_shop_and_each_deviation_is_seen_by_its_check() {
    let mut runs = JoinSet::new();
    for row in TABLE {
        runs.spawn(async move { judge(row, &play(Some(row.0)).await) });
    }
    runs.spawn(async {
        let played = play(None).await;
        let is_wrong =
            |played: &Played| played.verdict != Verdict::Pass || !played.advice.noted().is_empty();
        let wrong = played.iter().filter(|(_, (_, played))| is_wrong(played));
        let said = |(trial, (_, played)): (&String, &(bool, Played))| {
            format!("{trial}: {:?} {:?}", played.sheet, played.advice)
        };
        wrong.map(said).collect()
    });
    let mut wrong = Vec::new();
    while let Some(done) = runs.join_next().await {
        wrong.extend(done.expect("a run does not panic"));
    }
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_table_has_every_deviation_and_the_check_that_no_mutant_of_the_mock_breaks() {
    let named: BTreeSet<_> = TABLE.iter().map(|(deviation, ..)| format!("{deviation:?}")).collect();
    let all: BTreeSet<_> =
        Deviation::value_variants().iter().map(|deviation| format!("{deviation:?}")).collect();
    assert_eq!(named, all);
    assert!(TABLE.iter().any(|(_, check, ..)| *check == CheckId::RateTold.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_runs_the_contract_and_asks_for_a_target() {
    let server = open(None).await;
    let url = server.uri();
    let done = tokio::task::spawn_blocking(move || {
        let folder = ["--contract", FOLDER];
        let mut variables = KEYS.to_vec();
        variables.push(("SHOP_HOOK_MAINTENANCE", "X-Maintenance: on"));
        let run =
            crate::support::errproof(&[folder[0], folder[1], "--target-url", &url], &variables);
        (run, crate::support::errproof(&folder, &[]))
    });
    let (run, without) = done.await.expect("the commands end");
    assert_eq!(run.code, 0, "{run:?}");
    insta::assert_snapshot!(run.stdout.split_once("test result").expect("a result").1);
    assert_eq!((without.code, without.stdout.as_str()), (2, ""));
    insta::assert_snapshot!(without.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_of_a_failure_carries_a_key_in_http_basic_credentials() {
    if Command::new("curl").arg("--version").output().is_err() {
        crate::support::skip("there is no curl on this machine");
        return;
    }
    // The commands go to another shop, where no key is at its limit yet.
    let (server, rested) = (open(Some(Deviation::TitleMissing)).await, open(None).await);
    let (url, rested) = (server.uri(), rested.uri());
    let done = tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().expect("a folder");
        let report = folder.path().to_str().expect("a path in UTF-8");
        let flags = ["--contract", FOLDER, "--target-url", &url, "--report-dir", report];
        let ended =
            crate::support::errproof(&[&flags[..], &["--skip", "too-many"]].concat(), &KEYS);
        assert_eq!(ended.code, 101, "{ended:?}");
        let report = fs::read_to_string(folder.path().join("report.json")).expect("written");
        let report: Value = serde_json::from_str(&report).expect("JSON");
        let mut asked = 0;
        for trial in crate::support::trials_of(&report, "server") {
            let Some(again) = trial["evidence"]["again"].as_str() else { continue };
            let again = again.replace(&url, &rested);
            let ended =
                Command::new("sh").args(["-c", &again]).envs(KEYS).output().expect("a shell");
            let answer = String::from_utf8_lossy(&ended.stdout);
            let code = trial["code"].as_str().expect("a code");
            assert!(answer.contains(&format!("/problems/{code}\"")), "{again}\n{answer}");
            asked += 1;
        }
        asked
    });
    // All but the burst, and but for the hook that no variable describes.
    assert_eq!(done.await.expect("the commands end"), 15);
}
