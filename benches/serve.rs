//! What `errproof serve` costs beside a bare hyper server that sends the same answer: both in a
//! process of their own, asked by the same client over the same number of connections, in turn.
//!
//! Bound: at least 0.7 of the bare server's requests a second.

use std::{
    convert::Infallible,
    env,
    io::{BufRead as _, BufReader},
    process::{Child, Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

mod common;
use common::line;
use http_body_util::Full;
use hyper::{Response, body::Bytes, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    task::JoinSet,
};

const CONNECTIONS: usize = 16;
/// A server settles into one of several speeds, so that one says little: 0.63 to 0.92 were seen in one hour.
const SERVERS: usize = 7;
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_millis(400);
const BOUND: f64 = 0.7;

/// Set for the process that is the bare server: the answer's body.
const BARE: &str = "ERRPROOF_BENCH_BARE";

/// A key that the API never issued: it is looked up, and no limit counts it.
const REQUEST: &[u8] = b"GET /api/v1/credits HTTP/1.1\r\nHost: localhost\r\n\
    X-API-Key: pms_live_0123456789abcdefghijklmnopqrstuv\r\n\r\n";

fn main() -> ExitCode {
    let runtime = Runtime::new().expect("the runtime starts");
    if let Ok(body) = env::var(BARE) {
        runtime.block_on(bare(body.into()));
        return ExitCode::SUCCESS;
    }
    // `cargo test --benches` only asks whether it starts.
    if !env::args().any(|flag| flag == "--bench") {
        return ExitCode::SUCCESS;
    }
    let (mut of_ours, mut of_bare) = (Vec::new(), Vec::new());
    for _ in 0..SERVERS {
        measure(&runtime, &mut of_ours, &mut of_bare);
    }
    let (ours, bare) = (median(of_ours), median(of_bare));
    let ratio = ours / bare;
    line(&format!(
        "errproof serve {ours:.0} requests a second, bare hyper {bare:.0}, {CONNECTIONS} \
         connections, medians of {ROUNDS} on each of {SERVERS} servers: {ratio:.2} of it (bound {BOUND})"
    ));
    assert!(ratio >= BOUND, "errproof serve answers {ratio:.2} times as often as bare hyper");
    ExitCode::SUCCESS
}

/// Asks one server of each kind in turn.
fn measure(runtime: &Runtime, of_ours: &mut Vec<f64>, of_bare: &mut Vec<f64>) {
    let ours = Server::start(Command::new(env!("CARGO_BIN_EXE_errproof")).arg("serve"));
    let answer = runtime.block_on(first_answer(&ours.address));
    let body = answer.rsplit("\r\n\r\n").next().expect("an answer has a body");
    let this = env::current_exe().expect("this program");
    let bare = Server::start(Command::new(this).env(BARE, body));
    let other = runtime.block_on(first_answer(&bare.address));
    assert_eq!(answer.len(), other.len(), "not the same answer: {answer}\n{other}");
    for _ in 0..ROUNDS {
        of_ours.push(runtime.block_on(ask(&ours.address, answer.len())));
        of_bare.push(runtime.block_on(ask(&bare.address, answer.len())));
    }
}

/// A server in a process of its own, until it is dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts it, and reads from its first line where it is.
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut said = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut said).expect("it says where it is");
        let address = said.split("http://").nth(1).and_then(|rest| rest.split_whitespace().next());
        Self { address: address.expect("an address").to_owned(), child }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The same answer from hyper and nothing else, with the settings of `errproof serve`.
async fn bare(body: Bytes) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    line(&format!("http://{} is bare", listener.local_addr().expect("bound")));
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).ok();
        let body = body.clone();
        let service = service_fn(move |_| {
            let response =
                Response::builder().status(401).header("content-type", "application/json");
            let response = response.body(Full::new(body.clone())).expect("a response");
            async move { Ok::<_, Infallible>(response) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// An answer as text. All that follow have its length.
async fn first_answer(address: &str) -> String {
    let mut connection = TcpStream::connect(address).await.expect("a connection");
    connection.write_all(REQUEST).await.expect("sent");
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        let read = connection.read_buf(&mut answer).await.expect("an answer");
        assert!(read > 0, "the answer broke off");
    }
    String::from_utf8(answer).expect("a text")
}

/// Asks over all connections for one round, and gives the answers a second.
async fn ask(address: &str, length: usize) -> f64 {
    let begin = Instant::now();
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let address = address.to_owned();
        connections.spawn(async move {
            let mut connection = TcpStream::connect(address).await.expect("a connection");
            connection.set_nodelay(true).expect("no delay");
            let mut answer = vec![0; length];
            let mut count = 0_u32;
            while begin.elapsed() < ROUND {
                connection.write_all(REQUEST).await.expect("sent");
                connection.read_exact(&mut answer).await.expect("an answer");
                assert!(answer.starts_with(b"HTTP/1.1 401"), "another answer");
                count += 1;
            }
            count
        });
    }
    let counts = connections.join_all().await;
    f64::from(counts.iter().sum::<u32>()) / begin.elapsed().as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
