//! Reviewed envelopes: one snapshot for each code and target, in insta's format, so that
//! `cargo insta review` takes what has changed.
//!
//! The files are read by insta, but not by its assertion macro: that prints its difference on
//! stdout, between the lines of the test run, and says no more than that something differs.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::Value;

use super::facts::{self, EnvelopeFacts};
use crate::{
    checks::mismatch::Mismatch,
    contract::{
        envelope::EnvelopeFormat,
        names::Code,
        scenario::{Case, ORDER, Scenario},
    },
    exchange::{locked::Locked as _, message::Answer},
    shown::{plural::plural, redactor::Redactor},
    terminal::print::Unwritten,
};

/// The reviewed envelopes of one target.
#[derive(Debug)]
pub struct Snapshots {
    folder: PathBuf,
    shown: PathBuf,
    target: String,
    recording: Recording,
    reviewed: bool,
    /// What stands in the files that were read, since a code's is looked at for each of its cases.
    known: Mutex<HashMap<String, Option<EnvelopeFacts>>>,
    /// Which code won in this run, by the pair and the point.
    order: Mutex<EnvelopeFacts>,
    unwritten: OnceLock<Unwritten>,
    /// How many responses that the docs do not describe nobody has reviewed yet.
    unreviewed: AtomicUsize,
    redactor: Arc<Redactor>,
}

/// What is written when an envelope differs from its reviewed snapshot, or has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recording {
    /// Nothing: in CI.
    Nothing,
    /// A pending snapshot, but none for a target that has no reviewed ones at all.
    Pending,
    /// A pending snapshot, for any target.
    PendingForAll,
    /// The reviewed snapshot itself.
    InPlace,
}

/// One snapshot: its file, whose it is, and what it holds.
struct Snapshot<'a> {
    file: String,
    scenario: &'a Scenario,
    about: String,
}

/// There are reviewed snapshots of the target, and not this one.
struct Unreviewed;

impl Recording {
    /// What insta's own variables ask for: `INSTA_UPDATE`, and `CI`.
    #[must_use]
    pub fn from_environment(environment: &dyn Fn(&str) -> Option<String>) -> Self {
        let in_ci = || match environment("CI").as_deref() {
            Some("" | "0" | "false") => false,
            Some(_) => true,
            None => environment("TF_BUILD").is_some(),
        };
        match environment("INSTA_UPDATE").as_deref() {
            Some("no") => Self::Nothing,
            Some("always" | "1" | "force") => Self::InPlace,
            Some("new" | "unseen") => Self::PendingForAll,
            _ if in_ci() => Self::Nothing,
            _ => Self::Pending,
        }
    }
}

impl Snapshots {
    /// The snapshots of a target in a contract's folder.
    #[must_use]
    pub fn new(root: &Path, target: &str, recording: Recording, redactor: Arc<Redactor>) -> Self {
        let shown = Path::new("snapshots").join(target);
        let folder = root.join(&shown);
        let is_snapshot =
            |entry: fs::DirEntry| entry.path().extension().is_some_and(|ending| ending == "snap");
        let reviewed = match fs::read_dir(&folder) {
            Ok(entries) => entries.flatten().any(is_snapshot),
            // What is there and cannot be read may hold some: each code then misses its own, and the run is red.
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        };
        Self {
            folder,
            shown,
            target: target.to_owned(),
            recording,
            reviewed,
            known: Mutex::default(),
            order: Mutex::default(),
            unwritten: OnceLock::new(),
            unreviewed: AtomicUsize::new(0),
            redactor,
        }
    }

    /// What takes the keys of the run out of what is recorded.
    pub(super) fn redactor(&self) -> &Arc<Redactor> {
        &self.redactor
    }

    /// Holds an answer against its code's snapshot, and records it where that is asked for. What
    /// differs is given place by place. `made` are the values that the request had in this run alone: a message may tell them.
    #[must_use]
    pub fn compare(
        &self,
        scenario: &Scenario,
        places: &EnvelopeFormat,
        answer: &Answer,
        made: &[String],
    ) -> Vec<Mismatch> {
        let Some(facts) = facts::envelope(places, answer) else {
            return Vec::new();
        };
        let mut facts = self.clean(&facts);
        // Numbers go last: a key without its digits would not be known as one.
        let message = places.message.as_ref().map_or("", |place| place.as_str());
        if let Some(message) = facts.get_mut(message) {
            let told = made.iter().fold(message.clone(), |text, made| text.replace(made, "[made]"));
            *message = facts::without_numbers(&told);
        }
        let about = format!("the envelope of {}", scenario.code);
        let snapshot = Snapshot { file: format!("{}.snap", scenario.code), scenario, about };
        self.hold(&snapshot, &facts).unwrap_or_else(|Unreviewed| {
            let file = self.shown.join(&snapshot.file);
            vec![Mismatch::at("", "a reviewed snapshot", format!("no {}", file.display()))]
        })
    }

    /// Compares an answer that the docs do not describe with what was recorded of its case: the status and the code.
    /// What nobody has reviewed yet is recorded, and no difference.
    #[must_use]
    pub fn compare_outcome(
        &self,
        scenario: &Scenario,
        case: &Case,
        places: &EnvelopeFormat,
        answer: &Answer,
    ) -> Vec<Mismatch> {
        let facts = self.clean(&facts::outcome(places, answer));
        let about = format!("the response to {}, which the docs do not describe", case.name);
        let file = format!("{}.snap", case.name.replace("::", "."));
        self.hold(&Snapshot { file, scenario, about }, &facts).unwrap_or_else(|Unreviewed| {
            self.unreviewed.fetch_add(1, Ordering::Relaxed);
            Vec::new()
        })
    }

    /// Compares which of two codes won with what was reviewed. All pairs of a target are in one file, a line each, so that
    /// a person reviews them together; each trial looks at its own.
    #[must_use]
    pub fn compare_order(&self, scenario: &Scenario, place: &str, won: &Code) -> Vec<Mismatch> {
        let (place, won) =
            (self.redactor.line(place).to_string(), self.redactor.line(won.as_str()));
        let won = won.to_string();
        let about = "which code wins of two things that are wrong at once".to_owned();
        let snapshot = Snapshot { file: format!("{ORDER}.snap"), scenario, about };
        let path = self.folder.join(&snapshot.file);
        let known = {
            let mut all = self.known.locked();
            all.entry(snapshot.file.clone()).or_insert_with(|| facts::read(&path)).clone()
        };
        let reviewed = known.as_ref().and_then(|known| known.get(&place));
        let mut now = self.order.locked();
        let is_first = now.is_empty();
        now.insert(place.clone(), won.clone());
        if reviewed == Some(&won) {
            if is_first {
                fs::remove_file(self.folder.join(format!("{ORDER}.snap.new"))).ok();
            }
            return Vec::new();
        }
        // What this run did not look at stays as it was reviewed.
        let mut all = known.clone().unwrap_or_default();
        all.extend(now.iter().map(|(place, won)| (place.clone(), won.clone())));
        self.record(&snapshot, &all);
        match reviewed {
            _ if !self.reviewed || self.recording == Recording::InPlace => Vec::new(),
            Some(reviewed) => {
                vec![Mismatch::at(&place, format!("{reviewed} (as reviewed)"), won)]
            }
            None => {
                self.unreviewed.fetch_add(1, Ordering::Relaxed);
                Vec::new()
            }
        }
    }

    /// Holds facts against a snapshot, and records them where that is asked for. Of a target without any snapshot nothing
    /// is compared with it.
    fn hold(
        &self,
        snapshot: &Snapshot<'_>,
        facts: &EnvelopeFacts,
    ) -> Result<Vec<Mismatch>, Unreviewed> {
        let file = &snapshot.file;
        let path = self.folder.join(file);
        let pending = self.folder.join(format!("{file}.new"));
        let known = {
            let mut all = self.known.locked();
            let known = all.entry(file.clone()).or_insert_with(|| facts::read(&path));
            if known.as_ref() == Some(facts) {
                fs::remove_file(&pending).ok();
                return Ok(Vec::new());
            }
            known.clone()
        };
        self.record(snapshot, facts);
        if self.recording == Recording::InPlace {
            self.known.locked().remove(file);
        }
        if !self.reviewed || self.recording == Recording::InPlace {
            return Ok(Vec::new());
        }
        known.map(|known| facts::differences(&known, facts)).ok_or(Unreviewed)
    }

    /// Writes what is new where that is asked for.
    fn record(&self, snapshot: &Snapshot<'_>, facts: &EnvelopeFacts) {
        let file = &snapshot.file;
        let path = match self.recording {
            Recording::InPlace => self.folder.join(file),
            Recording::PendingForAll => self.folder.join(format!("{file}.new")),
            Recording::Pending if self.reviewed => self.folder.join(format!("{file}.new")),
            Recording::Pending | Recording::Nothing => return,
        };
        if let Err(error) = self.write(&path, snapshot, facts) {
            self.unwritten.set(Unwritten::new(path.display().to_string(), error)).ok();
        }
    }

    fn clean(&self, facts: &EnvelopeFacts) -> EnvelopeFacts {
        let clean = |text: &str| self.redactor.line(text).to_string();
        facts.iter().map(|(place, fact)| (clean(place), clean(fact))).collect()
    }

    /// The first snapshot that could not be recorded, and why.
    #[must_use]
    pub fn unwritten(&self) -> Option<&Unwritten> {
        self.unwritten.get()
    }

    /// What to say at the end of the run, if anything: how to record a target's first snapshots, or
    /// why they could not be.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let shown = self.shown.display();
        match (self.unwritten(), self.recording) {
            (Some(unwritten), _) => Some(unwritten.shown(&self.redactor).to_string()),
            (None, Recording::InPlace) => Some(format!(
                "recorded the envelopes in {shown}: look at them before you commit them"
            )),
            (None, Recording::PendingForAll) => Some(format!(
                "recorded what is new in {shown}: review it with `cargo insta review`"
            )),
            (None, _) if !self.reviewed => Some(format!(
                "no reviewed envelopes in {shown}, so drift was not looked for: record them with INSTA_UPDATE=new, then `cargo insta review`"
            )),
            (None, recording) => {
                let new = self.unreviewed.load(Ordering::Relaxed);
                let responses = plural(new, "response");
                let how = match recording {
                    Recording::Pending => "review with `cargo insta review`",
                    _ => "record with INSTA_UPDATE=new, then `cargo insta review`",
                };
                (new > 0).then(|| {
                    format!("{responses} that the docs do not describe and that nobody has reviewed in {shown}: {how}")
                })
            }
        }
    }

    /// Writes insta's file format: a head with what it is, then the text.
    fn write(&self, path: &Path, snapshot: &Snapshot<'_>, facts: &EnvelopeFacts) -> io::Result<()> {
        let clean = |text: &str| Value::from(self.redactor.line(text).as_str());
        let source = clean(&snapshot.scenario.file.to_string_lossy());
        let description = clean(&format!("{} on {}", snapshot.about, self.target));
        let line =
            |(place, fact): (&String, &String)| format!("{}: {fact}\n", facts::written(place));
        let lines: Vec<_> = facts.iter().map(line).collect();
        fs::create_dir_all(&self.folder)?;
        fs::write(
            path,
            format!("---\nsource: {source}\ndescription: {description}\n---\n{}", lines.concat()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{contract::Contract, exchange::message::Ending};

    /// Objects with names of all that a line, a quote or a place could be taken apart by.
    fn any_json(random: &mut fastrand::Rng, depth: u32) -> Value {
        const PIECES: [&str; 16] = [
            ": ",
            ":",
            " ",
            "\"",
            "\\",
            "\n",
            "\r\n",
            "/",
            "~",
            "---",
            "status",
            "body",
            "header a: ",
            "a",
            "é",
            "\u{2028}",
        ];
        match random.u32(0..if depth == 0 { 4 } else { 6 }) {
            0 => Value::Null,
            1 => random.bool().into(),
            2 => random.i32(..).into(),
            3 => random.choice(PIECES).unwrap_or_default().into(),
            4 => (0..random.usize(0..3)).map(|_| any_json(random, depth - 1)).collect(),
            _ => any_object(random, &PIECES, depth - 1),
        }
    }

    fn any_object(random: &mut fastrand::Rng, pieces: &[&str], depth: u32) -> Value {
        let mut fields = serde_json::Map::new();
        for _ in 0..random.usize(0..4) {
            let pieces = (0..random.usize(0..4)).map(|_| *random.choice(pieces).expect("a piece"));
            let name = pieces.collect::<String>();
            fields.insert(name, any_json(random, depth));
        }
        fields.into()
    }

    #[test]
    fn a_folder_of_snapshots_that_cannot_be_read_is_not_taken_for_one_that_is_not_there() {
        let root = tempfile::tempdir().expect("a folder");
        let reviewed = |target: &str| {
            Snapshots::new(root.path(), target, Recording::Nothing, Arc::default()).reviewed
        };
        fs::create_dir_all(root.path().join("snapshots/empty")).expect("made");
        fs::write(root.path().join("snapshots/file"), "").expect("written");
        assert_eq!(["missing", "empty", "file"].map(reviewed), [false, false, true]);
    }

    #[test]
    fn what_was_recorded_of_any_body_is_read_back_and_does_not_drift_against_itself() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let contract = Contract::load(root).expect("the contract of this repository");
        let (scenario, places) = (&contract.scenarios[0], &contract.envelope.places);
        let folder = tempfile::tempdir().expect("a folder");
        let snapshots = |recording| Snapshots::new(folder.path(), "any", recording, Arc::default());
        let mut random = fastrand::Rng::with_seed(7);
        let known = ["{\"a: b\":1}", "{\"\\\"a\":{\"b \":[]}}", "{\": \":{\" :\":\"x\"}}"];
        let known = known.iter().map(|body| serde_json::from_str(body).expect("JSON"));
        let any = (0..500).map(|_| any_json(&mut random, 4)).collect::<Vec<_>>();
        for body in known.chain(any) {
            let answer = Answer {
                status: 400,
                headers: vec![("content-type".to_owned(), b"a: \"b\"; c".to_vec())],
                body: body.to_string().into_bytes(),
                ending: Ending::Complete,
            };
            let recorded = snapshots(Recording::InPlace).compare(scenario, places, &answer, &[]);
            assert_eq!(recorded, [], "{body}");
            let again = snapshots(Recording::Nothing);
            assert!(again.reviewed, "{body}");
            assert_eq!(again.compare(scenario, places, &answer, &[]), [], "{body}");
        }
    }

    #[test]
    fn what_is_written_follows_instas_own_variables() {
        use Recording::{InPlace, Nothing, Pending, PendingForAll};
        let rows: [(&[(&str, &str)], Recording); 16] = [
            (&[], Pending),
            (&[("CI", "true")], Nothing),
            (&[("CI", "")], Pending),
            (&[("CI", "0")], Pending),
            (&[("CI", "false")], Pending),
            (&[("TF_BUILD", "True")], Nothing),
            (&[("CI", "false"), ("TF_BUILD", "True")], Pending),
            (&[("INSTA_UPDATE", "no")], Nothing),
            (&[("INSTA_UPDATE", "always")], InPlace),
            (&[("INSTA_UPDATE", "1")], InPlace),
            (&[("INSTA_UPDATE", "force")], InPlace),
            (&[("INSTA_UPDATE", "always"), ("CI", "true")], InPlace),
            (&[("INSTA_UPDATE", "new"), ("CI", "true")], PendingForAll),
            (&[("INSTA_UPDATE", "unseen"), ("CI", "true")], PendingForAll),
            (&[("INSTA_UPDATE", "auto")], Pending),
            (&[("INSTA_UPDATE", "auto"), ("CI", "true")], Nothing),
        ];
        for (set, recording) in rows {
            let environment = |name: &str| {
                let value = set.iter().find(|(known, _)| *known == name);
                value.map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(Recording::from_environment(&environment), recording, "{set:?}");
        }
    }
}
