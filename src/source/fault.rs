//! What is wrong with an input file, and how it is shown.

use std::{collections::BTreeSet, fmt, ops::Range, path::PathBuf, sync::Arc};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::shown::{plural::plural, redactor::Redactor, text::Shown};

/// A file's name as a person typed or knows it, and its text.
pub struct SourceText {
    /// Where it was read from, relative to the contract folder where it lies in it.
    pub path: PathBuf,
    /// The whole text. Faults point into it by byte range.
    pub text: String,
    /// Where its lines end, so that a line is found without counting from the top.
    ends: Vec<usize>,
}

impl fmt::Debug for SourceText {
    /// The text may hold a key that somebody has put there by mistake.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SourceText").field(&self.path).finish()
    }
}

impl SourceText {
    /// A file's text, ready to be pointed into.
    #[must_use]
    pub fn new(path: PathBuf, text: String) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at).collect();
        Self { path, text, ends }
    }

    /// The line, counted from 1, that holds the byte at `offset`.
    #[must_use]
    pub fn line(&self, offset: usize) -> usize {
        1 + self.ends.partition_point(|end| *end < offset)
    }
}

/// One thing wrong with an input file: a value for the person who wrote it, never a panic.
#[derive(Debug, Clone)]
pub struct Fault {
    /// What is wrong, as a short sentence without an end.
    pub title: String,
    /// Where, if the fault has a place in a file's text.
    pub place: Option<Place>,
    /// What to write instead.
    pub help: Option<String>,
}

/// A range of a file's text, with what was expected there.
#[derive(Debug, Clone)]
pub struct Place {
    /// The file.
    pub source: Arc<SourceText>,
    /// The bytes at fault.
    pub span: Range<usize>,
    /// What was expected at this place, for the mark under the line.
    pub label: String,
}

impl Fault {
    /// A fault of the input as a whole: a missing file, or an address that cannot be read.
    #[must_use]
    pub fn general(title: impl Into<String>) -> Self {
        Self { title: title.into(), place: None, help: None }
    }

    /// Adds what the person could write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Every fault found so far. Loading goes on after a fault, so that one run shows them all.
#[derive(Debug, Default)]
#[must_use = "show the faults and end with exit code 2, or they are lost"]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Adds one fault.
    pub fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Adds all faults of another step.
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// The place of one fault, to narrow it.
    pub(crate) fn place_of(&mut self, at: usize) -> Option<&mut Place> {
        self.0.get_mut(at)?.place.as_mut()
    }

    /// What is wrong, without places, in one line.
    pub(crate) fn titles(&self) -> String {
        let titles: Vec<&str> = self.0.iter().map(|fault| fault.title.as_str()).collect();
        titles.join("; ")
    }

    /// Each of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }

    /// Whether nothing is wrong so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The value if nothing is wrong, else all the faults.
    ///
    /// # Errors
    /// The faults collected so far, if there is at least one.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}

impl Fault {
    /// Title, file, line, column, the line itself and what was expected, without colour; in one
    /// line where the fault has no place.
    pub(super) fn text(&self, level: Level<'_>) -> String {
        let Some(place) = &self.place else {
            let help = self.help.as_ref().map(|help| format!("; {help}"));
            return format!("errproof: {}{}", self.title, help.unwrap_or_default());
        };
        let snippet = Snippet::source(&place.source.text)
            .path(place.source.path.to_string_lossy().into_owned())
            .annotation(AnnotationKind::Primary.span(place.span.clone()).label(&place.label));
        let mut group = Group::with_title(level.primary_title(&self.title)).element(snippet);
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help));
        }
        Renderer::plain().render(&[group]) + "\n"
    }
}

impl Faults {
    /// All of them, without what the redactor knows to be secret: a person may have put a key into a flag
    /// or a file.
    #[must_use = "print it, or nobody learns of the faults"]
    pub fn shown(&self, redactor: &Redactor) -> Shown {
        let (placed, general): (Vec<_>, Vec<_>) =
            self.0.iter().partition(|fault| fault.place.is_some());
        let lines: Vec<_> =
            placed.iter().chain(&general).map(|fault| fault.text(Level::ERROR)).collect();
        let count = if placed.is_empty() {
            String::new()
        } else {
            let faults = plural(placed.len() + general.len(), "fault");
            if general.is_empty() {
                let files = files(placed.iter().copied());
                format!("\nerrproof: {faults} in {files}, nothing was sent")
            } else {
                // A fault without a place may be of a file as well, of another or the same.
                format!("\n\nerrproof: {faults}, nothing was sent")
            }
        };
        redactor.text(&(lines.join("\n") + &count))
    }
}

/// "3 files": how many files faults are in.
pub(super) fn files<'a>(faults: impl IntoIterator<Item = &'a Fault>) -> Shown {
    let places = faults.into_iter().filter_map(|fault| fault.place.as_ref());
    let files: BTreeSet<_> = places.map(|place| &place.source.path).collect();
    plural(files.len(), "file")
}

/// "did you mean `x`?" where one of the known words is close to what was written.
#[must_use]
pub fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    // 0.7 keeps `slott` -> `slot` and drops unrelated words of the same length.
    known
        .into_iter()
        .map(|word| (strsim::jaro_winkler(written, word), word))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| format!("did you mean `{word}`?"))
}

/// `a`, `b` or `c`: the words that a place takes.
#[must_use]
pub fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<_> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}
