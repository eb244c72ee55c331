//! The page with the docs against the contract: three pages with the same facts, each in a form of
//! its own, and what is seeded into them.

mod seeded;

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use errproof::internals::{
    contract::{Contract as Loaded, contract_file::Form},
    page,
};
use insta::assert_snapshot;

use self::seeded::SEEDED;
use crate::support::{Contract, errproof, trials_of};

const HTML: &str = include_str!("pages/errors.html");
const MARKDOWN: &str = include_str!("pages/errors.md");
const TEXT: &str = include_str!("pages/errors.txt");

const FORMS: [(Form, &str); 3] =
    [(Form::Html, HTML), (Form::Markdown, MARKDOWN), (Form::Text, TEXT)];

/// The contract of this repository.
fn contract() -> Loaded {
    Loaded::load(env!("CARGO_MANIFEST_DIR").as_ref()).expect("the contract has no faults")
}

/// What `errproof docs` prints, to the byte.
fn docs(flags: &[&str]) -> String {
    let command = Command::new(env!("CARGO_BIN_EXE_errproof")).arg("docs").args(flags).output();
    let output = command.expect("the command starts");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// The trials that a page does not pass.
fn failing(contract: &Loaded, form: Form, text: &str) -> Vec<String> {
    let outcomes = page::judge::judge(&page::read::read(text, form, contract), contract);
    assert_eq!(outcomes.len(), page::judge::trials(contract).len());
    let failing = outcomes
        .into_iter()
        .filter(|outcome| !outcome.found.is_empty() || outcome.unjudged.is_some());
    let mut failing: Vec<_> = failing.map(|outcome| outcome.trial).collect();
    failing.sort();
    failing
}

#[test]
fn three_forms_of_a_page_that_says_what_the_contract_says_pass() {
    for (form, text) in FORMS {
        assert_eq!(failing(&contract(), form, text), [""; 0], "{form:?}");
    }
}

#[test]
fn every_error_of_a_page_is_seen_by_its_trial_and_by_no_other() {
    let contract = contract();
    let mut wrong = Vec::new();
    for (name, edits, expected) in SEEDED {
        for ((form, text), edits) in FORMS.into_iter().zip(edits) {
            let mut page = text.to_owned();
            for (from, to) in edits {
                assert!(page.contains(from), "{name}, {form:?}: there is no {from:?}");
                page = page.replacen(from, to, 1);
            }
            let failing = failing(&contract, form, &page);
            if failing != expected {
                wrong.push(format!("{name}, {form:?}: {failing:?}"));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn a_failing_page_says_what_was_expected_what_it_has_and_where() {
    let page = tempfile::Builder::new().suffix(".md").tempfile().expect("a file");
    let text = MARKDOWN
        .replace("| 502 |", "| 503 |")
        .replace("60 requests", "100 requests")
        .replace("`invalid_input`", "`INVALID_INPUT`")
        .replace("| `plan_gate` | 403 |", "| `plan_gate` | |")
        .replace("## Not found (404)\n\n| Code ", "## Not found (404)\n\n| Name ")
        .replace(",\n    \"requestId\": \"5f0c77…\"", "")
        .replace("https://www.planmysaas.com/docs/api/errors", "https://planmysaas.example");
    fs::write(page.path(), text).expect("written");
    let path = page.path().to_str().expect("a path in UTF-8");
    let ended = errproof(&["--docs", path, "--test-threads=1"], &[]);
    assert_eq!((ended.code, ended.stderr.as_str()), (101, ""));
    assert_snapshot!(ended.stdout.replace(path, "PAGE.md"));
}

#[test]
fn what_is_printed_from_a_contract_passes_on_it() {
    let own = Contract::copy();
    let other = Contract::copy();
    other
        .change("contract.toml", "name = \"the PlanMySaaS API\"", "name = \"A|B <i>_of_ `us`\"")
        .change("contract.toml", "requests = 60\nwindow-seconds = 60", "requests = 1\nwindow-seconds = 10")
        .change("contract.toml", "[limit]", "[page]\ncode-columns = [\"Name|s\"]\nstatus-columns = [\"HTTP_\"]\nexample-under = \"An *example*\"\n\n[limit]")
        .change("scenarios/429-rate_limited.toml", "Rate limits (429)", "Limits & such: *429* <b>|</b> `x`")
        .change("scenarios/403-plan_gate.toml", "status = 403", "status = 423")
        .change("scenarios/403-plan_gate.toml", "promise = \"a tool", "promise = \"a | b, a\\n<tool>")
        .change("scenarios/504-generation_timeout.toml", "at-least = 90, at-most = 300", "at-least = 45, at-most = 120")
        .change("scenarios/504-generation_timeout.toml", "90 seconds to 5 minutes", "a while");
    // What the page of each comes to on it, and on this repository's contract.
    for (contract, code) in [(own, 0), (other, 101)] {
        let page = contract.path("page.md");
        fs::write(&page, docs(&["--contract", contract.folder()])).expect("written");
        let page = page.to_str().expect("a path in UTF-8");
        let ended = errproof(&["--contract", contract.folder(), "--docs", page], &[]);
        assert_eq!(ended.code, 0, "{ended:?}");
        assert!(ended.stdout.contains("14 as promised"), "{ended:?}");
        assert_eq!(errproof(&["--docs", page], &[]).code, code);
    }
}

#[test]
fn the_page_of_another_api_is_printed_and_passes_too() {
    let folder = tempfile::tempdir().expect("a folder");
    for (contract, says) in [
        (
            "examples/problem-json",
            "9 codes on PAGE: 9 as promised; docs::envelope, docs::limits, docs::no_unknown_codes as promised",
        ),
        (
            "examples/dev-dependency",
            "4 codes on PAGE: 4 as promised; docs::envelope, docs::no_unknown_codes as promised",
        ),
    ] {
        let page = folder.path().join("page.md");
        fs::write(&page, docs(&["--contract", contract])).expect("written");
        let page = page.to_str().expect("a path in UTF-8");
        let ended = errproof(&["--contract", contract, "--docs", page], &[]);
        assert_eq!(ended.code, 0, "{ended:?}");
        assert!(ended.stdout.replace(page, "PAGE").contains(says), "{ended:?}");
    }
    // Its errors carry no link.
    let target = ["--target-url", "http://127.0.0.1:1", "--contract", "examples/problem-json"];
    let ended = errproof(&[&target[..], &["--check-links"]].concat(), &[]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.stderr.contains("there is no docs link to check"), "{ended:?}");
}

#[test]
fn a_page_without_an_example_that_its_schema_allows_is_not_printed() {
    let contract = Contract::copy();
    let required = ("\"required\": [\"error\"]", "\"required\": [\"error\", \"trace\"]");
    contract.change("schemas/envelope.schema.json", required.0, required.1);
    let output = Command::new(env!("CARGO_BIN_EXE_errproof"))
        .args(["docs", "--contract", contract.folder()])
        .output()
        .expect("the command starts");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]));
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(said.contains("\"trace\" is a required property; write one as `example`"), "{said}");
}

#[test]
fn the_printed_page() {
    assert_snapshot!(docs(&[]));
}

#[test]
fn a_page_of_list_items_is_read_if_the_contract_says_so_and_is_told_apart_if_not() {
    let items = "# Errors\n\n## Authentication (401)\n\n- `missing_api_key`: none.\n- `invalid_api_key` (401)\n\n## Server\n\n- `preflight_failed`, 500: the balance.\n- Nothing of `plan_gate` here.\n";
    let plain = contract();
    let outcomes = page::judge::judge(&page::read::read(items, Form::Markdown, &plain), &plain);
    let missing = &outcomes.iter().find(|o| o.trial == "docs::missing_api_key").expect("one").found;
    assert_eq!(
        missing[0].mismatch.wrong.to_string(),
        "the page has no table with a column `Code` or `Error code`, so no row defines `missing_api_key`; the page only mentions it"
    );
    assert!(missing[0].mismatch.place.starts_with("line 5"), "{missing:?}");

    let folder = Contract::copy();
    folder.change("contract.toml", "[limit]", "[page]\ncodes-in = \"items\"\n\n[limit]");
    let contract = Loaded::load(folder.path("").as_ref()).expect("no faults");
    let failing = failing(&contract, Form::Markdown, items);
    for code in ["missing_api_key", "invalid_api_key", "preflight_failed", "no_unknown_codes"] {
        assert!(!failing.contains(&format!("docs::{code}")), "{code}: {failing:?}");
    }
    assert!(failing.contains(&"docs::plan_gate".to_owned()));
    let text = items.replace('`', "").replace("## ", "").replace("# ", "");
    assert_eq!(self::failing(&contract, Form::Text, &text), failing);
}

#[test]
fn an_example_that_is_cut_short_need_not_match_a_pattern_there() {
    let folder = Contract::copy();
    let (from, to) = (
        "\"requestId\": { \"type\": \"string\",",
        "\"requestId\": { \"pattern\": \"^[0-9a-f]{16}$\",",
    );
    folder.change("schemas/envelope.schema.json", from, to);
    let contract = Loaded::load(folder.path("").as_ref()).expect("no faults");
    for (form, text) in FORMS {
        assert_eq!(failing(&contract, form, text), [""; 0], "{form:?}");
        let whole = text.replace('…', "").replace("&hellip;", "");
        assert_eq!(failing(&contract, form, &whole), ["docs::envelope"], "{form:?}");
    }
}

#[test]
fn patterns_that_are_none_are_faults_with_their_place() {
    let contract = Contract::copy();
    let page = "[page]\ncode = \"^x$\"\nstatus = \"(\"\nlimit = \"(?<requests>1)\"\ntime = \"\"\ncode-columns = []\nform = \"pdf\"\nexmaple = \"{}\"\n\n[limit]";
    contract.change("contract.toml", "[limit]", page);
    let ended = errproof(&["--contract", contract.folder()], &[]);
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    assert_snapshot!(ended.stderr);
}

#[test]
fn exit_codes_and_sides() {
    let page = "tests/verify/pages/errors.txt";
    let count =
        |flags: &[&str]| errproof(&[flags, &["--list"]].concat(), &[]).stdout.lines().count();
    let server = count(&[]);
    assert_eq!(count(&["--docs", page]), 17);
    assert_eq!(count(&["--docs", page, "--check-links"]), 18);
    assert_eq!(count(&["--check-links"]), server + 1);
    assert_eq!(count(&["--docs", page, "--target-url", "http://127.0.0.1:1"]), server + 17);
    // A page is not fetched to list its trials.
    assert_eq!(count(&["--docs", "http://127.0.0.1:1/"]), 17);

    let binary = tempfile::NamedTempFile::new().expect("a file");
    fs::write(binary.path(), [0xff, 0xfe, 0, 1]).expect("written");
    let large = tempfile::NamedTempFile::new().expect("a file");
    large.as_file().set_len(100 << 20).expect("a file with a hole");
    let [binary, large] = [&binary, &large].map(|file| file.path().to_str().expect("UTF-8"));
    let rows: [(&[&str], i32); 14] = [
        (&["--docs", page], 0),
        (&["--docs", page, "plan_gate"], 0),
        (&["--docs", page, "nosuch"], 4),
        (&["--docs", "tests/verify/pages/none.md"], 2),
        (&["--docs", "tests/verify/pages"], 2),
        (&["--docs", ""], 2),
        (&["--docs", binary], 2),
        (&["--docs", large], 2),
        (&["--docs", "ftp://127.0.0.1/"], 2),
        (&["--docs", "http://joe:hunter2secret@127.0.0.1/"], 2),
        (&["--docs", "http://127.0.0.1:1/?token=hunter2secret"], 3),
        (&["--docs", "http://169.254.169.254/latest"], 3),
        // The server's side is not asked where only the page's trials are selected.
        (&["--docs", page, "--target-url", "http://127.0.0.1:1", "docs::"], 0),
        (&["--docs", page, "--target-url", "http://127.0.0.1:1"], 3),
    ];
    let mut said = String::new();
    for (flags, code) in rows {
        let ended = errproof(flags, &[]);
        assert_eq!(ended.code, code, "{flags:?}: {ended:?}");
        said.push_str(&ended.stderr);
    }
    let said = said.replace(binary, "BINARY").replace(large, "LARGE");
    assert!(!said.contains("hunter2secret"), "{said}");
    assert_snapshot!(said);

    let set = [("ERRPROOF_DOCS", page)];
    let ended = errproof(&[], &set);
    let last = ended.stdout.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("14 codes on tests/verify/pages/errors.txt: 14 as promised"),
        "{last}"
    );
}

#[test]
fn pages_that_are_written_otherwise_are_read_all_the_same() {
    let contract = contract();
    let nested = MARKDOWN.replace(
        "| Code | Meaning |\n|------|---------|\n| `invalid_json` | The body cannot be parsed. |\n| `invalid_input` | A field is missing or has the wrong type; the message says which. |\n",
        "<table><tr><td>\n<table><tr><th>Code<th\n colspan=1>Meaning\n\n<tr><td>invalid_json<td>x\n<tr><td><code>invalid_input</code><td>y <script>\nif (a<b) document.write(\"<tr><td>fake_code\")\n</script></table>\n</table>\n",
    );
    assert_ne!(nested, MARKDOWN);
    let spans = "<table>".to_owned()
        + &"<tr><td rowspan=65534 colspan=1000>a</td><td>b</td></tr>".repeat(5_000)
        + "</table>";
    let rows: Vec<_> = (0..10_000).map(|at| format!("<tr><td>code_{at}<td>x")).collect();
    let rows = format!("<table><tr><th>Code<th>Meaning{}</table>", rows.concat());
    let pages = [
        ("line ends of Windows, HTML", Form::Html, HTML.replace('\n', "\r\n"), ""),
        ("line ends of Windows, Markdown", Form::Markdown, MARKDOWN.replace('\n', "\r\n"), ""),
        ("line ends of Windows, text", Form::Text, TEXT.replace('\n', "\r\n"), ""),
        ("a byte order mark, Markdown", Form::Markdown, format!("\u{feff}{MARKDOWN}"), ""),
        (
            "tabs in the line under a header",
            Form::Markdown,
            MARKDOWN.replace("|------|---------|", "|\t------\t|\t---------\t|"),
            "",
        ),
        ("a byte order mark, text", Form::Text, format!("\u{feff}{TEXT}"), ""),
        ("without a line end", Form::Html, HTML.replace('\n', " "), ""),
        ("a table for the layout", Form::Html, format!("<table><tr><td>{HTML}</table>"), ""),
        ("tables of HTML in Markdown", Form::Markdown, nested, ""),
        ("50,000 tables that do not end", Form::Html, "<table><tr><td>".repeat(50_000) + HTML, ""),
        ("cells that span millions", Form::Html, spans + HTML, ""),
        ("quotes in quotes", Form::Markdown, ">".repeat(100_000) + "x\n\n" + MARKDOWN, ""),
        ("braces that do not close", Form::Text, "{\n".repeat(100_000) + TEXT, ""),
        ("10,000 unknown codes", Form::Html, rows + HTML, "docs::no_unknown_codes"),
        (
            "an unknown code of a mebibyte",
            Form::Markdown,
            MARKDOWN.replace(
                "| `invalid_json`",
                &format!("| {} | x |\n| `invalid_json`", "x".repeat(1 << 20)),
            ),
            "docs::no_unknown_codes",
        ),
    ];
    for (name, form, page, expected) in pages {
        let expected: Vec<_> = [expected].into_iter().filter(|trial| !trial.is_empty()).collect();
        assert_eq!(failing(&contract, form, &page), expected, "{name}");
    }
    for form in [Form::Html, Form::Markdown, Form::Text] {
        assert_eq!(failing(&contract, form, "").len(), 17, "nothing was looked at");
    }
}

#[test]
fn a_page_without_a_code_is_not_judged_on_its_codes_and_does_not_pass() {
    let contract = contract();
    let unjudged = |text: &str| {
        let judged =
            page::judge::judge(&page::read::read(text, Form::Markdown, &contract), &contract);
        let unknown = judged.into_iter().find(|judged| judged.trial == "docs::no_unknown_codes");
        unknown.expect("it is judged").unjudged.unwrap_or_default()
    };
    assert_eq!(
        unjudged("# Errors\n\nNone.\n"),
        "the page has no table with a column `Code` or `Error code`, so there is no code to look for in the contract"
    );
    assert_eq!(
        unjudged("| Code | Status |\n|---|---|\n|  | 400 |\n"),
        "no row on the page defines a code, so there is no code to look for in the contract"
    );
    assert_eq!(unjudged("| Code | Status |\n|---|---|\n| `stray` | 400 |\n"), "");
    let page = tempfile::Builder::new().suffix(".html").tempfile().expect("a file");
    fs::write(page.path(), "<h1>Errors</h1>").expect("written");
    let flags = ["--docs", page.path().to_str().expect("UTF-8"), "docs::no_unknown_codes"];
    let ended = errproof(&flags, &[]);
    assert_eq!(ended.code, 101, "{}", ended.stdout);
    assert!(
        ended.stdout.contains("could not be judged: the page has no table"),
        "{}",
        ended.stdout
    );
}

#[test]
fn the_page_of_another_api_is_told_by_its_first_codes_and_takes_no_longer_for_each_of_them() {
    let rows: Vec<_> = (0..20_000).map(|at| format!("<tr><td>code_{at}<td>400")).collect();
    let page = tempfile::Builder::new().suffix(".html").tempfile().expect("a file");
    let text = format!("<table><tr><th>Code<th>Status{}</table>", rows.concat());
    fs::write(page.path(), text).expect("written");
    let reports = tempfile::tempdir().expect("a folder");
    let folder = reports.path().to_str().expect("UTF-8");
    let flags = ["--docs", page.path().to_str().expect("UTF-8"), "--report-dir", folder];
    let begin = Instant::now();
    let ended = errproof(&[&flags[..], &["docs::no_unknown_codes"]].concat(), &[]);
    // It took a minute when each finding was compared with each.
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    assert_eq!(ended.code, 101);
    let report = fs::read_to_string(reports.path().join("report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let trials = trials_of(&report, "page");
    let findings = trials[0]["findings"].as_array().expect("a list");
    assert_eq!(findings.len(), 21);
    assert_eq!(findings[20]["wrong"], "and 19980 more like these");
}

#[test]
fn a_page_cannot_write_on_the_terminal() {
    let page = tempfile::Builder::new().suffix(".md").tempfile().expect("a file");
    let evil = MARKDOWN
        .replace("## Server (500)", "## Server\u{1b}[2J")
        .replace("`invalid_json`", "`x\u{1b}[2J\u{202e}y`");
    fs::write(page.path(), evil).expect("written");
    let ended = errproof(&["--docs", page.path().to_str().expect("UTF-8")], &[]);
    assert_eq!(ended.code, 101);
    assert_eq!(ended.stdout.find(['\u{1b}', '\u{202e}']), None, "{}", ended.stdout);
}
