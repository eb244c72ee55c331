//! What would make a file better that is not wrong.

use std::fmt;

use annotate_snippets::Level;

use super::fault::{Fault, Faults, files};

/// Everything that a run takes and that weakens what it proves: no reason to refuse a file.
#[derive(Debug, Default)]
#[must_use = "show it, or nobody is advised"]
pub struct Advice(Faults);

impl Advice {
    /// Adds a piece of advice, in the form of the fault that it is not.
    pub fn add(&mut self, piece: Fault) {
        self.0.add(piece);
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How much there is, in words.
    #[must_use]
    pub fn count(&self) -> String {
        match self.0.len() {
            1 => "1 piece of advice".to_owned(),
            many => format!("{many} pieces of advice"),
        }
    }
}

impl fmt::Display for Advice {
    /// Each piece as a fault is shown, but by its own name; then how many there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in self.0.iter() {
            writeln!(f, "{}", piece.shown(Level::WARNING.with_name("advice")))?;
        }
        write!(f, "errproof: {} in {}", self.count(), files(self.0.iter()))
    }
}
