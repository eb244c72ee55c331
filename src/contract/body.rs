//! Request bodies: a named request's own, or with one defect, byte for byte.

use serde_json::Value;

use super::{pointer, scenario_file::BodyDefect};

/// The largest body that a case can send: more than any input limit that is worth a test.
const LARGEST_BODY: usize = 16 << 20;

/// What stands in the place of a long part until the rest is written.
const MARK: &str = "a long part, by errproof";

/// The bytes to send for a request whose unbroken body is `base`.
///
/// # Errors
/// Why the defect cannot be applied, as the end of a sentence: a place that the body does not have,
/// digits that are none.
pub fn bytes(base: Option<&Value>, defect: Option<&BodyDefect>) -> Result<Vec<u8>, String> {
    let Some(defect) = defect else {
        return Ok(base.map(|body| body.to_string().into_bytes()).unwrap_or_default());
    };
    let mut body = base.cloned().unwrap_or_default();
    match defect {
        BodyDefect::Text(text) => return Ok(text.clone().into_bytes()),
        BodyDefect::Hex(digits) => return from_hex(digits),
        BodyDefect::Remove(at) => remove(&mut body, at)?,
        BodyDefect::Set(set) => place(&mut body, &set.at, set.to.clone())?,
        BodyDefect::Fill(fill) if fill.with.len().saturating_mul(fill.times) > LARGEST_BODY => {
            return Err(format!("it would be longer than {LARGEST_BODY} bytes"));
        }
        BodyDefect::Fill(fill) => {
            // Escaped once, since what a character is written as depends on no other: to look at each of two
            // million of them for each plan was half of what a run on the mock in this process took.
            let once = Value::from(fill.with.as_str()).to_string();
            let filling = once[1..once.len() - 1].repeat(fill.times);
            return written_around(body, &fill.at, ["\"", &filling, "\""]);
        }
        BodyDefect::Nest(nest) => {
            // As text: to write and to drop a value of a million levels takes as many calls in each other.
            let (begin, end) = ("[".repeat(nest.levels), "]".repeat(nest.levels));
            return written_around(body, &nest.at, [&begin, &end, ""]);
        }
    }
    Ok(body.to_string().into_bytes())
}

/// A body with a long value at a place. That value is given in parts, as they are sent.
fn written_around(mut body: Value, at: &str, long: [&str; 3]) -> Result<Vec<u8>, String> {
    place(&mut body, at, MARK.into())?;
    let rest = body.to_string();
    let (before, after) = rest.split_once(&format!("\"{MARK}\"")).expect("it was placed there");
    Ok([&[before], &long[..], &[after]].concat().concat().into_bytes())
}

fn remove(body: &mut Value, at: &str) -> Result<(), String> {
    let removed = pointer::holder(body, at).and_then(|(holder, name)| holder.remove(&name));
    removed.map(|_| ()).ok_or_else(|| format!("the request's body has nothing at `{at}`"))
}

/// Puts a value at a place. Its last step may be new: a field that is optional need not be there.
fn place(body: &mut Value, at: &str, value: Value) -> Result<(), String> {
    if let Some(known) = body.pointer_mut(at).filter(|_| !at.is_empty()) {
        *known = value;
        return Ok(());
    }
    let holder = pointer::holder(body, at);
    let (holder, name) =
        holder.ok_or_else(|| format!("the request's body has no object around `{at}`"))?;
    holder.insert(name, value);
    Ok(())
}

fn from_hex(digits: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<u32> = digits
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).ok_or_else(|| format!("`{c}` is not a hexadecimal digit")))
        .collect::<Result<_, _>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("the last byte has only one digit".to_owned());
    }
    Ok(pairs
        .iter()
        .map(|[high, low]| {
            u8::try_from(high << 4 | low).expect("two hexadecimal digits are a byte")
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::scenario_file::{Filling, Nesting, Replacement};
    use serde_json::json;

    #[test]
    fn each_defect_changes_exactly_one_thing() {
        let base = json!({"product": "errproof", "tone": "plain"});
        let at = |at: &str| at.to_owned();
        let rows = [
            (None, Ok(r#"{"product":"errproof","tone":"plain"}"#)),
            (Some(BodyDefect::Text("[}".into())), Ok("[}")),
            (Some(BodyDefect::Hex("7B 7d".into())), Ok("{}")),
            (Some(BodyDefect::Hex("7".into())), Err("the last byte has only one digit")),
            (Some(BodyDefect::Hex("7x".into())), Err("`x` is not a hexadecimal digit")),
            (Some(BodyDefect::Remove(at("/tone"))), Ok(r#"{"product":"errproof"}"#)),
            (
                Some(BodyDefect::Remove(at("/tune"))),
                Err("the request's body has nothing at `/tune`"),
            ),
            (
                Some(BodyDefect::Set(Replacement { at: at("/tone"), to: json!(7) })),
                Ok(r#"{"product":"errproof","tone":7}"#),
            ),
            (
                Some(BodyDefect::Set(Replacement { at: at("/a/b"), to: json!(7) })),
                Err("the request's body has no object around `/a/b`"),
            ),
            (
                Some(BodyDefect::Fill(Filling { at: at("/tone"), with: "xy".into(), times: 2 })),
                Ok(r#"{"product":"errproof","tone":"xyxy"}"#),
            ),
            (
                Some(BodyDefect::Fill(Filling {
                    at: at("/tone"),
                    with: "\"\n\\".into(),
                    times: 2,
                })),
                Ok(r#"{"product":"errproof","tone":"\"\n\\\"\n\\"}"#),
            ),
            (
                Some(BodyDefect::Nest(Nesting { at: at("/tone"), levels: 3 })),
                Ok(r#"{"product":"errproof","tone":[[[]]]}"#),
            ),
        ];
        for (defect, expected) in rows {
            let body =
                bytes(Some(&base), defect.as_ref()).map(|b| String::from_utf8(b).expect("text"));
            assert_eq!(body, expected.map(str::to_owned).map_err(str::to_owned), "{defect:?}");
        }
        assert_eq!(bytes(None, None), Ok(Vec::new()));
    }

    #[test]
    fn a_name_with_a_slash_in_it_is_removed_and_set_by_its_pointer() {
        let base = json!({"a/b": 1, "c": {"d~e": 2}});
        let at = |at: &str| at.to_owned();
        let rows = [
            (BodyDefect::Remove(at("/a~1b")), r#"{"c":{"d~e":2}}"#),
            (BodyDefect::Remove(at("/c/d~0e")), r#"{"a/b":1,"c":{}}"#),
            (
                BodyDefect::Set(Replacement { at: at("/a~1b"), to: json!(7) }),
                r#"{"a/b":7,"c":{"d~e":2}}"#,
            ),
        ];
        for (defect, expected) in rows {
            let body = bytes(Some(&base), Some(&defect));
            assert_eq!(body, Ok(expected.as_bytes().to_vec()), "{defect:?}");
        }
    }
}
