//! What can be sent: parts of header values, and paths.

use http::HeaderValue;
use url::Url;

/// Whether a text can be part of a header's value: no control characters but a tab.
pub(crate) fn can_be_sent(text: &str) -> bool {
    HeaderValue::from_bytes(text.as_bytes()).is_ok()
}

/// Why a text cannot be a request's path, if it cannot.
pub(crate) fn path_fault(path: &str) -> Option<&'static str> {
    let base = Url::parse("http://localhost").expect("an address");
    if !path.starts_with('/') {
        return Some("expected one that begins with `/`");
    }
    let stays = base.join(path).is_ok_and(|url| url.host_str() == Some("localhost"));
    (!stays).then_some("expected a path without a host")
}
