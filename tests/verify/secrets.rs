//! Canary keys in every slot, a server that gives them back wherever and however it can, and a search
//! through every byte that errproof wrote.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    thread,
};

use errproof::shown::{redactor::forms_of, secret::Secret};

use crate::support::{Contract, errproof};

/// One key for each slot of the contract, all of the right shape.
fn canaries() -> Vec<(String, String)> {
    let slots = ["VALID", "BURST", "REVOKED", "DRAINED", "FREE_PLAN", "REGEN_CAPPED", "ORPHANED"];
    let key =
        |at: usize| format!("pms_live_{}", format!("Canary{at}Zq7").repeat(4)[..32].to_owned());
    slots.iter().enumerate().map(|(at, slot)| (format!("ERRPROOF_KEY_{slot}"), key(at))).collect()
}

/// Answers the balance with 200, so that the run begins, and all else with every key it can find.
fn answer(mut connection: TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        match connection.read(&mut buffer)? {
            0 => return Ok(()),
            read => head.extend_from_slice(&buffer[..read]),
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let value = |name: &str| {
        head.lines().find_map(|line| {
            line.to_lowercase().starts_with(name).then(|| line[name.len()..].trim())
        })
    };
    let key = value("x-api-key:")
        .or_else(|| value("authorization:"))
        .unwrap_or_default()
        .trim_start_matches("Bearer ");
    let mut forms = forms_of(&Secret::new(key));
    forms.insert(0, key.to_owned());
    // The prefix is no secret: what follows it is.
    forms.push(key.trim_start_matches("pms_live_").to_owned());
    let name: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
    let (status, body) = if head.starts_with("GET /api/v1/credits") {
        ("200 OK".to_owned(), r#"{"credits":7}"#.to_owned())
    } else {
        let all = forms.join(" ").replace('\\', "\\\\").replace('"', "\\\"").replace('\t', " ");
        let cut = "x".repeat(560);
        let body = format!(
            r#"{{"error":{{"code":"{key}","message":"{all} {cut}{key}","docs":"{all}","requestId":"{key}","{key}":1}}}}"#
        );
        (format!("401 {key}"), body.replace('\t', " "))
    };
    let status = status.replace(['\t', '"'], "");
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nx-{name}: {name}\r\nx-key: {key}\r\nretry-after: {key}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    connection.write_all(answer.as_bytes())
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn no_key_is_in_any_byte_that_was_written() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(move || answer(connection));
        }
    });
    let contract = Contract::copy();
    let canaries = canaries();
    let url = format!("http://{address}");
    let mut variables: Vec<_> =
        canaries.iter().map(|(name, key)| (name.as_str(), key.as_str())).collect();
    variables.push(("INSTA_UPDATE", "new"));
    let hooks = ["GENERATION_FAILED", "GENERATION_TIMEOUT", "PREFLIGHT_FAILED"]
        .map(|hook| format!("ERRPROOF_HOOK_{hook}"));
    variables.extend(hooks.iter().map(|hook| (hook.as_str(), "X-Fault: now")));
    // Nobody is refused here, so a second burst follows after a window and a half.
    contract.change("contract.toml", "window-seconds = 60", "window-seconds = 1");
    let path = |name: &str| contract.path(name).to_str().expect("a path in UTF-8").to_owned();
    let (reports, summary) = (path("reports"), path("step-summary.md"));
    variables.extend([("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", &summary)]);
    // Somebody has put a key into the docs' page.
    let elsewhere = tempfile::tempdir().expect("a folder");
    let page = elsewhere.path().join("page.md");
    let rows = format!("| Code | Status |\n|---|---|\n| `{}` | 401 |\n", canaries[0].1);
    fs::write(&page, rows).expect("written");
    let page = page.to_str().expect("a path in UTF-8");
    let flags = ["--contract", contract.folder(), "--target-url", &url, "--report-dir", &reports];
    let ended = errproof(&[&flags[..], &["--docs", page]].concat(), &variables);
    assert_eq!(ended.code, 101, "{ended:?}");
    assert!(ended.stdout.contains("x secret-leak"), "{}", ended.stdout);
    assert!(ended.stdout.contains("the page has `$ERRPROOF_KEY_VALID`"), "{}", ended.stdout);
    let mut written =
        vec![("stdout".to_owned(), ended.stdout), ("stderr".to_owned(), ended.stderr)];
    for file in files(Path::new(contract.folder())) {
        written.push((file.display().to_string(), fs::read_to_string(&file).expect("a text")));
    }
    for name in ["report.html", "report.json", "junit.xml", "summary.md", "step-summary.md"] {
        assert!(written.iter().any(|(path, _)| path.ends_with(name)), "{name} was not written");
    }
    let mut searched = 0;
    for (_, key) in &canaries {
        for form in forms_of(&Secret::new(key.as_str())) {
            let form = form.to_ascii_lowercase();
            for (place, text) in &written {
                assert!(!text.to_ascii_lowercase().contains(&form), "{form} is in {place}");
                searched += 1;
            }
        }
        // Nor a piece of one that would help to guess the rest.
        for (place, text) in &written {
            assert!(!text.contains(&key[9..25]), "a part of {key} is in {place}");
        }
    }
    assert!(searched > 500, "{searched}");
}
