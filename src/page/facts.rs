//! What a page says: codes with their status, examples of envelopes, the limit, ranges of time.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use regex::{Captures, Regex};

use super::content::{Content, Kind, Row, Spot};
use crate::contract::{
    Contract, contract_file::CodesIn, envelope::EnvelopeFormat, page::PageReading, pointer,
};

/// All that a page says, as far as a contract has something to say to it.
#[derive(Debug)]
pub struct Facts {
    /// The rows that define a code, by its spelling on the page.
    pub codes: BTreeMap<String, Vec<Definition>>,
    /// How many tables have a column for codes, or how many lists' items begin with code.
    pub places_for_codes: usize,
    /// What looks like an envelope.
    pub examples: Vec<Stated<String>>,
    /// The limits that it states.
    pub limits: Vec<Stated<RateLimit>>,
    /// The ranges of time that it states.
    pub times: Vec<Stated<(Duration, Duration)>>,
}

/// A row that defines a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The statuses that go with it: those in its row, or else in the nearest heading with any.
    pub statuses: BTreeSet<u16>,
    /// Where it is.
    pub at: Spot,
}

/// Requests, and the seconds that they are for.
pub type RateLimit = (u32, u32);

/// Something that a page states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated<T> {
    /// What is meant.
    pub value: T,
    /// How it is written.
    pub text: String,
    /// Where.
    pub at: Spot,
}

impl Facts {
    /// Reads a page's content as the contract says.
    #[must_use]
    pub fn of(content: &Content, contract: &Contract) -> Self {
        let reading = &contract.page;
        let mut facts = Self {
            codes: BTreeMap::new(),
            places_for_codes: 0,
            examples: examples(content, reading, &contract.envelope.places),
            limits: stated(content, &reading.limit, limit),
            times: stated(content, &reading.time, time),
        };
        for block in &content.blocks {
            match (reading.codes_in, &block.kind) {
                (CodesIn::Tables, Kind::Table(rows)) => facts.add_table(content, contract, rows),
                (CodesIn::Items, Kind::Item { lead, text }) => {
                    // Plain text has no marks for code.
                    let known = |word: &&str| {
                        contract.scenarios.iter().any(|scenario| scenario.is_spelled(word))
                    };
                    let first = || text.split([' ', ':', ',']).next().filter(known);
                    if let Some(code) = lead.as_deref().or_else(first) {
                        facts.places_for_codes += 1;
                        facts.add_code(content, contract, code, &[text], block.at);
                    }
                }
                _ => {}
            }
        }
        facts
    }

    /// Reads a table that has a column for codes: its header is the first row that says so.
    fn add_table(&mut self, content: &Content, contract: &Contract, rows: &[Row]) {
        let reading = &contract.page;
        let columns = |row: &Row, names: &[String]| -> Vec<usize> {
            let named = |cell: &str| names.iter().any(|name| same_words(name, cell));
            (0..row.cells.len()).filter(|at| named(&row.cells[*at])).collect()
        };
        let header = rows.iter().position(|row| !columns(row, &reading.code_columns).is_empty());
        let Some(header) = header else {
            return;
        };
        self.places_for_codes += 1;
        let codes = columns(&rows[header], &reading.code_columns);
        let statuses = columns(&rows[header], &reading.status_columns);
        for row in &rows[header + 1..] {
            let cell = |column: &usize| row.cells.get(*column).map(String::as_str);
            // A table that goes on over a page's end may repeat its header.
            if columns(row, &reading.code_columns) == codes {
                continue;
            }
            let code = codes.iter().filter_map(cell).find(|cell| reading.code.is_match(cell));
            if let Some(code) = code {
                let own: Vec<&str> = statuses.iter().filter_map(cell).chain([code]).collect();
                self.add_code(content, contract, code, &own, row.at);
            }
        }
    }

    fn add_code(
        &mut self,
        content: &Content,
        contract: &Contract,
        cell: &str,
        own: &[&str],
        at: Spot,
    ) {
        let reading = &contract.page;
        let Some(code) = reading.code.captures(cell).and_then(|found| found.get(1)) else {
            return;
        };
        let read = |text: &str| -> BTreeSet<u16> {
            let numbers = reading.status.captures_iter(text);
            numbers.filter_map(|found| found.get(1)?.as_str().parse().ok()).collect()
        };
        let own: BTreeSet<u16> = own.iter().flat_map(|text| read(text)).collect();
        let over = content.headings_over(at).map(|heading| read(&heading.text));
        let statuses =
            std::iter::once(own).chain(over).find(|found| !found.is_empty()).unwrap_or_default();
        // A page may have it as errors carry it, or without what stands before it there.
        let prefix = &contract.envelope.places.code_prefix;
        let code = prefix.strip(code.as_str()).unwrap_or(code.as_str()).to_owned();
        self.codes.entry(code).or_default().push(Definition { statuses, at });
    }
}

/// Whether a header or a heading is this one, whatever its case.
#[must_use]
pub fn same_words(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// Whether two codes differ in nothing but case, or in what cannot be seen.
#[must_use]
pub fn same_letters(one: &str, other: &str) -> bool {
    let letters = |text: &str| {
        let seen = text.chars().filter(|c| c.is_alphanumeric());
        seen.flat_map(char::to_lowercase).collect::<String>()
    };
    letters(one) == letters(other)
}

/// Code that begins like a JSON object and holds two or more of the envelope's names.
fn examples(
    content: &Content,
    reading: &PageReading,
    places: &EnvelopeFormat,
) -> Vec<Stated<String>> {
    let names: BTreeSet<String> = places
        .places()
        .filter(|(_, place)| place.header().is_none())
        .flat_map(|(_, place)| pointer::steps(place.as_str()).collect::<Vec<_>>())
        .filter(|step| !step.is_empty() && step != "*")
        .collect();
    let is_envelope = |text: &str| {
        let words: BTreeSet<&str> =
            text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').collect();
        text.trim_start().starts_with('{')
            && names.iter().filter(|name| words.contains(name.as_str())).count() >= 2
    };
    let is_there = |at: Spot| {
        reading.example_under.as_ref().is_none_or(|heading| {
            content.headings_over(at).any(|over| same_words(&over.text, heading))
        })
    };
    let mut found = Vec::new();
    for block in &content.blocks {
        if let Kind::Code(text) = &block.kind
            && is_envelope(text)
            && is_there(block.at)
        {
            let text = text.trim().to_owned();
            found.push(Stated { value: text.clone(), text, at: block.at });
        }
    }
    found
}

/// Everything on a page that a pattern reads.
fn stated<T>(
    content: &Content,
    pattern: &Regex,
    value: impl Fn(&Captures<'_>) -> Option<T>,
) -> Vec<Stated<T>> {
    let mut found = Vec::new();
    for (at, text) in content.texts() {
        for captures in pattern.captures_iter(text) {
            if let Some(value) = value(&captures) {
                found.push(Stated { value, text: captures[0].trim().to_owned(), at });
            }
        }
    }
    found.sort_by_key(|stated| stated.at);
    found
}

fn limit(found: &Captures<'_>) -> Option<RateLimit> {
    let count = found.name("count").map_or(Some(1), |count| number(count.as_str()));
    let window = count?.checked_mul(seconds(found.name("unit")?.as_str())?)?;
    Some((number(found.name("requests")?.as_str())?, window))
}

fn time(found: &Captures<'_>) -> Option<(Duration, Duration)> {
    let most_unit = seconds(found.name("most_unit")?.as_str())?;
    let least_unit = match found.name("least_unit") {
        Some(unit) => seconds(unit.as_str())?,
        None => most_unit,
    };
    let ends = [("least", least_unit), ("most", most_unit)].map(|(name, unit)| {
        let seconds = number(found.name(name)?.as_str())?.checked_mul(unit)?;
        Some(Duration::from_secs(seconds.into()))
    });
    ends[0].zip(ends[1])
}

fn number(text: &str) -> Option<u32> {
    text.chars().filter(char::is_ascii_digit).collect::<String>().parse().ok()
}

/// A unit's seconds, by its first letter.
fn seconds(unit: &str) -> Option<u32> {
    match unit.chars().next()?.to_ascii_lowercase() {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(3_600),
        _ => None,
    }
}
