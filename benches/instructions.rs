//! What a run costs in instructions, which do not depend on the machine: counted by callgrind of
//! Valgrind, and not at all where that is not there.
//!
//! Bounds: listing the trials of this repository's contract, all of its keys and hooks set, takes at
//! most 35 million; carrying out 1,400 cases at most 400 million.

use std::{
    env,
    path::Path,
    process::{Command, ExitCode, Stdio},
};

use errproof::internals::contract::Contract;
use tokio::runtime::Runtime;

mod cases;
mod common;
use common::line;

const BOUND_LIST: u64 = 35_000_000;
const BOUND_RUN: u64 = 400_000_000;
const CASES: usize = 1_400;

fn main() -> ExitCode {
    // `cargo test --benches` only asks whether it starts.
    if !env::args().any(|flag| flag == "--bench") {
        return ExitCode::SUCCESS;
    }
    if Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_err() {
        line("skipped: valgrind is not on this machine");
        return ExitCode::SUCCESS;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = instructions(root, &["--list", "--target-url", "http://127.0.0.1:9"], &keys(root));
    line(&format!("--list: {list} instructions (bound {BOUND_LIST})"));

    let runtime = Runtime::new().expect("the runtime starts");
    let url = cases::start(&runtime);
    let folder = tempfile::tempdir().expect("a folder");
    cases::write_contract(folder.path(), CASES);
    let variables = cases::variables().map(|(name, value)| (name.to_owned(), value));
    let run = instructions(folder.path(), &["--target-url", &url], &variables);
    line(&format!("{CASES} cases: {run} instructions (bound {BOUND_RUN})"));
    assert!(list <= BOUND_LIST && run <= BOUND_RUN, "a bound is broken");
    ExitCode::SUCCESS
}

/// A key for each slot and a header for each hook of a contract.
fn keys(root: &Path) -> Vec<(String, String)> {
    let contract = Contract::load(root).unwrap_or_else(|faults| panic!("{faults:?}"));
    let slots = contract.slots.values().enumerate().map(|(at, slot)| {
        let key = contract.key.example_like(None);
        let end = key.len() - 1;
        (slot.env.clone(), format!("{}{at}", &key[..end]))
    });
    let hooks = contract
        .hooks
        .iter()
        .map(|(name, hook)| (hook.env.clone(), format!("X-Mock-Fault: {name}")));
    slots.chain(hooks).collect()
}

/// What `errproof test` takes with these flags and variables, and no others of ours.
fn instructions(contract: &Path, flags: &[&str], variables: &[(String, String)]) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env!("CARGO_BIN_EXE_errproof"))
        .args(["test", "--contract"])
        .arg(contract)
        .args(flags)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::null())
        .output()
        .expect("valgrind starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let refs = said.lines().find_map(|line| line.split_once("refs:")).expect("a count");
    let digits: String = refs.1.chars().filter(char::is_ascii_digit).collect();
    digits.parse().expect("a number")
}
