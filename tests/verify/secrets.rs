//! Keys planted in any form at any place of any input, and a search for any twelve characters of them in
//! every byte that errproof writes. The encoders here are the test's own.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Command,
    sync::Arc,
    thread,
};

use aho_corasick::AhoCorasick;
use base64::{Engine as _, engine::general_purpose};
use errproof::internals::shown::{
    redactor::{Redactor, WINDOW},
    secret::Named,
    secrets::Secrets,
};
use fastrand::Rng;

use crate::support::{Contract, KEYS};

const PREFIX: &str = "pms_live_";

/// What puts a text in another form.
type Form = fn(&str) -> String;

/// The forms in which a text comes back, by name.
const FORMS: [(&str, Form); 32] = [
    ("as it is", str::to_owned),
    ("upper case", str::to_uppercase),
    ("lower case", str::to_lowercase),
    ("percent-encoded", |text| percent(text, false)),
    ("percent-encoded, all of it", |text| percent(text, true)),
    ("percent-encoded twice", |text| percent(text, true).replace('%', "%25")),
    ("in a form", |text| percent(text, false).replace("%20", "+")),
    ("hexadecimal", |text| joined(text.bytes().map(|byte| format!("{byte:02x}")))),
    ("HEXADECIMAL", |text| joined(text.bytes().map(|byte| format!("{byte:02X}")))),
    ("JSON escapes", |text| joined(text.encode_utf16().map(|unit| format!("\\u{unit:04x}")))),
    ("base64", |text| general_purpose::STANDARD.encode(text)),
    ("base64 for addresses", |text| general_purpose::URL_SAFE_NO_PAD.encode(text)),
    ("base64 in lower case", |text| general_purpose::STANDARD.encode(text).to_lowercase()),
    ("unseen characters between", |text| joined(text.chars().map(|c| format!("{c}\u{200b}")))),
    ("HTML references", |text| joined(text.chars().map(|c| format!("&#{};", u32::from(c))))),
    ("a header's name", |text| text.to_lowercase().replace('_', "-")),
    ("HTML references without semicolons", |text| each(text, |c| format!("&#{}", u32::from(c)))),
    ("HTML references with zeros", |text| each(text, |c| format!("&#{:012};", u32::from(c)))),
    ("HTML references, escaped", |text| each(text, |c| format!("&amp;#x{:x};", u32::from(c)))),
    ("HTML references, percent-encoded", |text| {
        percent(&each(text, |c| format!("&#{};", u32::from(c))), false)
    }),
    ("escapes of a program", |text| each(text, |c| format!("\\x{:02x}", u32::from(c)))),
    ("long escapes of a program", |text| each(text, |c| format!("\\U{:08x}", u32::from(c)))),
    ("old percent-encoding", |text| each(text, |c| format!("%u{:04X}", u32::from(c)))),
    ("hexadecimal pairs", |text| between(text, ":", |byte| format!("{byte:02x}"))),
    ("a buffer of Node", |text| between(text, " ", |byte| format!("{byte:02x}"))),
    ("a list of bytes", |text| between(text, ", ", |byte| byte.to_string())),
    ("octal escapes", |text| each(text, |c| format!("\\{:03o}", u32::from(c)))),
    ("percent-encoded JSON escapes", |text| {
        percent(&each(text, |c| format!("\\u{:04x}", u32::from(c))), true)
    }),
    ("lines in JSON", |text| lines(&text.replace('\\', "\\\\").replace('"', "\\\""), 7, "\\n")),
    ("lines, percent-encoded", |text| lines(&percent(text, false), 9, "%0A")),
    ("soft hyphens by name", |text| each(text, |c| c.to_string().replace('&', "&amp;") + "&shy;")),
    ("base64 in lines in JSON", |text| {
        lines(&general_purpose::STANDARD.encode(text).replace('/', "\\/"), 19, "\\n")
    }),
];

/// What stands between the parts of a text in those forms that have lines.
const BETWEEN: [&str; 3] = ["\\n", "%0a", "&shy;"];

fn each(text: &str, write: fn(char) -> String) -> String {
    joined(text.chars().map(write))
}

fn between(text: &str, between: &str, write: fn(u8) -> String) -> String {
    text.bytes().map(write).collect::<Vec<_>>().join(between)
}

/// A text in lines of so many characters, but for one that ends where it would cut an escape.
fn lines(text: &str, length: usize, between: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut lines: Vec<String> = Vec::new();
    let mut rest = characters.as_slice();
    while !rest.is_empty() {
        let mut end = length.min(rest.len());
        while rest[..end].iter().rev().take(2).any(|c| ['%', '\\'].contains(c)) && end < rest.len()
        {
            end += 1;
        }
        lines.push(rest[..end].iter().collect());
        rest = &rest[end..];
    }
    lines.join(between)
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().concat()
}

fn percent(text: &str, all: bool) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if !all && (byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Any twelve characters of a secret in a row, with each form of theirs, in lower case.
struct Sought(Vec<(String, String)>);

/// Of texts from this length on, looking for a thousand forms one by one takes longer than to make an automaton.
const LONG: usize = 10_000;

impl Sought {
    fn of(secret: &str) -> Self {
        let secret: Vec<char> = secret.chars().collect();
        let windows = secret.windows(WINDOW).map(|window| window.iter().collect::<String>());
        let forms = windows.flat_map(|window| {
            let forms = FORMS.iter().flat_map(|(name, form)| {
                if !name.starts_with("base64") || name.contains("lines") {
                    return vec![form(&window).to_lowercase()];
                }
                // Its first and last characters depend on what stands around.
                let part = |(before, from, to): (&str, usize, usize)| {
                    form(&format!("{before}{window}")).to_lowercase()[from..to].to_owned()
                };
                [("", 0, 16), ("?", 2, 17), ("??", 3, 18)].map(part).to_vec()
            });
            forms.map(|form| (window.clone(), form)).collect::<Vec<_>>()
        });
        Self(forms.collect())
    }

    /// The first of them that is in a text.
    fn left_in(&self, text: &str) -> Option<&str> {
        // Whoever reads the text leaves out how an unseen character is written.
        let lower = text.to_lowercase().replace("\\u{200b}", "\u{200b}");
        let joined = BETWEEN.iter().fold(lower.clone(), |text, between| text.replace(between, ""));
        let found = if text.len() < LONG {
            self.0.iter().position(|(_, form)| lower.contains(form) || joined.contains(form))
        } else {
            let forms = AhoCorasick::new(self.0.iter().map(|(_, form)| form));
            let forms = forms.expect("a few thousand short forms");
            let mut texts = [&lower, &joined].into_iter();
            texts.find_map(|text| forms.find(text)).map(|found| found.pattern().as_usize())
        };
        found.map(|at| self.0[at].0.as_str())
    }
}

fn left(text: &str, secret: &str) -> Option<String> {
    Sought::of(secret).left_in(text).map(str::to_owned)
}

/// A secret of letters and digits, or of all that can stand in a header.
fn secret(random: &mut Rng) -> String {
    let plain = random.bool();
    let length = random.usize(16..48);
    let next = |random: &mut Rng| {
        if plain { random.alphanumeric() } else { random.char('!'..='~') }
    };
    (0..length).map(|_| next(random)).collect()
}

/// A secret in some form, whole or only a part of it, with something around it.
fn planted(random: &mut Rng, secret: &str) -> (String, &'static str) {
    let (name, form) = FORMS[random.usize(..FORMS.len())];
    let whole = format!("{PREFIX}{secret}");
    let from = if random.bool() { 0 } else { random.usize(..=whole.len() - WINDOW) };
    let to = if random.bool() { whole.len() } else { random.usize(from + WINDOW..=whole.len()) };
    // Inside of base64 a key may begin at each of three offsets.
    let around = ["", "a", "ab", "key=", "user:"][random.usize(..5)];
    // So may it be in a line of JSON, where all of it is found only if the lines are joined.
    let inside = if name.starts_with("base64") { around } else { "" };
    let before = " x".repeat(random.usize(..320));
    let after = " y".repeat(random.usize(..40));
    (format!("{before} {}{after}", form(&format!("{inside}{}", &whole[from..to]))), name)
}

#[test]
fn twelve_characters_of_a_secret_are_never_shown_whatever_form_they_come_in() {
    let seed = fastrand::u64(..);
    let mut random = Rng::with_seed(seed);
    for round in 0..2_000 {
        let secret = secret(&mut random);
        let mut secrets = Secrets::default();
        secrets.add(Named::of_variable("KEY", &format!("{PREFIX}{secret}")));
        secrets.set_prefix(PREFIX);
        let redactor = secrets.redactor();
        let (text, form) = planted(&mut random, &secret);
        let shown = [
            redactor.text(&text),
            redactor.line(&text),
            redactor.value(&text),
            redactor.body(text.as_bytes()),
            redactor.end_of(&text, 200),
        ];
        let sought = Sought::of(&secret);
        for shown in shown {
            let left = sought.left_in(shown.as_str());
            assert_eq!(left, None, "seed {seed}, round {round}, {form}: {text}\n{shown}");
        }
        assert_eq!(sought.left_in(&format!("{redactor:?} {secrets:?}")), None, "seed {seed}");
    }
}

/// What is undone as often as three times, in whatever order.
const ESCAPES: [(&str, Form); 6] = [
    ("percent", |text| percent(text, true)),
    ("percent where it must be", |text| percent(text, false)),
    ("JSON", |text| each(text, |c| format!("\\u{:04x}", u32::from(c)))),
    ("JSON where it must be", |text| text.replace('\\', "\\\\").replace('"', "\\\"")),
    ("HTML", |text| each(text, |c| format!("&#{};", u32::from(c)))),
    ("HTML where it must be", |text| text.replace('&', "&amp;")),
];

/// What is undone twice, with escapes in it and around it.
const ENCODINGS: [(&str, Form); 5] = [
    ("base64", |text| general_purpose::STANDARD.encode(text)),
    ("base64 of UTF-16", |text| {
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        general_purpose::STANDARD.encode(units)
    }),
    ("hexadecimal", |text| joined(text.bytes().map(|byte| format!("{byte:02x}")))),
    ("pairs", |text| between(text, ":", |byte| format!("{byte:02x}"))),
    ("a list", |text| between(text, ",", |byte| byte.to_string())),
];

#[test]
fn a_key_is_found_below_three_escapes_an_encoding_and_three_more_in_any_order() {
    let seed = fastrand::u64(..);
    let mut random = Rng::with_seed(seed);
    for round in 0..1_000 {
        let key = format!("{PREFIX}{}", (0..32).map(|_| random.alphanumeric()).collect::<String>());
        let mut secrets = Secrets::default();
        secrets.add(Named::of_variable("KEY", &key));
        let mut text = key.clone();
        let mut chain = Vec::new();
        for encodings in (0..random.usize(1..4)).rev() {
            for _ in 0..random.usize(..=3) {
                let (name, escaped) = random.choice(ESCAPES).expect("there are some");
                // Of what is longer no response is made.
                if escaped(&text).len() < 4_000 {
                    text = escaped(&text);
                    chain.push(name);
                }
            }
            if encodings > 0 {
                let (name, encoded) = random.choice(ENCODINGS).expect("there are some");
                text = encoded(&text);
                chain.push(name);
            }
        }
        let shown = secrets.redactor().text(&format!("before {text} after"));
        let what = format!("seed {seed}, round {round}, {chain:?}: {text}\n{shown}");
        // Of each twelve characters something has to be gone.
        let twelve = text.len() * WINDOW / key.len();
        let is_shown = |from: usize| shown.as_str().contains(&text[from..from + twelve]);
        assert!(!(0..=text.len() - twelve).any(is_shown), "{what}");
        assert!(shown.as_str().contains("$KEY"), "{what}");
    }
}

#[test]
fn a_text_without_secrets_is_shown_as_it_is() {
    let mut random = Rng::with_seed(7);
    let mut secrets = Secrets::default();
    for _ in 0..20 {
        let secret =
            format!("{PREFIX}{}", (0..32).map(|_| random.alphanumeric()).collect::<String>());
        secrets.add(Named::of_variable("KEY", &secret));
    }
    secrets.set_prefix(PREFIX);
    let redactor = secrets.redactor();
    for page in ["README.md", "DESIGN.md", "Cargo.lock", "src/contract/body.rs"] {
        let text = fs::read_to_string(page).expect("a file of this repository");
        let unchanged = Redactor::default().text(&text);
        assert_eq!(redactor.text(&text), unchanged, "{page}");
    }
}

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
    for round in 0..8 {
        let (variable, before) = variables[round % variables.len()];
        let planting = Planting::in_variable(variable, before, &mut random);
        let (text, form) = planted(&mut random, &planting.secret);
        let text = Arc::new(text);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let text = Arc::clone(&text);
                thread::spawn(move || echo(connection, &text));
            }
        });
        let flags = ["test", "--target-url", &url, "--report-dir", "written", "--skip", "burst"];
        let what = format!("seed {seed}, round {round}, {variable}, {form}");
        planting.run(&what, &flags);
        let report = fs::read_to_string(planting.contract.path("written/report.json"));
        let report = report.expect("it was written");
        assert!(report.contains("secret-leak"), "{what}: no leak was found");
    }
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

#[test]
fn debug_shows_nothing_of_what_may_hold_a_key() {
    let secret = "0123456789abcdefghijABCDEFGHIJ01";
    let key = format!("{PREFIX}{secret}");
    let named = Named::of_variable("KEY", &key);
    let mut secrets = Secrets::default();
    secrets.add(named.clone());
    let options = <errproof::internals::run::options::Options as clap::Parser>::try_parse_from([
        "test",
        "--client",
        &key,
        "--target-url",
        &key,
        "--docs",
        &key,
        "--target",
        &key,
        &key,
    ]);
    let shown =
        format!("{named:?} {secrets:?} {:?} {:?}", secrets.redactor(), options.expect("flags"));
    assert_eq!(left(&shown, secret), None, "{shown}");
}
