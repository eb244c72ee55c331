//! The same facts on a page, written in HTML, Markdown and plain text in any of the ways that each allows:
//! the readers have to agree, and a fact that is another has to be seen.

use std::{collections::BTreeSet, path::Path};

use errproof::internals::{
    contract::{Contract, contract_file::Form},
    page::{facts::Facts, judge, read},
};
use fastrand::Rng;
use serde_json::{Value, json};

/// What a page says.
#[derive(Debug, Clone)]
struct Page {
    sections: Vec<Section>,
    limit: (u32, &'static str),
    times: (u32, u32),
    example: Value,
}

/// A heading with a table of codes under it.
#[derive(Debug, Clone)]
struct Section {
    heading: String,
    /// Whether the table has a column for the status; else the heading has it.
    in_rows: bool,
    rows: Vec<(String, u16)>,
}

fn one<T: Copy>(random: &mut Rng, of: &[T]) -> T {
    of[random.usize(..of.len())]
}

/// A page with all that the contract promises.
fn page(random: &mut Rng, contract: &Contract) -> Page {
    let mut sections: Vec<Section> = Vec::new();
    let as_the_contract = random.bool();
    for scenario in &contract.scenarios {
        let (code, status) = (scenario.code.to_string(), scenario.status);
        let heading = match (as_the_contract, random.bool()) {
            (true, _) => scenario.source.clone(),
            (false, true) => format!("Errors {status}"),
            (false, false) => format!("Part {}", status / 100),
        };
        match sections.iter_mut().find(|section| section.heading == heading) {
            Some(section) => section.rows.push((code, status)),
            None => sections.push(Section { heading, in_rows: false, rows: vec![(code, status)] }),
        }
    }
    for section in &mut sections {
        let statuses: BTreeSet<_> = section.rows.iter().map(|(_, status)| *status).collect();
        let has_it = statuses.len() == 1
            && section.heading.contains(&statuses.first().expect("one").to_string());
        section.in_rows = !has_it || random.bool();
        random.shuffle(&mut section.rows);
    }
    random.shuffle(&mut sections);
    let plain: Vec<_> =
        contract.scenarios.iter().filter(|scenario| scenario.message.is_none()).collect();
    let (code, message) = match random.bool() {
        true => ("insufficient_credits", "It costs 150 credits, and 40 are left."),
        false => (one(random, &plain).code.as_str(), "Something \"else\" <is> wrong & {so on}."),
    };
    let link = "https://www.planmysaas.com/docs/api/errors";
    let example = json!({ "error": {
        "code": code, "message": message, "docs": link, "requestId": "5f0c77aa01d2e3f4",
    }});
    Page { sections, limit: (60, "minute"), times: (90, 5), example }
}

/// What is written in a cell or a sentence.
#[derive(Debug, Clone)]
enum Cell {
    /// Words. A pipe is among them only where a form can have it.
    Words(String),
    /// A code.
    Code(String),
    /// A status.
    Status(u16),
}

/// A page's parts, as each form writes them.
#[derive(Debug, Clone)]
enum Part {
    Title(String),
    Heading(String),
    Sentence(String),
    Items(Vec<String>),
    Example(String),
    Table(Vec<Vec<Cell>>),
    /// Nothing that anybody sees.
    Unseen,
}

const NOISE: [&str; 8] = [
    "An error is never a bare status.",
    "Each body says what is wrong & why, in <words> that a program can rely on.",
    "Nothing is charged for it.",
    "Write to support, with the request id.",
    "Codes never change: a missing_api_key stays one.",
    "It's \"new\" since version 7.",
    "See the table below for all of them.",
    "Prices are 5 EUR a month.",
];

fn words(random: &mut Rng, form: Form) -> String {
    let text = one(random, &NOISE);
    let pipe = form != Form::Text && random.usize(..4) == 0;
    if pipe { format!("{text} | or so") } else { text.to_owned() }
}

/// A page's parts in their order, with others around them that say nothing of its facts.
fn parts(random: &mut Rng, page: &Page, form: Form) -> Vec<Part> {
    let (requests, unit) = page.limit;
    let (times, short) = (page.times, &unit[..1]);
    let limit = match random.usize(..5) {
        0 => format!("A key has {requests} requests per {unit}."),
        1 => format!("At most {requests} req/{short} are served."),
        2 => format!("The limit: {requests} calls each {unit}."),
        3 => format!("There are {requests} requests/key/{unit}."),
        _ => format!("It is {requests} requests in 1 {unit}."),
    };
    let range = match random.usize(..4) {
        0 => format!("It gives up after {} s to {} min.", times.0, times.1),
        1 => format!("It gives up after {}s-{}min.", times.0, times.1),
        2 => format!("Between {} seconds and {} minutes pass.", times.0, times.1),
        _ => format!("{}s\u{2013}{}m pass before that.", times.0, times.1),
    };
    let space = [0, 1, 2, 4][random.usize(..4)];
    let example = match space {
        0 => page.example.to_string(),
        _ => {
            let pretty = serde_json::to_string_pretty(&page.example).expect("JSON");
            pretty.replace("  ", &" ".repeat(space))
        }
    };
    let mut stated = vec![Part::Example(example)];
    let mut in_table = Vec::new();
    for text in [limit, range] {
        if random.bool() { in_table.push(text) } else { stated.push(Part::Sentence(text)) }
    }
    for _ in 0..random.usize(..4) {
        stated.push(match random.usize(..4) {
            0 => Part::Items((0..3).map(|_| one(random, &NOISE).to_string()).collect()),
            1 => {
                let head = ["Plan", "Retry"].map(|text| Cell::Words(text.to_owned())).to_vec();
                let row = vec![Cell::Words("Free".to_owned()), Cell::Words("never".to_owned())];
                Part::Table(vec![head, row])
            }
            2 => Part::Unseen,
            _ => Part::Sentence(one(random, &NOISE).to_string()),
        });
    }
    random.shuffle(&mut stated);
    let mut parts = vec![Part::Title("Errors of the API".to_owned())];
    parts.append(&mut stated);
    for section in &page.sections {
        parts.push(Part::Heading(section.heading.clone()));
        if random.usize(..4) == 0 {
            parts.push(Part::Sentence(one(random, &NOISE).to_string()));
        }
        let code = one(random, &["Code", "Error code", "code", "ERROR CODE"]);
        let status = one(random, &["Status", "HTTP status", "HTTP", "status"]);
        let mut columns = vec![0, 2];
        if section.in_rows {
            columns.push(1);
        }
        if random.bool() {
            columns.push(3);
        }
        random.shuffle(&mut columns);
        let head = [code, status, "Meaning", "What to do"];
        let mut rows: Vec<Vec<Cell>> =
            vec![columns.iter().map(|at| Cell::Words(head[*at].to_owned())).collect()];
        for (code, status) in &section.rows {
            let mut cell = |at: &usize| match at {
                0 => Cell::Code(code.clone()),
                1 => Cell::Status(*status),
                2 => Cell::Words(in_table.pop().unwrap_or_else(|| words(random, form))),
                _ => Cell::Words(words(random, form)),
            };
            rows.push(columns.iter().map(&mut cell).collect());
        }
        parts.push(Part::Table(rows));
        if random.usize(..4) == 0 {
            parts.push(Part::Unseen);
        }
    }
    parts
}

/// HTML, as people and generators write it.
struct Html<'r>(&'r mut Rng);

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
                    written.push_str(one(self.0, &["&nbsp;", "\n   "]))
                }
                c if self.0.usize(..20) == 0 => written.push_str(&match self.maybe() {
                    true => format!("&#{};", u32::from(c)),
                    false => format!("&#x{:X};", u32::from(c)),
                }),
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
                rows => row += &format!("<{kind} rowspan={rows}>"),
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

    fn table(&mut self, rows: &[Vec<Cell>]) -> String {
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

    fn page(&mut self, parts: &[Part]) -> String {
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

fn markdown_text(random: &mut Rng, text: &str) -> String {
    let mut written = String::new();
    for c in text.chars() {
        match c {
            '<' | '&' | '\\' | '`' | '*' | '[' | '|' => written.extend(['\\', c]),
            '_' if random.bool() => written.push_str("\\_"),
            c if c.is_ascii_alphabetic() && random.usize(..40) == 0 => {
                written += &format!("&#{};", u32::from(c));
            }
            c => written.push(c),
        }
    }
    written
}

fn markdown_cell(random: &mut Rng, cell: &Cell) -> String {
    match cell {
        Cell::Words(words) => {
            let text = markdown_text(random, words);
            if random.usize(..6) == 0 { format!("*{text}*") } else { text }
        }
        Cell::Status(status) => match random.usize(..3) {
            0 => format!("**{status}**"),
            1 => format!("`{status}`"),
            _ => status.to_string(),
        },
        Cell::Code(code) => match random.usize(..7) {
            0 => markdown_text(random, code),
            1 => format!("**`{code}`**"),
            2 => format!("[`{code}`](#{code})"),
            3 => format!("<code>{code}</code>"),
            4 => format!("<a id=\"{code}\"></a>`{code}`"),
            5 => format!("``{code}``"),
            _ => format!("`{code}`"),
        },
    }
}

fn markdown_table(random: &mut Rng, rows: &[Vec<Cell>]) -> String {
    let (begin, end) =
        one(random, &[("| ", " |"), ("|", "|"), ("| ", ""), ("", " |"), ("  | ", " |  ")]);
    let between = one(random, &[" | ", "|", "   |\t"]);
    let line = |cells: Vec<String>| format!("{begin}{}{end}\n", cells.join(between));
    let rule =
        (0..rows[0].len()).map(|_| one(random, &["---", ":---", ":-:", "-----:", "--"]).to_owned());
    let rule: Vec<String> = rule.collect();
    let mut lines: Vec<String> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let mut cells: Vec<String> = Vec::new();
        for cell in row {
            cells.push(markdown_cell(random, cell));
        }
        lines.push(line(cells));
        if at == 0 {
            lines.push(line(rule.clone()));
        }
    }
    lines.concat()
}

fn markdown(random: &mut Rng, parts: &[Part]) -> String {
    let level = random.usize(2..5);
    let mut page = String::new();
    if random.usize(..4) == 0 {
        page += "---\ntitle: 7 requests per hour\n---\n\n";
    }
    for part in parts {
        page += &match part {
            Part::Title(text) => match random.bool() {
                true => format!("# {text}\n"),
                false => format!("{text}\n=======\n"),
            },
            Part::Heading(text) => {
                let text = markdown_text(random, text);
                match random.usize(..4) {
                    0 if level == 2 => format!("{text}\n---\n"),
                    1 => format!("{0} {text} {0}\n", "#".repeat(level)),
                    2 => format!("{} {text} {{#part}}\n", "#".repeat(level)),
                    _ => format!("{} {text}\n", "#".repeat(level)),
                }
            }
            Part::Sentence(text) => match random.usize(..3) {
                0 => format!("> {}\n", markdown_text(random, text)),
                // A line of a sentence may end anywhere.
                1 => markdown_text(random, text).replacen(' ', "\n", 1) + "\n",
                _ => markdown_text(random, text) + "\n",
            },
            Part::Items(items) => {
                let mark = one(random, &["-", "*", "+", "1."]);
                let items: String = items
                    .iter()
                    .map(|item| format!("{mark} {}\n", markdown_text(random, item)))
                    .collect();
                // What is indented after it would go on with its last item.
                items + "\n<!-- -->\n"
            }
            Part::Example(json) => match random.usize(..4) {
                0 => format!("~~~~\n{json}\n~~~~\n"),
                1 => json.lines().map(|line| format!("    {line}\n")).collect(),
                2 if !json.contains('\n') => format!("It is `{json}`.\n"),
                _ => format!("```json\n{json}\n```\n"),
            },
            Part::Table(rows) if random.usize(..5) == 0 => {
                // Without an empty line in it, which would end it.
                let table = Html(random).table(rows);
                let lines = table.lines().filter(|line| !line.trim().is_empty());
                lines.map(|line| format!("{line}\n")).collect()
            }
            Part::Table(rows) => markdown_table(random, rows),
            Part::Unseen => match random.bool() {
                true => "<!--\n| Code | Status |\n|---|---|\n| no_code | 418 |\n-->\n".to_owned(),
                false => "```\n| Code | Status |\n|---|---|\n| no_code | 418 |\n```\n".to_owned(),
            },
        };
        page.push('\n');
    }
    page
}

fn plain(random: &mut Rng, parts: &[Part]) -> String {
    let mut page = String::new();
    let marked = random.usize(..3) == 0;
    let (begin, rule) =
        (one(random, &["", "| ", "|"]), one(random, &["", "|---|\n", "|---|---|\n", "---|:-:\n"]));
    let between = one(random, &[" | ", "|", "\t| "]);
    let end = if begin.is_empty() { " |" } else { one(random, &["", " |"]) };
    for part in parts {
        page += &match part {
            Part::Title(text) | Part::Heading(text) if marked => format!("## {text}\n"),
            Part::Title(text) | Part::Heading(text) => format!("{text}\n"),
            Part::Sentence(text) => format!("{text}\n"),
            Part::Items(items) => {
                let mark = one(random, &["- ", "* ", "• "]);
                items.iter().map(|item| format!("{mark}{item}\n")).collect()
            }
            Part::Example(json) => format!("{json}\n"),
            Part::Table(rows) => {
                let mut table = String::new();
                for (at, row) in rows.iter().enumerate() {
                    let cells = row.iter().map(|cell| match cell {
                        Cell::Words(words) => words.clone(),
                        Cell::Status(status) => status.to_string(),
                        Cell::Code(code) if random.usize(..4) == 0 => format!("`{code}`"),
                        Cell::Code(code) => code.clone(),
                    });
                    let cells: Vec<_> = cells.collect();
                    // The header has lost no pipe, or it would be a heading.
                    let begin = if at == 0 { "| " } else { begin };
                    table += &format!("{begin}{}{end}\n", cells.join(between));
                    if at == 0 {
                        table += rule;
                    }
                }
                table
            }
            Part::Unseen => String::new(),
        };
        if random.bool() {
            page.push('\n');
        }
    }
    page
}

fn written(random: &mut Rng, page: &Page, form: Form) -> String {
    let parts = parts(random, page, form);
    let text = match form {
        Form::Html => Html(random).page(&parts),
        Form::Markdown => markdown(random, &parts),
        Form::Text => plain(random, &parts),
    };
    let windows = random.usize(..4) == 0;
    if windows { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text }
}

/// The facts that were read, without where they stand but for the heading over them.
fn facts(text: &str, form: Form, contract: &Contract) -> String {
    let content = read::read(text, form, contract);
    let facts = Facts::of(&content, contract);
    let mut codes: Vec<_> = facts
        .codes
        .iter()
        .flat_map(|(code, rows)| rows.iter().map(move |row| (code, row)))
        .map(|(code, row)| {
            let over = content.headings_over(row.at).next().map(|heading| heading.text.clone());
            format!("{code} {:?} under {over:?}\n", row.statuses)
        })
        .collect();
    codes.sort();
    let limits: Vec<_> = facts.limits.iter().map(|stated| stated.value).collect();
    let times: Vec<_> = facts.times.iter().map(|stated| stated.value).collect();
    let example = |text: &str| serde_json::from_str::<Value>(text).ok();
    let examples: Vec<_> = facts.examples.iter().map(|stated| example(&stated.value)).collect();
    format!("{}{limits:?} {times:?} {examples:?}", codes.concat())
}

/// What the page was made from, in the same form.
fn expected(page: &Page) -> String {
    let rows = page.sections.iter().flat_map(|section| {
        section.rows.iter().map(|(code, status)| {
            let stated = match section.in_rows {
                true => BTreeSet::from([*status]),
                false => section
                    .heading
                    .split(|c: char| !c.is_ascii_digit())
                    .filter_map(|n| n.parse().ok())
                    .collect(),
            };
            format!("{code} {stated:?} under {:?}\n", Some(&section.heading))
        })
    });
    let mut codes: Vec<_> = rows.collect();
    codes.sort();
    let seconds = |unit| if unit == "minute" { 60 } else { 3_600 };
    let limits = [(page.limit.0, seconds(page.limit.1))];
    let (least, most) = (page.times.0, page.times.1 * 60);
    format!("{}{limits:?} [({least}s, {most}s)] {:?}", codes.concat(), [Some(&page.example)])
}

fn failing(text: &str, form: Form, contract: &Contract) -> Vec<String> {
    let judged = judge::judge(&read::read(text, form, contract), contract);
    let failing = judged.into_iter().filter(|judged| !judged.found.is_empty());
    failing.map(|judged| judged.trial).collect()
}

/// The page with one fact that is another, and what that is.
fn changed(random: &mut Rng, page: &Page) -> (Page, &'static str) {
    let mut page = page.clone();
    let at = random.usize(..page.sections.len());
    let row = random.usize(..page.sections[at].rows.len());
    let what = match random.usize(..10) {
        0 => {
            let section = &mut page.sections[at];
            section.in_rows = true;
            section.rows[row].1 += [1, 2, 10, 50][random.usize(..4)];
            "a status"
        }
        1 => {
            page.sections[at].rows.remove(row);
            page.sections.retain(|section| !section.rows.is_empty());
            "a code is missing"
        }
        2 => {
            page.sections[at].rows[row].0.push_str(["s", "_2", "."][random.usize(..3)]);
            "a code's name"
        }
        3 => {
            let status = page.sections[at].rows[row].1;
            page.sections[at].rows.push(("expired_api_key".to_owned(), status));
            "a code too many"
        }
        4 => {
            let row = page.sections[at].rows[row].clone();
            page.sections[at].rows.push(row);
            "a code twice"
        }
        5 => {
            page.limit.0 = [6, 59, 61, 600][random.usize(..4)];
            "the limit"
        }
        6 => {
            page.limit.1 = "hour";
            "the limit's window"
        }
        7 => {
            let times = [(9, 5), (90, 50), (30, 5), (90, 3)];
            page.times = times[random.usize(..4)];
            "the range of time"
        }
        8 => {
            let error = page.example["error"].as_object_mut().expect("a table");
            let name = ["code", "message", "docs", "requestId"][random.usize(..4)];
            error.remove(name);
            "a part of the example is missing"
        }
        _ => {
            let name = ["code", "docs"][random.usize(..2)];
            page.example["error"][name] = "another_thing".into();
            "a part of the example"
        }
    };
    (page, what)
}

const FORMS: [Form; 3] = [Form::Html, Form::Markdown, Form::Text];

#[test]
fn the_same_facts_are_read_from_every_form_and_a_changed_one_is_seen() {
    let contract = Contract::load(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("no faults");
    let seed = fastrand::u64(..);
    let mut random = Rng::with_seed(seed);
    for round in 0..60 {
        let page = page(&mut random, &contract);
        let expected = expected(&page);
        for form in FORMS {
            let text = written(&mut random, &page, form);
            let what = format!("seed {seed}, round {round}, {form:?}:\n{text}\n");
            assert_eq!(facts(&text, form, &contract), expected, "{what}");
            assert_eq!(failing(&text, form, &contract), [""; 0], "{what}");
            let (other, change) = changed(&mut random, &page);
            let text = written(&mut random, &other, form);
            let failing = failing(&text, form, &contract);
            assert!(!failing.is_empty(), "seed {seed}, round {round}, {form:?}, {change}:\n{text}");
        }
    }
}
