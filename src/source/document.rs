//! One TOML file as a tree whose every place is known, so that faults found late can point into it.

use std::{ops::Range, path::Path, sync::Arc};

use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    fault::{Fault, Faults, Place, SourceText},
    folder::Folder,
};
use crate::shown::plural::plural;

/// So many syntax errors are shown, each with its line: a file that is not TOML at all has one in every line.
const MOST_SYNTAX_FAULTS: usize = 50;

/// A file that is valid TOML, with the place of each of its values.
pub struct Document {
    source: Arc<SourceText>,
    tree: Node,
}

/// A value with its place and, inside a table, the place of its name.
pub(super) struct Node {
    span: Range<usize>,
    name: Option<Range<usize>>,
    value: Branch,
}

pub(super) enum Branch {
    Leaf(Value),
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
}

/// The way to a value: names and indices, as in `cases`, `3`, `slot`.
pub type Way<'a> = &'a [&'a str];

impl Document {
    /// A file inside a folder, unless it has faults that leave nothing to read.
    #[must_use]
    pub fn open(root: &Folder, path: &Path, faults: &mut Faults) -> Option<Self> {
        let document = root.read(path).and_then(|text| Self::parse(path, &text));
        document.map_err(|more| faults.append(more)).ok()
    }

    /// Reads a file's text as TOML.
    ///
    /// # Errors
    /// The syntax errors of the text, each with its place.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Faults> {
        Self::parse_with_keys(path, text, None)
    }

    /// The same for a file in which somebody may have put a key by mistake: what begins like a key
    /// is not shown with a fault.
    ///
    /// # Errors
    /// The syntax errors of the text, each with its place.
    pub fn parse_with_keys(path: &Path, text: &str, prefix: Option<&str>) -> Result<Self, Faults> {
        let shown = prefix.map_or_else(|| text.to_owned(), |prefix| mask(text, prefix));
        let source = Arc::new(SourceText::new(path.to_owned(), shown));
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            return Err(syntax(&source, &errors));
        }
        let mut faults = Faults::default();
        let span = table.span();
        let tree =
            Node { name: None, value: table_node(table.into_inner(), &source, &mut faults), span };
        faults.into_result(Self { source, tree })
    }

    /// The document as JSON, for its schema and its type.
    #[must_use]
    pub fn to_json(&self) -> Value {
        self.tree.to_json()
    }

    /// The document as a type, if it is all that the type's schema asks for.
    #[must_use = "what is not read is to be checked against the schema, which says why"]
    pub fn read<T: DeserializeOwned>(&self) -> Option<T> {
        T::deserialize(&self.tree).ok()
    }

    /// A fault at the value that `way` leads to, or at the nearest thing around it.
    #[must_use]
    pub fn fault(&self, way: Way<'_>, title: impl Into<String>, label: impl Into<String>) -> Fault {
        Fault {
            title: title.into(),
            place: Some(Place {
                source: Arc::clone(&self.source),
                span: self.nearest(way).span.clone(),
                label: label.into(),
            }),
            help: None,
        }
    }

    /// The line, counted from 1, on which the value that `way` leads to begins.
    #[must_use]
    pub fn line(&self, way: Way<'_>) -> usize {
        let node = self.nearest(way);
        self.source.line(node.name.as_ref().unwrap_or(&node.span).start)
    }

    /// The file's path, as faults show it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.source.path
    }

    fn nearest(&self, way: Way<'_>) -> &Node {
        let mut node = &self.tree;
        for step in way {
            match node.child(step) {
                Some(child) => node = child,
                None => break,
            }
        }
        node
    }

    /// The place of a table's own name for one of its values, if the table has it.
    pub(crate) fn name_span(&self, way: Way<'_>, name: &str) -> Option<Range<usize>> {
        self.nearest(way).child(name)?.name.clone()
    }

    /// The first line of a place: a table's span is all of its text, too much to mark.
    pub(super) fn first_line(&self, span: &Range<usize>) -> Range<usize> {
        let text = &self.source.text[span.clone()];
        span.start..span.start + text.find('\n').unwrap_or(text.len())
    }
}

impl Node {
    pub(super) fn branch(&self) -> &Branch {
        &self.value
    }

    fn child(&self, step: &str) -> Option<&Self> {
        match &self.value {
            Branch::Leaf(_) => None,
            Branch::List(items) => items.get(step.parse::<usize>().ok()?),
            Branch::Table(entries) => {
                entries.iter().find(|(name, _)| name == step).map(|(_, node)| node)
            }
        }
    }

    fn to_json(&self) -> Value {
        match &self.value {
            Branch::Leaf(value) => value.clone(),
            Branch::List(items) => items.iter().map(Self::to_json).collect(),
            Branch::Table(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(name, node)| (name.clone(), node.to_json()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

/// The faults of a text that is not TOML. Each bracket of a nested list that never ends is an error at the end of
/// the text, which is one mistake.
fn syntax(source: &Arc<SourceText>, errors: &[toml::de::Error]) -> Faults {
    let mut faults = Faults::default();
    let mut places: Vec<_> =
        errors.iter().map(|error| (error.span().unwrap_or(0..0), error.message())).collect();
    places.dedup();
    for (span, message) in places.iter().take(MOST_SYNTAX_FAULTS) {
        let (span, label) = (span.clone(), (*message).to_owned());
        let place = Some(Place { source: Arc::clone(source), span, label });
        faults.add(Fault { title: "not valid TOML".to_owned(), place, help: None });
    }
    if let Some(more @ 1..) = places.len().checked_sub(MOST_SYNTAX_FAULTS) {
        let count = plural(more, "more syntax error");
        faults.add(Fault::general(format!("{} has {count}", source.path.display())));
    }
    faults
}

/// The text with stars for the characters of all that begins like a key. Nothing moves.
fn mask(text: &str, prefix: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    if prefix.is_empty() {
        return text.to_owned();
    }
    while let Some(at) = rest.find(prefix) {
        let (before, key) = rest.split_at(at + prefix.len());
        let length = key.bytes().take_while(u8::is_ascii_alphanumeric).count();
        masked.push_str(before);
        masked.extend(std::iter::repeat_n('*', length));
        rest = &key[length..];
    }
    masked + rest
}

fn table_node(table: DeTable<'_>, source: &Arc<SourceText>, faults: &mut Faults) -> Branch {
    Branch::Table(
        table
            .into_iter()
            .map(|(name, value)| {
                let mut node = value_node(value, source, faults);
                node.name = Some(name.span());
                (name.into_inner().into_owned(), node)
            })
            .collect(),
    )
}

fn value_node(value: Spanned<DeValue<'_>>, source: &Arc<SourceText>, faults: &mut Faults) -> Node {
    let span = value.span();
    let mut unsupported = |title: &str| {
        faults.add(Fault {
            title: title.to_owned(),
            place: Some(Place {
                source: Arc::clone(source),
                span: span.clone(),
                label: "this file cannot hold such a value".to_owned(),
            }),
            help: None,
        });
        Branch::Leaf(Value::Null)
    };
    let branch = match value.into_inner() {
        DeValue::String(text) => Branch::Leaf(Value::String(text.into_owned())),
        DeValue::Boolean(flag) => Branch::Leaf(Value::Bool(flag)),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(integer) => Branch::Leaf(Value::Number(integer.into())),
            Err(_) => unsupported("a whole number of more than 64 bits"),
        },
        DeValue::Float(float) => match float.as_str().parse().ok().and_then(Number::from_f64) {
            Some(float) => Branch::Leaf(Value::Number(float)),
            None => unsupported("not a finite number"),
        },
        DeValue::Datetime(date) => Branch::Leaf(Value::String(date.to_string())),
        DeValue::Array(items) => {
            Branch::List(items.into_iter().map(|item| value_node(item, source, faults)).collect())
        }
        DeValue::Table(table) => table_node(table, source, faults),
    };
    Node { span, name: None, value: branch }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_a_file_is_masked_and_nothing_moves() {
        let text = "valid = \"pms_live_0123abcd\" # pms_live_x, pms_test_y\n";
        let masked = "valid = \"pms_live_********\" # pms_live_*, pms_test_y\n";
        assert_eq!(mask(text, "pms_live_"), masked);
        assert_eq!(mask(text, ""), text);
    }

    #[test]
    fn a_list_that_never_ends_is_one_fault_and_of_many_faults_the_first_are_shown() {
        let rows = [
            ("a=[[[".to_owned(), 1, ""),
            (format!("a={}", "[".repeat(200_000)), 2, ""),
            ("]\n".repeat(50), 50, ""),
            ("]\n".repeat(5_000), 51, "a.toml has 4950 more syntax errors"),
        ];
        for (text, count, last) in rows {
            let faults = Document::parse(Path::new("a.toml"), &text).err().expect("not TOML");
            let titles = faults.titles();
            assert_eq!((faults.len(), titles.ends_with(last)), (count, true), "{titles}");
        }
    }
}
