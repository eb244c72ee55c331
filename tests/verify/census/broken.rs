//! The same servers with one thing of one answer broken. Breaks know the answers alone and no contract, so that some of them
//! break what nobody promised: those are listed.

use serde_json::{Map, Value};

/// What is broken in one answer of a server.
#[derive(Debug, Clone)]
pub(super) struct Broken {
    /// The rule that gives the answer, and what is broken.
    pub(super) name: String,
    /// The kind of break, by which they are counted.
    pub(super) kind: &'static str,
    /// Whether the rule is a limit, which shows in bursts alone.
    pub(super) is_limit: bool,
    /// Whether the rule is about bodies that are too large.
    pub(super) is_of_large: bool,
    /// The server's file with the break in it.
    pub(super) spec: Value,
}

/// Every break of every error of a server.
pub(super) fn breaks(spec: &Value) -> Vec<Broken> {
    let rules = spec["rules"].as_array().expect("a list of rules");
    let errors: Vec<_> = (0..rules.len()).filter(|at| is_error(&rules[*at]["answer"])).collect();
    errors.iter().flat_map(|at| of_rule(spec, *at, &errors)).collect()
}

/// Whether an answer is an error by its status or, where errors have 200, by what such APIs call it.
fn is_error(answer: &Value) -> bool {
    let body = &answer["body"];
    answer["status"].as_u64() >= Some(400)
        || body["ok"] == false
        || body["errors"].as_array().is_some_and(|errors| !errors.is_empty())
}

fn of_rule(spec: &Value, at: usize, errors: &[usize]) -> Vec<Broken> {
    let rule = &spec["rules"][at];
    let answer = &rule["answer"];
    let mut breaks = Vec::new();
    let mut add = |kind: &'static str, what: &str, spec: Value| {
        let name = format!("rule {at}, {}: {kind} {what}", answer["status"]);
        let is_limit = rule["when"].get("over-limit").is_some();
        let is_of_large = rule["when"].to_string().contains("body-longer");
        let name = name.trim_end().to_owned();
        breaks.push(Broken { name, kind, is_limit, is_of_large, spec });
    };
    let with = |answer: Value| {
        let mut spec = spec.clone();
        spec["rules"][at]["answer"] = answer;
        spec
    };
    let changed = |change: &dyn Fn(&mut Map<String, Value>)| {
        let mut answer = answer.clone();
        change(answer.as_object_mut().expect("an answer"));
        with(answer)
    };
    let status = answer["status"].as_u64().expect("a status");
    for other in [200, 400, 500].into_iter().filter(|other| *other != status) {
        add(
            "status",
            &other.to_string(),
            changed(&|answer| drop(answer.insert("status".into(), other.into()))),
        );
    }
    if let Some(neighbour) = neighbour(spec, at, errors) {
        add(
            "told as a neighbour",
            &format!("rule {neighbour}"),
            with(spec["rules"][neighbour]["answer"].clone()),
        );
        let body = spec["rules"][neighbour]["answer"].clone();
        let body = changed(&|answer| {
            for kind in ["body", "text"] {
                answer.remove(kind);
                answer.extend(body.get(kind).map(|value| (kind.to_owned(), value.clone())));
            }
        });
        add("a neighbour's body", &format!("rule {neighbour}"), body);
    }
    if answer.get("body").is_some() || answer.get("text").is_some_and(|text| text != "") {
        let text = |text: &'static str| {
            changed(&move |answer| {
                answer.remove("body");
                answer.insert("text".into(), text.into());
            })
        };
        add(
            "no body",
            "",
            changed(&|answer| answer.retain(|name, _| name != "body" && name != "text")),
        );
        add(
            "another body",
            "page",
            text("<html><body><h1>Something went wrong</h1></body></html>"),
        );
        add("another body", "cut off", text("{\"error\": {\"mess"));
        add("another body", "object", text("{\"fault\": true}"));
        let media = changed(&|answer| {
            let headers = answer.entry("headers").or_insert_with(|| Map::new().into());
            let headers = headers.as_object_mut().expect("headers");
            headers.retain(|name, _| !name.eq_ignore_ascii_case("content-type"));
            headers.insert("Content-Type".into(), "application/octet-stream".into());
        });
        add("media type", "", media);
    }
    for name in answer.get("headers").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
        if !name.eq_ignore_ascii_case("content-type") {
            add("header left out", name, changed(&|answer| drop(headers(answer).remove(name))));
        }
    }
    for (pointer, value) in answer.get("body").map(leaves).unwrap_or_default() {
        let pointer = format!("/body{pointer}");
        add("field left out", &pointer, with(without(answer, &pointer)));
        let mut other = answer.clone();
        *other.pointer_mut(&pointer).expect("a leaf") = otherwise(&value);
        add("another value", &pointer, with(other));
    }
    if rule["when"].as_object().is_some_and(|when| !when.is_empty()) {
        let mut gone = spec.clone();
        gone["rules"].as_array_mut().expect("a list").remove(at);
        add("not noticed", "", gone);
    }
    breaks
}

fn headers(answer: &mut Map<String, Value>) -> &mut Map<String, Value> {
    answer["headers"].as_object_mut().expect("headers")
}

/// The next error that differs in what an answer says.
fn neighbour(spec: &Value, at: usize, errors: &[usize]) -> Option<usize> {
    let said = |at: usize| {
        let answer = &spec["rules"][at]["answer"];
        (&answer["status"], answer.get("body"), answer.get("text"))
    };
    let behind = errors.iter().filter(|error| **error > at);
    let before = errors.iter().filter(|error| **error < at);
    behind.chain(before).find(|error| said(**error) != said(at)).copied()
}

/// The places of a body's texts, numbers and the like, with what is there.
fn leaves(body: &Value) -> Vec<(String, Value)> {
    let below = |name: &str, value: &Value| {
        let name = name.replace('~', "~0").replace('/', "~1");
        leaves(value).into_iter().map(move |(pointer, leaf)| (format!("/{name}{pointer}"), leaf))
    };
    match body {
        Value::Object(fields) => {
            fields.iter().flat_map(|(name, value)| below(name, value).collect::<Vec<_>>()).collect()
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.flat_map(|(at, item)| below(&at.to_string(), item).collect::<Vec<_>>()).collect()
        }
        leaf => vec![(String::new(), leaf.clone())],
    }
}

fn without(answer: &Value, pointer: &str) -> Value {
    let mut answer = answer.clone();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    match answer.pointer_mut(parent).expect("a parent") {
        Value::Object(fields) => drop(fields.remove(&name.replace("~1", "/").replace("~0", "~"))),
        Value::Array(items) => drop(items.remove(name.parse().expect("a place"))),
        leaf => panic!("{leaf} holds nothing"),
    }
    answer
}

/// A value of the same type that says something else.
fn otherwise(value: &Value) -> Value {
    match value {
        Value::String(text) => format!("other than {}", text.to_uppercase()).into(),
        Value::Number(number) => (number.as_i64().unwrap_or(0) + 1).into(),
        Value::Bool(is) => (!is).into(),
        _ => "something".into(),
    }
}
