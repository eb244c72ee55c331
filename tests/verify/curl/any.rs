//! The command for any request that a trial may send: with keys, headers, paths and bodies that shells, curl and CI
//! systems read something into.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose};
use errproof::internals::{
    contract::{
        Contract as Loaded,
        carrier::Parts,
        contract_file::Limit,
        encoding::{in_form, in_json, in_query},
        key::{BasicPart, Carrier, KeyDefect},
        limit::LimitSet,
        names::SlotName,
        neighbour::Neighbour,
        scenario::{At, Case, Expects, Provocation, Scenario, Single},
        scenario_file::{BodyDefect, Filling},
    },
    exchange::{
        blanks::Blanks,
        clock::Clock,
        message::Request,
        outgoing::{Outgoing, Role},
    },
    result::unproven::Owed,
    server::{
        bundled,
        curl::{Curl, TAKEN_OUT},
        drift::Recording,
        planned::{Planned, PlannedStep, PlannedSteps, TrialScript},
        suite::Suite,
    },
    shown::{
        secret::{Named, Secret},
        secrets::Secrets,
    },
    source::fault::Faults,
};
use fastrand::Rng;
use url::Url;

use super::record;

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
    let next = |random: &mut Rng| {
        let known = random.bool();
        if known {
            parts[random.usize(..parts.len())].to_owned()
        } else {
            random.char('!'..='~').to_string()
        }
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
    Some(match random.usize(..14) {
        0 => return None,
        1 => KeyDefect::Absent,
        2 => KeyDefect::Empty,
        3 => KeyDefect::Fresh,
        4 => KeyDefect::Shortened,
        5 => KeyDefect::Lengthened,
        6 => KeyDefect::Prefix(some(random)),
        7 => KeyDefect::Quoted(some(random)),
        8 => KeyDefect::Inserted(some(random)),
        9 => KeyDefect::Ending(some(random)),
        10 => KeyDefect::Appended(some(random)),
        11 => KeyDefect::Long(random.usize(..300)),
        12 => KeyDefect::Bare,
        _ => {
            use Neighbour::{AfterEight, Case, Ends, First, Last, Middle, Reversed};
            let all = [First, Middle, Last, Case, AfterEight, Ends, Reversed];
            KeyDefect::Neighbour(all[random.usize(..all.len())])
        }
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
        basic.header = Some("Authorization".to_owned());
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

/// Headers beside the key's own, and whether one of them has the token in base64.
fn headers(
    random: &mut Rng,
    carrier: &Carrier,
    own: &str,
    token: &str,
) -> (Vec<(Arc<str>, String)>, bool) {
    let mut headers: Vec<(Arc<str>, String)> = vec![("Accept-Encoding".into(), "identity".into())];
    for at in 0..random.usize(..4) {
        let value = match random.usize(..6) {
            0 => format!("{}{token}{}", value(random), value(random)),
            1 => format!("Token {own}{}", value(random)),
            _ => value(random),
        };
        headers.push((format!("X-Any-{at}").into(), value));
    }
    let in_base64 = random.usize(..8) == 0 && carrier.header.as_deref() != Some("Authorization");
    if in_base64 {
        let credentials = general_purpose::STANDARD.encode(format!("{}:{token}", value(random)));
        headers.push(("Authorization".into(), format!("Basic {credentials}")));
    }
    (headers, in_base64)
}

/// A body, the defect that the case says it has, and whether a part of a key is in it.
fn body(random: &mut Rng, own: &str, token: &str) -> (Option<Box<BodyDefect>>, Vec<u8>, bool) {
    let (defect, mut body) = if random.usize(..4) == 0 {
        let (defect, body) = filling(random);
        (Some(Box::new(defect)), body)
    } else {
        (None, bytes(random))
    };
    match random.usize(..12) {
        // A part of a key, for which no variable can stand.
        0 => {
            body.extend_from_slice(&own.as_bytes()[random.usize(1..=own.len() - 16)..]);
            (defect, body, true)
        }
        // A whole one, in a body that is a word of the command.
        1 => (defect, format!("{}{own}\n{token}", text(random, &[&PIECES])).into_bytes(), false),
        _ => (defect, body, false),
    }
}

/// A request but for its key.
struct Draft {
    method: &'static str,
    path: Arc<str>,
    headers: Vec<(Arc<str>, String)>,
    body: Vec<u8>,
    /// Where the key is: 0 for the carrier's header.
    place: usize,
}

impl Draft {
    fn request(&self, carrier: &Carrier, key: Option<&String>) -> Request {
        let header = carrier.header.as_deref().expect("the carriers here are headers");
        let value = key.map(|key| carrier.value(key, &Parts::new()));
        let (mut path, mut body) = (Arc::clone(&self.path), self.body.clone());
        let own = match (self.place, key) {
            (0, _) => value.map(|value| (header, value)),
            (place, Some(key)) => put(place, key, &mut path, &mut body),
            (_, None) => None,
        };
        let own = own.map(|(name, value)| (Arc::from(name), value));
        let all = self.headers.iter().cloned().chain(own);
        Request {
            method: self.method.into(),
            path,
            headers: all.map(|(name, value)| (name, Secret::new(value))).collect(),
            body,
            signing: None,
        }
    }
}

/// Puts a key elsewhere than into a header of its own; gives the cookie's header, if that is where.
fn put(
    place: usize,
    key: &str,
    path: &mut Arc<str>,
    body: &mut Vec<u8>,
) -> Option<(&'static str, String)> {
    match place {
        1 => {
            let sign = if path.contains('?') { '&' } else { '?' };
            *path = format!("{path}{sign}k={}", in_query(key)).into();
        }
        2 => return Some(("Cookie", format!("k={key}; other=1"))),
        3 => *body = format!("a=1&k={}", in_form(key)).into_bytes(),
        _ => *body = format!("{{\"k\":\"{}\"}}", in_json(key)).into_bytes(),
    }
    None
}

fn generate(random: &mut Rng, suite: &Suite) -> Generated {
    let (contract, target) = (&suite.run.contract, &suite.run.target);
    let filled = target.slots.iter().filter(|(_, slot)| slot.set().next().is_some());
    let slots: Vec<&SlotName> = filled.map(|(name, _)| name).collect();
    let slot = slots[random.usize(..slots.len())];
    let own = target.slots[slot].dealt(0).key.as_ref().expect("each has one").expose();
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
    let (mut headers, in_base64) = headers(random, carrier, own, token);
    let (body_defect, body, is_planted) = body(random, own, token);
    if random.bool() {
        headers.push(("Content-Type".into(), "application/json".into()));
    }
    let method = ["GET", "POST", "PUT", "PATCH", "DELETE"][random.usize(..5)];
    let path: Arc<str> = path(random).into();
    let is_elsewhere = carrier.basic.is_none() && random.bool();
    let place = if is_elsewhere { random.usize(1..5) } else { 0 };
    let draft = Draft { method, path, headers, body, place };
    let request = |key: Option<&String>| draft.request(carrier, key);
    let (sent, expected) = (request(key.as_ref()), request(expected_key.as_ref()));
    let outgoing = |request: &Request| Outgoing {
        request: Arc::new(request.clone()),
        blanks: Blanks::default(),
        key: None,
        deadlines: target.deadlines,
        role: Role::Own,
        cost: 0,
        payer: None,
        counted_by: LimitSet::default(),
    };
    let mut all = vec![expected.clone()];
    let script = match random.usize(..8) {
        0 => {
            all.extend([expected.clone(), expected]);
            let limit = Limit::of(2, 60);
            let (request, other) = (outgoing(&sent), Box::new(outgoing(&sent)));
            let (limit, meanwhile) = (limit.into(), Vec::new());
            TrialScript::Burst {
                request,
                times: 3,
                other: Some(other),
                meanwhile,
                mistaken: None,
                strangers: Vec::new(),
                limit,
                served: 200,
            }
        }
        1 => {
            let first = Request {
                method: "POST".into(),
                path: self::path(random).into(),
                headers: vec![("X-First".into(), Secret::new(format!("{token}{}", value(random))))],
                body: bytes(random),
                signing: None,
            };
            all.insert(0, first.clone());
            let first =
                PlannedStep { request: outgoing(&first), status: None, capture: BTreeMap::new() };
            let hook = PlannedSteps { first: vec![first], ..PlannedSteps::default() };
            TrialScript::Single {
                steps: None,
                hook: Some(Box::new(hook)),
                request: outgoing(&sent),
                probe: None,
                numbers: Vec::new(),
            }
        }
        _ => TrialScript::Single {
            steps: None,
            hook: None,
            request: outgoing(&sent),
            probe: None,
            numbers: Vec::new(),
        },
    };
    let by = Arc::new(carrier.clone());
    let single =
        Single { key: key_defect, body: body_defect, ..nothing_wrong(contract, slot.clone(), by) };
    Generated {
        planned: planned(contract, single, script),
        sent,
        key: key.filter(|key| !key.is_empty()).map(Secret::new),
        expected: all,
        is_planted: is_planted || in_base64,
    }
}

/// A request with nothing wrong.
fn nothing_wrong(contract: &Loaded, slot: SlotName, carrier: Arc<Carrier>) -> Single {
    let request = contract.preflight.request.clone();
    let (dealt, key, body, kept) = (None, None, None, None);
    Single { request, slot, dealt, carrier, key, body, kept, header: None, hook: None, with: None }
}

/// A script as that of a case.
fn planned(contract: &Loaded, single: Single, script: TrialScript) -> Planned {
    let case = Case {
        name: "any::one".to_owned(),
        line: 1,
        at: At::Own,
        origin: errproof::internals::contract::scenario::Origin::Written,
        times: 1,
        last: false,
        alone: false,
        twin: None,
        steps: None,
        recorded: false,
        fields: errproof::internals::contract::wrong_fields::WrongFields::None,
        pair: None,
        also: Vec::new(),
        after: None,
        unchanged: None,
        provocation: Provocation::Single(single),
    };
    let scenario = Scenario {
        file: "any.toml".into(),
        code: contract.scenarios[0].code.clone(),
        status: 400,
        tells: contract.scenarios[0].tells.clone(),
        envelope: Arc::clone(&contract.envelope),
        docs: None,
        headers: Vec::new(),
        unprovoked: None,
        expects: Expects::Code,
        promise: String::new(),
        source: String::new(),
        message: None,
        retry_after: None,
        twin: None,
        cases: vec![case],
        generated: errproof::internals::contract::generation::Generated::default(),
    };
    Planned {
        tells: LimitSet::default(),
        scenario: scenario.into(),
        at: 0,
        script: Ok(script),
        owed: Owed::Always,
        times: 1,
        turn: 0,
        begins_after: Duration::ZERO,
        twin: None,
    }
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
            let command = curl.command(planned, sent, None, key.as_ref(), Role::Own);
            let what = format!("seed {seed}, round {round}, turn {turn}: {command}");
            if command.as_str().starts_with(TAKEN_OUT) {
                assert!(is_planted, "{what}: of {sent:?}");
                continue;
            }
            for request in expected {
                let (request, deadlines) = (Arc::new(request.clone()), suite.run.target.deadlines);
                let outgoing = Outgoing {
                    request,
                    blanks: Blanks::default(),
                    key: None,
                    deadlines,
                    role: Role::Own,
                    cost: 0,
                    payer: None,
                    counted_by: LimitSet::default(),
                };
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
