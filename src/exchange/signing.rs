//! What a request is signed with when it is sent.

use std::fmt::{self, Write as _};

use ring::digest;

use crate::shown::secret::Secret;

/// What the signature of a request is made with.
#[derive(Clone, PartialEq, Eq)]
pub struct Signing {
    /// The service that it is for.
    pub service: String,
    /// The service's region.
    pub region: String,
    /// The access key's id.
    pub access_key: String,
    /// The secret access key.
    pub secret: Secret,
}

impl fmt::Debug for Signing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(signs for {} in {})", self.service, self.region)
    }
}

/// The SHA-256 of a body, as a signed request states it.
#[must_use]
pub fn digest_of(body: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, body).as_ref())
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("a text takes all");
        digits
    })
}
