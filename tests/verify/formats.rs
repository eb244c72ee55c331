//! A file that serde takes is not checked against its schema, so that nothing may be taken by the one
//! and refused by the other.

use std::{fmt::Debug, fs, path::Path};

use errproof::internals::{
    contract::{contract_file::ContractFile, scenario_file::ScenarioFile},
    source::{document::Document, format::FileFormat},
    targets::target_file::TargetFile,
};
use jsonschema::Validator;
use serde_json::{Value, json};

/// A format, by what it takes.
struct Format {
    validator: Validator,
    read: fn(&Document) -> Option<String>,
    read_as_json: fn(Value) -> Option<String>,
}

impl Format {
    fn of<T: FileFormat + Debug>() -> Self {
        Self {
            validator: Validator::new(&serde_json::from_str(T::SCHEMA).expect("JSON"))
                .expect("a schema"),
            read: |document| document.read::<T>().map(|read| format!("{read:?}")),
            read_as_json: |value| {
                serde_json::from_value::<T>(value).ok().map(|read| format!("{read:?}"))
            },
        }
    }

    /// Reads a text in both ways. Gives whether both take it, or `None` where it is no TOML.
    fn takes(&self, text: &str) -> Option<bool> {
        let document = Document::parse(Path::new("some.toml"), text).ok()?;
        let value = document.to_json();
        let valid = self.validator.is_valid(&value);
        let slow = (self.read_as_json)(value).filter(|_| valid);
        let quick = (self.read)(&document);
        assert_eq!(quick, slow, "{text}");
        Some(quick.is_some())
    }
}

/// The formats, each with files of it that between them have every key.
fn formats() -> [(Format, Vec<&'static str>); 3] {
    let scenarios = vec![
        "scenarios/400-invalid_input.toml",
        "scenarios/402-insufficient_credits.toml",
        "scenarios/429-rate_limited.toml",
        "scenarios/504-generation_timeout.toml",
    ];
    [
        (Format::of::<ContractFile>(), vec!["contract.toml"]),
        (Format::of::<ScenarioFile>(), scenarios),
        (Format::of::<TargetFile>(), vec!["targets/staging.toml"]),
    ]
}

fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(path).expect("a file of the contract")
}

/// Keys that the files of this repository do not use.
fn more(path: &str) -> &'static str {
    match path {
        "contract.toml" => {
            r#"
            [page]
            form = "html"
            code-columns = ["Code"]
            limit = "(?<requests>1)(?<unit>s)"
            [limits.more]
            requests = 5
            window-seconds = 25
            of = ["tagline"]
            per = "address"
            wait = { at = "/wait", unit = "milliseconds" }
            draft = { policy = "p", quota = "q", window = "w", left = "r", reset = "t" }
            told = { limit = "/a", left = "/b", reset = "header C", reset-is = "date" }
            "#
        }
        "scenarios/400-invalid_input.toml" => {
            r#"
            [[cases]]
            id = "more"
            key = "absent"
            after = { at-least = 1, at-most = 2 }
            also = [{ status = 400, code = "x", why = "y" }]
            [[cases]]
            id = "set"
            key = { prefix = "x" }
            body = { set = { at = "/tone", to = 7 } }
            "#
        }
        "scenarios/429-rate_limited.toml" => {
            r#"
            [twin]
            slot = "valid"
            body = { hex = "00" }
            [[cases]]
            id = "more"
            burst = { requests = 61 }
            "#
        }
        "targets/staging.toml" => {
            r#"
            [probes.more]
            offered = true
            [requests.more]
            method = "PUT"
            body = { a = 1 }
            "#
        }
        _ => "",
    }
}

/// What is put in the place of every value.
fn replacements() -> Vec<Value> {
    vec![
        json!(0),
        json!(1),
        json!(-1),
        json!(1.0),
        json!(61),
        json!(10_001),
        json!(65_536),
        json!(1_000_001),
        json!(4_294_967_296_u64),
        json!(true),
        json!(""),
        json!("absent"),
        json!([]),
        json!([0]),
        json!([1, 2]),
        json!({}),
        json!({ "absent": 1 }),
    ]
}

/// Reads a spoilt file of the contract in both ways.
pub(crate) fn read_in_both_ways(path: &str, text: &str) {
    for (format, paths) in formats() {
        if paths.contains(&path) {
            format.takes(text);
        }
    }
}

#[test]
fn a_changed_file_is_taken_by_serde_exactly_if_its_schema_takes_it() {
    let (mut taken, mut refused) = (0, 0);
    for (format, paths) in formats() {
        for path in paths {
            let text = file(path) + more(path);
            assert_eq!(format.takes(&text), Some(true), "{path}");
            let document = Document::parse(Path::new(path), &text);
            let whole = document.unwrap_or_else(|faults| panic!("{faults:?}")).to_json();
            for pointer in pointers(&whole) {
                for changed in changes(&whole, &pointer) {
                    match format.takes(&toml(&changed)) {
                        Some(true) => taken += 1,
                        Some(false) => refused += 1,
                        None => panic!("{pointer}: no TOML: {}", toml(&changed)),
                    }
                }
            }
        }
    }
    assert!(taken > 500 && refused > 5_000, "{taken} taken, {refused} refused");
}

/// The ways to every value inside another.
fn pointers(value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Array(items) => {
            items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect()
        }
        Value::Object(table) => {
            let step = |name: &str| name.replace('~', "~0").replace('/', "~1");
            table.iter().map(|(name, child)| (step(name), child)).collect()
        }
        _ => Vec::new(),
    };
    children
        .into_iter()
        .flat_map(|(step, child)| {
            let inner = pointers(child).into_iter().map(|inner| format!("/{step}{inner}"));
            [format!("/{step}")].into_iter().chain(inner).collect::<Vec<_>>()
        })
        .collect()
}

/// The file with the value at a place replaced, with a key more, with each of its keys left out, and
/// with its values as a list.
fn changes(whole: &Value, pointer: &str) -> Vec<Value> {
    let value = whole.pointer(pointer).expect("it was found there");
    let mut instead = replacements();
    if let Value::Object(table) = value {
        instead.push(table.values().cloned().collect());
        let mut more = table.clone();
        more.insert("more".to_owned(), json!(1));
        instead.push(Value::Object(more));
        for name in table.keys() {
            let mut less = table.clone();
            less.remove(name);
            instead.push(Value::Object(less));
        }
    }
    let change = |value| {
        let mut changed = whole.clone();
        *changed.pointer_mut(pointer).expect("it was found there") = value;
        changed
    };
    instead.into_iter().map(change).collect()
}

/// The value as TOML, each key of the top on a line of its own. A JSON text is one of TOML, too.
fn toml(value: &Value) -> String {
    let table = value.as_object().expect("a file is a table");
    let lines = table.iter().map(|(name, value)| format!("{} = {}", json!(name), inline(value)));
    lines.collect::<Vec<_>>().join("\n")
}

fn inline(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", "))
        }
        Value::Object(table) => {
            let entry =
                |(name, value): (&String, &Value)| format!("{} = {}", json!(name), inline(value));
            format!("{{ {} }}", table.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        leaf => leaf.to_string(),
    }
}
