//! Files by their path in a folder, and names by the table that has them.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read as _,
    path::Path,
};

use reqwest::{Url, header::HeaderValue};

use super::fault::{Fault, Faults};

/// The largest file that is read: a contract's are a few kilobytes.
const LARGEST_FILE: u64 = 4 << 20;

/// Reads a file inside a folder: only a regular one, since what never ends is not read, and only
/// one that really lies in the folder, since a contract may come from anybody. An empty folder
/// stands for a path that the caller has chosen.
pub(crate) fn read(root: &Path, path: &Path) -> Result<String, Faults> {
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

/// Whether a text can be part of a header's value: no control characters but a tab.
pub(crate) fn can_be_sent(text: &str) -> bool {
    HeaderValue::from_bytes(text.as_bytes()).is_ok()
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
