//! Reads plain text, such as a page looks when its markup was taken away: tables are lines with
//! pipes, the first of which may be lost; headings are short lines; JSON stands there unmarked.

use regex::Regex;

use super::builder::{Attributes, Builder};
use crate::source::fault::SourceText;

/// An example of an envelope has some ten lines. What is not closed by then is none.
const LONGEST_EXAMPLE: usize = 60;

/// What a line of JSON begins with, if not with a number or a word.
const JSON_BEGINS: [char; 5] = ['{', '}', '[', ']', '"'];

/// What it ends with otherwise. No heading ends so.
const JSON_ENDS: [char; 6] = ['{', '}', '[', ']', '"', ','];

/// Reads a whole page. `heading` is what a heading's line looks like.
pub(super) fn read(builder: &mut Builder, source: &SourceText, heading: &Regex) {
    let lines: Vec<&str> = source.text.lines().collect();
    let mut at = 0;
    let mut in_table = false;
    // A line after one that does not end a sentence goes on with it, and is no heading.
    let mut goes_on = false;
    while let Some(line) = lines.get(at) {
        let number = at + 1;
        let text = line.trim();
        at += 1;
        let is_row = is_row(text, in_table);
        if in_table && !is_row {
            builder.close("table", number);
        }
        if is_row && !in_table {
            open(builder, "table", number);
        }
        in_table = is_row;
        if is_row {
            goes_on = false;
            read_row(builder, text, number);
        } else if text.starts_with('{') {
            goes_on = false;
            let length = json_lines(&lines[at - 1..]);
            at += length - 1;
            element(builder, "pre", &lines[number - 1..at].join("\n"), number);
        } else if let Some(item) = item(text) {
            goes_on = false;
            element(builder, "li", item, number);
        } else if text.is_empty() || is_rule(text) {
            goes_on = false;
        } else if let Some(marked) = marked_heading(text) {
            goes_on = false;
            element(builder, "h2", marked, number);
        } else if !goes_on && heading.is_match(text) {
            element(builder, "h2", text, number);
        } else {
            goes_on = !text.ends_with(SENTENCE_ENDS);
            element(builder, "p", text, number);
        }
    }
}

/// What a line ends with that is no part of a sentence to go on.
const SENTENCE_ENDS: [char; 9] = ['.', ':', '!', '?', '{', '}', '[', ']', '"'];

fn open(builder: &mut Builder, name: &str, line: usize) {
    builder.open(name, Attributes::default(), line);
}

fn element(builder: &mut Builder, name: &str, text: &str, line: usize) {
    open(builder, name, line);
    builder.text(text, line);
    builder.close(name, line);
}

/// A row begins or ends with a pipe; inside a table a pipe between two cells is enough.
fn is_row(text: &str, in_table: bool) -> bool {
    let pipes = text.matches('|').count();
    pipes > 0 && (text.starts_with('|') || text.ends_with('|') || in_table)
}

/// A line under a header or a heading: it holds nothing.
fn is_rule(text: &str) -> bool {
    text.chars().all(|c| "|-:=+ ".contains(c))
}

fn read_row(builder: &mut Builder, text: &str, line: usize) {
    if is_rule(text) {
        return;
    }
    let cells = text.strip_prefix('|').unwrap_or(text);
    let cells = cells.strip_suffix('|').unwrap_or(cells);
    open(builder, "tr", line);
    for cell in cells.split('|') {
        // Marks of Markdown that were left over.
        element(builder, "td", cell.trim().trim_matches(['`', '*']), line);
    }
    builder.close("tr", line);
}

/// A list item's text.
fn item(text: &str) -> Option<&str> {
    ["- ", "* ", "• "].iter().find_map(|mark| text.strip_prefix(mark))
}

/// A heading that is marked as in Markdown.
fn marked_heading(text: &str) -> Option<&str> {
    let heading = text.strip_prefix('#')?.trim_start_matches('#').strip_prefix(' ')?;
    Some(heading.trim())
}

/// How many lines a JSON document takes: until as many braces are closed as were opened, or until
/// a line that is none of it.
fn json_lines(lines: &[&str]) -> usize {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for (at, line) in lines.iter().take(LONGEST_EXAMPLE).enumerate() {
        let text = line.trim();
        if !text.starts_with(JSON_BEGINS) && !text.ends_with(JSON_ENDS) {
            return at;
        }
        for c in text.chars() {
            match c {
                _ if escaped => escaped = false,
                '\\' if in_text => escaped = true,
                '"' => in_text = !in_text,
                '{' if !in_text => depth += 1,
                '}' if !in_text => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        if depth == 0 {
            return at + 1;
        }
    }
    lines.len().min(LONGEST_EXAMPLE)
}
