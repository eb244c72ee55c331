//! The census: the documented errors of 24 APIs, each as a contract in `tests/census/`, held against a server that answers what
//! the docs show. Contracts and servers were written from the APIs' docs, in words of our own.

use std::{fs, path::Path};

use serde_json::Value;
use wiremock::{Mock, MockServer, matchers};

use crate::support::{line, prepared};

mod sample;
mod signature;

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

fn row(folder: &Path, runtime: &tokio::runtime::Runtime) -> Row {
    let api = folder.file_name().expect("a folder").to_string_lossy().into_owned();
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("a file of the census");
    let spec: Value = serde_json::from_str(&read("server.json")).expect("JSON");
    let keys = read("keys.env");
    let keys = keys.lines().filter_map(|line| line.split_once('='));
    let server = runtime.block_on(async {
        let server = MockServer::start().await;
        Mock::given(matchers::any()).respond_with(Sample::of(spec)).mount(&server).await;
        server
    });
    let reports = tempfile::tempdir().expect("a folder");
    let output = prepared()
        .args(["test", "--target-url", &server.uri(), "--contract"])
        .arg(folder)
        .arg("--report-dir")
        .arg(reports.path())
        .envs(keys)
        .output()
        .expect("the command starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout) + &text(&output.stderr);
    let report = fs::read_to_string(reports.path().join("report.json")).unwrap_or_default();
    let report: Value = serde_json::from_str(&report).unwrap_or_default();
    let codes = report["server"]["codes"].as_array().cloned().unwrap_or_default();
    let count = |standing: &str| codes.iter().filter(|code| code["standing"] == standing).count();
    let (proven, unprovoked) = (count("proven"), count("unprovoked"));
    let holds = output.status.success() && proven > 0 && proven + unprovoked == codes.len();
    Row { api, codes: codes.len(), proven, unprovoked, said: (!holds).then_some(said) }
}

#[test]
fn the_documented_errors_of_24_apis_can_be_said_and_held() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/census");
    let mut folders: Vec<_> = fs::read_dir(folder)
        .expect("the census")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.join("contract.toml").exists())
        .collect();
    folders.sort();
    assert_eq!(folders.len(), APIS);
    let runtime = tokio::runtime::Runtime::new().expect("the runtime starts");
    let rows: Vec<_> = folders.iter().map(|folder| row(folder, &runtime)).collect();
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
