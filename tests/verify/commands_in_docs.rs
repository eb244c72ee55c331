//! Every command in README and `docs/` runs: here, on a mock in place of the staging server, or where
//! the table says.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use crate::support::{Contract, Mock};

/// Commands that are run elsewhere: what they begin with, the file that runs them, and what in it.
const ELSEWHERE: [(&str, &str, &str); 16] = [
    (".ci/run", ".github/workflows/ci.yml", "run: .ci/run"),
    ("cargo test -- --client", "tests/verify/clients.rs", "examples/clients/client.mjs"),
    ("cargo verify", ".ci/run", "step cargo verify"),
    ("cargo test --test conformant", ".ci/run", "step cargo test --test conformant"),
    ("cargo bench", "benches/overhead.rs", "--bench"),
    ("ERRPROOF_TARGET=staging cargo nextest run --partition", ".ci/run", "step scripts/shards"),
    ("errproof limits", "tests/verify/limits_command.rs", "fn in_real_time"),
    ("cargo insta review", "tests/verify/cli.rs", "insta reads what was recorded"),
    ("cargo install --path .", ".ci/run", "step cargo install --path . --debug"),
    ("scripts/dev-dependency", ".ci/run", "step scripts/dev-dependency"),
    ("scripts/repeat", "scripts/repeat", "errproof test"),
    (
        "cargo run --package problem-json",
        "tests/verify/problem_json.rs",
        "examples/problem-json/src/api.rs",
    ),
    (
        "errproof test --docs https://",
        "tests/verify/links.rs",
        "fn a_page_is_read_from_its_address",
    ),
    ("cargo test -- --docs https://", "tests/verify/links.rs", "a_page_is_read_from_its_address"),
    ("cargo test -- --check-links", "tests/verify/links.rs", "\"--check-links\", \"docs::link\""),
    (
        "errproof test --contract examples/problem-json",
        "tests/verify/problem_json.rs",
        "--target-url",
    ),
];

/// What stands for programs here: the command that was just built, in place of cargo, too, which
/// would build it once more; and a mock that ends as soon as it has said where it is.
const ERRPROOF: &str = r#"#!/bin/sh
case "$*" in
  *--list-mutants*) ;;
  serve*)
    shift
    rm -f said
    "$REAL" serve $(echo "$@" | sed 's/--port [0-9]*//; s/--mutant .*//') >said & pid=$!
    until grep -q . said 2>/dev/null; do sleep 0.1; done
    kill -TERM $pid
    wait $pid
    exit ;;
esac
exec "$REAL" "$@"
"#;
const CARGO: &str = r#"#!/bin/sh
word=$1
shift
[ "$1" = -- ] && shift
case $word in
  test) exec "$REAL" test "$@" ;;
  run) exec "$REAL" "$@" ;;
esac
echo "nobody runs cargo $word" >&2
exit 1
"#;

/// A copy of the contract for the bundled mock, and one with short waits for a target `staging` that
/// is a mock; each with the programs.
struct Place {
    bundled: Contract,
    staging: Contract,
    mock: Mock,
}

impl Place {
    fn new() -> Self {
        let mock = Mock::start(&["--rate-window", "1", "--generation-timeout", "1"]);
        let (bundled, staging) = (Contract::copy(), Contract::copy());
        staging.change("contract.toml", "window-seconds = 60", "window-seconds = 1").change(
            "scenarios/504-generation_timeout.toml",
            "at-least = 90",
            "at-least = 1",
        );
        let target = format!("base-url = \"{}\"\n\n[budget]\ncredits = 10\n", mock.url);
        for contract in [&bundled, &staging] {
            fs::write(contract.path("targets/staging.toml"), &target).expect("written");
            for (name, text) in [("errproof", ERRPROOF), ("cargo", CARGO)] {
                let path = contract.path(name);
                fs::write(&path, text).expect("written");
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("set");
            }
        }
        Self { bundled, staging, mock }
    }

    fn run(&self, command: &str) -> std::process::Output {
        let live = command.contains(" --target") && !command.contains("our-api");
        let own = if live { self.staging.folder() } else { self.bundled.folder() };
        let path = std::env::var("PATH").unwrap_or_default();
        Command::new("sh")
            .args(["-c", &command.replace("https://staging.example.com", &self.mock.url)])
            .current_dir(own)
            .env("PATH", format!("{own}:{path}"))
            .env("REAL", env!("CARGO_BIN_EXE_errproof"))
            .env("CI", "true")
            .env_remove("CARGO_MANIFEST_DIR")
            .env_remove("NEXTEST")
            .envs(self.mock.variables.iter().cloned())
            .output()
            .expect("a shell")
    }
}

fn pages() -> Vec<PathBuf> {
    let docs =
        fs::read_dir("docs").expect("the pages").map(|entry| entry.expect("an entry").path());
    let is_page = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "md");
    [PathBuf::from("README.md")].into_iter().chain(docs.filter(is_page)).collect()
}

/// The commands of a page's blocks: each line of a shell's, and what a workflow runs.
fn commands(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).expect("a page");
    let mut commands = Vec::new();
    let mut language = None;
    for line in text.lines() {
        if let Some(fence) = line.trim_start().strip_prefix("```") {
            language = language.is_none().then(|| fence.to_owned());
            continue;
        }
        let line = line.trim();
        let command = match language.as_deref() {
            Some("sh") => Some(line),
            Some("yaml") => line
                .strip_prefix("- run: ")
                .or_else(|| line.strip_prefix("- "))
                .filter(|line| line.starts_with("cargo ") || line.starts_with("errproof ")),
            _ => None,
        };
        let command = command.map(|line| line.split(" #").next().unwrap_or_default().trim());
        commands.extend(command.filter(|line| !line.is_empty()).map(str::to_owned));
    }
    commands
}

/// Runs what a page has to run here, and gives how many commands that were, and which of the table's.
fn run(page: &Path) -> (usize, Vec<usize>) {
    let place = Place::new();
    let (mut run, mut elsewhere) = (0, Vec::new());
    for command in commands(page) {
        if let Some(at) = ELSEWHERE.iter().position(|(begin, ..)| command.starts_with(begin)) {
            elsewhere.push(at);
            continue;
        }
        let ended = place.run(&command);
        let said = String::from_utf8_lossy(&ended.stdout).into_owned()
            + &String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{}: {command}\n{said}", page.display());
        run += 1;
    }
    (run, elsewhere)
}

#[test]
fn every_command_in_the_docs_runs() {
    let pages = pages();
    let done: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = pages.iter().map(|page| scope.spawn(|| run(page))).collect();
        threads.into_iter().map(|thread| thread.join().expect("said above")).collect()
    });
    let count: usize = done.iter().map(|(count, _)| count).sum();
    assert!(count >= 15, "{count} commands");
    for (at, (begin, file, what)) in ELSEWHERE.iter().enumerate() {
        let used = done.iter().any(|(_, elsewhere)| elsewhere.contains(&at));
        assert!(used, "no page has {begin}");
        let text = fs::read_to_string(file).expect("the file that runs it");
        assert!(text.contains(what), "{file} does not run {begin}");
    }
}
