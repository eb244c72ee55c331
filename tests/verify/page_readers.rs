//! The same facts on a page, written in HTML, Markdown and plain text in any of the ways that each allows:
//! the readers have to agree, and a fact that is another has to be seen.

mod html;
mod markdown;
mod text;

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
    let (code, message) = if random.bool() {
        ("insufficient_credits", "It costs 150 credits, and 40 are left.")
    } else {
        (one(random, &plain).code.as_str(), "Something \"else\" <is> wrong & {so on}.")
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
    let example = if space == 0 {
        page.example.to_string()
    } else {
        let pretty = serde_json::to_string_pretty(&page.example).expect("JSON");
        pretty.replace("  ", &" ".repeat(space))
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

fn written(random: &mut Rng, page: &Page, form: Form) -> String {
    let parts = parts(random, page, form);
    let text = match form {
        Form::Html => html::Html(random).page(&parts),
        Form::Markdown => markdown::page(random, &parts),
        Form::Text => text::page(random, &parts),
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
            let stated = if section.in_rows {
                BTreeSet::from([*status])
            } else {
                let numbers = section.heading.split(|c: char| !c.is_ascii_digit());
                numbers.filter_map(|number| number.parse().ok()).collect()
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
