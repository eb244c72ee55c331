//! The HTTP method of a request: any token.

use std::{borrow::Cow, fmt, sync::Arc};

use serde::Deserialize;

/// The HTTP method of a request, whatever its name: `GET`, `HEAD`, `PROPFIND`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(from = "String")]
pub struct Method(Arc<str>);

/// Methods that everybody knows (RFC 9110, section 9.3, and RFC 5789).
const KNOWN: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"];

impl Method {
    /// The method's name on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same for a request: thousands of them share the names that everybody knows.
    #[must_use]
    pub fn on_the_wire(&self) -> Cow<'static, str> {
        let known = KNOWN.iter().find(|known| **known == &*self.0);
        known.map_or_else(|| Cow::Owned(self.0.to_string()), |known| Cow::Borrowed(*known))
    }

    /// Why no request can have it, as a label in the file.
    pub(crate) fn fault(&self) -> Option<String> {
        let upper = self.0.to_ascii_uppercase();
        if KNOWN.contains(&upper.as_str()) && *upper != *self.0 {
            return Some(format!("expected `{upper}`: methods are told apart by case"));
        }
        if http::Method::from_bytes(self.0.as_bytes()).is_err() {
            return Some("expected a token such as `HEAD`".to_owned());
        }
        (upper == "CONNECT").then(|| "it asks a proxy for a tunnel, and has no path".to_owned())
    }
}

impl From<String> for Method {
    fn from(name: String) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_token_is_a_method_but_one_that_is_meant_to_be_another() {
        let rows = [
            ("GET", None),
            ("OPTIONS", None),
            ("PROPFIND", None),
            ("x-purge", None),
            ("get", Some("expected `GET`: methods are told apart by case")),
            ("Head", Some("expected `HEAD`: methods are told apart by case")),
            ("", Some("expected a token such as `HEAD`")),
            ("GET /", Some("expected a token such as `HEAD`")),
            ("CONNECT", Some("it asks a proxy for a tunnel, and has no path")),
        ];
        for (name, fault) in rows {
            assert_eq!(Method::from(name.to_owned()).fault().as_deref(), fault, "{name}");
        }
    }
}
