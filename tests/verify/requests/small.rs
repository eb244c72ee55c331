//! A small contract in a folder of its own, and a small server that a test answers for.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use tempfile::TempDir;

/// A request as it was on the wire.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Sent {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A response: its status, headers and body.
pub(super) type Reply = (u16, Vec<(&'static str, String)>, String);

/// An error of the small API.
pub(super) fn error(status: u16, code: &str) -> Reply {
    (status, Vec::new(), format!("{{\"code\":\"{code}\",\"message\":\"this says what is wrong\"}}"))
}

/// A success of it.
pub(super) fn success(status: u16) -> Reply {
    (status, Vec::new(), "{\"ok\":true}".to_owned())
}

/// A server that answers as it is told, and keeps what came.
pub(super) struct Server {
    pub(super) url: String,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Server {
    pub(super) fn start(answer: impl Fn(&Sent) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let sent = Arc::<Mutex<Vec<Sent>>>::default();
        let (all, answer) = (Arc::clone(&sent), Arc::new(answer));
        thread::spawn(move || {
            for mut connection in listener.incoming().flatten() {
                let (all, answer) = (Arc::clone(&all), Arc::clone(&answer));
                thread::spawn(move || {
                    let request = read(&mut connection)?;
                    all.lock().expect("nobody panics").push(request.clone());
                    let (status, headers, body) = answer(&request);
                    let head = if request.method == "HEAD" { "" } else { &body };
                    let more = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
                    let more = more.collect::<Vec<_>>().concat();
                    let text = format!(
                        "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n{more}\r\n{head}",
                        body.len()
                    );
                    connection.write_all(text.as_bytes()).ok()
                });
            }
        });
        Self { url, sent }
    }

    /// All that came until now.
    pub(super) fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut *self.sent.lock().expect("nobody panics"))
    }
}

fn read(connection: &mut TcpStream) -> Option<Sent> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    let end = loop {
        let read = connection.read(&mut buffer).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_owned(), value.trim().to_owned()))
    };
    let headers: Vec<_> = lines.filter_map(header).collect();
    let mut sent = Sent { method, path, headers, body: bytes[end + 4..].to_vec() };
    let length = sent.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    while sent.body.len() < length {
        let read = connection.read(&mut buffer).ok().filter(|read| *read > 0)?;
        sent.body.extend_from_slice(&buffer[..read]);
    }
    Some(sent)
}

/// What every contract here has, above its requests.
const COMMON: &str = r#"
[envelope]
schema = "schemas/error.schema.json"
code = "/code"
message = "/message"

[key]
prefix = "small_"
alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
length = 16

[[key.carriers]]
name = "bearer"
header = "Authorization"
before = "Bearer "

[slots.valid]
env = "SMALL_KEY"
purpose = "a key that is good"

[preflight]
request = "ping"
slot = "valid"

[requests.ping]
method = "GET"
path = "/ping"
"#;

/// The key of the slot `valid`.
pub(super) const KEY: [(&str, &str); 1] = [("SMALL_KEY", "small_k3yk3yk3yk3yk3y0")];

/// A small contract.
pub(super) struct Small {
    folder: TempDir,
}

impl Small {
    /// One with these codes in its chain, what stands above the first table, and these tables.
    pub(super) fn new(chain: &[&str], top: &str, tables: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let small = Self { folder };
        for name in ["scenarios", "schemas", "targets"] {
            fs::create_dir(small.folder.path().join(name)).expect("created");
        }
        small.write(
            "contract.toml",
            &format!("name = \"small\"\nchain = {chain:?}\n{top}\n{COMMON}\n{tables}"),
        );
        small.write(
            "schemas/error.schema.json",
            r#"{"type":"object","required":["code","message"]}"#,
        );
        small
    }

    pub(super) fn write(&self, file: &str, text: &str) -> &Self {
        fs::write(self.folder.path().join(file), text).expect("written");
        self
    }

    /// A scenario with these lines behind what every one has.
    pub(super) fn scenario(&self, status: u16, code: &str, request: &str, more: &str) -> &Self {
        let text = format!(
            "code = \"{code}\"\nstatus = {status}\npromise = \"it is so\"\nsource = \"Errors\"\nrequest = \"{request}\"\nslot = \"valid\"\n{more}"
        );
        self.write(&format!("scenarios/{status}-{code}.toml"), &text)
    }

    pub(super) fn folder(&self) -> &str {
        self.folder.path().to_str().expect("a path in UTF-8")
    }
}
