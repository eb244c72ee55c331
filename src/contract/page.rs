//! How the docs' page is read, with its patterns compiled.

use regex::Regex;

use super::contract_file::{CodesIn, Form, PageFormat};
use crate::source::reader::Reader;

/// How the docs' page is read.
#[derive(Debug)]
pub struct Reading {
    /// What the page is written in, if the contract says so.
    pub form: Option<Form>,
    /// Where the codes are defined.
    pub codes_in: CodesIn,
    /// The headers of the column that holds the code.
    pub code_columns: Vec<String>,
    /// The headers of the column that holds the status.
    pub status_columns: Vec<String>,
    /// A cell that holds a code, with one group around it.
    pub code: Regex,
    /// A status, with one group around it.
    pub status: Regex,
    /// A line of plain text that is a heading.
    pub heading: Regex,
    /// The limit, with the groups `requests`, `unit` and perhaps `count`.
    pub limit: Regex,
    /// A range of time, with the groups `least`, `most`, `most_unit` and perhaps `least_unit`.
    pub time: Regex,
    /// The heading under which the example of an envelope stands.
    pub example_under: Option<String>,
    /// The example that is printed.
    pub example: Option<String>,
}

impl Reading {
    /// Compiles the patterns. What is wrong with one is a fault at its place.
    pub(super) fn new(format: &PageFormat, reader: &mut Reader<'_>) -> Self {
        for (name, columns) in
            [("code-columns", &format.code_columns), ("status-columns", &format.status_columns)]
        {
            if columns.iter().all(|column| column.trim().is_empty()) {
                reader.add(&["page", name], "no header for a column", "expected at least one");
            }
        }
        Self {
            form: format.form,
            codes_in: format.codes_in,
            code_columns: format.code_columns.clone(),
            status_columns: format.status_columns.clone(),
            code: one_group(reader, "code", &format.code),
            status: one_group(reader, "status", &format.status),
            heading: compile(reader, "heading", &format.heading),
            limit: named_groups(reader, "limit", &format.limit, &["requests", "unit"]),
            time: named_groups(reader, "time", &format.time, &["least", "most", "most_unit"]),
            example_under: format.example_under.clone(),
            example: format.example.clone(),
        }
    }
}

fn compile(reader: &mut Reader<'_>, name: &str, pattern: &str) -> Regex {
    Regex::new(pattern).unwrap_or_else(|error| {
        let text = error.to_string();
        let why = text.lines().next_back().unwrap_or_default().trim_start_matches("error: ");
        reader.add(&["page", name], "not a regular expression", why);
        Regex::new("").expect("nothing is a pattern")
    })
}

fn one_group(reader: &mut Reader<'_>, name: &str, text: &str) -> Regex {
    let pattern = compile(reader, name, text);
    if pattern.captures_len() != 2 && pattern.as_str() == text {
        let label = "expected one, around what is read";
        reader.add(&["page", name], "not one group", label);
    }
    pattern
}

fn named_groups(reader: &mut Reader<'_>, name: &str, text: &str, groups: &[&str]) -> Regex {
    let pattern = compile(reader, name, text);
    let has = |group: &str| pattern.capture_names().flatten().any(|known| known == group);
    if let Some(missing) = groups.iter().find(|group| !has(group))
        && pattern.as_str() == text
    {
        let label = format!("expected (?<{missing}>...) in it");
        reader.add(&["page", name], "a group is missing", label);
    }
    pattern
}
