//! Why a request failed, in the words of who knows.

/// The cause at the bottom: the layers above it say "error sending request" and the address.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
