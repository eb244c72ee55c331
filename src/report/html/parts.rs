//! Small pieces that a trial and the page around it have in common.

use super::element::{Element, element};
use crate::{
    result::{outcome::Outcome, trial::TrialResult},
    shown,
    shown::text::MayBeShown,
};

/// What a trial came to, in its colour.
pub(super) fn chip(outcome: Outcome) -> Element {
    element("span").class(shown!["chip ", outcome.as_str()]).text(outcome.as_str())
}

/// What the docs promise, and where.
pub(super) fn promise(trial: &TrialResult) -> Element {
    let source = element("cite").text(&trial.source);
    element("p").class("promise").text(&trial.promise).text(" ").child(source)
}

/// A line that is less loud than what is around it.
pub(super) fn aside(text: impl MayBeShown) -> Element {
    element("p").class("what").text(text)
}

/// A line that nobody should miss.
pub(super) fn notice(text: impl MayBeShown) -> Element {
    element("p").class("notice").text(text)
}

/// A term of a `dl`, and what is to be said of it.
pub(super) fn entry(term: &'static str, what: impl MayBeShown) -> [Element; 2] {
    [element("dt").text(term), element("dd").text(what)]
}
