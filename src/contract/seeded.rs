//! Choices that look random and are always the same: what was drawn in one run is drawn in the next.

/// Numbers from a seed, by `SplitMix64` (Steele, Lea and Flood, 2014).
#[derive(Debug, Clone)]
pub(super) struct Seeded(u64);

impl Seeded {
    /// Numbers that depend on this seed alone.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// One of the numbers from 0 on that are less than `end`, which is not 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let drawn = self.next() % u64::try_from(end).expect("a length");
        usize::try_from(drawn).expect("less than a length")
    }

    /// One of these, of which there is at least one.
    pub(super) fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// One of these for a name, always the same; none if there are none.
pub(super) fn one_of<'a, T>(all: &'a [T], name: &str) -> Option<&'a T> {
    let at = drawn(name, 0) % u64::try_from(all.len()).ok().filter(|count| *count > 0)?;
    all.get(usize::try_from(at).ok()?)
}

/// The places of at most so many of these names, in their order. Whether one is among them depends on its name and on
/// the seed, and of the others only on how many there are: so one that is added displaces at most one.
pub(super) fn sample<'a>(
    names: impl Iterator<Item = &'a str>,
    most: usize,
    seed: u64,
) -> Vec<usize> {
    let mut places: Vec<(u64, usize)> =
        names.enumerate().map(|(at, name)| (drawn(name, seed), at)).collect();
    places.sort_unstable();
    places.truncate(most);
    let mut places: Vec<usize> = places.into_iter().map(|(_, at)| at).collect();
    places.sort_unstable();
    places
}

/// A number for a name: FNV-1a, mixed, since names differ mostly at their ends.
fn drawn(name: &str, seed: u64) -> u64 {
    let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    Seeded::new(name.bytes().fold(0xcbf2_9ce4_8422_2325 ^ seed, hash)).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_added_displaces_at_most_one_of_a_sample() {
        let names: Vec<String> = (0..1_000).map(|at| format!("/field{at}:type-null")).collect();
        let drawn = |names: &[String], seed| -> Vec<String> {
            let places = sample(names.iter().map(String::as_str), 50, seed);
            places.into_iter().map(|at| names[at].clone()).collect()
        };
        let first = drawn(&names, 1);
        assert_eq!(first.len(), 50);
        for at in [0, 500, 1_000] {
            let mut more = names.clone();
            more.insert(at, "/another:type-null".to_owned());
            let kept = drawn(&more, 1).iter().filter(|name| first.contains(name)).count();
            assert!(kept >= 49, "{kept} at {at}");
        }
        assert_ne!(first, drawn(&names, 2));
        assert_eq!(drawn(&names[..7], 1), names[..7]);
    }
}
