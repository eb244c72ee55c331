//! Which fields of a body are wrong.

/// The fields of a body that are wrong, by their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum WrongFields {
    /// None that could be named.
    #[default]
    None,
    /// One, and behind it those around it.
    One(Vec<String>),
    /// Several at once.
    Several(Vec<String>),
}

impl WrongFields {
    /// All of them: a message has to have one.
    #[must_use]
    pub fn names(&self) -> &[String] {
        match self {
            Self::None => &[],
            Self::One(names) | Self::Several(names) => names,
        }
    }
}
