//! The picture of the mutants in the README, drawn from the reviewed list of who kills which.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use errproof::internals::contract::check::CheckId;

const SNAPSHOT: &str = "tests/verify/snapshots/verify__mutants__every_mutant_is_killed_by_its_check_and_breaks_nothing_else.snap";
const PICTURE: &str = "docs/mutants.svg";

/// A way to break a promise: one behaviour, or one fault of the envelope on each of the codes.
struct Row<'a> {
    name: &'a str,
    /// How many mutants it stands for.
    mutants: usize,
    killer: &'a str,
    /// The other checks that fail, each with on how many of the mutants.
    also: BTreeMap<&'a str, usize>,
}

/// The lines of the list, `NAME on CODE: CHECK, also CHECK CHECK`: faults of the envelope, one row for
/// all codes, and behaviours; each in the order of the checks that kill them.
fn rows(list: &str) -> (Vec<Row<'_>>, Vec<Row<'_>>) {
    let (mut faults, mut behaviours) = (Vec::<Row<'_>>::new(), Vec::new());
    for line in list.lines() {
        let (name, checks) = line.split_once(": ").expect("a name, then checks");
        let (killer, also) = checks.split_once(", also ").unwrap_or((checks, ""));
        let also = also.split_whitespace().map(|check| (check, 1)).collect();
        let row = |name| Row { name, mutants: 1, killer, also };
        let on_code = name.rsplit_once(" on ").filter(|(_, code)| !code.contains(' '));
        let Some((fault, _)) = on_code else {
            behaviours.push(row(name));
            continue;
        };
        let row = row(fault);
        match faults.last_mut().filter(|row| row.name == fault && row.killer == killer) {
            Some(same) => {
                same.mutants += 1;
                for (check, times) in row.also {
                    *same.also.entry(check).or_default() += times;
                }
            }
            None => faults.push(row),
        }
    }
    let place = |row: &Row<'_>| CHECKS.iter().position(|check| check.as_str() == row.killer);
    faults.sort_by_key(place);
    behaviours.sort_by_key(place);
    (faults, behaviours)
}

/// All that a mutant can be killed by. Drift is no broken promise.
const CHECKS: &[CheckId] = CheckId::OF_SERVERS.split_at(CheckId::Drift as usize).0;

const CELL: usize = 15;
const LABELS: usize = 185;
const PANEL: usize = LABELS + CHECKS.len() * CELL + 25;
const TOP: usize = 160;

/// Everything that differs between light and dark is in the style: the picture follows its reader.
const STYLE: &str = "\
svg{font:11px system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif}
.page{fill:#fff}.text{fill:#1f2328}.more{fill:#59636e}.stripe{fill:#f3f5f8}
.kills{fill:#0969da}.also{fill:#9fcdf9}
@media(prefers-color-scheme:dark){.page{fill:#0d1117}.text{fill:#e6edf3}.more{fill:#9198a1}
.stripe{fill:#161c25}.kills{fill:#58a6ff}.also{fill:#2c63a6}}";

fn draw(list: &str) -> String {
    let (faults, behaviours) = rows(list);
    let mutants = list.lines().count();
    let codes = faults.iter().map(|row| row.mutants).max().unwrap_or_default();
    let width = 2 * PANEL + 45;
    let height = TOP + faults.len().max(behaviours.len()) * CELL + 15;
    let title = format!("{mutants} mutants of the mock, and the checks that fail on them");
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{title}</title>\n<style>\n{STYLE}\n</style>\n\
         <rect class=\"page\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>\n"
    );
    text(&mut svg, 15, 26, "text\" font-size=\"15\" font-weight=\"600", &title);
    let mut x = 15;
    for (class, side, says) in [
        ("kills", FULL, "has to fail, and does"),
        ("also", FULL, "also fails"),
        ("also", PART, "also fails, on some of the codes"),
    ] {
        square(&mut svg, x, 38, side, class);
        text(&mut svg, x + 19, 50, "more", says);
        x += 45 + says.len() * 6;
    }
    let each = format!("on each of the {codes} codes");
    panel(&mut svg, 15, ["A mutation of the response", &each], &faults);
    panel(
        &mut svg,
        15 + PANEL,
        ["A mutation of behaviour", "on the codes that it is about"],
        &behaviours,
    );
    svg.push_str("</svg>\n");
    svg
}

/// Rows of mutants, and a column for each check.
fn panel(svg: &mut String, x: usize, title: [&str; 2], rows: &[Row<'_>]) {
    text(svg, x + 3, TOP - 22, "text\" font-size=\"12\" font-weight=\"600", title[0]);
    text(svg, x + 3, TOP - 7, "more", title[1]);
    for (at, check) in CHECKS.iter().enumerate() {
        let x = x + LABELS + at * CELL + 11;
        let turned = format!("text\" transform=\"rotate(-60 {x} {y})", y = TOP - 6);
        text(svg, x, TOP - 6, &turned, check.as_str());
    }
    for (at, row) in rows.iter().enumerate() {
        let y = TOP + at * CELL;
        if at % 2 == 0 {
            let width = LABELS + CHECKS.len() * CELL;
            writeln!(
                svg,
                "<rect class=\"stripe\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{CELL}\"/>"
            )
            .expect("a text takes more");
        }
        text(svg, x + 3, y + 11, "text", row.name);
        for (at, check) in CHECKS.iter().enumerate() {
            let x = x + LABELS + at * CELL;
            match row.also.get(check.as_str()) {
                _ if check.as_str() == row.killer => square(svg, x, y, FULL, "kills"),
                Some(times) if *times == row.mutants => square(svg, x, y, FULL, "also"),
                Some(_) => square(svg, x, y, PART, "also"),
                None => {}
            }
        }
    }
}

/// The sides of a cell's square.
const FULL: usize = 11;
const PART: usize = 7;

fn square(svg: &mut String, x: usize, y: usize, side: usize, class: &str) {
    let (x, y) = (x + (CELL - side) / 2, y + (CELL - side) / 2);
    writeln!(
        svg,
        "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{side}\" height=\"{side}\" rx=\"2\"/>"
    )
    .expect("a text takes more");
}

fn text(svg: &mut String, x: usize, y: usize, class: &str, says: &str) {
    let says = says.replace('&', "&amp;").replace('<', "&lt;");
    writeln!(svg, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{says}</text>")
        .expect("a text takes more");
}

#[test]
fn the_picture_shows_the_reviewed_list() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let snapshot = insta::Snapshot::from_file(&root.join(SNAPSHOT)).expect("the reviewed list");
    let drawn = draw(&snapshot.as_text().expect("a text").to_string());
    let path = root.join(PICTURE);
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::write(&path, &drawn).expect("written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == drawn,
        "{PICTURE} is not of today's list: INSTA_UPDATE=always cargo test --test picture"
    );
}
