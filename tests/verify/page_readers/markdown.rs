//! The parts of a page in Markdown: headings, lists, tables and code in any of their ways.

use fastrand::Rng;

use super::{Cell, Part, html::Html, one};

fn text(random: &mut Rng, text: &str) -> String {
    let mut written = String::new();
    for c in text.chars() {
        match c {
            '<' | '&' | '\\' | '`' | '*' | '[' | '|' => written.extend(['\\', c]),
            '_' if random.bool() => written.push_str("\\_"),
            c if c.is_ascii_alphabetic() && random.usize(..40) == 0 => {
                written.extend(["&#", &u32::from(c).to_string(), ";"]);
            }
            c => written.push(c),
        }
    }
    written
}

fn cell(random: &mut Rng, cell: &Cell) -> String {
    match cell {
        Cell::Words(words) => {
            let text = text(random, words);
            if random.usize(..6) == 0 { format!("*{text}*") } else { text }
        }
        Cell::Status(status) => match random.usize(..3) {
            0 => format!("**{status}**"),
            1 => format!("`{status}`"),
            _ => status.to_string(),
        },
        Cell::Code(code) => match random.usize(..7) {
            0 => text(random, code),
            1 => format!("**`{code}`**"),
            2 => format!("[`{code}`](#{code})"),
            3 => format!("<code>{code}</code>"),
            4 => format!("<a id=\"{code}\"></a>`{code}`"),
            5 => format!("``{code}``"),
            _ => format!("`{code}`"),
        },
    }
}

fn table(random: &mut Rng, rows: &[Vec<Cell>]) -> String {
    let (begin, end) =
        one(random, &[("| ", " |"), ("|", "|"), ("| ", ""), ("", " |"), ("  | ", " |  ")]);
    let between = one(random, &[" | ", "|", "   |\t"]);
    let line = |cells: Vec<String>| format!("{begin}{}{end}\n", cells.join(between));
    let rule =
        (0..rows[0].len()).map(|_| one(random, &["---", ":---", ":-:", "-----:", "--"]).to_owned());
    let rule: Vec<String> = rule.collect();
    let mut lines: Vec<String> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let cells = row.iter().map(|each| cell(random, each)).collect();
        lines.push(line(cells));
        if at == 0 {
            lines.push(line(rule.clone()));
        }
    }
    lines.concat()
}

pub(super) fn page(random: &mut Rng, parts: &[Part]) -> String {
    let level = random.usize(2..5);
    let mut page = String::new();
    if random.usize(..4) == 0 {
        page += "---\ntitle: 7 requests per hour\n---\n\n";
    }
    for part in parts {
        let written = match part {
            Part::Title(title) if random.bool() => format!("# {title}\n"),
            Part::Title(title) => format!("{title}\n=======\n"),
            Part::Heading(heading) => {
                let heading = text(random, heading);
                match random.usize(..4) {
                    0 if level == 2 => format!("{heading}\n---\n"),
                    1 => format!("{0} {heading} {0}\n", "#".repeat(level)),
                    2 => format!("{} {heading} {{#part}}\n", "#".repeat(level)),
                    _ => format!("{} {heading}\n", "#".repeat(level)),
                }
            }
            Part::Sentence(sentence) => match random.usize(..3) {
                0 => format!("> {}\n", text(random, sentence)),
                // A line of a sentence may end anywhere.
                1 => text(random, sentence).replacen(' ', "\n", 1) + "\n",
                _ => text(random, sentence) + "\n",
            },
            Part::Items(items) => {
                let mark = one(random, &["-", "*", "+", "1."]);
                let items =
                    items.iter().map(|item| [mark, " ", &text(random, item), "\n"].concat());
                // What is indented after it would go on with its last item.
                items.collect::<String>() + "\n<!-- -->\n"
            }
            Part::Example(json) => match random.usize(..4) {
                0 => format!("~~~~\n{json}\n~~~~\n"),
                1 => json.lines().map(|line| ["    ", line, "\n"].concat()).collect(),
                2 if !json.contains('\n') => format!("It is `{json}`.\n"),
                _ => format!("```json\n{json}\n```\n"),
            },
            Part::Table(rows) if random.usize(..5) == 0 => {
                // Without an empty line in it, which would end it.
                let table = Html(random).table(rows);
                let lines = table.lines().filter(|line| !line.trim().is_empty());
                lines.flat_map(|line| [line, "\n"]).collect()
            }
            Part::Table(rows) => table(random, rows),
            Part::Unseen => {
                let (begin, end) = if random.bool() { ("<!--", "-->") } else { ("```", "```") };
                format!("{begin}\n| Code | Status |\n|---|---|\n| no_code | 418 |\n{end}\n")
            }
        };
        page.extend([&written, "\n"]);
    }
    page
}
