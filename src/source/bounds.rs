//! Bounds of numbers and lists in a file, for serde: beside each `#[schemars(range(..))]` and
//! `#[schemars(length(..))]` stands the same bound, since a file that serde takes is not checked
//! against its schema.

use std::fmt::Display;

use serde::{Deserialize, Deserializer, de::Error};

/// A number from `LEAST` to `MOST`.
pub(crate) fn within<'de, const LEAST: u32, const MOST: u32, N, D>(from: D) -> Result<N, D::Error>
where
    N: Deserialize<'de> + Copy + Display + TryInto<u32>,
    D: Deserializer<'de>,
{
    let number = N::deserialize(from)?;
    let holds = |number: u32| (LEAST..=MOST).contains(&number);
    if number.try_into().is_ok_and(holds) {
        return Ok(number);
    }
    Err(D::Error::custom(format!("{number} is not from {LEAST} to {MOST}")))
}

/// The same for a number that may be left out. It goes with `#[serde(default)]`.
pub(crate) fn within_if_given<'de, const LEAST: u32, const MOST: u32, N, D>(
    from: D,
) -> Result<Option<N>, D::Error>
where
    N: Deserialize<'de> + Copy + Display + TryInto<u32>,
    D: Deserializer<'de>,
{
    within::<LEAST, MOST, N, D>(from).map(Some)
}

/// A list with an entry at least.
pub(crate) fn some<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    let list = Vec::deserialize(from)?;
    if list.is_empty() {
        return Err(D::Error::custom("a list without an entry"));
    }
    Ok(list)
}
