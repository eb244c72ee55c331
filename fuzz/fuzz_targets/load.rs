//! A contract folder may come from anybody: whatever stands in one of its files, the loader ends with
//! a contract or with faults that can be shown, and a run can be planned from what it takes.
//!
//! An input is the name of one of the repository's files, a line break, and what is in that file.

#![no_main]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

use errproof::internals::{
    contract::Contract,
    exchange::{
        clock::Clock,
        message::{Answer, Request},
        pacing::Pacer,
        sender::{InProcess, Sender},
    },
    server::{drift::Recording, plan_text, suite::Suite},
    shown::{redactor::Redactor, secrets::Secrets},
    source::fault::Faults,
    targets::{load::GivenTarget, target::Target},
};
use libfuzzer_sys::{Corpus, fuzz_target};
use tempfile::TempDir;

/// The scenario that is always there. All fourteen would be read for each input, five times as long.
const SCENARIO: &str = "scenarios/401-malformed_api_key.toml";

/// A copy of the repository's contract, of which one file at a time is replaced or added.
struct Folder {
    folder: TempDir,
    /// What stands in each file when no input does, if it is there.
    files: BTreeMap<PathBuf, Option<Vec<u8>>>,
}

static FOLDER: LazyLock<Folder> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = TempDir::new().expect("a folder");
    let mut files = BTreeMap::new();
    let mut copy = |name: PathBuf| {
        let text = fs::read(root.join(&name)).expect("a file of the contract");
        let there = !name.starts_with("scenarios") || name == Path::new(SCENARIO);
        if there {
            fs::write(folder.path().join(&name), &text).expect("written");
        }
        files.insert(name, there.then_some(text));
    };
    copy(PathBuf::from("contract.toml"));
    for part in ["scenarios", "schemas", "targets"] {
        fs::create_dir(folder.path().join(part)).expect("created");
        for entry in fs::read_dir(root.join(part)).expect("a folder of the contract") {
            copy(Path::new(part).join(entry.expect("an entry").file_name()));
        }
    }
    Folder { folder, files }
});

/// Nothing is sent, so nothing is answered.
#[derive(Debug)]
struct Nobody;

impl InProcess for Nobody {
    fn answer(&self, _: &Request) -> Answer {
        unreachable!("loading and planning send nothing")
    }
}

fuzz_target!(|input: &[u8]| -> Corpus {
    let Folder { folder, files } = &*FOLDER;
    let Some(end) = input.iter().position(|byte| *byte == b'\n') else { return Corpus::Reject };
    let Ok(name) = str::from_utf8(&input[..end]) else { return Corpus::Reject };
    let Some(own) = files.get(Path::new(name)) else { return Corpus::Reject };
    let path = folder.path().join(name);
    fs::write(&path, &input[end + 1..]).expect("written");
    let shown =
        load(folder.path()).unwrap_or_else(|faults| faults.shown(&Redactor::default()).to_string());
    match own {
        Some(own) => fs::write(&path, own).expect("written"),
        None => fs::remove_file(&path).expect("it was there"),
    }
    let control = shown.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(control, None, "a control code is shown: {shown:?}");
    Corpus::Keep
});

/// What `errproof plan` prints for the folder.
fn load(folder: &Path) -> Result<String, Faults> {
    let contract = Contract::load(folder)?;
    let mut faults = Faults::default();
    let given = GivenTarget { target: Some("staging"), url: None };
    let target = Target::load(given, &contract, &environment, &mut Secrets::default(), &mut faults);
    let target = faults.into_result(target)?.expect("what cannot be read is a fault");
    // Not by HTTP: the certificates of this machine would be read each time.
    let pacer = Pacer::new(contract.limit.as_ref());
    let sender = Sender::in_process(Arc::new(Nobody), Clock::real(), pacer);
    let secrets = Secrets::default();
    let suite = Suite::with_sender(contract.into(), target, Recording::Nothing, sender, &secrets)?;
    Ok(plan_text::render(&suite).to_string())
}

/// A key of its own for each variable.
fn environment(name: &str) -> Option<String> {
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    Some(format!("pms_live_{letters:a<32.32}"))
}
