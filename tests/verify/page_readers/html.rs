//! The parts of a page in HTML, with what it lets out, adds and writes in another case.

use fastrand::Rng;

use super::{Cell, Part, one};

/// HTML, as people and generators write it.
pub(super) struct Html<'r>(pub(super) &'r mut Rng);

impl Html<'_> {
    fn maybe(&mut self) -> bool {
        self.0.bool()
    }

    fn cased(&mut self, name: &str) -> String {
        let upper = self.0.usize(..4) == 0;
        if upper { name.to_uppercase() } else { name.to_owned() }
    }

    fn open(&mut self, name: &str) -> String {
        let attributes = [
            "",
            "",
            "",
            " class=\"a b\"",
            " style='color: red'",
            " data-x=\"<td> > 1\"",
            " hidden-not",
            "\n",
            " title='a | b'",
            " lang=en",
        ];
        let attributes = one(self.0, &attributes);
        format!("<{}{attributes}>", self.cased(name))
    }

    fn close(&mut self, name: &str) -> String {
        let space = if self.0.usize(..8) == 0 { " " } else { "" };
        format!("</{}{space}>", self.cased(name))
    }

    fn may_close(&mut self, name: &str) -> String {
        if self.maybe() { self.close(name) } else { String::new() }
    }

    fn space(&mut self) -> &'static str {
        one(self.0, &["", "", "\n", "\n  ", "\r\n\t", " <!-- <tr><td>no_code --> "])
    }

    fn text(&mut self, text: &str) -> String {
        let mut written = String::new();
        for c in text.chars() {
            match c {
                '&' => written.push_str("&amp;"),
                '<' => written.push_str("&lt;"),
                '>' if self.maybe() => written.push_str("&gt;"),
                '_' if self.0.usize(..6) == 0 => written.push_str("&lowbar;"),
                '\u{2013}' if self.maybe() => written.push_str("&ndash;"),
                ' ' if self.0.usize(..10) == 0 => {
                    written.push_str(one(self.0, &["&nbsp;", "\n   "]));
                }
                c if self.0.usize(..20) == 0 => {
                    let decimal = self.maybe();
                    written.extend(if decimal {
                        ["&#".to_owned(), u32::from(c).to_string(), ";".to_owned()]
                    } else {
                        ["&#x".to_owned(), format!("{:X}", u32::from(c)), ";".to_owned()]
                    });
                }
                c => written.push(c),
            }
        }
        written
    }

    fn inline(&mut self, name: &str, inner: &str) -> String {
        format!("{}{inner}{}", self.open(name), self.close(name))
    }

    fn cell(&mut self, cell: &Cell) -> String {
        match cell {
            Cell::Words(words) => {
                let text = self.text(words);
                match self.0.usize(..6) {
                    0 => self.inline("p", &text),
                    1 => self.inline("em", &text),
                    _ => text,
                }
            }
            Cell::Status(status) => {
                let text = self.text(&status.to_string());
                if self.maybe() { self.inline("b", &text) } else { text }
            }
            Cell::Code(code) => {
                let pieces: Vec<_> =
                    code.split_inclusive('_').map(|text| self.text(text)).collect();
                let between = if self.0.usize(..4) == 0 { "<wbr>" } else { "" };
                let text = pieces.join(between);
                match self.0.usize(..6) {
                    0 => text,
                    1 => self.inline("strong", &text),
                    2 => format!("<a href=\"#{code}\"><code>{text}</code></a>"),
                    3 => format!("<a id=\"{code}\"></a>{}", self.inline("code", &text)),
                    4 => format!("<span>{}</span>", self.inline("kbd", &text)),
                    _ => self.inline("code", &text),
                }
            }
        }
    }

    fn row(&mut self, kind: &str, cells: &[Cell], spans: &[usize]) -> String {
        let mut row = self.open("tr");
        for (cell, span) in cells.iter().zip(spans) {
            let space = self.space();
            match span {
                0 => continue,
                1 => row += &self.open(kind),
                rows => row.extend(["<", kind, " rowspan=", &rows.to_string(), ">"]),
            }
            row = row + space + &self.cell(cell) + self.space() + &self.may_close(kind);
        }
        row + &self.may_close("tr") + self.space()
    }

    /// How many rows each cell spans: the same status in rows that follow each other is written once.
    fn spans(&mut self, rows: &[Vec<Cell>]) -> Vec<Vec<usize>> {
        let mut spans: Vec<Vec<usize>> = rows.iter().map(|row| vec![1; row.len()]).collect();
        let spanned = self.maybe();
        for column in 0..rows[0].len() {
            let mut at = 1;
            while at < rows.len() {
                let status = |row: usize| match &rows[row][column] {
                    Cell::Status(status) => Some(*status),
                    _ => None,
                };
                let same = (at..rows.len())
                    .take_while(|row| {
                        spanned && status(*row).is_some() && status(*row) == status(at)
                    })
                    .count()
                    .max(1);
                spans[at][column] = same;
                (at + 1..at + same).for_each(|row| spans[row][column] = 0);
                at += same;
            }
        }
        spans
    }

    pub(super) fn table(&mut self, rows: &[Vec<Cell>]) -> String {
        let spans = self.spans(rows);
        let kind = if self.0.usize(..4) == 0 { "td" } else { "th" };
        let mut table = self.open("table") + self.space();
        if self.0.usize(..4) == 0 {
            table += "<colgroup><col><col></colgroup>";
        }
        let head = self.row(kind, &rows[0], &spans[0]);
        let parted = self.maybe();
        table += &if parted { self.open("thead") + &head + &self.may_close("thead") } else { head };
        if parted {
            table += &self.open("tbody");
        }
        for (row, spans) in rows.iter().zip(&spans).skip(1) {
            table += &self.row("td", row, spans);
        }
        if parted {
            table += &self.may_close("tbody");
        }
        table + &self.close("table")
    }

    fn part(&mut self, part: &Part, level: u8) -> String {
        match part {
            Part::Title(text) => format!("<h1>{}</h1>", self.text(text)),
            Part::Heading(text) => {
                let (name, text) = (format!("h{level}"), self.text(text));
                let link =
                    one(self.0, &["", "", " <a href=\"#x\">#</a>", "<a class=x href='#'>¶</a>"]);
                format!("{}{text}{link}{}", self.open(&name), self.close(&name))
            }
            Part::Sentence(text) => {
                let text = self.text(text);
                let element = one(self.0, &["p", "div", "blockquote"]);
                let end = if element == "p" { self.may_close("p") } else { self.close(element) };
                self.open(element) + &text + &end
            }
            Part::Items(items) => {
                let items = items.iter().map(|item| {
                    let text = self.text(item);
                    self.open("li") + &text + &self.may_close("li")
                });
                let items: String = items.collect();
                self.inline("ul", &items)
            }
            Part::Example(json) => {
                let text = json.replace('&', "&amp;").replace('<', "&lt;");
                let quote = if self.maybe() { "&quot;" } else { "\"" };
                let text = text.replace('"', quote);
                match self.0.usize(..3) {
                    0 => self.inline("pre", &text),
                    1 => format!("<pre><code class=\"json\">{text}</code></pre>"),
                    _ => format!("<div><pre>\n<code>{text}\n</code></pre></div>"),
                }
            }
            Part::Table(rows) => self.table(rows),
            Part::Unseen => {
                let fake = "<table><tr><th>Code<th>Status<tr><td>no_code<td>418</table> 7 requests per hour";
                match self.0.usize(..4) {
                    0 => format!("<!-- {fake} -->"),
                    1 => format!("<script>document.write('{fake}')</script>"),
                    2 => format!("<template>{fake}</template>"),
                    _ => format!("<style>/* {fake} */</style>"),
                }
            }
        }
    }

    pub(super) fn page(&mut self, parts: &[Part]) -> String {
        let level = self.0.u8(2..5);
        let parts = parts.iter().map(|part| self.part(part, level) + self.space());
        let body: String = parts.collect();
        match self.0.usize(..3) {
            0 => body,
            1 => format!(
                "<!doctype html>\n<html><head><title>Errors</title></head><body>{body}</body></html>"
            ),
            _ => format!("<HTML><BODY><MAIN>{body}</MAIN></BODY></HTML>"),
        }
    }
}
