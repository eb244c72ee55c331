//! Listens to what a command prints: searches it, and keeps its end.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use aho_corasick::AhoCorasick;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::{
    exchange::locked::Locked as _,
    shown::redactor::{OVERLAP, Redactor},
};

/// How much of the end of a stream is kept. What is shown is cut to a hundredth of this after keys
/// were taken out, so half a key at the cut is never shown.
const KEPT: usize = 64 << 10;

/// How much of a stream is searched, besides its end. A call that prints more is rare, and searching
/// 30 MB takes a second in a debug build, for each of twenty runs at once.
const SEARCHED: u64 = 4 << 20;

/// How much is read at once: what a pipe holds.
const PIECE: usize = 64 << 10;

/// What is searched for in a stream.
#[derive(Debug)]
pub struct Wanted {
    /// The key, in whatever form.
    pub key: Arc<Redactor>,
    /// The request ids, one for each attempt.
    pub ids: AhoCorasick,
}

impl Wanted {
    /// A search for a key and these ids.
    #[must_use]
    pub fn new(key: Arc<Redactor>, ids: &[String]) -> Self {
        Self { key, ids: AhoCorasick::new(ids).expect("a few short ids fit into an automaton") }
    }

    fn longest(&self) -> usize {
        OVERLAP.max(self.ids.max_pattern_len())
    }
}

/// What was heard of one stream until now. The memory it takes does not grow with the stream.
#[derive(Debug, Default)]
pub struct Heard {
    /// Whether the key was in it.
    pub key: bool,
    /// The attempts whose ids were in it.
    pub ids: BTreeSet<usize>,
    /// How many bytes there were.
    pub bytes: u64,
    /// Whether the stream is at its end: nobody holds it any more.
    pub closed: bool,
    /// How many bytes of it were not searched.
    pub unsearched: u64,
    end: Vec<u8>,
    /// The end of what was searched: a key may begin in it.
    rest: Vec<u8>,
}

impl Heard {
    /// The end of the stream as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.end[self.end.len().saturating_sub(KEPT)..]).into_owned()
    }

    fn add(&mut self, wanted: &Wanted, piece: &[u8]) {
        self.end.extend_from_slice(piece);
        if self.end.len() > 2 * KEPT {
            self.end.drain(..self.end.len() - KEPT);
        }
        if self.bytes < SEARCHED {
            self.rest.extend_from_slice(piece);
            let rest = std::mem::take(&mut self.rest);
            self.search(wanted, &rest);
            let keep = wanted.longest().saturating_sub(1).min(rest.len());
            self.rest = rest[rest.len() - keep..].to_vec();
        } else {
            self.unsearched += length(piece);
        }
        self.bytes += length(piece);
    }

    /// Searches the end of what was too much to be searched whole.
    pub fn finish(&mut self, wanted: &Wanted) {
        if self.unsearched > 0 {
            let end = std::mem::take(&mut self.end);
            self.search(wanted, &end);
            self.unsearched = self.unsearched.saturating_sub(length(&end));
            self.end = end;
        }
    }

    fn search(&mut self, wanted: &Wanted, text: &[u8]) {
        self.key = self.key || wanted.key.finds(text).is_some();
        self.ids.extend(wanted.ids.find_iter(text).map(|found| found.pattern().as_usize()));
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Reads a stream to its end, and gives each piece to `heard`.
pub async fn listen(mut stream: impl AsyncRead + Unpin, wanted: &Wanted, heard: &Mutex<Heard>) {
    let lock = || heard.locked();
    let mut piece = vec![0; PIECE];
    while let Ok(read @ 1..) = stream.read(&mut piece).await {
        lock().add(wanted, &piece[..read]);
    }
    lock().closed = true;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shown::{
        secret::Secret,
        secret::{KeyPrefix, Named},
    };

    #[test]
    fn a_key_and_an_id_are_heard_wherever_the_stream_is_cut_in_pieces() {
        let key = Secret::new("pms_live_0123456789abcdef");
        let key = Arc::new(Redactor::new(
            &[Named { secret: key, label: "$KEY".to_owned() }],
            &KeyPrefix::default(),
        ));
        let ids = ["aaaa0000".to_owned(), "bbbb1111".to_owned()];
        let rows: [(&str, bool, &[usize]); 5] = [
            ("nothing of it", false, &[]),
            ("failed: bbbb1111", false, &[1]),
            ("aaaa0000, then bbbb1111", false, &[0, 1]),
            ("key pms_live_0123456789abcdef, id aaaa0000", true, &[0]),
            ("Basic dTpwbXNfbGl2ZV8wMTIzNDU2Nzg5YWJjZGVm", true, &[]),
        ];
        for (text, has_key, expected) in rows {
            for size in 1..=text.len() {
                let (wanted, mut heard) = (Wanted::new(key.clone(), &ids), Heard::default());
                for piece in text.as_bytes().chunks(size) {
                    heard.add(&wanted, piece);
                }
                let heard_ids: Vec<_> = heard.ids.iter().copied().collect();
                assert_eq!((heard.key, heard_ids.as_slice()), (has_key, expected), "{text} {size}");
                assert_eq!(heard.text(), text);
            }
        }
    }

    #[test]
    fn a_stream_that_is_too_long_is_searched_at_both_ends_and_only_its_end_is_kept() {
        let key = Redactor::new(
            &[Named { secret: Secret::new("pms_live_0123456789"), label: "$KEY".to_owned() }],
            &KeyPrefix::default(),
        );
        let (wanted, mut heard) =
            (Wanted::new(key.into(), &["an-id".to_owned()]), Heard::default());
        heard.add(&wanted, b"pms_live_0123456789 ");
        for _ in 0..100 {
            heard.add(&wanted, &vec![b'x'; 100_000]);
            assert!(heard.end.len() < 4 * KEPT, "{}", heard.end.len());
        }
        heard.add(&wanted, b" an-id: the end");
        assert!(heard.ids.is_empty() && heard.unsearched > 5_000_000, "{}", heard.unsearched);
        heard.finish(&wanted);
        assert!(heard.key && heard.ids.contains(&0) && heard.text().ends_with("xx an-id: the end"));
        assert_eq!((heard.text().len(), heard.bytes), (KEPT, 10_000_035));
    }
}
