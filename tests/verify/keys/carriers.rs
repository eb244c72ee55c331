//! Every carrier: what is sent, what is shown of it, and the command that sends it again.

use std::process::Command;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::api::{Api, Asked, contract, error, everything, run, served};
use crate::support::trials_of;

/// A key with what queries, forms and JSON write in another way.
const KEY: (&str, &str) = ("MEMBER_KEY", "k+y/0123=abc\"d\\e%f&g");
const USER: (&str, &str) = ("MEMBER_USER", "alice.example+1@x");
const SHORT: (&str, &str) = ("MEMBER_USER", "bob");

fn lines(carrier: &str) -> String {
    let key = "[key]\nprefix = ''\nalphabet = 'abcdefghijklmnopqrstuvwxyz0123456789+/=\"\\%&'\nlength = 20\n";
    format!(
        "{key}[[key.carriers]]\nname = 'own'\n{carrier}\n[requests.say]\nmethod = 'POST'\npath = '/say?a=1'\nbody = {{ text = 'hello' }}\n[preflight]\nrequest = 'say'\nslot = 'member'\n[slots.member]\nenv = 'MEMBER_KEY'\nparts = {{ user = 'MEMBER_USER' }}\npurpose = 'a member'\n"
    )
}

const NO_KEY: &str = "status = 401\nrequest = 'say'\nslot = 'member'\n[twin]\n[[cases]]\nid = 'absent'\nkey = 'absent'\n";
const BAD_KEY: &str = "status = 403\nrequest = 'say'\nslot = 'member'\n[twin]\n[[cases]]\nid = 'shortened'\nkey = 'shortened'\n[[cases]]\nid = 'inserted'\nkey = { inserted = ' ' }\n[[cases]]\nid = 'fresh'\nkey = 'fresh'\n";
const OTHER_USER: &str =
    "[[cases]]\nid = 'other-user'\nkey = { part = { name = 'user', to = 'nobody' } }\n";

/// A carrier, and what an API that is asked by it finds of key and user.
type Row = (&'static str, fn(&Asked) -> (Option<String>, Option<String>));

fn of_basic(asked: &Asked) -> (Option<String>, Option<String>) {
    let credentials = asked.header("authorization").and_then(|value| value.strip_prefix("Basic "));
    let credentials = credentials.and_then(|value| STANDARD.decode(value).ok()).unwrap_or_default();
    let text = String::from_utf8_lossy(&credentials).into_owned();
    let parts = text.split_once(':').map(|(user, key)| (key.to_owned(), user.to_owned()));
    parts.unzip()
}

fn in_body(asked: &Asked, name: &str) -> Option<String> {
    let body: Value = serde_json::from_str(&asked.body).ok()?;
    body[name].as_str().map(str::to_owned)
}

fn text(value: Option<&str>) -> Option<String> {
    value.map(str::to_owned)
}

const ROWS: [Row; 6] = [
    ("header = 'Authorization'\nbasic = 'password'\nother = { part = 'user' }", of_basic),
    ("query = 'to ken'", |asked| (asked.parameter("to ken"), None)),
    ("body = '/token'", |asked| (in_body(asked, "token"), None)),
    ("header = 'X-Key'\nalso = [{ header = 'X-User', part = 'user' }]", |asked| {
        (text(asked.header("x-key")), text(asked.header("x-user")))
    }),
    (
        "query = 'token'\nalso = [{ query = 'user', part = 'user' }, { header = 'X-App', value = '7' }]",
        |asked| {
            let user = asked.parameter("user").filter(|_| asked.header("x-app") == Some("7"));
            (asked.parameter("token"), user)
        },
    ),
    (
        "body = '/token'\nalso = [{ body = '/user', part = 'user' }, { cookie = 'app', value = '7' }]",
        |asked| {
            let user =
                in_body(asked, "user").filter(|_| asked.cookie("app").as_deref() == Some("7"));
            (in_body(asked, "token"), user)
        },
    ),
];

/// What an API does that looks at both.
fn judged(found: (Option<String>, Option<String>), user: Option<&str>) -> (u16, String) {
    match found {
        (None, None) => error(401, "no_key"),
        (Some(key), own) if key == KEY.1 && own.as_deref() == user => served(),
        _ => error(403, "bad_key"),
    }
}

#[test]
fn what_a_carrier_sends_is_what_an_api_takes_and_one_that_overlooks_a_part_is_found() {
    for (carrier, find) in ROWS {
        let has_user = carrier.contains("user");
        let bad = format!("{BAD_KEY}{}", if has_user { OTHER_USER } else { "" });
        let folder = contract(&lines(carrier), &[("no_key", NO_KEY), ("bad_key", &bad)]);
        let api = Api::start(move |asked| judged(find(asked), has_user.then_some(USER.1)));
        let (ended, _) = run(folder.path(), &api.url, &[KEY, USER], &["--strict"]);
        assert_eq!(ended.code, 0, "{carrier}: {ended:?}");
        // Nothing of the carrier is left of an absent key.
        let absent = api.taken().into_iter().filter(|asked| find(asked) == (None, None));
        for asked in absent {
            let is_left = asked.header("x-app").is_some() || asked.header("cookie").is_some();
            assert!(!is_left, "{carrier}: {asked:?}");
        }
        if has_user {
            let careless = Api::start(move |asked| {
                let (key, _) = find(asked);
                judged((key, None), None)
            });
            let (red, _) = run(folder.path(), &careless.url, &[KEY, USER], &[]);
            assert_eq!(red.code, 101, "{carrier}: {red:?}");
            let found = red
                .stdout
                .lines()
                .any(|line| line.contains("other-user") && line.contains("FAILED"));
            assert!(found, "{carrier}: {}", red.stdout);
            let shown = "member ($MEMBER_KEY) with \"nobody\" in place of its part `user`";
            assert!(red.stdout.contains(shown), "{}", red.stdout);
        }
    }
}

#[test]
fn a_cookie_carries_the_key() {
    let carrier = "cookie = 'session'";
    let lines = lines(carrier).replace("+/=\"\\%&", "").replace("length = 20", "length = 16");
    let folder = contract(&lines, &[("no_key", NO_KEY), ("bad_key", BAD_KEY)]);
    let key = ("MEMBER_KEY", "abcdefgh01234567");
    let api = Api::start(move |asked| match asked.cookie("session") {
        None => error(401, "no_key"),
        Some(own) if own == key.1 => served(),
        Some(_) => error(403, "bad_key"),
    });
    let (ended, _) = run(folder.path(), &api.url, &[key, USER], &["--strict"]);
    assert_eq!(ended.code, 0, "{ended:?}");
}

#[test]
fn a_part_that_is_not_set_is_named_and_its_cases_are_ignored() {
    let folder = contract(&lines(ROWS[0].0), &[("no_key", NO_KEY), ("bad_key", BAD_KEY)]);
    let api = Api::start(|asked| judged(of_basic(asked), Some(USER.1)));
    let (ended, _) = run(folder.path(), &api.url, &[KEY], &[]);
    let said = "no `user` for slot `member`: set $MEMBER_USER to that of a member";
    assert!(ended.stdout.contains(said), "{ended:?}");
    assert!(
        ended.stdout.contains("no part `user` for slot `member`: set $MEMBER_USER"),
        "{ended:?}"
    );
    assert!(!ended.stdout.contains(KEY.1), "{ended:?}");
}

#[test]
fn a_targets_file_names_the_variables_of_the_parts() {
    let folder = contract(&lines(ROWS[0].0), &[("no_key", NO_KEY)]);
    let api = Api::start(|asked| judged(of_basic(asked), Some(USER.1)));
    let rows = [
        ("{ env = 'STAGING_KEY', parts = { user = 'STAGING_USER' } }", Ok(())),
        ("{ env = 'STAGING_KEY', parts = { usr = 'STAGING_USER' } }", Err("unknown part `usr`")),
        (
            "{ env = 'STAGING_KEY', parts = { user = 'not a name' } }",
            Err("not the name of a variable"),
        ),
        (
            "{ env = 'STAGING_KEY', parts = { user = 'COLON_USER' } }",
            Err("cannot be the user of HTTP Basic"),
        ),
    ];
    let target = folder.path().join("targets/staging.toml");
    std::fs::create_dir(folder.path().join("targets")).expect("made");
    for (slot, expected) in rows {
        std::fs::write(&target, format!("base-url = '{}'\nslots.member = {slot}\n", api.url))
            .expect("written");
        let flags = ["--contract", folder.path().to_str().expect("UTF-8"), "--target", "staging"];
        let variables = [("STAGING_KEY", KEY.1), ("STAGING_USER", USER.1), ("COLON_USER", "a:b")];
        let ended = crate::support::errproof(&flags, &variables);
        match expected {
            Ok(()) => assert_eq!(ended.code, 0, "{ended:?}"),
            Err(title) => {
                assert_eq!(ended.code, 2, "{slot}: {ended:?}");
                assert!(ended.stderr.contains(title), "{slot}: {}", ended.stderr);
                assert!(ended.stderr.contains("staging.toml:2"), "{slot}: {}", ended.stderr);
            }
        }
    }
}

/// All forms in which a secret may be seen.
fn forms(secret: &str) -> Vec<String> {
    let query: String = secret
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    let form = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let json = Value::from(secret).to_string();
    let json = json[1..json.len() - 1].to_owned();
    vec![secret.to_owned(), query, form, json, STANDARD.encode(secret)]
}

#[test]
fn a_key_is_shown_in_no_form_and_the_command_sends_it_from_its_variable() {
    let is_there = Command::new("curl").arg("--version").output().is_ok();
    for (user, is_looked_for) in [(USER, true), (SHORT, false)] {
        for (carrier, _) in ROWS {
            let folder = contract(&lines(carrier), &[("no_key", NO_KEY), ("bad_key", BAD_KEY)]);
            let variables = [KEY, user];
            let api = Api::start(echo);
            let (ended, report) = run(folder.path(), &api.url, &variables, &[]);
            assert_eq!(ended.code, 101, "{carrier}: {ended:?}");
            assert!(ended.stdout.contains("secret-leak"), "{carrier}: {}", ended.stdout);
            let said = everything(&ended, &report);
            let secrets = [Some(KEY.1), is_looked_for.then_some(user.1)];
            for form in secrets.into_iter().flatten().flat_map(forms) {
                assert!(!said.contains(&form), "{carrier}: {form} in {said}");
            }
            let both = STANDARD.encode(format!("{}:{}", user.1, KEY.1));
            assert!(!said.contains(&both), "{carrier}: {both}");
            if is_there {
                again(carrier, &api, &report, &variables);
            }
        }
    }
}

/// Serves everything, and says what it was sent.
fn echo(asked: &Asked) -> (u16, String) {
    let said = serde_json::json!({
        "all": format!("{asked:?}"), "body": asked.body, "target": asked.target, "headers": asked.headers,
    });
    (200, said.to_string())
}

/// Runs the command of every trial in a shell: it sends what the trial sent.
fn again(carrier: &str, api: &Api, report: &tempfile::TempDir, variables: &[(&str, &str)]) {
    let ours = |asked: Asked| {
        let skipped = ["user-agent", "accept", "host"];
        let mut headers = asked.headers;
        headers.retain(|(name, _)| !skipped.contains(&name.as_str()));
        headers.sort();
        Asked { headers, ..asked }
    };
    let by_errproof: Vec<Asked> = api.taken().into_iter().map(ours).collect();
    let json = std::fs::read_to_string(report.path().join("report.json")).expect("written");
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let trials = trials_of(&json, "server");
    for trial in trials.iter().filter(|trial| trial["outcome"] != "ignored") {
        let again = trial["evidence"]["again"].as_str().expect("a command");
        if again.contains("printf %s%s") {
            // A key that was made for the run is another one in its command.
            continue;
        }
        assert!(!again.starts_with('#'), "{carrier}: {again}");
        let envs = variables.iter().copied();
        let ended = Command::new("sh").args(["-c", again]).envs(envs).output().expect("a shell");
        assert!(ended.status.success(), "{again}: {ended:?}");
        let sent: Vec<Asked> = api.taken().into_iter().map(ours).collect();
        let [sent] = &sent[..] else { panic!("{again}: {sent:?}") };
        assert!(by_errproof.contains(sent), "{carrier}: {again}\n{sent:#?}\n{by_errproof:#?}");
        let needs_key = trial["name"].as_str().is_some_and(|name| !name.contains("absent"));
        assert_eq!(again.contains("MEMBER_KEY"), needs_key, "{carrier}: {again}");
    }
}

#[test]
fn a_burst_and_what_goes_with_it_carry_the_key_in_the_query() {
    let lines = "[key]\nprefix = ''\nalphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'\nlength = 16\n[[key.carriers]]\nname = 'query'\nquery = 'token'\n[[key.carriers]]\nname = 'x-key'\nheader = 'X-Key'\n[limit]\nrequests = 20\nwindow-seconds = 3\n[requests.things]\nmethod = 'GET'\npath = '/things'\n[requests.others]\nmethod = 'GET'\npath = '/others?all=1'\n[preflight]\nrequest = 'things'\nslot = 'member'\n[slots.member]\nenv = 'MEMBER_KEY'\npurpose = 'a member'\n[slots.burst]\nenv = 'BURST_KEY'\npurpose = 'another'\n[points]\n";
    let scenario = "status = 429\nrequest = 'things'\nslot = 'burst'\n[[cases]]\nid = 'burst'\nburst = { requests = 30, other = 'member' }\n";
    let folder = contract(lines, &[("too_many", scenario)]);
    let begun = std::time::Instant::now();
    let counts = std::sync::Mutex::new(std::collections::HashMap::<String, (u64, u32)>::new());
    let api = Api::start(move |asked| {
        let Some(key) = asked.parameter("token").or(text(asked.header("x-key"))) else {
            return error(401, "no_key");
        };
        let mut counts = counts.lock().expect("nobody panics");
        let now = begun.elapsed().as_secs();
        let count = counts.entry(key).or_insert((now, 0));
        if now >= count.0 + 3 {
            *count = (now, 0);
        }
        count.1 += 1;
        if count.1 > 20 { error(429, "too_many") } else { served() }
    });
    let keys = [("MEMBER_KEY", "abcdefgh01234567"), ("BURST_KEY", "zyxwvuts76543210")];
    let (ended, report) = run(folder.path(), &api.url, &keys, &[]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let asked = api.taken();
    for target in
        ["/things?token=zyxwvuts76543210&errproof=1", "/others?all=1&token=zyxwvuts76543210"]
    {
        assert!(asked.iter().any(|asked| asked.target == target), "{target}: {asked:#?}");
    }
    let without =
        asked.iter().filter(|it| it.parameter("token").is_none() && it.header("x-key").is_none());
    assert_eq!(without.count(), 0);
    let said = everything(&ended, &report);
    for (_, key) in keys {
        assert!(!said.contains(key), "{said}");
    }
}

#[test]
fn a_long_body_with_the_key_in_it_is_made_by_the_command() {
    let cases = "status = 400\nrequest = 'say'\nslot = 'member'\n[[cases]]\nid = 'long'\nbody = { fill = { at = '/text', with = 'x', times = 9000 } }\n[[cases]]\nid = 'cut'\nbody = { text = '{\"text\": \"hel' }\n[[cases]]\nid = 'list'\nbody = { text = '[1' }\n";
    let folder = contract(&lines("body = '/token'"), &[("bad_input", cases)]);
    let api = Api::start(echo);
    let variables = [KEY, USER];
    let (ended, report) = run(folder.path(), &api.url, &variables, &[]);
    assert!(
        ended.stdout.contains("the body of this request has no room for the key at `/token`"),
        "{ended:?}"
    );
    let said = everything(&ended, &report);
    assert!(!forms(KEY.1).iter().any(|form| said.contains(form)), "{said}");
    if Command::new("curl").arg("--version").output().is_ok() {
        again("body = '/token'", &api, &report, &variables);
    }
}
