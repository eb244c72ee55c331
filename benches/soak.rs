//! What `errproof serve` keeps of the requests that it has answered: nothing. A million of them, and
//! the memory of its process after each tenth.
//!
//! Bound: after the last tenth it has at most 1.1 times what it had after the first.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, ExitCode, Stdio},
    thread,
    time::Instant,
};

use errproof::terminal::print::line;

const REQUESTS: usize = 1_000_000;
const STEPS: usize = 10;
const CONNECTIONS: usize = 4;
const BOUND: f64 = 1.1;

fn main() -> ExitCode {
    // `cargo test --benches` only asks whether it starts.
    if !std::env::args().any(|flag| flag == "--bench") {
        return ExitCode::SUCCESS;
    }
    let mut serving = Command::new(env!("CARGO_BIN_EXE_errproof"))
        .args(["serve", "--rate-window", "1"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let (address, key) = greeting(&mut serving);
    let begin = Instant::now();
    let mut memory = Vec::new();
    for step in 1..=STEPS {
        thread::scope(|scope| {
            for connection in 0..CONNECTIONS {
                let (address, key) = (&address, &key);
                scope.spawn(move || {
                    send(address, key, connection, REQUESTS / STEPS / CONNECTIONS);
                });
            }
        });
        memory.push(resident(&serving));
        let sent = REQUESTS / STEPS * step;
        line(&format!("{sent:>9} requests: {:.1} MiB", memory[step - 1]))
            .expect("stdout takes a line");
    }
    let ratio = memory[STEPS - 1] / memory[0];
    line(&format!(
        "last to first: {ratio:.3} (bound {BOUND}); {:.0} s",
        begin.elapsed().as_secs_f64()
    ))
    .expect("stdout takes a line");
    serving.kill().expect("it is there");
    serving.wait().expect("it ends");
    assert!(ratio <= BOUND, "the bound is broken");
    ExitCode::SUCCESS
}

/// The address and the key that can pay, from what is printed at the start.
fn greeting(serving: &mut Child) -> (String, String) {
    let mut key = String::new();
    let lines = BufReader::new(serving.stdout.take().expect("it is piped")).lines();
    for line in lines.map_while(Result::ok) {
        if let Some(said) = line.strip_prefix("export ERRPROOF_KEY_VALID=") {
            said.split(' ').next().unwrap_or_default().clone_into(&mut key);
        }
        if let Some((_, address)) = line.split_once("--target-url http://") {
            return (address.to_owned(), key);
        }
    }
    panic!("it did not say where it is");
}

/// Requests of every kind that a client sends: served, refused by the limit, without a key, with keys
/// that nobody has issued, with a body that is broken, of many projects.
fn send(address: &str, key: &str, connection: usize, requests: usize) {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_nodelay(true).expect("set");
    let mut buffer = [0; 8192];
    for at in 0..requests {
        let unknown = format!("pms_live_{connection:08}{at:024}");
        let (first, key, body) = match at % 5 {
            0 => ("GET /api/v1/credits".to_owned(), key, ""),
            1 => ("POST /api/v1/tools/tagline".to_owned(), "", "{}"),
            2 => ("POST /api/v1/tools/tagline".to_owned(), unknown.as_str(), "{}"),
            3 => ("POST /api/v1/tools/tagline".to_owned(), key, "{"),
            _ => {
                let path = format!("POST /api/v1/projects/prj_{connection}_{at}/regenerate");
                (path, key, r#"{"instructions":"Shorter, please."}"#)
            }
        };
        let length = body.len();
        let request = format!(
            "{first} HTTP/1.1\r\nhost: {address}\r\nx-api-key: {key}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).expect("sent");
        let read = stream.read(&mut buffer).expect("an answer");
        assert!(buffer[..read].starts_with(b"HTTP/1.1 "), "no answer");
    }
}

/// The memory of a process, in MiB.
fn resident(process: &Child) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id()));
    let status = status.expect("Linux says what memory is used");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: f64 = line
        .and_then(|line| line.split_whitespace().next()?.parse().ok())
        .expect("a number of kibibytes");
    kib / 1024.0
}
