//! Runs against a server in real time, with keys from the environment: what a CI job does. The two
//! trials that take a minute and more are left to a run by hand.

use std::time::Duration;

use errproof::internals::{
    exchange::clock::Clock,
    mock::{api::Waits, server::Bundled},
};
use insta::assert_snapshot;

use crate::support::{Contract, Ended, errproof, trials};

/// The trials of the real window and the real timeout.
const SLOW: [&str; 4] = ["--skip", "rate_limited", "--skip", "generation_timeout"];

/// A server, and the variables that a person would set for it.
struct Live {
    server: Bundled,
    variables: Vec<(String, String)>,
    /// The contract of its limit, if that is not this repository's.
    contract: Option<Contract>,
}

impl Live {
    async fn start() -> Self {
        Self::of(Bundled::start(Clock::real()).await, None)
    }

    /// One with 60 requests a second: all of the contract by 60 a minute takes a minute and a half, of which errproof
    /// waits most to keep each key within the limit.
    async fn by_the_second() -> Self {
        let waits = Waits { rate_window: Duration::from_secs(1), ..Waits::default() };
        let contract = Contract::copy();
        contract.change("contract.toml", "window-seconds = 60", "window-seconds = 1");
        Self::of(Bundled::with_waits(Clock::real(), waits).await, Some(contract))
    }

    fn of(server: Bundled, contract: Option<Contract>) -> Self {
        let slots = server.keys().iter();
        let mut variables: Vec<_> = slots
            .map(|(slot, key)| {
                (format!("ERRPROOF_KEY_{}", slot.to_uppercase().replace('-', "_")), key.clone())
            })
            .collect();
        for hook in ["generation_failed", "generation_timeout", "preflight_failed"] {
            let variable = format!("ERRPROOF_HOOK_{}", hook.to_uppercase());
            variables.push((variable, format!("X-Mock-Fault: {hook}")));
        }
        Self { server, variables, contract }
    }

    /// Runs with all variables but those whose name holds one of `unset`.
    async fn run(&self, flags: &[&str], unset: &[&str]) -> Ended {
        let url = self.server.url();
        let own = self.contract.iter().flat_map(|contract| ["--contract", contract.folder()]);
        let flags = ["--target-url", &url].into_iter().chain(own).chain(flags.iter().copied());
        let flags: Vec<String> = flags.map(ToString::to_string).collect();
        let set = |name: &str| !unset.iter().any(|unset| name.contains(unset));
        let variables: Vec<_> =
            self.variables.iter().filter(|(name, _)| set(name)).cloned().collect();
        tokio::task::spawn_blocking(move || {
            let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
            let variables: Vec<_> =
                variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            errproof(&flags, &variables)
        })
        .await
        .expect("the run does not panic")
    }

    /// The variables, as a process takes them.
    fn variables(&self) -> Vec<(&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// Fails if a key is in the text.
    fn assert_no_key(&self, ended: &Ended) {
        for (slot, key) in self.server.keys() {
            for said in [&ended.stdout, &ended.stderr] {
                assert!(!said.contains(key.as_str()), "the key of {slot} is in {said}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_from_the_environment_are_all_that_a_live_run_needs() {
    let live = Live::by_the_second().await;
    let ended = live.run(&SLOW, &[]).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    // What the optional slots' cases cost is not known without a budget.
    let slow = trials().iter().filter(|name| SLOW.iter().any(|part| name.contains(part))).count();
    let passed = format!("{} passed; 0 failed; 3 ignored", trials().len() - slow - 3);
    assert!(ended.stdout.contains(&passed), "{}", ended.stdout);
    live.assert_no_key(&ended);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_that_is_not_set_is_no_fault_and_its_cases_say_what_to_set() {
    let live = Live::by_the_second().await;
    let unset = ["DRAINED", "FREE_PLAN", "ORPHANED", "HOOK", "BURST"];
    let ended = live.run(&["--test-threads=1"], &unset).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    let ignored: Vec<_> = ended.stdout.lines().filter(|line| line.contains("ignored")).collect();
    assert_snapshot!(ignored.join("\n"));
    let strict = live.run(&["--strict", "plan_gate"], &unset).await;
    assert_eq!(strict.code, 101, "{strict:?}");
    let alone = live.run(&["plan_gate"], &unset).await;
    assert_eq!(alone.code, 4, "{alone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_made_without_one_to_go_by_is_taken_for_well_formed() {
    let live = Live::start().await;
    let ended = live.run(&["invalid_api_key::never-issued-"], &["VALID"]).await;
    // Without a key there is no twin, so nothing is proven.
    assert_eq!(ended.code, 4, "{ended:?}");
    assert!(ended.stdout.contains("2 passed; 0 failed"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_target_refuses_ends_the_run_with_one_line_and_no_key_in_it() {
    let mut live = Live::start().await;
    let revoked = live.server.keys()["revoked"].clone();
    for (name, key) in &mut live.variables {
        if name == "ERRPROOF_KEY_VALID" {
            key.clone_from(&revoked);
        }
    }
    let ended = live.run(&[], &[]).await;
    assert_eq!(ended.code, 3);
    live.assert_no_key(&ended);
    assert_snapshot!(ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_cannot_work_are_faults() {
    let mut live = Live::start().await;
    let valid = live.server.keys()["valid"].clone();
    for (name, key) in &mut live.variables {
        match name.as_str() {
            "ERRPROOF_KEY_BURST" => key.clone_from(&valid),
            "ERRPROOF_KEY_DRAINED" => key.clear(),
            "ERRPROOF_KEY_REVOKED" => "x".clone_into(key),
            "ERRPROOF_KEY_ORPHANED" => key.push('\n'),
            "ERRPROOF_HOOK_PREFLIGHT_FAILED" => "no header".clone_into(key),
            _ => {}
        }
    }
    let ended = live.run(&[], &[]).await;
    assert_eq!(ended.code, 2);
    live.assert_no_key(&ended);
    assert_snapshot!(ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_deviation_is_forgiven_with_its_reason_and_fails_once_it_is_mended() {
    let live = Live::start().await;
    let contract = Contract::copy();
    // The contract is changed, so that the server is the one that deviates.
    contract.change("scenarios/403-plan_gate.toml", "status = 403", "status = 404");
    let entry = |on: &str| {
        format!(
            "base-url = \"{}\"\n[[known]]\non = \"{on}\"\ncheck = \"status\"\nreason = \"an old gateway\"\nowner = \"platform team\"\nuntil = \"9999-12-31\"\n",
            live.server.url()
        )
    };
    let file = contract.path("targets/here.toml");
    let flags =
        ["--contract", contract.folder(), "--target", "here", "--test-threads=1", "plan_gate"];
    let run = |on: &str| {
        std::fs::write(&file, entry(on)).expect("written");
        errproof(&flags, &live.variables())
    };
    let forgiven = run("plan_gate");
    assert_eq!(forgiven.code, 0, "{forgiven:?}");
    assert!(
        forgiven.stdout.contains("status: an old gateway (platform team,"),
        "{}",
        forgiven.stdout
    );
    let other = run("regen_limit");
    assert_eq!(other.code, 101, "{other:?}");
    contract.change("scenarios/403-plan_gate.toml", "status = 404", "status = 403");
    let stale = run("plan_gate");
    assert_eq!(stale.code, 101, "{stale:?}");
    assert!(
        stale.stdout.contains("status is listed as known on plan_gate, and holds"),
        "{}",
        stale.stdout
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_is_listed_as_known_never_hides_a_request_that_is_served() {
    let mut live = Live::start().await;
    let valid = live.server.keys()["valid"].clone();
    // The gate is open to this key: 200 without a code, where 403 was due.
    for (name, key) in &mut live.variables {
        if name == "ERRPROOF_KEY_FREE_PLAN" {
            key.clone_from(&valid);
        }
    }
    let contract = Contract::copy();
    let entry = |check: &str| {
        format!(
            "[[known]]\non = \"plan_gate\"\ncheck = \"{check}\"\nreason = \"an old gateway\"\nowner = \"platform team\"\nuntil = \"9999-12-31\"\n"
        )
    };
    let (status, code) = (entry("status"), entry("code"));
    let rows =
        [(String::new(), 101), (status.clone(), 101), (code.clone(), 101), (status + &code, 0)];
    for (known, expected) in rows {
        let target = format!("base-url = \"{}\"\n{known}", live.server.url());
        std::fs::write(contract.path("targets/here.toml"), target).expect("written");
        let flags =
            ["--contract", contract.folder(), "--target", "here", "--test-threads=1", "plan_gate"];
        let ended = errproof(&flags, &live.variables());
        assert_eq!(ended.code, expected, "{known}: {ended:?}");
        let is_said = |what: &str| ended.stdout.contains(what);
        assert_eq!(is_said("the request was served (200)"), expected == 101, "{known}: {ended:?}");
        assert!(!is_said("x code"), "{known}: it is one finding: {ended:?}");
    }
}
