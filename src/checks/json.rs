//! JSON as strictly as `envelope.json` wants it: no name twice in an object, and not nested without end.

use std::{cell::Cell, fmt};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

/// So many levels are read, as many as `serde_json` lets a visitor see and then still step over the next.
pub(super) const DEEPEST: usize = 126;

/// A JSON document, as far as it is read.
#[derive(Debug)]
pub(super) struct Json {
    /// What is in it. What is nested too deep is null.
    pub(super) value: Value,
    /// Whether it is nested deeper than [`DEEPEST`].
    pub(super) depth: Depth,
}

/// How deep a document is nested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// As deep as it was read.
    Read,
    /// Deeper: what is in there is JSON, and nobody has looked at it.
    Beyond,
}

/// What to make of a name that stands twice in an object: one reader takes the first, another the last, so the
/// document says two things (RFC 8259, section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Twice {
    /// Reading fails.
    Refused,
    /// The last one counts.
    LastCounts,
}

/// Reads a JSON document. The levels that are read take the stack, those below them do not.
pub(super) fn read(bytes: &[u8], twice: Twice) -> serde_json::Result<Json> {
    let depth = Cell::new(Depth::Read);
    let mut document = serde_json::Deserializer::from_slice(bytes);
    let value = Document { twice, left: DEEPEST, depth: &depth }.deserialize(&mut document)?;
    document.end()?;
    Ok(Json { value, depth: depth.get() })
}

#[derive(Clone, Copy)]
struct Document<'a> {
    twice: Twice,
    /// How many levels may still begin.
    left: usize,
    depth: &'a Cell<Depth>,
}

impl Document<'_> {
    /// For what is inside of a list or an object, if that is read.
    fn inside(self) -> Option<Self> {
        let left = self.left.checked_sub(1);
        if left.is_none() {
            self.depth.set(Depth::Beyond);
        }
        Some(Self { left: left?, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let Some(inside) = self.inside() else {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        };
        let mut object = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(inside)?;
            if self.twice == Twice::Refused && object.contains_key(&name) {
                return Err(A::Error::custom(format!(
                    "the name {name:?} stands twice in one object"
                )));
            }
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let Some(inside) = self.inside() else {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        };
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inside)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nested_deep_is_json_and_only_its_first_levels_are_read() {
        let lists = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        let objects =
            |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
        let rows = [
            (lists(DEEPEST), Some(Depth::Read)),
            (objects(DEEPEST), Some(Depth::Read)),
            (lists(DEEPEST + 1), Some(Depth::Beyond)),
            (objects(DEEPEST + 1), Some(Depth::Beyond)),
            (lists(5_000), Some(Depth::Beyond)),
            (objects(500_000), Some(Depth::Beyond)),
            (lists(5_000) + "]", None),
            ("[".repeat(500_000), None),
            (lists(5_000).replace('1', "x"), None),
        ];
        for (text, depth) in rows {
            let read = read(text.as_bytes(), Twice::Refused);
            let shown = &text[..text.len().min(300)];
            assert_eq!(read.ok().map(|json| json.depth), depth, "{} {shown}", text.len());
        }
        let deep = format!("{{\"code\":\"gone\",\"deep\":{}}}", lists(5_000));
        let read = read(deep.as_bytes(), Twice::Refused).expect("JSON");
        assert_eq!(read.value["code"], "gone");
    }

    #[test]
    fn of_a_name_that_stands_twice_the_last_counts_where_it_is_not_refused() {
        let text = br#"{"a":1,"b":{"c":2,"c":3}}"#;
        let error = read(text, Twice::Refused).expect_err("twice").to_string();
        assert!(error.starts_with("the name \"c\" stands twice in one object"), "{error}");
        let read = read(text, Twice::LastCounts).expect("JSON");
        assert_eq!(read.value, serde_json::json!({ "a": 1, "b": { "c": 3 } }));
    }
}
