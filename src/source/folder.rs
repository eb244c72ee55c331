//! Where a contract's files are: in a folder, or built into the program.

use std::{
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
};

use super::fault::{Fault, Faults};

/// A contract's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folder {
    /// One on this machine.
    At(PathBuf),
    /// The contract that errproof carries: that of this repository. Targets and snapshots are the
    /// caller's own, and lie where they stand.
    BuiltIn,
}

macro_rules! files {
    ($($path:literal,)*) => {
        &[$(($path, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $path)))),*]
    };
}

/// The files of the contract that is built in.
const BUILT_IN: &[(&str, &str)] = files![
    "contract.toml",
    "scenarios/400-invalid_input.toml",
    "scenarios/400-invalid_json.toml",
    "scenarios/401-invalid_api_key.toml",
    "scenarios/401-malformed_api_key.toml",
    "scenarios/401-missing_api_key.toml",
    "scenarios/401-revoked_api_key.toml",
    "scenarios/402-insufficient_credits.toml",
    "scenarios/403-plan_gate.toml",
    "scenarios/403-regen_limit.toml",
    "scenarios/404-workspace_not_found.toml",
    "scenarios/429-rate_limited.toml",
    "scenarios/500-preflight_failed.toml",
    "scenarios/502-generation_failed.toml",
    "scenarios/504-generation_timeout.toml",
    "schemas/envelope.schema.json",
    "schemas/tagline.input.schema.json",
];

/// The largest file that is read: a contract's are a few kilobytes.
const LARGEST_FILE: u64 = 4 << 20;

/// Reads a file inside a folder: only a regular one, since what never ends is not read, and only
/// one that really lies in the folder, since a contract may come from anybody. An empty folder
/// stands for a path that the caller has chosen.
fn read_at(root: &Path, path: &Path) -> Result<String, Faults> {
    let failed = |why: String| Fault::general(format!("failed to read {}: {why}", path.display()));
    let whole = root.join(path);
    if root != Path::new("") {
        let real = |path: &Path| path.canonicalize().map_err(|error| failed(error.to_string()));
        if !real(&whole)?.starts_with(real(root)?) {
            return Err(failed("it lies outside of the contract's folder".to_owned()).into());
        }
    }
    let about = fs::metadata(&whole).map_err(|error| failed(error.to_string()))?;
    if !about.is_file() {
        return Err(failed("it is no file".to_owned()).into());
    }
    let mut text = String::new();
    let file = File::open(&whole).map_err(|error| failed(error.to_string()))?;
    file.take(LARGEST_FILE + 1)
        .read_to_string(&mut text)
        .map_err(|error| failed(error.to_string()))?;
    match u64::try_from(text.len()) {
        Ok(size) if size <= LARGEST_FILE => Ok(text),
        _ => Err(failed(format!("it has more than {LARGEST_FILE} bytes")).into()),
    }
}

impl Folder {
    /// The folder that targets and snapshots lie in.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::At(path) => path,
            Self::BuiltIn => Path::new("."),
        }
    }

    /// Reads a file of the contract.
    pub(crate) fn read(&self, path: &Path) -> Result<String, Faults> {
        match self {
            Self::At(root) => read_at(root, path),
            Self::BuiltIn => {
                let file = BUILT_IN.iter().find(|(name, _)| Path::new(name) == path);
                let missing = || format!("no file {} is built in", path.display());
                file.map(|(_, text)| (*text).to_owned())
                    .ok_or_else(|| Fault::general(missing()).into())
            }
        }
    }

    /// The scenarios, in the order of their names.
    pub(crate) fn scenarios(&self) -> Result<Vec<PathBuf>, Fault> {
        let is_scenario = |path: &Path| path.extension().is_some_and(|ending| ending == "toml");
        let root = match self {
            Self::At(root) => root,
            Self::BuiltIn => {
                let paths = BUILT_IN.iter().map(|(name, _)| PathBuf::from(name));
                return Ok(paths.filter(|path| path.starts_with("scenarios")).collect());
            }
        };
        let folder = root.join("scenarios");
        let failed =
            |error| Fault::general(format!("failed to read {}: {error}", folder.display()));
        let mut files = Vec::new();
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let path = Path::new("scenarios").join(entry.map_err(failed)?.file_name());
            files.extend(Some(path).filter(|path| is_scenario(path)));
        }
        files.sort();
        if files.is_empty() {
            return Err(Fault::general(format!("there is no scenario in {}", folder.display()))
                .help("a scenario is one file for each error code, with the ending .toml"));
        }
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_in_is_all_of_the_contract_in_this_repository() {
        let root = Folder::At(env!("CARGO_MANIFEST_DIR").into());
        let scenarios = |folder: &Folder| folder.scenarios().map_err(|fault| format!("{fault:?}"));
        assert_eq!(scenarios(&Folder::BuiltIn), scenarios(&root));
        for (path, text) in BUILT_IN {
            let read = root.read(Path::new(path)).unwrap_or_else(|faults| panic!("{faults:?}"));
            assert_eq!(&read, text, "{path}");
        }
    }
}
