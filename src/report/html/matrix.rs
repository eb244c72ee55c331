//! Which check held on which code, at one glance.

use maud::{Markup, html};

use crate::{
    contract::check::CheckId,
    result::{
        outcome::{Outcome, Standing},
        server::ServerDetails,
        side::SideResult,
        trial::TrialResult,
    },
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
pub(super) fn render(side: &SideResult, server: &ServerDetails) -> Markup {
    let checks = || CheckId::OF_SERVERS.iter().copied();
    let codes = server.codes.iter().filter(|code| code.standing != Standing::NotSelected);
    html! {
        section {
            h2 { "Codes and checks" }
            div.wide tabindex="0" {
                table.matrix {
                    thead {
                        tr {
                            th { "code" }
                            @for check in checks() { th.check { span { (check.as_str()) } } }
                        }
                    }
                    tbody {
                        @for code in codes {
                            @let trials: Vec<_> = side.trials.iter().filter(|trial| trial.code.as_ref() == Some(&code.code)).collect();
                            tr {
                                th { a href={ "#" (code.code) } { span.status { (code.status) } " " (code.code) } }
                                @for check in checks() {
                                    @let cell = Cell::of(&trials, check);
                                    td class=(cell.class()) title={ (check.as_str()) " " (cell.words()) " on " (code.code) } { (cell.sign()) }
                                }
                            }
                        }
                    }
                }
            }
            p.what { "✓ holds  ✗ does not hold  ! does not hold, as known; an empty field: not made on this code" }
        }
    }
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
        insta::assert_snapshot!(in_lines(&table.into_string()));
    }
}
