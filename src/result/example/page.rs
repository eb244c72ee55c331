//! The example's page.

use super::{Example, Judged};
use crate::{
    checks::{mismatch::Mismatch, sheet::Sheet},
    contract::check::CheckId,
    result::{outcome::Counts, side::SideResult, side_name::SideName},
};

const HEADLINE: &str = "3 codes on docs/errors.md: 1 as promised, 1 not (plan_gate), 1 not, as known (invalid_json); docs::limits as promised; docs::envelope not as promised; docs::link not judged";

impl Example {
    pub(super) fn page(&self) -> SideResult {
        let place = "line 13, under `Envelope`";
        let schema = "the example at /error: \"requestId\" is a required property";
        let docs_place = format!("{place}: the example at /error/docs");
        let docs = Mismatch::at(&docs_place, "\"https://docs.example.com/errors\"", "\"<none>\"");
        let row = "no row defines `invalid_json`; the page only mentions it";
        let status = "expected 403 for `plan_gate`, the page has 402 and 403";
        let judged = [
            trial("docs::envelope", None, "every error looks like the example", "[envelope]")
                .found(CheckId::PageSchema, Mismatch::says(place, schema))
                .found(CheckId::PageDocs, docs),
            trial("docs::invalid_json", Some("invalid_json"), "JSON is asked for", "scenarios/")
                .found(CheckId::PageCode, Mismatch::says("line 9", row)),
            trial("docs::limits", None, "the page has the contract's numbers", "[limit]"),
            trial("docs::link", None, "every error links to its docs", "`docs`")
                .unjudged("failed to connect: Connection refused (os error 111)"),
            trial("docs::plan_gate", Some("plan_gate"), "it has to be paid for", "scenarios/")
                .found(CheckId::PageStatus, Mismatch::says("line 43, under `Plans | <b>`", status)),
            trial("docs::rate_limited", Some("rate_limited"), "a key has a limit", "scenarios/"),
        ];
        let trials: Vec<_> = judged.iter().map(|judged| self.weighed(judged)).collect();
        SideResult {
            side: SideName::Page,
            subject: "docs/errors.md".into(),
            headline: HEADLINE.into(),
            counts: Counts::of(trials.iter().map(|trial| trial.outcome)),
            trials,
            advice: Vec::new(),
            notes: Vec::new(),
        }
    }
}

fn trial(
    name: &'static str,
    code: Option<&'static str>,
    promise: &'static str,
    source: &'static str,
) -> Judged {
    Judged {
        side: SideName::Page,
        name,
        code: code.map(|code| (code, 0)),
        promise,
        source,
        seconds: 0.02,
        sheet: Sheet::default(),
        unjudged: None,
    }
}
