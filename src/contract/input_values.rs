//! Values that break one constraint of a place, and those that lie on its bound and are right.

use serde_json::{Map, Number, Value, json};

use super::scenario_file::{BodyDefect, Replacement};

/// What can stand at a place.
#[derive(Debug, Default)]
pub(super) struct Ways {
    /// What breaks a constraint.
    pub(super) broken: Vec<Break>,
    /// Right ones, each by the beginning of those that it is the right side of.
    pub(super) right: Vec<(&'static str, BodyDefect)>,
    /// Constraints that no value breaks, and why.
    pub(super) left_out: Vec<(&'static str, String)>,
}

/// What breaks one constraint in one manner.
#[derive(Debug)]
pub(super) struct Break {
    /// The constraint's keyword, and behind a `-` what tells it from others of the same.
    pub(super) variant: String,
    /// Values that are likely to. Which one does, the schema knows.
    pub(super) values: Vec<Value>,
}

/// The longest text, and the longest list, that is made.
const LONGEST: u64 = 100_000;

/// The values for a place of which a schema says this. `value` is what stands there in a right body.
pub(super) fn ways(rules: &Map<String, Value>, value: Option<&Value>) -> Ways {
    let mut ways = Ways::default();
    ways.types(rules, value);
    ways.members(rules, value);
    ways.lengths(rules, value);
    ways.texts(rules, value);
    ways.numbers(rules, value);
    ways.counts(rules, value);
    ways
}

/// A right value. Its place is added by whoever knows it.
fn right(value: Value) -> BodyDefect {
    BodyDefect::Set(Replacement::of("", value))
}

impl Ways {
    fn broken(&mut self, variant: impl Into<String>, value: Value) {
        self.broken.push(Break { variant: variant.into(), values: vec![value] });
    }

    /// Every type that a place does not have. Where a lenient server makes a right value of a wrong one, it is such a
    /// one: `"3"` for 3, a list of the right value.
    fn types(&mut self, rules: &Map<String, Value>, value: Option<&Value>) {
        let Some(types) = rules.get("type") else { return };
        let types: Vec<&str> = match types {
            Value::String(one) => vec![one],
            several => several.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
        };
        let has = |name: &str| types.contains(&name);
        let right = value.cloned().unwrap_or_else(|| json!("errproof"));
        let text = match &right {
            Value::String(_) | Value::Array(_) | Value::Object(_) => "errproof".to_owned(),
            other => other.to_string(),
        };
        let rows = [
            (has("string"), "text", json!(text)),
            // Its digits as a text are none that is too short.
            (has("number") || has("integer"), "number", json!(123_456_789)),
            (has("number") || !has("integer"), "fraction", json!(2.5)),
            (has("boolean"), "boolean", json!(true)),
            (has("null"), "null", Value::Null),
            (has("array"), "list", json!([right])),
            (has("object"), "object", json!({})),
        ];
        for (_, name, value) in rows.into_iter().filter(|(is_right, ..)| !is_right) {
            self.broken(format!("type-{name}"), value);
        }
    }

    /// `enum` and `const`: another text, a long one, the right one in other letters, and other types.
    fn members(&mut self, rules: &Map<String, Value>, value: Option<&Value>) {
        let (keyword, members) = match (rules.get("enum"), rules.get("const")) {
            (Some(Value::Array(members)), _) => ("enum", members.clone()),
            (_, Some(only)) => ("const", vec![only.clone()]),
            _ => return,
        };
        self.broken(format!("{keyword}-another"), json!("errproof"));
        if let Some(first) = members.iter().find_map(Value::as_str) {
            let capitals = first.to_uppercase();
            let other = if capitals == first { first.to_lowercase() } else { capitals };
            if other != first {
                self.broken(format!("{keyword}-case"), json!(other));
            }
            self.broken(format!("{keyword}-longer"), json!(format!("{first}s")));
            // A language's own names, where words are looked up in an object.
            self.broken(format!("{keyword}-inherited"), json!("constructor"));
            // Of four bytes each, behind one of one byte: a message that quotes it, and is cut, ends within a character.
            self.broken(format!("{keyword}-long"), json!(format!("x{}", "\u{1f4a5}".repeat(64))));
        }
        // With a type these are its wrong types.
        if !rules.contains_key("type") {
            let rows = [("number", json!(7)), ("boolean", json!(true)), ("null", Value::Null)];
            let first = members.first().cloned().unwrap_or_default();
            for (name, value) in
                rows.into_iter().chain([("list", json!([first])), ("object", json!({}))])
            {
                if !members.contains(&value) {
                    self.broken(format!("{keyword}-{name}"), value);
                }
            }
        }
        let prefix = if keyword == "enum" { "enum-" } else { "const-" };
        let others = members.into_iter().filter(|member| Some(member) != value);
        self.right.extend(others.map(|member| (prefix, right(member))));
    }

    /// `minLength` and `maxLength`, by texts of the right value's letters, since a pattern is likely to take those, and no
    /// server trims any away; by letters of two bytes, and by signs that are written longer in HTML, which count as one
    /// character each.
    fn lengths(&mut self, rules: &Map<String, Value>, value: Option<&Value>) {
        let text = value.and_then(Value::as_str).unwrap_or_default();
        let own: Vec<char> = text.chars().filter(char::is_ascii_alphanumeric).collect();
        let own = if own.is_empty() { vec!['x'] } else { own };
        for (keyword, over) in [("minLength", -1), ("maxLength", 1)] {
            let Some(bound) = rules.get(keyword).and_then(Value::as_u64) else { continue };
            let Some(beyond) = bound.checked_add_signed(over) else { continue };
            if beyond > LONGEST {
                self.left_out.push((keyword, format!("it is more than {LONGEST}")));
                continue;
            }
            for (variant, letters) in
                [("", own.as_slice()), ("-letters", &['é']), ("-signs", &['&'])]
            {
                // Of no letters there is one text.
                if beyond == 0 && !variant.is_empty() {
                    continue;
                }
                let of = |length: u64| -> Value {
                    let length = usize::try_from(length).unwrap_or(usize::MAX);
                    letters.iter().cycle().take(length).collect::<String>().into()
                };
                self.broken(format!("{keyword}{variant}"), of(beyond));
                self.right.push((keyword, right(of(bound))));
            }
            if keyword == "maxLength" {
                // Each line is short enough, for who takes the ends of a line for those of a text. None is at the end,
                // where a server may trim it.
                let is_end = |at: u64| at % 8 == 7 && at + 1 < beyond;
                let letters = (0..beyond).map(|at| if is_end(at) { '\n' } else { own[0] });
                let lines: String = letters.collect();
                if lines.contains('\n') {
                    self.broken(format!("{keyword}-lines"), lines.into());
                }
            }
        }
    }

    /// `pattern` and `format`, by texts that are near the right one.
    fn texts(&mut self, rules: &Map<String, Value>, value: Option<&Value>) {
        let text = value.and_then(Value::as_str).unwrap_or("errproof");
        let without_first: String = text.chars().skip(1).collect();
        let near =
            [format!("{text}!"), without_first, format!(" {text}"), "!".to_owned(), String::new()];
        for variant in ["pattern", "format"].into_iter().filter(|name| rules.contains_key(*name)) {
            let values = near.iter().map(|text| json!(text)).collect();
            self.broken.push(Break { variant: variant.to_owned(), values });
        }
    }

    /// The bounds of a number.
    fn numbers(&mut self, rules: &Map<String, Value>, value: Option<&Value>) {
        let bounds: [(&'static str, i64, i64); 4] = [
            ("minimum", -1, 0),
            ("exclusiveMinimum", 0, 1),
            ("maximum", 1, 0),
            ("exclusiveMaximum", 0, -1),
        ];
        for (keyword, over, on) in bounds {
            let Some(bound) = rules.get(keyword).and_then(Value::as_number) else { continue };
            match (moved(bound, over), moved(bound, on)) {
                (Some(over), Some(on)) => {
                    self.broken(keyword, over);
                    self.right.push((keyword, right(on)));
                }
                _ => self.left_out.push((keyword, "no number is beyond it".to_owned())),
            }
        }
        self.wraps(rules, value);
        if let Some(of) = rules.get("multipleOf").and_then(Value::as_f64) {
            let number = value.and_then(Value::as_number);
            let between = number.and_then(Number::as_f64).map(|number| json!(number + of / 2.0));
            let next = number.and_then(|number| moved(number, 1));
            let values = next.into_iter().chain(between).collect();
            self.broken.push(Break { variant: "multipleOf".to_owned(), values });
        }
    }

    /// Numbers beyond `maximum` that are the right one again where only so many bits of a number are kept.
    fn wraps(&mut self, rules: &Map<String, Value>, value: Option<&Value>) {
        let most = rules.get("maximum").and_then(Value::as_i64);
        let (Some(most), Some(right)) = (most, value.and_then(Value::as_i64)) else { return };
        for bits in [8, 16, 32] {
            let wraps = right.saturating_add(1 << bits);
            if wraps > most {
                self.broken(format!("maximum-of-{bits}-bits"), json!(wraps));
            }
        }
    }

    /// `minItems`, `maxItems` and `uniqueItems`, by lists of the right value's entries.
    fn counts(&mut self, rules: &Map<String, Value>, value: Option<&Value>) {
        let entries = value.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let of = |count: u64| {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            Value::Array(entries.iter().cycle().take(count).cloned().collect())
        };
        let bounds = [("minItems", -1), ("maxItems", 1)];
        for (keyword, over) in bounds {
            let Some(bound) = rules.get(keyword).and_then(Value::as_u64) else { continue };
            let Some(beyond) = bound.checked_add_signed(over) else { continue };
            if entries.is_empty() {
                let why = "the request's body has no entry there";
                self.left_out.push((keyword, why.to_owned()));
            } else if beyond > LONGEST {
                self.left_out.push((keyword, format!("it is more than {LONGEST}")));
            } else {
                self.broken(keyword, of(beyond));
                self.right.push((keyword, right(of(bound))));
            }
        }
        if rules.get("uniqueItems") == Some(&Value::Bool(true))
            && let Some(first) = entries.first()
        {
            let mut twice = entries.to_vec();
            twice.push(first.clone());
            self.broken("uniqueItems", Value::Array(twice));
        }
    }
}

/// A number that is so much greater.
fn moved(number: &Number, by: i64) -> Option<Value> {
    if let Some(whole) = number.as_i64() {
        return whole.checked_add(by).map(Value::from);
    }
    #[expect(clippy::cast_precision_loss, reason = "it is -2 to 2")]
    let moved = number.as_f64()? + by as f64;
    Number::from_f64(moved).filter(|moved| moved != number || by == 0).map(Value::from)
}
