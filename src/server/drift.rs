//! Reviewed envelopes: one snapshot for each code and target, in insta's format, so that
//! `cargo insta review` takes what has changed.
//!
//! The files are read by insta, but not by its assertion macro: that prints its difference on
//! stdout, between the lines of the test run, and says no more than that something differs.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use serde_json::Value;

use crate::{
    checks::mismatch::Mismatch,
    contract::{envelope::EnvelopeFormat, place::AnswerPlace, pointer, scenario::Scenario},
    exchange::message::Answer,
    shown::redactor::Redactor,
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
    unwritten: OnceLock<Unwritten>,
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

/// What is in an envelope, by place: what would be new in every run is replaced by what it is.
type EnvelopeFacts = BTreeMap<String, String>;

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
            unwritten: OnceLock::new(),
            redactor,
        }
    }

    /// What takes the keys of the run out of what is recorded.
    pub(super) fn redactor(&self) -> &Arc<Redactor> {
        &self.redactor
    }

    /// Holds an answer against its code's snapshot, and records it where that is asked for. What
    /// differs is given place by place.
    #[must_use]
    pub fn compare(
        &self,
        scenario: &Scenario,
        places: &EnvelopeFormat,
        answer: &Answer,
    ) -> Vec<Mismatch> {
        let Some(facts) = facts(places, answer) else {
            return Vec::new();
        };
        let clean = |text: &String| self.redactor.line(text).to_string();
        let mut facts: EnvelopeFacts =
            facts.iter().map(|(place, fact)| (clean(place), clean(fact))).collect();
        // Numbers go last: a key without its digits would not be known as one.
        if let Some(message) = facts.get_mut(places.message.as_str()) {
            *message = without_numbers(message);
        }
        let file = format!("{}.snap", scenario.code);
        let path = self.folder.join(&file);
        let pending = self.folder.join(format!("{file}.new"));
        let known = read(&path);
        if known.as_ref() == Some(&facts) {
            fs::remove_file(&pending).ok();
            return Vec::new();
        }
        let write_to = match self.recording {
            Recording::InPlace => Some(&path),
            Recording::PendingForAll => Some(&pending),
            Recording::Pending if self.reviewed => Some(&pending),
            Recording::Pending | Recording::Nothing => None,
        };
        if let Some(path) = write_to
            && let Err(error) = self.write(path, scenario, &facts)
        {
            self.unwritten.set(Unwritten::new(path.display().to_string(), error)).ok();
        }
        if !self.reviewed || self.recording == Recording::InPlace {
            return Vec::new();
        }
        let Some(known) = known else {
            let file = self.shown.join(file);
            return vec![Mismatch::at("", "a reviewed snapshot", format!("no {}", file.display()))];
        };
        differences(&known, &facts)
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
            (None, _) => None,
        }
    }

    /// Writes insta's file format: a head with what it is, then the text.
    fn write(&self, path: &Path, scenario: &Scenario, facts: &EnvelopeFacts) -> io::Result<()> {
        let clean = |text: &str| Value::from(self.redactor.line(text).as_str());
        let source = clean(&scenario.file.to_string_lossy());
        let description = clean(&format!("the envelope of {} on {}", scenario.code, self.target));
        let lines: Vec<_> =
            facts.iter().map(|(place, fact)| format!("{}: {fact}\n", written(place))).collect();
        fs::create_dir_all(&self.folder)?;
        fs::write(
            path,
            format!("---\nsource: {source}\ndescription: {description}\n---\n{}", lines.concat()),
        )
    }
}

fn read(path: &Path) -> Option<EnvelopeFacts> {
    let snapshot = insta::Snapshot::from_file(path).ok()?;
    let text = snapshot.as_text()?.to_string();
    Some(text.lines().filter_map(fact_in).collect())
}

/// A place as a line begins with it: in quotes, as JSON has it, where it would not be read back as it is.
/// Any other stays bare, as in all snapshots that were reviewed before.
fn written(place: &str) -> Cow<'_, str> {
    let is_bare = !place.contains(": ") && !place.starts_with('"');
    if is_bare { place.into() } else { Value::from(place).to_string().into() }
}

fn fact_in(line: &str) -> Option<(String, String)> {
    if !line.starts_with('"') {
        return line.split_once(": ").map(|(place, fact)| (place.to_owned(), fact.to_owned()));
    }
    let mut quoted = serde_json::Deserializer::from_str(line).into_iter::<String>();
    let place = quoted.next()?.ok()?;
    let fact = line[quoted.byte_offset()..].strip_prefix(": ")?;
    Some((place, fact.to_owned()))
}

fn differences(known: &EnvelopeFacts, facts: &EnvelopeFacts) -> Vec<Mismatch> {
    let mut places: Vec<_> = known.keys().chain(facts.keys()).collect();
    places.sort();
    places.dedup();
    let shown =
        |facts: &EnvelopeFacts, place| facts.get(place).cloned().unwrap_or("nothing".to_owned());
    places
        .into_iter()
        .filter(|place| known.get(*place) != facts.get(*place))
        .map(|place| {
            let expected = format!("{} (as reviewed)", shown(known, place));
            Mismatch::at(place, expected, shown(facts, place))
        })
        .collect()
}

/// What is worth a review in an answer: status, content type, whether there is a `Retry-After`, and
/// every field of the body. None if the body is no JSON: that is a finding of its own.
fn facts(places: &EnvelopeFormat, answer: &Answer) -> Option<EnvelopeFacts> {
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    let mut facts = EnvelopeFacts::new();
    facts.insert("status".to_owned(), answer.status.to_string());
    if let Some(media) = answer.header("content-type") {
        facts.insert("header content-type".to_owned(), Value::from(media).to_string());
    }
    if let Some(wait) = answer.header("retry-after") {
        let digits = !wait.is_empty() && wait.bytes().all(|byte| byte.is_ascii_digit());
        let class = if digits { "[whole seconds]" } else { "[not whole seconds]" };
        facts.insert("header retry-after".to_owned(), class.to_owned());
    }
    collect(&body, "", places, &mut facts);
    Some(facts)
}

fn collect(value: &Value, place: &str, places: &EnvelopeFormat, facts: &mut EnvelopeFacts) {
    let is = |known: Option<&AnswerPlace>| known.is_some_and(|known| known.as_str() == place);
    let promised = [Some(&places.code), Some(&places.message), places.docs.as_ref()];
    let fact = match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                collect(value, &format!("{place}/{}", pointer::step(name)), places, facts);
            }
            return;
        }
        Value::Array(items) if !items.is_empty() => {
            for (at, value) in items.iter().enumerate() {
                collect(value, &format!("{place}/{at}"), places, facts);
            }
            return;
        }
        Value::String(_) if is(places.request_id.as_ref()) => "[id]".to_owned(),
        Value::String(_) if promised.into_iter().any(is) => value.to_string(),
        // Of a field that is not promised, its being there counts, and not what it holds.
        Value::String(_) => "[text]".to_owned(),
        Value::Number(_) => "[number]".to_owned(),
        other => other.to_string(),
    };
    facts.insert(if place.is_empty() { "body".to_owned() } else { place.to_owned() }, fact);
}

fn without_numbers(text: &str) -> String {
    let mut without = String::new();
    let mut in_number = false;
    for c in text.chars() {
        let digit = c.is_ascii_digit();
        if !digit {
            without.push(c);
        } else if !in_number {
            without.push_str("[number]");
        }
        in_number = digit;
    }
    without
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
            let recorded = snapshots(Recording::InPlace).compare(scenario, places, &answer);
            assert_eq!(recorded, [], "{body}");
            let again = snapshots(Recording::Nothing);
            assert!(again.reviewed, "{body}");
            assert_eq!(again.compare(scenario, places, &answer), [], "{body}");
        }
    }

    #[test]
    fn a_place_is_in_quotes_only_where_it_would_not_be_read_back() {
        let rows = [
            ("status", "status: 400"),
            ("/error/code", "/error/code: 400"),
            ("/a\"b", "/a\"b: 400"),
            ("/a:", "/a:: 400"),
            ("/a ", "/a : 400"),
            ("/a: b", "\"/a: b\": 400"),
            ("\"a\"", "\"\\\"a\\\"\": 400"),
        ];
        for (place, line) in rows {
            assert_eq!(format!("{}: 400", written(place)), line);
            assert_eq!(fact_in(line), Some((place.to_owned(), "400".to_owned())), "{line}");
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
