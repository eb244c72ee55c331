//! The parts of a page in plain text, with columns between pipes.

use fastrand::Rng;

use super::{Cell, Part, one};

pub(super) fn page(random: &mut Rng, parts: &[Part]) -> String {
    let mut page = String::new();
    let marked = random.usize(..3) == 0;
    let (begin, rule) =
        (one(random, &["", "| ", "|"]), one(random, &["", "|---|\n", "|---|---|\n", "---|:-:\n"]));
    let between = one(random, &[" | ", "|", "\t| "]);
    let end = if begin.is_empty() { " |" } else { one(random, &["", " |"]) };
    for part in parts {
        let written = match part {
            Part::Title(text) | Part::Heading(text) if marked => format!("## {text}\n"),
            Part::Title(text) | Part::Heading(text) | Part::Sentence(text) => format!("{text}\n"),
            Part::Items(items) => {
                let mark = one(random, &["- ", "* ", "• "]);
                items.iter().flat_map(|item| [mark, item, "\n"]).collect()
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
                    table.extend([begin, &cells.join(between), end, "\n"]);
                    if at == 0 {
                        table += rule;
                    }
                }
                table
            }
            Part::Unseen => String::new(),
        };
        page.push_str(&written);
        if random.bool() {
            page.push('\n');
        }
    }
    page
}
