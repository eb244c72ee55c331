//! `code`: the scenario's, at the place where errors carry it, and no other error's.

use regex::Regex;
use serde_json::Value;

use super::{
    belonging::{self, is_code},
    fields,
    mismatch::{Mismatch, Mismatches, unless},
    reading::Reading,
};
use crate::contract::{envelope::Several, identity::SaidCode, scenario::Scenario};

/// `code`: what the docs say of it. Of several errors in a response the reading then looks at the one that counts.
#[must_use]
pub fn code(reading: &Reading<'_>, said: &SaidCode) -> Mismatches {
    let places = reading.places();
    let Some(place) = &places.code else { return Vec::new() };
    if place.list().is_none() || places.several == Several::First {
        return one(reading, said, 0);
    }
    let errors = reading.errors();
    let is_it = |entry: &usize| {
        reading.look_at(*entry);
        is_code(said, reading.code_value().as_deref(), places)
    };
    if errors == 0 {
        return one(reading, said, 0);
    }
    match places.several {
        Several::All => {
            let other = (0..errors).find(|entry| !is_it(entry));
            let found = other.map(|entry| one(reading, said, entry)).unwrap_or_default();
            reading.look_at(0);
            found
        }
        Several::One | Several::First => {
            if let Some(entry) = (0..errors).find(is_it) {
                reading.look_at(entry);
                Vec::new()
            } else {
                let found = (0..errors).map(|entry| {
                    reading.look_at(entry);
                    reading.code_value().map_or("nothing".to_owned(), |code| code.to_string())
                });
                let found = found.collect::<Vec<_>>().join(", ");
                reading.look_at(0);
                let expected = format!("{} in one of them", belonging::expected(said, places));
                vec![Mismatch::at(place.as_str(), expected, found)]
            }
        }
    }
}

/// Looks at the first of several errors that has this message, where no place is one for codes; or else that has any.
pub fn look_at_a_message(reading: &Reading<'_>, expected: Option<&Regex>) {
    if reading.places().several != Several::One {
        return;
    }
    let message = |entry: usize| {
        reading.look_at(entry);
        reading.message()
    };
    let fits = |text: &String| expected.is_some_and(|expected| expected.is_match(text));
    let all = || 0..reading.errors();
    let found = all().find(|entry| message(*entry).as_ref().is_some_and(fits));
    let found = found.or_else(|| all().find(|entry| message(*entry).is_some()));
    reading.look_at(found.unwrap_or_default());
}

/// The code of one error of those in a response.
fn one(reading: &Reading<'_>, said: &SaidCode, entry: usize) -> Mismatches {
    reading.look_at(entry);
    let places = reading.places();
    let Some(place) = &places.code else { return Vec::new() };
    let value = reading.code_value();
    let at = place.in_entry(entry);
    match (said, value.as_deref()) {
        (SaidCode::Text(code), value) if places.code_prefix.before(code).len() == 1 => {
            fields::exactly(value, &at, &places.full_code(code))
        }
        (said, value) => unless(is_code(said, value, places), || {
            let expected = belonging::expected(said, places);
            Mismatch::or_missing(&at, expected, value.map(Value::to_string))
        }),
    }
}

/// `code`: that a response which has all that is promised is not another error, of which more is said.
#[must_use]
pub fn of_other(
    reading: &Reading<'_>,
    scenario: &Scenario,
    other: Option<&Scenario>,
) -> Mismatches {
    let Some(other) = other.filter(|other| other.code != scenario.code) else {
        return Vec::new();
    };
    let place = reading.places().code.as_ref().map_or("", |place| place.as_str());
    let sentence =
        format!("the response is the error `{}`; expected `{}`", other.code, scenario.code);
    vec![Mismatch::says(place, sentence)]
}
