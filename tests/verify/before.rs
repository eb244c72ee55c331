//! Contracts as they were written before an error could be told by anything but its code: each is still valid, and asks for the
//! same trials. The folders in `before/` are not changed with the formats.

use std::path::{Path, PathBuf};

use errproof::internals::contract::Contract;
use insta::assert_snapshot;

use crate::support::{errproof, trials};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify/before").join(name)
}

/// The trials that a folder asks for, each with its status.
fn asked(name: &str) -> Vec<String> {
    let contract = Contract::load(&folder(name)).unwrap_or_else(|faults| panic!("{faults:?}"));
    let cases = contract.all_scenarios().flat_map(|scenario| {
        scenario.cases.iter().map(move |case| format!("{} {}", scenario.status, case.name))
    });
    cases.collect()
}

#[test]
fn the_first_contract_still_asks_for_the_same_and_holds_on_its_mock() {
    let before = asked("planmysaas");
    let names: Vec<_> = before.iter().filter_map(|line| line.split_once(' ')).collect();
    let now = trials();
    assert_eq!(names.len(), 720);
    for (_, name) in &names {
        assert!(now.iter().any(|known| known == name), "{name} is gone");
    }
    let path = folder("planmysaas");
    let ended = errproof(&["--contract", path.to_str().expect("a path"), "--quiet"], &[]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("720 passed; 0 failed; 0 ignored"), "{}", ended.stdout);
}

#[test]
fn the_contracts_of_the_examples_still_ask_for_the_same() {
    let [problem, graphql] = ["problem-json", "graphql"].map(|name| asked(name).join("\n"));
    assert_snapshot!(problem, @r"
    400 malformed-body::truncated
    400 malformed-body::empty
    401 missing-credentials::no-header
    401 missing-credentials::no-key-basic
    401 missing-credentials::no-key-api-key
    401 unknown-credentials::never-issued-basic
    401 unknown-credentials::never-issued-api-key
    401 unknown-credentials::one-short
    404 not-found::no-such-item
    409 out-of-stock::sold-out
    410 gone::last-version
    422 invalid-value::item-missing
    422 invalid-value::quantity-zero
    422 invalid-value::quantity-too-large
    422 invalid-value::quantity-text
    429 too-many-requests::burst
    503 maintenance::shop-closed
    ");
    assert_snapshot!(graphql, @r"
    400 BAD_REQUEST::truncated
    200 NOT_FOUND::no-such-account
    200 UNAUTHENTICATED::no-token
    200 UNAUTHENTICATED::never-issued
    200 UNAUTHENTICATED::one-short
    200 VALIDATION_FAILED::unknown-field
    ");
}
