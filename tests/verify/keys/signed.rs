//! Requests that are signed by AWS Signature Version 4, looked at by a server that makes the signature by itself.

use std::process::Command;

use ring::{digest, hmac};
use serde_json::Value;

use super::api::{Api, Asked, contract, error, everything, run, served};
use crate::support::trials_of;

const SECRET: (&str, &str) = ("AWS_SECRET", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
const ID: (&str, &str) = ("AWS_ID", "AKIAIOSFODNN7EXAMPLE");

const LINES: &str = "[key]\nprefix = ''\nalphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'\nlength = 40\n[[key.carriers]]\nname = 'signed'\nsigv4 = { service = 's3', region = 'us-east-1', access-key = { part = 'id' } }\n[requests.put]\nmethod = 'PUT'\npath = '/bucket/a%20b?y=2&x=1'\nbody = { a = 1 }\n[requests.get]\nmethod = 'GET'\npath = '/bucket/c'\n[preflight]\nrequest = 'get'\nslot = 'member'\n[slots.member]\nenv = 'AWS_SECRET'\nparts = { id = 'AWS_ID' }\npurpose = 'a member'\n";
const UNSIGNED: &str = "status = 401\nrequest = 'put'\nslot = 'member'\n[twin]\n[[cases]]\nid = 'absent'\nkey = 'absent'\n";
const WRONG: &str = "status = 403\nrequest = 'put'\nslot = 'member'\n[twin]\n[[cases]]\nid = 'shortened'\nkey = 'shortened'\n[[cases]]\nid = 'get'\nrequest = 'get'\nkey = 'lengthened'\n[[cases]]\nid = 'other-id'\nkey = { part = { name = 'id', to = 'AKIAQQQQNOBODYNOBODY' } }\n";

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

fn sha(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

/// The signature that a request has to have, by what it says of itself, and the one that it has.
fn signatures(asked: &Asked) -> Option<(String, String)> {
    let value = asked.header("authorization")?.strip_prefix("AWS4-HMAC-SHA256 ")?;
    let mut parts = value.split(',').filter_map(|part| part.trim().split_once('='));
    let mut part = |name: &str| parts.find(|(known, _)| *known == name).map(|(_, value)| value);
    let (credential, names, given) =
        (part("Credential")?, part("SignedHeaders")?, part("Signature")?);
    let (id, scope) = credential.split_once('/')?;
    let time = asked.header("x-amz-date")?;
    let is_own = id == ID.1 && scope == format!("{}/us-east-1/s3/aws4_request", &time[..8]);
    let headers: Vec<_> = names
        .split(';')
        .map(|name| format!("{name}:{}\n", asked.header(name).unwrap_or_default()))
        .collect();
    let headers = headers.concat();
    let (path, query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
    let mut query: Vec<&str> = query.split('&').collect();
    query.sort_unstable();
    let hash = sha(&asked.body);
    let is_same = asked.header("x-amz-content-sha256") == Some(&hash);
    let canonical =
        format!("{}\n{path}\n{}\n{headers}\n{names}\n{hash}", asked.method, query.join("&"));
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", sha(&canonical));
    let mut key = format!("AWS4{}", SECRET.1).into_bytes();
    for part in scope.split('/').chain([to_sign.as_str()]) {
        let sign = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes());
        key = sign.as_ref().to_vec();
    }
    (is_own && is_same).then(|| (hex(&key), given.to_owned()))
}

fn answer(asked: &Asked) -> (u16, String) {
    match (asked.header("authorization"), signatures(asked)) {
        (None, _) => error(401, "unsigned"),
        (_, Some((expected, given))) if expected == given => served(),
        // As S3 says it.
        (Some(value), _) => {
            let (status, body) = error(403, "wrong_signature");
            let mut body: Value = serde_json::from_str(&body).expect("JSON");
            body["given"] = value.into();
            (status, body.to_string())
        }
    }
}

#[test]
fn a_request_is_signed_and_a_spoilt_secret_gives_a_wrong_signature() {
    let folder = contract(LINES, &[("unsigned", UNSIGNED), ("wrong_signature", WRONG)]);
    let api = Api::start(answer);
    let (ended, report) = run(folder.path(), &api.url, &[SECRET, ID], &["--strict"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let asked = api.taken();
    assert!(asked.len() >= 6, "{asked:?}");
    let said = everything(&ended, &report);
    for secret in [SECRET.1, ID.1] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[test]
fn no_signature_is_shown_in_full_and_the_command_signs_anew() {
    // Not every curl sorts what it signs.
    let lines = LINES.replace("?y=2&x=1", "?x=1&y=2");
    let folder = contract(&lines, &[("unsigned", UNSIGNED), ("wrong_signature", WRONG)]);
    // One that knows whether something is signed well, and calls it by another name.
    let api = Api::start(|asked| {
        let (status, body) = answer(asked);
        (status, body.replace("wrong_signature", "forbidden").replace("unsigned", "nobody"))
    });
    let (ended, report) = run(folder.path(), &api.url, &[SECRET, ID], &[]);
    assert_eq!(ended.code, 101, "{ended:?}");
    let said = everything(&ended, &report);
    for asked in api.taken() {
        let Some((_, given)) =
            asked.header("authorization").and_then(|it| it.split_once("Signature="))
        else {
            continue;
        };
        assert!(!said.contains(given), "{said}");
    }
    assert!(said.contains("********"), "{said}");
    assert!(!said.contains(SECRET.1) && !said.contains(ID.1), "{said}");
    let json = std::fs::read_to_string(report.path().join("report.json")).expect("written");
    let json: Value = serde_json::from_str(&json).expect("JSON");
    for trial in trials_of(&json, "server") {
        let name = trial["name"].as_str().expect("a name");
        let again = trial["evidence"]["again"].as_str().expect("a command");
        let is_signed = !name.contains("absent");
        let words = "--aws-sigv4 aws:amz:us-east-1:s3 --user \"$AWS_ID:";
        assert_eq!(again.contains(words) || name.contains("other-id"), is_signed, "{again}");
        if !can_sign() {
            crate::support::skip("this curl signs nothing");
            continue;
        }
        let variables = [SECRET, ID];
        let ended = Command::new("sh").args(["-c", again]).envs(variables).output();
        let ended = ended.expect("a shell");
        assert!(ended.status.success(), "{again}: {ended:?}");
        // The same defect, so it is refused; with the whole secret it would be served.
        let [sent] = &api.taken()[..] else { panic!("{again}") };
        assert_eq!(sent.header("authorization").is_some(), is_signed, "{again}");
        assert_ne!(answer(sent).0, 200, "{again}");
        let whole = again.replace("${AWS_SECRET%?}", "$AWS_SECRET");
        if whole != again && name.contains("shortened") {
            let ended = Command::new("sh").args(["-c", &whole]).envs(variables).output();
            ended.expect("a shell");
            let [sent] = &api.taken()[..] else { panic!("{whole}") };
            assert_eq!(answer(sent), served(), "{whole}: {sent:?}");
        }
    }
}

/// Whether there is a curl that signs.
fn can_sign() -> bool {
    let help = Command::new("curl").args(["--help", "all"]).output();
    help.is_ok_and(|help| String::from_utf8_lossy(&help.stdout).contains("--aws-sigv4"))
}
