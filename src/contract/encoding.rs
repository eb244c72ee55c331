//! How a text is written in a query, in a form and in a JSON document.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode, utf8_percent_encode};
use serde_json::Value;
use url::form_urlencoded;

/// All but what never has to be encoded (RFC 3986, section 2.3): so no reader of a query takes any of it for a sign.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The same in a path, whose parts stay parts.
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// A name or a value in a query.
#[must_use]
pub fn in_query(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Bytes in a query.
#[must_use]
pub fn bytes_in_query(bytes: &[u8]) -> String {
    percent_encode(bytes, RESERVED).to_string()
}

/// Bytes in a path.
#[must_use]
pub fn bytes_in_path(bytes: &[u8]) -> String {
    percent_encode(bytes, RESERVED_IN_PATH).to_string()
}

/// A name or a value in a form (application/x-www-form-urlencoded).
#[must_use]
pub fn in_form(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// What stands between the quotes of a text in a JSON document.
#[must_use]
pub fn in_json(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_document_has_its_way_to_write_a_text() {
        let rows = [
            ("a-Z_0.9~", "a-Z_0.9~", "a-Z_0.9%7E", "a-Z_0.9~"),
            ("a b+c/d=", "a%20b%2Bc%2Fd%3D", "a+b%2Bc%2Fd%3D", "a b+c/d="),
            ("é\"\\", "%C3%A9%22%5C", "%C3%A9%22%5C", "é\\\"\\\\"),
        ];
        for (text, query, form, json) in rows {
            assert_eq!((in_query(text), in_form(text)), (query.to_owned(), form.to_owned()));
            assert_eq!(in_json(text), json);
        }
        assert_eq!(bytes_in_path(b"/a b/%"), "/a%20b/%25");
    }
}
