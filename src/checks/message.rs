//! `message`: what is said to people, and the parts of it that the docs promise.

use std::{collections::BTreeMap, ops::Range, sync::LazyLock};

use regex::{Captures, Regex};
use serde_json::Value;

use super::{
    mismatch::{Mismatch, Mismatches},
    naming::names,
};
use crate::contract::scenario::{MessagePattern, Wording};

/// `message`: a text with something in it, and the parts that the docs promise.
#[must_use]
pub fn message(
    actual: Option<&Value>,
    place: &str,
    fields: &[String],
    pattern: Option<&MessagePattern>,
) -> Mismatches {
    let Some(text) = actual.and_then(Value::as_str).filter(|text| !text.trim().is_empty()) else {
        let actual = actual.map(Value::to_string);
        return vec![Mismatch::or_missing(place, "a non-empty text", actual)];
    };
    let quoted = || json_text(text);
    let is_named = fields.is_empty() || fields.iter().any(|field| names(text, field));
    let named = (!is_named).then(|| {
        let fields = fields.iter().map(|field| format!("`{field}`"));
        let fields = fields.collect::<Vec<_>>().join(" or ");
        Mismatch::at(place, format!("a text that names {fields}"), quoted())
    });
    let parts = pattern.and_then(|pattern| {
        let why = match pattern.wording {
            Wording::Fixed => fixed(text, pattern),
            Wording::Any => any(text, pattern),
        };
        Some(Mismatch::at(place, why.err()?, quoted()))
    });
    named.into_iter().chain(parts).collect()
}

/// `message`: a text that matches what tells this error from others.
#[must_use]
pub fn matches(text: Option<&Value>, place: &str, pattern: &Regex) -> Mismatches {
    let text = text.and_then(Value::as_str).unwrap_or_default();
    super::mismatch::unless(pattern.is_match(text), || {
        Mismatch::at(place, format!("a text that matches `{pattern}`"), json_text(text))
    })
}

/// What programs print for a value that has no text.
const NO_TEXTS: [&str; 6] = ["[object Object]", "undefined", "null", "None", "nil", "NaN"];

/// `message`: words for a person. The code once more is none, nor is what a program prints for want of a text.
#[must_use]
pub fn words(text: Option<&Value>, place: &str, code: Option<&str>) -> Mismatches {
    let Some(text) = text.and_then(Value::as_str).map(str::trim) else { return Vec::new() };
    // A code of one word may be a message as well: "unauthorized".
    let is_code = |code: &&str| code.contains(['_', '-', '.']) && text.eq_ignore_ascii_case(code);
    let again = code.filter(is_code).map(|_| "words for a person and not the code again");
    let none = NO_TEXTS.contains(&text).then_some("words for a person");
    let expected = again.or(none);
    expected.into_iter().map(|words| Mismatch::at(place, words, json_text(text))).collect()
}

/// `message.words`: more than the code in other letters: "Not Found." says no more than `not_found`.
#[must_use]
pub fn more_than_code(text: &str, place: &str, code: &str) -> Mismatches {
    let letters = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    // A text in a script without letters that the code has is none of its words.
    let is_code = !code.is_empty() && letters(text) == letters(code);
    super::mismatch::unless(!is_code, || {
        Mismatch::says(place, "says no more than the code; expected what is wrong, and what to do")
    })
}

/// A text as JSON has it.
fn json_text(text: &str) -> String {
    Value::from(text).to_string()
}

/// A number that a pattern found.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    at: Range<usize>,
    value: u128,
}

/// Whether each pattern finds its number; if not, what was expected.
fn fixed(text: &str, message: &MessagePattern) -> Result<(), String> {
    let mut numbers = BTreeMap::new();
    for (name, pattern) in &message.numbers {
        let found = first(text, pattern);
        let found = found.ok_or_else(|| format!("a text that holds the number `{name}`"))?;
        numbers.insert(name.as_str(), found);
    }
    greater(&numbers, message)
}

/// Whether the numbers can be those that are promised, however the text puts them; if not, what was
/// expected.
fn any(text: &str, message: &MessagePattern) -> Result<(), String> {
    if let Some(numbers) = plain(text, message) {
        return greater(&numbers, message);
    }
    let text = WORD.replace_all(text, |word: &Captures<'_>| {
        let is_id = word[0].contains(|c: char| c.is_ascii_alphabetic());
        if is_id { String::new() } else { word[0].to_owned() }
    });
    let numbers: Vec<String> = NUMBER.find_iter(&text).map(|found| bare(found.as_str())).collect();
    match numbers.split_first() {
        None => Err("a text that holds a number".to_owned()),
        Some((first, more)) => {
            let same = !more.is_empty() && more.iter().all(|other| other == first);
            match &message.greater {
                Some([greater, smaller]) if same => {
                    Err(format!("a text whose numbers differ, {greater} and {smaller}"))
                }
                _ => Ok(()),
            }
        }
    }
}

/// The numbers of a text that puts them as the patterns have it: each pattern finds one, which is no
/// other's. One that finds several is about something else.
pub(super) fn plain<'a>(
    text: &str,
    message: &'a MessagePattern,
) -> Option<BTreeMap<&'a str, u128>> {
    let mut places: Vec<Range<usize>> = Vec::new();
    let mut numbers = BTreeMap::new();
    for (name, pattern) in &message.numbers {
        let found: Vec<Found> = all(text, pattern).collect::<Option<_>>()?;
        let (first, more) = found.split_first()?;
        let own = places.iter().all(|at| at.end <= first.at.start || first.at.end <= at.start);
        if !own || more.iter().any(|other| other.value != first.value) {
            return None;
        }
        places.push(first.at.clone());
        numbers.insert(name.as_str(), first.value);
    }
    (!numbers.is_empty()).then_some(numbers)
}

fn greater(numbers: &BTreeMap<&str, u128>, message: &MessagePattern) -> Result<(), String> {
    match &message.greater {
        Some([greater, smaller])
            if numbers.get(greater.as_str()) <= numbers.get(smaller.as_str()) =>
        {
            Err(format!("a text in which {greater} is greater than {smaller}"))
        }
        _ => Ok(()),
    }
}

/// The first number that a pattern finds.
pub(super) fn first(text: &str, pattern: &Regex) -> Option<u128> {
    Some(all(text, pattern).next()??.value)
}

/// All that a pattern finds; nothing in the place of what is no number of ASCII digits.
fn all(text: &str, pattern: &Regex) -> impl Iterator<Item = Option<Found>> {
    pattern.captures_iter(text).map(|found| {
        let found = found.get(1)?;
        let other = |c: char| c.is_numeric() && !c.is_ascii_digit();
        let digits: String = found.as_str().chars().filter(char::is_ascii_digit).collect();
        if found.as_str().contains(other) {
            return None;
        }
        Some(Found { at: found.range(), value: digits.parse().ok()? })
    })
}

/// A number as people write it: digits of any script, in groups of three with a point, a comma, an
/// apostrophe or a space between (a narrow one that does not break, too), with a sign before.
pub(super) static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"[-\u{2212}]?\d+(?:[.,'\u{2019}\s]\d{3})*(?:[.,]\d+)?";
    Regex::new(pattern).expect("a pattern that is tested")
});

/// A word as long as ids and digests are: if it has letters, its digits are no number. Shorter ones may be `1920x1080` or
/// `PT1H30M`.
static WORD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("[[:alnum:]]{12,}").expect("a pattern that is tested"));

/// A number without what groups its digits.
fn bare(number: &str) -> String {
    let kept = |c: &char| c.is_numeric() || ['-', '\u{2212}'].contains(c);
    number.chars().filter(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn credits(wording: Wording) -> MessagePattern {
        let number = |name: &str, words: &str| {
            let pattern = format!(r"(?i)\b(?:{words})\b\D*(\d[\d, ]*)");
            (name.to_owned(), Regex::new(&pattern).expect("a pattern"))
        };
        MessagePattern {
            numbers: [number("need", "need"), number("have", "have")].into(),
            greater: Some(["need".to_owned(), "have".to_owned()]),
            equals: BTreeMap::new(),
            wording,
        }
    }

    #[test]
    fn a_message_holds_the_parts_that_are_promised() {
        let rows = [
            (json!("no key was sent"), None, false, true),
            (json!(""), None, false, false),
            (json!(" \n"), None, false, false),
            (json!(7), None, false, false),
            (Value::Null, None, false, false),
            (json!("`tone` is not one of them"), Some("tone"), false, true),
            (json!("bad input"), Some("tone"), false, false),
            (json!("need 150, have 40"), None, true, true),
            (json!("need 1,500, have 400"), None, true, true),
            (json!("you have 40 but need 150"), None, true, true),
            (json!("need 1 500 credits, have 400"), None, true, true),
            (json!("Error 402: you have 7"), None, true, false),
            (json!("need 40, have 150"), None, true, false),
            (json!("need 40, have 40"), None, true, false),
            (json!("not enough"), None, true, false),
        ];
        let pattern = credits(Wording::Fixed);
        for (text, field, numbers, holds) in rows {
            let fields: Vec<String> = field.into_iter().map(str::to_owned).collect();
            let found = message(Some(&text), "/message", &fields, numbers.then_some(&pattern));
            assert_eq!(found.is_empty(), holds, "{text}: {found:?}");
        }
    }

    #[test]
    fn a_message_is_no_code_and_nothing_that_a_program_prints_for_want_of_a_text() {
        let rows = [
            ("rate_limited", "rate_limited", false),
            (" RATE_LIMITED ", "rate_limited", false),
            ("auth.key.missing", "auth.key.missing", false),
            ("Rate limited", "rate_limited", true),
            ("rate_limited: wait 7 s", "rate_limited", true),
            ("unauthorized", "unauthorized", true),
            ("[object Object]", "rate_limited", false),
            ("undefined", "rate_limited", false),
            ("None of them is known", "rate_limited", true),
        ];
        for (text, code, holds) in rows {
            let found = words(Some(&json!(text)), "/message", Some(code));
            assert_eq!(found.is_empty(), holds, "{text}: {found:?}");
        }
        assert_eq!(words(None, "/message", Some("rate_limited")), []);
    }

    #[test]
    fn where_any_wording_will_do_the_patterns_judge_only_what_they_find_apart() {
        let pattern = credits(Wording::Any);
        let rows = [
            ("need 40, have 150", Err("a text in which need is greater than have")),
            ("need 150, have 40", Ok(())),
            // Both patterns find the same number, or one finds two.
            ("you need to have 150, not 40", Ok(())),
            ("need 5, have 40, need 45", Ok(())),
            ("40 / 150", Ok(())),
            ("40 / 40", Err("a text whose numbers differ, need and have")),
            ("40", Ok(())),
            ("not enough", Err("a text that holds a number")),
            ("5c254a8dc489 is over it", Err("a text that holds a number")),
            ("5c254a8dc489 needs 150credits", Ok(())),
            ("1920x1080 is over 1024x768", Ok(())),
            ("try again in PT1H30M", Ok(())),
            ("100000000000 of 90", Ok(())),
        ];
        for (text, expected) in rows {
            assert_eq!(any(text, &pattern), expected.map_err(str::to_owned), "{text}");
        }
        let unordered = MessagePattern { greater: None, ..pattern };
        assert_eq!(any("40 / 40", &unordered), Ok(()));
    }
}
