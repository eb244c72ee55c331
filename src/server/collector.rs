//! Turns what a trial came to into what reports show of it: the one way from exchanges to output.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{
    curl::Curl,
    planned::{Planned, TrialScript},
    played::Played,
    shared::Run,
};
use crate::{
    checks::{leak::decoded, rate_fields, reading::Reading},
    contract::{
        check::CheckId,
        key::KeyDefect,
        names::SlotName,
        scenario::{Expects, Provocation, Scenario},
    },
    exchange::{
        message::{Answer, Ending, Request},
        outgoing::{Exchange, Outgoing, Role},
    },
    result::{
        collected::Keep,
        evidence::{AnswerResult, BurstMark, Evidence, RequestResult},
        finding::{Finding, Promised},
        outcome::Outcome,
        side_name::SideName,
        trial::TrialResult,
    },
    shown,
    shown::{redactor::Redactor, secret::Secret, text::Shown},
};

/// Makes results of the trials of one run.
#[derive(Debug)]
pub struct Collector {
    pub(super) run: Arc<Run>,
    pub(super) redactor: Arc<Redactor>,
    pub(super) target_url: Shown,
    curl: Curl,
    /// The texts of each scenario, shared by all of its trials.
    texts: BTreeMap<String, Texts>,
    /// What is promised of every error, by the check that guards it.
    promises: BTreeMap<CheckId, Promised>,
}

#[derive(Debug, Clone)]
struct Texts {
    code: Shown,
    promise: Promised,
    file: Shown,
}

impl Collector {
    /// A collector for the trials of a plan.
    #[must_use]
    pub fn new(run: Arc<Run>, redactor: Arc<Redactor>) -> Self {
        let curl = Curl::new(Arc::clone(&run), Arc::clone(&redactor));
        let made = |says: &str, source: &str| Promised {
            says: redactor.line(says),
            source: redactor.line(source),
        };
        let texts = |scenario: &Arc<Scenario>| {
            let texts = Texts {
                code: redactor.line(scenario.code.as_str()),
                promise: made(&scenario.promise, &scenario.source),
                file: redactor.line(&scenario.file.to_string_lossy()),
            };
            (scenario.code.to_string(), texts)
        };
        let texts = run.contract.all_scenarios().map(texts).collect();
        let of_checks = run.contract.promises.iter();
        let of_checks =
            of_checks.map(|(check, promise)| (*check, made(&promise.says, &promise.source)));
        let promises = of_checks.collect();
        let target_url = redactor.line(run.target.base_url.as_str().trim_end_matches('/'));
        Self { run, redactor, target_url, curl, texts, promises }
    }

    /// A code of the contract, as it is shown.
    pub(super) fn code(&self, scenario: &Scenario) -> Shown {
        self.texts[scenario.code.as_str()].code.clone()
    }

    /// The result of one trial, after so many seconds.
    #[must_use]
    pub fn trial(
        &self,
        planned: &Planned,
        name: Shown,
        played: &Played,
        seconds: f64,
        keep: Keep,
    ) -> TrialResult {
        let texts = self.texts[planned.scenario.code.as_str()].clone();
        let is_of_code = planned.scenario.expects == Expects::Code;
        let outcome = Outcome::from(&played.verdict);
        let keeps = keep == Keep::All || outcome != Outcome::Pass;
        let evidence = if keeps { self.evidence(planned, played) } else { None };
        let finding = |noted| {
            let noted: &crate::checks::sheet::Noted = noted;
            let place = self.redactor.line(&noted.mismatch.place);
            Finding::of(noted, place, self.promises.get(&noted.check).cloned(), &self.redactor)
        };
        TrialResult {
            name,
            side: SideName::Server,
            code: is_of_code.then_some(texts.code),
            status: is_of_code.then_some(planned.scenario.status),
            point: self.point(planned),
            outcome,
            owed: planned.owed,
            why: played.verdict.why().map(|why| self.redactor.line(why)),
            promise: texts.promise.says,
            source: texts.promise.source,
            file: Some(texts.file),
            line: Some(planned.case().line),
            held: played.sheet.held().collect(),
            findings: played.sheet.noted().iter().map(finding).collect(),
            advice: played.advice.noted().iter().map(finding).collect(),
            without_twin: played.without_twin.as_ref().map(|why| self.redactor.line(why)),
            seconds,
            evidence: evidence.map(Box::new),
            timelines: Vec::new(),
            printed: None,
        }
    }

    /// The point that a trial proves its code at, if codes are proven at several.
    fn point(&self, planned: &Planned) -> Option<Shown> {
        self.run.contract.points.as_ref()?;
        if planned.scenario.expects != Expects::Code {
            return None;
        }
        Some(self.redactor.line(&planned.case().point()?.to_string()))
    }

    /// The exchange to look at: the first that a check did not hold on, or the case's own.
    fn evidence(&self, planned: &Planned, played: &Played) -> Option<Evidence> {
        let exchanges = &played.exchanges;
        let found = played.sheet.noted().first().and_then(|noted| noted.on.first().copied());
        let at = found.or(played.main).filter(|at| *at < exchanges.len());
        let Some(at) = at.or(exchanges.len().checked_sub(1)) else {
            // Nothing was answered; what was to be sent can still be tried by hand.
            let request = match planned.script.as_ref().ok()? {
                TrialScript::Single { request, .. }
                | TrialScript::Burst { request, .. }
                | TrialScript::Balance { request, .. } => request,
                TrialScript::Ledger { reads, .. } => reads.first()?,
            };
            let Outgoing { request, blanks, key, role, .. } = request;
            let written = blanks.written(request);
            return Some(Evidence {
                at: 1,
                of: 0,
                request: self.request(planned, request, key.as_ref(), *role),
                answer: None,
                again: self.curl.command(planned, request, written.as_deref(), key.as_ref(), *role),
                burst: Vec::new(),
            });
        };
        let Exchange { request, written, key, answer, role, .. } = &exchanges[at];
        let limit = match &planned.script {
            Ok(TrialScript::Burst { limit, .. }) => Some(limit),
            _ => None,
        };
        let first = exchanges.iter().map(|exchange| exchange.sent).min().unwrap_or_default();
        let mark = |exchange: &Exchange| BurstMark {
            sent: millis(exchange.sent.saturating_sub(first)),
            answered: millis(exchange.answered.saturating_sub(first)),
            status: exchange.answer.status,
            role: exchange.role,
            retry_after: limit.and_then(|limit| rate_fields::wait(exchange, limit)),
            key: self.key(planned, exchange.key.as_ref(), exchange.role),
        };
        Some(Evidence {
            at: at + 1,
            of: exchanges.len(),
            request: self.request(planned, request, key.as_ref(), *role),
            answer: Some(self.answer(answer, millis(exchanges[at].took()))),
            again: self.curl.command(planned, request, written.as_deref(), key.as_ref(), *role),
            burst: limit.map(|_| exchanges.iter().map(mark).collect()).unwrap_or_default(),
        })
    }

    fn request(
        &self,
        planned: &Planned,
        request: &Request,
        key: Option<&Secret>,
        role: Role,
    ) -> RequestResult {
        RequestResult {
            method: self.redactor.line(&request.method),
            path: self.redactor.line(&request.path),
            key: self.key(planned, key, role),
            body: self.body(&request.body),
        }
    }

    fn answer(&self, answer: &Answer, milliseconds: u64) -> AnswerResult {
        let places = &self.run.contract.envelope.places;
        let id = places.request_id.as_ref();
        let id = id.and_then(|place| Reading::of(answer, places).text(place));
        let header = |(name, value): &(String, Vec<u8>)| {
            (self.redactor.line(name), self.redactor.value(&String::from_utf8_lossy(value)))
        };
        let ending = match &answer.ending {
            Ending::Complete => None,
            Ending::Broken(why) => Some(self.redactor.line(why)),
            Ending::TooLong => Some("it went on, and was not read further".into()),
        };
        AnswerResult {
            status: answer.status,
            milliseconds,
            request_id: id.map(|id| self.redactor.value(&id)),
            headers: answer.headers.iter().map(header).collect(),
            body: self.body(&answer.body),
            broke_off: ending,
        }
    }

    /// Whose key a request carried, in words; none in an API without keys.
    fn key(&self, planned: &Planned, key: Option<&Secret>, role: Role) -> Shown {
        let slots = &self.run.target.slots;
        let own = |name: &str, env: &str| {
            shown![self.redactor.line(name), " ($", self.redactor.line(env), ")"]
        };
        if !self.run.contract.has_keys() {
            return Shown::default();
        }
        let is_as_it_is = |(name, _): &(&SlotName, _)| !self.run.contract.is_keyless(name);
        let holder = key.and_then(|key| self.run.target.holder(key)).filter(is_as_it_is);
        if let Some((name, slot)) = holder.filter(|_| !has_other_part(planned, role)) {
            return own(name.as_str(), &slot.env);
        }
        let Provocation::Single(single) = &planned.case().provocation else {
            return "none".into();
        };
        match &single.key {
            Some(defect) if role == Role::Own && defect.needs_slot() => {
                let slot = own(single.slot.as_str(), &slots[&single.slot].dealt(planned.turn).env);
                shown![slot, " ", self.redactor.line(&defect.describe())]
            }
            Some(defect) if role == Role::Own => self.redactor.line(&defect.describe()),
            _ => "none".into(),
        }
    }

    /// A body, cut where it is long. One with escapes is shown as its readers see it.
    fn body(&self, bytes: &[u8]) -> Shown {
        let decoded =
            if bytes.windows(2).any(|two| two == b"\\u") { decoded(bytes) } else { String::new() };
        self.redactor.body(if decoded.is_empty() { bytes } else { decoded.as_bytes() })
    }
}

/// Whether a request carries the slot's key beside a part that is not the slot's.
fn has_other_part(planned: &Planned, role: Role) -> bool {
    let Provocation::Single(single) = &planned.case().provocation else { return false };
    role == Role::Own && matches!(single.key, Some(KeyDefect::Part(_)))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
