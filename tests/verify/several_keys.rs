//! A slot with several keys: the trials are dealt to them, and each is a key of its own.

use std::{
    collections::BTreeMap,
    fs,
    sync::atomic::{AtomicI64, Ordering},
};

use errproof::internals::{
    exchange::clock::Clock,
    mock::server::{Bundled, Front},
};
use serde_json::Value;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers};

use crate::support::{Contract, command, errproof, plan, trials_of};

/// Three keys that a plan needs no server for.
const THREE: [(&str, &str); 3] = [
    ("KEY_A", "pms_live_Val1dVal1dVal1dVal1dVal1dVal1d00"),
    ("KEY_B", "pms_live_0therV0therV0therV0therV0therV01"),
    ("KEY_C", "pms_live_Th1rdVTh1rdVTh1rdVTh1rdVTh1rdV02"),
];

/// A contract with a target whose slots are these lines.
fn contract(url: &str, slots: &str) -> Contract {
    let contract = Contract::copy();
    let target = format!("base-url = \"{url}\"\n[slots]\n{slots}\n");
    fs::write(contract.path("targets/several.toml"), target).expect("written");
    contract
}

const ABC: &str = "valid = [{ env = \"KEY_A\" }, { env = \"KEY_B\" }, { env = \"KEY_C\" }]";

/// The requests by each key of `valid` in a plan.
fn shares(said: &str) -> BTreeMap<String, u64> {
    let lines = said.lines().filter(|line| line.starts_with("  valid"));
    let share = |line: &str| {
        let (holder, count) = line.trim().rsplit_once(' ').expect("a number");
        (holder.trim().to_owned(), count.parse().expect("a number"))
    };
    lines.map(share).collect()
}

#[test]
fn trials_are_dealt_to_the_keys_of_a_slot_in_turn_and_always_to_the_same() {
    let contract = contract("http://127.0.0.1:1", ABC);
    let flags = ["--contract", contract.folder(), "--target", "several"];
    let said = plan(&flags, &THREE);
    let dealt = shares(&said);
    assert_eq!(
        dealt.keys().map(String::as_str).collect::<Vec<_>>(),
        ["valid ($KEY_A)", "valid ($KEY_B)", "valid ($KEY_C)"]
    );
    assert!(dealt.values().all(|share| (80..=130).contains(share)), "{said}");
    assert_eq!(plan(&flags, &THREE), said);
    for (_, key) in THREE {
        assert!(!said.contains(key), "{said}");
    }
}

#[test]
fn a_key_that_is_not_set_is_left_out_and_named() {
    let contract = contract("http://127.0.0.1:1", ABC);
    let flags = ["--contract", contract.folder(), "--target", "several"];
    let said = plan(&flags, &[THREE[0], THREE[2]]);
    assert_eq!(shares(&said).len(), 2, "{said}");
    let missing = "$KEY_B is not set: slot `valid` has one key fewer, and the run takes longer";
    assert!(said.lines().any(|line| line == missing), "{said}");
    // Without any of them the cases say what to set.
    let said = plan(&flags, &[]);
    assert!(said.contains("no key for slot `valid`: set $KEY_A to"), "{said}");
    assert!(!said.contains("$KEY_B"), "{said}");
}

#[test]
fn a_list_of_one_is_that_one() {
    let contract = contract("http://127.0.0.1:1", "valid = [{ env = \"KEY_A\" }]");
    let flags = ["--contract", contract.folder(), "--target", "several"];
    let said = plan(&flags, &THREE);
    assert_eq!(shares(&said).keys().collect::<Vec<_>>(), ["valid"], "{said}");
}

#[test]
fn a_list_that_cannot_be_is_a_fault_where_it_stands() {
    let rows = [
        ("burst = [{ env = \"KEY_A\" }, { env = \"KEY_B\" }]", "`burst` has several keys"),
        ("valid = []", "invalid value for `valid`"),
        ("valid = [{ env = \"KEY_A\" }, { env = \"pms_live_x\" }]", "not the name of a variable"),
        ("valid = [{ env = \"KEY_A\" }, { enw = \"KEY_B\" }]", "unknown key `enw`"),
        ("valid = { enw = \"KEY_B\" }", "unknown key `enw`"),
        ("valid = { env = \"KEY_A\", shraed = true }", "unknown key `shraed`"),
    ];
    for (slots, title) in rows {
        let contract = contract("http://127.0.0.1:1", slots);
        let flags = ["--contract", contract.folder(), "--target", "several"];
        let ended = errproof(&flags, &THREE);
        assert_eq!(ended.code, 2, "{slots}: {ended:?}");
        assert!(ended.stderr.contains(title), "{slots}: {}", ended.stderr);
        assert!(ended.stderr.contains("several.toml:3"), "{slots}: {}", ended.stderr);
    }
}

#[test]
fn lint_advises_against_one_variable_twice_in_a_list() {
    let contract =
        contract("http://127.0.0.1:1", "valid = [{ env = \"KEY_A\" }, { env = \"KEY_A\" }]");
    let ended = command("lint", &["--contract", contract.folder()], &[]);
    assert!(ended.stderr.contains("$KEY_A stands twice in the slot `valid`"), "{ended:?}");
    assert!(!ended.stderr.contains("fills both"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_key_is_one_of_its_own_in_a_run_and_all_that_is_said_names_its_variable() {
    let server = Bundled::start(Clock::real()).await;
    let keys = server.keys().clone();
    let contract = contract(&server.url(), ABC);
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().to_str().expect("a path in UTF-8").to_owned();
    let named = |(slot, key): (&&'static str, &String)| {
        let variable = match *slot {
            "valid" => "KEY_A".to_owned(),
            "valid-2" => "KEY_B".to_owned(),
            "valid-3" => "KEY_C".to_owned(),
            slot => format!("ERRPROOF_KEY_{}", slot.to_uppercase().replace('-', "_")),
        };
        (variable, key.clone())
    };
    let mut variables: Vec<(String, String)> = keys.iter().map(named).collect();
    for hook in ["generation_failed", "preflight_failed"] {
        let variable = format!("ERRPROOF_HOOK_{}", hook.to_uppercase());
        variables.push((variable, format!("X-Mock-Fault: {hook}")));
    }
    let (said, ended) = tokio::task::spawn_blocking(move || {
        // Without the other keys all of JSON's grammar would go with these, and wait for their limit.
        let skip = ["--skip", "rate_limited", "--skip", "invalid_json::"];
        let given = ["--contract", contract.folder(), "--target", "several"];
        let flags = [&given[..], &skip, &["--report-dir", &to]].concat();
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (&**name, &**value)).collect();
        (plan(&flags, &variables), errproof(&flags, &variables))
    })
    .await
    .expect("the run does not panic");
    assert_eq!(ended.code, 0, "{ended:?}");
    let report = fs::read_to_string(folder.path().join("report.json")).expect("written");
    for (slot, key) in &keys {
        let everything = [&ended.stdout, &ended.stderr, &report, &said];
        assert!(everything.iter().all(|text| !text.contains(key.as_str())), "{slot}");
    }
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let sent = &report["server"]["requests"];
    for (holder, share) in shares(&said) {
        assert_eq!(sent[&holder], share, "{holder}: {sent}");
    }
    let mut by_key = BTreeMap::new();
    for trial in trials_of(&report, "server") {
        let evidence = &trial["evidence"];
        let key = evidence["request"]["key"].as_str().unwrap_or_default();
        let Some((_, variable)) = key.split_once("valid ($") else { continue };
        let variable = variable.split(')').next().expect("its end").to_owned();
        let again = evidence["again"].as_str().expect("a command");
        for other in ["KEY_A", "KEY_B", "KEY_C"] {
            assert_eq!(again.contains(other), variable == other, "{key}: {again}");
        }
        *by_key.entry(variable).or_insert(0) += 1;
    }
    assert_eq!(by_key.len(), 3, "{by_key:?}");
    assert!(by_key.values().all(|trials| *trials >= 10), "{by_key:?}");
    let slot = &report["server"]["configuration"]["slots"]["valid"];
    let others = [("KEY_B", true), ("KEY_C", true)];
    let others = others.map(|(env, set)| serde_json::json!({ "env": env, "set": set }));
    assert_eq!(slot["others"], serde_json::json!(others));
}

/// The bundled mock, but that an error costs whoever has the second key of `valid` three credits.
struct ChargesSecond {
    front: Front,
    second: String,
    errors: AtomicI64,
}

impl Respond for ChargesSecond {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let answer = self.front.respond(request);
        let carries = |name: &str| {
            let value = request.headers.get(name).and_then(|value| value.to_str().ok());
            value.is_some_and(|value| value.trim_start_matches("Bearer ") == self.second)
        };
        if !carries("x-api-key") && !carries("authorization") {
            return answer;
        }
        if request.url.path() != "/api/v1/credits" {
            self.errors.fetch_add(1, Ordering::Relaxed);
            return answer;
        }
        let credits = 100_000 - 3 * self.errors.load(Ordering::Relaxed);
        ResponseTemplate::new(200).set_body_json(serde_json::json!({ "credits": credits }))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_error_costs_the_second_key_of_a_slot_is_found() {
    let (front, keys) = Front::new(Clock::real(), None);
    let broken = ChargesSecond { front, second: keys["valid-2"].clone(), errors: 0.into() };
    let server = MockServer::start().await;
    Mock::given(matchers::any()).respond_with(broken).mount(&server).await;
    let contract = contract(&server.uri(), ABC);
    let ended = tokio::task::spawn_blocking(move || {
        let skip = ["--skip", "rate_limited", "--skip", "invalid_json::"];
        let flags = [&skip[..], &["--contract", contract.folder()]].concat();
        let keys = ["valid", "valid-2", "valid-3"].map(|slot| keys[slot].as_str());
        let variables: Vec<_> = ["KEY_A", "KEY_B", "KEY_C"].into_iter().zip(keys).collect();
        errproof(&[&flags[..], &["--target", "several"]].concat(), &variables)
    });
    let ended = ended.await.expect("the run does not panic");
    assert_eq!(ended.code, 101, "{ended:?}");
    let red: Vec<&str> =
        ended.stdout.lines().filter(|line| line.trim_start().starts_with("x ")).collect();
    let [found] = red[..] else { panic!("{red:?} in {}", ended.stdout) };
    assert!(found.contains("no-charge"), "{found}");
    assert!(ended.stdout.contains("key: valid ($KEY_B)"), "{}", ended.stdout);
}
