//! `message.numbers`: a number in a message is the one that is known from elsewhere: the request's cost, or a balance.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::{
    message::{NUMBER, first, plain},
    mismatch::Mismatch,
};
use crate::contract::scenario::{MessagePattern, Wording};

/// What a message tells of one of its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It is the expected one.
    AsExpected,
    /// It is another one: what the message says in its place, as the end of "the message ...".
    Another(String),
    /// It may be either: nothing is said of the message.
    Unclear,
}

/// What a text tells of the number with this name, which is expected to be `expected`.
///
/// Where the patterns find their numbers they decide. In any other wording the number only has to be somewhere in the
/// text, in any way of writing it. A text with fewer numbers than the contract names, with words or signs that may
/// stand for numbers, or that has to tell a nothing, is not judged.
#[must_use]
pub fn told(text: &str, message: &MessagePattern, name: &str, expected: f64) -> Told {
    let found = match message.wording {
        Wording::Fixed => message.numbers.get(name).and_then(|pattern| first(text, pattern)),
        Wording::Any => plain(text, message).and_then(|found| found.get(name).copied()),
    };
    if let Some(found) = found {
        #[expect(clippy::cast_precision_loss, reason = "no balance has so many digits")]
        let is_same = is_same(found as f64, expected);
        return if is_same {
            Told::AsExpected
        } else {
            Told::Another(format!("says {found}: {}", Value::from(text)))
        };
    }
    if message.wording == Wording::Fixed {
        return Told::Unclear;
    }
    if readings(text).into_iter().any(|reading| is_same(reading, expected)) {
        return Told::AsExpected;
    }
    let is_nothing = is_same(0.0, expected);
    let is_short = NUMBER.find_iter(text).count() < message.numbers.len();
    if is_nothing || is_short || may_count_otherwise(text) {
        return Told::Unclear;
    }
    Told::Another(format!("does not say it: {}", Value::from(text)))
}

/// A number that is not the expected one.
#[must_use]
pub fn another(place: &str, name: &str, expected: &str, why: &str, says: &str) -> Mismatch {
    Mismatch::says(place, format!("`{name}` has to be {expected}, {why}; the message {says}"))
}

/// Whether a number is the expected one, which a message may round to a whole one.
fn is_same(number: f64, expected: f64) -> bool {
    const ROUNDING: f64 = 1e-6;
    let off = (number - expected).abs();
    let is_whole = (expected - expected.round()).abs() < ROUNDING;
    if is_whole { off < ROUNDING } else { off < 1.0 }
}

/// Every number that some reader finds in a text: `1.500` is one and a half here, and fifteen hundred there.
fn readings(text: &str) -> Vec<f64> {
    let runs = RUN.find_iter(text).map(|found| digits(found.as_str()));
    let whole = DIGITS.find_iter(text).map(|found| digits(found.as_str()));
    let numbers = NUMBER.find_iter(text);
    let decimals = numbers.map(|found| {
        let kept = |c: &char| c.is_ascii_digit() || [',', '.'].contains(c);
        let bare: String = found.as_str().chars().filter(kept).collect();
        match bare.rsplit_once(['.', ',']) {
            Some((whole, part)) => format!("{}.{part}", digits(whole)),
            None => bare,
        }
    });
    let grouped = NUMBER.find_iter(text).map(|found| digits(found.as_str()));
    let all = runs.chain(whole).chain(decimals).chain(grouped);
    let positive: Vec<f64> = all.filter_map(|number| number.parse().ok()).collect();
    // A sign may be a dash.
    positive.iter().flat_map(|number| [*number, -number]).collect()
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Whether something in a text may be a number, or a part of one, that is not written in ASCII digits.
fn may_count_otherwise(text: &str) -> bool {
    let is_other = |c: char| c.is_numeric() && !c.is_ascii_digit();
    text.chars().any(|c| is_other(c) || HAN.contains(c)) || UNIT.is_match(text)
}

/// The numerals of Chinese, Japanese and Korean, which are letters to Unicode.
const HAN: &str = "零〇一二三四五六七八九十百千万萬億兩两";

static RUN: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d+(?:[.,'\u{2019}_\s]\d+)*"));
static DIGITS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d+"));
/// Thousands and millions by a letter: `1.5k`.
static UNIT: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\d\s?(?:k|m|mio|mn|tsd|mille?)\b"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern that is tested")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credits(wording: Wording) -> MessagePattern {
        let number = |name: &str| {
            let pattern = format!(r"(?i)\b{name}s?\b\s*(\d[\d.,]*)(?:\s|$)");
            (name.to_owned(), Regex::new(&pattern).expect("a pattern"))
        };
        let numbers = [number("need"), number("have")].into();
        MessagePattern { numbers, greater: None, equals: [].into(), wording }
    }

    /// Whether the text's `have` is found to be `expected`, another one, or left open.
    #[test]
    fn a_number_is_the_expected_one_another_or_left_open() {
        let rows = [
            ("need 10 have 4", 4.0, "as expected"),
            ("need 10 have 0", 4.0, "another"),
            ("need 1,000 have 400", 400.0, "as expected"),
            ("have 4 need 10", 4.0, "as expected"),
            ("have 10 need 4", 4.0, "another"),
            // A balance with parts may be rounded.
            ("need 10 have 4", 4.75, "as expected"),
            ("need 10 have 5", 4.75, "as expected"),
            ("need 10 have 6", 4.75, "another"),
            // Other words: it is somewhere, however it is written.
            ("Guthaben: 4, benötigt: 10", 4.0, "as expected"),
            ("必要: 10、残高: 4", 4.0, "as expected"),
            (
                "Your balance is 4, and this tool costs 10 credits (Pro has 500).",
                4.0,
                "as expected",
            ),
            ("6 more: 4 of 10", 4.0, "as expected"),
            ("Guthaben: 4,75; benötigt: 10,00", 4.75, "as expected"),
            ("Guthaben: 1.500, benötigt: 2.000", 1_500.0, "as expected"),
            ("balance 1,00,000 of 2,00,000", 100_000.0, "as expected"),
            ("solde 1\u{202f}500, il faut 2\u{202f}000", 1_500.0, "as expected"),
            ("Solde \u{2212}5, il faut 10", -5.0, "as expected"),
            ("balance 4.00, cost 10.00", 4.0, "as expected"),
            ("Guthaben: 0, benötigt: 10", 4.0, "another"),
            ("Your balance is 9, and this tool costs 10 credits.", 4.0, "another"),
            // Nothing to be found, or not in digits.
            ("Not enough credits.", 4.0, "unclear"),
            ("6 credits short", 4.0, "unclear"),
            ("You have none; this costs 10 of 500", 0.0, "unclear"),
            ("رصيدك ٤ والمطلوب ١٠", 4.0, "unclear"),
            ("残高は四、必要は10、上限は500", 4.0, "unclear"),
            ("balance 4k, cost 10k", 4_000.0, "unclear"),
        ];
        let pattern = credits(Wording::Any);
        for (text, expected, is) in rows {
            let told = match told(text, &pattern, "have", expected) {
                Told::AsExpected => "as expected",
                Told::Another(_) => "another",
                Told::Unclear => "unclear",
            };
            assert_eq!(told, is, "{text}");
        }
    }

    #[test]
    fn a_wording_that_is_promised_is_judged_by_its_patterns_alone() {
        let pattern = credits(Wording::Fixed);
        assert_eq!(told("have 4", &pattern, "have", 4.0), Told::AsExpected);
        assert_eq!(told("4 is there", &pattern, "have", 9.0), Told::Unclear);
        let says = told("need 10 have 9", &pattern, "have", 4.0);
        assert_eq!(says, Told::Another(r#"says 9: "need 10 have 9""#.to_owned()));
        let found = another("/message", "have", "4", "as the probe reads", "says 9");
        let sentence = "`have` has to be 4, as the probe reads; the message says 9";
        assert_eq!(found, Mismatch::says("/message", sentence));
    }
}
