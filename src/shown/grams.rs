//! Finds what a text has in common with secrets, as both are compared: without regard to case, say.
//!
//! A run of `n` characters holds four in a row that begin at a multiple of `n - 3`. So of a text only every
//! ninth place has to be looked at, and most of these are passed over by one bit: searching byte by byte
//! took a third of all instructions of a run on the mock.

use std::ops::Range;

/// So many bytes are looked up at once.
const GRAM: usize = 4;

/// Two parts of a form that hold the same are looked for among those that are no further apart.
const LONGEST_PERIOD: usize = 64;

/// So many bits of the filter for each gram: of places where no gram is, one in sixteen is looked up.
const BITS: usize = 16;

/// What is looked for, by its grams.
#[derive(Default)]
pub(super) struct Grams {
    /// The texts of all forms, one after the other. A run that makes thousands of keys has half a million of
    /// places in it, so that what is kept of each counts.
    texts: Vec<u8>,
    forms: Vec<Form>,
    /// Where in the texts grams begin, in the order of the grams.
    places: Vec<u32>,
    /// A bit for the hash of every gram.
    filter: Vec<u64>,
    shortest: Option<usize>,
}

/// A form of a secret.
struct Form {
    /// Where its text ends; it begins where the one before ends.
    end: usize,
    /// So much of it in a row is a secret.
    window: usize,
    secret: usize,
    telling: Telling,
}

/// What it says of a text that it has a part of a secret in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    /// Somebody gave the secret away.
    Secret,
    /// Nothing: others may have the same part in theirs. It is not shown all the same.
    Shared,
}

/// A part of a text that is a part of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) secret: usize,
    pub(super) telling: Telling,
}

impl Grams {
    /// Looks for a text too, of which so many characters in a row are a secret, or all of it if it is shorter.
    pub(super) fn add(&mut self, text: &[u8], window: usize, secret: usize, telling: Telling) {
        let text: Vec<u8> = text.iter().copied().map(folded).collect();
        if is_telling(&text) {
            let window = window.min(text.len());
            self.shortest = self.shortest.min(Some(window)).or(Some(window));
            self.texts.extend_from_slice(&text);
            self.forms.push(Form { end: self.texts.len(), window, secret, telling });
        }
    }

    /// The same, ready for a search.
    pub(super) fn sorted(mut self) -> Self {
        let texts = &self.texts;
        let own = (0..self.forms.len()).map(|form| self.text_of(form));
        let grams = own.flat_map(|text| text.start..text.end - GRAM + 1);
        let mut places = Vec::with_capacity(texts.len());
        places.extend(grams.map(|at| u32::try_from(at).expect("secrets of less than 4 GiB")));
        places.sort_unstable_by_key(|at| (number(&texts[*at as usize..]), *at));
        // Of a form that is like itself, each part is looked at once: a megabyte of such a key took minutes.
        places.dedup_by(|at, before| self.is_same_part(*before as usize, *at as usize));
        self.places = places;
        self.filter = vec![0; (self.places.len() * BITS / 64).next_power_of_two()];
        for at in 0..self.places.len() {
            let (word, bit) = self.bit(self.gram(self.places[at]));
            self.filter[word] |= bit;
        }
        self
    }

    /// Whether whatever is found around one of these places is found around the other: all that a window over
    /// it can hold is the same, and of the same form.
    fn is_same_part(&self, first: usize, second: usize) -> bool {
        // Few places that hold the same are as near to each other, and those that are not need no look.
        if !(first..first + LONGEST_PERIOD).contains(&second) {
            return false;
        }
        let form = self.form_at(first);
        let (own, reach) = (self.text_of(form), self.forms[form].window - GRAM);
        let around = |at: usize| Some(at.checked_sub(reach)?..at + GRAM + reach);
        let [Some(one), Some(other)] = [around(first), around(second)] else { return false };
        let is_inside = own.start <= one.start && other.end <= own.end;
        is_inside && self.texts[one] == self.texts[other]
    }

    fn form_at(&self, place: usize) -> usize {
        self.forms.partition_point(|form| form.end <= place)
    }

    fn text_of(&self, form: usize) -> Range<usize> {
        let start = form.checked_sub(1).map_or(0, |before| self.forms[before].end);
        start..self.forms[form].end
    }

    fn gram(&self, place: u32) -> u32 {
        number(&self.texts[place as usize..])
    }

    /// The length of the shortest run that can be found, if anything is looked for.
    pub(super) fn shortest(&self) -> Option<usize> {
        self.shortest
    }

    /// Calls `found` with each run that is long enough, with some of them several times.
    pub(super) fn search(&self, text: &[u8], mut found: impl FnMut(Run)) {
        let Some(shortest) = self.shortest else { return };
        let step = shortest - GRAM + 1;
        let mut next = 0;
        while next + GRAM <= text.len() {
            let at = next;
            next += step;
            let sought = number(&text[at..]);
            let (word, bit) = self.bit(sought);
            if self.filter[word] & bit == 0 {
                continue;
            }
            let first = self.places.partition_point(|place| self.gram(*place) < sought);
            let places = self.places[first..].iter();
            for place in places.take_while(|place| self.gram(**place) == sought) {
                self.run(text, at, *place as usize).into_iter().for_each(&mut found);
            }
        }
    }

    /// The run around a place of a text at which the same stands as at a place of a form.
    fn run(&self, text: &[u8], at: usize, place: usize) -> Option<Run> {
        let form = self.form_at(place);
        let own = self.text_of(form);
        let same = |(one, other): &(&u8, &u8)| folded(**one) == **other;
        let before = self.texts[own.start..place].iter().rev();
        let before = text[..at].iter().rev().zip(before).take_while(same).count();
        let after = text[at..].iter().zip(&self.texts[place..own.end]).take_while(same).count();
        let (start, end) = (at - before, at + after);
        let Form { window, secret, telling, .. } = self.forms[form];
        let is_secret = end - start >= window && is_telling(&text[start..end]);
        is_secret.then_some(Run { start, end, secret, telling })
    }

    /// The word of the filter that a gram's bit is in, and the bit. The multiplier is 2^64 by the golden
    /// ratio, which spreads neighbours (Knuth, The Art of Computer Programming, section 6.4).
    fn bit(&self, gram: u32) -> (usize, u64) {
        let hash = u64::from(gram).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let word = usize::try_from(hash >> 6).unwrap_or_default() & (self.filter.len() - 1);
        (word, 1 << (hash & 63))
    }
}

/// The first bytes of a text as one number.
fn number(text: &[u8]) -> u32 {
    let [a, b, c, d] = [text[0], text[1], text[2], text[3]];
    u32::from_be_bytes([folded(a), folded(b), folded(c), folded(d)])
}

/// A byte as it is compared. Header names come back in lower case and without underscores, and a form has a
/// plus sign for a space.
pub(super) fn folded(byte: u8) -> u8 {
    FOLDED[usize::from(byte)]
}

/// One look for each byte of a text.
const FOLDED: [u8; 256] = {
    let mut folded = [0; 256];
    let mut byte: u8 = 0;
    loop {
        folded[byte as usize] = match byte {
            b'_' => b'-',
            b' ' => b'+',
            byte => byte.to_ascii_lowercase(),
        };
        if byte == u8::MAX {
            break folded;
        }
        byte += 1;
    }
};

/// Whether a text has characters enough to tell a secret by: a row of zeros may stand anywhere.
fn is_telling(text: &[u8]) -> bool {
    let mut different = [0_u64; 4];
    for byte in text {
        different[usize::from(byte / 64)] |= 1 << (byte % 64);
    }
    different.iter().map(|bits| bits.count_ones()).sum::<u32>() >= 4
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every run of a text that any place of a form begins, found the long way.
    fn slowly(form: &[u8], window: usize, text: &[u8]) -> Vec<(usize, usize)> {
        let mut runs = Vec::new();
        for start in 0..text.len() {
            for own in 0..form.len() {
                let same = text[start..].iter().zip(&form[own..]).take_while(|(a, b)| a == b);
                let end = start + same.count();
                if end - start >= window && is_telling(&text[start..end]) {
                    runs.push((start, end));
                }
            }
        }
        runs
    }

    #[test]
    fn a_secret_that_is_like_itself_is_found_once_or_twice_for_each_of_its_windows() {
        let mut grams = Grams::default();
        grams.add(&b"abcd".repeat(40), 12, 0, Telling::Secret);
        let grams = grams.sorted();
        let text = b"abcd".repeat(1_000);
        let mut covered = vec![false; text.len()];
        let mut count = 0;
        grams.search(&text, |run| {
            count += 1;
            covered[run.start..run.end].fill(true);
        });
        assert!(covered.iter().all(|covered| *covered));
        // 36,900 before its parts were told apart from each other.
        assert!(count < text.len(), "{count}");
    }

    #[test]
    fn every_run_of_a_secret_is_found_wherever_it_begins() {
        let mut random = fastrand::Rng::with_seed(11);
        for _ in 0..2_000 {
            // Few letters, so that secrets have much in common with themselves and with the text.
            let mut letters = |length: usize| -> Vec<u8> {
                (0..length).map(|_| b"abcde"[random.usize(..5)]).collect()
            };
            let (mut form, other, mut text) = (letters(30), letters(9), letters(80));
            // Some that are like themselves.
            let period = 3 + other[0] as usize % 40;
            for at in period..form.len() {
                form[at] = form[at - period];
            }
            let (at, from) = (text[0] as usize % 60, text[1] as usize % 15);
            text.splice(at..at, form[from..from + 12].iter().copied());
            let mut grams = Grams::default();
            grams.add(&form, 12, 0, Telling::Secret);
            grams.add(&other, 12, 1, Telling::Shared);
            let grams = grams.sorted();
            let mut found = Vec::new();
            grams.search(&text, |run| found.push(run));
            for (secret, (form, window)) in [(form, 12), (other, 9)].into_iter().enumerate() {
                for (start, end) in slowly(&form, window, &text) {
                    let covers =
                        |run: &&Run| run.secret == secret && run.start <= start && run.end >= end;
                    assert!(
                        found.iter().any(|run| covers(&run)),
                        "{start}..{end} of {secret}: {found:?}"
                    );
                }
                for run in found.iter().filter(|run| run.secret == secret) {
                    let part = &text[run.start..run.end];
                    assert!(form.windows(part.len()).any(|window| window == part), "{run:?}");
                }
            }
        }
    }
}
