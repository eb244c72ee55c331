//! What the benchmarks share.

use std::io::{self, Write as _};

/// A line of what was measured.
pub(crate) fn line(text: &str) {
    writeln!(io::stdout(), "{text}").expect("stdout takes a line");
}
