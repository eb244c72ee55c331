//! The names that contract, scenario and target files give to things: one type for each kind, so
//! that a slot's name is never taken for a request's. Thousands of cases share one text each.

use std::sync::Arc;

use serde::Deserialize;

use super::identity::CodeFormat;

/// So many characters a name may have, and so may the name of a case's trial, which is made of several: the
/// test harness pads trials' names to one width, which ends at 65,535, and codes and trials name files.
pub(super) const LONGEST_NAME: usize = 200;

/// What to say of a name that is too long, as the label of a fault.
pub(super) fn too_long(name: &str) -> Option<String> {
    let length = name.chars().count();
    (length > LONGEST_NAME)
        .then(|| format!("expected at most {LONGEST_NAME} characters, got {length}"))
}

/// The same for the longest name of a case's trials, `code::id` or `code::id-carrier`. A part that is too long by
/// itself has a fault of its own.
pub(super) fn trial_too_long<'a>(
    code: &'a str,
    id: &'a str,
    carriers: impl Iterator<Item = &'a str>,
) -> Option<String> {
    let carrier = carriers.max_by_key(|name| name.chars().count());
    if [code, id].into_iter().chain(carrier).any(|part| too_long(part).is_some()) {
        return None;
    }
    let behind = carrier.map(|name| format!("-{name}")).unwrap_or_default();
    let of = if behind.is_empty() { "`code::id`" } else { "`code::id-carrier`" };
    too_long(&format!("{code}::{id}{behind}")).map(|label| format!("{label} in {of}"))
}

macro_rules! names {
    (from $from:literal: $($(#[$doc:meta])* $name:ident)*) => {$(
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
        #[serde(from = $from)]
        $(#[$doc])*
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as it is written in the files.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(name: String) -> Self {
                Self(name.into())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    from "CodeFormat":
    /// What an error is called: its code, as the docs spell it (`invalid_json`, 10000), or the name that its scenario
    /// gives it.
    #[cfg_attr(feature = "schemas", schemars(with = "CodeFormat"))]
    Code
}

impl From<CodeFormat> for Code {
    fn from(code: CodeFormat) -> Self {
        Self(code.to_string().into())
    }
}

names! {
    from "String":
    /// How an error looks that looks otherwise than most: `router`.
    EnvelopeName
    /// A case's own name within its scenario: `trailing-comma`.
    CaseName
    /// A named credential: `valid`, `burst`, `drained`.
    SlotName
    /// A named request that cases build on: `tagline`.
    RequestName
    /// A way in which a target lets a failure be provoked: `generation_failed`.
    HookName
    /// A number that a target lets be read: `credits`.
    ProbeName
    /// A place in a request that carries the key: `bearer`.
    CarrierName
    /// A further part of a slot's credentials: `user`.
    PartName
    /// A rate limit besides the one without a name: `messages`.
    LimitName
}

impl SlotName {
    /// The name of no slot in a file: what a file says that names none, and the one slot of an API without keys.
    #[must_use]
    pub fn unsaid() -> Self {
        Self("".into())
    }

    /// Whether no file names it.
    #[must_use]
    pub fn is_unsaid(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_what_trials_are_called_have_an_end() {
        let name = |length: usize| "a".repeat(length);
        // The lengths of a code, an id and two carriers' names, and whether the trial's name is refused.
        let rows: [(usize, usize, &[usize], bool); 7] = [
            (100, 98, &[], false),
            (100, 99, &[], true),
            (100, 90, &[1, 7], false),
            (100, 90, &[8, 1], true),
            // Told where they stand.
            (201, 1, &[], false),
            (1, 65_530, &[], false),
            (1, 1, &[201], false),
        ];
        for (code, id, carriers, is_refused) in rows {
            let carriers: Vec<_> = carriers.iter().map(|length| name(*length)).collect();
            let carriers = carriers.iter().map(String::as_str);
            let refused = trial_too_long(&name(code), &name(id), carriers);
            assert_eq!(refused.is_some(), is_refused, "{code} {id}: {refused:?}");
        }
        assert_eq!(too_long(&"é".repeat(200)), None);
        let label = too_long(&name(201)).expect("too long");
        assert_eq!(label, "expected at most 200 characters, got 201");
    }
}
