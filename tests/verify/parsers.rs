//! What real parsers take for JSON, seen by the cases that come from its grammar: three that are strict, and three that
//! take more. Each is behind a small server of its own in `parsers/`.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Contract, KEYS, Mock, errproof, skip, trials_of};

/// A parser, and how its server is started.
struct Parser {
    name: &'static str,
    command: &'static [&'static str],
}

/// The bundled mock's, `serde_json`, comes before these.
const PARSERS: [Parser; 5] = [
    Parser { name: "JSON.parse of Node.js", command: &["node", "server.mjs"] },
    Parser { name: "json_decode of PHP", command: &["php", "server.php"] },
    Parser { name: "json of Python", command: &["python3", "server.py"] },
    Parser { name: "json.Decoder of Go, one value", command: &["sh", "-c", GO] },
    Parser { name: "YAML of Ruby", command: &["ruby", "server.rb"] },
];

/// Go's server is a program of its own, so that it ends when it is ended.
const GO: &str = "go build -o \"$BUILT\" server.go && exec \"$BUILT\"";

/// A server, until this is dropped.
struct Server {
    process: Child,
    /// What was built for it.
    _built: TempDir,
    url: String,
}

impl Server {
    fn start(parser: &Parser) -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify/parsers");
        let (program, arguments) = parser.command.split_first().expect("a program");
        let mut command = Command::new(program);
        let built = tempfile::tempdir().expect("a folder");
        command.env("BUILT", built.path().join("server"));
        command.args(arguments).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().ok()?;
        let mut port = String::new();
        BufReader::new(process.stdout.take()?).read_line(&mut port).ok()?;
        let url = format!("http://127.0.0.1:{}", port.trim());
        (!port.trim().is_empty()).then_some(Self { process, _built: built, url })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The trials of `invalid_json` that are red, each by its case: of what is taken for JSON, and of what is not.
fn report(url: &str, keys: &[(&str, &str)]) -> String {
    let contract = Contract::copy();
    contract.change("contract.toml", "window-seconds = 60", "window-seconds = 1");
    let reports = tempfile::tempdir().expect("a folder");
    let folder = reports.path().to_str().expect("a path in UTF-8");
    let flags = [
        "--contract",
        contract.folder(),
        "--target-url",
        url,
        "--report-dir",
        folder,
        "invalid_json::",
    ];
    let ended = errproof(&flags, keys);
    assert!([0, 101].contains(&ended.code), "{ended:?}");
    let report = std::fs::read_to_string(reports.path().join("report.json")).expect("a report");
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let trials = trials_of(&report, "server");
    let red = |outcome: &str, check: &str| -> String {
        let is_so = |trial: &&Value| {
            let mut findings = trial["findings"].as_array().expect("a list").iter();
            trial["outcome"] == outcome && findings.any(|finding| finding["check"] == check)
        };
        let name = |trial: &Value| trial["name"].as_str().unwrap_or_default().to_owned();
        let names = trials.iter().filter(is_so).map(name);
        let names = names.filter(|name| !name.contains('@') && !name.contains("::sample-"));
        let names: Vec<_> = names.map(|name| name.replace("invalid_json::", "")).collect();
        if names.is_empty() { "nothing".to_owned() } else { names.join(" ") }
    };
    format!(
        "  takes {}\n  refuses, though right, beside {}\n",
        red("fail", "code"),
        red("fail", "twin")
    )
}

#[test]
fn each_parser_gets_the_report_that_it_deserves() {
    let mock = Mock::start(&["--rate-window", "1"]);
    let keys: Vec<_> =
        mock.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut said = format!("serde_json\n{}", report(&mock.url, &keys));
    for parser in PARSERS {
        let Some(server) = Server::start(&parser) else {
            return skip(&format!("{} does not start here", parser.command[0]));
        };
        said += parser.name;
        said += "\n";
        said += &report(&server.url, &KEYS);
    }
    insta::assert_snapshot!(said);
}
