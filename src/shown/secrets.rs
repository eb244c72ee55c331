//! Everything that a run knows to be secret, as it learns it.

use std::{collections::HashSet, fmt};

use super::{
    redactor::Redactor,
    secret::{KeyPrefix, Named, Secret},
};

/// All secrets that are known so far. Faults are shown when all is known that can be: they hold what a
/// person wrote, and that may be a key.
#[derive(Clone, Default)]
pub struct Secrets {
    named: Vec<Named>,
    prefix: KeyPrefix,
    /// The other variables of the environment: a file may name one as holding a secret.
    others: Vec<(String, Secret)>,
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
        let mut secrets = Self::default();
        for (name, value) in variables {
            if is_secret(&name) {
                secrets.add(Named::of_variable(&name, &value));
            } else {
                secrets.others.push((name, value.into()));
            }
        }
        secrets
    }

    /// Adds what the variables hold whose names stand in quotes in a file: it may be a file that cannot be
    /// read further, and the fault must not show what belongs to it.
    ///
    /// ```
    /// use errproof::internals::shown::secrets::Secrets;
    ///
    /// let variables = [("STAGING_ACCESS".to_owned(), "correct-horse-battery".to_owned())];
    /// let mut secrets = Secrets::of_environment(variables);
    /// secrets.named_in("headers.X-Access = { env = 'STAGING_ACCESS' ");
    /// assert_eq!(secrets.redactor().line("horse-battery").as_str(), "$STAGING_ACCESS");
    /// ```
    pub fn named_in(&mut self, text: &str) {
        let words: HashSet<&str> = text.split(['"', '\'']).map(str::trim).collect();
        let is_named = |(name, _): &mut (String, Secret)| words.contains(name.as_str());
        for (name, value) in self.others.extract_if(.., is_named).collect::<Vec<_>>() {
            self.add(Named::of_variable(&name, value.expose()));
        }
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
