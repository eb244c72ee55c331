//! What a case costs as cases grow: 14, 1,400 and 14,000 against one server in another process.
//!
//! Bounds: a case of 14,000 takes at most 1.2 times as long as one of 1,400, and the process that
//! runs 14,000 needs at most 40 MiB.

use std::{
    env, fs,
    path::Path,
    process::{Command, ExitCode, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use errproof::{
    run::{folder::Fallback, options::Options, start::start},
    terminal::print::line,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};

const FILES: usize = 14;
const SIZES: [usize; 3] = [14, 1_400, 14_000];
const RUNS: usize = 5;
const BOUND_RATIO: f64 = 1.2;
const BOUND_MIB: f64 = 40.0;

/// Set for the process that is measured: where to write its peak memory.
const MEASURED: &str = "ERRPROOF_BENCH_PEAK";

fn main() -> ExitCode {
    if let Some(peak) = env::var_os(MEASURED) {
        let code = start(<Options as clap::Parser>::try_parse(), Fallback::None);
        let status =
            fs::read_to_string("/proc/self/status").expect("Linux says what memory is used");
        fs::write(peak, status).expect("written");
        return code;
    }
    // `cargo test --benches` only asks whether it starts.
    if !env::args().any(|flag| flag == "--bench") {
        return ExitCode::SUCCESS;
    }
    let runtime = Runtime::new().expect("the runtime starts");
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    runtime.spawn(serve(listener));
    let mut each = Vec::new();
    let mut most = 0.0;
    for size in SIZES {
        let folder = tempfile::tempdir().expect("a folder");
        write_contract(folder.path(), size);
        let mut runs: Vec<_> = (0..RUNS).map(|_| run(folder.path(), &url)).collect();
        runs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (seconds, mib) = runs[RUNS / 2];
        #[expect(clippy::cast_precision_loss, reason = "thousands")]
        let micros = seconds * 1e6 / size as f64;
        line(&format!(
            "{size:>6} cases: {seconds:.2} s, {micros:.0} µs a case, peak {mib:.1} MiB, medians of {RUNS}"
        )).expect("stdout takes a line");
        each.push(micros);
        most = mib;
    }
    let ratio = each[2] / each[1];
    line(&format!(
        "a case of 14,000 to one of 1,400: {ratio:.2} (bound {BOUND_RATIO}); peak {most:.1} MiB (bound {BOUND_MIB})"
    )).expect("stdout takes a line");
    assert!(ratio <= BOUND_RATIO && most <= BOUND_MIB, "a bound is broken");
    ExitCode::SUCCESS
}

/// Runs a contract in a process of its own: its seconds and its peak memory in MiB.
fn run(folder: &Path, url: &str) -> (f64, f64) {
    let peak = folder.join("peak");
    let begin = Instant::now();
    let status = Command::new(env::current_exe().expect("this program"))
        .args(["--target-url", url, "--contract"])
        .arg(folder)
        .env(MEASURED, &peak)
        .env("ERRPROOF_KEY_VALID", format!("key_{}", "0".repeat(32)))
        .stdout(Stdio::null())
        .status()
        .expect("it starts");
    let seconds = begin.elapsed().as_secs_f64();
    assert!(status.success(), "{status}");
    let text = fs::read_to_string(peak).expect("written");
    let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: f64 =
        peak.and_then(|peak| peak.split_whitespace().next()?.parse().ok()).expect("a number");
    (seconds, kib / 1024.0)
}

/// A contract of so many cases in fourteen files, with a limit that no run reaches.
fn write_contract(folder: &Path, cases: usize) {
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
carriers = [{ name = "header", header = "X-Key" }]

[requests]
look = { method = "GET", path = "/" }

[slots]
valid = { env = "ERRPROOF_KEY_VALID", purpose = "a key" }
"#;
    write("contract.toml", &contract);
    for file in 0..FILES {
        let head = format!(
            "code = \"refused_{file}\"\nstatus = 400\npromise = \"a\"\nsource = \"b\"\n\
             request = \"look\"\nslot = \"valid\"\n"
        );
        let cases = (0..cases / FILES).map(|case| {
            format!("\n[[cases]]\nid = \"case-{case}\"\nbody = {{ text = \"{file}\" }}\n")
        });
        write(&format!("scenarios/{file}.toml"), &(head + &cases.collect::<String>()));
    }
}

/// A server that answers every request as the file that its body names wants it.
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
        let length =
            text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let end = head + 4 + length.unwrap_or(0);
        while buffer.len() < end {
            connection.read_buf(&mut buffer).await?;
        }
        let file = String::from_utf8_lossy(&buffer[head + 4..end]).into_owned();
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
