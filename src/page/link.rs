//! Judges the page that the envelopes' docs link leads to.

use percent_encoding::percent_decode_str;
use regex::Regex;

use super::{
    content::{Content, Kind},
    fetch::Fetched,
    finding::OnPage,
};
use crate::{
    checks::naming::has_word,
    contract::{Contract, check::CheckId},
};

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
pub fn judge(contract: &Contract, page: &Fetched, content: &Content) -> Vec<OnPage> {
    let says = |check, sentence: String| OnPage::says(check, None, sentence);
    if page.status != 200 {
        let sentence = format!("expected status 200, got {}", page.status);
        return vec![says(CheckId::LinkStatus, sentence)];
    }
    if !matches!(page.media.as_str(), "text/html" | "application/xhtml+xml") {
        let actual = if page.media.is_empty() { "no media type" } else { &page.media };
        return vec![says(CheckId::LinkHtml, format!("expected text/html, got {actual}"))];
    }
    let mut found = Vec::new();
    let not_found = Regex::new(NOT_FOUND).expect("a pattern");
    let first = content.headings.first().map(|heading| heading.text.as_str());
    let names = [content.title.as_deref(), first];
    if let Some(name) = names.into_iter().flatten().find(|name| not_found.is_match(name)) {
        let sentence = format!("status 200 for a page that is called {name:?}; expected 404");
        return vec![says(CheckId::LinkFound, sentence)];
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
    let codes: Vec<_> = contract.spelled().map(|(spelling, _)| spelling).collect();
    let missing: Vec<_> = codes.iter().map(AsRef::as_ref).filter(|code| !is_there(code)).collect();
    if missing.len() == codes.len() && !codes.is_empty() {
        let why = "it is another page, or one that scripts fill in";
        let sentence = format!("the page has no code of the contract: {why}");
        found.push(says(CheckId::LinkCodes, sentence));
    } else if !missing.is_empty() {
        let sentence = format!("the page does not have {}", missing.join(", "));
        found.push(says(CheckId::LinkCodes, sentence));
    }
    if let Some(fragment) = page.url.fragment().filter(|fragment| !fragment.is_empty()) {
        let decoded = percent_decode_str(fragment).decode_utf8_lossy();
        // A fragment that begins so marks words on the page, and names no place.
        if !content.anchors.contains(decoded.as_ref()) && !fragment.starts_with(":~:") {
            let sentence = format!("the page has no place named `{decoded}`");
            found.push(says(CheckId::LinkFragment, sentence));
        }
    }
    found
}

/// What does not hold of a link that leads to nothing that could be read.
#[must_use]
pub(super) fn refused(why: &str) -> OnPage {
    OnPage::says(CheckId::LinkStatus, None, format!("there is no page to read: {why}"))
}
