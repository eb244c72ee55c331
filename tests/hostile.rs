//! Servers that do what no server should: each run ends in time, with a verdict that is true, and
//! needs little memory.

use std::{
    io::{self, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use nix::sys::resource::{UsageWho, getrusage};
use socket2::SockRef;

#[path = "verify/support/mod.rs"]
mod support;
use support::{errproof, line};

/// `--answer-within` of these runs: the preflight is answered at once, so a few seconds are plenty.
const SECONDS: &str = "3";

/// What no run may need more of.
const PEAK_MIB: i64 = 64;

const KEY: (&str, &str) = ("ERRPROOF_KEY_VALID", "pms_live_0123456789abcdef0123456789abcdef");

/// The run's preflight is answered well, so that the trial meets the hostile answer.
const WELL: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 13\r\nconnection: close\r\n\r\n{\"credits\":7}";

const HEAD: &str = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n";

type Hostile = fn(&mut TcpStream) -> io::Result<()>;

/// Serves on a port of its own until the test's process ends.
fn serve(hostile: Hostile) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut buffer = [0; 8192];
                let read = connection.read(&mut buffer)?;
                if buffer[..read].starts_with(b"GET /api/v1/credits") {
                    connection.write_all(WELL)
                } else {
                    hostile(&mut connection)
                }
            });
        }
    });
    url
}

fn write(connection: &mut TcpStream, text: &str) -> io::Result<()> {
    connection.write_all(text.as_bytes())
}

/// Until the other side has had enough.
fn byte_a_second(connection: &mut TcpStream) -> io::Result<()> {
    loop {
        write(connection, "x")?;
        thread::sleep(Duration::from_secs(1));
    }
}

/// The end of this connection is a reset, not a close.
fn reset(connection: &mut TcpStream) -> io::Result<()> {
    SockRef::from(&*connection).set_linger(Some(Duration::ZERO))
}

/// A MiB of spaces as `gzip -9n` packs it.
const SPACES: &[u8] = include_bytes!("hostile/spaces.gz");

/// 900 MiB of spaces in less than the megabyte that is read of a body: one MiB, packed, 900 times.
fn bomb() -> Vec<u8> {
    let bomb = SPACES.repeat(900);
    assert!(bomb.len() < 1 << 20, "{} bytes", bomb.len());
    bomb
}

/// The most memory that a run of these tests needed so far, in MiB: exactly what the kernel counted.
/// A process counts from before it becomes another program, so the test's own memory is a lower bound.
fn peak_mib() -> i64 {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the kernel counts");
    let unit = if cfg!(target_os = "macos") { 1 } else { 1 << 10 };
    usage.max_rss() * unit / (1 << 20)
}

/// What is hostile, how it is answered, and what the run says of it.
const ROWS: [(&str, Hostile, &str); 23] = [
    ("closes at once", |_| Ok(()), "could not be judged: failed to read an answer"),
    (
        "never answers",
        |c| c.read_to_end(&mut Vec::new()).map(drop),
        "could not be judged: no complete answer within 2.4 s",
    ),
    (
        "a byte a second in the head",
        |c| {
            write(c, HEAD)?;
            byte_a_second(c)
        },
        "could not be judged: no complete answer within 2.4 s",
    ),
    (
        "a byte a second in the body",
        |c| {
            write(c, &format!("{HEAD}\r\n"))?;
            byte_a_second(c)
        },
        "could not be judged: no complete answer within 3 s",
    ),
    (
        "1xx for ever",
        |c| {
            // As fast as can be read: there is always another one.
            let storm = "HTTP/1.1 100 Continue\r\nx-more: and more\r\n\r\n".repeat(1_000);
            loop {
                write(c, &storm)?;
            }
        },
        "could not be judged: no complete answer within 2.4 s",
    ),
    (
        "a reset in the middle of the head",
        |c| {
            write(c, HEAD)?;
            reset(c)
        },
        "could not be judged: failed to read an answer: Connection reset by peer",
    ),
    (
        "a reset in the middle of the body",
        |c| {
            write(c, &format!("{HEAD}content-length: 90\r\n\r\n{{"))?;
            reset(c)
        },
        "broke off early: Connection reset by peer",
    ),
    (
        "endless headers",
        |c| loop {
            write(c, "x-more: and more\r\n")?;
        },
        "could not be judged",
    ),
    (
        "endless header lines",
        |c| {
            write(c, HEAD)?;
            loop {
                write(c, "x-more: and more\r\n")?;
            }
        },
        "could not be judged",
    ),
    (
        "a header of a mebibyte",
        |c| write(c, &format!("{HEAD}x-long: {}\r\n\r\n{{}}", "y".repeat(1 << 20))),
        "could not be judged",
    ),
    (
        "an endless body",
        |c| {
            write(c, &format!("{HEAD}\r\n"))?;
            loop {
                c.write_all(&[b' '; 65536])?;
            }
        },
        "longer than a megabyte",
    ),
    (
        "ten gigabytes announced",
        |c| {
            write(c, &format!("{HEAD}content-length: 10000000000\r\nconnection: close\r\n\r\n{{}}"))
        },
        "body: broke off early",
    ),
    (
        "more announced than sent",
        |c| write(c, &format!("{HEAD}content-length: 90\r\nconnection: close\r\n\r\n{{}}")),
        "body: broke off early",
    ),
    (
        "less announced than sent",
        |c| {
            write(
                c,
                &format!("{HEAD}content-length: 4\r\nconnection: close\r\n\r\n{{\"error\":{{}}}}"),
            )
        },
        "body: not valid JSON",
    ),
    (
        "gzip that nobody asked for",
        |c| {
            write(
                c,
                &format!(
                    "{HEAD}content-encoding: gzip\r\ncontent-length: 2\r\nconnection: close\r\n\r\n\x1f\x03"
                ),
            )
        },
        "at header Content-Encoding: the body is compressed",
    ),
    (
        "a gzip bomb",
        |c| {
            let bomb = bomb();
            let length = bomb.len();
            write(c, &format!("{HEAD}content-encoding: gzip\r\ncontent-length: {length}\r\n\r\n"))?;
            c.write_all(&bomb)
        },
        "at header Content-Encoding: the body is compressed",
    ),
    (
        "chunks that are none",
        |c| write(c, &format!("{HEAD}transfer-encoding: chunked\r\n\r\nzz\r\n{{}}\r\n")),
        "body: broke off early",
    ),
    (
        "a redirect to itself",
        |c| {
            write(
                c,
                "HTTP/1.1 307 Temporary Redirect\r\nlocation: /api/v1/tools/tagline\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            )
        },
        "x status               expected 400, got 307",
    ),
    (
        "plain text of HTTP/0.9",
        |c| write(c, "<html>hello</html>"),
        "could not be judged: failed to read an answer",
    ),
    (
        "TLS where none is expected",
        |c| c.write_all(b"\x15\x03\x01\x00\x02\x02\x16"),
        "could not be judged: failed to read an answer",
    ),
    (
        "JSON of 100,000 levels",
        |c| {
            let body = "[".repeat(100_000);
            write(
                c,
                &format!("{HEAD}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()),
            )
        },
        "not valid JSON: EOF while parsing",
    ),
    (
        "JSON of 100,000 levels that all end",
        |c| {
            let body = "[".repeat(100_000) + &"]".repeat(100_000);
            write(
                c,
                &format!("{HEAD}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()),
            )
        },
        "nested more than 126 levels deep",
    ),
    (
        "terminal codes in the message",
        |c| {
            let body = "{\"error\":{\"code\":\"invalid_json\",\"message\":\"\\u001b[2J\x07\"}}";
            write(
                c,
                &format!("{HEAD}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()),
            )
        },
        "x envelope",
    ),
];

#[test]
fn every_hostile_server_gets_its_verdict_in_time_and_little_memory() {
    for (name, hostile, says) in ROWS {
        let url = serve(hostile);
        let begin = Instant::now();
        let flags = ["--target-url", &url, "--answer-within", SECONDS, "invalid_json::nan"];
        let ended = errproof(&flags, &[KEY]);
        assert_eq!(ended.code, 101, "{name}: {ended:?}");
        assert!(ended.stdout.contains(says), "{name}: {}", ended.stdout);
        // The longest that one of them may take, for a machine that is busy with others.
        assert!(begin.elapsed() < Duration::from_secs(60), "{name} took {:?}", begin.elapsed());
        let control = ended.stdout.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(control, None, "{name}: a control code is printed: {}", ended.stdout);
        assert!(peak_mib() < PEAK_MIB, "{name}: a run needed {} MiB", peak_mib());
    }
    line(&format!("{} hostile servers, {} MiB at most", ROWS.len(), peak_mib()));
}

#[test]
fn plain_http_where_tls_is_expected_ends_the_run_with_one_line() {
    let url = serve(|c| write(c, &format!("{HEAD}content-length: 2\r\n\r\n{{}}")));
    let url = url.replace("http://", "https://");
    let ended = errproof(&["--target-url", &url, "--answer-within", SECONDS], &[KEY]);
    assert_eq!((ended.code, ended.stdout.as_str()), (3, ""), "{ended:?}");
    let says = "errproof: https://127.0.0.1:PORT/: failed to connect: received corrupt message of type InvalidContentType\n";
    assert_eq!(ended.stderr, says);
}

#[test]
fn a_key_never_follows_a_redirect_to_another_host() {
    let listener = TcpListener::bind("127.0.0.2:0").expect("another address of this machine");
    listener.set_nonblocking(true).expect("set");
    let elsewhere = listener.local_addr().expect("bound");
    let target = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", target.local_addr().expect("bound"));
    thread::spawn(move || {
        for mut connection in target.incoming().flatten() {
            let mut buffer = [0; 8192];
            let read = connection.read(&mut buffer).unwrap_or_default();
            let answer = format!(
                "HTTP/1.1 302 Found\r\nlocation: http://{elsewhere}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
            let well = buffer[..read].starts_with(b"GET /api/v1/credits");
            connection.write_all(if well { WELL } else { answer.as_bytes() }).ok();
        }
    });
    let ended = errproof(&["--target-url", &url, "invalid_json::nan"], &[KEY]);
    assert_eq!(ended.code, 101, "{ended:?}");
    assert!(ended.stdout.contains("expected 400, got 302"), "{}", ended.stdout);
    assert!(listener.accept().is_err(), "somebody came to the other host");
}
