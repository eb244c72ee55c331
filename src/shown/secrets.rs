//! Everything that a run knows to be secret, as it learns it.

use std::{collections::HashSet, fmt};

use super::{
    redactor::Redactor,
    secret::{KeyPrefix, Named},
};

/// All secrets that are known so far. Faults are shown when all is known that can be: they hold what a
/// person wrote, and that may be a key.
#[derive(Clone, Default)]
pub struct Secrets {
    named: Vec<Named>,
    prefix: KeyPrefix,
}

/// Parts of a variable's name that say that what it holds is secret. A target's file can name any
/// variable; until it is read, these are what keys are commonly kept in.
const SECRET_WORDS: [&str; 8] =
    ["APIKEY", "CREDENTIAL", "CREDENTIALS", "KEY", "PASSWD", "PASSWORD", "SECRET", "TOKEN"];

impl Secrets {
    /// The variables whose names say that they hold secrets.
    #[must_use]
    pub fn of_environment(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let is_secret = |name: &str| {
            name.split('_').any(|word| SECRET_WORDS.contains(&word.to_ascii_uppercase().as_str()))
        };
        let secret = variables.into_iter().filter(|(name, _)| is_secret(name));
        let mut secrets = Self::default();
        for (name, value) in secret {
            secrets.add(Named::of_variable(&name, &value));
        }
        secrets
    }

    /// Adds one. Of two with the same text the first one's label is shown.
    pub fn add(&mut self, named: Named) {
        if !self.named.iter().any(|known| known.secret == named.secret) {
            self.named.push(named);
        }
    }

    /// Adds some whose labels are shown rather than those of any that are known already. Gives how many
    /// these are, each counted once.
    pub fn add_first(&mut self, first: &[Named]) -> usize {
        let known = std::mem::take(&mut self.named);
        let mut seen = HashSet::new();
        let mut is_new = |named: &Named| seen.insert(named.secret.clone());
        self.named = first.iter().filter(|named| is_new(named)).cloned().collect();
        let count = self.named.len();
        self.named.extend(known.into_iter().filter(is_new));
        count
    }

    /// From now on every text of this shape is taken for a key.
    pub fn set_prefix(&mut self, prefix: &str) {
        self.prefix = KeyPrefix(prefix.to_owned());
    }

    /// What takes all of them out.
    #[must_use]
    pub fn redactor(&self) -> Redactor {
        Redactor::new(&self.named, &self.prefix)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} secrets)", self.named.len())
    }
}
