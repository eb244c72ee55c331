//! What the tests of the command share: starting it, and contract folders with changes.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file is a crate of its own and uses a part of it"
)]

use std::{
    fs,
    io::{self, BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use errproof::internals::contract::check::CheckId;
use tempfile::TempDir;

/// How the command ended and what it said, with what differs from run to run made the same.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    /// The exit code.
    pub code: i32,
    /// What it printed on stdout.
    pub stdout: String,
    /// What it printed on stderr.
    pub stderr: String,
}

/// A key for each slot, and a header for each hook, as a person would set them.
pub const KEYS: [(&str, &str); 10] = [
    ("ERRPROOF_KEY_VALID", "pms_live_Val1dVal1dVal1dVal1dVal1dVal1d00"),
    ("ERRPROOF_KEY_BURST", "pms_live_BurstBurstBurstBurstBurstBurst01"),
    ("ERRPROOF_KEY_REVOKED", "pms_live_Rev0kRev0kRev0kRev0kRev0kRev0k02"),
    ("ERRPROOF_KEY_DRAINED", "pms_live_Dra1nDra1nDra1nDra1nDra1nDra1n03"),
    ("ERRPROOF_KEY_FREE_PLAN", "pms_live_FreePFreePFreePFreePFreePFreeP04"),
    ("ERRPROOF_KEY_REGEN_CAPPED", "pms_live_RegenRegenRegenRegenRegenRegen05"),
    ("ERRPROOF_KEY_ORPHANED", "pms_live_0rpha0rpha0rpha0rpha0rpha0rpha06"),
    ("ERRPROOF_HOOK_GENERATION_FAILED", "X-Mock-Fault: generation_failed"),
    ("ERRPROOF_HOOK_GENERATION_TIMEOUT", "X-Mock-Fault: generation_timeout"),
    ("ERRPROOF_HOOK_PREFLIGHT_FAILED", "X-Mock-Fault: preflight_failed"),
];

/// Says why a test shows nothing on this machine.
pub fn skip(why: &str) {
    writeln!(io::stderr(), "skipped: {why}").expect("stderr takes a line");
}

/// A line of what was measured.
pub fn line(text: &str) {
    writeln!(io::stdout(), "{text}").expect("stdout takes a line");
}

/// Starts `errproof test` with these flags and variables, in this repository, and waits for its end.
pub fn errproof(flags: &[&str], variables: &[(&str, &str)]) -> Ended {
    command("test", flags, variables)
}

/// What `errproof plan` prints.
pub fn plan(flags: &[&str], variables: &[(&str, &str)]) -> String {
    let ended = command("plan", flags, variables);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    ended.stdout
}

/// The names of all trials of this repository's contract.
pub fn trials() -> Vec<String> {
    let contract =
        errproof::internals::contract::Contract::load(Path::new(env!("CARGO_MANIFEST_DIR")));
    let contract = contract.unwrap_or_else(|faults| panic!("{faults:?}"));
    let cases = contract.all_scenarios().flat_map(|scenario| &scenario.cases);
    cases.map(|case| case.name.clone()).collect()
}

/// Starts `errproof NAME` with these flags and variables, in this repository, and waits for its end.
pub fn command(name: &str, flags: &[&str], variables: &[(&str, &str)]) -> Ended {
    let output = prepared()
        .arg(name)
        .args(flags)
        .envs(variables.iter().copied())
        .output()
        .expect("the command starts");
    let text = |bytes: &[u8]| steady(&String::from_utf8_lossy(bytes));
    Ended {
        code: output.status.code().expect("the command ends by itself"),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    }
}

/// The command, in this repository and without variables that change what it does.
pub fn prepared() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_errproof"));
    command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("CI", "true")
        .env_remove("NEXTEST")
        .env_remove("INSTA_UPDATE");
    command
}

/// The trials of a side in `report.json`.
pub fn trials_of(report: &serde_json::Value, side: &str) -> Vec<serde_json::Value> {
    let sides = report["sides"].as_array().expect("a list of sides");
    let side = sides.iter().find(|known| known["side"] == side).expect("the side was tested");
    side["trials"].as_array().expect("a list of trials").clone()
}

/// The text with ports and times made the same.
pub fn steady(text: &str) -> String {
    let rules = [
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"127\.0\.0\.1_\d+", "127.0.0.1_PORT"),
        (r"finished in [\d.]+s", "finished in TIME"),
        (r"in \d+ ms", "in TIME"),
        (r"(requests? sent: .*); [\d.]+ s", "$1; TIME"),
        (r"\b[0-9a-f]{16}\b", "REQUEST-ID"),
    ];
    rules.iter().fold(text.to_owned(), |text, (pattern, with)| {
        let pattern = regex::Regex::new(pattern).expect("a pattern");
        pattern.replace_all(&text, *with).into_owned()
    })
}

/// `errproof serve` on a port of its own, until this is dropped.
pub struct Mock {
    process: Child,
    /// Its address.
    pub url: String,
    /// The variables that it prints: a key for each condition, a header for each hook.
    pub variables: Vec<(String, String)>,
}

impl Mock {
    /// Starts it and waits until it has said where it is.
    pub fn start(flags: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_errproof"))
            .arg("serve")
            .args(flags)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let stdout = process.stdout.take().expect("it is piped");
        let (mut url, mut variables) = (String::new(), Vec::new());
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(said) = line.strip_prefix("export ") {
                let said = said.split(" # ").next().unwrap_or_default();
                let (name, value) = said.split_once('=').expect("a variable");
                variables.push((name.to_owned(), value.trim_matches('\'').to_owned()));
            }
            if let Some((_, said)) = line.split_once("--target-url ") {
                said.clone_into(&mut url);
                break;
            }
        }
        Self { process, url, variables }
    }

    /// Asks it to end, as a service manager does, and gives its exit code.
    pub fn end(mut self) -> Option<i32> {
        let id = self.process.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().expect("kill is there");
        assert!(asked.success());
        self.process.wait().expect("it ends").code()
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The contract with the promises more that some mutants break.
pub fn stricter() -> Arc<errproof::internals::contract::Contract> {
    let copy = Contract::copy();
    let promise = "retry-after = true\nretry-after-at-most = 60\nretry-after-falls = true";
    copy.change("scenarios/429-rate_limited.toml", "retry-after = true", promise)
        .change("contract.toml", "[limit]\n", "[limit]\ncounts = \"every-request\"\n")
        .change("contract.toml", "[order]\n", "[order]\nchain-is-promised = true\n");
    for check in CheckId::ALL.iter().filter(|check| check.is_advice()) {
        let promise =
            format!("\n[promises.\"{check}\"]\nsays = \"it holds\"\nsource = \"a test\"\n");
        copy.append("contract.toml", &promise);
    }
    let contract = errproof::internals::contract::Contract::load(copy.path("").as_path());
    contract.unwrap_or_else(|faults| panic!("{faults:?}")).into()
}

/// A copy of this repository's contract, to be changed.
pub struct Contract {
    folder: TempDir,
}

impl Contract {
    /// An unchanged copy.
    pub fn copy() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for name in ["contract.toml", "any-error.toml"] {
            fs::copy(root.join(name), folder.path().join(name)).expect("copied");
        }
        for name in ["scenarios", "schemas", "snapshots/mock", "targets"] {
            fs::create_dir_all(folder.path().join(name)).expect("created");
            for entry in fs::read_dir(root.join(name)).expect("a folder of the contract") {
                let entry = entry.expect("an entry");
                fs::copy(entry.path(), folder.path().join(name).join(entry.file_name()))
                    .expect("copied");
            }
        }
        Self { folder }
    }

    /// Puts one text in the place of another, which has to be there.
    pub fn change(&self, file: &str, from: &str, to: &str) -> &Self {
        let path = self.path(file);
        let text = fs::read_to_string(&path).expect("a file of the contract");
        assert!(text.contains(from), "{file} has no {from:?}");
        fs::write(path, text.replacen(from, to, 1)).expect("written");
        self
    }

    /// Adds a text to the end of a file.
    pub fn append(&self, file: &str, more: &str) -> &Self {
        let path = self.path(file);
        let text = fs::read_to_string(&path).expect("a file of the contract");
        fs::write(path, text + more).expect("written");
        self
    }

    /// The path of a file in it.
    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// The folder, as a flag's value.
    pub fn folder(&self) -> &str {
        self.folder.path().to_str().expect("a path in UTF-8")
    }
}
