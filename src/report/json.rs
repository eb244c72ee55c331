//! `report.json`: the results for programs. Its schema is `schemas/report.schema.json`.

use crate::result::results::Results;

/// The results as JSON.
#[must_use]
pub fn render(results: &Results) -> String {
    let text = serde_json::to_string_pretty(results);
    text.expect("names and plain values can be written as JSON") + "\n"
}
