//! Where a contract's files are: in a folder, or built into the program.

use std::{
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
    string::FromUtf8Error,
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
    "any-error.toml",
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
    "schemas/regenerate.input.schema.json",
    "schemas/roadmap.input.schema.json",
    "schemas/tagline.input.schema.json",
];

/// The largest file that is read: a contract's are a few kilobytes.
const LARGEST_FILE: u64 = 4 << 20;

/// Reads a file inside a folder: only a regular one, since what never ends is not read, and only
/// one that really lies in the folder, since a contract may come from anybody. An empty folder
/// stands for a path that the caller has chosen.
fn read_at(root: &Path, path: &Path) -> Result<Vec<u8>, Faults> {
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
        let title = format!("{} is not a regular file", path.display());
        return Err(Fault::general(title).into());
    }
    let mut bytes = Vec::new();
    let file = File::open(&whole).map_err(|error| failed(error.to_string()))?;
    file.take(LARGEST_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| failed(error.to_string()))?;
    if !u64::try_from(bytes.len()).is_ok_and(|size| size <= LARGEST_FILE) {
        return Err(failed(format!("it has more than {LARGEST_FILE} bytes")).into());
    }
    Ok(bytes)
}

/// Says where a file stops being text, since an editor shows the rest of it as if nothing were wrong.
fn not_text(path: &Path, error: &FromUtf8Error) -> Fault {
    let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    let before = String::from_utf8_lossy(before);
    let (line, column) = match before.rsplit_once('\n') {
        None => (1, before.chars().count() + 1),
        Some((lines, begun)) => (lines.matches('\n').count() + 2, begun.chars().count() + 1),
    };
    let path = path.display();
    let title = format!("{path} is not a text file: line {line}, column {column} is not UTF-8");
    Fault::general(title)
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
            Self::At(root) => String::from_utf8(read_at(root, path)?)
                .map_err(|error| not_text(path, &error).into()),
            Self::BuiltIn => {
                let file = BUILT_IN.iter().find(|(name, _)| Path::new(name) == path);
                let missing = || format!("the built-in contract has no file {}", path.display());
                file.map(|(_, text)| (*text).to_owned())
                    .ok_or_else(|| Fault::general(missing()).into())
            }
        }
    }

    /// Reads a file that need not be text.
    pub(crate) fn read_bytes(&self, path: &Path) -> Result<Vec<u8>, Faults> {
        match self {
            Self::At(root) => read_at(root, path),
            Self::BuiltIn => self.read(path).map(String::into_bytes),
        }
    }

    /// Whether there is such a file.
    pub(crate) fn holds(&self, path: &Path) -> bool {
        match self {
            Self::At(root) => root.join(path).exists(),
            Self::BuiltIn => BUILT_IN.iter().any(|(name, _)| Path::new(name) == path),
        }
    }

    /// Finds out that a folder holds no contract at all, before each of its files is missed.
    pub(crate) fn holds_contract(&self) -> Result<(), Fault> {
        match self {
            Self::At(root) if !root.join("contract.toml").exists() => {
                Err(Fault::general(format!("there is no contract.toml in {}", root.display()))
                    .help("name a contract's folder by --contract, or write one by `errproof new`"))
            }
            Self::At(_) | Self::BuiltIn => Ok(()),
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
                .help("add one file per error code, with a name that ends in .toml"));
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

    #[test]
    fn what_is_not_a_text_file_is_refused_with_the_place_of_its_first_odd_byte() {
        let folder = tempfile::tempdir().expect("a folder");
        let rows: [(&str, &[u8], &str); 5] = [
            ("good", "code = \"é\"\n".as_bytes(), ""),
            ("first", b"\xff", "first is not a text file: line 1, column 1 is not UTF-8"),
            ("second", b"a\nb\xc3(", "second is not a text file: line 2, column 2 is not UTF-8"),
            ("cut", b"\nab\n\xc3", "cut is not a text file: line 3, column 1 is not UTF-8"),
            (
                "wide",
                b"\xc3\xa9\xc3\xa9\xff",
                "wide is not a text file: line 1, column 3 is not UTF-8",
            ),
        ];
        for (name, bytes, said) in rows {
            fs::write(folder.path().join(name), bytes).expect("written");
            let read = Folder::At(folder.path().to_owned()).read(Path::new(name));
            assert_eq!(read.err().map_or(String::new(), |faults| faults.titles()), said);
        }
        fs::create_dir(folder.path().join("folder")).expect("made");
        let faults = read_at(folder.path(), Path::new("folder")).expect_err("a folder");
        assert_eq!(faults.titles(), "folder is not a regular file");
    }
}
