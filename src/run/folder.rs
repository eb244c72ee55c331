//! Which contract is run.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::source::folder::Folder;

/// What is run where there is no contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// Nothing: a crate whose contract is missing must not be green for another's.
    None,
    /// The contract that errproof carries: for the command, wherever it is started.
    BuiltIn,
}

/// The folder that was given, or else the package whose test this is, or else where we stand.
pub(crate) fn contract_folder(given: Option<&Path>, fallback: Fallback) -> Folder {
    let package = || env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let here = || package().unwrap_or_else(|| PathBuf::from("."));
    let path = given.map_or_else(here, Path::to_owned);
    let is_one = path.join("contract.toml").exists();
    match fallback {
        Fallback::BuiltIn if given.is_none() && !is_one => Folder::BuiltIn,
        Fallback::BuiltIn | Fallback::None => Folder::At(path),
    }
}
