//! Which check held on which code, at one glance.

use super::{
    element::{Element, element},
    parts::aside,
};
use crate::{
    contract::check::CheckId,
    result::{
        outcome::{Outcome, Standing},
        server::{CodeResult, ServerDetails},
        side::SideResult,
        trial::TrialResult,
    },
    shown,
};

/// What a check says of all trials of a code together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    Broken,
    Known,
    Held,
    NotMade,
}

impl Cell {
    fn of(trials: &[&TrialResult], check: CheckId) -> Self {
        let found = |trial: &&&TrialResult| trial.findings.iter().any(|found| found.check == check);
        let held = |trial: &&TrialResult| trial.held.contains(&check);
        match trials.iter().find(found) {
            Some(trial) if trial.outcome == Outcome::Known => Self::Known,
            Some(_) => Self::Broken,
            None if trials.iter().any(held) => Self::Held,
            None => Self::NotMade,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Broken => "fail",
            Self::Known => "known",
            Self::Held => "pass",
            Self::NotMade => "none",
        }
    }

    /// A sign besides the colour, for whoever does not see it.
    fn sign(self) -> &'static str {
        match self {
            Self::Broken => "✗",
            Self::Known => "!",
            Self::Held => "✓",
            Self::NotMade => "",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Broken => "does not hold",
            Self::Known => "does not hold, as known",
            Self::Held => "holds",
            Self::NotMade => "was not made",
        }
    }
}

/// The table of codes and checks.
pub(super) fn render(side: &SideResult, server: &ServerDetails) -> Element {
    let checks = checks(side);
    let column =
        |check: &CheckId| element("th").class("check").child(element("span").text(check.as_str()));
    let head = element("tr").child(element("th").text("code")).children(checks.iter().map(column));
    let codes = server.codes.iter().filter(|code| code.standing != Standing::NotSelected);
    let table = element("table")
        .class("matrix")
        .child(element("thead").child(head))
        .child(element("tbody").children(codes.map(|code| row(side, code, &checks))));
    element("section")
        .child(element("h2").text("Codes and checks"))
        .child(element("div").class("wide").attribute("tabindex", "0").child(table))
        .child(aside("✓ holds  ✗ does not hold  ! does not hold, as known; an empty field: not made on this code"))
}

/// The checks of servers. One that is made of no single code, or that is advice, is among them if it failed a trial of one.
fn checks(side: &SideResult) -> Vec<CheckId> {
    let of_codes = side.trials.iter().filter(|trial| trial.code.is_some());
    let found: Vec<_> =
        of_codes.flat_map(|trial| &trial.findings).map(|found| found.check).collect();
    let is_shown =
        |check: &CheckId| found.contains(check) || (!check.is_advice() && *check != CheckId::Order);
    CheckId::OF_SERVERS.iter().copied().filter(is_shown).collect()
}

fn row(side: &SideResult, code: &CodeResult, checks: &[CheckId]) -> Element {
    let of_code = |trial: &&TrialResult| trial.code.as_ref() == Some(&code.code);
    let trials: Vec<_> = side.trials.iter().filter(of_code).collect();
    let field = |check: &CheckId| {
        let cell = Cell::of(&trials, *check);
        element("td")
            .class(cell.class())
            .attribute("title", shown![check.as_str(), " ", cell.words(), " on ", code.code])
            .text(cell.sign())
    };
    let link = element("a")
        .attribute("href", shown!["#", code.code])
        .child(element("span").class("status").text(code.status))
        .text(" ")
        .text(&code.code);
    let points = code
        .points
        .map(|points| element("span").class("points").text(shown![" ", points.sentence()]));
    let head = element("th").child(link).children(points);
    element("tr").child(head).children(checks.iter().map(field))
}

#[cfg(test)]
mod tests {
    use super::{super::in_lines, *};
    use crate::result::example;

    #[test]
    fn each_selected_code_has_a_row_and_each_check_of_servers_a_column() {
        let results = example::results();
        let server = results.server.as_ref().expect("a server");
        let table = render(results.of_server().expect("a server"), server);
        insta::assert_snapshot!(in_lines(&table.to_string()));
    }
}
