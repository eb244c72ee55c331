//! Keys planted in any form at any place of any input, and a search for any twelve characters of them in
//! every byte that errproof writes.

mod forms;
mod runs;

use std::fs;

use errproof::internals::shown::{
    redactor::{Redactor, WINDOW},
    secret::Named,
    secrets::Secrets,
};
use fastrand::Rng;

use self::forms::{ENCODINGS, ESCAPES, PREFIX, Sought, left, planted, secret};

#[test]
fn twelve_characters_of_a_secret_are_never_shown_whatever_form_they_come_in() {
    let seed = fastrand::u64(..);
    let mut random = Rng::with_seed(seed);
    for round in 0..2_000 {
        let secret = secret(&mut random);
        let mut secrets = Secrets::default();
        secrets.add(Named::of_variable("KEY", &format!("{PREFIX}{secret}")));
        secrets.set_prefix(PREFIX);
        let redactor = secrets.redactor();
        let (text, form) = planted(&mut random, &secret);
        let shown = [
            redactor.text(&text),
            redactor.line(&text),
            redactor.value(&text),
            redactor.body(text.as_bytes()),
            redactor.end_of(&text, 200),
        ];
        let sought = Sought::of(&secret);
        for shown in shown {
            let left = sought.left_in(shown.as_str());
            assert_eq!(left, None, "seed {seed}, round {round}, {form}: {text}\n{shown}");
        }
        assert_eq!(sought.left_in(&format!("{redactor:?} {secrets:?}")), None, "seed {seed}");
    }
}

#[test]
fn a_key_is_found_below_three_escapes_an_encoding_and_three_more_in_any_order() {
    let seed = fastrand::u64(..);
    let mut random = Rng::with_seed(seed);
    for round in 0..1_000 {
        let key = format!("{PREFIX}{}", (0..32).map(|_| random.alphanumeric()).collect::<String>());
        let mut secrets = Secrets::default();
        secrets.add(Named::of_variable("KEY", &key));
        let mut text = key.clone();
        let mut chain = Vec::new();
        for encodings in (0..random.usize(1..4)).rev() {
            for _ in 0..random.usize(..=3) {
                let (name, escaped) = random.choice(ESCAPES).expect("there are some");
                // Of what is longer no response is made.
                if escaped(&text).len() < 4_000 {
                    text = escaped(&text);
                    chain.push(name);
                }
            }
            if encodings > 0 {
                let (name, encoded) = random.choice(ENCODINGS).expect("there are some");
                text = encoded(&text);
                chain.push(name);
            }
        }
        let shown = secrets.redactor().text(&format!("before {text} after"));
        let what = format!("seed {seed}, round {round}, {chain:?}: {text}\n{shown}");
        // Of each twelve characters something has to be gone.
        let twelve = text.len() * WINDOW / key.len();
        let is_shown = |from: usize| shown.as_str().contains(&text[from..from + twelve]);
        assert!(!(0..=text.len() - twelve).any(is_shown), "{what}");
        assert!(shown.as_str().contains("$KEY"), "{what}");
    }
}

#[test]
fn a_text_without_secrets_is_shown_as_it_is() {
    let mut random = Rng::with_seed(7);
    let mut secrets = Secrets::default();
    for _ in 0..20 {
        let secret =
            format!("{PREFIX}{}", (0..32).map(|_| random.alphanumeric()).collect::<String>());
        secrets.add(Named::of_variable("KEY", &secret));
    }
    secrets.set_prefix(PREFIX);
    let redactor = secrets.redactor();
    for page in ["README.md", "DESIGN.md", "Cargo.lock", "src/contract/body.rs"] {
        let text = fs::read_to_string(page).expect("a file of this repository");
        let unchanged = Redactor::default().text(&text);
        assert_eq!(redactor.text(&text), unchanged, "{page}");
    }
}

#[test]
fn debug_shows_nothing_of_what_may_hold_a_key() {
    let secret = "0123456789abcdefghijABCDEFGHIJ01";
    let key = format!("{PREFIX}{secret}");
    let named = Named::of_variable("KEY", &key);
    let mut secrets = Secrets::default();
    secrets.add(named.clone());
    let options = <errproof::internals::run::options::Options as clap::Parser>::try_parse_from([
        "test",
        "--client",
        &key,
        "--target-url",
        &key,
        "--docs",
        &key,
        "--target",
        &key,
        &key,
    ]);
    let shown =
        format!("{named:?} {secrets:?} {:?} {:?}", secrets.redactor(), options.expect("flags"));
    assert_eq!(left(&shown, secret), None, "{shown}");
}
