//! A server that answers what an API's docs show: `server.json` lists what to answer when. The first rule that fits a request
//! answers it.

use std::{
    cell::OnceCell,
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use regex::Regex;
use serde_json::{Map, Value};
use url::form_urlencoded;
use wiremock::{Request, Respond, ResponseTemplate};

use super::signature::is_signed;

/// The server of one API.
#[derive(Debug)]
pub(super) struct Sample {
    spec: Value,
    /// How many requests each limit has counted in its window, by the limit and whom it counts.
    counts: Mutex<HashMap<String, (Instant, u64)>>,
    /// The body that came first with each value of a header.
    seen: Mutex<HashMap<String, Vec<u8>>>,
    /// How many responses it gave: each has a request id of its own.
    given: Mutex<u64>,
}

/// A request, as far as rules look at it.
pub(super) struct Asked<'a> {
    pub(super) request: &'a Request,
    pub(super) path: String,
    pub(super) query: HashMap<String, String>,
    /// The body as JSON, if a rule asks for it: one of many megabytes takes seconds to read.
    json: OnceCell<Option<Value>>,
}

/// What a rule's texts hold in place of names in braces.
type Told = HashMap<&'static str, String>;

impl<'a> Asked<'a> {
    fn of(request: &'a Request) -> Self {
        let path = percent_encoding::percent_decode_str(request.url.path());
        Self {
            request,
            path: path.decode_utf8_lossy().into_owned(),
            query: form_urlencoded::parse(request.url.query().unwrap_or_default().as_bytes())
                .into_owned()
                .collect(),
            json: OnceCell::new(),
        }
    }

    /// The values of a header.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self.request.headers.get_all(name).iter().collect();
        let text =
            |value: &&http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        (!values.is_empty()).then(|| values.iter().map(text).collect::<Vec<_>>().join(", "))
    }

    fn json(&self) -> Option<&Value> {
        self.json.get_or_init(|| serde_json::from_slice(&self.request.body).ok()).as_ref()
    }

    fn at(&self, pointer: &str) -> Option<&Value> {
        self.json()?.pointer(pointer)
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("expected a text: {value}"))
}

fn entries(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap_or_else(|| panic!("expected a table: {value}"))
}

fn list(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().unwrap_or_else(|| panic!("expected a list: {value}")).iter().map(text)
}

impl Sample {
    /// The server that a file describes.
    pub(super) fn of(spec: Value) -> Self {
        Self { spec, counts: Mutex::default(), seen: Mutex::default(), given: Mutex::default() }
    }

    /// Whether all conditions of a rule hold. A limit counts only what fits all else, so it is looked at last.
    fn holds(&self, when: &Map<String, Value>, asked: &Asked<'_>, told: &mut Told) -> bool {
        let others = when.iter().filter(|(name, _)| *name != "over-limit");
        for (name, wanted) in others {
            if !self.condition(name, wanted, asked, told) {
                return false;
            }
        }
        match when.get("over-limit") {
            Some(limit) => self.is_over(entries(limit), asked, told),
            None => true,
        }
    }

    fn condition(&self, name: &str, wanted: &Value, asked: &Asked<'_>, told: &mut Told) -> bool {
        let matches = |pattern: &str, found: &str| {
            Regex::new(pattern).unwrap_or_else(|_| panic!("{pattern}")).is_match(found)
        };
        match name {
            "method" => asked.request.method.as_str() == text(wanted),
            "path" => asked.path == text(wanted),
            "path-begins" => asked.path.starts_with(text(wanted)),
            "header" => entries(wanted)
                .iter()
                .all(|(name, value)| asked.header(name).as_deref() == Some(text(value))),
            "no-header" => list(wanted).all(|name| asked.header(name).is_none()),
            "header-matches" => entries(wanted).iter().all(|(name, pattern)| {
                asked.header(name).is_some_and(|found| matches(text(pattern), &found))
            }),
            "query" => entries(wanted).iter().all(|(name, value)| {
                asked.query.get(name).map(String::as_str) == Some(text(value))
            }),
            "no-query" => list(wanted).all(|name| !asked.query.contains_key(name)),
            "body-matches" => matches(text(wanted), &String::from_utf8_lossy(&asked.request.body)),
            "body-longer" => Some(asked.request.body.len() as u64) > wanted.as_u64(),
            "body-not-json" => Some(asked.json().is_none()) == wanted.as_bool(),
            "body-lacks" => {
                asked.json().is_some() && list(wanted).all(|pointer| asked.at(pointer).is_none())
            }
            "body-has" => entries(wanted)
                .iter()
                .all(|(pointer, value)| asked.at(pointer).is_some_and(|found| found == value)),
            "signed" => is_signed(&self.spec["sigv4"], asked) == (text(wanted) == "ok"),
            "not" => !self.holds(entries(wanted), asked, told),
            "seen" => {
                let name = text(&wanted["header"]);
                let Some(value) = asked.header(name) else { return false };
                let mut seen = self.seen.lock().expect("no panic");
                let first = seen.entry(format!("{name} {value}"));
                *first.or_insert_with(|| asked.request.body.clone()) != asked.request.body
            }
            _ => panic!("unknown condition {name}"),
        }
    }

    /// Whether a request is one too many in its window, which begins with its first.
    fn is_over(&self, limit: &Map<String, Value>, asked: &Asked<'_>, told: &mut Told) -> bool {
        let begins = limit.get("of-path-begins").map_or("/", text);
        if !asked.path.starts_with(begins) {
            return false;
        }
        let per = text(&limit["per"]);
        let who = per.strip_prefix("header ").and_then(|name| asked.header(name));
        let key = format!("{} {}", Value::Object(limit.clone()), who.unwrap_or_default());
        let number = |name: &str| limit[name].as_u64().expect("a whole number");
        let (most, window) = (number("requests"), Duration::from_secs(number("window-seconds")));
        let now = Instant::now();
        let mut counts = self.counts.lock().expect("no panic");
        let (begin, count) = counts.entry(key).or_insert((now, 0));
        if now >= *begin + window {
            (*begin, *count) = (now, 0);
        }
        let is_over = *count >= most;
        *count += u64::from(!is_over);
        let left = (*begin + window).saturating_duration_since(now);
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970") + left;
        let whole = |time: Duration| time.as_secs() + u64::from(time.subsec_nanos() > 0);
        told.insert("left", (most - *count).to_string());
        told.insert("reset-epoch", whole(epoch).to_string());
        told.insert("wait-seconds", whole(left).max(1).to_string());
        told.insert("wait-ms", left.as_millis().max(1).to_string());
        is_over
    }

    fn id(&self) -> String {
        let mut given = self.given.lock().expect("no panic");
        *given += 1;
        // As long and as mixed as ids are, and never the same.
        format!("{:016x}{:016x}", *given, given.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

/// A text with what is told in place of the names in it, and with the request's headers.
fn filled(template: &str, asked: &Asked<'_>, told: &Told) -> String {
    let mut text = template.to_owned();
    for (name, value) in told {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    let header = Regex::new(r"\{header ([A-Za-z0-9-]+)\}").expect("a pattern");
    let value = |found: &regex::Captures<'_>| asked.header(&found[1]).unwrap_or_default();
    header.replace_all(&text, value).into_owned()
}

/// A value with its texts filled. One that is nothing but a number's name becomes that number.
fn filled_value(value: &Value, asked: &Asked<'_>, told: &Told) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter();
            fields.map(|(name, value)| (name.clone(), filled_value(value, asked, told))).collect()
        }
        Value::Array(items) => items.iter().map(|item| filled_value(item, asked, told)).collect(),
        Value::String(text) => {
            let name = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
            let number = name.filter(|name| *name != "request-id").and_then(|name| told.get(name));
            match number.and_then(|number| number.parse::<u64>().ok()) {
                Some(number) => number.into(),
                None => filled(text, asked, told).into(),
            }
        }
        other => other.clone(),
    }
}

impl Respond for Sample {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let asked = Asked::of(request);
        let mut told = Told::from([("request-id", self.id())]);
        let none = Map::new();
        let rules = self.spec["rules"].as_array().expect("a list of rules");
        let rule = rules.iter().find(|rule| {
            let when = rule.get("when").map_or(&none, entries);
            self.holds(when, &asked, &mut told)
        });
        let rule = rule.unwrap_or_else(|| panic!("no rule fits {} {}", request.method, asked.path));
        let answer = &rule["answer"];
        let status = answer["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        let mut response = ResponseTemplate::new(status.expect("a status"));
        let headers = answer.get("headers").map_or(&none, entries);
        let media = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let media = media.map(|(_, value)| text(value));
        for (name, value) in
            headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-type"))
        {
            response = response.append_header(name.as_str(), filled(text(value), &asked, &told));
        }
        if let Some(body) = answer.get("body") {
            let body = filled_value(body, &asked, &told).to_string();
            response.set_body_raw(body, media.unwrap_or("application/json"))
        } else if let Some(body) = answer.get("text") {
            let body = filled(text(body), &asked, &told);
            response.set_body_raw(body, media.unwrap_or("text/plain; charset=utf-8"))
        } else {
            response
        }
    }
}
