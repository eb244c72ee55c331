//! A contract folder may come from anybody: it cannot crash errproof, hang it, or make it read what
//! lies outside.

use std::fs;

use errproof::internals::{
    contract::Contract as Loaded,
    server::{drift::Recording, suite::Suite},
    shown::{redactor::Redactor, secrets::Secrets},
    source::fault::Faults,
    targets::{load::GivenTarget, target::Target},
};

use crate::{
    formats::read_in_both_ways,
    support::{Contract, errproof},
};

/// How many spoilt folders are loaded. Each is made from its number, so that a failure repeats.
const FOLDERS: u64 = 150;

const FILES: [&str; 6] = [
    "contract.toml",
    "scenarios/400-invalid_input.toml",
    "scenarios/402-insufficient_credits.toml",
    "scenarios/429-rate_limited.toml",
    "schemas/tagline.input.schema.json",
    "targets/staging.toml",
];

/// Pieces that mean something to one of the parsers.
const PIECES: [&str; 16] = [
    "\"",
    "'",
    "[",
    "]",
    "[[cases]]\n",
    "{",
    "}",
    "=",
    "\n",
    "\\u0000",
    "é",
    "-1",
    "99999999999999999999",
    "(?P<",
    "/",
    "\u{202e}",
];

/// The text with a few places spoilt.
fn spoil(text: &str, random: &mut fastrand::Rng) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..random.usize(1..4) {
        let at = random.usize(0..chars.len());
        match random.u8(0..4) {
            0 => {
                let to = (at + random.usize(1..40)).min(chars.len());
                chars.drain(at..to);
            }
            1 => {
                let piece = PIECES[random.usize(0..PIECES.len())];
                chars.splice(at..at, piece.chars());
            }
            2 => chars[at] = random.char('\u{1}'..'\u{ff}'),
            _ => {
                let to = (at + random.usize(1..200)).min(chars.len());
                let copy: Vec<char> = chars[at..to].to_vec();
                chars.splice(at..at, copy);
            }
        }
    }
    chars.into_iter().collect()
}

#[test]
fn no_spoilt_folder_crashes_the_loader() {
    let (mut refused, mut taken) = (0, 0);
    for seed in 0..FOLDERS {
        let mut random = fastrand::Rng::with_seed(seed);
        let contract = Contract::copy();
        let file = FILES[random.usize(0..FILES.len())];
        let path = contract.path(file);
        let text = fs::read_to_string(&path).expect("a file of the contract");
        let spoilt = spoil(&text, &mut random);
        read_in_both_ways(file, &spoilt);
        fs::write(&path, spoilt).expect("written");
        // A key of its own for each variable.
        let environment = |name: &str| {
            let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
            Some(format!("pms_live_{letters:a<32.32}"))
        };
        let shown = match Loaded::load(contract.path("").as_path()) {
            Ok(loaded) => {
                let mut faults = Faults::default();
                let given = GivenTarget { target: Some("staging"), url: None };
                let target = Target::load(
                    given,
                    &loaded,
                    &environment,
                    &mut Secrets::default(),
                    &mut faults,
                );
                if let (Some(target), true) = (target, faults.is_empty())
                    && let Err(more) =
                        Suite::new(loaded, target, Recording::Nothing, &Secrets::default())
                {
                    faults.append(more);
                }
                faults.shown(&Redactor::default()).to_string()
            }
            Err(faults) => faults.shown(&Redactor::default()).to_string(),
        };
        if shown.is_empty() {
            taken += 1;
        } else {
            refused += 1;
        }
        let control = shown.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(control, None, "seed {seed}, {file}: a control code is shown: {shown:?}");
    }
    assert!(refused > 50 && taken > 10, "{refused} refused, {taken} taken: the spoiling is off");
}

#[test]
fn a_schema_outside_of_the_folder_is_not_read() {
    let outside = tempfile::NamedTempFile::new().expect("a file");
    fs::write(outside.path(), "{\"type\": \"nothing-that-is-known\"}").expect("written");
    let name = outside.path().to_str().expect("a path in UTF-8");
    let link = Contract::copy();
    fs::remove_file(link.path("schemas/envelope.schema.json")).expect("it was there");
    std::os::unix::fs::symlink(outside.path(), link.path("schemas/envelope.schema.json"))
        .expect("linked");
    let absolute = Contract::copy();
    absolute.change("contract.toml", "schemas/envelope.schema.json", name);
    let dots = Contract::copy();
    let up = format!("schemas/{}{name}", "../".repeat(12));
    dots.change("contract.toml", "schemas/envelope.schema.json", &up);
    for contract in [&link, &absolute, &dots] {
        let ended = errproof(&["--contract", contract.folder()], &[]);
        assert_eq!(ended.code, 2);
        assert!(ended.stderr.contains("outside of the contract's folder"), "{}", ended.stderr);
        assert!(!ended.stderr.contains("nothing-that-is-known"), "{}", ended.stderr);
    }
}

#[test]
fn a_schema_cannot_fetch_another() {
    for other in ["http://127.0.0.1:9/schema.json", "file:///etc/hostname"] {
        let contract = Contract::copy();
        let from = "\"type\": \"object\",\n  \"required\": [\"error\"]";
        contract.change("schemas/envelope.schema.json", from, &format!("\"$ref\": \"{other}\""));
        let ended = errproof(&["--contract", contract.folder()], &[]);
        assert_eq!(ended.code, 2, "{other}: {ended:?}");
        assert!(ended.stderr.contains("failed to use the schema"), "{other}: {}", ended.stderr);
    }
}
