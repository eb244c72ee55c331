//! Files by their path in a folder, and names by the table that has them.

use std::{collections::BTreeMap, fs, path::Path};

use super::{
    document::{Document, Way},
    fault::{Fault, Faults, did_you_mean, one_of},
};

/// The largest file that is read: a contract's are a few kilobytes.
const LARGEST_FILE: u64 = 4 << 20;

/// Reads a file inside a folder.
pub(crate) fn read(root: &Path, path: &Path) -> Result<String, Faults> {
    let failed = |why: String| Fault::general(format!("failed to read {}: {why}", path.display()));
    let whole = root.join(path);
    let size = fs::metadata(&whole).map_err(|error| failed(error.to_string()))?.len();
    if size > LARGEST_FILE {
        return Err(failed(format!("it has {size} bytes, more than {LARGEST_FILE}")).into());
    }
    fs::read_to_string(&whole).map_err(|error| failed(error.to_string()).into())
}

/// A name that nothing has, with the names that there are.
pub(crate) fn unknown<'k>(
    document: &Document,
    way: Way<'_>,
    kind: &str,
    name: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Fault {
    let known: Vec<&str> = known.into_iter().collect();
    let mut fault = document.fault(
        way,
        format!("unknown {kind} `{name}`"),
        format!("expected {}", one_of(known.iter().copied())),
    );
    fault.help = did_you_mean(name, known);
    fault
}

/// The names in a table of a file.
pub(crate) fn keys<K: AsRef<str>, V>(table: &BTreeMap<K, V>) -> impl Iterator<Item = &str> {
    table.keys().map(AsRef::as_ref)
}
