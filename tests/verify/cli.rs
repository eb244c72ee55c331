//! The command as a person or a CI job starts it: exit codes, and every word that it says.

use std::fs;

use insta::assert_snapshot;

use crate::support::{Contract, command, errproof, plan};

#[test]
fn exit_codes_tell_what_happened_in_one_line() {
    let rows: [(&[&str], i32); 12] = [
        (&["invalid_json::nan"], 0),
        (&["--list"], 0),
        (&["nosuchcase"], 4),
        (&["--targt", "staging"], 2),
        (&["--target", "stagin"], 2),
        (&["--target-url", "staging"], 2),
        (&["--target-url", ""], 2),
        (&["--target-url", "https://api.planmysaas.com"], 2),
        (&["--target-url", "https://API.planmysaas.com."], 2),
        (&["--target-url", "https://joe:hunter2secret@127.0.0.1"], 2),
        (&["--test-threads", "0"], 2),
        (&["--target-url", "http://127.0.0.1:1"], 3),
    ];
    let mut said = String::new();
    for (flags, code) in rows {
        let ended = errproof(flags, &[]);
        assert_eq!(ended.code, code, "{flags:?}: {ended:?}");
        said.push_str(&ended.stderr);
    }
    assert_snapshot!(said);
}

#[test]
fn every_fault_of_every_file_is_shown_with_its_place() {
    let contract = Contract::copy();
    contract
        .change("contract.toml", "docs = ", "dcos = ")
        .change("contract.toml", "request = \"balance\"\nslot", "request = \"ballance\"\nslot")
        .change("schemas/tagline.input.schema.json", "\"minLength\": 3", "\"minLength\": -3")
        .change(
            "scenarios/400-invalid_json.toml",
            "[[cases]]\nid = \"empty\"",
            "[[cases]\nid = \"empty\"",
        )
        .change("scenarios/401-malformed_api_key.toml", "status = 401", "status = \"401\"")
        .change("scenarios/401-malformed_api_key.toml", "{ prefix = \"\" }", "{ prefx = \"\" }")
        .change(
            "scenarios/401-malformed_api_key.toml",
            "\"bearer\"]\nkey = \"shortened\"",
            "\"baerer\"]\nkey = \"shortend\"",
        )
        .change("scenarios/401-revoked_api_key.toml", "slot = \"revoked\"", "slot = \"revokd\"")
        .change(
            "scenarios/401-invalid_api_key.toml",
            "code = \"invalid_api_key\"",
            "code = \"revoked_api_key\"",
        )
        .change("scenarios/402-insufficient_credits.toml", "(?ix)", "(?ix")
        .change(
            "scenarios/400-invalid_input.toml",
            "body = { remove = \"/tone\" }",
            "body = { remove = \"/tune\" }",
        )
        .change(
            "scenarios/502-generation_failed.toml",
            "id = \"nothing-charged\"",
            "id = \"generator-fails\"",
        )
        .change(
            "scenarios/502-generation_failed.toml",
            "hook = \"generation_failed\"",
            "hook = \"generation_fails\"",
        )
        .change("scenarios/429-rate_limited.toml", "requests = 75", "requests = 50")
        .change("targets/staging.toml", "drained = {", "drainedd = {")
        .change("targets/staging.toml", "path = \"/api", "path = \"api");
    let ended = errproof(&["--contract", contract.folder(), "--target", "staging"], &[]);
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    // The target's name is looked up in the contract's folder.
    assert_snapshot!(ended.stderr);
}

#[test]
fn one_mistake_is_one_fault() {
    let scenario = "scenarios/403-plan_gate.toml";
    let rows = [
        (scenario, "request = \"roadmap\"\n", "", "missing key `request`"),
        (scenario, "request = \"roadmap\"", "request = \"rodmap\"", "unknown request `rodmap`"),
        (
            "scenarios/401-missing_api_key.toml",
            "slot = \"valid\"",
            "slot = \"valide\"",
            "unknown slot `valide`",
        ),
        ("contract.toml", "length = 32", "length = \"32\"", "wrong type for `length`"),
        ("contract.toml", "length = 32", "length = nan", "not a finite number"),
        ("contract.toml", "mock = \"planmysaas\"", "mock = 7", "unknown value for `mock`"),
        ("contract.toml", "alphabet = \"a", "alphabet = \"\" # ", "a key needs an alphabet"),
    ];
    for (file, from, to, title) in rows {
        let contract = Contract::copy();
        contract.change(file, from, to);
        let ended = errproof(&["--contract", contract.folder()], &[]);
        let said = ended.stderr;
        assert!(said.starts_with(&format!("error: {title}")), "{said}");
        assert!(said.ends_with("errproof: 1 fault in 1 file, nothing was sent\n"), "{said}");
    }
}

#[test]
fn a_key_below_a_table_is_told_where_it_belongs_and_a_word_how_it_is_written() {
    let contract = Contract::copy();
    let scenario = "scenarios/403-plan_gate.toml";
    contract
        .change(scenario, "reaches = \"insufficient_credits\"", "retry-after = true")
        .change(
            scenario,
            "id = \"free-plan\"",
            "id = \"free-plan\"\nkey = \"prefix\"\nbody = \"{\"",
        )
        .change("scenarios/403-regen_limit.toml", "\"insufficient_credits\"", "\"plan_gate\"")
        .change(
            "scenarios/404-workspace_not_found.toml",
            "code = \"workspace_not_found\"",
            "code = \"gone\"",
        );
    let ended = errproof(&["--contract", contract.folder()], &[]);
    assert_snapshot!(ended.stderr);
}

#[test]
fn a_case_that_breaks_nothing_or_too_much_is_a_fault() {
    let contract = Contract::copy();
    contract
        .change("scenarios/400-invalid_input.toml", "times = 81", "times = 80")
        .change(
            "scenarios/400-invalid_input.toml",
            "remove = \"/product\" }\nfield = \"product\"",
            "remove = \"/product\" }\nfield = \"tone\"",
        )
        .change(
            "scenarios/400-invalid_json.toml",
            "id = \"utf16\"",
            "id = \"utf16\"\nkey = \"fresh\"",
        );
    let ended = errproof(&["--contract", contract.folder()], &[]);
    assert_eq!(ended.code, 2);
    assert_snapshot!(ended.stderr);
}

#[test]
fn what_cannot_be_sent_or_would_never_end_is_a_fault() {
    let contract = Contract::copy();
    contract
        .change("contract.toml", "header = \"X-API-Key\"", "header = \"X API Key\"")
        .change("contract.toml", "before = \"Bearer \"", "before = \"Bearer\\n\"")
        .change("contract.toml", "length = 32", "length = 10000000")
        .change("contract.toml", "code = \"/error/code\"", "code = \"error.code\"")
        .change("contract.toml", "\"missing_api_key\"", "\"../missing_api_key\"")
        .change("scenarios/401-malformed_api_key.toml", "inserted = \" \"", "inserted = \"\\n\"")
        .change("scenarios/400-invalid_input.toml", "times = 2001", "times = 1000000")
        .change(
            "scenarios/400-invalid_input.toml",
            "with = \"x\", times = 1000000",
            "with = \"0123456789abcdef0\", times = 1000000",
        )
        .change(
            "scenarios/400-invalid_json.toml",
            "status = 400, code = \"invalid_input\"",
            "status = 200, code = \"nosuch\"",
        )
        .change("targets/staging.toml", "X-Errproof-Run", "Content-Length")
        .change(
            "targets/staging.toml",
            "env = \"STAGING_FAULT_TOKEN\"",
            "env = \"pms_live_0123456789abcdef0123456789abcdef\"",
        )
        .change(
            "targets/staging.toml",
            "\"STAGING_KEY_VALID\"",
            "\"pms_live_0123456789abcdef0123456789abcdef\"",
        );
    let ended = errproof(&["--contract", contract.folder(), "--target", "staging"], &[]);
    assert_eq!(ended.code, 2);
    assert!(!ended.stderr.contains("0123456789abcdef012"), "a key is shown: {}", ended.stderr);
    assert_snapshot!(ended.stderr);
}

#[test]
fn what_a_contract_says_of_its_envelope_keys_and_limit_has_to_fit_together() {
    let contract = Contract::copy();
    contract
        .change("contract.toml", "mock = \"planmysaas\"", "mock = \"planmysas\"")
        .change("contract.toml", "docs = \"/error/docs\"\n", "media-type = \"json\"\n")
        .change("contract.toml", "\"/error/requestId\"", "\"header X Request Id\"")
        .change("contract.toml", "length = 32\nlongest = 200", "length = 32\nlongest = 31")
        .change("contract.toml", "shortest = 8", "shortest = 33")
        .change("contract.toml", "\"Bearer \"", "\"Bearer \"\nbasic = \"user\"")
        .change("contract.toml", "[limit]\nrequests = 60\nwindow-seconds = 60\n", "")
        .change(
            "scenarios/400-invalid_json.toml",
            "slot = \"valid\"",
            "slot = \"valid\"\nretry-after-at-most = 5\nretry-after-falls = true",
        )
        .change("scenarios/403-plan_gate.toml", "status = 403", "status = 200");
    let ended = errproof(&["--contract", contract.folder(), "--target-url", "http://[::1]"], &[]);
    assert_eq!(ended.code, 2);
    assert_snapshot!(ended.stderr);
    let contract = Contract::copy();
    contract.change("contract.toml", "docs = \"https:", "# docs = \"https:").change(
        "contract.toml",
        "window-seconds = 60",
        "window-seconds = 60\npolicy = \"défaut\"\ncounts = \"every\"",
    );
    let ended = errproof(&["--contract", contract.folder()], &[]);
    assert_eq!(ended.code, 2);
    assert_snapshot!(ended.stderr);
    let contract = Contract::copy();
    contract.change("contract.toml", "[limit]", "[limit]\ncounts = \"every-request\"");
    for file in ["scenarios/400-invalid_json.toml", "scenarios/400-invalid_input.toml"] {
        fs::remove_file(contract.path(file)).expect("it is there");
    }
    let ended = errproof(&["--contract", contract.folder()], &[]);
    assert_eq!(ended.code, 2);
    assert_snapshot!(ended.stderr);
}

#[test]
fn a_name_that_is_too_long_is_a_fault_where_it_stands_and_no_panic() {
    let (id, code) = ("a".repeat(65_530), "b".repeat(65_530));
    let contract = Contract::copy();
    contract
        .change("scenarios/403-plan_gate.toml", "id = \"free-plan\"", &format!("id = \"{id}\""))
        .change("contract.toml", "\"missing_api_key\"", &format!("\"{code}\""))
        .change("scenarios/401-missing_api_key.toml", "\"missing_api_key\"", &format!("\"{code}\""))
        .change("contract.toml", "[slots.orphaned]", &format!("[slots.{}]", "c".repeat(201)));
    for word in [&["lint"][..], &["test"]] {
        let ended = command(word[0], &["--contract", contract.folder()], &[]);
        assert_eq!(ended.code, 2, "{word:?}");
        for said in ["expected at most 200 characters, got 65530", "got 201"] {
            assert!(ended.stderr.contains(said), "{word:?}: {}", ended.stderr);
        }
        assert_eq!(ended.stderr.matches("too long").count(), 3, "{word:?}: {}", ended.stderr);
    }
}

#[test]
fn a_field_with_a_colon_and_a_space_in_its_name_does_not_drift_once_it_is_recorded() {
    let contract = Contract::copy();
    let snapshot = "snapshots/mock/plan_gate.snap";
    // As a server that answers with such a field has it recorded, but for the mock.
    contract.change(snapshot, "status: 403", "\"/error/a: b\": [number]\nstatus: 403");
    let ended = errproof(&["--contract", contract.folder(), "plan_gate"], &[]);
    let said = "at /error/a: b: expected [number] (as reviewed), got nothing";
    assert!(ended.stdout.contains(said), "{}", ended.stdout);
}

#[test]
fn an_envelope_that_drifts_fails_and_is_recorded_but_not_in_ci() {
    let contract = Contract::copy();
    let files: Vec<_> = fs::read_dir(contract.path("snapshots/mock")).expect("snapshots").collect();
    for file in files {
        let name = file.expect("an entry").file_name().into_string().expect("a name");
        if name.starts_with("any_error") || name == "order.snap" {
            // What the docs do not tell is recorded without an id.
            continue;
        }
        contract.change(&format!("snapshots/mock/{name}"), "/error/requestId: [id]\n", "");
    }
    contract.change("snapshots/mock/plan_gate.snap", "status: 403", "status: 402");
    let pending = contract.path("snapshots/mock/plan_gate.snap.new");

    let flags = ["--contract", contract.folder(), "--test-threads=1", "plan_gate::"];
    let ended = errproof(&flags, &[]);
    assert_eq!(ended.code, 101);
    assert!(!pending.exists(), "nothing is written in CI");
    assert_snapshot!(ended.stdout);

    let ended = errproof(&["--contract", contract.folder()], &[("CI", "")]);
    assert_eq!(ended.code, 101);
    let summary = ended.stdout.split("test result").nth(1).expect("a summary");
    assert_snapshot!(summary);
    let recorded = insta::Snapshot::from_file(&pending).expect("insta reads what was recorded");
    let reviewed = fs::read_to_string("snapshots/mock/plan_gate.snap").expect("the reviewed one");
    let text = recorded.as_text().expect("a text").to_string();
    assert!(reviewed.ends_with(&format!("---\n{text}\n")), "{text}");
}

#[test]
fn what_insta_is_told_decides_what_is_written_in_ci_and_elsewhere() {
    let reviewed = fs::read_to_string("snapshots/mock/plan_gate.snap").expect("the reviewed one");
    let (_, reviewed) = reviewed.split_once("---\n").expect("a head");
    let (_, reviewed) = reviewed.split_once("---\n").expect("a text");
    // What the variables say; whether the run is red, a pending snapshot is there, and the reviewed
    // one is written over.
    let rows = [
        (Some("no"), "", true, false, false),
        (Some("no"), "true", true, false, false),
        (Some("always"), "", false, false, true),
        (Some("always"), "true", false, false, true),
        (Some("1"), "true", false, false, true),
        (Some("force"), "true", false, false, true),
        (Some("new"), "true", true, true, false),
        (Some("unseen"), "true", true, true, false),
        (Some("auto"), "", true, true, false),
        (Some("auto"), "true", true, false, false),
        (None, "", true, true, false),
        (None, "0", true, true, false),
        (None, "false", true, true, false),
        (None, "true", true, false, false),
    ];
    for (insta, ci, is_red, is_pending, is_written) in rows {
        let row = format!("INSTA_UPDATE={insta:?} CI={ci:?}");
        let contract = Contract::copy();
        contract.change("snapshots/mock/plan_gate.snap", "status: 403", "status: 402");
        let variables: Vec<_> =
            insta.map(|insta| ("INSTA_UPDATE", insta)).into_iter().chain([("CI", ci)]).collect();
        let ended = errproof(&["--contract", contract.folder(), "plan_gate"], &variables);
        assert_eq!(ended.code == 101, is_red, "{row}: {ended:?}");
        assert!(is_red || ended.code == 0, "{row}: {ended:?}");
        let pending = contract.path("snapshots/mock/plan_gate.snap.new");
        assert_eq!(pending.exists(), is_pending, "{row}");
        let snapshot = fs::read_to_string(contract.path("snapshots/mock/plan_gate.snap"));
        let snapshot = snapshot.expect("it is there");
        assert_eq!(snapshot.ends_with(reviewed), is_written, "{row}: {snapshot}");
        let note = "recorded the envelopes in snapshots/mock: look at them before you commit them";
        assert_eq!(ended.stdout.contains(note), is_written, "{row}: {}", ended.stdout);
    }
}

#[test]
fn a_deleted_snapshot_is_missed() {
    let contract = Contract::copy();
    fs::remove_file(contract.path("snapshots/mock/plan_gate.snap")).expect("it was there");
    let ended = errproof(&["--contract", contract.folder(), "plan_gate"], &[]);
    assert_eq!(ended.code, 101);
    assert!(ended.stdout.contains("got no snapshots/mock/plan_gate.snap"), "{}", ended.stdout);
}

#[test]
fn a_target_without_reviewed_snapshots_does_not_fail_and_says_how_to_record_them() {
    let contract = Contract::copy();
    fs::remove_dir_all(contract.path("snapshots")).expect("it was there");
    let flags = ["--contract", contract.folder(), "plan_gate"];
    let ended = errproof(&flags, &[("CI", "")]);
    assert_eq!(ended.code, 0);
    assert!(ended.stdout.contains("record them with INSTA_UPDATE=new"), "{}", ended.stdout);
    assert!(!contract.path("snapshots").exists());
    assert_eq!(errproof(&flags, &[("INSTA_UPDATE", "new")]).code, 0);
    assert!(contract.path("snapshots/mock/plan_gate.snap.new").exists());
}

#[test]
fn nothing_but_the_list_is_printed_under_list_and_nothing_but_json_under_json() {
    let list = errproof(&["--list"], &[]).stdout;
    assert!(list.lines().all(|line| line.ends_with(": test")), "{list}");
    assert!(list.lines().count() >= 60, "{list}");
    let json = errproof(&["--format", "json", "-Zunstable-options", "plan_gate"], &[]).stdout;
    for line in json.lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("one JSON document a line");
    }
}

#[test]
fn a_known_deviation_that_speaks_of_nothing_or_says_too_little_is_a_fault() {
    let contract = Contract::copy();
    let entries = r#"
[[known]]
on = "rate_limitd::burst"
check = "retry-aftr"
reason = " "
owner = "platform team"
until = "2027-02-30"

[[known]]
on = "plan_gate"
check = "docs"
until = "2027-03-31"
"#;
    let path = contract.path("targets/staging.toml");
    let text = fs::read_to_string(&path).expect("the example");
    fs::write(&path, text + entries).expect("written");
    let ended = errproof(&["--contract", contract.folder(), "--target", "staging"], &[]);
    assert_eq!(ended.code, 2);
    assert_snapshot!(ended.stderr);
}

#[test]
fn a_target_may_have_prices_of_its_own() {
    let contract = Contract::copy();
    let dearer = "base-url = \"http://127.0.0.1:1\"\n[budget]\ncredits = 1000\n[requests.tagline]\ncost = 25\n";
    fs::write(contract.path("targets/dearer.toml"), dearer).expect("written");
    fs::write(contract.path("targets/same.toml"), dearer.replace("cost = 25", ""))
        .expect("written");
    let key = ("ERRPROOF_KEY_VALID", "pms_live_0123456789abcdef0123456789abcdef");
    let hook = ("ERRPROOF_HOOK_GENERATION_FAILED", "X-Fault: on");
    // The twins of the tagline by both carriers, and of the two other tools.
    for (target, credits) in [("same", 2 * (10 + 150 + 20)), ("dearer", 2 * (25 + 150 + 20))] {
        let said = plan(&["--contract", contract.folder(), "--target", target], &[key, hook]);
        let line = format!("credits: at most {credits}, of a budget of 1000");
        assert!(said.contains(&line), "{target}: {said}");
    }
}

#[test]
fn a_plan_says_what_would_be_sent_and_what_is_ignored() {
    let mut said = plan(&[], &[]);
    let key = ("STAGING_KEY_VALID", "pms_live_0123456789abcdef0123456789abcdef");
    said.push_str(&plan(&["--target", "staging"], &[key]));
    assert!(!said.contains(key.1), "{said}");
    assert_snapshot!(said);
}
