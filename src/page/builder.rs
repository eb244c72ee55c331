//! Puts a page's content together from elements that open and close, as HTML names them. All
//! readers use it, so that a table is a table in every form, and HTML inside Markdown is no matter.

use super::content::{Block, Content, Heading, Kind, Row, Spot};

/// The levels below the six of HTML.
const CAPTION: u8 = 7;
const SPANNING_ROW: u8 = 8;

/// HTML allows 1,000 columns and 65,534 rows to one cell; no table of codes has as many.
const MOST_SPANNED: usize = 64;

/// The copies of cells that spans make on one page. With none left they are cells like any other:
/// a few bytes of a page must not become gigabytes.
const MOST_COPIES: usize = 20_000;

/// What spans rows or columns is a status or a code, and is not copied if it is longer.
const LONGEST_COPY: usize = 200;

/// Elements whose text nobody sees.
const UNSEEN: [&str; 6] = ["script", "style", "template", "svg", "iframe", "textarea"];

/// Elements that stand in a line of text: all others begin a block of their own.
const INLINE: [&str; 44] = [
    "a", "abbr", "b", "bdi", "bdo", "br", "button", "cite", "code", "data", "del", "dfn", "em",
    "font", "i", "img", "input", "ins", "kbd", "label", "link", "mark", "meta", "meter", "output",
    "progress", "q", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup",
    "time", "tt", "u", "var", "wbr", "source", "track", "base",
];

/// What an element's attributes say that matters here.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    /// The name that a link's fragment leads to.
    pub(super) anchor: Option<String>,
    /// How many columns a cell spans.
    pub(super) columns: Option<usize>,
    /// How many rows a cell spans.
    pub(super) rows: Option<usize>,
}

/// A page's content while it is being read.
#[derive(Debug, Default)]
pub(super) struct Builder {
    content: Content,
    /// The headings over the next piece, the highest first.
    over: Vec<usize>,
    /// The tables that are open, each inside a cell of the one before.
    tables: Vec<OpenTable>,
    flow: FlowPiece,
    what: Flow,
    block_of_code: Option<FlowPiece>,
    span_of_code: Option<FlowPiece>,
    /// The copies of cells made so far.
    copies: usize,
    /// The element that nobody sees, and how many of its name are open in it.
    unseen: Option<(String, usize)>,
}

/// Text that is being collected, outside of a table's cells.
#[derive(Debug, Default)]
struct FlowPiece {
    text: String,
    /// The line on which its first character stands.
    line: Option<usize>,
    /// What it begins with, if that is set as code.
    lead: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Flow {
    #[default]
    Text,
    Heading(u8),
    Item,
    Title,
}

#[derive(Debug)]
struct OpenTable {
    at: Spot,
    rows: Vec<Row>,
    row: Option<OpenRow>,
    /// By column: the text of a cell that spans rows, and how many more rows it spans.
    spanning: Vec<Option<(String, usize)>>,
    /// The headings over the table: those inside it end with it.
    over: Vec<usize>,
}

#[derive(Debug)]
struct OpenRow {
    line: usize,
    cells: Vec<(String, usize, usize)>,
    in_cell: bool,
}

impl FlowPiece {
    fn push(&mut self, text: &str, line: usize) {
        if self.line.is_none() && !text.trim().is_empty() {
            self.line = Some(line);
        }
        self.text.push_str(text);
    }
}

impl Builder {
    /// What was read, with all that was left open closed.
    pub(super) fn finish(mut self) -> Content {
        self.close("pre", 0);
        while !self.tables.is_empty() {
            self.close("table", 0);
        }
        self.end_flow();
        self.content
    }

    /// An element's start tag.
    pub(super) fn open(&mut self, name: &str, attributes: Attributes, line: usize) {
        if let Some((unseen, depth)) = &mut self.unseen {
            *depth += usize::from(unseen == name);
            return;
        }
        if UNSEEN.contains(&name) {
            self.unseen = Some((name.to_owned(), 1));
            return;
        }
        self.content.anchors.extend(attributes.anchor);
        match name {
            "pre" => {
                self.begin_block();
                self.block_of_code = Some(FlowPiece::default());
            }
            "code" | "kbd" | "samp" | "tt" if self.block_of_code.is_none() => {
                self.span_of_code = Some(FlowPiece::default());
            }
            "br" => self.text("\n", line),
            "table" => {
                if self.cell().is_none() {
                    self.end_flow();
                }
                let at = self.spot(line);
                let (rows, spanning, over) = (Vec::new(), Vec::new(), self.over.clone());
                self.tables.push(OpenTable { at, rows, row: None, spanning, over });
            }
            "caption" => self.begin(Flow::Heading(CAPTION)),
            "tr" => {
                self.close_row();
                self.open_row(line);
            }
            "td" | "th" => {
                self.end_flow();
                self.open_row(line);
                if let Some(row) = self.tables.last_mut().and_then(|table| table.row.as_mut()) {
                    let span = |span: Option<usize>| span.unwrap_or(1).clamp(1, MOST_SPANNED);
                    let (columns, rows) = (span(attributes.columns), span(attributes.rows));
                    let is_left = self.copies + columns * rows <= MOST_COPIES;
                    let (columns, rows) = if is_left { (columns, rows) } else { (1, 1) };
                    self.copies += columns * rows - 1;
                    row.cells.push((String::new(), columns, rows));
                    row.in_cell = true;
                }
            }
            "li" | "dt" if self.cell().is_none() => self.begin(Flow::Item),
            "title" => self.begin(Flow::Title),
            _ => match level(name) {
                Some(level) => self.begin(Flow::Heading(level)),
                None if INLINE.contains(&name) => {}
                None => self.begin_block(),
            },
        }
    }

    /// An element's end tag.
    pub(super) fn close(&mut self, name: &str, line: usize) {
        if let Some((unseen, depth)) = &mut self.unseen {
            if unseen == name {
                *depth -= 1;
                if *depth == 0 {
                    self.unseen = None;
                }
            }
            return;
        }
        match name {
            "pre" => {
                if let Some(code) = self.block_of_code.take() {
                    self.add_code(code, line);
                }
            }
            "code" | "kbd" | "samp" | "tt" => self.close_span_of_code(line),
            "table" => self.close_table(),
            "tr" => self.close_row(),
            "td" | "th" => {
                self.end_flow();
                if let Some(row) = self.tables.last_mut().and_then(|table| table.row.as_mut()) {
                    row.in_cell = false;
                }
            }
            _ if INLINE.contains(&name) => {}
            _ => {
                self.begin_block();
                if matches!(name, "caption" | "li" | "dt" | "title") || level(name).is_some() {
                    self.what = Flow::Text;
                }
            }
        }
    }

    /// Text between tags.
    pub(super) fn text(&mut self, text: &str, line: usize) {
        if self.unseen.is_some() {
            return;
        }
        if let Some(code) = self.block_of_code.as_mut().or(self.span_of_code.as_mut()) {
            code.push(text, line);
        }
        if self.what == Flow::Text && self.cell().is_some() {
            self.cell().expect("looked at").push_str(text);
        } else if self.block_of_code.is_none() {
            self.flow.push(text, line);
        }
    }

    /// The cell that text goes into, if a table is open.
    fn cell(&mut self) -> Option<&mut String> {
        let row = self.tables.last_mut()?.row.as_mut().filter(|row| row.in_cell)?;
        row.cells.last_mut().map(|(text, ..)| text)
    }

    fn spot(&self, line: usize) -> Spot {
        Spot { line, under: self.over.last().copied() }
    }

    fn begin(&mut self, what: Flow) {
        self.end_flow();
        self.what = what;
    }

    /// A new block begins: in a cell it is only a gap, else what came before has ended.
    fn begin_block(&mut self) {
        if self.what == Flow::Text
            && let Some(cell) = self.cell()
        {
            cell.push('\n');
        } else {
            self.end_flow();
        }
    }

    fn end_flow(&mut self) {
        let FlowPiece { text, line, lead } = std::mem::take(&mut self.flow);
        let text = single_spaced(&text);
        let Some(line) = line else { return };
        if text.is_empty() {
            return;
        }
        match std::mem::take(&mut self.what) {
            Flow::Title => self.content.title = self.content.title.take().or(Some(text)),
            Flow::Heading(level) => self.add_heading(&text, level, line),
            Flow::Item => self.add(line, Kind::Item { lead, text }),
            Flow::Text => self.add(line, Kind::Text(text)),
        }
    }

    fn add(&mut self, line: usize, kind: Kind) {
        let at = self.spot(line);
        self.content.blocks.push(Block { at, kind });
    }

    fn add_heading(&mut self, text: &str, level: u8, line: usize) {
        // Generators put a link to the heading itself behind it.
        let text = text.trim_end_matches(['#', '¶', '§', '🔗', ' ']).to_owned();
        let headings = &mut self.content.headings;
        self.over.retain(|at| headings[*at].level < level);
        headings.push(Heading { text, level, line, under: self.over.last().copied() });
        self.over.push(headings.len() - 1);
    }

    fn add_code(&mut self, code: FlowPiece, line: usize) {
        if let Some(cell) = self.cell() {
            cell.push(' ');
        }
        let line = code.line.unwrap_or(line);
        self.add(line, Kind::Code(code.text));
    }

    fn close_span_of_code(&mut self, line: usize) {
        let Some(span) = self.span_of_code.take() else {
            return;
        };
        if self.flow.lead.is_none() && self.flow.text.trim() == span.text.trim() {
            self.flow.lead = Some(span.text.trim().to_owned());
        }
        if span.text.trim_start().starts_with('{') {
            self.add_code(span, line);
        }
    }

    fn open_row(&mut self, line: usize) {
        if let Some(table) = self.tables.last_mut()
            && table.row.is_none()
        {
            table.row = Some(OpenRow { line, cells: Vec::new(), in_cell: false });
        }
    }

    fn close_row(&mut self) {
        self.end_flow();
        let Some(table) = self.tables.last_mut() else {
            return;
        };
        let Some(OpenRow { line, cells, .. }) = table.row.take() else {
            return;
        };
        if let [(text, columns, 1)] = cells.as_slice()
            && *columns > 1
        {
            self.add_heading(&single_spaced(text), SPANNING_ROW, line);
            return;
        }
        let cells = table.spread(cells);
        if !cells.is_empty() {
            let at = self.spot(line);
            let table = self.tables.last_mut().expect("looked at");
            table.rows.push(Row { at, cells });
        }
    }

    fn close_table(&mut self) {
        self.close_row();
        if let Some(table) = self.tables.pop() {
            self.over = table.over;
            if !table.rows.is_empty() {
                self.content.blocks.push(Block { at: table.at, kind: Kind::Table(table.rows) });
            }
        }
    }
}

impl OpenTable {
    /// A row's cells, one for each column.
    fn spread(&mut self, cells: Vec<(String, usize, usize)>) -> Vec<String> {
        let mut spread = Vec::new();
        let mut cells = cells.into_iter();
        loop {
            let column = spread.len();
            if self.spanning.len() <= column {
                self.spanning.push(None);
            }
            if let Some((text, more)) = self.spanning[column].take() {
                if more > 1 {
                    self.spanning[column] = Some((text.clone(), more - 1));
                }
                spread.push(text);
                continue;
            }
            let Some((text, columns, rows)) = cells.next() else {
                return spread;
            };
            let text = single_spaced(&text);
            let copy = if text.len() > LONGEST_COPY { String::new() } else { text.clone() };
            for column in column..column + columns {
                if self.spanning.len() <= column {
                    self.spanning.push(None);
                }
                self.spanning[column] = (rows > 1).then(|| (copy.clone(), rows - 1));
                spread.push(copy.clone());
            }
            spread[column] = text;
        }
    }
}

fn level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', level @ b'1'..=b'6'] => Some(level - b'0'),
        _ => None,
    }
}

/// The text with one space for each stretch of white space. What is no space but cannot be seen
/// (U+200B) stays: a code that is copied with it is another code.
pub(super) fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
