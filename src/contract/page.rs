//! How the docs' page is read.

use std::sync::LazyLock;

use regex::Regex;

use super::contract_file::{CodesIn, Form, PageFormat};
use crate::source::{document::Way, reader::Reader};

/// A regular expression that is compiled when it is first matched: the five of a page cost 13 million
/// instructions, nearly as many as all else in loading a contract, and few runs read a page.
pub type Pattern = LazyLock<Regex, Box<dyn FnOnce() -> Regex + Send>>;

/// How the docs' page is read.
#[derive(Debug)]
pub struct PageReading {
    /// What the page is written in, if the contract says so.
    pub form: Option<Form>,
    /// Where the codes are defined.
    pub codes_in: CodesIn,
    /// The headers of the column that holds the code.
    pub code_columns: Vec<String>,
    /// The headers of the column that holds the status.
    pub status_columns: Vec<String>,
    /// A cell that holds a code, with one group around it.
    pub code: Pattern,
    /// A status, with one group around it.
    pub status: Pattern,
    /// A line of plain text that is a heading.
    pub heading: Pattern,
    /// The limit, with the groups `requests`, `unit` and perhaps `count`.
    pub limit: Pattern,
    /// A range of time, with the groups `least`, `most`, `most_unit` and perhaps `least_unit`.
    pub time: Pattern,
    /// The heading under which the example of an envelope stands.
    pub example_under: Option<String>,
    /// The example that is printed.
    pub example: Option<String>,
}

impl PageReading {
    /// Takes the patterns in. What is wrong with one is a fault at its place.
    pub(super) fn new(format: &PageFormat, reader: &mut Reader<'_>) -> Self {
        let defaults = PageFormat::default();
        for (name, columns) in
            [("code-columns", &format.code_columns), ("status-columns", &format.status_columns)]
        {
            if columns.iter().all(|column| column.trim().is_empty()) {
                reader.add(&["page", name], "no column header", "expected at least one");
            }
        }
        Self {
            form: format.form,
            codes_in: format.codes_in,
            code_columns: format.code_columns.clone(),
            status_columns: format.status_columns.clone(),
            code: pattern(reader, "code", &format.code, &defaults.code),
            status: pattern(reader, "status", &format.status, &defaults.status),
            heading: pattern(reader, "heading", &format.heading, &defaults.heading),
            limit: pattern(reader, "limit", &format.limit, &defaults.limit),
            time: pattern(reader, "time", &format.time, &defaults.time),
            example_under: format.example_under.clone(),
            example: format.example.clone(),
        }
    }
}

/// A pattern: at once with its faults where the contract gives it, later where it is our own.
fn pattern(reader: &mut Reader<'_>, name: &str, text: &str, default: &str) -> Pattern {
    let text = text.to_owned();
    if text == default {
        let compile = move || Regex::new(&text).expect("the defaults are patterns");
        return LazyLock::new(Box::new(compile));
    }
    let pattern = compile(reader, name, &text);
    LazyLock::new(Box::new(move || pattern))
}

/// Compiles a pattern, with everything in it that is read from a page.
fn compile(reader: &mut Reader<'_>, name: &str, text: &str) -> Regex {
    let pattern = match Regex::new(text) {
        Ok(pattern) => pattern,
        Err(error) => {
            let text = error.to_string();
            let why = text.lines().next_back().unwrap_or_default().trim_start_matches("error: ");
            reader.add(&["page", name], "not a regular expression", why);
            return Regex::new("").expect("nothing is a pattern");
        }
    };
    let way = ["page", name];
    match name {
        "code" | "status" if pattern.captures_len() != 2 => {
            reader.add(
                &way,
                "not exactly one group",
                "expected one group `(...)`, around what is read",
            );
        }
        "limit" => has_groups(reader, &way, &pattern, &["requests", "unit"]),
        "time" => has_groups(reader, &way, &pattern, &["least", "most", "most_unit"]),
        _ => {}
    }
    pattern
}

fn has_groups(reader: &mut Reader<'_>, way: Way<'_>, pattern: &Regex, groups: &[&str]) {
    let has = |group: &str| pattern.capture_names().flatten().any(|known| known == group);
    if let Some(missing) = groups.iter().find(|group| !has(group)) {
        reader.add(
            way,
            format!("missing group `{missing}`"),
            format!("expected (?<{missing}>...) in it"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_patterns_have_all_that_is_asked_of_others() {
        let format = PageFormat::default();
        let patterns = [
            ("code", format.code),
            ("status", format.status),
            ("heading", format.heading),
            ("limit", format.limit),
            ("time", format.time),
        ];
        let mut reader = Reader::of_nothing();
        for (name, text) in patterns {
            assert_eq!(compile(&mut reader, name, &text).as_str(), text, "{name}");
        }
        assert!(reader.finish().is_empty());
    }
}
