//! What was proven of a server, in one line.

use std::collections::BTreeMap;

use crate::{
    contract::extent::Extent,
    result::{
        outcome::Standing,
        server::{CodeResult, PointsResult},
    },
    shown,
    shown::{plural::plural, text::Shown},
};

/// So many red trials of no code are named: what is wrong with every error may be wrong in sixty.
const NAMED: usize = 3;

/// How many codes are proven, what is true of the others, and which trials are red that are of no code: all that is
/// promised of every error, and that none of them costs anything. `subject` is who was tested.
#[must_use]
pub fn headline(
    subject: &Shown,
    codes: &[CodeResult],
    extent: Extent,
    of_no_code: &[&Shown],
) -> Shown {
    let selected = codes.iter().filter(|code| code.standing != Standing::NotSelected).count();
    let proven = of(codes, Standing::Proven).count();
    let mut text = shown![plural(selected, "code"), " on ", subject, ": ", proven, " proven"];
    let points: Vec<_> = of(codes, Standing::Proven).filter_map(|code| code.points).collect();
    if !points.is_empty() {
        let sum = |of: fn(&PointsResult) -> usize| points.iter().map(of).sum();
        let all = PointsResult { proven: sum(|points| points.proven), of: sum(|points| points.of) };
        text = shown![text, " at ", all.sentence()];
    }
    if extent == Extent::Quick {
        text = shown![text, " (--quick: one point per promise)"];
    }
    for (standing, what) in [
        (Standing::ProvenWithoutTwin, " proven without a twin ("),
        (Standing::Broken, " broken ("),
        (Standing::Stale, " listed as known but mended ("),
        (Standing::Known, " broken as known ("),
        (Standing::NotJudged, " not judged ("),
        (Standing::NotProvoked, " not provoked ("),
        (Standing::Unprovoked, " unprovoked by the contract ("),
    ] {
        let count = of(codes, standing).count();
        if count > 0 {
            text = shown![text, ", ", count, what, reasons(of(codes, standing)), ")"];
        }
    }
    let named = Shown::joined(of_no_code.iter().copied().take(NAMED), ", ");
    match of_no_code.len() {
        0 => text,
        count if count <= NAMED => shown![text, "; broken beside the codes: ", named],
        count => {
            shown![text, "; broken beside the codes: ", named, " and ", count - NAMED, " more"]
        }
    }
}

fn of(codes: &[CodeResult], standing: Standing) -> impl Iterator<Item = &CodeResult> {
    codes.iter().filter(move |code| code.standing == standing)
}

/// Codes with their reasons; the same reason is given once. A known deviation's stands further down.
fn reasons<'a>(codes: impl Iterator<Item = &'a CodeResult>) -> Shown {
    let mut reasons: BTreeMap<Shown, Vec<&Shown>> = BTreeMap::new();
    for code in codes {
        let below = matches!(code.standing, Standing::Known | Standing::Stale);
        let why = if below { None } else { code.why.clone() };
        reasons.entry(why.unwrap_or_default()).or_default().push(&code.code);
    }
    let said = reasons.into_iter().map(|(why, codes)| {
        let codes = Shown::joined(codes, ", ");
        if why.is_empty() { codes } else { shown![codes, ": ", why] }
    });
    Shown::joined(&said.collect::<Vec<_>>(), "; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{result::example, shown::redactor::Redactor};

    #[test]
    fn a_server_is_said_to_be_as_its_codes_are_each_with_its_reason() {
        let results = example::results();
        let side = results.of_server().expect("a server");
        let codes = &results.server.as_ref().expect("its details").codes;
        let line = headline(&side.subject, codes, Extent::Whole, &[]);
        insta::assert_snapshot!(line);
        assert_eq!(line, side.headline, "the example's own");
    }

    #[test]
    fn what_is_broken_beside_the_codes_is_named_as_well() {
        let names =
            ["ledger::valid", "any_error::a", "any_error::b", "any_error::c", "any_error::d"];
        let names = names.map(|name| Redactor::default().line(name));
        let names: Vec<&Shown> = names.iter().collect();
        let said = |count: usize| {
            let line = headline(names[0], &[], Extent::Whole, &names[..count]).to_string();
            line.split_once(" proven").expect("it says how many").1.to_owned()
        };
        assert_eq!(said(0), "");
        assert_eq!(said(1), "; broken beside the codes: ledger::valid");
        let three = "; broken beside the codes: ledger::valid, any_error::a, any_error::b";
        assert_eq!(said(3), three);
        assert_eq!(said(5), format!("{three} and 2 more"));
    }
}
