//! `message.words`: a message whose parts were put in, and not one with the holes that they belong into.

use std::sync::LazyLock;

use regex::Regex;

use super::mismatch::{Mismatch, Mismatches};

/// What a template has where a value belongs, and what a program prints for a value that has no text. Percent signs
/// alone are people's: "100% sure".
static HOLE: LazyLock<Regex> = LazyLock::new(|| {
    // A number in braces behind a letter or a bracket is a pattern's, and `%d` in a word of others a date's.
    let pattern = r#"\[object Object\]|\$\{[A-Za-z_.]+\}|\{\{[A-Za-z_. ]+\}\}|(?:^|[\s"'(:])\{[0-9]\}|(?:^|[\s"'(:])%[sdv](?:$|[\s"').,;:])|%![a-z]\(|%\([a-z_]+\)[sd]|<no value>"#;
    Regex::new(&format!("(?-u:{pattern})")).expect("a pattern that is tested")
});

/// Values of which people speak, but do not say that something costs so many.
const NO_VALUES: [&str; 2] = ["undefined", "NaN"];

/// Words before one of these by which a person speaks of it: "expected a text, received undefined".
const SPEAKING: [&str; 15] = [
    "received", "is", "was", "be", "got", "or", "not", "as", "are", "an", "value", "nor", "and",
    "actual", "found",
];

/// `message.words`: no hole of a template is left. `sent` is what the request held, which a message may quote.
#[must_use]
pub fn holes(text: &str, place: &str, sent: &str) -> Mismatches {
    let around = |c: char| c.is_whitespace() || "\"':.,;".contains(c);
    let holes = HOLE.find_iter(text).map(|hole| hole.as_str().trim_matches(around));
    let hole = holes.into_iter().find(|hole| !sent.contains(hole));
    let hole = hole.or_else(|| no_value(text).filter(|word| !sent.contains(word)));
    let said = |hole| {
        Mismatch::says(place, format!("holds {hole:?} where a value belongs: a template's hole"))
    };
    hole.map(said).into_iter().collect()
}

/// A word that a program printed for want of a value. One that is quoted, or that follows another that speaks of it,
/// a person wrote.
fn no_value(text: &str) -> Option<&'static str> {
    let mut before = String::new();
    for word in text.split_whitespace() {
        let bare = word.trim_end_matches(['.', ',', ';', ')']);
        let is_spoken_of =
            SPEAKING.contains(&before.trim_start_matches('(')) || before.ends_with([':', ',']);
        if let Some(found) = NO_VALUES.into_iter().find(|known| *known == bare && !is_spoken_of) {
            return Some(found);
        }
        before = word.to_lowercase();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_of_a_template_is_found_and_what_people_say_is_left_alone() {
        let rows = [
            ("requires the undefined plan or higher", true),
            ("costs NaN credits, and there are 0", true),
            ("undefined is too short", true),
            ("the field ${field} is missing", true),
            ("the field {{ field }} is missing", true),
            ("the field {0} is missing", true),
            ("the field %s is missing", true),
            ("the field %!s(MISSING) is missing", true),
            ("the field %(name)s is missing", true),
            ("[object Object] is no text", true),
            ("product: expected a text, received undefined", false),
            ("product must not be undefined", false),
            ("product is undefined.", false),
            ("must be a string (was undefined)", false),
            ("Expected string, actual undefined. Received undefined", false),
            ("must match pattern \"^[A-Z]{2}-[0-9]{3}$\"", false),
            ("does not match format '%Y-%m-%d'", false),
            ("null and NaN are no JSON", false),
            ("count: NaN", false),
            ("`undefined` is no JSON", false),
            ("100% sure, 5%, {product} and {}", false),
            ("costs $5, or {\"product\":1}", false),
        ];
        for (text, is_found) in rows {
            assert_eq!(!holes(text, "/message", "").is_empty(), is_found, "{text}");
        }
        assert_eq!(holes("{0} is no plan", "/message", "{\"plan\":\"{0}\"}"), Vec::new());
    }
}
