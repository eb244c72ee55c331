//! What is not on a page as the contract has it: data, for all who report it.

use std::{collections::BTreeMap, fmt};

use crate::{
    checks::mismatch::Mismatch,
    contract::{check::CheckId, names::Code},
};

/// A place on a page, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PagePlace {
    /// The line of its source, counted from 1.
    pub line: usize,
    /// The heading that it stands under.
    pub under: Option<String>,
}

impl fmt::Display for PagePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        match &self.under {
            Some(heading) => write!(f, ", under `{heading}`"),
            None => Ok(()),
        }
    }
}

/// A check that does not hold on the page or on the link to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnPage {
    /// The check.
    pub check: CheckId,
    /// Where on the page, and what is wrong there.
    pub mismatch: Mismatch,
}

impl OnPage {
    /// What is wrong, in a sentence without a full stop.
    #[must_use]
    pub fn says(check: CheckId, place: Option<&PagePlace>, sentence: impl Into<String>) -> Self {
        let place = place.map(ToString::to_string).unwrap_or_default();
        Self { check, mismatch: Mismatch::says(&place, sentence) }
    }
}

/// So many findings of one check say what is wrong with a page; the page of another API has thousands.
const MOST_SHOWN: usize = 20;

/// The first findings of each check, and how many more it has. No check that found something is left out.
#[must_use]
pub fn shown(found: Vec<OnPage>) -> Vec<OnPage> {
    let mut counts: BTreeMap<CheckId, usize> = BTreeMap::new();
    let mut shown: Vec<OnPage> = Vec::new();
    for on_page in found {
        let count = counts.entry(on_page.check).or_default();
        *count += 1;
        if *count <= MOST_SHOWN {
            shown.push(on_page);
        }
    }
    for (check, count) in counts {
        if let Some(more @ 1..) = count.checked_sub(MOST_SHOWN) {
            shown.push(OnPage::says(check, None, format!("and {more} more like these")));
        }
    }
    shown
}

/// The result of one trial on the page or on the link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedTrial {
    /// Its name.
    pub trial: String,
    /// The code that it is about, if it is about one.
    pub code: Option<Code>,
    /// What the contract promises.
    pub promise: String,
    /// The file that has it, or the part of one.
    pub source: String,
    /// What did not hold.
    pub found: Vec<OnPage>,
    /// Why it could not be judged, if it could not.
    pub unjudged: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_findings_of_each_check_are_shown_and_the_rest_are_counted() {
        let found = |check, count: usize| {
            (0..count).map(move |at| OnPage::says(check, None, format!("{at}")))
        };
        let of = |shown: &[OnPage], check| {
            let of_check = shown.iter().filter(|on_page| on_page.check == check);
            of_check.map(|on_page| on_page.mismatch.wrong.to_string()).collect::<Vec<_>>()
        };
        for (count, lines, last) in [(1, 1, "0"), (20, 20, "19"), (21, 21, "and 1 more like these")]
        {
            let found = found(CheckId::PageUnknown, count).chain(found(CheckId::PageOnce, 1));
            let shown = shown(found.collect());
            let unknown = of(&shown, CheckId::PageUnknown);
            assert_eq!((unknown.len(), unknown.last().map(String::as_str)), (lines, Some(last)));
            assert_eq!(of(&shown, CheckId::PageOnce), ["0"], "{count}");
        }
    }
}
