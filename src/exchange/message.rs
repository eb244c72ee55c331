//! A request and an answer as they are on the wire.

use std::{borrow::Cow, sync::Arc};

use super::signing::Signing;
use crate::shown::secret::Secret;

/// A request, complete to the byte.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method's name.
    pub method: Cow<'static, str>,
    /// The path, from the target's base URL on.
    pub path: Arc<str>,
    /// Names and values. Any value may hold a key, so none shows itself.
    pub headers: Vec<(Arc<str>, Secret)>,
    /// The body.
    pub body: Vec<u8>,
    /// What its signature is made with when it is sent, if it has to be signed.
    pub signing: Option<Arc<Signing>>,
}

/// What stands in place of a header's value that is not sent at all, where every request would have it otherwise. It is no
/// value that could be sent.
pub const LEFT_OUT: &str = "\u{7f}";

impl Request {
    /// Whether its method gives a body a meaning, so that an empty one is announced, too: `POST`,
    /// `PUT` and `PATCH` without a `Content-Length` are answered 411 by some gateways (RFC 9110,
    /// section 8.6).
    #[must_use]
    pub fn announces_body(&self) -> bool {
        !self.body.is_empty() || ["POST", "PUT", "PATCH"].contains(&&*self.method)
    }

    /// The value of the first header of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.expose())
    }
}

/// An answer, as far as it came.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names, in lower case, and values, in the order of arrival.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, as far as it came.
    pub body: Vec<u8>,
    /// How the body ended.
    pub ending: Ending,
}

/// How a body ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// As the server said.
    Complete,
    /// The connection broke, or the body was not as long as the server said.
    Broken(String),
    /// It went on past the cap, and was not read further.
    TooLong,
}

impl Answer {
    /// The value of the first header of this name, which is written in lower case here.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let named = self.headers.iter().find(|(known, _)| known == name);
        named.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }

    /// How many headers have this name, which is written in lower case here.
    #[must_use]
    pub fn count(&self, name: &str) -> usize {
        self.headers.iter().filter(|(known, _)| known == name).count()
    }
}
