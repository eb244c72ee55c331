//! An answer as a contract's envelope reads it: what stands at the places that the contract names.

use std::{
    borrow::Cow,
    cell::{Cell, OnceCell},
    ops::Range,
};

use serde_json::Value;

use super::{
    json::{self, DEEPEST, Depth, Json, Twice},
    xml,
};
use crate::{
    contract::{
        envelope::{BodyForm, EnvelopeFormat, Several},
        place::AnswerPlace,
        pointer,
    },
    exchange::message::Answer,
};

/// An answer whose body is read once, with the first question that it takes: of a burst's answers most
/// are told apart by their status.
#[derive(Debug)]
pub struct Reading<'a> {
    answer: &'a Answer,
    places: &'a EnvelopeFormat,
    body: OnceCell<Body>,
    /// Which of several errors is looked at, where `*` stands in the places.
    entry: Cell<usize>,
}

/// A body, as far as it can be read.
#[derive(Debug)]
struct Body {
    value: Option<Value>,
    /// Why a strict reader refuses it, as a sentence.
    fault: Option<String>,
}

impl<'a> Reading<'a> {
    /// A reading of an answer.
    #[must_use]
    pub fn of(answer: &'a Answer, places: &'a EnvelopeFormat) -> Self {
        Self { answer, places, body: OnceCell::new(), entry: Cell::new(0) }
    }

    /// The body, if it is what the envelope says: JSON, XML, a text. Of a name that stands twice in an object it has the last.
    #[must_use]
    pub fn body(&self) -> Option<&Value> {
        self.read().value.as_ref()
    }

    /// Why a strict reader refuses the body, if one does, as a sentence.
    #[must_use]
    pub fn fault(&self) -> Option<&str> {
        self.read().fault.as_deref()
    }

    fn read(&self) -> &Body {
        self.body.get_or_init(|| match self.places.form {
            BodyForm::Json => self.read_json(),
            BodyForm::Xml => match xml::read(&self.answer.body) {
                Ok(value) => Body { value: Some(value), fault: None },
                Err(fault) => Body { value: None, fault: Some(fault) },
            },
            BodyForm::Text | BodyForm::Html => match std::str::from_utf8(&self.answer.body) {
                // What ends a line is no part of the message: Go's `http.Error` and its like write it.
                Ok(text) => {
                    let line = text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n'));
                    let text = line.unwrap_or(text);
                    Body { value: Some(text.into()), fault: None }
                }
                Err(error) => Body { value: None, fault: Some(format!("not UTF-8: {error}")) },
            },
            BodyForm::Empty => {
                let fault = (!self.answer.body.is_empty()).then(|| "expected no body".to_owned());
                Body { value: None, fault }
            }
        })
    }

    fn read_json(&self) -> Body {
        let body = &self.answer.body;
        match json::read(body, Twice::Refused) {
            Ok(Json { value, depth: Depth::Read }) => Body { value: Some(value), fault: None },
            // It is JSON, but no client can count on reading it: RFC 8259 (section 9) lets every reader set a
            // limit, and many end at 64, 100 or 128. What stands above that is judged like any other body.
            Ok(Json { value, depth: Depth::Beyond }) => Body {
                value: Some(value),
                fault: Some(format!(
                    "nested more than {DEEPEST} levels deep; errproof and many clients read no further"
                )),
            },
            Err(fault) => {
                let value = json::read(body, Twice::LastCounts).ok().map(|json| json.value);
                Body { value, fault: Some(format!("not valid JSON: {fault}")) }
            }
        }
    }

    /// The places by which it is read.
    #[must_use]
    pub fn places(&self) -> &'a EnvelopeFormat {
        self.places
    }

    /// How many errors it has, where `*` stands in the places; one, if it stands nowhere.
    #[must_use]
    pub fn errors(&self) -> usize {
        let mut lists = [&self.places.code, &self.places.message].into_iter().flatten();
        let Some(list) = lists.find_map(|place| place.list()) else { return 1 };
        let list = self.body().and_then(|body| pointer::find(body, list));
        match list {
            Some(Value::Array(list)) => list.len(),
            Some(_) if self.places.form == BodyForm::Xml => 1,
            _ => 0,
        }
    }

    /// Looks at this one of several errors from now on.
    pub fn look_at(&self, entry: usize) {
        self.entry.set(entry);
    }

    /// Which one is looked at.
    #[must_use]
    pub fn entry(&self) -> usize {
        self.entry.get()
    }

    /// Those that have to keep what is promised: all of them, or the one that is looked at.
    #[must_use]
    pub fn counting(&self) -> Range<usize> {
        match self.places.several {
            Several::All => 0..self.errors().max(1),
            Several::One | Several::First => self.entry()..self.entry() + 1,
        }
    }

    /// The answer that is read.
    #[must_use]
    pub fn answer(&self) -> &Answer {
        self.answer
    }

    /// What stands at a place: a value of the body, or a header's value as a text.
    #[must_use]
    pub fn at(&self, place: &AnswerPlace) -> Option<Cow<'_, Value>> {
        match place.header() {
            Some(name) => {
                let value = self.answer.header(&name.to_ascii_lowercase())?;
                Some(Cow::Owned(Value::String(value)))
            }
            None if place.is_body() => self.body().map(Cow::Borrowed),
            None => {
                let body = self.body()?;
                let found = match place.list().map(|list| pointer::find(body, list)) {
                    Some(Some(Value::Array(_))) | None => {
                        pointer::find(body, &place.in_entry(self.entry.get()))?
                    }
                    // A list that is none has no entries, whatever its names are; but XML does not say of one element that it
                    // is of a list.
                    Some(_) if self.places.form != BodyForm::Xml || self.entry.get() > 0 => {
                        return None;
                    }
                    Some(_) => pointer::find(body, &place.of_only_entry())?,
                };
                // An element of XML may have attributes beside its text.
                let text = found.get("#text").filter(|_| self.places.form == BodyForm::Xml);
                Some(Cow::Borrowed(text.unwrap_or(found)))
            }
        }
    }

    /// What stands where the code is.
    #[must_use]
    pub fn code_value(&self) -> Option<Cow<'_, Value>> {
        self.at(self.places.code.as_ref()?)
    }

    /// The text where the message is.
    #[must_use]
    pub fn message(&self) -> Option<String> {
        self.text(self.places.message.as_ref()?)
    }

    /// The text at a place.
    #[must_use]
    pub fn text(&self, place: &AnswerPlace) -> Option<String> {
        self.at(place)?.as_str().map(str::to_owned)
    }

    /// The code, without what the contract says stands before it.
    #[must_use]
    pub fn code(&self) -> Option<String> {
        let code = self.code_value()?.as_str().map(str::to_owned)?;
        let bare = self.places.code_prefix.strip(&code).map(str::to_owned);
        Some(bare.unwrap_or(code))
    }

    /// Whether the request was served, if `status` is that of a success: an error with the status of
    /// a success is none the less an error.
    #[must_use]
    pub fn is_served(&self, status: u16) -> bool {
        self.answer.status == status && self.code_value().is_none()
    }

    /// Whether it is a page for people, such as the one where they log in.
    #[must_use]
    pub fn is_page(&self) -> bool {
        // Swift answers a PUT that has succeeded so, with nothing on the page.
        let media = self.answer.header("content-type").unwrap_or_default();
        !self.answer.body.is_empty()
            && media.trim_start().to_ascii_lowercase().starts_with("text/html")
    }

    /// Whether something that says no is where an error's parts stand: a text, a number, a table that is not
    /// empty.
    #[must_use]
    pub fn tells_error(&self) -> bool {
        let Some(code) = self.places.code.as_ref().or(self.places.message.as_ref()) else {
            return false;
        };
        let pointer = code.in_entry(0);
        let Some((around, _)) = pointer.rsplit_once('/').filter(|(around, _)| !around.is_empty())
        else {
            return false;
        };
        if code.header().is_some() || code.is_body() {
            return false;
        }
        match self.body().and_then(|body| pointer::find(body, around)) {
            None | Some(Value::Null | Value::Bool(false)) => false,
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Object(parts)) => !parts.is_empty(),
            Some(Value::Array(items)) => !items.is_empty(),
            Some(Value::Number(_) | Value::Bool(true)) => true,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{contract::envelope::Prefixes, exchange::message::Ending};

    pub(in super::super) fn places() -> EnvelopeFormat {
        let place = |text: &str| AnswerPlace::from(text.to_owned());
        EnvelopeFormat {
            form: BodyForm::Json,
            schema: None,
            media_type: None,
            success_statuses: false,
            code: Some(place("/type")),
            code_prefix: Prefixes::of("https://api.example.com/problems/"),
            several: Several::One,
            status: None,
            message: Some(place("/detail")),
            message_optional: false,
            field: None,
            docs: None,
            request_id: Some(place("header X-Request-Id")),
        }
    }

    #[test]
    fn what_stands_at_a_place_is_found_in_body_and_headers() {
        let rows = [
            (r#"{"type":"https://api.example.com/problems/gone"}"#, Some("gone"), false),
            (r#"{"type":"https://elsewhere/gone"}"#, Some("https://elsewhere/gone"), false),
            // Not a code, but not a success either.
            (r#"{"type":7}"#, None, false),
            (r#"{"stock":7}"#, None, true),
            ("stock", None, true),
        ];
        for (body, code, served) in rows {
            let answer = Answer {
                status: 200,
                headers: vec![("x-request-id".to_owned(), b"7f".to_vec())],
                body: body.as_bytes().to_vec(),
                ending: Ending::Complete,
            };
            let places = places();
            let reading = Reading::of(&answer, &places);
            assert_eq!(reading.code().as_deref(), code, "{body}");
            assert_eq!(reading.is_served(200), served, "{body}");
            let id = places.request_id.as_ref().and_then(|place| reading.text(place));
            assert_eq!(id.as_deref(), Some("7f"), "{body}");
        }
    }
}
