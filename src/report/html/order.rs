//! Which code wins where two things are wrong, at one glance.

use super::{
    element::{Element, element},
    parts::aside,
};
use crate::{
    result::server::{OrderResult, ServerDetails},
    shown,
    shown::text::Shown,
};

/// Who won, at all points of a pair together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Winner {
    /// The code of the row.
    Row,
    /// The code of the column.
    Column,
    /// Another code.
    Another,
    /// Now one, now another.
    Differs,
}

impl Winner {
    fn of(results: &[&OrderResult]) -> Option<Self> {
        let one = |result: &&OrderResult| match &result.won {
            won if *won == result.codes[0] => Self::Row,
            won if *won == result.codes[1] => Self::Column,
            _ => Self::Another,
        };
        let first = results.first().map(one)?;
        Some(if results.iter().all(|result| one(result) == first) { first } else { Self::Differs })
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Row => "◀",
            Self::Column => "▲",
            Self::Another => "?",
            Self::Differs => "≠",
        }
    }
}

/// The table of pairs, if any were tried.
pub(super) fn render(server: &ServerDetails) -> Option<Element> {
    let order = &server.order;
    let codes = server.codes.iter().map(|code| &code.code);
    let in_pairs = |at: usize| {
        let is_there = move |code: &&Shown| order.iter().any(|result| result.codes[at] == **code);
        codes.clone().filter(is_there).collect::<Vec<_>>()
    };
    let (rows, columns) = (in_pairs(0), in_pairs(1));
    if rows.is_empty() {
        return None;
    }
    let column = |code: &&Shown| element("th").class("check").child(element("span").text(*code));
    let head = element("tr")
        .child(element("th").text("wrong at once"))
        .children(columns.iter().map(column));
    let row = |row: &&Shown| {
        let head = element("th").child(element("span").text(*row));
        element("tr").child(head).children(columns.iter().map(|column| field(order, row, column)))
    };
    let table = element("table")
        .class("matrix")
        .child(element("thead").child(head))
        .child(element("tbody").children(rows.iter().map(row)));
    let section = element("section")
        .child(element("h2").text("Two things wrong at once"))
        .child(element("div").class("wide").attribute("tabindex", "0").child(table))
        .child(aside("◀ the code of the row is told  ▲ that of the column  ? another one  ≠ now one, now another; an empty field: not tried"));
    Some(section)
}

fn field(order: &[OrderResult], row: &Shown, column: &Shown) -> Element {
    let of_pair = |result: &&OrderResult| result.codes[0] == *row && result.codes[1] == *column;
    let results: Vec<_> = order.iter().filter(of_pair).collect();
    let Some(winner) = Winner::of(&results) else { return element("td").class("none") };
    let said = |result: &&OrderResult| {
        let at = result.at.as_ref().map(|at| shown![" at ", at]).unwrap_or_default();
        shown![result.won, at]
    };
    let said: Vec<_> = results.iter().map(said).collect();
    let class = if winner == Winner::Differs { "known" } else { "pass" };
    element("td").class(class).attribute("title", Shown::joined(&said, "; ")).text(winner.sign())
}

#[cfg(test)]
mod tests {
    use super::{super::in_lines, *};
    use crate::result::example;

    #[test]
    fn each_pair_has_a_field_that_says_which_code_won() {
        let results = example::results();
        let server = results.server.as_ref().expect("a server");
        let table = render(server).expect("pairs were tried");
        insta::assert_snapshot!(in_lines(&table.to_string()));
    }
}
