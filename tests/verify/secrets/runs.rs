//! Whole runs of the command: a key in what a server gives back, in a flag, a file, a page or a client, and a search
//! for it in every byte that was written.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Command,
    sync::Arc,
    thread,
};

use base64::{Engine as _, engine::general_purpose};
use fastrand::Rng;

use super::forms::{PREFIX, Sought, left, planted};
use crate::support::{Contract, KEYS};

/// Answers the balance with 200, so that the run begins, and all else with a text wherever one can stand.
fn echo(mut connection: TcpStream, text: &str) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        match connection.read(&mut buffer)? {
            0 => return Ok(()),
            read => head.extend_from_slice(&buffer[..read]),
        }
    }
    let name: String = text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let quoted = serde_json::to_string(text).expect("a text is JSON");
    let mut status = "200 OK".to_owned();
    let mut body = r#"{"credits":7}"#.to_owned();
    if !head.starts_with(b"GET /api/v1/credits") {
        status = format!("401 {}", text.replace(['\r', '\n'], ""));
        body = format!(
            r#"{{"error":{{"code":{quoted},"message":{quoted},"docs":{quoted},"requestId":{quoted},{quoted}:1}}}}"#
        );
    }
    let length = body.len();
    write!(
        connection,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nx-{name}: 1\r\nx-key: {text}\r\n\
         retry-after: {text}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Runs the command, and gives all that it wrote: both streams and every file below a folder.
fn written(
    arguments: &[&str],
    variables: &[(String, String)],
    folder: &Path,
) -> Vec<(String, String)> {
    let output = Command::new(env!("CARGO_BIN_EXE_errproof"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("NEXTEST")
        .env_remove("CARGO_MANIFEST_DIR")
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", folder.join("written/step-summary.md"))
        .env("INSTA_UPDATE", "new")
        .envs(variables.iter().cloned())
        .output()
        .expect("the command starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut written = vec![
        ("stdout".to_owned(), text(&output.stdout)),
        ("stderr".to_owned(), text(&output.stderr)),
    ];
    for part in ["written", "snapshots"] {
        for file in files(&folder.join(part)) {
            let bytes = fs::read(&file).expect("it was written");
            written.push((file.display().to_string(), text(&bytes)));
        }
    }
    written
}

/// A key of the environment, the inputs that it is planted in, and what the command is started with.
struct Planting {
    contract: Contract,
    variables: Vec<(String, String)>,
    secret: String,
}

impl Planting {
    fn new(random: &mut Rng) -> Self {
        Self::in_variable("ERRPROOF_KEY_VALID", PREFIX, random)
    }

    /// The secret is in a variable, after what is no secret of it.
    fn in_variable(variable: &str, before: &str, random: &mut Rng) -> Self {
        let contract = Contract::copy();
        fs::create_dir(contract.path("written")).expect("a new folder");
        contract.change("contract.toml", "window-seconds = 60", "window-seconds = 1");
        let secret: String = (0..32).map(|_| random.alphanumeric()).collect();
        let mut variables: BTreeMap<String, String> =
            KEYS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        variables.insert(variable.to_owned(), format!("{before}{secret}"));
        Self { contract, variables: variables.into_iter().collect(), secret }
    }

    fn key(&self) -> String {
        format!("{PREFIX}{}", self.secret)
    }

    /// Runs the command, and looks for the key in all that it wrote.
    fn run(&self, what: &str, arguments: &[&str]) {
        let all = written(arguments, &self.variables, &self.contract.path(""));
        let sought = Sought::of(&self.secret);
        for (place, text) in &all {
            let left = sought.left_in(text);
            assert_eq!(left, None, "{what}: a part of {} is in {place}:\n{text}", self.secret);
        }
        assert!(all.iter().any(|(_, text)| text.len() > 20), "{what}: nothing was written");
    }
}

#[test]
fn no_key_that_a_server_gives_back_is_in_any_byte_that_was_written() {
    let seed = fastrand::u64(..);
    let mut random = Rng::with_seed(seed);
    let hook = ("ERRPROOF_HOOK_GENERATION_FAILED", "X-Fault: ");
    let variables = [("ERRPROOF_KEY_VALID", PREFIX), hook];
    let rounds: Vec<_> = (0..8)
        .map(|round| {
            let (variable, before) = variables[round % variables.len()];
            let planting = Planting::in_variable(variable, before, &mut random);
            let (text, form) = planted(&mut random, &planting.secret);
            (format!("seed {seed}, round {round}, {variable}, {form}"), planting, Arc::new(text))
        })
        .collect();
    // All at once, since each of them mostly waits.
    let run = |what: &str, planting: &Planting, text: Arc<String>| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let text = Arc::clone(&text);
                thread::spawn(move || echo(connection, &text));
            }
        });
        let flags = ["test", "--target-url", &url, "--report-dir", "written", "--skip", "burst"];
        planting.run(what, &flags);
        let report = fs::read_to_string(planting.contract.path("written/report.json"));
        let report = report.expect("it was written");
        assert!(report.contains("secret-leak"), "{what}: no leak was found");
    };
    thread::scope(|scope| {
        for (what, planting, text) in rounds {
            scope.spawn(move || run(&what, &planting, text));
        }
    });
}

#[test]
fn no_key_in_a_flag_a_file_a_page_or_a_command_is_in_any_byte_that_was_written() {
    let mut random = Rng::with_seed(fastrand::u64(..));
    let planting = Planting::new(&mut random);
    let key = planting.key();
    let page = |text: &str| {
        let row =
            format!("| Code | Status |\n|---|---|\n| `{}{key}` | 401 |\n{text}\n", "x".repeat(275));
        fs::write(planting.contract.path("page.md"), row).expect("written");
    };
    page(&key);
    let reports = ["--report-dir", "written"];
    let url = format!("http://127.0.0.1:1/{key}");
    let credentials = format!("http://{key}@127.0.0.1:1");
    let client = format!("sh -c 'echo {key}; echo X-API-Key: {key} >&2; exit 1'");
    let missing = format!("no-such-program --key {key}");
    let rows: [(&str, Vec<&str>); 16] = [
        ("a page", vec!["test", "--docs", "page.md"]),
        ("a page's name", vec!["test", "--docs", &key]),
        ("a page's address", vec!["test", "--docs", &url]),
        ("a base URL", vec!["test", "--target-url", &url]),
        ("credentials in a base URL", vec!["test", "--target-url", &credentials]),
        ("a base URL that is none", vec!["test", "--target-url", &key]),
        ("a target", vec!["test", "--target", &key]),
        ("a contract", vec!["test", "--contract", &key]),
        ("a filter", vec!["test", &key]),
        ("a skipped filter", vec!["test", "--skip", "::", "--skip", &key]),
        ("a client that prints it", vec!["test", "--client", &client]),
        ("a client that is not there", vec!["test", "--client", &missing]),
        ("an unknown flag", vec!["test", &url, "--unknown", &key]),
        ("a plan", vec!["plan", "--client", &client, "--docs", &url]),
        ("a linted contract", vec!["lint", "--contract", &key]),
        ("a new contract", vec!["new", &key]),
    ];
    for (what, arguments) in rows {
        let reported = matches!(arguments[0], "test");
        let arguments = if reported { [&arguments[..], &reports].concat() } else { arguments };
        planting.run(what, &arguments);
    }
    // A folder for reports is one that may be named so.
    planting.run("a folder for reports", &["test", "--report-dir", &format!("/dev/null/{key}")]);
    for (file, from, to) in [
        ("contract.toml", "name = \"the PlanMySaaS API\"", format!("name = \"{key}\"")),
        ("scenarios/403-plan_gate.toml", "promise = \"", format!("promise = \"{key} ")),
        ("scenarios/403-plan_gate.toml", "source = \"", format!("source = \"{key} ")),
    ] {
        planting.contract.change(file, from, &to);
    }
    for words in [&["test"][..], &["plan"], &["lint"], &["docs"], &["test", "--target-url", &url]] {
        planting.run("a contract's texts", words);
    }
    planting.contract.change(
        "contract.toml",
        "[preflight]",
        &format!("[preflight]\n\"{key}\" = 1"),
    );
    planting.run("a fault in the contract", &["test"]);
    for variable in ["ERRPROOF_TARGET_URL", "ERRPROOF_CLIENT", "ERRPROOF_DOCS", "ERRPROOF_TARGET"] {
        let mut variables = planting.variables.clone();
        variables.push((variable.to_owned(), key.clone()));
        let with =
            Planting { contract: Contract::copy(), variables, secret: planting.secret.clone() };
        with.run(variable, &["test"]);
        with.run(variable, &["test", "--help"]);
    }
}

/// Each target's file has a fault that shows what stands beside the fault: a part of the secret.
#[test]
fn no_secret_that_only_a_targets_file_names_is_in_what_its_faults_say() {
    let mut random = Rng::with_seed(fastrand::u64(..));
    let planting = Planting::in_variable("STAGING_ACCESS", "", &mut random);
    let part = &planting.secret[3..29];
    let url = "base-url = \"http://127.0.0.1:1\"\n";
    let header = "[headers]\nX-Access = { env = \"STAGING_ACCESS\" }\n";
    let texts = [
        ("an unknown key", format!("{url}\"{part}\" = 1\n{header}")),
        ("an address that is none", format!("base-url = \"{part}\"\n{header}")),
        ("an unknown slot", format!("{url}{header}[slots.\"{part}\"]\nenv = 'STAGING_ACCESS'\n")),
        ("no TOML", format!("{url}{header}{part}\n")),
        ("a reason", format!("{url}{header}[[known]]\non = \"{part}\"\ncheck = \"status\"\n")),
        (
            "a header's name",
            format!("{url}[headers]\n\"{part}!?\" = {{ env = 'STAGING_ACCESS' }}\n"),
        ),
    ];
    for (what, text) in texts {
        fs::write(planting.contract.path("targets/own.toml"), text).expect("written");
        for words in [&["test", "--target", "own"][..], &["plan", "--target", "own"], &["lint"]] {
            planting.run(what, words);
        }
    }
    // Where another target is asked for, or the contract cannot be read, it is as secret.
    fs::write(planting.contract.path("targets/own.toml"), format!("{url}{header}"))
        .expect("written");
    let away = ["test", "--target-url", "http://127.0.0.1:1", part];
    planting.run("a filter", &away);
    planting.run("a target", &["test", "--target", part]);
    planting.contract.change("contract.toml", "[preflight]", &format!("{part}\n[preflight]"));
    planting.run("no contract", &["test", "--target", "own"]);
}

#[test]
fn no_secret_that_only_a_contract_names_is_in_what_its_faults_say() {
    let mut random = Rng::with_seed(fastrand::u64(..));
    let planting = Planting::in_variable("STAGING_ACCESS", "", &mut random);
    let own = "env = \"STAGING_ACCESS\"";
    planting.contract.change("contract.toml", "env = \"ERRPROOF_KEY_VALID\"", own);
    let part = &planting.secret[3..29];
    for (from, to) in [
        ("[preflight]", format!("[preflight]\n\"{part}\" = 1")),
        ("[preflight]", format!("{part}\n[preflight]")),
    ] {
        planting.contract.change("contract.toml", from, &to);
        for words in [&["test"][..], &["plan"], &["lint"], &["docs"]] {
            planting.run(part, words);
        }
    }
}

#[test]
fn a_new_snapshot_says_nothing_of_a_key_in_the_name_of_its_scenario() {
    let mut random = Rng::with_seed(fastrand::u64(..));
    let planting = Planting::new(&mut random);
    let path = |file: &str| planting.contract.path(file);
    let named = format!("scenarios/{}.toml", planting.key());
    fs::rename(path("scenarios/403-plan_gate.toml"), path(&named)).expect("renamed");
    fs::remove_dir_all(path("snapshots")).expect("removed");
    planting.contract.change("contract.toml", "window-seconds = 1", "window-seconds = 60");
    planting.run("a scenario's name", &["test", "plan_gate"]);
    let new = files(&path("snapshots"));
    assert!(new.iter().any(|file| file.to_string_lossy().contains("plan_gate")), "{new:?}");
}

#[test]
fn the_base64_of_basic_credentials_is_never_taken_apart() {
    let contract = Contract::copy();
    contract.change(
        "contract.toml",
        "name = \"bearer\"\nheader = \"Authorization\"\nbefore = \"Bearer \"",
        "name = \"bearer\"\nheader = \"Authorization\"\nbefore = \"Basic \"",
    );
    contract.change("contract.toml", "prefix = \"pms_live_\"", "prefix = \"\"");
    contract.change("contract.toml", "length = 32", "length = 40");
    fs::create_dir(contract.path("written")).expect("a new folder");
    let credentials = general_purpose::STANDARD.encode("alice-of-staging:correct-horse");
    let variables = vec![("ERRPROOF_KEY_VALID".to_owned(), credentials.clone())];
    let flags = ["test", "--target-url", "http://127.0.0.1:1", "--report-dir", "written"];
    for (place, text) in written(&flags, &variables, &contract.path("")) {
        for secret in ["alice-of-staging", "correct-horse", &credentials] {
            assert_eq!(left(&text, secret), None, "{secret} is in {place}: {text}");
        }
    }
}
