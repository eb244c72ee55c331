//! Files by their path in a folder, and names by the table that has them.

use std::{collections::BTreeMap, fs, path::Path};

use reqwest::Url;

use super::fault::{Fault, Faults};

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

/// The names in a table of a file.
pub(crate) fn keys<K: AsRef<str>, V>(table: &BTreeMap<K, V>) -> impl Iterator<Item = &str> {
    table.keys().map(AsRef::as_ref)
}

/// Why a text cannot be a request's path, if it cannot.
pub(crate) fn path_fault(path: &str) -> Option<&'static str> {
    let base = Url::parse("http://localhost").expect("an address");
    if !path.starts_with('/') {
        return Some("expected a `/` at its beginning");
    }
    let stays = base.join(path).is_ok_and(|url| url.host_str() == Some("localhost"));
    (!stays).then_some("expected a path without a host")
}
