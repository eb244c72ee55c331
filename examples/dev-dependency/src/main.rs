//! A ledger with one account, behind one path: `cargo run -- 8090`, then, with the token below,
//! `LEDGER_TOKEN=... cargo test -- --target-url http://127.0.0.1:8090`.

use std::{
    env,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
};

use serde_json::{Value, json};

/// The token of its one member.
pub(crate) const TOKEN: &str = "member.0123456789abcdef";

fn main() -> io::Result<()> {
    let port = env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(8090);
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    let address = listener.local_addr()?;
    println!("LEDGER_TOKEN={TOKEN} cargo test -- --target-url http://{address}");
    for connection in listener.incoming().flatten() {
        thread::spawn(move || serve(&connection));
    }
    Ok(())
}

/// One request, one answer.
pub(crate) fn serve(mut connection: &TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(connection);
    let (mut token, mut length) = (None, 0);
    for line in reader.by_ref().lines() {
        let line = line?;
        match line.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("x-token") => {
                token = Some(value.trim().to_owned());
            }
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().unwrap_or(0);
            }
            _ if line.is_empty() => break,
            _ => {}
        }
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    let (status, body) = answer(token.as_deref(), &body);
    let body = body.to_string();
    write!(
        connection,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn answer(token: Option<&str>, body: &[u8]) -> (&'static str, Value) {
    let error = |code: &str, message: &str| {
        let error = json!({ "message": message, "extensions": { "code": code } });
        json!({ "data": null, "errors": [error] })
    };
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return ("400 Bad Request", error("BAD_REQUEST", "The body is not JSON."));
    };
    let query = body["query"].as_str().unwrap_or_default();
    let answer = match query {
        _ if token != Some(TOKEN) => error("UNAUTHENTICATED", "This is no member's token."),
        r#"{ account(id: "main") { balance } }"# => {
            json!({ "data": { "account": { "balance": 12 } } })
        }
        _ if query.ends_with("{ balance } }") => error("NOT_FOUND", "There is no such account."),
        _ => {
            let field =
                query.split_whitespace().rev().find(|word| word.starts_with(char::is_alphabetic));
            let message = format!("There is no field {}.", field.unwrap_or_default());
            error("VALIDATION_FAILED", &message)
        }
    };
    ("200 OK", answer)
}
