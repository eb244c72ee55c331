//! `errproof limits` as a person starts it: what it prints, how it ends, and two limiters in real time.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Instant,
};

use insta::assert_snapshot;

use crate::support::{Contract, Ended, KEYS, Mock, command, line};

#[test]
fn without_a_target_the_bundled_mock_is_asked_and_takes_no_time() {
    let begin = Instant::now();
    let ended = command("limits", &[], &[]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    assert!(begin.elapsed().as_secs() < 60, "{:?}", begin.elapsed());
    assert_snapshot!(ended.stdout);
}

/// What it is about, the flags, the variables, the exit code.
type Row<'a> = (&'a str, &'a [&'a str], &'a [(&'a str, &'a str)], i32);

#[test]
fn what_keeps_the_experiment_from_being_made_is_said_in_one_line() {
    let mock = Mock::start(&[]);
    let at_mock = ["--target-url", mock.url.as_str()];
    let nobody = ["--target-url", "http://127.0.0.1:9"];
    let keys = &KEYS[..2];
    let (small, endless, other) = (Contract::copy(), Contract::copy(), Contract::copy());
    small.change("contract.toml", "requests = 60", "requests = 5");
    endless.change("contract.toml", "[limit]\nrequests = 60\nwindow-seconds = 60\n", "");
    std::fs::remove_file(endless.path("scenarios/429-rate_limited.toml")).expect("it was there");
    endless.change("contract.toml", "  \"rate_limited\",\n", "");
    other.change("contract.toml", "mock = \"planmysaas\"", "");
    let production = ["--target-url", "https://api.planmysaas.com"];
    let rows: [Row<'_>; 7] = [
        ("no key", &at_mock, &[], 2),
        ("a key that the target refuses", &at_mock, keys, 3),
        ("nobody is there", &nobody, keys, 3),
        ("a limit that is too small", &["--contract", small.folder()], &[], 4),
        ("no limit", &["--contract", endless.folder()], &[], 2),
        ("no target", &["--contract", other.folder()], &[], 2),
        ("a host of customers", &production, keys, 2),
    ];
    let mut texts = Vec::new();
    for (name, flags, variables, code) in rows {
        let ended = command("limits", flags, variables);
        assert_eq!((ended.code, ended.stdout.as_str()), (code, ""), "{name}: {}", ended.stderr);
        texts.push(format!("# {name}\n{}", ended.stderr));
    }
    assert_snapshot!(texts.join("\n"));
}

/// Runs the command until it tells, since other tests may keep this machine busy for too long.
fn told(flags: &[&str], variables: &[(&str, &str)]) -> Ended {
    let ended = command("limits", flags, variables);
    line(&ended.stdout);
    if ended.code == 4 {
        line(&ended.stderr);
        return command("limits", flags, variables);
    }
    ended
}

#[test]
fn in_real_time_the_mock_and_a_bucket_are_named() {
    thread::scope(|scope| {
        scope.spawn(|| {
            let mock = Mock::start(&["--rate-window", "10"]);
            let contract = Contract::copy();
            contract.change("contract.toml", "window-seconds = 60", "window-seconds = 10");
            let variables: Vec<_> =
                mock.variables.iter().map(|(name, value)| (&**name, &**value)).collect();
            let flags = ["--contract", contract.folder(), "--target-url", &mock.url];
            let ended = told(&flags, &variables);
            assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
            let name = "\n  algorithm     fixed windows that begin with a key's first request\n";
            assert!(ended.stdout.contains(name), "{}", ended.stdout);
        });
        scope.spawn(|| {
            let contract = Contract::copy();
            contract
                .change("contract.toml", "requests = 60", "requests = 10")
                .change("contract.toml", "window-seconds = 60", "window-seconds = 10")
                .change("scenarios/429-rate_limited.toml", "requests = 75", "requests = 20");
            let url = bucket_of_ten();
            let flags = ["--contract", contract.folder(), "--target-url", &url];
            let ended = told(&flags, &KEYS[1..2]);
            assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
            let name = "\n  algorithm     a token bucket (or GCRA) of ";
            assert!(ended.stdout.contains(name), "{}", ended.stdout);
        });
    });
}

/// A server on this machine with a bucket of ten requests, of which one comes back each second.
fn bucket_of_ten() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let left = Arc::new(Mutex::new((10.0, Instant::now())));
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let left = Arc::clone(&left);
            // Who goes away before the response needs none.
            thread::spawn(move || respond(&connection, &left).ok());
        }
    });
    url
}

fn respond(mut connection: &TcpStream, left: &Mutex<(f64, Instant)>) -> std::io::Result<()> {
    let head = BufReader::new(connection).lines().map_while(Result::ok);
    head.take_while(|line| !line.is_empty()).for_each(drop);
    let is_served = {
        let mut left = left.lock().expect("nobody panics with it");
        let now = Instant::now();
        let filled = (left.0 + (now - left.1).as_secs_f64()).min(10.0);
        *left = (if filled < 1.0 { filled } else { filled - 1.0 }, now);
        filled >= 1.0
    };
    let (head, body) = if is_served {
        ("200 OK", r#"{"credits":1}"#)
    } else {
        ("429 Too Many Requests\r\nretry-after: 1", r#"{"error":{"code":"rate_limited"}}"#)
    };
    let length = body.len();
    write!(
        connection,
        "HTTP/1.1 {head}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}
