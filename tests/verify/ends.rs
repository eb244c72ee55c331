//! How the command ends: every exit code, readers that have gone, disks that are full, and runs that
//! proved nothing.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, PipeReader, Write as _},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use errproof::internals::terminal::exit;
use serde_json::Value;

use crate::support::{Contract, Mock, command, errproof, prepared, steady, trials};

/// Every word of the command and what it prints without one, but `serve` itself, which does not end.
const WORDS: [&[&str]; 17] = [
    &["--help"],
    &["--version"],
    &["help", "test"],
    &["test", "--help"],
    &["test", "--list"],
    &["test", "--list", "--format", "terse"],
    &["plan"],
    &["docs"],
    &["limits"],
    &["lint"],
    &["schema", "report"],
    &["man"],
    &["completions", "bash"],
    &["serve", "--list-mutants"],
    &["test", "invalid_json"],
    &["test", "invalid_json", "--test-threads=1"],
    &["test", "invalid_json", "--format", "json", "-Zunstable-options"],
];

/// Where what the command prints goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// It has gone before the first line.
    Gone,
    /// It goes after the first line, as `head -1` does.
    OneLine,
    /// It takes some fifty lines of a run, and goes while the next one is written.
    SomeTrials,
    /// A disk without space.
    FullDisk,
}

/// Starts the command with this reader, and gives its exit code and what it says on stderr.
fn ended(words: &[&str], reader: Reader) -> (i32, String) {
    let mut command = prepared();
    command.args(words).stdin(Stdio::null()).stderr(Stdio::piped());
    let mut full: Option<PipeReader> = None;
    match reader {
        Reader::Gone => {
            let (gone, writer) = std::io::pipe().expect("a pipe");
            drop(gone);
            command.stdout(writer);
        }
        Reader::OneLine => {
            command.stdout(Stdio::piped());
        }
        Reader::SomeTrials => {
            let (reader, mut writer) = std::io::pipe().expect("a pipe");
            // Linux's pipes hold 64 KiB: this leaves room for 4.
            writer.write_all(&vec![b'\n'; 60 << 10]).expect("there is room");
            full = Some(reader);
            command.stdout(writer);
        }
        Reader::FullDisk => {
            let full = fs::File::options().write(true).open("/dev/full");
            command.stdout(full.expect("Linux has it"));
        }
    }
    let mut process = command.spawn().expect("the command starts");
    if let Some(stdout) = process.stdout.take() {
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("a line");
    }
    // Its writer was ours as well, until here.
    drop(command);
    if full.is_some() {
        // By then it waits for somebody to read; on a slow machine it has written less, no matter.
        thread::sleep(Duration::from_secs(1));
        drop(full);
    }
    let ended = process.wait_with_output().expect("it ends");
    let code = ended.status.code().expect("it ends by itself");
    (code, steady(&String::from_utf8_lossy(&ended.stderr)))
}

#[test]
fn a_reader_that_has_gone_is_no_reason_to_fail_or_to_say_anything() {
    for words in WORDS {
        for reader in [Reader::Gone, Reader::OneLine] {
            assert_eq!(ended(words, reader), (0, String::new()), "{words:?} {reader:?}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_in_one_line_with_an_exit_code_of_its_own() {
    let said = "errproof: failed to write to stdout: No space left on device (os error 28)\n";
    for words in WORDS {
        let expected = (i32::from(exit::UNWRITTEN), said.to_owned());
        assert_eq!(ended(words, Reader::FullDisk), expected, "{words:?}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("our-api");
    let path = path.to_str().expect("a path in UTF-8");
    let expected = (i32::from(exit::UNWRITTEN), said.to_owned());
    assert_eq!(ended(&["new", path], Reader::FullDisk), expected);
    let flags = ["test", "invalid_json::nan", "--logfile", "/dev/full"];
    let said = said.replace("to stdout", "/dev/full");
    let expected = (i32::from(exit::UNWRITTEN), said);
    assert_eq!(ended(&flags, Reader::OneLine), expected);
}

#[cfg(target_os = "linux")]
#[test]
fn a_contract_that_cannot_be_written_ends_with_a_code_of_its_own_and_a_bad_folder_is_bad_usage() {
    let folder = tempfile::tempdir().expect("a folder");
    // The folder's path is as long as Linux takes one (4,096 bytes), so that of no file in it fits.
    let mut path = folder.path().to_owned();
    while path.as_os_str().len() < 4_090 {
        let rest = 4_090 - path.as_os_str().len();
        path.push("x".repeat(rest.saturating_sub(1).clamp(1, 200)));
    }
    let path = path.to_str().expect("a path in UTF-8");
    let said = format!("errproof: failed to write {path}: File name too long (os error 36)\n");
    let ended = command("new", &[path], &[]);
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr), (5, "", said));
    let file = folder.path().join("file");
    fs::write(&file, "").expect("written");
    let ended = command("new", &[file.to_str().expect("a path in UTF-8")], &[]);
    assert_eq!(ended.code, 2, "{ended:?}");
}

#[test]
fn whoever_reads_a_run_it_goes_on_to_its_end_and_ends_with_its_own_code() {
    let contract = Contract::copy();
    contract.change("scenarios/403-plan_gate.toml", "status = 403", "status = 404");
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().to_str().expect("a path in UTF-8");
    for threads in ["--test-threads=1", "--test-threads=4"] {
        let mut rows = vec![(Reader::Gone, ""), (Reader::OneLine, "")];
        if cfg!(target_os = "linux") {
            let full =
                "errproof: failed to write to stdout: No space left on device (os error 28)\n";
            rows.extend([(Reader::SomeTrials, ""), (Reader::FullDisk, full)]);
        }
        for (reader, said) in rows {
            let flags = ["test", "--contract", contract.folder(), "--report-dir", to, threads];
            assert_eq!(ended(&flags, reader), (101, said.to_owned()), "{threads} {reader:?}");
            let report = fs::read_to_string(folder.path().join("report.json")).expect("written");
            let report: Value = serde_json::from_str(&report).expect("JSON");
            let counts = [&report["counts"]["pass"], &report["counts"]["fail"]];
            // The case's own point, the end of the run, the other carrier, and two with a second defect.
            assert_eq!(counts, [trials().len() - 5, 5], "{threads} {reader:?}");
        }
    }
}

#[test]
fn a_report_or_a_snapshot_that_cannot_be_written_after_a_run_ends_with_a_code_of_its_own() {
    let contract = Contract::copy();
    // Where a file has to be, there is a folder.
    let folder = tempfile::tempdir().expect("a folder");
    let summary = folder.path().join("summary");
    fs::create_dir(&summary).expect("made");
    let summary = summary.to_str().expect("a path in UTF-8");
    let said = format!("errproof: failed to write {summary}: Is a directory (os error 21)\n");
    let github = [("GITHUB_STEP_SUMMARY", summary), ("GITHUB_ACTIONS", "true")];
    let flags = ["--contract", contract.folder(), "plan_gate"];
    let ended = errproof(&flags, &github);
    assert_eq!((ended.code, &ended.stderr), (5, &said));
    fs::remove_file(contract.path("snapshots/mock/plan_gate.snap")).expect("it was there");
    fs::create_dir(contract.path("snapshots/mock/plan_gate.snap")).expect("made");
    let ended = errproof(&flags, &[("INSTA_UPDATE", "always")]);
    let path = contract.path("snapshots/mock/plan_gate.snap");
    let said = format!("failed to write {}: Is a directory (os error 21)", path.display());
    assert_eq!((ended.code, ended.stderr), (5, format!("errproof: {said}\n")));
    assert!(ended.stdout.contains(&said), "{}", ended.stdout);
    // What is broken is said before it.
    contract.change("scenarios/403-plan_gate.toml", "status = 403", "status = 404");
    assert_eq!(errproof(&flags, &github).code, 101);
}

#[test]
fn a_run_that_proves_no_code_is_not_green_and_says_what_to_set() {
    // By 60 a minute errproof would wait for a minute and a half, to keep the key within the limit.
    let mock = Mock::start(&["--rate-window", "1"]);
    let contract = Contract::copy();
    contract.change("contract.toml", "window-seconds = 60", "window-seconds = 1");
    let variables: Vec<_> =
        mock.variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    let url = ["--contract", contract.folder(), "--target-url", &mock.url];
    let valid = "errproof: no code was proven: no key for slot `valid`: set $ERRPROOF_KEY_VALID to a key of a workspace with credits, on a plan without gates or caps\n";
    let credits = "errproof: no code was proven: what `tagline` costs here is not known: the request that shows it may cost 10 credits, more than the [budget] of the target's file has left; or say `cost = ...` under [requests.tagline] in the target's file\n";
    let run = |filter: &[&str], variables: &[(&str, &str)]| {
        let ended = errproof(&[&url[..], filter].concat(), variables);
        (ended.code, ended.stderr)
    };
    // Without any key only those trials run that need none, and a server that refuses everybody
    // passes them.
    assert_eq!(run(&[], &[]), (4, valid.to_owned()));
    assert_eq!(
        run(&["missing_api_key"], &[]),
        (
            4,
            // The key that most of its trials need, in a place where the API does not look for one.
            "errproof: no code was proven: no key for slot `drained`: set $ERRPROOF_KEY_DRAINED to a key of a workspace with fewer credits than the tagline tool costs, on a plan without gates or caps\n".to_owned()
        )
    );
    assert_eq!(run(&["plan_gate"], &[]).0, 4);
    assert_eq!(run(&["insufficient_credits"], &variables), (4, credits.to_owned()));
    // One code is enough.
    let mut one = variables.clone();
    one.retain(|(name, _)| *name == "ERRPROOF_KEY_VALID");
    assert_eq!(run(&[], &one).0, 0);
    assert_eq!(run(&["missing_api_key"], &one), (0, String::new()));
    // In nextest each trial is a process of its own. But this is the command, which nextest never starts: a
    // test or a shell below nextest does. And a strict run is red.
    let one = ["--exact", "plan_gate::free-plan", "--nocapture"];
    for flags in [&[][..], &["missing_api_key"], &["plan_gate"], &one] {
        assert_eq!(run(flags, &[("NEXTEST", "1")]).0, 4, "{flags:?}");
    }
    assert_eq!(run(&["missing_api_key", "--strict"], &[]), (101, String::new()));
}

#[test]
fn a_run_of_benchmarks_tests_nothing_asks_nobody_and_says_why() {
    let said = "errproof: nothing was tested: --bench runs benchmarks instead of tests, and errproof has none\n";
    let rows: [&[&str]; 3] = [&[], &["plan_gate"], &["--target-url", "http://127.0.0.1:1"]];
    for flags in rows {
        let ended = errproof(&[&["--bench"], flags].concat(), &[]);
        assert_eq!((ended.code, ended.stderr.as_str()), (4, said), "{flags:?}: {}", ended.stdout);
    }
    assert_eq!(errproof(&["--bench", "--list"], &[]).code, 0);
    assert_eq!(errproof(&["--bench", "nosuchcase"], &[]).code, 4);
}

#[test]
fn every_exit_code_is_what_a_process_ends_with() {
    let broken = Contract::copy();
    broken.change("scenarios/403-plan_gate.toml", "status = 403", "status = 404");
    let mock = Mock::start(&[]);
    let advised = Contract::copy();
    advised.change(
        "contract.toml",
        "[slots.orphaned]\nenv = \"ERRPROOF_KEY_ORPHANED\"",
        "[slots.orphaned]\nenv = \"ERRPROOF_KEY_REVOKED\"",
    );
    let client = "python3 examples/clients/wrong.py --fault nothing";
    let python = Command::new("python3").arg("--version").output().is_ok();
    let rows: [(&[&str], u8); 15] = [
        (&["test", "plan_gate"], exit::SUCCESS),
        (&["test", "--list"], exit::SUCCESS),
        (&["plan"], exit::SUCCESS),
        (&["lint", "--contract", advised.folder()], exit::SUCCESS),
        (&["test", "plan_gate", "--contract", broken.folder()], exit::BROKEN),
        (&["test", "--targt", "staging"], exit::USAGE),
        (&["plan", "--target", "stagin"], exit::USAGE),
        (&["lint", "--deny", "--contract", advised.folder()], exit::USAGE),
        (&["test", "--client", "/nosuchcommand"], exit::USAGE),
        (&["test", "--target-url", "http://127.0.0.1:1"], exit::UNREACHABLE),
        (&["test", "--docs", "http://127.0.0.1:1"], exit::UNREACHABLE),
        (&["test", "--client", client], exit::UNREACHABLE),
        (&["test", "nosuchcase"], exit::NOTHING),
        (&["test", "--target-url", &mock.url], exit::NOTHING),
        (&["schema", "report"], exit::SUCCESS),
    ];
    for (words, code) in rows.iter().filter(|(words, _)| python || !words.contains(&client)) {
        let ended = command(words[0], &words[1..], &[]);
        assert_eq!(ended.code, i32::from(*code), "{words:?}: {ended:?}");
    }
    if cfg!(target_os = "linux") {
        let ended = ended(&["schema", "report"], Reader::FullDisk);
        assert_eq!(ended.0, i32::from(exit::UNWRITTEN));
    }
}

#[test]
fn the_exit_codes_are_the_same_in_the_readme_the_help_and_the_code() {
    let readme = fs::read_to_string("README.md").expect("it is there");
    let (_, table) = readme.split_once("| exit code | what it means |\n|---|---|\n").expect("one");
    let row = |line: &str| {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        (cells[0].to_owned(), cells[1].to_owned())
    };
    let in_readme: BTreeMap<_, _> =
        table.lines().take_while(|line| line.starts_with('|')).map(row).collect();
    let help = command("test", &["--help"], &[]).stdout;
    let (_, list) = help.split_once("Exit codes:\n").expect("a list");
    let mut in_help: BTreeMap<String, String> = BTreeMap::new();
    let mut code = String::new();
    for line in list.lines() {
        let text = match line.trim_start().split_once("  ") {
            Some((number, text)) => {
                number.clone_into(&mut code);
                text
            }
            None => line,
        };
        let meaning = in_help.entry(code.clone()).or_default();
        *meaning = format!("{meaning} {}", text.trim()).trim().to_owned();
    }
    assert_eq!(in_readme, in_help);
    let source = fs::read_to_string("src/terminal/exit.rs").expect("it is there");
    let constants = source.lines().filter_map(|line| line.split_once(": u8 = "));
    let in_code: Vec<_> = constants.map(|(_, code)| code.trim_end_matches(';')).collect();
    let mut documented: Vec<_> = in_readme.keys().map(String::as_str).collect();
    let mut in_code_sorted = in_code.clone();
    documented.sort_unstable();
    in_code_sorted.sort_unstable();
    assert_eq!(documented, in_code_sorted);
}
