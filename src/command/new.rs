//! `errproof new`: a contract folder for another API, with comments that teach.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::Parser;

use super::format::Format;
use crate::{
    run::end::End,
    shown,
    shown::redactor::Redactor,
    source::fault::Fault,
    terminal::{
        exit,
        print::{self, Unwritten},
    },
};

/// What `errproof new --help` begins with.
pub(super) const ABOUT: &str = "\
Write a contract folder for another API, to be filled in.

It is a small contract without faults. Its comments say what each part is for, and its schemas let an
editor complete and check the files.";

/// The flags of `errproof new`.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  errproof new our-api && errproof lint --contract our-api")]
pub struct NewOptions {
    /// The folder to write; it must not exist, or be empty
    pub folder: PathBuf,
}

macro_rules! template {
    ($($path:literal,)*) => {
        [$(($path, include_str!(concat!("template/", $path)))),*]
    };
}

/// Writes the folder.
///
/// # Errors
/// If there is something in it, or if it cannot be made: bad usage. Or if its files cannot be written.
pub fn new(options: &NewOptions, redactor: &Redactor) -> Result<u8, End> {
    let folder = &options.folder;
    let failed =
        |error: io::Error| Fault::general(format!("failed to write {}: {error}", folder.display()));
    let unwritten = |error| Unwritten::new(folder.display().to_string(), error);
    fs::create_dir_all(folder).map_err(failed)?;
    if fs::read_dir(folder).map_err(failed)?.next().is_some() {
        let fault = Fault::general(format!("{} is not empty", folder.display()));
        return Err(fault.help("name a folder that does not exist yet").into());
    }
    let template = template![
        "contract.toml",
        "scenarios/401-missing_key.toml",
        "scenarios/401-unknown_key.toml",
        "scenarios/404-no-route.toml",
        "scenarios/404-not_found.toml",
        "scenarios/429-too_many_requests.toml",
        "scenarios/503-maintenance.toml",
        "schemas/envelope.schema.json",
        "targets/staging.toml",
    ];
    let schemas = [
        ("schemas/contract.schema.json", Format::Contract.schema()),
        ("schemas/scenario.schema.json", Format::Scenario.schema()),
        ("schemas/target.schema.json", Format::Target.schema()),
    ];
    for (path, text) in template.into_iter().chain(schemas) {
        write(&folder.join(path), text).map_err(unwritten)?;
    }
    let folder = redactor.line(&folder.to_string_lossy());
    print::line(&shown![
        "wrote a contract to ",
        folder,
        ": change contract.toml first, then check it with `errproof lint --contract ",
        folder,
        "`",
    ])?;
    Ok(exit::SUCCESS)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}
