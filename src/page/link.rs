//! Judges the page that the envelopes' docs link leads to.

use percent_encoding::percent_decode_str;
use regex::Regex;

use super::{
    content::{Content, Kind},
    fetch::Fetched,
    finding::{PageCheck, PageFinding},
    judge::has_word,
};
use crate::contract::Contract;

/// What titles and first headings of pages say that are not there, whatever their status. A section
/// about 404 is no such page, so other headings are not looked at.
const NOT_FOUND: &str = r"(?ix)
    ^\W*(?:error\W+)?404\b
    | \bpage\s+(?:\w+\s+)?not\s+(?:be\s+)?found\b
    | \bpage\s+(?:does\s+not|doesn.t|no\s+longer)\s+exists?\b
    | \b(?:can.?t|cannot|couldn.t|could\s+not)\s+(?:be\s+found|find)\b
    | ^not\s+found$";

/// What does not hold of the page at the end of the link.
#[must_use]
pub fn judge(contract: &Contract, page: &Fetched, content: &Content) -> Vec<PageFinding> {
    let finding = |check, expected: &str, actual: String| PageFinding {
        check,
        expected: expected.to_owned(),
        actual,
        place: None,
    };
    if page.status != 200 {
        let actual = page.status.to_string();
        return vec![finding(PageCheck::LinkStatus, "an answer with status 200", actual)];
    }
    if !matches!(page.media.as_str(), "text/html" | "application/xhtml+xml") {
        let actual = if page.media.is_empty() { "no media type" } else { &page.media };
        return vec![finding(PageCheck::LinkHtml, "text/html", actual.to_owned())];
    }
    let mut found = Vec::new();
    let not_found = Regex::new(NOT_FOUND).expect("a pattern");
    let first = content.headings.first().map(|heading| heading.text.as_str());
    let names = [content.title.as_deref(), first];
    if let Some(name) = names.into_iter().flatten().find(|name| not_found.is_match(name)) {
        let actual = format!("200 for a page that is called {name:?}");
        return vec![finding(PageCheck::LinkFound, "404 for a page that is not there", actual)];
    }
    let texts: Vec<&str> = content
        .texts()
        .map(|(_, text)| text)
        .chain(content.blocks.iter().filter_map(|block| match &block.kind {
            Kind::Code(text) => Some(text.as_str()),
            _ => None,
        }))
        .collect();
    let is_there = |code: &str| texts.iter().any(|text| has_word(text, code));
    let codes = contract.scenarios.iter().map(|scenario| scenario.code.as_str());
    let missing: Vec<_> = codes.filter(|code| !is_there(code)).collect();
    if missing.len() == contract.scenarios.len() {
        let actual = "none of them: another page, or one that scripts fill in".to_owned();
        found.push(finding(PageCheck::LinkCodes, "every code of the contract", actual));
    } else if !missing.is_empty() {
        let actual = format!("all but {}", missing.join(", "));
        found.push(finding(PageCheck::LinkCodes, "every code of the contract", actual));
    }
    if let Some(fragment) = page.url.fragment().filter(|fragment| !fragment.is_empty()) {
        let decoded = percent_decode_str(fragment).decode_utf8_lossy();
        // A fragment that begins so marks words on the page, and names no place.
        if !content.anchors.contains(decoded.as_ref()) && !fragment.starts_with(":~:") {
            let expected = format!("a place named `{decoded}`");
            found.push(finding(PageCheck::LinkFragment, &expected, "none".to_owned()));
        }
    }
    found
}

/// What does not hold of a link that leads to nothing that could be read.
#[must_use]
pub(super) fn refused(why: &str) -> PageFinding {
    let expected = "an answer with status 200".to_owned();
    let actual = format!("none: {why}");
    PageFinding { check: PageCheck::LinkStatus, expected, actual, place: None }
}
