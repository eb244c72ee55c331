//! All that the checks say of one trial.

use super::mismatch::{Mismatch, Mismatches};
use crate::contract::check::CheckId;

/// A check that did not hold, on one or more of a trial's exchanges; of a client, on one or more runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// The check.
    pub check: CheckId,
    /// What it found.
    pub mismatch: Mismatch,
    /// The exchanges on which it was found, counted from 0.
    pub on: Vec<usize>,
}

/// All that the checks say of one trial.
#[derive(Debug, Default, Clone)]
pub struct Sheet {
    judged: Judged,
    noted: Vec<Noted>,
}

/// The checks that were made: a bit for each. Eight are noted of every response.
#[derive(Debug, Default, Clone, Copy)]
struct Judged(u64);

const _: () = assert!(CheckId::ALL.len() <= 64, "a bit for each check");

impl Judged {
    fn insert(&mut self, check: CheckId) {
        self.0 |= 1 << check as u32;
    }

    fn contains(self, check: CheckId) -> bool {
        self.0 & 1 << check as u32 != 0
    }
}

impl Sheet {
    /// Notes what a check says of one exchange. The same on many of a burst's is noted once.
    pub fn note(&mut self, check: CheckId, exchange: usize, mismatches: Mismatches) {
        self.judged.insert(check);
        for mismatch in mismatches {
            let same = |known: &&mut Noted| known.check == check && known.mismatch == mismatch;
            match self.noted.iter_mut().find(same) {
                Some(known) => known.on.push(exchange),
                None => self.noted.push(Noted { check, mismatch, on: vec![exchange] }),
            }
        }
    }

    /// Everything that did not hold.
    #[must_use]
    pub fn noted(&self) -> &[Noted] {
        &self.noted
    }

    /// What a check found on one exchange.
    #[must_use]
    pub fn noted_on(&self, exchange: usize, check: CheckId) -> Mismatches {
        let noted = self.noted.iter();
        let own = noted.filter(|noted| noted.check == check && noted.on.contains(&exchange));
        own.map(|noted| noted.mismatch.clone()).collect()
    }

    /// Adds all that another sheet says.
    pub fn append(&mut self, other: Self) {
        self.judged.0 |= other.judged.0;
        self.noted.extend(other.noted);
    }

    /// Adds the checks that held on another sheet.
    pub fn append_held(&mut self, other: &Self) {
        other.held().for_each(|check| self.judged.insert(check));
    }

    /// All that it says, but what did not hold of these checks.
    #[must_use]
    pub fn without(mut self, left_out: impl Fn(CheckId) -> bool) -> Self {
        self.noted.retain(|noted| !left_out(noted.check));
        self
    }

    /// The checks that held on every exchange they were made on.
    pub fn held(&self) -> impl Iterator<Item = CheckId> {
        let broken = |check| self.noted.iter().any(|noted| noted.check == check);
        let judged = move |check: &CheckId| self.judged.contains(*check) && !broken(*check);
        CheckId::ALL.iter().copied().filter(judged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_finding_on_many_answers_is_noted_once_with_all_of_them() {
        let mut sheet = Sheet::default();
        let missing = || vec![Mismatch::says("header Retry-After", "it is missing")];
        sheet.note(CheckId::Status, 3, Vec::new());
        sheet.note(CheckId::RetryAfter, 3, missing());
        sheet.note(CheckId::RetryAfter, 4, missing());
        let [noted] = sheet.noted() else { panic!("{:?}", sheet.noted()) };
        assert_eq!(noted.on, [3, 4]);
        assert_eq!(sheet.noted_on(4, CheckId::RetryAfter), missing());
        assert_eq!(sheet.noted_on(4, CheckId::Status), []);
        assert_eq!(sheet.noted_on(5, CheckId::RetryAfter), []);
        assert_eq!(sheet.held().collect::<Vec<_>>(), [CheckId::Status]);
    }
}
