//! Compares what a page says with what the contract says: a pure function from one to the other.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::Value;

use super::{
    content::{Content, Heading, Kind, Spot},
    facts::{Definition, Facts, Stated, same_letters, same_words},
    finding::{JudgedTrial, OnPage, PagePlace, shown},
};
use crate::{
    checks::{
        fields, message,
        mismatch::{Mismatch, Mismatches},
        naming::has_word,
        reading::Reading,
    },
    contract::{
        Contract,
        check::CheckId,
        contract_file::{CodesIn, Limit},
        identity::Statuses,
        names::Code,
        place::AnswerPlace,
        scenario::Scenario,
    },
    exchange::message::{Answer, Ending},
    source::fault::{did_you_mean, one_of},
};

/// The trials besides those of the codes: no code beyond the contract's, the example, the numbers.
const UNKNOWN: &str = "docs::no_unknown_codes";
const ENVELOPE: &str = "docs::envelope";
const LIMITS: &str = "docs::limits";

/// How many unknown codes are compared with the known ones, and how long one may be.
const MOST_HINTS: usize = 50;
const LONGEST_HINTED: usize = 100;

/// The names of a page's trials. They depend on the contract alone, so that they can be listed
/// before the page is read.
#[must_use]
pub fn trials(contract: &Contract) -> Vec<String> {
    let codes = contract.spelled().map(|(_, scenario)| trial_of(scenario));
    // Without a number in the contract there is none to compare the page with.
    let numbers = contract.all_limits().next().is_some() || timed(contract).next().is_some();
    let whole = [UNKNOWN, ENVELOPE].into_iter().chain(numbers.then_some(LIMITS));
    codes.chain(whole.map(str::to_owned)).collect()
}

fn trial_of(scenario: &Scenario) -> String {
    format!("docs::{}", scenario.code)
}

/// The result of each trial.
#[must_use]
pub fn judge(content: &Content, contract: &Contract) -> Vec<JudgedTrial> {
    let facts = Facts::of(content, contract);
    let judge = Judge { content, contract, facts };
    let codes = contract.spelled().map(|(spelling, scenario)| JudgedTrial {
        trial: trial_of(scenario),
        code: Some(scenario.code.clone()),
        promise: scenario.promise.clone(),
        source: scenario.file.display().to_string(),
        found: shown(judge.code(&spelling, scenario)),
        unjudged: None,
    });
    let whole = [
        (
            UNKNOWN,
            "the page and the contract have the same codes",
            "scenarios/",
            judge.unknown_codes(),
            judge.no_code(),
        ),
        (
            ENVELOPE,
            "every error looks like the example",
            "[envelope] in contract.toml",
            judge.examples(),
            None,
        ),
        (
            LIMITS,
            "the page has the numbers of the contract",
            "[limit] in contract.toml, and `after` in scenarios/",
            judge.limits(),
            None,
        ),
    ];
    let whole = whole.into_iter().map(|(trial, promise, source, found, unjudged)| JudgedTrial {
        trial: trial.to_owned(),
        code: None,
        promise: promise.to_owned(),
        source: source.to_owned(),
        found: shown(found),
        unjudged,
    });
    let trials = trials(contract);
    codes.chain(whole).filter(|judged| trials.contains(&judged.trial)).collect()
}

struct Judge<'a> {
    content: &'a Content,
    contract: &'a Contract,
    facts: Facts,
}

impl Judge<'_> {
    fn place(&self, at: Spot) -> PagePlace {
        let under = self.content.headings_over(at).next().map(|heading| heading.text.clone());
        PagePlace { line: at.line, under }
    }

    fn code(&self, code: &str, scenario: &Scenario) -> Vec<OnPage> {
        let Some(rows) = self.facts.codes.get(code) else {
            return vec![self.missing(code)];
        };
        // Two errors may have one code, and a page one row for each, or one for both.
        let same = self.contract.spelled().filter(|(other, _)| other == code);
        let statuses: Vec<&Statuses> = same.map(|(_, same)| &same.tells.statuses).collect();
        let wrong = |row: &Definition| self.status(code, &statuses, row);
        let mut found: Vec<_> = rows.iter().filter_map(wrong).collect();
        if let ([_, second, ..], [_]) = (rows.as_slice(), statuses.as_slice()) {
            let lines: Vec<_> = rows.iter().map(|row| row.at.line.to_string()).collect();
            let (count, lines) = (rows.len(), lines.join(", "));
            found.push(OnPage::says(
                CheckId::PageOnce,
                Some(&self.place(second.at)),
                format!("{count} rows define `{code}`, in lines {lines}; expected one"),
            ));
        }
        // The scenario's source is looked for only where the page has such a heading: it may as well be a
        // sentence.
        if self.content.headings.iter().any(|heading| is_source(scenario, heading)) {
            found.extend(rows.iter().filter_map(|row| self.heading(scenario, row)));
        }
        found
    }

    fn missing(&self, code: &str) -> OnPage {
        let (kind, none) = self.no_place_for_codes();
        let like = self.facts.codes.keys().find(|other| same_letters(other, code));
        let like = like.map(|other| {
            let other = (other, self.facts.codes[other][0].at);
            (format!("; `{}` is another code", other.0.escape_debug()), other.1)
        });
        let mentioned = || Some(("; the page only mentions it".to_owned(), self.mention(code)?));
        let (more, at) = like.or_else(mentioned).unzip();
        let more = more.unwrap_or_default();
        let sentence = match self.facts.places_for_codes {
            0 => format!("{none}, so no {kind} defines `{code}`{more}"),
            _ => format!("no {kind} defines `{code}`{more}"),
        };
        OnPage::says(CheckId::PageCode, at.map(|at| self.place(at)).as_ref(), sentence)
    }

    /// Where a code would be defined, and what to say if there is no such place.
    fn no_place_for_codes(&self) -> (&'static str, String) {
        match self.contract.page.codes_in {
            CodesIn::Tables => {
                let columns = self.contract.page.code_columns.iter().map(String::as_str);
                ("row", format!("the page has no table with a column {}", one_of(columns)))
            }
            CodesIn::Items => {
                ("list item", "the page has no list item that begins with code".to_owned())
            }
        }
    }

    /// Why nobody can say whether the page has codes beyond the contract's, if it has no code at all.
    fn no_code(&self) -> Option<String> {
        let (kind, none) = self.no_place_for_codes();
        let nothing = match self.facts.places_for_codes {
            _ if !self.facts.codes.is_empty() => return None,
            0 => none,
            _ => format!("no {kind} on the page defines a code"),
        };
        Some(format!("{nothing}, so there is no code to look for in the contract"))
    }

    /// Where the page has a code as a word, in sentences first.
    fn mention(&self, code: &str) -> Option<Spot> {
        let texts = self.content.texts().find(|(_, text)| has_word(text, code)).map(|(at, _)| at);
        texts.or_else(|| {
            let in_code = self
                .content
                .blocks
                .iter()
                .find(|block| matches!(&block.kind, Kind::Code(text) if has_word(text, code)));
            in_code.map(|block| block.at)
        })
    }

    fn status(&self, code: &str, expected: &[&Statuses], row: &Definition) -> Option<OnPage> {
        let is_one = |status: &u16| expected.iter().any(|statuses| statuses.holds(*status));
        if !row.statuses.is_empty() && row.statuses.iter().all(is_one) {
            return None;
        }
        let status: Vec<_> = expected.iter().map(ToString::to_string).collect();
        let status = status.join(" or ");
        let stated: Vec<_> = row.statuses.iter().map(u16::to_string).collect();
        let actual = match stated.as_slice() {
            [] => {
                "the page gives no status, neither in its row nor in a heading above it".to_owned()
            }
            several => format!("the page has {}", several.join(" and ")),
        };
        let sentence = format!("expected {status} for `{code}`, {actual}");
        Some(OnPage::says(CheckId::PageStatus, Some(&self.place(row.at)), sentence))
    }

    fn heading(&self, scenario: &Scenario, row: &Definition) -> Option<OnPage> {
        if self.content.headings_over(row.at).any(|heading| is_source(scenario, heading)) {
            return None;
        }
        let sentence =
            format!("`{}` is not under the heading `{}`", scenario.code, scenario.source);
        Some(OnPage::says(CheckId::PageHeading, Some(&self.place(row.at)), sentence))
    }

    fn unknown_codes(&self) -> Vec<OnPage> {
        let spelled: Vec<_> = self.contract.spelled().map(|(spelling, _)| spelling).collect();
        let spelled = spelled.iter().map(AsRef::as_ref);
        let known: BTreeSet<&str> =
            spelled.chain(self.contract.chain.iter().map(Code::as_str)).collect();
        let unknown = self.facts.codes.iter().filter(|(code, _)| !known.contains(code.as_str()));
        unknown
            .enumerate()
            .map(|(at, (code, rows))| {
                // A page of another API has thousands, and a likeness takes the product of lengths.
                let is_hinted = at < MOST_HINTS && code.len() < LONGEST_HINTED;
                let hint = is_hinted.then(|| did_you_mean(code, known.iter().copied())).flatten();
                let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
                let sentence =
                    format!("`{}` is not a code of the contract{hint}", code.escape_debug());
                OnPage::says(CheckId::PageUnknown, Some(&self.place(rows[0].at)), sentence)
            })
            .collect()
    }

    fn examples(&self) -> Vec<OnPage> {
        if self.facts.examples.is_empty() {
            let under = self.contract.page.example_under.as_ref();
            let under = under.map(|heading| format!(" under `{heading}`")).unwrap_or_default();
            let sentence = format!("the page has no example of an envelope{under}");
            return vec![OnPage::says(CheckId::PageExample, None, sentence)];
        }
        self.facts.examples.iter().flat_map(|example| self.example(example)).collect()
    }

    fn example(&self, example: &Stated<String>) -> Vec<OnPage> {
        let body: Value = match serde_json::from_str(&example.value) {
            Ok(body) => body,
            Err(error) => {
                let line = example.at.line + error.line().saturating_sub(1);
                let place = self.place(Spot { line, ..example.at });
                let sentence = format!("the example is not valid JSON: {error}");
                return vec![OnPage::says(CheckId::PageExample, Some(&place), sentence)];
            }
        };
        let mut found = Vec::new();
        let mut note = |check, mismatches: Mismatches| {
            let place = self.place(example.at);
            found.extend(mismatches.into_iter().map(|Mismatch { place: at, wrong }| {
                OnPage::says(check, Some(&place), format!("the example at {at}: {wrong}"))
            }));
        };
        let envelope = &self.contract.envelope;
        note(CheckId::PageSchema, {
            let schema = envelope.schema.iter();
            let errors = schema.flat_map(|schema| schema.iter_errors(&body));
            errors
                .filter(|error| !is_cut_short(error))
                .map(|error| {
                    let place = match error.instance_path().as_str() {
                        "" => "its top".to_owned(),
                        place => place.to_owned(),
                    };
                    Mismatch::says(&place, format!("the envelope's schema refuses it: {error}"))
                })
                .collect()
        });
        let places = &envelope.places;
        let answer = Answer {
            status: 0,
            headers: Vec::new(),
            body: example.value.clone().into_bytes(),
            ending: Ending::Complete,
        };
        let read = Reading::of(&answer, places);
        // An example is a body: what stands in a header is not in it.
        let at = |place: &AnswerPlace| (place.header().is_none()).then(|| read.at(place));
        if let Some(docs) = &self.contract.docs
            && let Some(link) = at(&docs.place)
        {
            let place = docs.place.as_str();
            note(CheckId::PageDocs, fields::exactly(link.as_deref(), place, &docs.link));
        }
        let Some(code_at) = places.code.as_ref().filter(|place| place.header().is_none()) else {
            return found;
        };
        let code = read.code();
        let is_its = |scenario: &&Arc<Scenario>| {
            code.as_deref().is_some_and(|code| scenario.is_spelled(code))
        };
        let Some(scenario) = self.contract.scenarios.iter().find(is_its) else {
            let actual = read.at(code_at).map_or("nothing".to_owned(), |code| code.to_string());
            let place = code_at.as_str();
            let mismatch = Mismatch::at(place, "a code of the contract", actual);
            note(CheckId::PageExampleCode, vec![mismatch]);
            return found;
        };
        if let Some(place) = &places.message
            && let Some(message) = at(place)
        {
            let (place, pattern) = (place.as_str(), scenario.message.as_ref());
            let message = message::message(message.as_deref(), place, &[], pattern);
            note(CheckId::PageExampleCode, message);
        }
        if let Some(place) = &places.status
            && let Some(status) = at(place)
        {
            let status = fields::repeated(status.as_deref(), place.as_str(), scenario.status);
            note(CheckId::PageExampleCode, status);
        }
        found
    }

    fn limits(&self) -> Vec<OnPage> {
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        let promised: Vec<_> = self.contract.all_limits().map(numbers).collect();
        for (at, limit) in self.contract.all_limits().enumerate() {
            let Limit { requests, window_seconds, .. } = limit;
            let expected = format!("a limit of {requests} requests in {window_seconds} s");
            let limits = self.facts.limits.iter();
            // What is none of them is said once.
            let limits = limits.filter(|stated| at == 0 || promised.contains(&stated.value));
            let limits = limits.map(|stated| (stated.value, stated.text.as_str(), stated.at));
            let own = numbers(limit);
            found.extend(self.compare(CheckId::PageLimit, &promised, &own, &expected, limits));
        }
        let promised: BTreeSet<_> = timed(self.contract).map(|(_, range)| range).collect();
        let promised: Vec<_> = promised.into_iter().collect();
        for (scenario, range) in timed(self.contract) {
            let spelling = scenario.tells.spelling().unwrap_or_default();
            let rows = self.facts.codes.get(spelling.as_ref());
            let rows: Vec<Spot> = rows.into_iter().flatten().map(|row| row.at).collect();
            // The code's own row says it best; ranges elsewhere may be of other things.
            let times = self.facts.times.iter();
            let mut times: Vec<_> =
                times.map(|stated| (stated.value, stated.text.as_str(), stated.at)).collect();
            if times.iter().any(|(.., at)| rows.contains(at)) {
                times.retain(|(.., at)| rows.contains(at));
            }
            let (least, most) = (range.0.as_secs(), range.1.as_secs());
            let expected = format!("{least} s to {most} s for `{}`", scenario.code);
            let wrong = self.compare(CheckId::PageTime, &promised, &range, &expected, times);
            found.extend(wrong.into_iter().filter(|wrong| seen.insert(wrong.mismatch.clone())));
        }
        found
    }

    /// Every number that is none of the promised, and that the one looked for is not stated.
    fn compare<'s, T: PartialEq>(
        &self,
        check: CheckId,
        promised: &[T],
        sought: &T,
        expected: &str,
        stated: impl IntoIterator<Item = (T, &'s str, Spot)>,
    ) -> Vec<OnPage> {
        let mut found = Vec::new();
        let mut is_stated = false;
        for (value, text, at) in stated {
            is_stated |= value == *sought;
            if !promised.contains(&value) {
                let sentence = format!("expected {expected}, the page has {text:?}");
                found.push(OnPage::says(check, Some(&self.place(at)), sentence));
            }
        }
        if !is_stated && found.is_empty() {
            found.push(OnPage::says(check, None, format!("the page does not state {expected}")));
        }
        found
    }
}

/// How many requests a limit allows in how many seconds.
fn numbers(limit: &Limit) -> (u32, u32) {
    (limit.requests, limit.window_seconds)
}

/// The scenarios whose answer comes within a range of time.
pub(super) fn timed(
    contract: &Contract,
) -> impl Iterator<Item = (&Scenario, (Duration, Duration))> {
    contract.scenarios.iter().filter_map(|scenario| {
        let after = scenario.cases.iter().find_map(|case| case.after)?;
        Some((scenario.as_ref(), after))
    })
}

/// A text that the example's author cut short with an ellipsis need not have the form of a whole one.
fn is_cut_short(error: &ValidationError<'_>) -> bool {
    let form = matches!(
        error.kind(),
        ValidationErrorKind::Pattern { .. }
            | ValidationErrorKind::Format { .. }
            | ValidationErrorKind::MinLength { .. }
    );
    let text = error.instance().as_str().unwrap_or_default();
    form && (text.ends_with('…') || text.ends_with("..."))
}

/// Whether a heading is the one that a scenario names as its source.
fn is_source(scenario: &Scenario, heading: &Heading) -> bool {
    same_words(&heading.text, &scenario.source)
}
