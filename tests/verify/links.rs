//! The docs link that every error carries, followed on servers of this machine, good and bad; and a
//! page that is read from its address.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use errproof::internals::page::fetch::{NoPage, fetch};

use crate::support::{Contract, errproof};

const PAGE: &str = include_str!("pages/errors.html");

/// A server until the test's process ends, and the heads of the requests that it got.
struct Server {
    url: String,
    heads: Arc<Mutex<String>>,
}

fn serve() -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let heads = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&heads);
    thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let seen = Arc::clone(&seen);
            thread::spawn(move || {
                let lines = BufReader::new(connection.try_clone()?).lines();
                let head: Vec<String> =
                    lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
                let path = head[0].split(' ').nth(1).unwrap_or_default().to_owned();
                seen.lock().expect("no panic").push_str(&(head.join("\n") + "\n"));
                answer(&mut connection, &path)
            });
        }
    });
    Server { url, heads }
}

fn answer(connection: &mut TcpStream, path: &str) -> std::io::Result<()> {
    let mut send = |status: &str, headers: &str, body: &str| {
        let length = body.len();
        write!(
            connection,
            "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
    };
    let html = "content-type: text/html; charset=utf-8\r\n";
    match path {
        "/good" => send("200 OK", html, PAGE),
        "/moved" => send("301 Moved", "location: /moved-again\r\n", ""),
        "/moved-again" => send("308 Moved", "location: good\r\n", ""),
        "/gone" => send("404 Not Found", html, PAGE),
        "/soft-404" => {
            let page = PAGE.replace("<title>Errors of the API", "<title>Page not found | API");
            send("200 OK", html, &page)
        }
        "/soft-404-heading" => send("200 OK", html, &PAGE.replace("<h1>Errors", "<h1>404")),
        "/home" => send("200 OK", html, "<title>The API</title><h1>Welcome</h1>"),
        "/one-less" => send("200 OK", html, &PAGE.replace("plan_gate", "plan_gates")),
        "/loop" => send("302 Found", "location: /loop\r\n", ""),
        "/inside" => send("302 Found", "location: http://169.254.169.254/latest\r\n", ""),
        "/file" => send("302 Found", "location: file:///etc/hostname\r\n", ""),
        "/json" => send("200 OK", "content-type: application/json\r\n", "{}"),
        "/markdown" => {
            let page = include_str!("pages/errors.md");
            send("200 OK", "content-type: text/markdown\r\n", page)
        }
        "/plain" => {
            let page = include_str!("pages/errors.txt");
            send("200 OK", "content-type: text/plain; charset=utf-8\r\n", page)
        }
        "/endless" => {
            write!(connection, "HTTP/1.1 200 OK\r\n{html}connection: close\r\n\r\n")?;
            loop {
                connection.write_all(&[b' '; 8_192])?;
            }
        }
        "/slow" => {
            write!(connection, "HTTP/1.1 200 OK\r\n{html}content-length: 1000\r\n\r\n<h1>")?;
            loop {
                thread::park();
            }
        }
        other => panic!("nobody asks for {other}"),
    }
}

/// Where the link leads, and what the run says of it; nothing if it passes.
const ROWS: [(&str, &str); 16] = [
    ("/good", ""),
    ("/good#auth", ""),
    ("/moved#auth", ""),
    ("/moved#nosuch", "x link.fragment        the page has no place named `nosuch`"),
    ("/good#nosuch", "x link.fragment        the page has no place named `nosuch`"),
    ("/gone", "x link.status          expected status 200, got 404"),
    (
        "/soft-404",
        "x link.found           status 200 for a page that is called \"Page not found | API\"; expected 404",
    ),
    (
        "/soft-404-heading",
        "x link.found           status 200 for a page that is called \"404\"; expected 404",
    ),
    (
        "/home",
        "x link.codes           the page has no code of the contract: it is another page, or one that scripts fill in",
    ),
    ("/one-less", "x link.codes           the page does not have plan_gate"),
    ("/loop", "x link.status          there is no page to read: it redirects more than 10 times"),
    ("/inside", "is an address of this machine's own network"),
    ("/file", "redirects to something that is not a web address"),
    ("/json", "x link.html            expected text/html, got application/json"),
    ("/endless", "more than 4194304 bytes"),
    ("gopher", "could not be judged: the contract's docs link is not an address"),
];

#[test]
fn the_docs_link_is_followed_to_its_end_and_what_is_there_is_judged() {
    let server = serve();
    let key = "pms_live_0123456789abcdef0123456789abcdef";
    for (path, says) in ROWS {
        let contract = Contract::copy();
        let link = match path {
            "gopher" => "gopher://127.0.0.1/".to_owned(),
            path => format!("{}{path}", server.url),
        };
        contract.change("contract.toml", "https://www.planmysaas.com/docs/api/errors", &link);
        let flags = ["--contract", contract.folder(), "--check-links", "docs::link"];
        let ended = errproof(&flags, &[("ERRPROOF_KEY_VALID", key)]);
        assert_eq!(ended.code, if says.is_empty() { 0 } else { 101 }, "{path}: {ended:?}");
        assert!(ended.stdout.contains(says), "{path}: {}", ended.stdout);
    }
    let heads = server.heads.lock().expect("no panic");
    let ours = |line: &&str| {
        ["GET ", "host: ", "user-agent: errproof/", "accept: text/html"]
            .iter()
            .any(|known| line.to_ascii_lowercase().starts_with(&known.to_ascii_lowercase()))
    };
    let others: Vec<_> = heads.lines().filter(|line| !ours(line)).collect();
    assert_eq!(others, [""; 0], "nothing else is sent, and no key above all");
    // Once for each row but the last, ten more for the loop, and two for each page that has moved.
    assert_eq!(heads.matches("GET ").count(), ROWS.len() - 1 + 10 + 4);
}

#[test]
fn a_page_is_read_from_its_address_in_each_form() {
    let server = serve();
    for (path, code) in [
        ("/moved", 0),
        ("/markdown", 0),
        ("/plain", 0),
        ("/json", 101),
        ("/gone", 3),
        ("/endless", 3),
        ("/loop", 3),
    ] {
        let ended = errproof(&["--docs", &format!("{}{path}", server.url)], &[]);
        assert_eq!(ended.code, code, "{path}: {ended:?}");
        assert_eq!(ended.stderr.lines().count(), usize::from(code == 3), "{path}: {ended:?}");
    }
}

#[tokio::test]
async fn a_page_that_takes_too_long_is_given_up_on() {
    let url = format!("{}/slow", serve().url).parse().expect("an address");
    let page = fetch(&url, Duration::from_millis(300)).await;
    let expected = NoPage::Unreachable("no complete page within 0.3 s".to_owned());
    assert_eq!(page.expect_err("it never ends"), expected);
}
