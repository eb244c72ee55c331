//! Text that must not be shown: keys, and header values that may hold one.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

/// A text whose `Debug` shows nothing of it. It has no `Display`: whoever needs the text asks for
/// it by [`Secret::expose`], which is easy to search for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Takes a text into custody.
    #[must_use]
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text itself, to be sent or searched for, never to be printed.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// By its end alone, in which the keys of an API differ: for each response a run looks ten times up whose key it was.
impl Hash for Secret {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let end = self.0.as_bytes().last_chunk::<8>();
        state.write_u64(end.map_or(0, |end| u64::from_ne_bytes(*end)));
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// A secret, and what is shown in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The secret.
    pub secret: Secret,
    /// What is shown in its place: `$ERRPROOF_KEY_VALID`.
    pub label: String,
}

impl Named {
    /// What a variable of the environment holds.
    #[must_use]
    pub fn of_variable(name: &str, value: &str) -> Self {
        Self { secret: Secret::new(value), label: format!("${name}") }
    }
}

/// What begins every key of an API, so that a key which nobody has named is known by its shape.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyPrefix(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_a_secret() {
        assert_eq!(format!("{:?}", Some(Secret::new("pms_live_x"))), "Some((secret))");
    }
}
