//! The census: the documented errors of 24 APIs, each as a contract in `tests/census/`, held against a server that answers what
//! the docs show. Contracts and servers were written from the APIs' docs, in words of our own.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use serde_json::Value;
use tokio::runtime::Runtime;
use wiremock::{Mock, MockServer, matchers};

use crate::support::{line, prepared};

mod broken;
mod sample;
mod signature;

use broken::Broken;
use sample::Sample;

/// How many APIs the census has.
const APIS: usize = 24;

/// What became of one API.
struct Row {
    api: String,
    codes: usize,
    proven: usize,
    unprovoked: usize,
    /// What the run said, if not every code that can be provoked is proven.
    said: Option<String>,
}

/// A run of an API's contract against a server.
struct Run {
    report: Value,
    said: String,
    is_green: bool,
}

/// Runs an API's contract against a server that answers as it is told to.
fn run(folder: &Path, spec: Value, flags: &[&str], runtime: &Runtime) -> Run {
    let server = runtime.block_on(async {
        let server = MockServer::builder().disable_request_recording().start().await;
        Mock::given(matchers::any()).respond_with(Sample::of(spec)).mount(&server).await;
        server
    });
    let keys = read(folder, "keys.env");
    let reports = tempfile::tempdir().expect("a folder");
    let output = prepared()
        .args(["test", "--target-url", &server.uri(), "--contract"])
        .arg(folder)
        .arg("--report-dir")
        .arg(reports.path())
        .args(flags)
        .envs(keys.lines().filter_map(|line| line.split_once('=')))
        .output()
        .expect("the command starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let report = fs::read_to_string(reports.path().join("report.json")).unwrap_or_default();
    Run {
        report: serde_json::from_str(&report).unwrap_or_default(),
        said: text(&output.stdout) + &text(&output.stderr),
        is_green: output.status.success(),
    }
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).expect("a file of the census")
}

fn spec(folder: &Path) -> Value {
    serde_json::from_str(&read(folder, "server.json")).expect("JSON")
}

fn name(folder: &Path) -> String {
    folder.file_name().expect("a folder").to_string_lossy().into_owned()
}

fn folders() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/census");
    let mut folders: Vec<_> = fs::read_dir(folder)
        .expect("the census")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.join("contract.toml").exists())
        .collect();
    folders.sort();
    assert_eq!(folders.len(), APIS);
    folders
}

fn row(folder: &Path, runtime: &Runtime) -> Row {
    let run = run(folder, spec(folder), &[], runtime);
    let codes = run.report["server"]["codes"].as_array().cloned().unwrap_or_default();
    let count = |standing: &str| codes.iter().filter(|code| code["standing"] == standing).count();
    let (proven, unprovoked) = (count("proven"), count("unprovoked"));
    let holds = run.is_green && proven > 0 && proven + unprovoked == codes.len();
    let said = (!holds).then_some(run.said);
    Row { api: name(folder), codes: codes.len(), proven, unprovoked, said }
}

#[test]
fn the_documented_errors_of_24_apis_can_be_said_and_held() {
    let runtime = Runtime::new().expect("the runtime starts");
    let rows: Vec<_> = folders().iter().map(|folder| row(folder, &runtime)).collect();
    let yes = rows.iter().filter(|row| row.said.is_none()).count();
    for Row { api, codes, proven, unprovoked, said } in &rows {
        let can = if said.is_none() { "yes" } else { "no" };
        line(&format!("{api}: {can}, {proven} of {codes} codes proven, {unprovoked} unprovoked"));
    }
    line(&format!("{yes} of {APIS} yes"));
    let said: Vec<_> = rows
        .iter()
        .filter_map(|row| Some(format!("# {}\n{}", row.api, row.said.as_ref()?)))
        .collect();
    assert!(said.is_empty(), "{}", said.join("\n"));
}

/// How many servers run at once. A run mostly waits.
const AT_ONCE: usize = 6;

/// Of each kind of break one of each API is drawn, by a seed that is told; all of them, which takes ten minutes, by
/// `ERRPROOF_CENSUS=all`, with what was not seen in `target/census-unseen.txt`.
#[test]
fn what_breaks_in_an_answer_of_the_census_is_seen_but_for_what_is_listed() {
    let all = env::var("ERRPROOF_CENSUS").is_ok_and(|what| what == "all");
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let of_api = |folder: &PathBuf| {
        let mut breaks = broken::breaks(&spec(folder));
        if !all {
            random.shuffle(&mut breaks);
            let mut kinds = BTreeSet::new();
            breaks.retain(|broken| kinds.insert(broken.kind));
        }
        breaks.into_iter().map(|broken| (folder.clone(), broken)).collect::<Vec<_>>()
    };
    let broken: Vec<_> = folders().iter().flat_map(of_api).collect();
    let found = seen(&broken);
    let mut kinds: BTreeMap<_, (usize, usize)> = BTreeMap::new();
    let mut unseen = BTreeSet::new();
    for ((folder, broken), is_seen) in broken.iter().zip(&found) {
        let (all, of_them) = kinds.entry(broken.kind).or_default();
        *all += 1;
        *of_them += usize::from(*is_seen);
        if !is_seen {
            unseen.insert(format!("{}: {}", name(folder), broken.name));
        }
    }
    for (kind, (all, seen)) in &kinds {
        line(&format!("{kind}: {seen} of {all} seen"));
    }
    line(&format!("{} of {} seen (seed {seed})", broken.len() - unseen.len(), broken.len()));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = fs::read_to_string(root.join("tests/census/unseen.txt")).expect("the list");
    let is_entry = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let listed: BTreeSet<_> = listed.lines().filter(is_entry).map(str::to_owned).collect();
    if all {
        let lines: Vec<_> = unseen.iter().map(|line| format!("{line}\n")).collect();
        fs::write(root.join("target/census-unseen.txt"), lines.concat()).expect("written");
        assert_eq!(unseen, listed);
    }
    let new: Vec<_> = unseen.difference(&listed).collect();
    assert!(new.is_empty(), "not seen and not listed (seed {seed}): {new:#?}");
}

/// Whether each of the broken servers is red.
fn seen(broken: &[(PathBuf, Broken)]) -> Vec<bool> {
    let runtime = Runtime::new().expect("the runtime starts");
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut seen = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some((folder, broken)) = broken.get(at) else { return seen };
            // What is no limit shows without a burst.
            let flags: &[&str] = if broken.is_limit { &[] } else { &["--skip", "burst"] };
            seen.push((at, !run(folder, broken.spec.clone(), flags, &runtime).is_green));
        }
    };
    let mut all: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
    });
    all.sort_unstable();
    all.into_iter().map(|(_, seen)| seen).collect()
}
