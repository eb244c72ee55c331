//! The command that a failure ends with: pasted into a shell, it sends what the trial sent.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use base64::{Engine as _, engine::general_purpose};
use errproof::internals::{
    contract::{
        Contract as Loaded,
        contract_file::Limit,
        key::{BasicPart, Carrier, KeyDefect},
        names::SlotName,
        scenario::{Case, Provocation, Scenario, Single},
        scenario_file::{BodyDefect, Filling},
    },
    exchange::{
        clock::Clock,
        message::Request,
        outgoing::{Outgoing, Role},
    },
    server::{
        bundled,
        curl::{Curl, TAKEN_OUT},
        drift::Recording,
        plan::{Planned, TrialScript},
        suite::Suite,
    },
    shown::{
        secret::Secret,
        secrets::{Named, Secrets},
    },
    source::fault::Faults,
};
use fastrand::Rng;
use serde_json::Value;
use url::Url;

use crate::support::{Contract, KEYS, errproof, trials_of};

/// A request as it was on the wire, without what tells one client from another.
type Sent = (String, Vec<(String, Vec<u8>)>, Vec<u8>);

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 13\r\nconnection: close\r\n\r\n{\"credits\":7}";

/// Answers everything with the same balance, so that every trial fails after its own request, and
/// writes down what comes.
fn record() -> (String, Arc<Mutex<Vec<Sent>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let sent = Arc::<Mutex<Vec<Sent>>>::default();
    let all = Arc::clone(&sent);
    thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let all = Arc::clone(&all);
            thread::spawn(move || {
                let sent = read(&mut connection)?;
                // Before the answer, or the other side could look for it too early.
                all.lock().expect("nobody panics").push(sent);
                connection.write_all(ANSWER).ok()
            });
        }
    });
    (url, sent)
}

fn read(connection: &mut TcpStream) -> Option<Sent> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let read = connection.read(&mut buffer).ok()?;
        bytes.extend_from_slice(&buffer[..read]);
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let Some(end) = end.filter(|_| read > 0) else {
            if read == 0 {
                return None;
            }
            continue;
        };
        let mut lines = bytes[..end].split(|byte| *byte == b'\n');
        let first = String::from_utf8_lossy(lines.next()?).trim().to_owned();
        let mut headers = Vec::new();
        let mut length = 0;
        for line in lines {
            let at = line.iter().position(|byte| *byte == b':')?;
            let name = String::from_utf8_lossy(&line[..at]).to_ascii_lowercase();
            let value = line[at + 1..].strip_prefix(b" ").unwrap_or(&line[at + 1..]);
            let value = value.strip_suffix(b"\r").unwrap_or(value).to_vec();
            if name == "content-length" {
                length = String::from_utf8_lossy(&value).parse().ok()?;
            }
            if !["user-agent", "accept", "host"].contains(&name.as_str()) {
                headers.push((name, value));
            }
        }
        while bytes.len() < end + 4 + length {
            let read = connection.read(&mut buffer).ok()?;
            bytes.extend_from_slice(&buffer[..read]);
        }
        headers.sort();
        return Some((first, headers, bytes[end + 4..].to_vec()));
    }
}

/// All that was sent, each request once. A key that was made for the run is any well-formed one.
fn distinct(sent: &Mutex<Vec<Sent>>) -> BTreeSet<Sent> {
    let mut sent = std::mem::take(&mut *sent.lock().expect("nobody panics"));
    for (_, headers, _) in &mut sent {
        for (_, value) in headers {
            let text = String::from_utf8_lossy(value).into_owned();
            let fresh =
                text.len() >= 41 && !KEYS.iter().any(|(_, key)| text.contains(&key[12..24]));
            if let Some(at) = text.find("pms_live_").filter(|_| fresh) {
                *value = format!("{}(made for the run)", &text[..at]).into_bytes();
            }
        }
    }
    sent.into_iter().collect()
}

#[test]
fn every_command_sends_what_its_trial_sent_to_the_byte() {
    if Command::new("curl").arg("--version").output().is_err() {
        crate::support::skip("there is no curl on this machine");
        return;
    }
    let (url, sent) = record();
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().to_str().expect("a path in UTF-8");
    let contract = Contract::copy();
    // Nothing is refused here, so a second burst follows after a window and a half.
    contract.change("contract.toml", "window-seconds = 60", "window-seconds = 1");
    let flags = ["--target-url", &url, "--report-dir", report, "--contract", contract.folder()];
    let ended = errproof(&flags, &KEYS);
    assert_eq!(ended.code, 101, "{ended:?}");
    let by_errproof = distinct(&sent);
    let report = fs::read_to_string(folder.path().join("report.json")).expect("written");
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let trials = trials_of(&report, "server");
    assert!(trials.len() >= 60, "{}", trials.len());
    for trial in &trials {
        let again = trial["evidence"]["again"].as_str().expect("a command");
        assert!(again.contains("curl"), "{trial}");
        let ended = Command::new("sh").args(["-c", again]).envs(KEYS).output().expect("a shell");
        assert!(ended.status.success(), "{again}: {ended:?}");
    }
    // A probe is read before the case's own request, and no command shows that.
    let by_curl = distinct(&sent);
    let only_curl: Vec<_> = by_curl.difference(&by_errproof).collect();
    let only_errproof: Vec<_> = by_errproof.difference(&by_curl).collect();
    assert!(only_curl.is_empty(), "sent by a command alone: {}", shown(&only_curl));
    let probes = |sent: &&&Sent| !sent.0.starts_with("GET /api/v1/credits");
    let missing: Vec<_> = only_errproof.iter().filter(probes).collect();
    assert!(missing.is_empty(), "sent by no command: {missing:?}");
}

#[test]
fn every_request_wants_its_answer_unpacked_and_an_empty_body_has_its_length() {
    let (url, sent) = record();
    let contract = Contract::copy();
    // A regeneration needs no instructions here.
    contract.change(
        "contract.toml",
        "[requests.regenerate.body]\ninstructions = \"Shorter, please.\"",
        "",
    );
    for method in ["POST", "PUT", "PATCH", "GET", "DELETE"] {
        contract.change("contract.toml", &path_of("POST"), &path_of(method));
        let flags = ["--target-url", &url, "--contract", contract.folder(), "regen_limit"];
        let ended = errproof(&flags, &KEYS);
        assert_eq!(ended.code, 101, "{ended:?}");
        contract.change("contract.toml", &path_of(method), &path_of("POST"));
        let sent = distinct(&sent);
        let has = |(_, headers, _): &Sent, name: &str, value: &[u8]| {
            let named: Vec<_> = headers.iter().filter(|(known, _)| known == name).collect();
            matches!(named.as_slice(), [(_, only)] if only == value)
        };
        assert!(sent.iter().all(|sent| has(sent, "accept-encoding", b"identity")), "{sent:?}");
        let line = format!("{method} /api/v1/projects");
        let own: Vec<_> = sent.iter().filter(|(first, ..)| first.starts_with(&line)).collect();
        assert!(!own.is_empty(), "{sent:?}");
        let announced = ["POST", "PUT", "PATCH"].contains(&method);
        let empty = |sent: &&Sent| has(sent, "content-length", b"0");
        assert_eq!(own.iter().all(empty), announced, "{method}: {own:?}");
    }
}

/// The beginning of the regeneration's request in the contract.
fn path_of(method: &str) -> String {
    format!("method = \"{method}\"\npath = \"/api/v1/projects/prj_demo/regenerate\"")
}

fn shown(sent: &[&Sent]) -> String {
    let one = |(first, headers, body): &&Sent| {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {:?}", String::from_utf8_lossy(value)))
            .collect();
        format!("\n{first} {headers:?} {:.200}", String::from_utf8_lossy(body))
    };
    sent.iter().map(one).collect()
}

/// What shells, curl and CI systems read something into, and some of what they do not.
const PIECES: [&str; 52] = [
    "'",
    "\"",
    "$",
    "`",
    "!",
    "\\",
    "$(echo no)",
    "${HOME}",
    "$HOME",
    "$$",
    "!!",
    "!echo",
    "\\n",
    "\\0",
    "\\\\",
    "%s",
    "%",
    "%20",
    "%27",
    "*",
    "?",
    "[a-z]",
    "{a,b}",
    "~",
    "#",
    "##[error]",
    "##vso[x]",
    ";",
    "&&",
    "|",
    "<",
    ">",
    "(",
    ")",
    " ",
    "  ",
    "-",
    "--",
    "@",
    "@/etc/hostname",
    "=",
    "^",
    ",",
    ":",
    "_",
    "/",
    "abc",
    "X-Y",
    "0",
    "17",
    "}",
    "]",
];

/// Those that only some texts may have.
const UNSEEN: [&str; 12] = [
    "\t", "\u{85}", "\u{200b}", "\u{202e}", "\u{feff}", "é", "日本", "👍", "e\u{301}", "\u{a0}",
    "\u{9f}", "\u{ad}",
];

/// What only a body may have.
const OF_BODIES: [&str; 6] = ["\n", "\r\n", "\0", "\u{1b}[2J", "\n\n", "\u{7f}"];

fn text(random: &mut Rng, parts: &[&[&str]]) -> String {
    let parts = parts.concat();
    let next = |random: &mut Rng| match random.bool() {
        true => parts[random.usize(..parts.len())].to_owned(),
        false => random.char('!'..='~').to_string(),
    };
    (0..random.usize(..12)).map(|_| next(random)).collect()
}

/// A header's value: no space at its ends, where no receiver keeps it.
fn value(random: &mut Rng) -> String {
    let parts: &[&[&str]] = if random.bool() { &[&PIECES] } else { &[&PIECES, &UNSEEN] };
    text(random, parts).trim_matches([' ', '\t']).to_owned()
}

/// A path that a contract may name.
fn path(random: &mut Rng) -> String {
    loop {
        let path = format!("/{}", text(random, &[&PIECES, &UNSEEN]));
        let base = Url::parse("http://localhost").expect("an address");
        if base.join(&path).is_ok_and(|url| url.host_str() == Some("localhost")) {
            return path;
        }
    }
}

fn bytes(random: &mut Rng) -> Vec<u8> {
    let flag = if random.usize(..6) == 0 { "-" } else { "" };
    match random.usize(..6) {
        0 => Vec::new(),
        1 => text(random, &[&PIECES]).into_bytes(),
        2 => (flag.to_owned() + &text(random, &[&PIECES, &UNSEEN, &OF_BODIES])).into_bytes(),
        3 => serde_json::json!({ value(random): value(random) }).to_string().into_bytes(),
        4 => text(random, &[&PIECES, &UNSEEN, &OF_BODIES]).repeat(200).into_bytes(),
        _ => (0..random.usize(..300)).map(|_| random.u8(..)).collect(),
    }
}

/// A text at a place of a body, many times, as a contract may ask for it.
fn filling(random: &mut Rng) -> (BodyDefect, Vec<u8>) {
    let with = match random.usize(..5) {
        0 => "-n".to_owned(),
        1 | 2 => random.char('a'..='z').to_string(),
        _ => format!("{}x", text(random, &[&PIECES, &UNSEEN, &OF_BODIES])),
    };
    let times = 4_200 / with.len() + random.usize(..50);
    let body = serde_json::json!({ "a": "it's", "b": with.repeat(times), "c": 1 });
    (BodyDefect::Fill(Filling { at: "/b".to_owned(), with, times }), body.to_string().into_bytes())
}

fn defect(random: &mut Rng) -> Option<KeyDefect> {
    let some = |random: &mut Rng| text(random, &[&PIECES]).trim().to_owned();
    Some(match random.usize(..10) {
        0 => return None,
        1 => KeyDefect::Absent,
        2 => KeyDefect::Empty,
        3 => KeyDefect::Fresh,
        4 => KeyDefect::Shortened,
        5 => KeyDefect::Lengthened,
        6 => KeyDefect::Prefix(some(random)),
        7 => KeyDefect::Quoted(some(random)),
        8 => KeyDefect::Inserted(some(random)),
        _ => KeyDefect::Ending(some(random)),
    })
}

/// A request as a trial sends it, and what a command for it has to send.
struct Generated {
    planned: Planned,
    sent: Request,
    key: Option<Secret>,
    expected: Vec<Request>,
    /// Whether a key is where no variable can stand for it.
    is_planted: bool,
}

/// A run against the recording server, with keys, a prefix and carriers of any kind.
fn run(random: &mut Rng, url: &str) -> (Suite, BTreeMap<String, String>) {
    let mut contract = Loaded::load(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("no faults");
    let prefixes = ["pms_live_", "pms_live_", "", "k$HOME", "a\"b`", "\\x!", "it's-", "*?"];
    prefixes[random.usize(..prefixes.len())].clone_into(&mut contract.key.prefix);
    if random.bool() {
        let mut basic = contract.key.carriers[0].clone();
        "Authorization".clone_into(&mut basic.header);
        basic.basic = Some(if random.bool() { BasicPart::User } else { BasicPart::Password });
        contract.key.carriers.push(basic);
    }
    let plain = random.bool();
    let next = |random: &mut Rng| {
        if plain { random.alphanumeric() } else { random.char('!'..='~') }
    };
    let mut made = || -> String { (0..32).map(|_| next(random)).collect() };
    let slots = ["valid", "burst", "revoked", "drained", "free-plan", "regen-capped", "orphaned"];
    let prefix = contract.key.prefix.clone();
    let keys = slots.map(|slot| (slot, format!("{prefix}{}", made()))).into_iter().collect();
    let token = made();
    let mut faults = Faults::default();
    let target = bundled::target(url, &keys, Clock::real(), &contract, &mut faults);
    let mut target = target.unwrap_or_else(|| panic!("{faults:?}"));
    target.secrets = vec![Named::of_variable("ERRPROOF_OTHER_TOKEN", &token)];
    let variable = |(slot, key): (&&str, &String)| {
        (format!("ERRPROOF_KEY_{}", slot.to_uppercase().replace('-', "_")), key.clone())
    };
    let mut variables: BTreeMap<_, _> = keys.iter().map(variable).collect();
    variables.insert("ERRPROOF_OTHER_TOKEN".to_owned(), token);
    let suite = Suite::new(contract, target, Recording::Nothing, &Secrets::default());
    (suite.unwrap_or_else(|faults| panic!("{faults:?}")), variables)
}

fn generate(random: &mut Rng, suite: &Suite) -> Generated {
    let (contract, target) = (&suite.run.contract, &suite.run.target);
    let slots: Vec<&SlotName> = target.slots.keys().collect();
    let slot = slots[random.usize(..slots.len())];
    let own = target.slots[slot].key.as_ref().expect("each has one").expose();
    let carriers = &contract.key.carriers;
    let carrier: &Carrier = &carriers[random.usize(..carriers.len())];
    let key_defect = defect(random);
    let mut next = random.fork();
    let key = match &key_defect {
        None => Some(own.to_owned()),
        Some(defect) => contract.key.spoil(own, defect, &mut |below| next.usize(..below)),
    };
    // A key that was made for the run is any well-formed one.
    let expected_key = match &key_defect {
        Some(KeyDefect::Fresh) => Some(contract.key.example_like(Some(own))),
        _ => key.clone(),
    };
    let token = target.secrets[0].secret.expose();
    let mut headers: Vec<(Arc<str>, String)> = vec![("Accept-Encoding".into(), "identity".into())];
    for at in 0..random.usize(..4) {
        let value = match random.usize(..6) {
            0 => format!("{}{token}{}", value(random), value(random)),
            1 => format!("Token {own}{}", value(random)),
            _ => value(random),
        };
        headers.push((format!("X-Any-{at}").into(), value));
    }
    let in_base64 = random.usize(..8) == 0;
    if in_base64 {
        let credentials = general_purpose::STANDARD.encode(format!("{}:{token}", value(random)));
        headers.retain(|_| carrier.header != "Authorization");
        if carrier.header != "Authorization" {
            headers.push(("Authorization".into(), format!("Basic {credentials}")));
        }
    }
    let (body_defect, mut body) = match random.usize(..4) {
        0 => {
            let (defect, body) = filling(random);
            (Some(Box::new(defect)), body)
        }
        _ => (None, bytes(random)),
    };
    let is_planted = match random.usize(..12) {
        // A part of a key, for which no variable can stand.
        0 => {
            body.extend_from_slice(&own.as_bytes()[random.usize(1..=own.len() - 16)..]);
            true
        }
        // A whole one, in a body that is a word of the command.
        1 => {
            body = format!("{}{own}\n{token}", text(random, &[&PIECES])).into_bytes();
            false
        }
        _ => false,
    };
    if random.bool() {
        headers.push(("Content-Type".into(), "application/json".into()));
    }
    let method = ["GET", "POST", "PUT", "PATCH", "DELETE"][random.usize(..5)];
    let path: Arc<str> = path(random).into();
    let request = |key: Option<&String>| {
        let carried = key.map(|key| (Arc::from(carrier.header.as_str()), carrier.value(key)));
        let all = headers.iter().cloned().chain(carried);
        Request {
            method: method.into(),
            path: Arc::clone(&path),
            headers: all.map(|(name, value)| (name, Secret::new(value))).collect(),
            body: body.clone(),
        }
    };
    let (sent, expected) = (request(key.as_ref()), request(expected_key.as_ref()));
    let outgoing = |request: &Request| Outgoing {
        request: Arc::new(request.clone()),
        key: None,
        deadlines: target.deadlines,
        role: Role::Own,
    };
    let mut all = vec![expected.clone()];
    let script = match random.usize(..8) {
        0 => {
            all.extend([expected.clone(), expected]);
            let limit = Limit { requests: 2, window_seconds: 60, policy: None };
            let (request, other) = (outgoing(&sent), Box::new(outgoing(&sent)));
            TrialScript::Burst { request, times: 3, other, limit: limit.into(), served: 200 }
        }
        1 => {
            let first = Request {
                method: "POST".into(),
                path: self::path(random).into(),
                headers: vec![("X-First".into(), Secret::new(format!("{token}{}", value(random))))],
                body: bytes(random),
            };
            all.insert(0, first.clone());
            let first = Some(Box::new(outgoing(&first)));
            TrialScript::Single { first, request: outgoing(&sent), probe: None }
        }
        _ => TrialScript::Single { first: None, request: outgoing(&sent), probe: None },
    };
    let single = Single {
        request: contract.preflight.request.clone(),
        slot: slot.clone(),
        carrier: Arc::new(carrier.clone()),
        key: key_defect,
        body: body_defect,
        hook: None,
    };
    let case = Case {
        name: "any::one".to_owned(),
        line: 1,
        field: None,
        also: Vec::new(),
        after: None,
        unchanged: None,
        provocation: Provocation::Single(single),
    };
    let scenario = Scenario {
        file: "any.toml".into(),
        code: contract.scenarios[0].code.clone(),
        status: 400,
        promise: String::new(),
        source: String::new(),
        message: None,
        retry_after: None,
        twin: None,
        cases: vec![case],
    };
    let planned = Planned { scenario: scenario.into(), at: 0, script: Ok(script), twin: None };
    let key = key.filter(|key| !key.is_empty()).map(Secret::new);
    let is_planted = is_planted || in_base64;
    Generated { planned, sent, key, expected: all, is_planted }
}

/// The shells of this machine, each with what makes it read a command as one that was typed or pasted.
fn shells() -> Vec<(&'static str, &'static [&'static str])> {
    let all: [(&str, &[&str]); 4] = [
        ("sh", &["-s"]),
        ("dash", &["-s"]),
        ("bash", &["-o", "history", "-o", "histexpand", "-s"]),
        ("busybox", &["sh", "-s"]),
    ];
    let mut known = BTreeSet::new();
    let is_other = |(name, _): &(&str, &[&str])| {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let paths: Vec<_> = std::env::split_paths(&paths).map(|path| path.join(name)).collect();
        let program = paths.iter().find_map(|path| fs::canonicalize(path).ok());
        program.is_some_and(|program| known.insert(program))
    };
    all.into_iter().filter(is_other).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_for_any_request_sends_it_to_the_byte_in_every_shell() {
    if Command::new("curl").arg("--version").output().is_err() {
        crate::support::skip("there is no curl on this machine");
        return;
    }
    let seed = fastrand::u64(..);
    let mut random = Rng::with_seed(seed);
    let (url, recorded) = record();
    let take = || std::mem::take(&mut *recorded.lock().expect("nobody panics"));
    let shells = shells();
    assert!(!shells.is_empty(), "a machine without a shell");
    for round in 0..12 {
        let (suite, variables) = run(&mut random, &url);
        let curl = Curl::new(Arc::clone(&suite.run), Arc::clone(suite.redactor()));
        for turn in 0..8 {
            let generated = generate(&mut random, &suite);
            let Generated { planned, sent, key, expected, is_planted } = &generated;
            let command = curl.command(planned, sent, key.as_ref(), Role::Own);
            let what = format!("seed {seed}, round {round}, turn {turn}: {command}");
            if command.as_str().starts_with(TAKEN_OUT) {
                assert!(is_planted, "{what}: of {sent:?}");
                continue;
            }
            for request in expected {
                let (request, deadlines) = (Arc::new(request.clone()), suite.run.target.deadlines);
                let outgoing = Outgoing { request, key: None, deadlines, role: Role::Own };
                let answer = suite.run.sender.send_now(&outgoing).await;
                assert!(answer.is_ok(), "{what}: {answer:?}");
            }
            let by_errproof = take();
            for (shell, flags) in &shells {
                let mut process = Command::new(shell)
                    .args(*flags)
                    .env_remove("HISTFILE")
                    .envs(&variables)
                    .stdin(Stdio::piped())
                    .stdout(Stdio::null())
                    .stderr(Stdio::piped())
                    .spawn()
                    .expect("the shell starts");
                let mut stdin = process.stdin.take().expect("it is piped");
                stdin.write_all(format!("{command}\n").as_bytes()).expect("the shell reads");
                drop(stdin);
                let ended = process.wait_with_output().expect("the shell ends");
                let said = String::from_utf8_lossy(&ended.stderr);
                assert_eq!(take(), by_errproof, "{shell}: {what}\n{said}");
            }
        }
    }
}
