//! The error page kept by axum, in variants that differ where the page is silent.

mod limiter;

use std::collections::HashMap;
use std::convert::Infallible;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;
use axum::{Router, serve};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream;
use limiter::{Kind, Limiter};
use serde_json::{Value, json};

const DOCS: &str = "https://www.planmysaas.com/docs/api/errors";

#[derive(Clone, Default)]
struct V {
    order: &'static str,
    limiter: Kind,
    credits: &'static str,
    drained: i64,
    media: &'static str,
    field: &'static str,
    language: &'static str,
    timeout: u64,
    delay: u64,
    padded: bool,
    chunks: usize,
    zeros: bool,
    lenient: bool,
    strict: bool,
    gzip: bool,
    hold: bool,
    close: bool,
    length: bool,
    long: bool,
    all: bool,
    bearer_first: bool,
    empty_is_malformed: bool,
    whole: bool,
}

const NAMES: [&str; 6] = ["plain", "gcra", "padded", "talkative", "hold", "late"];

fn variant(name: &str) -> Option<V> {
    let usual = V {
        order: "key revoked rate json input workspace plan regen preflight credits",
        credits: "You need {cost} credits but have {left}.",
        drained: 4,
        media: "application/json",
        field: "{}",
        timeout: 90,
        ..V::default()
    };
    Some(match name {
        // The usual order, and the names of headers in lower case, as hyper writes them.
        "plain" => V { ..usual },
        // Media types have no case (RFC 9110 8.3.1), no language is promised, gzip is for those who name it, and GCRA with
        // a burst of 60 is 60 a minute. The shape may be the exact one, and an empty key be malformed.
        "gcra" => V {
            limiter: Kind::Gcra,
            media: "Application/JSON; Charset=\"UTF-8\"",
            language: "pt",
            gzip: true,
            strict: true,
            empty_is_malformed: true,
            drained: 0,
            credits: "Saldo zero; a chamada custa {cost} cr\u{e9}ditos.",
            field: "\u{201c}{}\u{201d}",
            ..usual
        },
        // JSON may have blanks around it, a body may come in chunks, delay-seconds are digits of any number (RFC 9110
        // 10.2.3), refused requests may count, and wrong bytes may be replaced.
        "padded" => V {
            limiter: Kind::LogAll,
            padded: true,
            chunks: 9,
            zeros: true,
            lenient: true,
            drained: 6,
            all: true,
            field: ".{}",
            credits: "{left}/{cost} credits",
            media: "application/problem+json",
            timeout: 300,
            order: "key revoked json input workspace rate credits plan regen preflight",
            ..usual
        },
        // The envelope may stand beside more, messages and ids may be long, answers may take their time, and the body may
        // be looked at before the key is.
        "talkative" => V {
            limiter: Kind::Counter,
            long: true,
            delay: 150,
            drained: -8,
            credits: "Cost: {cost} credits. Balance: {left} credits.",
            bearer_first: true,
            order: "json input key revoked workspace preflight rate regen plan credits",
            field: "request.body.{}",
            ..usual
        },
        // Credits may be held while a tool works and be given back, 411 asks for a Content-Length (RFC 9110 15.5.12), and
        // each answer may end its connection. Two minutes are within 90 s and 5 min.
        "hold" => V {
            hold: true,
            length: true,
            close: true,
            timeout: 120,
            drained: 9,
            field: "{}:",
            whole: true,
            credits: "Top up: {cost} needed, {left} available",
            order: "key revoked rate credits plan regen workspace preflight json input",
            ..usual
        },
        // A revoked key may use up its 60 before it is called revoked again; a place may be given back a little later than
        // after a minute, as Retry-After says.
        "late" => V {
            limiter: Kind::Places,
            drained: -1,
            credits: "Overdrawn: balance {left}, cost {cost}.",
            language: "shout",
            field: "<{}>",
            order: "key rate revoked workspace regen plan json credits input preflight",
            delay: 30,
            ..usual
        },
        _ => return None,
    })
}

struct Account {
    name: &'static str,
    credits: i64,
}

struct App {
    v: V,
    window: f64,
    give_up: Duration,
    accounts: Mutex<HashMap<String, Account>>,
    lengths: Vec<usize>,
    limits: Limiter,
    count: AtomicU64,
}

/// What a check finds: a code, a message of its own if it has one, and the seconds to wait.
struct Refusal(&'static str, Option<String>, Option<f64>);

fn refuse<T>(code: &'static str) -> Result<T, Refusal> {
    Err(Refusal(code, None, None))
}

struct Call {
    tool: &'static str,
    cost: i64,
    headers: HeaderMap,
    raw: Bytes,
    body: Value,
    key: String,
    name: &'static str,
    fault: String,
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_string())
}

impl App {
    async fn answer(&self, request: Request) -> Result<Value, Refusal> {
        let (parts, body) = request.into_parts();
        let raw = to_bytes(body, 64 << 20).await.unwrap_or_default();
        let (tool, cost) = match parts.uri.path() {
            "/api/v1/credits" => ("", 0),
            "/api/v1/tools/tagline" => ("tagline", 10),
            "/api/v1/tools/roadmap" => ("roadmap", 150),
            path if path.starts_with("/api/v1/projects/") && path.ends_with("/regenerate") => {
                ("regenerate", 20)
            }
            _ => return refuse("not_found"),
        };
        if parts.method != if tool.is_empty() { Method::GET } else { Method::POST } {
            return refuse("method_not_allowed");
        }
        if self.v.length && !tool.is_empty() && !parts.headers.contains_key(header::CONTENT_LENGTH)
        {
            return refuse("length_required");
        }
        let fault = header(&parts.headers, "x-test-fault").unwrap_or_default();
        let (body, key) = (Value::Null, String::new());
        let mut call = Call { tool, cost, headers: parts.headers, raw, body, key, name: "", fault };
        for step in self.v.order.split(' ') {
            if !tool.is_empty() || ["key", "revoked", "rate", "workspace"].contains(&step) {
                self.check(step, &mut call)?;
            }
        }
        if tool.is_empty() {
            return Ok(json!({ "credits": self.balance(&call.key) }));
        }
        if self.v.hold {
            self.charge(&call.key, cost);
        }
        for code in ["generation_failed", "generation_timeout"]
            .into_iter()
            .filter(|code| *code == call.fault)
        {
            if code == "generation_timeout" {
                tokio::time::sleep(self.give_up).await;
            }
            if self.v.hold {
                self.charge(&call.key, -cost);
            }
            return refuse(code);
        }
        if !self.v.hold {
            self.charge(&call.key, cost);
        }
        Ok(
            json!({ "result": ["Errors that keep their word."], "creditsLeft": self.balance(&call.key) }),
        )
    }

    fn balance(&self, key: &str) -> i64 {
        self.accounts.lock().unwrap()[key].credits
    }

    fn charge(&self, key: &str, cost: i64) {
        self.accounts.lock().unwrap().get_mut(key).expect("a known key").credits -= cost;
    }

    fn check(&self, step: &str, call: &mut Call) -> Result<(), Refusal> {
        match step {
            "key" => self.check_key(call),
            "revoked" if call.name == "REVOKED" => refuse("revoked_api_key"),
            "rate" => match self.limits.wait(&call.key) {
                Some(wait) => Err(Refusal(
                    "rate_limited",
                    None,
                    Some(if self.v.whole { self.window } else { wait }),
                )),
                None => Ok(()),
            },
            "json" => {
                let text = if self.v.lenient {
                    String::from_utf8_lossy(&call.raw)
                } else {
                    Default::default()
                };
                let bytes = if self.v.lenient {
                    text.trim_start_matches('\u{feff}').as_bytes()
                } else {
                    &call.raw
                };
                call.body = serde_json::from_slice(bytes).or(refuse("invalid_json"))?;
                Ok(())
            }
            "input" => {
                let wrong: Vec<String> = wrong_fields(call.tool, &call.body)
                    .into_iter()
                    .map(|(name, why)| format!("{} {why}", self.v.field.replace("{}", name)))
                    .take(if self.v.all { 9 } else { 1 })
                    .collect();
                if wrong.is_empty() {
                    Ok(())
                } else {
                    Err(Refusal("invalid_input", Some(wrong.join(", ")), None))
                }
            }
            "workspace" if call.name == "ORPHANED" => refuse("workspace_not_found"),
            "plan" if call.tool == "roadmap" && call.name == "FREE_PLAN" => refuse("plan_gate"),
            "regen" if call.tool == "regenerate" && call.name == "REGEN_CAPPED" => {
                refuse("regen_limit")
            }
            "preflight" if call.fault == "preflight_failed" => refuse("preflight_failed"),
            "credits" if self.balance(&call.key) < call.cost => {
                let left = self.balance(&call.key).to_string();
                let text = self
                    .v
                    .credits
                    .replace("{cost}", &call.cost.to_string())
                    .replace("{left}", &left);
                Err(Refusal("insufficient_credits", Some(text), None))
            }
            _ => Ok(()),
        }
    }

    fn check_key(&self, call: &mut Call) -> Result<(), Refusal> {
        let bearer = header(&call.headers, "authorization").and_then(|value| {
            let (scheme, key) = value.split_once(' ').unwrap_or((&value, ""));
            scheme.eq_ignore_ascii_case("bearer").then(|| key.trim().to_string())
        });
        let mut keys = [header(&call.headers, "x-api-key"), bearer];
        if self.v.bearer_first {
            keys.reverse();
        }
        let found =
            keys.into_iter().flatten().find(|key| self.v.empty_is_malformed || !key.is_empty());
        let Some(key) = found else { return refuse("missing_api_key") };
        let Some(rest) = key.strip_prefix("pms_live_") else { return refuse("malformed_api_key") };
        let shaped = !rest.is_empty()
            && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'`".contains(&byte));
        let exact = self.lengths.contains(&key.len())
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        if !shaped || self.v.strict && !exact {
            return refuse("malformed_api_key");
        }
        match self.accounts.lock().unwrap().get(&key) {
            Some(account) => call.name = account.name,
            None => return refuse("invalid_api_key"),
        }
        call.key = key;
        Ok(())
    }

    fn refusal(&self, Refusal(code, text, wait): Refusal) -> (u16, Value, Option<String>) {
        let status = match code {
            "invalid_json" | "invalid_input" => 400,
            "insufficient_credits" => 402,
            "plan_gate" | "regen_limit" => 403,
            "workspace_not_found" | "not_found" => 404,
            "method_not_allowed" => 405,
            "length_required" => 411,
            "rate_limited" => 429,
            "preflight_failed" => 500,
            "generation_failed" => 502,
            "generation_timeout" => 504,
            _ => 401,
        };
        let words = code.replace('_', " ");
        let mut message = text.unwrap_or_else(|| match self.v.language {
            "pt" => format!("N\u{e3}o foi poss\u{ed}vel: {words}"),
            "shout" => words.to_uppercase() + "!",
            _ => format!("Refused, because of this: {words}."),
        });
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let nanoseconds =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
        let mut id = format!("{nanoseconds:x}{number:04x}");
        if self.v.long {
            message +=
                &" Please read the page about errors, or ask for help, with the requestId at hand."
                    .repeat(20);
            id = format!("arn:pms:eu-central-1:request/{}/{id}", "0123456789abcdef".repeat(10));
        }
        let mut body =
            json!({ "error": { "code": code, "message": message, "docs": DOCS, "requestId": id } });
        if self.v.long {
            body["code"] = json!(status);
            body["message"] = json!(null);
            body["error"]["details"] =
                json!([{ "code": 7, "meta": { "docs": "/docs", "requestId": null } }]);
        }
        let seconds = wait.map(|wait| wait.ceil().max(1.0) as u64);
        (
            status,
            body,
            seconds.map(
                |seconds| if self.v.zeros { format!("{seconds:06}") } else { seconds.to_string() },
            ),
        )
    }
}

fn wrong_fields(tool: &str, body: &Value) -> Vec<(&'static str, &'static str)> {
    let needed: &[&'static str] = match tool {
        "tagline" => &["product", "description", "tone"],
        "roadmap" => &["product", "description"],
        _ => &["instructions"],
    };
    let mut wrong = Vec::new();
    for name in needed {
        let range = match (tool, *name) {
            ("tagline", "product") => 3..=80,
            ("tagline", "description") => 20..=2000,
            _ => 1..=5000,
        };
        match body.get(name) {
            None => wrong.push((*name, "is missing")),
            Some(Value::String(text)) if range.contains(&text.chars().count()) => {
                if *name == "tone"
                    && !["plain", "playful", "bold", "formal"].contains(&text.as_str())
                {
                    wrong.push((*name, "is none of plain, playful, bold and formal"));
                }
            }
            Some(_) => wrong.push((*name, "is no text of the right length")),
        }
    }
    let whole = |count: &Value| {
        count.as_f64().is_some_and(|n| n.fract() == 0.0 && (1.0..=10.0).contains(&n))
    };
    if tool == "tagline" && body.get("count").is_some_and(|count| !whole(count)) {
        wrong.push(("count", "is no whole number from 1 to 10"));
    }
    wrong
}

async fn serve_one(State(app): State<Arc<App>>, request: Request) -> Response {
    let number = app.count.fetch_add(1, Ordering::Relaxed);
    if app.v.delay > 0 {
        tokio::time::sleep(Duration::from_millis(20 + number * 37 % app.v.delay)).await;
    }
    let wanted = header(request.headers(), "accept-encoding")
        .unwrap_or_default()
        .to_lowercase()
        .replace(' ', "");
    let worker = app.clone();
    // A client that goes away does not end the work, so that held credits are always given back.
    let outcome = tokio::spawn(async move { worker.answer(request).await }).await;
    let (status, body, wait) = match outcome.unwrap_or_else(|_| refuse("preflight_failed")) {
        Ok(body) => (200, body, None),
        Err(refusal) => app.refusal(refusal),
    };
    let mut response = Response::builder().status(status);
    response = response
        .header("content-type", if status < 400 { "application/json" } else { app.v.media });
    if let Some(wait) = wait {
        response = response.header("retry-after", wait);
    }
    if app.v.close {
        response = response
            .header("connection", "close")
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2");
    }
    let mut raw = body.to_string().into_bytes();
    if app.v.padded {
        raw = [b"\r\n\t ".as_slice(), &raw, b"\n\n"].concat();
    }
    if app.v.gzip
        && wanted
            .split(',')
            .any(|one| one == "gzip" || one.starts_with("gzip;q=1") || one.starts_with("gzip;q=0."))
        && !wanted.contains("gzip;q=0.0")
    {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        if packer.write_all(&raw).is_ok() {
            raw = packer.finish().unwrap_or_default();
            response =
                response.header("content-encoding", "gzip").header("vary", "accept-encoding");
        }
    }
    let body = if app.v.chunks > 0 {
        let pieces: Vec<_> = raw
            .chunks(app.v.chunks)
            .map(|piece| Ok::<_, Infallible>(Bytes::copy_from_slice(piece)))
            .collect();
        Body::from_stream(stream::iter(pieces))
    } else {
        Body::from(raw)
    };
    response.body(body).expect("headers that are valid")
}

fn seconds(name: &str, usual: f64) -> f64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(usual)
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let Some(v) = variant(&name) else {
        eprintln!("usage: run VARIANT, one of {}", NAMES.join(" "));
        std::process::exit(2);
    };
    let balances = [
        ("VALID", 1_000_000),
        ("BURST", 1_000_000),
        ("REVOKED", 30),
        ("DRAINED", v.drained),
        ("FREE_PLAN", 80_000),
        ("REGEN_CAPPED", 80_000),
        ("ORPHANED", 30),
    ];
    let accounts: HashMap<_, _> = balances
        .into_iter()
        .filter_map(|(name, credits)| {
            Some((std::env::var(format!("ERRPROOF_KEY_{name}")).ok()?, Account { name, credits }))
        })
        .collect();
    let window = seconds("WINDOW_SECONDS", 60.0);
    let app = App {
        window,
        give_up: Duration::from_secs_f64(seconds("TIMEOUT_SECONDS", v.timeout as f64)),
        lengths: accounts.keys().map(String::len).collect(),
        accounts: Mutex::new(accounts),
        limits: Limiter::new(v.limiter, window),
        count: AtomicU64::new(1),
        v,
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("listening on http://{}", listener.local_addr().expect("an address"));
    serve(listener, Router::new().fallback(serve_one).with_state(Arc::new(app)))
        .await
        .expect("a server");
}
