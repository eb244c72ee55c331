//! An answer as a contract's envelope reads it: what stands at the places that the contract names.

use std::{borrow::Cow, cell::OnceCell};

use serde_json::Value;

use super::json::{self, DEEPEST, Depth, Json, Twice};
use crate::{
    contract::{envelope::EnvelopeFormat, place::AnswerPlace, pointer, scenario::Scenario},
    exchange::message::Answer,
};

/// An answer whose body is read once, with the first question that it takes: of a burst's answers most
/// are told apart by their status.
#[derive(Debug)]
pub struct Reading<'a> {
    answer: &'a Answer,
    places: &'a EnvelopeFormat,
    body: OnceCell<Body>,
}

/// A body, as far as it is JSON.
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
        Self { answer, places, body: OnceCell::new() }
    }

    /// The body, if it is JSON. Of a name that stands twice in an object it has the last.
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
        let body = &self.answer.body;
        self.body.get_or_init(|| match json::read(body, Twice::Refused) {
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
        })
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
            None => pointer::find(self.body()?, place.as_str()).map(Cow::Borrowed),
        }
    }

    /// The text at a place.
    #[must_use]
    pub fn text(&self, place: &AnswerPlace) -> Option<String> {
        self.at(place)?.as_str().map(str::to_owned)
    }

    /// The code, without what the contract says stands before it.
    #[must_use]
    pub fn code(&self) -> Option<String> {
        let code = self.text(&self.places.code)?;
        let bare = code.strip_prefix(&self.places.code_prefix).map(str::to_owned);
        Some(bare.unwrap_or(code))
    }

    /// Whether the request was served, if `status` is that of a success: an error with the status of
    /// a success is none the less an error.
    #[must_use]
    pub fn is_served(&self, status: u16) -> bool {
        self.answer.status == status && self.at(&self.places.code).is_none()
    }

    /// Whether it is a page for people, such as the one where they log in.
    #[must_use]
    pub fn is_page(&self) -> bool {
        let media = self.answer.header("content-type").unwrap_or_default();
        media.trim_start().to_ascii_lowercase().starts_with("text/html")
    }

    /// Whether something that says no is where an error's parts stand: a text, a number, a table that is not
    /// empty.
    #[must_use]
    pub fn tells_error(&self) -> bool {
        let code = &self.places.code;
        let Some((around, _)) =
            code.as_str().rsplit_once('/').filter(|(around, _)| !around.is_empty())
        else {
            return false;
        };
        if code.header().is_some() {
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

    /// Whether this is the error of a scenario, as far as its status tells; where errors have the
    /// status of a success, its code has to tell.
    #[must_use]
    pub fn is_refusal(&self, scenario: &Scenario) -> bool {
        self.answer.status == scenario.status
            && (scenario.status >= 400 || self.code().as_deref() == Some(scenario.code.as_str()))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::exchange::message::Ending;

    pub(in super::super) fn places() -> EnvelopeFormat {
        let place = |text: &str| AnswerPlace::from(text.to_owned());
        EnvelopeFormat {
            schema: String::new(),
            media_type: None,
            success_statuses: false,
            code: place("/type"),
            code_prefix: "https://api.example.com/problems/".to_owned(),
            status: None,
            message: place("/detail"),
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
