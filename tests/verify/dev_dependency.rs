//! The API that is farthest from the first one: errors with the status of a success, no limit, no
//! request id, no docs link, tokens of any length. Its crate runs its contract as a dev-dependency
//! (`scripts/dev-dependency`); here the command does.

use std::{
    io::{self, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
};

#[expect(dead_code, clippy::print_stdout, reason = "the crate's own main is not called here")]
#[path = "../../examples/dev-dependency/src/main.rs"]
mod ledger;
use crate::support::{Ended, errproof};

/// Runs the contract with a token on a server that takes each connection so.
fn run(serve: fn(&TcpStream) -> io::Result<()>, token: &str) -> Ended {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(move || serve(&connection));
        }
    });
    let folder = "examples/dev-dependency";
    errproof(
        &["--contract", folder, "--target-url", &url, "--test-threads=1"],
        &[("LEDGER_TOKEN", token)],
    )
}

/// Serves everybody, whatever they ask for.
fn serve_all(mut connection: &TcpStream) -> io::Result<()> {
    let _ = connection.read(&mut [0; 4096])?;
    let body = r#"{"data":{"account":{"balance":12}}}"#;
    let length = body.len();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
    write!(connection, "{head}\r\ncontent-length: {length}\r\n\r\n{body}")
}

#[test]
fn errors_with_the_status_of_a_success_are_told_by_their_code() {
    let honest = run(ledger::serve, ledger::TOKEN);
    assert_eq!(honest.code, 0, "{honest:?}");
    assert!(honest.stdout.contains("4 codes on http://127.0.0.1:PORT: 4 proven"), "{honest:?}");
    let refused = run(ledger::serve, "nobody.0123456789abcdef");
    assert_eq!(refused.code, 3, "{refused:?}");
    insta::assert_snapshot!(refused.stderr);
    let null = run(serve_all, ledger::TOKEN);
    assert_eq!(null.code, 101, "{null:?}");
    assert!(null.stdout.contains("0 passed; 6 failed"), "{null:?}");
}
