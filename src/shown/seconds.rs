//! How long something took.

use super::text::Shown;

/// `93.5 s`: so many seconds, to a tenth.
#[must_use]
pub fn seconds(seconds: f64) -> Shown {
    Shown::made(format!("{seconds:.1} s").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_one_place() {
        for (took, text) in [(0.0, "0.0 s"), (0.26, "0.3 s"), (93.46, "93.5 s"), (120.0, "120.0 s")]
        {
            assert_eq!(seconds(took).as_str(), text);
        }
    }
}
