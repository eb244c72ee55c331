//! What the command can do besides a run: `limits`, `serve`, `lint`, `new`, `schema`, `completions`, `man`.

use std::fs;

use insta::assert_snapshot;

use crate::support::{Contract, Mock, command, errproof, trials};

#[test]
fn the_help_of_every_word_is_reviewed() {
    let words = [
        "",
        "test",
        "plan",
        "docs",
        "limits",
        "serve",
        "lint",
        "new",
        "schema",
        "completions",
        "man",
    ];
    let help = |word: &str| {
        let flags = if word.is_empty() { vec!["--help"] } else { vec![word, "--help"] };
        let ended = command(flags[0], &flags[1..], &[]);
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{word}");
        format!("$ errproof {}\n{}", flags.join(" "), ended.stdout)
    };
    assert_snapshot!(words.map(help).join("\n"));
}

#[test]
fn a_new_contract_passes_lint_and_its_plan_can_be_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("our-api");
    let path = path.to_str().expect("a path in UTF-8");
    assert_eq!(command("new", &[path], &[]).code, 0);
    let ended = command("lint", &["--contract", path], &[]);
    let said = "the example API: 6 codes, 7 cases, 1 target, nothing wrong\n";
    assert_eq!((ended.code, ended.stdout.as_str()), (0, said), "{}", ended.stderr);
    let ended = command("plan", &["--contract", path, "--target", "staging"], &[]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let ended = command("new", &[path], &[]);
    let refused = format!("errproof: {path} is not empty; name a folder that does not exist yet\n");
    assert_eq!((ended.code, ended.stderr), (2, refused));
}

#[test]
fn lint_gives_advice_on_what_weakens_a_run_and_denies_it_where_that_is_asked_for() {
    let contract = Contract::copy();
    let all = trials();
    let is_of_code = |name: &&String| {
        !["any_error", "ledger", "order"].iter().any(|code| name.starts_with(code))
    };
    let whole = all.iter().filter(is_of_code).count();
    let whole = format!("the PlanMySaaS API: 14 codes, {whole} cases, 1 target, nothing wrong");
    for flags in
        [&["--contract", contract.folder()][..], &["--contract", contract.folder(), "--deny"]]
    {
        let said = command("lint", flags, &[]);
        assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{}", said.stdout);
        assert_eq!(said.stdout, format!("{whole}\n"));
    }
    fs::remove_file(contract.path("scenarios/404-workspace_not_found.toml")).expect("it was there");
    contract
        .change(
            "scenarios/403-plan_gate.toml",
            "[twin]\nslot = \"drained\"\nreaches = \"insufficient_credits\"\n",
            "",
        )
        .change(
            "scenarios/403-regen_limit.toml",
            "source = \"Authorisation (402 / 403)\"",
            "source = \"\"",
        )
        .change("contract.toml", "source = \"Envelope\"", "source = \" \"")
        .change(
            "scenarios/500-preflight_failed.toml",
            "hook = \"preflight_failed\"",
            "key = \"absent\"",
        )
        .change("scenarios/502-generation_failed.toml", "unchanged = \"credits\"\n", "")
        .change(
            "contract.toml",
            "[requests.balance]",
            "[requests.nobody]\nmethod = \"GET\"\npath = \"/\"\n\n[requests.balance]",
        )
        .change(
            "contract.toml",
            "env = \"ERRPROOF_KEY_REGEN_CAPPED\"",
            "env = \"ERRPROOF_KEY_FREE_PLAN\"",
        )
        .change(
            "targets/staging.toml",
            "drained = { env = \"STAGING_KEY_DRAINED\" }",
            "drained = { env = \"STAGING_KEY_VALID\" }",
        );
    let folder = ["--contract", contract.folder()];
    let advised = command("lint", &folder, &[]);
    assert_eq!(advised.code, 0, "{advised:?}");
    let counted =
        ["the PlanMySaaS API: 13 codes, ", " cases, 1 target, nothing wrong, 8 pieces of advice\n"];
    let is_counted = advised.stdout.starts_with(counted[0]) && advised.stdout.ends_with(counted[1]);
    assert!(is_counted, "{}", advised.stdout);
    assert_snapshot!(advised.stderr);
    // What is advised against does not stop a run.
    assert_eq!(command("plan", &folder, &[]).code, 0);
    for deny in ["--deny", "--deny=advice"] {
        let denied = command("lint", &[&folder[..], &[deny]].concat(), &[]);
        let expected = (2, "", advised.stderr.as_str());
        assert_eq!((denied.code, denied.stdout.as_str(), denied.stderr.as_str()), expected);
    }
    assert_eq!(command("lint", &["--deny=everything"], &[]).code, 2);
    // A fault is one with and without advice.
    contract.change("contract.toml", "docs = ", "dcos = ");
    let faulty = command("lint", &folder, &[]);
    assert_eq!((faulty.code, faulty.stdout.as_str()), (2, ""));
    assert!(faulty.stderr.starts_with("error: ") && faulty.stderr.ends_with("nothing was sent\n"));
}

#[test]
fn the_mock_that_is_served_passes_its_own_contract_and_breaks_the_promise_that_is_asked_for() {
    let waits = ["--rate-window", "2", "--generation-timeout", "1"];
    let contract = Contract::copy();
    contract.change("contract.toml", "window-seconds = 60", "window-seconds = 2").change(
        "scenarios/504-generation_timeout.toml",
        "at-least = 90",
        "at-least = 1",
    );
    let run = |mock: &Mock| {
        let variables: Vec<_> =
            mock.variables.iter().map(|(name, value)| (&**name, &**value)).collect();
        errproof(&["--contract", contract.folder(), "--target-url", &mock.url], &variables)
    };
    let whole = Mock::start(&waits);
    assert_eq!(whole.variables.len(), 13);
    let ended = run(&whole);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    // Without a budget three codes lack their twin, and a strict run says so.
    let variables: Vec<_> =
        whole.variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    let flags = ["--target-url", &whole.url, "--strict", "insufficient_credits"];
    let ended = errproof(&flags, &variables);
    assert_eq!(ended.code, 101, "{}", ended.stdout);
    let why = "inconclusive: the twin was not sent: it may cost 10";
    assert!(ended.stdout.contains(why), "{}", ended.stdout);
    assert_eq!(whole.end(), Some(0));
    let broken = Mock::start(&[&waits[..], &["--mutant", "revoked key alive"]].concat());
    let ended = run(&broken);
    assert_eq!(ended.code, 101);
    assert!(ended.stdout.contains("1 broken (revoked_api_key)"), "{}", ended.stdout);
}

#[test]
fn what_is_mistyped_or_missing_is_said_in_one_line_with_what_could_be_meant() {
    let empty = tempfile::tempdir().expect("a folder");
    let folder = empty.path().to_str().expect("a path in UTF-8");
    let missing = format!(
        "there is no contract.toml in {folder}; name a contract's folder by --contract, or write one by `errproof new`"
    );
    let rows: [(&str, &[&str], &str); 6] = [
        ("lnt", &[], "unrecognized subcommand 'lnt', did you mean lint?"),
        (
            "schema",
            &["scenarios"],
            "invalid value 'scenarios' for '<FORMAT>', did you mean scenario?",
        ),
        (
            "schema",
            &["x"],
            "invalid value 'x' for '<FORMAT>', expected one of: contract, scenario, any-error, target, report",
        ),
        ("lint", &["--deny=x"], "invalid value 'x' for '--deny[=<WHAT>]', expected one of: advice"),
        ("lint", &["--contract", folder], &missing),
        ("plan", &["--contract", folder], &missing),
    ];
    for (word, flags, said) in rows {
        let ended = command(word, flags, &[]);
        assert_eq!((ended.code, ended.stderr), (2, format!("errproof: {said}\n")), "{word}");
    }
}

#[test]
fn a_mutant_that_does_not_exist_and_a_port_that_is_taken_are_said_in_one_line() {
    let listed = command("serve", &["--list-mutants"], &[]).stdout;
    assert!(listed.lines().count() >= 150 && listed.contains("\nlimit 61\n"), "{listed}");
    let ended = command("serve", &["--mutant", "limit 6"], &[]);
    let said = "errproof: there is no mutant `limit 6`; did you mean `limit 61`?\n";
    assert_eq!((ended.code, ended.stderr.as_str()), (2, said));
    let mock = Mock::start(&[]);
    let port = mock.url.rsplit(':').next().expect("a port");
    let ended = command("serve", &["--port", port], &[]);
    assert_eq!(ended.code, 2);
    let said = "errproof: failed to serve at 127.0.0.1:PORT: ";
    assert!(ended.stderr.starts_with(said), "{}", ended.stderr);
}

#[test]
fn a_slow_trial_says_on_stderr_what_it_waits_for_in_whole_lines() {
    let mock = Mock::start(&["--generation-timeout", "7"]);
    let variables: Vec<_> =
        mock.variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    // With a budget for its twin, or the code would not be proven, and stderr would say so.
    let target = tempfile::Builder::new().suffix(".toml").tempfile().expect("a file");
    let text = format!("base-url = \"{}\"\n[budget]\ncredits = 10\n", mock.url);
    fs::write(target.path(), text).expect("written");
    let target = target.path().to_str().expect("a path in UTF-8");
    let flags = ["--target", target, "--exact", "generation_timeout::generator-hangs"];
    let ended = errproof(&flags, &variables);
    let line = "errproof: generation_timeout::generator-hangs: waiting for POST /api/v1/tools/tagline (5 s of at most 330 s)\n";
    assert_eq!(ended.stderr, line);
    assert!(!ended.stdout.contains("has waited"), "{}", ended.stdout);
}

#[test]
fn completions_and_the_manual_name_every_word() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = command("completions", &[shell], &[]);
        assert_eq!(ended.code, 0, "{shell}");
        assert!(ended.stdout.contains("generation-timeout"), "{shell}");
    }
    let ended = command("man", &[], &[]);
    for word in ["serve", "limits", "lint", "plan", "completions"] {
        assert!(ended.stdout.contains(&format!("errproof\\-{word}")), "{}", ended.stdout);
    }
}

#[test]
fn without_a_contract_the_command_runs_the_one_that_is_built_in_and_a_test_binary_does_not() {
    let empty = tempfile::tempdir().expect("a folder");
    let started = std::process::Command::new(env!("CARGO_BIN_EXE_errproof"))
        .args(["test", "plan_gate"])
        .current_dir(empty.path())
        .env_remove("CARGO_MANIFEST_DIR")
        .env("CI", "true")
        .output()
        .expect("the command starts");
    let said = String::from_utf8_lossy(&started.stdout);
    assert!(started.status.success() && said.contains("1 code on "), "{said}");
    let folder = empty.path().to_str().expect("a path in UTF-8");
    let ended = errproof(&["--contract", folder], &[]);
    assert_eq!(ended.code, 2, "{ended:?}");
}
