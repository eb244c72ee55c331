//! Request bodies: a named request's own, or with one defect, byte for byte.

use serde_json::Value;

use super::{
    content::{self, Content, RequestBody},
    pointer,
    scenario_file::BodyDefect,
};

/// The largest body that a case can send: more than any input limit that is worth a test.
const LARGEST_BODY: usize = 16 << 20;

/// What stands in the place of a long part until the rest is written.
const MARK: &str = "a long part, by errproof";

/// The bytes to send for a request whose unbroken body is `base`.
///
/// # Errors
/// Why the defect cannot be applied, as the end of a sentence: a place that the body does not have,
/// digits that are none.
pub fn bytes(base: Option<&RequestBody>, defect: Option<&BodyDefect>) -> Result<Vec<u8>, String> {
    let Some(defect) = defect else {
        return Ok(base.map(RequestBody::bytes).unwrap_or_default());
    };
    match defect {
        BodyDefect::Text(text) => return Ok(text.clone().into_bytes()),
        BodyDefect::Hex(digits) => return from_hex(digits),
        _ => {}
    }
    match base.map(|base| &base.content) {
        None => json_bytes(None, defect),
        Some(Content::Json(body, _)) => json_bytes(Some(body), defect),
        Some(Content::Form(_)) => {
            let body = broken_form(base, defect)?;
            content::form_of(&body).map(String::into_bytes)
        }
        Some(Content::Multipart(_) | Content::Text(_) | Content::Bytes(_)) => Err(
            "the request's body is neither JSON nor a form, so that it has no such place: expected `text` or `hex`"
                .to_owned(),
        ),
    }
}

/// The same as JSON, as an input schema judges it; nothing if the bytes are no JSON, or take the place of another kind of body.
#[must_use]
pub fn value(base: Option<&RequestBody>, defect: &BodyDefect) -> Option<Value> {
    let is_json = base.is_none_or(|base| base.json().is_some());
    match defect {
        _ if is_json => serde_json::from_slice(&bytes(base, Some(defect)).ok()?).ok(),
        BodyDefect::Text(_) | BodyDefect::Hex(_) => None,
        _ => broken_form(base, defect).ok(),
    }
}

/// A form as an object of texts, with a defect.
fn broken_form(base: Option<&RequestBody>, defect: &BodyDefect) -> Result<Value, String> {
    if matches!(defect, BodyDefect::Nest(_)) {
        return Err("a form has no lists".to_owned());
    }
    let body = base.and_then(RequestBody::value);
    let broken = json_bytes(body.as_ref(), defect)?;
    serde_json::from_slice(&broken).map_err(|error| error.to_string())
}

/// The bytes of a body that is JSON.
///
/// # Errors
/// Why the defect cannot be applied, as the end of a sentence.
pub fn json_bytes(base: Option<&Value>, defect: &BodyDefect) -> Result<Vec<u8>, String> {
    let mut body = base.cloned().unwrap_or_default();
    match defect {
        BodyDefect::Text(text) => return Ok(text.clone().into_bytes()),
        BodyDefect::Hex(digits) => return from_hex(digits),
        BodyDefect::Remove(at) => remove(&mut body, at)?,
        BodyDefect::Set(set) => place(&mut body, &set.at, set.value()?)?,
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

pub(super) fn from_hex(digits: &str) -> Result<Vec<u8>, String> {
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

    fn body(content: Content) -> RequestBody {
        RequestBody { content, media_type: String::new() }
    }

    #[test]
    fn a_defect_of_a_form_is_one_of_its_fields_and_other_bodies_have_none() {
        let fields = [("amount", "100"), ("currency", "eur")];
        let fields = fields.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let form = body(Content::Form(fields.into()));
        let text = body(Content::Text("amount".to_owned()));
        let at = |at: &str| at.to_owned();
        let set = |to: Value| BodyDefect::Set(Replacement::of("/amount", to));
        let rows = [
            (&form, BodyDefect::Remove(at("/amount")), Ok("currency=eur")),
            (&form, set(json!("-1")), Ok("amount=-1&currency=eur")),
            (&form, set(json!(7)), Ok("amount=7&currency=eur")),
            (&form, BodyDefect::Text(at("a=b")), Ok("a=b")),
            (&form, set(Value::Null), Err("`amount` would be null, and a form has texts alone")),
            (
                &form,
                BodyDefect::Nest(Nesting { at: at("/amount"), levels: 3 }),
                Err("a form has no lists"),
            ),
            (
                &form,
                BodyDefect::Fill(Filling { at: at("/amount"), with: at("&"), times: 2 }),
                Ok("amount=%26%26&currency=eur"),
            ),
            (
                &text,
                BodyDefect::Remove(at("/amount")),
                Err(
                    "the request's body is neither JSON nor a form, so that it has no such place: expected `text` or `hex`",
                ),
            ),
            (&text, BodyDefect::Hex(at("00")), Ok("\0")),
        ];
        for (base, defect, expected) in rows {
            let body =
                bytes(Some(base), Some(&defect)).map(|b| String::from_utf8(b).expect("text"));
            assert_eq!(body, expected.map(str::to_owned).map_err(str::to_owned), "{defect:?}");
        }
        let judged = value(Some(&form), &BodyDefect::Remove(at("/amount")));
        assert_eq!(judged, Some(json!({ "currency": "eur" })));
        assert_eq!(value(Some(&form), &BodyDefect::Text(at("{}"))), None);
    }

    #[test]
    fn exactly_one_of_a_value_and_null_is_set() {
        let base = body(Content::Json(json!({ "a": 1 }), None));
        let one = "exactly one of `to` and `null = true` has to be there";
        let rows = [
            (Some(json!(7)), None, Ok("{\"a\":7}")),
            (None, Some(true), Ok("{\"a\":null}")),
            (None, Some(false), Err(one)),
            (None, None, Err(one)),
            (Some(json!(7)), Some(true), Err(one)),
        ];
        for (to, null, expected) in rows {
            let set = BodyDefect::Set(Replacement { at: "/a".to_owned(), to, null });
            let made = bytes(Some(&base), Some(&set)).map(|b| String::from_utf8(b).expect("text"));
            assert_eq!(made, expected.map(str::to_owned).map_err(str::to_owned), "{set:?}");
        }
    }

    #[test]
    fn each_defect_changes_exactly_one_thing() {
        let base = body(Content::Json(json!({"product": "errproof", "tone": "plain"}), None));
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
                Some(BodyDefect::Set(Replacement::of("/tone", json!(7)))),
                Ok(r#"{"product":"errproof","tone":7}"#),
            ),
            (
                Some(BodyDefect::Set(Replacement::of("/a/b", json!(7)))),
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
        let base = body(Content::Json(json!({"a/b": 1, "c": {"d~e": 2}}), None));
        let at = |at: &str| at.to_owned();
        let rows = [
            (BodyDefect::Remove(at("/a~1b")), r#"{"c":{"d~e":2}}"#),
            (BodyDefect::Remove(at("/c/d~0e")), r#"{"a/b":1,"c":{}}"#),
            (BodyDefect::Set(Replacement::of("/a~1b", json!(7))), r#"{"a/b":7,"c":{"d~e":2}}"#),
        ];
        for (defect, expected) in rows {
            let body = bytes(Some(&base), Some(&defect));
            assert_eq!(body, Ok(expected.as_bytes().to_vec()), "{defect:?}");
        }
    }
}
