//! Carriers that cannot be, and parts that a slot does not have: faults where they stand.

use super::api::contract;
use crate::support::command;

const SCENARIO: &str = "status = 401\nrequest = 'things'\nslot = 'member'\n[twin]\n[[cases]]\nid = 'a'\nkey = 'absent'\n";

fn lines(carriers: &str, parts: &str) -> String {
    format!(
        "[key]\nprefix = ''\nalphabet = 'abc '\nlength = 16\n{carriers}\n[requests.things]\nmethod = 'GET'\npath = '/things'\n[preflight]\nrequest = 'things'\nslot = 'member'\n[slots.member]\nenv = 'MEMBER_KEY'\npurpose = 'a member'\n{parts}\n[slots.other]\nenv = 'OTHER_KEY'\npurpose = 'another'\n"
    )
}

#[test]
fn a_carrier_that_cannot_be_is_a_fault_where_it_stands() {
    let rows = [
        ("", "not one place for the key"),
        ("header = 'X-Key'\nquery = 'token'", "not one place for the key"),
        ("header = 'X Key'", "this carrier cannot be sent as a header"),
        ("query = ''", "this cannot be a query that carries a key"),
        ("cookie = 'a b'", "this cannot be a cookie that carries a key"),
        ("cookie = 'session'", "a cookie cannot carry these keys"),
        ("body = 'token'", "this cannot be a body that carries a key"),
        ("query = 'token'\nbasic = 'user'", "`basic` belongs to `Authorization`"),
        ("header = 'Authorization'\nother = { value = 'x' }", "`other` without `basic`"),
        (
            "header = 'Authorization'\nbasic = 'user'\nother = { part = 'x', value = 'x' }",
            "`other`",
        ),
        (
            "header = 'X-Key'\nalso = [{ header = 'X-App' }]",
            "not one thing to be sent beside the key",
        ),
        (
            "header = 'X-Key'\nalso = [{ header = 'X-App', part = 'user', value = '7' }]",
            "not one thing to be sent beside the key",
        ),
        (
            "header = 'X-Key'\nalso = [{ value = '7' }]",
            "not one place for what is sent beside the key",
        ),
        (
            "sigv4 = { service = 's 3', region = 'r', access-key = { part = 'user' } }",
            "this cannot be part of a signature",
        ),
        ("sigv4 = { service = 's3', access-key = { part = 'user' } }", "missing key `region`"),
        (
            "sigv4 = { service = 's3', region = 'r', access-key = { part = 'user' } }\nbefore = 'x'",
            "`before` with `sigv4`",
        ),
        ("header = 'X-Key'\nalso = [{ header = 'X-App', part = 'usr' }]", "has no part `usr`"),
        ("header = 'transfer-encoding'", "`transfer-encoding` cannot carry a key"),
        (
            "header = 'X-Key'\nalso = [{ header = 'Host', value = '7' }]",
            "this cannot be a header that carries a key",
        ),
        (
            "header = 'X-Key'\n[[key.carriers]]\nname = 'Own'\nheader = 'X-Other'",
            "two carriers are called `Own`",
        ),
    ];
    for (carrier, title) in rows {
        let carriers = format!("[[key.carriers]]\nname = 'own'\n{carrier}");
        let folder = contract(
            &lines(&carriers, "parts = { user = 'MEMBER_USER' }"),
            &[("no_key", SCENARIO)],
        );
        let lint = command("lint", &["--contract", folder.path().to_str().expect("UTF-8")], &[]);
        assert_eq!(lint.code, 2, "{carrier}: {lint:?}");
        assert!(lint.stderr.contains(title), "{carrier}: {}", lint.stderr);
        assert!(
            lint.stderr.contains("contract.toml:") && lint.stderr.contains('^'),
            "{}",
            lint.stderr
        );
    }
}

#[test]
fn a_part_that_a_slot_lacks_is_a_fault_with_both_places_and_only_where_it_is_sent() {
    let two = "[[key.carriers]]\nname = 'x-key'\nheader = 'X-Key'\n[[key.carriers]]\nname = 'basic'\nheader = 'Authorization'\nbasic = 'password'\nother = { part = 'user' }";
    let by = |more: &str| format!("{SCENARIO}\n[[cases]]\nid = 'b'\n{more}\n");
    let part = |name: &str| format!("key = {{ part = {{ name = '{name}', to = 'x' }} }}");
    let with = "parts = { user = 'MEMBER_USER' }";
    let rows = [
        ("", SCENARIO.to_owned(), None),
        (
            "",
            by("key = 'empty'\ncarriers = ['basic']"),
            Some("the slot `member` has no part `user`"),
        ),
        (
            "",
            by("key = 'empty'\nwith = { also-in = ['basic'] }"),
            Some("the slot `member` has no part `user`"),
        ),
        (
            with,
            by("key = 'empty'\nslot = 'other'\ncarriers = ['basic']"),
            Some("the slot `other` has no part `user`"),
        ),
        (with, by(&format!("{}\ncarriers = ['basic']", part("user"))), None),
        (with, by(&part("user")), Some("the carrier `x-key` does not send the part `user`")),
        (with, by(&part("usr")), Some("unknown part `usr`")),
    ];
    for (parts, scenario, title) in rows {
        let folder = contract(&lines(two, parts), &[("no_key", &scenario)]);
        let lint = command("lint", &["--contract", folder.path().to_str().expect("UTF-8")], &[]);
        let Some(title) = title else {
            assert_eq!(lint.code, 0, "{scenario}: {lint:?}");
            continue;
        };
        assert_eq!(lint.code, 2, "{scenario}: {lint:?}");
        assert!(lint.stderr.contains(title), "{title}: {}", lint.stderr);
        if title.contains("has no part") {
            let help = "`basic` is at contract.toml:14, and scenarios/no_key.toml:12 sends this slot by it";
            assert!(lint.stderr.contains(help), "{}", lint.stderr);
        }
    }
}
