//! A small shop whose errors are problem details (RFC 9457): what the contract beside this file
//! promises, and the ways to break one promise.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::ValueEnum;
use serde_json::{Value, json};
use wiremock::{Request, Respond, ResponseTemplate};

/// The keys that it knows, one for each slot of the contract.
pub(crate) const KEYS: [(&str, &str); 3] = [
    ("SHOP_KEY_VALID", "shop_valid0000000000000000000"),
    ("SHOP_KEY_BURST", "shop_burst0000000000000000000"),
    ("SHOP_KEY_OTHER", "shop_other0000000000000000000"),
];

/// A promise that it breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Deviation {
    MediaType,
    StatusInBody,
    TypeElsewhere,
    TitleMissing,
    InstanceConstant,
    KeyEchoed,
    HintAdded,
    LimitEleven,
    LimitNine,
    LimitPerAddress,
    RefusalAs503,
    RetryAfterMissing,
    RetryAfterTooShort,
    RetryAfterDate,
    RateLimitMissing,
    RateLimitTimeLies,
    RateLimitPolicyLies,
    UnknownAs403,
    ShortenedKeyTaken,
    ApiKeySchemeIgnored,
    FieldNotNamed,
    MalformedAs500,
    GoneAsNotFound,
    ClosedWithoutEnd,
    SoldOutForEveryone,
}

const LIMIT: u32 = 10;
const WINDOW: Duration = Duration::from_secs(10);

/// The shop. Time is real: a window is ten seconds.
pub(crate) struct Shop {
    deviation: Option<Deviation>,
    /// When a key's window began, and how many requests it has seen.
    windows: Mutex<HashMap<String, (Instant, u32)>>,
}

/// What an answer tells of the limit: requests left, and seconds to the window's end.
type Rate = (u32, u64);

/// What goes wrong: status, code, title, detail.
type Problem = (u16, &'static str, &'static str, String);

impl Shop {
    pub(crate) fn new(deviation: Option<Deviation>) -> Self {
        Self { deviation, windows: Mutex::default() }
    }

    fn is(&self, deviation: Deviation) -> bool {
        self.deviation == Some(deviation)
    }

    fn answer(&self, request: &Request) -> ResponseTemplate {
        let mut rate = None;
        match self.serve(request, &mut rate) {
            Ok((status, body)) => {
                self.tell(ResponseTemplate::new(status).set_body_json(body), rate, false)
            }
            Err(problem) => self.refuse(problem, request, rate),
        }
    }

    /// Looks for what is wrong, in the order of the contract's chain.
    fn serve(&self, request: &Request, rate: &mut Option<Rate>) -> Result<(u16, Value), Problem> {
        let key = self.key(request).ok_or_else(|| {
            (401, "missing-credentials", "No credentials", "Send a key by HTTP Basic.".to_owned())
        })?;
        let known = KEYS.iter().any(|(_, known)| {
            let beginning = self.is(Deviation::ShortenedKeyTaken) && key.len() > 20;
            *known == key || (beginning && known.starts_with(&key))
        });
        if !known {
            let status = if self.is(Deviation::UnknownAs403) { 403 } else { 401 };
            let detail = "No customer has this key.".to_owned();
            return Err((status, "unknown-credentials", "Unknown credentials", detail));
        }
        self.admit(key, rate)?;
        if header(request, "x-maintenance").is_some() {
            let detail = "The shop is closed for maintenance.".to_owned();
            return Err((503, "maintenance", "Closed", detail));
        }
        let missing = |code, status| {
            let title = if status == 410 { "No longer here" } else { "Not here" };
            (status, code, title, format!("There is nothing at {}.", request.url.path()))
        };
        match (request.method.as_str(), request.url.path()) {
            ("GET", "/v1/items/lamp") => Ok((200, json!({ "item": "lamp", "stock": 3 }))),
            ("POST", "/v1/orders") => self.order(&request.body),
            (_, path) if path.starts_with("/v0/") && !self.is(Deviation::GoneAsNotFound) => {
                Err(missing("gone", 410))
            }
            _ => Err(missing("not-found", 404)),
        }
    }

    fn order(&self, body: &[u8]) -> Result<(u16, Value), Problem> {
        let body: Value = serde_json::from_slice(body).map_err(|_| {
            let status = if self.is(Deviation::MalformedAs500) { 500 } else { 400 };
            (status, "malformed-body", "Malformed body", "The body is not JSON.".to_owned())
        })?;
        let invalid = |field: &str| {
            let named = if self.is(Deviation::FieldNotNamed) { "A field" } else { field };
            let detail = format!("{named} is not what an order takes.");
            (422, "invalid-value", "Invalid value", detail)
        };
        let item = body["item"].as_str().ok_or_else(|| invalid("item"))?;
        let quantity = body["quantity"].as_u64().filter(|quantity| (1..100).contains(quantity));
        let quantity = quantity.ok_or_else(|| invalid("quantity"))?;
        if item != "lamp" || self.is(Deviation::SoldOutForEveryone) {
            let detail = format!("There are fewer than {quantity} of {item}.");
            return Err((409, "out-of-stock", "Out of stock", detail));
        }
        Ok((201, json!({ "item": item, "quantity": quantity })))
    }

    /// The key, by HTTP Basic or behind the scheme `ApiKey`.
    fn key(&self, request: &Request) -> Option<String> {
        let value = header(request, "authorization")?;
        let (scheme, rest) = value.split_once(' ')?;
        let key = match scheme {
            "Basic" => {
                let decoded = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
                decoded.split_once(':')?.0.to_owned()
            }
            "ApiKey" if !self.is(Deviation::ApiKeySchemeIgnored) => rest.to_owned(),
            _ => return None,
        };
        Some(key).filter(|key| !key.is_empty())
    }

    /// Counts a request of a key, in a window that begins with its first one.
    fn admit(&self, key: String, rate: &mut Option<Rate>) -> Result<(), Problem> {
        let limit = match self.deviation {
            Some(Deviation::LimitEleven) => LIMIT + 1,
            Some(Deviation::LimitNine) => LIMIT - 1,
            _ => LIMIT,
        };
        let whose = if self.is(Deviation::LimitPerAddress) { "everybody".to_owned() } else { key };
        let now = Instant::now();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let (begin, used) = windows.entry(whose).or_insert((now, 0));
        if now >= *begin + WINDOW {
            (*begin, *used) = (now, 0);
        }
        let left = (*begin + WINDOW).saturating_duration_since(now);
        let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        if *used >= limit {
            *rate = Some((0, seconds));
            let status = if self.is(Deviation::RefusalAs503) { 503 } else { 429 };
            let detail = format!("Wait for {seconds} seconds.");
            return Err((status, "too-many-requests", "Too many requests", detail));
        }
        *used += 1;
        *rate = Some(((limit - *used).min(LIMIT - 1), seconds));
        Ok(())
    }

    fn refuse(&self, problem: Problem, request: &Request, rate: Option<Rate>) -> ResponseTemplate {
        let (status, code, title, mut detail) = problem;
        if let Some(sent) =
            header(request, "authorization").filter(|_| self.is(Deviation::KeyEchoed))
        {
            detail = format!("{detail} You sent {sent}.");
        }
        let instance = match self.deviation {
            Some(Deviation::InstanceConstant) => 0,
            _ => fastrand::u64(..),
        };
        let base = match self.deviation {
            Some(Deviation::TypeElsewhere) => "https://errors.example.com/",
            _ => "https://api.example.com/problems/",
        };
        let mut body = json!({
            "type": format!("{base}{code}"),
            "title": title,
            "status": if self.is(Deviation::StatusInBody) { 500 } else { status },
            "detail": detail,
            "instance": format!("/problems/{instance:016x}"),
        });
        if let Some(body) = body.as_object_mut() {
            if self.is(Deviation::TitleMissing) {
                body.remove("title");
            }
            if self.is(Deviation::HintAdded) {
                body.insert("hint".to_owned(), "Read the docs.".into());
            }
        }
        let media = match self.deviation {
            Some(Deviation::MediaType) => "application/json",
            _ => "application/problem+json",
        };
        let template = ResponseTemplate::new(status).set_body_raw(body.to_string(), media);
        let template = match status {
            401 => template.insert_header("www-authenticate", "Basic realm=\"shop\""),
            _ => template,
        };
        match code {
            "maintenance" if !self.is(Deviation::ClosedWithoutEnd) => {
                self.tell(template.insert_header("retry-after", "900"), rate, false)
            }
            _ => self.tell(template, rate, code == "too-many-requests"),
        }
    }

    /// Says what is left of the limit, and to whom is refused how long to wait.
    fn tell(
        &self,
        answer: ResponseTemplate,
        rate: Option<Rate>,
        refused: bool,
    ) -> ResponseTemplate {
        let Some((left, mut seconds)) = rate else { return answer };
        if refused && self.is(Deviation::RetryAfterTooShort) {
            seconds = 2;
        }
        let answer = match self.deviation {
            _ if !refused => answer,
            Some(Deviation::RetryAfterMissing) => answer,
            Some(Deviation::RetryAfterDate) => {
                answer.insert_header("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")
            }
            _ => answer.insert_header("retry-after", seconds.to_string()),
        };
        if self.is(Deviation::RateLimitMissing) {
            return answer;
        }
        let quota = if self.is(Deviation::RateLimitPolicyLies) { 100 } else { LIMIT };
        if refused && self.is(Deviation::RateLimitTimeLies) {
            seconds = 1;
        }
        answer
            .insert_header(
                "ratelimit-policy",
                format!(r#""default";q={quota};w={}"#, WINDOW.as_secs()),
            )
            .insert_header("ratelimit", format!(r#""default";r={left};t={seconds}"#))
    }
}

fn header(request: &Request, name: &str) -> Option<String> {
    request.headers.get(name)?.to_str().ok().map(str::to_owned)
}

impl Respond for Shop {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        self.answer(request)
    }
}
