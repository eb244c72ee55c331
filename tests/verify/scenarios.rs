//! The scenarios of this repository, checked against the page's table and against strict parsers.

use std::{path::Path, sync::Arc};

use errproof::internals::{
    contract::{
        Contract, body,
        scenario::{Provocation, Scenario},
    },
    exchange::clock::{Clock, SharedClock},
    mock::server::Front,
    server::suite::Suite,
};
use serde_json::Value;

fn contract() -> Contract {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    Contract::load(root).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// The bodies that a scenario sends, with the names of their cases.
fn bodies<'a>(contract: &'a Contract, scenario: &'a Scenario) -> Vec<(&'a str, Vec<u8>)> {
    let body = |case: &'a errproof::internals::contract::scenario::Case| {
        let Provocation::Single(single) = &case.provocation else { return None };
        let base = contract.requests[&single.request].format.body.as_ref();
        Some((
            case.name.as_str(),
            body::bytes(base, single.body.as_deref()).expect("it was checked"),
        ))
    };
    scenario.cases.iter().filter_map(body).collect()
}

#[test]
fn every_code_of_the_page_has_a_scenario_with_its_status() {
    let contract = contract();
    let mut codes: Vec<_> =
        contract.scenarios.iter().map(|s| (s.code.as_str(), s.status)).collect();
    codes.sort_unstable();
    let page = [
        ("generation_failed", 502),
        ("generation_timeout", 504),
        ("insufficient_credits", 402),
        ("invalid_api_key", 401),
        ("invalid_input", 400),
        ("invalid_json", 400),
        ("malformed_api_key", 401),
        ("missing_api_key", 401),
        ("plan_gate", 403),
        ("preflight_failed", 500),
        ("rate_limited", 429),
        ("regen_limit", 403),
        ("revoked_api_key", 401),
        ("workspace_not_found", 404),
    ];
    assert_eq!(codes, page);
}

#[test]
fn no_body_of_invalid_json_is_json_and_every_other_body_is() {
    let contract = contract();
    let mut refused = 0;
    for scenario in &contract.scenarios {
        for (name, body) in bodies(&contract, scenario) {
            let json = serde_json::from_slice::<Value>(&body).is_ok() || body.is_empty();
            if scenario.code.as_str() == "invalid_json" {
                assert!(serde_json::from_slice::<Value>(&body).is_err(), "{name} sends JSON");
                refused += 1;
            } else {
                assert!(json, "{name} does not send JSON");
            }
        }
    }
    assert!(refused >= 15, "{refused}");
}

#[test]
fn the_names_of_the_cases_never_change() {
    let contract = contract();
    let names: Vec<_> = contract
        .scenarios
        .iter()
        .flat_map(|scenario| &scenario.cases)
        .map(|case| case.name.as_str())
        .collect();
    insta::assert_snapshot!(names.join("\n"));
}

#[test]
fn what_may_show_later_begins_before_all_that_cannot() {
    let clock = Clock::Shared(SharedClock::default());
    let (front, keys) = Front::new(clock.clone(), None);
    let suite = Suite::in_process(contract().into(), Arc::new(front), &keys, clock);
    let plan = suite.unwrap_or_else(|faults| panic!("{faults:?}")).plan;
    let names = plan.order().into_iter().map(|at| plan.trials[at].case().name.clone());
    let names: Vec<String> = names.collect();
    let place = |name: &str| names.iter().position(|other| other == name).expect("a case");
    let usual = place("invalid_input::tone-missing");
    for (at, name) in names.iter().enumerate() {
        let may =
            ["revoked_api_key::revoked-x-api-key", "generation_failed::", "preflight_failed::"];
        assert!(at < usual || !may.iter().any(|may| name.starts_with(may)), "{name} is {at}.");
    }
    assert!(place("revoked_api_key::still-revoked-at-the-end-x-api-key") > usual);
}
