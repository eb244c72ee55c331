//! What a page holds, whatever it is written in: headings, tables, list items, code and sentences.

use std::collections::BTreeSet;

/// A page's content, in its order.
#[derive(Debug, Default)]
pub struct Content {
    /// The title in an HTML page's head.
    pub title: Option<String>,
    /// Every heading.
    pub headings: Vec<Heading>,
    /// Everything else.
    pub blocks: Vec<Block>,
    /// The names that a link's fragment can lead to.
    pub anchors: BTreeSet<String>,
}

/// A heading.
#[derive(Debug)]
pub struct Heading {
    /// Its text, with single spaces.
    pub text: String,
    /// From 1, the page's own, to 6. A table's caption and a row that spans its table are below
    /// all of them.
    pub level: u8,
    /// The line on which it begins, counted from 1.
    pub line: usize,
    /// The heading that it stands under, by its place in the list.
    pub under: Option<usize>,
}

/// A piece of the page.
#[derive(Debug)]
pub struct Block {
    /// Where it begins.
    pub at: Spot,
    /// What it is.
    pub kind: Kind,
}

/// What a piece of a page is. Texts have single spaces, code is as it was written.
#[derive(Debug)]
pub enum Kind {
    /// A table, all its rows alike: which of them is its header is for the reader to say.
    Table(Vec<Row>),
    /// An item of a list, with what it begins with if that is set as code.
    Item {
        /// What it begins with.
        lead: Option<String>,
        /// The whole text.
        text: String,
    },
    /// A block of code, or a span of code that looks like a JSON document.
    Code(String),
    /// Any other text.
    Text(String),
}

/// A row of a table.
#[derive(Debug)]
pub struct Row {
    /// Where it begins.
    pub at: Spot,
    /// Its cells. One that spans columns or rows is repeated in each.
    pub cells: Vec<String>,
}

/// A spot on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// The line, counted from 1.
    pub line: usize,
    /// The heading that it stands under, by its place in the list.
    pub under: Option<usize>,
}

impl Content {
    /// The headings that a spot stands under, the nearest first.
    pub fn headings_over(&self, spot: Spot) -> impl Iterator<Item = &Heading> {
        let nearest = spot.under.map(|at| &self.headings[at]);
        std::iter::successors(nearest, |heading| heading.under.map(|at| &self.headings[at]))
    }

    /// Every text of the page but its code, with its spot: sentences, items, cells and headings.
    pub fn texts(&self) -> impl Iterator<Item = (Spot, &str)> {
        let headings = self.headings.iter().map(|heading| {
            (Spot { line: heading.line, under: heading.under }, heading.text.as_str())
        });
        let blocks = self.blocks.iter().flat_map(|block| match &block.kind {
            Kind::Item { text, .. } | Kind::Text(text) => vec![(block.at, text.as_str())],
            Kind::Table(rows) => rows
                .iter()
                .flat_map(|row| row.cells.iter().map(|cell| (row.at, cell.as_str())))
                .collect(),
            Kind::Code(_) => Vec::new(),
        });
        headings.chain(blocks)
    }
}
