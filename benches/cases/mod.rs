//! A contract of any size to measure with, and the server that keeps it.
//!
//! Its cases take turns: no key, one made for the run, the slot's without its last character, the
//! slot's own with a body that is wrong, and the slot's own with a hook; every second one by another
//! carrier.

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};

/// The files of a contract, one for each code.
const FILES: usize = 14;

/// What has to be set for every case to be sent.
pub(crate) fn variables() -> [(&'static str, String); 2] {
    [
        ("ERRPROOF_KEY_VALID", format!("key_{}", "0123456789".repeat(4).split_at(32).0)),
        ("ERRPROOF_HOOK_DOWN", "X-Fault: everything-is-down".to_owned()),
    ]
}

/// Writes a contract of so many cases, with a limit that no run reaches.
pub(crate) fn write_contract(folder: &Path, cases: usize) {
    fs::create_dir(folder.join("scenarios")).expect("created");
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("written");
    write("envelope.json", r#"{"type":"object","required":["code","message","docs","id"]}"#);
    let codes: Vec<_> = (0..FILES).map(|file| format!("\"refused_{file}\"")).collect();
    let chain = format!("chain = [{}]\n", codes.join(", "));
    let contract = chain
        + r#"
name = "a contract to measure with"
docs = "https://example.com/errors"
envelope = { schema = "envelope.json", code = "/code", message = "/message", docs = "/docs", request-id = "/id" }
limit = { requests = 1000000, window-seconds = 1 }
preflight = { request = "look", slot = "valid" }

[key]
prefix = "key_"
alphabet = "0123456789"
length = 32

[[key.carriers]]
name = "header"
header = "X-Key"

[[key.carriers]]
name = "bearer"
header = "Authorization"
before = "Bearer "

[requests]
look = { method = "GET", path = "/" }

[slots]
valid = { env = "ERRPROOF_KEY_VALID", purpose = "a key" }

[hooks]
down = { env = "ERRPROOF_HOOK_DOWN", purpose = "everything fail" }
"#;
    let named = (0..FILES).map(|file| {
        format!(
            "\n[requests.tool-{file}]\nmethod = \"POST\"\npath = \"/tools/{file}\"\n\
             body = {{ name = \"a name\", count = 3 }}\n"
        )
    });
    write("contract.toml", &(contract + &named.collect::<String>()));
    for file in 0..FILES {
        let head = format!(
            "code = \"refused_{file}\"\nstatus = 400\npromise = \"a\"\nsource = \"b\"\n\
             request = \"tool-{file}\"\nslot = \"valid\"\n"
        );
        let cases = (0..cases / FILES).map(|case| {
            let defect = match case % 5 {
                0 => "key = \"absent\"",
                1 => "key = \"fresh\"",
                2 => "key = \"shortened\"",
                3 => "body = { text = \"[}\" }",
                _ => "hook = \"down\"",
            };
            let carrier = ["header", "bearer"][case % 2];
            format!("\n[[cases]]\nid = \"case-{case}\"\ncarriers = [\"{carrier}\"]\n{defect}\n")
        });
        write(&format!("scenarios/{file}.toml"), &(head + &cases.collect::<String>()));
    }
}

/// Starts the server that keeps it, and gives its address.
pub(crate) fn start(runtime: &Runtime) -> String {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    runtime.spawn(serve(listener));
    url
}

/// Answers every request with the code of the file that its path names.
async fn serve(listener: TcpListener) {
    while let Ok((connection, _)) = listener.accept().await {
        tokio::spawn(answer(connection));
    }
}

async fn answer(mut connection: TcpStream) -> std::io::Result<()> {
    static ANSWERS: AtomicU64 = AtomicU64::new(0);
    connection.set_nodelay(true)?;
    let mut buffer = Vec::new();
    loop {
        let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
            if connection.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
            continue;
        };
        let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
        let path = text.split(' ').nth(1).unwrap_or_default();
        let file = path.strip_prefix("/tools/").unwrap_or_default().to_owned();
        let length =
            text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let end = head + 4 + length.unwrap_or(0);
        while buffer.len() < end {
            connection.read_buf(&mut buffer).await?;
        }
        buffer.drain(..end);
        let id = ANSWERS.fetch_add(1, Ordering::Relaxed);
        let (status, body) = match file.as_str() {
            "" => ("200 OK", "{}".to_owned()),
            file => (
                "400 Bad Request",
                format!(
                    r#"{{"code":"refused_{file}","message":"no","docs":"https://example.com/errors","id":"{id}"}}"#
                ),
            ),
        };
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        connection.write_all(answer.as_bytes()).await?;
    }
}
