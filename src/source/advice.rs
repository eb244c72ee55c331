//! What would make a file better that is not wrong.

use annotate_snippets::Level;

use super::fault::{Fault, Faults, files};
use crate::shown::{plural::plural, redactor::Redactor, text::Shown};

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
        format!("{} of advice", plural(self.0.len(), "piece"))
    }
}

impl Advice {
    /// Each piece as a fault is shown, but by its own name; then how many there are.
    #[must_use = "print it, or nobody is advised"]
    pub fn shown(&self, redactor: &Redactor) -> Shown {
        let piece = |piece: &Fault| piece.text(Level::WARNING.with_name("advice")) + "\n";
        let pieces: String = self.0.iter().map(piece).collect();
        let count = format!("errproof: {} in {}", self.count(), files(self.0.iter()));
        redactor.text(&(pieces + &count))
    }
}
