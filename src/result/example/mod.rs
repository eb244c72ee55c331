//! One made-up run, for the golden tests of all that shows results: the three sides, every outcome and
//! every standing, with texts that mean something to Markdown, HTML, XML, a terminal or a CI system.
//!
//! What a real run makes of its checks is made here in the same way: findings come from a sheet, verdicts
//! from their weighing, standings and counts from the trials, and every text from a redactor that knows
//! the key.

mod client;
mod page;
mod server;

use super::{
    collected::{Collected, Keep},
    finding::{Finding, Promised},
    outcome::{Counts, Outcome},
    results::{Results, Scope},
    side::SideResult,
    side_name::SideName,
    trial::TrialResult,
    unproven::Owed,
    verdict::{Verdict, weigh},
};
use crate::{
    checks::{
        mismatch::Mismatch,
        sheet::{Noted, Sheet},
    },
    contract::check::CheckId,
    shown::{redactor::Redactor, secret::Named, secrets::Secrets, text::Shown},
    targets::known::{Day, Known},
};

/// The key that the server echoes and the client prints.
const KEY: &str = "ex_live_4f9c2e8b1d7a3f5c6e0d2b7a";

/// What a server or a client may say to break out of wherever it is shown.
const HOSTILE: &str = "</pre><script>alert('x')</script> | **bold** ```x``` ]]> ::error::100% \u{1b}[31m @all & \u{202e}";

/// The run.
pub(crate) fn results() -> Results {
    let example = Example::new();
    let sides = vec![example.server(), example.client(), example.page()];
    let causes = |side: &SideResult| {
        let mut collected = Collected::default();
        side.trials.iter().for_each(|trial| collected.add(trial.clone(), Keep::All));
        collected.causes(side.side, &side.trials)
    };
    let selected = sides.iter().map(|side| side.trials.len()).sum();
    Results {
        errproof: "0.1.0",
        contract: "the Example API <v1>".into(),
        started: "2026-11-24T09:30:00Z".into(),
        seconds: 93.46,
        scope: Scope { selected, all: selected + 1 },
        counts: sides.iter().fold(Counts::default(), |counts, side| counts + side.counts),
        causes: sides.iter().flat_map(causes).collect(),
        server: Some(example.details(&sides[0])),
        sides,
    }
}

/// Its result for one side.
pub(crate) fn side(name: SideName) -> SideResult {
    let is_it = |side: &SideResult| side.side == name;
    results().sides.into_iter().find(is_it).expect("the example has all sides")
}

/// Makes the run.
struct Example {
    redactor: Redactor,
    /// The deviations that the target's file lists.
    known: Vec<Known>,
}

/// What there is to say of a trial before it is weighed.
struct Judged {
    side: SideName,
    name: &'static str,
    /// The code that it is about, and its status, if it is about one.
    code: Option<(&'static str, u16)>,
    promise: &'static str,
    source: &'static str,
    seconds: f64,
    sheet: Sheet,
    unjudged: Option<&'static str>,
}

impl Judged {
    fn held(mut self, checks: &[CheckId]) -> Self {
        for check in checks {
            self.sheet.note(*check, 0, Vec::new());
        }
        self
    }

    fn found(mut self, check: CheckId, mismatch: Mismatch) -> Self {
        self.sheet.note(check, 0, vec![mismatch]);
        self
    }

    /// The same on several responses or runs.
    fn found_on(mut self, times: usize, check: CheckId, mismatch: &Mismatch) -> Self {
        for on in 0..times {
            self.sheet.note(check, on, vec![mismatch.clone()]);
        }
        self
    }

    fn unjudged(self, why: &'static str) -> Self {
        Self { unjudged: Some(why), ..self }
    }
}

impl Example {
    fn new() -> Self {
        let mut secrets = Secrets::default();
        secrets.add(Named::of_variable("ERRPROOF_KEY_VALID", KEY));
        secrets.set_prefix("ex_live_");
        let known = |on: &str, check, reason: &str| Known {
            on: on.to_owned(),
            check,
            reason: reason.to_owned(),
            owner: "tools_team".to_owned(),
            until: day("2026-12-01"),
        };
        let known = vec![
            known("missing_api_key", CheckId::Docs, "an old link"),
            known("generation_timeout", CheckId::Timing, "a short timeout & <no> fix"),
            known("client::not-retried::plan_gate", CheckId::ClientAttempts, "it tries *twice*"),
            known("client::quiet", CheckId::ClientQuiet, "a late thread"),
            known("docs::invalid_json", CheckId::PageCode, "the page is older"),
        ];
        Self { redactor: secrets.redactor(), known }
    }

    fn line(&self, text: &str) -> Shown {
        self.redactor.line(text)
    }

    /// The result of a trial, weighed in the light of what is known.
    fn weighed(&self, judged: &Judged) -> TrialResult {
        let known: Vec<_> = self.known.iter().filter(|known| known.covers(judged.name)).collect();
        let verdict = weigh(&judged.sheet, judged.unjudged, &known, day("2026-11-24"));
        self.trial(judged, &verdict)
    }

    fn trial(&self, judged: &Judged, verdict: &Verdict) -> TrialResult {
        let Judged { side, name, code, promise, source, seconds, sheet, .. } = judged;
        let finding = |noted: &Noted| {
            let promise = (noted.check == CheckId::Docs).then(|| Promised {
                says: "every error links back to the error page".into(),
                source: "Envelope".into(),
            });
            Finding::of(noted, self.line(&noted.mismatch.place), promise, &self.redactor)
        };
        let of_server = code.filter(|_| *side == SideName::Server);
        TrialResult {
            name: self.line(name),
            side: *side,
            code: code.map(|(code, _)| self.line(code)),
            status: of_server.map(|(_, status)| status),
            point: None,
            outcome: Outcome::from(verdict),
            why: verdict.why().map(|why| self.line(why)),
            promise: self.line(promise),
            source: self.line(source),
            file: of_server.map(|(_, status)| self.line(&format!("scenarios/{status}.toml"))),
            line: of_server.map(|_| 12),
            held: sheet.held().collect(),
            advice: Vec::new(),
            findings: sheet.noted().iter().map(finding).collect(),
            owed: Owed::Always,
            without_twin: None,
            seconds: *seconds,
            evidence: None,
            timelines: Vec::new(),
            printed: None,
        }
    }
}

fn day(text: &str) -> Day {
    Day::parse(text).expect("a day")
}

mod tests {
    use super::*;
    use crate::result::outcome::Standing;

    #[test]
    fn the_example_has_every_outcome_and_every_standing() {
        let results = results();
        let server = results.of_server().expect("a server");
        for outcome in Outcome::ALL {
            assert!(server.counts.get(outcome) > 0, "{outcome:?}");
        }
        let standings = [
            Standing::Proven,
            Standing::ProvenWithoutTwin,
            Standing::Broken,
            Standing::Known,
            Standing::Stale,
            Standing::NotJudged,
            Standing::NotProvoked,
            Standing::NotSelected,
        ];
        let codes = results.server.expect("its details").codes;
        for standing in standings {
            assert!(codes.iter().any(|code| code.standing == standing), "{standing:?}");
        }
    }
}
