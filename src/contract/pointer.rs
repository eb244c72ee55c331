//! JSON Pointers (RFC 6901), read, written and followed in one place.
//!
//! Of our own, since contracts may say more than the RFC: a `~` that begins no escape is a `~`, as
//! `serde_json` has it, and a place in a list that is not there yet is its next one.

use serde_json::{Map, Value};

/// The names and indices on the way to a place.
pub fn steps(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"))
}

/// A name as a step.
#[must_use]
pub fn step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// What a pointer leads to. `Value::pointer` makes two texts of each step, for escapes that hardly a
/// pointer has.
#[must_use]
pub fn find<'v>(value: &'v Value, pointer: &str) -> Option<&'v Value> {
    if pointer.contains('~') || !pointer.starts_with('/') {
        return value.pointer(pointer);
    }
    pointer.split('/').skip(1).try_fold(value, |value, step| match value {
        Value::Object(fields) => fields.get(step),
        _ => value.pointer(&format!("/{step}")),
    })
}

/// Puts a value at a place, making the tables and lists on the way there.
pub fn put(value: &mut Value, pointer: &str, new: Value) {
    let mut at = value;
    for step in steps(pointer) {
        if let (Ok(index), false) = (step.parse::<usize>(), at.is_object()) {
            if !at.is_array() {
                *at = Value::Array(Vec::new());
            }
            let list = at.as_array_mut().expect("it was made one");
            // Of a list that somebody is shown, the first entries are enough.
            let index = index.min(list.len());
            if index == list.len() {
                list.push(Value::Null);
            }
            at = &mut list[index];
            continue;
        }
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        at = at.as_object_mut().expect("it was made one").entry(step).or_insert(Value::Null);
    }
    *at = new;
}

/// The table around a place, and the place's name in it.
#[must_use]
pub fn holder<'v>(
    value: &'v mut Value,
    pointer: &str,
) -> Option<(&'v mut Map<String, Value>, String)> {
    let (parent, _) = pointer.rsplit_once('/')?;
    Some((value.pointer_mut(parent)?.as_object_mut()?, steps(pointer).last()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_put_where_a_pointer_leads() {
        let mut body = Value::Object(Map::new());
        put(&mut body, "/errors/0/extensions/code", "gone".into());
        put(&mut body, "/errors/0/message", "it is".into());
        put(&mut body, "/a~1b", 1.into());
        let expected = json!({
            "errors": [{ "extensions": { "code": "gone" }, "message": "it is" }],
            "a/b": 1,
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn what_is_found_is_what_serde_json_finds() {
        let body = json!({ "a/b": { "c~d": [1, { "": 2 }] }, "~x": 3, "7": [4], "e": "text" });
        let pointers = [
            "",
            "/",
            "/a~1b",
            "/a~1b/c~0d/1/",
            "/a~1b/c~0d/01",
            "/a~1b/c~0d/-",
            "/~x",
            "/7/0",
            "/7/+0",
            "/7/1",
            "/e/0",
            "e",
            "/a/b",
            "/~0x",
        ];
        for pointer in pointers {
            assert_eq!(find(&body, pointer), body.pointer(pointer), "{pointer}");
        }
        assert_eq!(find(&body, &format!("/{}", step("a/b"))), body.get("a/b"));
    }

    #[test]
    fn a_name_is_held_by_the_table_around_it() {
        let mut body = json!({ "a/b": { "c~d": 1 }, "list": [1] });
        let rows = [
            ("/a~1b", Some("a/b")),
            ("/a~1b/c~0d", Some("c~d")),
            ("/a~1b/new", Some("new")),
            ("/list/0", None),
            ("/none/new", None),
            ("", None),
        ];
        for (pointer, name) in rows {
            let held = holder(&mut body, pointer).map(|(_, name)| name);
            assert_eq!(held.as_deref(), name, "{pointer}");
        }
    }
}
