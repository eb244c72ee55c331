//! Servers that do what no server should: each run ends in time, with a verdict that is true.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

mod support;
use support::errproof;

const KEY: (&str, &str) = ("ERRPROOF_KEY_VALID", "pms_live_0123456789abcdef0123456789abcdef");

/// The run's preflight is answered well, so that the trial meets the hostile answer.
const WELL: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 13\r\nconnection: close\r\n\r\n{\"credits\":7}";

const HEAD: &str = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n";

type Hostile = fn(&mut TcpStream) -> std::io::Result<()>;

/// Serves on a port of its own until the test's process ends.
fn serve(hostile: Hostile) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut buffer = [0; 8192];
                let read = connection.read(&mut buffer)?;
                match buffer[..read].starts_with(b"GET /api/v1/credits") {
                    true => connection.write_all(WELL),
                    false => hostile(&mut connection),
                }
            });
        }
    });
    url
}

fn write(connection: &mut TcpStream, text: &str) -> std::io::Result<()> {
    connection.write_all(text.as_bytes())
}

/// What is hostile, how it is answered, and what the run says of it.
const ROWS: [(&str, Hostile, &str); 15] = [
    ("closes at once", |_| Ok(()), "could not be judged: failed to read an answer"),
    (
        "endless headers",
        |c| loop {
            write(c, "x-more: and more\r\n")?
        },
        "could not be judged",
    ),
    (
        "endless header lines",
        |c| {
            write(c, HEAD)?;
            loop {
                write(c, "x-more: and more\r\n")?
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
                c.write_all(&[b' '; 65536])?
            }
        },
        "got more than a megabyte",
    ),
    (
        "ten gigabytes announced",
        |c| {
            write(c, &format!("{HEAD}content-length: 10000000000\r\nconnection: close\r\n\r\n{{}}"))
        },
        "expected as many bytes as the server said",
    ),
    (
        "more announced than sent",
        |c| write(c, &format!("{HEAD}content-length: 90\r\nconnection: close\r\n\r\n{{}}")),
        "expected as many bytes as the server said",
    ),
    (
        "less announced than sent",
        |c| {
            write(
                c,
                &format!("{HEAD}content-length: 4\r\nconnection: close\r\n\r\n{{\"error\":{{}}}}"),
            )
        },
        "expected one JSON document in UTF-8",
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
        "at header Content-Encoding expected none",
    ),
    (
        "chunks that are none",
        |c| write(c, &format!("{HEAD}transfer-encoding: chunked\r\n\r\nzz\r\n{{}}\r\n")),
        "expected as many bytes as the server said",
    ),
    (
        "a redirect to itself",
        |c| {
            write(
                c,
                "HTTP/1.1 307 Temporary Redirect\r\nlocation: /api/v1/tools/tagline\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            )
        },
        "x status             expected 400, got 307",
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
        "got recursion limit exceeded",
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
fn every_hostile_server_gets_its_verdict_in_time() {
    for (name, hostile, says) in ROWS {
        let url = serve(hostile);
        let begin = Instant::now();
        let ended = errproof(&["--target-url", &url, "invalid_json::nan"], &[KEY]);
        assert_eq!(ended.code, 101, "{name}: {ended:?}");
        assert!(ended.stdout.contains(says), "{name}: {}", ended.stdout);
        // The longest that one of them may take, for a machine that is busy with others.
        assert!(begin.elapsed() < Duration::from_secs(60), "{name} took {:?}", begin.elapsed());
        let control = ended.stdout.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(control, None, "{name}: a control code is printed: {}", ended.stdout);
    }
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
