//! How many cases a scenario file got that it asks for without writing them out, and which it did not get.

use super::names::RequestName;

/// What a scenario's `generate` gave.
#[derive(Debug, Default)]
pub struct Generated {
    /// The constraints that no case breaks, each with its request.
    pub left_out: Vec<(RequestName, LeftOut)>,
    /// How many cases the input schemas give.
    pub inputs: usize,
    /// How many of them are carried out: fewer if `max-cases` is less.
    pub taken: usize,
}

impl Generated {
    /// What to say at the end of a run, if not all cases were carried out that there are.
    #[must_use]
    pub fn sample(&self, code: &str) -> Option<String> {
        let Self { inputs, taken, .. } = self;
        (taken < inputs).then(|| {
            format!("{code} was proven on a sample: {taken} of the {inputs} cases that the input schemas give (`max-cases`)")
        })
    }
}

/// A constraint of an input schema that no case breaks, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its place and its keyword.
    pub id: String,
    /// Why no body breaks it alone.
    pub why: String,
}
