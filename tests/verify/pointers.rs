//! JSON Pointers on any value: the pointer that names a place finds it, and one that names none finds
//! nothing. The encoder here is the test's own (RFC 6901, sections 3 and 4).

use errproof::internals::contract::pointer;
use fastrand::Rng;
use serde_json::{Map, Value, json};

/// What names are made of: all that a pointer escapes or an index looks like, and what it must not touch.
const PARTS: [&str; 24] = [
    "~", "/", "~0", "~1", "~01", "~10", "0", "1", "01", "-", "+0", "-1", "", " ", "%2F", "\\",
    "\"", "\n", "\0", "é", "e\u{301}", "日本", "👍", "code",
];

fn name(random: &mut Rng) -> String {
    (0..random.usize(..4)).map(|_| PARTS[random.usize(..PARTS.len())]).collect()
}

fn value(random: &mut Rng, depth: usize) -> Value {
    match random.usize(..if depth == 0 { 4 } else { 8 }) {
        0 => Value::Null,
        1 => random.bool().into(),
        2 => random.i32(..).into(),
        3 => name(random).into(),
        4 | 5 => (0..random.usize(..5)).map(|_| value(random, depth - 1)).collect(),
        _ => {
            let field = |_| (name(random), value(random, depth - 1));
            Value::Object((0..6).map(field).collect::<Map<_, _>>())
        }
    }
}

/// A name as a step of a pointer.
fn encoded(name: &str) -> String {
    let escaped = |c| match c {
        '~' => "~0".to_owned(),
        '/' => "~1".to_owned(),
        c => c.to_string(),
    };
    name.chars().map(escaped).collect()
}

/// Every place in a value, with the names and indices that lead to it and what is there.
fn places(value: &Value) -> Vec<(Vec<String>, &Value)> {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(list) => (0..).map(|at: usize| at.to_string()).zip(list).collect(),
        _ => Vec::new(),
    };
    let below = below.into_iter().flat_map(|(step, value)| {
        places(value)
            .into_iter()
            .map(move |(way, value)| ([vec![step.clone()], way].concat(), value))
    });
    [(Vec::new(), value)].into_iter().chain(below).collect()
}

fn pointer_to(way: &[String]) -> String {
    way.iter().flat_map(|step| ["/".to_owned(), encoded(step)]).collect()
}

/// Steps that lead nowhere from a value.
fn nowhere(random: &mut Rng, value: &Value) -> Vec<String> {
    let names = (0..6).map(|_| name(random));
    match value {
        Value::Object(fields) => names.filter(|name| !fields.contains_key(name)).collect(),
        Value::Array(list) => {
            let next = list.len();
            // An index has no sign, no leading zero, and nothing around it.
            let texts =
                ["-", "", "+0", "-1", "00", "01", " 0", "0 ", "0x0", "18446744073709551616"];
            let texts = texts.iter().map(ToString::to_string);
            let beyond = [next, next + random.usize(..9)].map(|index| index.to_string());
            texts.chain(beyond).collect()
        }
        _ => names.chain(["0".to_owned(), String::new()]).collect(),
    }
}

#[test]
fn every_place_of_any_value_is_found_by_its_pointer_and_nothing_by_a_pointer_to_nowhere() {
    let seed = fastrand::u64(..);
    let mut random = Rng::with_seed(seed);
    let mut count = 0;
    for round in 0..300 {
        let value = value(&mut random, 4);
        let what = format!("seed {seed}, round {round}");
        for (way, there) in places(&value) {
            count += 1;
            let pointer = pointer_to(&way);
            let found = pointer::find(&value, &pointer);
            // Not one that is only equal to it.
            assert!(
                found.is_some_and(|found| std::ptr::eq(found, there)),
                "{what}: {pointer:?} in {value}"
            );
            assert_eq!(pointer::steps(&pointer).collect::<Vec<_>>(), way, "{what}: {pointer:?}");
            let steps: String =
                way.iter().flat_map(|name| ["/".to_owned(), pointer::step(name)]).collect();
            assert_eq!(steps, pointer, "{what}");
            for step in nowhere(&mut random, there) {
                let pointer = format!("{pointer}/{}", encoded(&step));
                assert_eq!(pointer::find(&value, &pointer), None, "{what}: {pointer:?} in {value}");
            }
            if let Some(rootless) =
                pointer.strip_prefix('/').filter(|text| !text.starts_with(['/', '\0']))
            {
                let found = pointer::find(&value, rootless);
                assert!(found.is_none() || rootless.is_empty(), "{what}: {rootless:?} in {value}");
            }
        }
    }
    assert!(count > 3_000, "seed {seed}: only {count} places");
}

#[test]
fn what_is_put_at_any_place_is_found_there_and_all_else_stays() {
    let seed = fastrand::u64(..);
    let mut random = Rng::with_seed(seed);
    for round in 0..60 {
        let value = value(&mut random, 3);
        for (way, there) in places(&value) {
            let pointer = pointer_to(&way);
            let what = format!("seed {seed}, round {round}: {pointer:?} in {value}");
            let mut changed = value.clone();
            let new = json!({ "put": round });
            pointer::put(&mut changed, &pointer, new.clone());
            assert_eq!(pointer::find(&changed, &pointer), Some(&new), "{what}");
            // A table around a place holds its name; a list or nothing around it holds none.
            let name = way.last().filter(|_| {
                let around = pointer::find(&value, &pointer_to(&way[..way.len() - 1]));
                around.is_some_and(Value::is_object)
            });
            let held = pointer::holder(&mut changed, &pointer);
            assert_eq!(held.as_ref().map(|(_, name)| name), name, "{what}");
            if let Some((holder, name)) = held {
                assert_eq!(holder.get(&name), Some(&new), "{what}");
            }
            pointer::put(&mut changed, &pointer, there.clone());
            assert_eq!(changed, value, "{what}");
        }
    }
}
