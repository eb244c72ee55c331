//! What to make of advice, which no page promises: the one place that knows what `--deny advice` means.

/// What to make of a check that is advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advised {
    /// It is shown, and fails nothing.
    Shown,
    /// It fails its trial as a promise does: `--deny advice`.
    Denied,
}
