//! What the body of a request is: JSON, a form, or anything else, with its media type.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value};
use url::form_urlencoded::byte_serialize;

use super::request_format::{FilePart, PartFormat};

/// The body of a request, as it is when nothing is broken in it.
#[derive(Debug, Clone)]
pub struct RequestBody {
    /// What it is.
    pub content: Content,
    /// Its media type, as `Content-Type` says it.
    pub media_type: String,
}

/// What a body is.
#[derive(Debug, Clone)]
pub enum Content {
    /// JSON, with its text where a file says that.
    Json(Value, Option<String>),
    /// The fields of a form.
    Form(BTreeMap<String, String>),
    /// Parts, already written.
    Multipart(String),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Arc<[u8]>),
}

/// How a text is written in a body, for a value that is known only when it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Coding {
    /// Nothing is put into it.
    #[default]
    Untouched,
    /// As it is.
    Plain,
    /// As a part of a text in JSON.
    Json,
    /// As a part of a form, or behind a question mark.
    Form,
}

impl RequestBody {
    /// The bytes of it.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        match &self.content {
            Content::Json(_, Some(text)) | Content::Multipart(text) | Content::Text(text) => {
                text.clone().into_bytes()
            }
            Content::Json(value, None) => value.to_string().into_bytes(),
            Content::Form(fields) => form(fields).into_bytes(),
            Content::Bytes(bytes) => bytes.to_vec(),
        }
    }

    /// Its text as a file has it, before anything is encoded.
    #[must_use]
    pub fn written(&self) -> String {
        match &self.content {
            Content::Form(fields) => {
                fields.values().map(String::as_str).collect::<Vec<_>>().join("\n")
            }
            _ => String::from_utf8(self.bytes()).unwrap_or_default(),
        }
    }

    /// What it is as JSON, which an input schema judges and a defect has a place in: JSON as it is, and a form as an
    /// object of texts.
    #[must_use]
    pub fn value(&self) -> Option<Value> {
        match &self.content {
            Content::Json(value, _) => Some(value.clone()),
            Content::Form(fields) => Some(object(fields)),
            Content::Multipart(_) | Content::Text(_) | Content::Bytes(_) => None,
        }
    }

    /// The same where it is JSON.
    #[must_use]
    pub fn json(&self) -> Option<&Value> {
        match &self.content {
            Content::Json(value, _) => Some(value),
            _ => None,
        }
    }

    /// Whether another body is JSON if this is, and a form if this is.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(&self.content) == std::mem::discriminant(&other.content)
    }

    /// How a value is written in it that is known only when it is sent. Of bytes nobody knows.
    #[must_use]
    pub fn coding(&self) -> Coding {
        match &self.content {
            Content::Json(..) => Coding::Json,
            Content::Form(_) => Coding::Form,
            Content::Multipart(_) | Content::Text(_) => Coding::Plain,
            Content::Bytes(_) => Coding::Untouched,
        }
    }
}

fn object(fields: &BTreeMap<String, String>) -> Value {
    let fields = fields.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str())));
    Value::Object(fields.collect::<Map<_, _>>())
}

/// Fields as `application/x-www-form-urlencoded`.
#[must_use]
pub fn form(fields: &BTreeMap<String, String>) -> String {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    joined(fields, encoded)
}

/// What follows a path behind a question mark. A space is `%20` there, which every server takes.
#[must_use]
pub fn query(fields: &BTreeMap<String, String>) -> String {
    joined(fields, percent_encoded)
}

fn joined(fields: &BTreeMap<String, String>, encoded: impl Fn(&str) -> String) -> String {
    let field = |(name, text): (&String, &String)| format!("{}={}", encoded(name), encoded(text));
    fields.iter().map(field).collect::<Vec<_>>().join("&")
}

/// A text with all but letters, digits and four signs as percent signs and digits (RFC 3986, section 2.3).
#[must_use]
pub fn percent_encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encoded = |byte: u8| {
        if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(encoded).collect()
}

/// The fields of a form with what a defect has made of them, if a form can have that.
///
/// # Errors
/// Why it cannot, as the end of a sentence.
pub fn form_of(value: &Value) -> Result<String, String> {
    let no_form = || "a form has fields, each with a text".to_owned();
    let fields = value.as_object().ok_or_else(no_form)?;
    let field = |(name, value): (&String, &Value)| match value {
        Value::String(text) => Ok((name.clone(), text.clone())),
        Value::Bool(_) | Value::Number(_) => Ok((name.clone(), value.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(format!("`{name}` would be {value}, and a form has texts alone"))
        }
    };
    let fields: BTreeMap<_, _> = fields.iter().map(field).collect::<Result<_, _>>()?;
    Ok(form(&fields))
}

/// Parts as `multipart/form-data` (RFC 7578), with the boundary between them, which is always the same for the same parts.
#[must_use]
pub fn multipart(parts: &BTreeMap<String, PartFormat>) -> (String, String) {
    let texts = || {
        parts.values().map(|part| match part {
            PartFormat::Text(text) => text,
            PartFormat::File(file) => &file.text,
        })
    };
    let is_free = |boundary: &String| !texts().any(|text| text.contains(boundary));
    let mut boundaries = (1..).map(|number| format!("errproof-boundary-{number}"));
    let boundary = boundaries.find(is_free).expect("a text does not hold all numbers");
    let quoted = |text: &str| text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
    let part = |(name, part): (&String, &PartFormat)| {
        let name = quoted(name);
        let begin = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"");
        match part {
            PartFormat::Text(text) => format!("{begin}\r\n\r\n{text}\r\n"),
            PartFormat::File(FilePart { filename, media_type, text }) => {
                let media = media_type.as_deref().unwrap_or("application/octet-stream");
                let filename = quoted(filename);
                format!(
                    "{begin}; filename=\"{filename}\"\r\nContent-Type: {media}\r\n\r\n{text}\r\n"
                )
            }
        }
    };
    let body: String = parts.iter().map(part).collect();
    (format!("{body}--{boundary}--\r\n"), boundary)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(fields: &[(&str, &str)]) -> BTreeMap<String, String> {
        fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_form_and_a_query_are_encoded() {
        let rows = [
            (&[][..], "", ""),
            (&[("a", "1"), ("b", "x y")], "a=1&b=x+y", "a=1&b=x%20y"),
            (&[("a&b", "ü=%{}")], "a%26b=%C3%BC%3D%25%7B%7D", "a%26b=%C3%BC%3D%25%7B%7D"),
            (&[("id", "*-_.")], "id=*-_.", "id=%2A-_."),
        ];
        for (given, as_form, as_query) in rows {
            let given = fields(given);
            assert_eq!((form(&given), query(&given)), (as_form.to_owned(), as_query.to_owned()));
        }
    }

    #[test]
    fn a_form_has_texts_alone() {
        let rows = [
            (json!({ "a": "x", "b": 7, "c": true }), Ok("a=x&b=7&c=true")),
            (json!({ "a": null }), Err("`a` would be null, and a form has texts alone")),
            (json!({ "a": [1] }), Err("`a` would be [1], and a form has texts alone")),
            (json!([1]), Err("a form has fields, each with a text")),
        ];
        for (value, form) in rows {
            let expected = form.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(form_of(&value), expected, "{value}");
        }
    }

    #[test]
    fn parts_stand_between_a_boundary_that_none_of_them_holds() {
        let part = |text: &str| PartFormat::Text(text.to_owned());
        let file = FilePart {
            filename: "a\".txt".to_owned(),
            media_type: Some("text/plain".to_owned()),
            text: "errproof-boundary-1".to_owned(),
        };
        let parts =
            [("purpose".to_owned(), part("x")), ("file".to_owned(), PartFormat::File(file))];
        let (body, boundary) = multipart(&parts.into());
        assert_eq!(boundary, "errproof-boundary-2");
        assert_eq!(
            body,
            "--errproof-boundary-2\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a%22.txt\"\r\nContent-Type: text/plain\r\n\r\nerrproof-boundary-1\r\n--errproof-boundary-2\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nx\r\n--errproof-boundary-2--\r\n"
        );
    }
}
