//! Bodies whose length somebody else decides, read up to a limit.

use reqwest::Response;

use super::{cause::innermost, message::Ending};

/// A body as far as it was read.
pub(crate) struct Capped {
    pub(crate) bytes: Vec<u8>,
    /// Why that is all.
    pub(crate) ending: Ending,
}

/// Reads a body to its end, or until the piece that makes it longer than this.
pub(crate) async fn read_at_most(response: &mut Response, most: usize) -> Capped {
    let mut bytes = Vec::new();
    let ending = loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() <= most => bytes.extend_from_slice(&chunk),
            Ok(Some(_)) => break Ending::TooLong,
            Ok(None) => break Ending::Complete,
            Err(error) => break Ending::Broken(innermost(&error)),
        }
    };
    Capped { bytes, ending }
}
