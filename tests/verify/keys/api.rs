//! A small API whose answers a test gives, and contracts for it.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

use tempfile::TempDir;
use url::form_urlencoded;

use crate::support::{Ended, errproof};

/// A request as it was on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) method: String,
    /// With its query.
    pub(super) target: String,
    /// Names in small letters, in the order of arrival.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Asked {
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().expect("something")
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|(known, _)| known == name);
        named.map(|(_, value)| value.as_str())
    }

    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let query = self.target.split_once('?')?.1;
        let mut parameters = form_urlencoded::parse(query.as_bytes());
        Some(parameters.find(|(known, _)| known == name)?.1.into_owned())
    }

    pub(super) fn cookie(&self, name: &str) -> Option<String> {
        let mut cookies = self.header("cookie")?.split("; ").filter_map(|one| one.split_once('='));
        Some(cookies.find(|(known, _)| *known == name)?.1.to_owned())
    }
}

/// An API that is running until the test ends.
pub(super) struct Api {
    pub(super) url: String,
    pub(super) asked: Arc<Mutex<Vec<Asked>>>,
}

impl Api {
    /// One that answers so: a status and a body of JSON.
    pub(super) fn start(answer: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let (all, answer) = (Arc::clone(&asked), Arc::new(answer));
        thread::spawn(move || {
            for mut connection in listener.incoming().flatten() {
                let (all, answer) = (Arc::clone(&all), Arc::clone(&answer));
                thread::spawn(move || {
                    let asked = read(&mut connection)?;
                    let (status, body) = answer(&asked);
                    all.lock().expect("nobody panics").push(asked);
                    let head = format!(
                        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                        body.len()
                    );
                    connection.write_all((head + &body).as_bytes()).ok()
                });
            }
        });
        Self { url, asked }
    }

    /// What was asked since the last time.
    pub(super) fn taken(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().expect("nobody panics"))
    }
}

fn read(connection: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        match connection.read(&mut buffer).ok()? {
            0 => return None,
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    let headers: Vec<_> = lines.filter_map(header).collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap_or_default());
    while bytes.len() < end + 4 + length {
        let count = connection.read(&mut buffer).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
    }
    let body = String::from_utf8_lossy(&bytes[end + 4..]).into_owned();
    Some(Asked { method, target, headers, body })
}

/// An error as these contracts have it.
pub(super) fn error(status: u16, code: &str) -> (u16, String) {
    let message = format!("this was refused as it is said: {}", code.replace('_', " "));
    (status, serde_json::json!({ "code": code, "message": message }).to_string())
}

/// A success.
pub(super) fn served() -> (u16, String) {
    (200, "{\"ok\":true}".to_owned())
}

/// A contract folder: these lines of `contract.toml` beside the envelope, and these scenarios.
pub(super) fn contract(lines: &str, scenarios: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    };
    let codes: Vec<String> = scenarios.iter().map(|(code, _)| format!("{code:?}")).collect();
    let chain = codes.join(", ");
    let envelope =
        "[envelope]\nschema = \"error.schema.json\"\ncode = \"/code\"\nmessage = \"/message\"\n";
    write(
        "contract.toml",
        &format!("name = \"the API of a test\"\nchain = [{chain}]\n{envelope}{lines}"),
    );
    write("error.schema.json", "{\"type\":\"object\",\"required\":[\"code\",\"message\"]}");
    for (code, text) in scenarios {
        let head = format!("code = \"{code}\"\npromise = \"it is refused\"\nsource = \"Errors\"\n");
        write(&format!("scenarios/{code}.toml"), &(head + text));
    }
    folder
}

/// A run of a contract on an address, with a report in a folder of its own.
pub(super) fn run(
    contract: &Path,
    url: &str,
    variables: &[(&str, &str)],
    more: &[&str],
) -> (Ended, TempDir) {
    let report = tempfile::tempdir().expect("a folder");
    let flags = [
        "--contract",
        contract.to_str().expect("UTF-8"),
        "--target-url",
        url,
        "--report-dir",
        report.path().to_str().expect("UTF-8"),
    ];
    (errproof(&[&flags[..], more].concat(), variables), report)
}

/// All that a run has shown or written, as one text.
pub(super) fn everything(ended: &Ended, report: &TempDir) -> String {
    let files = fs::read_dir(report.path()).expect("a folder").flatten();
    let texts = files.filter_map(|file| fs::read_to_string(file.path()).ok());
    let said = [ended.stdout.clone(), ended.stderr.clone()];
    said.into_iter().chain(texts).collect::<Vec<_>>().join("\n")
}
