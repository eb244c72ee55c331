//! The command that a failure ends with: pasted into a shell, it sends what the trial sent.

mod any;

use std::{
    collections::BTreeSet,
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::{Arc, Mutex},
    thread,
};

use serde_json::Value;

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
    // Nothing is there to be sent for a slot that has no key.
    for trial in trials.iter().filter(|trial| trial["outcome"] != "ignored") {
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
    let missing = "\n[[cases]]\nid = \"instructions-missing\"\nrequest = \"regenerate\"\nbody = { remove = \"/instructions\" }\nfield = \"instructions\"\n";
    contract.change("scenarios/400-invalid_input.toml", missing, "");
    let number = "\n[[cases]]\nid = \"instructions-number\"\nrequest = \"regenerate\"\nbody = { set = { at = \"/instructions\", to = 7 } }\nfield = \"instructions\"\n";
    contract.change("scenarios/400-invalid_input.toml", number, "");
    let long = "\n[[cases]]\nid = \"text-of-20000-characters\"\nrequest = \"regenerate\"\nbody = { fill = { at = \"/instructions\", with = \"errproof \", times = 2200 } }\n";
    contract.change("any-error.toml", long, "");
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
