//! Numbers of things.

use super::text::{MayBeShown, Shown};
use crate::shown;

/// `1 fault`, `2 faults`: so many of what takes an `s` where there is not one of it.
#[must_use]
pub fn plural(count: impl MayBeShown + Copy, what: &'static str) -> Shown {
    let ending = if count.shown() == "1" { "" } else { "s" };
    shown![count, " ", what, ending]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_one_of_a_thing_has_an_s() {
        let rows = [
            (plural(0_usize, "file"), "0 files"),
            (plural(1_u32, "file"), "1 file"),
            (plural(21_i64, "file"), "21 files"),
        ];
        for (shown, text) in rows {
            assert_eq!(shown.as_str(), text);
        }
    }
}
