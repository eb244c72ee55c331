//! The example's server.

use std::collections::BTreeMap;

use super::{Example, HOSTILE, Judged, KEY};
use crate::{
    checks::{mismatch::Mismatch, sheet::Sheet},
    contract::check::CheckId,
    exchange::outgoing::Role,
    result::{
        cause::SharedCause,
        collected::{Collected, Keep},
        evidence::{AnswerResult, BurstMark, Evidence, RequestResult},
        outcome::{Outcome, Standing},
        server::{
            CodeResult, Configuration, DriftResult, OrderResult, PointsResult, ServerDetails,
            SlotResult, TargetResult,
        },
        side::SideResult,
        side_name::SideName,
        standing::Passed,
        trial::TrialResult,
        verdict::Verdict,
    },
    shown::text::Shown,
};

const URL: &str = "https://staging.example.com";

const HEADLINE: &str = "11 codes on https://staging.example.com: 1 proven at 7 of 8 points, 1 proven without a twin (invalid_json), 4 broken (revoked_api_key, plan_gate, sold|out`<b>, rate_limited), 1 listed as known but mended (missing_api_key), 1 broken as known (generation_timeout), 2 not judged (preflight_failed: failed to connect: Connection refused (os error 111); generation_failed: the refusals ask for a wait of 90 s, and --wait-at-most is 60 s: whether the key is served again was not tried), 1 not provoked (workspace_not_found: no key for slot `orphaned`: set $ERRPROOF_KEY_ORPHANED to a key whose workspace was deleted)";

/// A code that nobody would choose and any contract may have.
const ODD: &str = "sold|out`<b>";
const ODD_CASE: &str = "sold|out`<b>::gone";

const VALID: &str = "valid ($ERRPROOF_KEY_VALID)";
const BURST: &str = "burst ($ERRPROOF_KEY_BURST)";
const FREE_PLAN: &str = "free-plan ($ERRPROOF_KEY_FREE_PLAN)";

/// What is wrong in two trials of different codes.
const NO_DOCS: &str = "missing; expected \"https://docs.example.com/errors\"";

/// What holds on nearly every response.
const USUAL: [CheckId; 3] = [CheckId::Status, CheckId::Code, CheckId::EnvelopeJson];

impl Example {
    pub(super) fn server(&self) -> SideResult {
        let mut collected = Collected::default();
        for trial in self.refusals().into_iter().chain(self.failures()) {
            collected.add(trial, Keep::All);
        }
        SideResult {
            side: SideName::Server,
            subject: URL.into(),
            headline: HEADLINE.into(),
            counts: collected.counts(),
            advice: self.advice(),
            notes: collected.notes(),
            trials: collected.trials,
        }
    }

    /// What no page promised.
    fn advice(&self) -> Vec<SharedCause> {
        let cause = |check, place: &str, wrong: &str, weight| {
            let (place, wrong) = (self.line(place), self.line(wrong));
            SharedCause { check, place, wrong, ..weight }
        };
        let weight = |trials, of| SharedCause {
            side: SideName::Server,
            check: CheckId::HttpAllow,
            place: Shown::default(),
            wrong: Shown::default(),
            trials,
            of,
            codes: vec!["plan_gate".into(), "invalid_json".into()],
            first: "invalid_json::comma".into(),
        };
        let leak = format!("contains a path of the server, \"/srv/{HOSTILE}\"");
        vec![
            cause(CheckId::HttpCookies, "header Set-Cookie", "sets a cookie", weight(7, 9)),
            cause(CheckId::LeakInternals, "/error/message", &leak, weight(1, 9)),
        ]
    }

    /// The trials of codes up to 410.
    fn refusals(&self) -> Vec<TrialResult> {
        let sent = |case: &Judged, (at, of), key, message| {
            let code = case.code.map_or("", |(code, _)| code);
            let evidence = self.evidence((at, of), key, case.code, &envelope(code, message));
            TrialResult { evidence: Some(Box::new(evidence)), ..self.weighed(case) }
        };
        let input = case("invalid_input", "invalid_input::tone", 400, "a wrong input is named")
            .held(&USUAL)
            .held(&[CheckId::Twin]);
        let json = case("invalid_json", "invalid_json::comma", 400, "what is not JSON is refused");
        let why = "was not sent: it may cost 10 credits, more than the [budget] of the target's file has left";
        let json =
            TrialResult { without_twin: Some(self.line(why)), ..self.weighed(&json.held(&USUAL)) };
        let missing =
            case("missing_api_key", "missing_api_key::no-header", 401, "a key has to be there")
                .held(&USUAL)
                .held(&[CheckId::Docs]);
        let twin = "the same request without the defect (its twin) was refused as revoked_api_key; expected it to get past revoked_api_key";
        let leak = "contains $ERRPROOF_KEY_VALID, or a part of it";
        let revoked =
            case("revoked_api_key", "revoked_api_key::revoked", 401, "a revoked key is refused")
                .held(&USUAL)
                .found(CheckId::SecretLeak, Mismatch::says("header X-Echo", leak))
                .found(CheckId::SecretLeak, Mismatch::says("body", leak))
                .found(CheckId::Twin, Mismatch::says("", twin));
        let said = format!("{KEY} was revoked");
        let mut revoked = sent(&revoked, (2, 2), VALID, &said);
        let answer = revoked.evidence.as_mut().and_then(|evidence| evidence.answer.as_mut());
        let echo = (self.line("x-echo"), self.redactor.value(&format!("Bearer {KEY}")));
        answer.expect("it was answered").headers.push(echo);
        let id = Mismatch::at("/error/requestId", "nothing (as reviewed)", "[id]");
        // Nothing but what the one before it shows.
        let bearer =
            case("revoked_api_key", "revoked_api_key::bearer", 401, "a revoked key is refused")
                .held(&USUAL)
                .found(CheckId::SecretLeak, Mismatch::says("body", leak))
                .found(CheckId::Twin, Mismatch::says("", twin));
        let plan =
            case("plan_gate", "plan_gate::free-plan", 403, "a tool of a higher plan is refused")
                .held(&USUAL)
                .found(CheckId::Docs, Mismatch::says("/error/docs", NO_DOCS))
                .found(CheckId::Drift, id)
                .found(CheckId::Drift, Mismatch::at("status", "402 (as reviewed)", "403"));
        let orphaned =
            case("workspace_not_found", "workspace_not_found::deleted", 404, "it is not found");
        let why = "no key for slot `orphaned`: set $ERRPROOF_KEY_ORPHANED to a key whose workspace was deleted";
        vec![
            sent(&input, (1, 2), VALID, "tone: expected \"plain\" or \"loud\""),
            json,
            sent(&missing, (1, 1), "none", "no key"),
            revoked,
            sent(&bearer, (2, 2), VALID, &said),
            sent(&plan, (1, 1), FREE_PLAN, "part of the Pro plan"),
            self.trial(&orphaned, &Verdict::Ignored(why.to_owned())),
            self.hostile(),
        ]
    }

    /// The server says whatever may do harm to those who show it.
    fn hostile(&self) -> TrialResult {
        let (own, theirs) = (format!("{ODD:?}"), format!("\"{HOSTILE}\""));
        let case = case(ODD, ODD_CASE, 410, "what is sold out is gone")
            .held(&[CheckId::Status])
            .found(CheckId::Code, Mismatch::at("/error/code", own, theirs))
            .found(CheckId::Docs, Mismatch::says("/error/docs", NO_DOCS));
        let body = format!("{HOSTILE}\n::error::y");
        let mut evidence = self.evidence((1, 1), VALID, case.code, &body);
        let answer = evidence.answer.as_mut().expect("it was answered");
        answer.broke_off = Some("connection closed".into());
        TrialResult { evidence: Some(Box::new(evidence)), ..self.weighed(&case) }
    }

    /// The trials of codes from 429 on.
    fn failures(&self) -> Vec<TrialResult> {
        let with = |trial, evidence| TrialResult { evidence: Some(Box::new(evidence)), ..trial };
        let refuses = "1 of 7 concurrent requests was refused with 429; 2 are past the limit";
        let seconds = "a whole number of seconds, at least 1";
        let burst =
            case("rate_limited", "rate_limited::burst", 429, "a key has 5 requests in 10 s")
                .held(&USUAL)
                .held(&[CheckId::RateAdmits, CheckId::RatePerKey])
                .found(CheckId::RateRefuses, Mismatch::says("", refuses))
                .found_on(
                    2,
                    CheckId::RetryAfter,
                    &Mismatch::at("header Retry-After", seconds, "\"soon\""),
                );
        let of_burst = Evidence {
            burst: self.burst(),
            ..self.evidence((6, 9), BURST, burst.code, &envelope("rate_limited", "wait 10 s"))
        };
        let preflight =
            case("preflight_failed", "preflight_failed::hook", 500, "a failed check costs nothing")
                .unjudged("failed to connect: Connection refused (os error 111)");
        let generation =
            case("generation_failed", "generation_failed::hook", 502, "a failure costs nothing")
                .held(&USUAL);
        let why = "the refusals ask for a wait of 90 s, and --wait-at-most is 60 s: whether the key is served again was not tried";
        let hangs =
            case("generation_timeout", "generation_timeout::hook", 504, "it gives up after 90 s")
                .held(&USUAL)
                .found(
                    CheckId::Timing,
                    Mismatch::at("", "a response after 90 s", "one after 60 s"),
                );
        let mut after_60_s =
            self.evidence((1, 1), VALID, hangs.code, &envelope("generation_timeout", "no result"));
        after_60_s.answer.as_mut().expect("it was answered").milliseconds = 60_000;
        vec![
            with(self.weighed(&burst), of_burst),
            with(self.weighed(&preflight), self.evidence((1, 0), VALID, None, "")),
            with(
                self.trial(&generation, &Verdict::Inconclusive(why.to_owned())),
                self.evidence((2, 2), VALID, generation.code, ""),
            ),
            with(self.weighed(&hangs), after_60_s),
        ]
    }

    /// One of a trial's exchanges, as `(at, of)`, answered with the code's status or not at all.
    fn evidence(
        &self,
        (at, of): (usize, usize),
        key: &str,
        code: Option<(&str, u16)>,
        body: &str,
    ) -> Evidence {
        let header = |name: &str, value: &str| (self.line(name), self.redactor.value(value));
        let answer = code.map(|(_, status)| AnswerResult {
            status,
            milliseconds: 41,
            request_id: body.contains("r-7").then(|| "r-7".into()),
            headers: vec![header("content-type", "application/json")],
            body: self.redactor.body(body.as_bytes()),
            broke_off: None,
        });
        let variable = key.split(['(', ')']).nth(1);
        let key_header = variable.map(|variable| format!(" -H \"X-API-Key: {variable}\""));
        let again = format!(
            r#"curl -sS -i -X POST {URL}/v1/notes{} --data-raw '{{"text":"it'\''s <b>"}}'"#,
            key_header.unwrap_or_default()
        );
        Evidence {
            at,
            of,
            request: RequestResult {
                method: "POST".into(),
                path: "/v1/notes".into(),
                key: self.line(key),
                body: self.redactor.body(br#"{"text":"it's <b>"}"#),
            },
            answer,
            again: self.redactor.text(&again),
            burst: Vec::new(),
        }
    }

    /// Seven requests at once, one with another key meanwhile, and one after the wait.
    fn burst(&self) -> Vec<BurstMark> {
        let mark = |sent, status, role| BurstMark {
            sent,
            answered: sent + 40,
            status,
            role,
            retry_after: (status == 429).then_some(10),
            key: self.line(if role == Role::OtherKey { VALID } else { BURST }),
        };
        let statuses = [200, 200, 200, 200, 200, 429, 503];
        let own = (0..).zip(statuses).map(|(sent, status)| mark(sent, status, Role::Own));
        own.chain([mark(60, 200, Role::OtherKey), mark(10_100, 200, Role::Again)]).collect()
    }

    pub(super) fn details(&self, server: &SideResult) -> ServerDetails {
        let drift = |place: &'static str, reviewed: &'static str, now: &'static str| DriftResult {
            place: place.into(),
            reviewed: reviewed.into(),
            now: now.into(),
            codes: vec!["plan_gate".into()],
        };
        let slot = |name: &'static str, env: &'static str, set| {
            (Shown::from(name), SlotResult { env: env.into(), set, others: Vec::new() })
        };
        let slots = [
            slot("valid", "ERRPROOF_KEY_VALID", true),
            slot("burst", "ERRPROOF_KEY_BURST", true),
            slot("free-plan", "ERRPROOF_KEY_FREE_PLAN", true),
            slot("orphaned", "ERRPROOF_KEY_ORPHANED", false),
        ];
        // The one that is not selected has no trial.
        let mut codes: Vec<CodeResult> = server.trials.iter().map(of_code).collect();
        codes.dedup_by(|second, first| second.code == first.code);
        let (standing, why) = Standing::of(&[], Passed::None);
        codes.push(CodeResult {
            code: "regen_limit".into(),
            status: 403,
            standing,
            points: None,
            why,
        });
        ServerDetails {
            target: TargetResult { name: "staging".into(), url: URL.into(), bundled: false },
            configuration: Configuration {
                strict: false,
                quick: false,
                allow_production: false,
                budget_credits: 10,
                slots: BTreeMap::from(slots),
                known: self.known.len(),
            },
            requests: [("burst", 160), ("valid", 97), ("(no key)", 13)]
                .map(|(holder, count)| (holder.into(), count))
                .into(),
            codes,
            drift: vec![
                drift("/error/requestId", "nothing (as reviewed)", "[id]"),
                drift("status", "402 (as reviewed)", "403"),
            ],
            order: vec![
                order(["invalid_json", "plan_gate"], None, "invalid_json"),
                order(["missing_api_key", "invalid_json"], None, "missing_api_key"),
                order(["missing_api_key", "invalid_json"], Some("roadmap"), "invalid_json"),
                order(["missing_api_key", "plan_gate"], None, ODD),
            ],
        }
    }
}

/// Which code was told of two.
fn order(codes: [&'static str; 2], at: Option<&'static str>, won: &'static str) -> OrderResult {
    let at = at.map(Shown::from);
    OrderResult { codes: codes.map(Shown::from), at, won: won.into(), promised: None }
}

/// What is true of a code that has this one trial, or whose trials all came to the same.
fn of_code(trial: &TrialResult) -> CodeResult {
    let passed = match (trial.outcome, &trial.without_twin) {
        (Outcome::Pass, None) => Passed::WithTwin,
        (Outcome::Pass, Some(_)) => Passed::WithoutTwin,
        _ => Passed::None,
    };
    let (standing, why) = Standing::of(&[(trial.outcome, trial.why.as_ref())], passed);
    let code = trial.code.clone().unwrap_or_default();
    let points = (standing == Standing::Proven).then_some(PointsResult { proven: 7, of: 8 });
    CodeResult { code, status: trial.status.unwrap_or_default(), standing, points, why }
}

fn case(code: &'static str, name: &'static str, status: u16, promise: &'static str) -> Judged {
    Judged {
        side: SideName::Server,
        name,
        code: Some((code, status)),
        promise,
        source: "Errors",
        seconds: 0.06,
        sheet: Sheet::default(),
        unjudged: None,
    }
}

fn envelope(code: &str, message: &str) -> String {
    let error = serde_json::json!({ "code": code, "message": message, "requestId": "r-7" });
    serde_json::json!({ "error": error }).to_string()
}
