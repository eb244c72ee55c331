//! A chat API on this machine that keeps two limits, as others would write them: so many requests from one address, told
//! in `X-RateLimit` headers or in those of the draft, and so many messages of one key. It can break each promise.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader, Read as _, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

/// The keys that it has issued, by their variables.
pub(crate) const KEYS: [(&str, &str); 3] = [
    ("CHAT_KEY_VALID", "chat_aaaaaaaa"),
    ("CHAT_KEY_BURST", "chat_bbbbbbbb"),
    ("CHAT_KEY_OTHER", "chat_cccccccc"),
];

/// How it keeps its limits, and how it tells of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habits {
    /// Requests of one address within the window, and its seconds.
    pub(crate) address: (usize, u64),
    /// Whether each key has that limit for its own.
    pub(crate) is_per_key: bool,
    /// Messages of one key within the window, and its seconds.
    pub(crate) messages: (usize, u64),
    /// What the headers say that the limit is.
    pub(crate) told: usize,
    /// What they say of the window's end.
    pub(crate) reset: Reset,
    /// What they say is left.
    pub(crate) left: Left,
    /// The path at which the headers say nothing.
    pub(crate) silent_at: &'static str,
    /// What a refusal says of the wait.
    pub(crate) wait: Wait,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reset {
    Epoch,
    Delta,
    WindowLater,
    Missing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    Right,
    AlwaysAll,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// In milliseconds in the body, and in whole seconds in the header.
    Both,
    /// In the body alone.
    Body,
    /// In seconds in the body, where milliseconds are promised.
    BodyInSeconds,
    /// Twice the milliseconds in the body, and the right seconds in the header.
    BodyTwice,
    /// In the header alone.
    Header,
    /// A third of it in both.
    TooShort,
}

pub(crate) const HONEST: Habits = Habits {
    address: (30, 6),
    is_per_key: false,
    messages: (3, 4),
    told: 30,
    reset: Reset::Epoch,
    left: Left::Right,
    silent_at: "",
    wait: Wait::Both,
};

/// The server, with what it saw.
pub(crate) struct Chat {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// When each window began, and how many requests it had.
    windows: HashMap<String, (Option<Instant>, usize)>,
    /// The method and path of each request that was refused by the limit of the address.
    refused: Vec<String>,
}

impl Chat {
    pub(crate) fn start(habits: Habits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                // Who goes away before the response needs none.
                thread::spawn(move || respond(&connection, habits, &state));
            }
        });
        Self { url, state }
    }

    /// What the limit of the address refused.
    pub(crate) fn refused(&self) -> Vec<String> {
        self.state.lock().expect("nobody panics with it").refused.clone()
    }
}

impl State {
    /// Counts a request. Gives how many are left, how long the window lasts, and whether it is refused.
    fn count(&mut self, who: String, (most, window): (usize, u64)) -> (usize, Duration, bool) {
        let (now, window) = (Instant::now(), Duration::from_secs(window));
        let (begin, count) = self.windows.entry(who).or_default();
        let lasts = |begin: &Instant| now < *begin + window;
        if !begin.as_ref().is_some_and(lasts) {
            (*begin, *count) = (Some(now), 0);
        }
        let end = begin.expect("it began") + window;
        let is_refused = *count >= most;
        *count += usize::from(!is_refused);
        (most - *count, end - now, is_refused)
    }
}

struct Asked {
    method: String,
    path: String,
    key: Option<String>,
    body: Vec<u8>,
}

fn read(connection: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(connection);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut key, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "authorization" => key = value.trim().strip_prefix("Bearer ").map(str::to_owned),
            "content-length" => length = value.trim().parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { method, path, key, body })
}

fn respond(mut connection: &TcpStream, habits: Habits, state: &Mutex<State>) -> Option<()> {
    let asked = read(connection)?;
    let path = asked.path.split('?').next().unwrap_or_default();
    let key = asked.key.clone().filter(|key| KEYS.iter().any(|(_, known)| known == key));
    let (headers, response) = {
        let mut state = state.lock().expect("nobody panics with it");
        let who = if habits.is_per_key { format!("{:?}", asked.key) } else { String::new() };
        let (left, lasts, is_refused) = state.count(who, habits.address);
        let is_silent = path == habits.silent_at;
        let headers = if is_silent { String::new() } else { tell(habits, left, lasts) };
        let response = if is_refused {
            state.refused.push(format!("{} {path}", asked.method));
            refusal("slow_down", lasts, habits.wait)
        } else if key.is_none() {
            (401, error("unauthorized", "Send a key."), String::new())
        } else if path == "/say" {
            let (_, lasts, is_refused) = state.count(format!("say {key:?}"), habits.messages);
            match serde_json::from_slice::<Value>(&asked.body) {
                _ if is_refused => refusal("too_many_messages", lasts, habits.wait),
                Ok(body) if body["text"].is_string() => {
                    (200, json!({ "said": true }), String::new())
                }
                _ => (400, error("bad_input", "`text` is missing."), String::new()),
            }
        } else if path == "/ping" {
            (200, json!({ "pong": true }), String::new())
        } else {
            (404, error("not_found", "Nothing is here."), String::new())
        };
        (headers, response)
    };
    let (status, body, more) = response;
    let body = if asked.method == "HEAD" { String::new() } else { body.to_string() };
    let length = body.len();
    write!(
        connection,
        "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}{more}\r\n{body}"
    )
    .ok()
}

/// What each response tells of the limit of the address.
fn tell(habits: Habits, left: usize, lasts: Duration) -> String {
    let (most, window) = habits.address;
    let told = habits.told;
    let left = if habits.left == Left::AlwaysAll { most } else { left };
    let seconds = lasts.as_secs() + 1;
    let epoch = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let reset = match habits.reset {
        Reset::Epoch => format!("X-RateLimit-Reset: {}\r\n", epoch + seconds),
        Reset::Delta => format!("X-RateLimit-Reset: {seconds}\r\n"),
        Reset::WindowLater => format!("X-RateLimit-Reset: {}\r\n", epoch + seconds + 2 * window),
        Reset::Missing => String::new(),
    };
    format!(
        "X-RateLimit-Limit: {told}\r\nX-RateLimit-Remaining: {left}\r\n{reset}RateLimit-Policy: \"address\";q={told};w={window}\r\nRateLimit: \"address\";a={left}\r\n"
    )
}

fn refusal(code: &str, lasts: Duration, wait: Wait) -> (u16, Value, String) {
    let lasts = if wait == Wait::TooShort { lasts / 3 } else { lasts };
    let seconds = lasts.as_secs() + 1;
    let milliseconds = lasts.as_millis() + 1;
    let mut body = error(code, "Slow down, please.");
    let told = match wait {
        Wait::Both | Wait::Body | Wait::TooShort => Some(milliseconds),
        Wait::BodyInSeconds => Some(seconds.into()),
        Wait::BodyTwice => Some(milliseconds * 2),
        Wait::Header => None,
    };
    if let Some(told) = told {
        body["retry_after_ms"] = json!(u64::try_from(told).expect("seconds"));
    }
    let header = match wait {
        Wait::Body => String::new(),
        _ => format!("Retry-After: {seconds}\r\n"),
    };
    (429, body, header)
}

fn error(code: &str, message: &str) -> Value {
    json!({ "error": { "code": code, "message": message } })
}
