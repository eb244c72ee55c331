//! Turns what a trial came to into what reports show of it: the one way from exchanges to output, so
//! the one place where keys are taken out.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::SystemTime,
};

use chrono::{DateTime, SecondsFormat, Utc};

use super::{
    collected::{Collected, Keep},
    curl::Curl,
    play::Run,
    played::Played,
};
use crate::{
    checks::{
        leak::decoded,
        rate_fields,
        reading::Reading,
        sheet::{Finding, Kind},
    },
    contract::{
        Contract,
        scenario::{Provocation, Scenario},
    },
    exchange::{
        message::{Answer, Ending, Request},
        outgoing::Exchange,
    },
    result::{
        evidence::{AnswerResult, Evidence, Mark, RequestResult},
        outcome::{Counts, Outcome, Standing},
        results::{
            CodeResult, Configuration, DriftResult, FindingResult, PromiseResult, Results, Scope,
            ServerResult, SideResult, SlotResult, TargetResult, TrialResult,
        },
    },
    server::plan::{Plan, Planned, Script},
    shown::{redactor::Redactor, secret::Secret, visible::visible},
    targets::known::Known,
};

/// How much of a body is shown.
const SHOWN_BODY: usize = 600;

/// How much of a value is shown in a finding.
const SHOWN_VALUE: usize = 300;

/// How a run on a server was set up.
#[derive(Debug, Clone, Copy)]
pub struct How {
    /// Whether trials that prove nothing fail.
    pub strict: bool,
    /// Whether a production host is allowed.
    pub allow_production: bool,
}

/// What was tested in a run, and when.
#[derive(Debug)]
pub struct Sides {
    /// The server.
    pub server: Option<ServerResult>,
    /// The client.
    pub client: Option<SideResult>,
    /// The page.
    pub page: Option<SideResult>,
    /// When it began.
    pub started: SystemTime,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// What of the contract was carried out.
    pub scope: Scope,
}

/// All that a run came to.
#[must_use]
pub fn results(contract: &Contract, sides: Sides) -> Results {
    let Sides { server, client, page, started, seconds, scope } = sides;
    let others = client.iter().chain(&page).flat_map(|side| &side.trials);
    let others = Counts::of(others.map(|trial| trial.outcome));
    let counts = server.as_ref().map_or(others, |server| server.counts + others);
    Results {
        errproof: env!("CARGO_PKG_VERSION").to_owned(),
        contract: visible(&contract.name),
        started: DateTime::<Utc>::from(started).to_rfc3339_opts(SecondsFormat::Secs, true),
        seconds,
        scope,
        counts,
        server,
        client,
        page,
    }
}

/// Collects the results of one run.
#[derive(Debug)]
pub struct Collector {
    run: Arc<Run>,
    plan: Arc<Plan>,
    redactor: Arc<Redactor>,
    curl: Curl,
    /// The texts of each scenario, shared by all of its trials.
    texts: BTreeMap<String, Texts>,
}

#[derive(Debug, Clone)]
struct Texts {
    code: Arc<str>,
    promise: Arc<str>,
    source: Arc<str>,
    file: Arc<str>,
}

impl Collector {
    /// A collector for the trials of a plan.
    #[must_use]
    pub fn new(run: Arc<Run>, plan: Arc<Plan>, redactor: Arc<Redactor>) -> Self {
        let curl = Curl::new(&run, &plan);
        let texts = |scenario: &Arc<Scenario>| {
            let texts = Texts {
                code: visible(scenario.code.as_str()).into(),
                promise: visible(&scenario.promise).into(),
                source: visible(&scenario.source).into(),
                file: visible(&scenario.file.to_string_lossy()).into(),
            };
            (scenario.code.to_string(), texts)
        };
        let texts = run.contract.scenarios.iter().map(texts).collect();
        Self { run, plan, redactor, curl, texts }
    }

    /// What came of one trial, after so many seconds.
    #[must_use]
    pub fn trial(
        &self,
        planned: &Planned,
        played: &Played,
        seconds: f64,
        keep: Keep,
    ) -> TrialResult {
        let texts = self.texts[planned.scenario.code.as_str()].clone();
        let outcome = Outcome::from(&played.verdict);
        let kept = keep == Keep::All || outcome != Outcome::Pass;
        let evidence = kept.then(|| self.evidence(planned, played)).flatten();
        TrialResult {
            name: self.line(&planned.case().name),
            code: texts.code,
            status: planned.scenario.status,
            outcome,
            why: played.verdict.why().map(|why| self.line(why)),
            promise: texts.promise,
            source: texts.source,
            file: texts.file,
            line: planned.case().line,
            held: played.sheet.held().collect(),
            findings: played.sheet.findings().iter().map(|f| self.finding(planned, f)).collect(),
            twin_not_asked: played.twin_not_asked.as_ref().map(|why| self.line(why)),
            seconds,
            evidence: evidence.map(Box::new),
        }
    }

    /// Text for one line: without keys, and with control codes and line breaks written out.
    #[must_use]
    pub fn line(&self, text: &str) -> String {
        visible(&self.redactor.redact(text)).replace('\n', "\\n")
    }

    fn finding(&self, planned: &Planned, finding: &Finding) -> FindingResult {
        let Finding { kind, mismatch, times, .. } = finding;
        let promise = match kind {
            Kind::Drift => None,
            Kind::Check(check) => {
                let own = self.run.contract.promises.get(check);
                let own = own.map(|promise| (promise.says.as_str(), promise.source.as_str()));
                let scenario = &planned.scenario;
                let (says, source) = own.unwrap_or((&scenario.promise, &scenario.source));
                Some(PromiseResult { says: visible(says), source: visible(source) })
            }
        };
        FindingResult {
            check: kind.as_str(),
            level: kind.level(),
            place: self.line(&mismatch.place),
            expected: self.cut_line(&mismatch.expected),
            actual: self.cut_line(&mismatch.actual),
            times: *times,
            promise,
        }
    }

    /// The exchange to look at: the first that a check did not hold on, or the case's own.
    fn evidence(&self, planned: &Planned, played: &Played) -> Option<Evidence> {
        let exchanges = &played.exchanges;
        let found = played.sheet.findings().first().map(|finding| finding.exchange);
        let at = found.or(played.main).filter(|at| *at < exchanges.len());
        let Some(at) = at.or(exchanges.len().checked_sub(1)) else {
            // Nothing was answered; what was to be sent can still be tried by hand.
            let (Script::Single { request, .. } | Script::Burst { request, .. }) =
                planned.script.as_ref().ok()?;
            return Some(Evidence {
                at: 1,
                of: 0,
                request: self.request(planned, &request.request, request.key.as_ref()),
                answer: None,
                again: self.redactor.redact(&self.curl.command(planned, &request.request)),
                burst: Vec::new(),
            });
        };
        let Exchange { request, key, answer, .. } = &exchanges[at];
        let limit = match &planned.script {
            Ok(Script::Burst { limit, .. }) => Some(limit),
            _ => None,
        };
        let first = exchanges.iter().map(|exchange| exchange.sent).min().unwrap_or_default();
        let mark = |exchange: &Exchange| Mark {
            sent: millis(exchange.sent.saturating_sub(first)),
            answered: millis(exchange.answered.saturating_sub(first)),
            status: exchange.answer.status,
            retry_after: limit.and_then(|limit| rate_fields::wait(&exchange.answer, limit)),
            key: self.key(planned, &exchange.request, exchange.key.as_ref()),
        };
        Some(Evidence {
            at: at + 1,
            of: exchanges.len(),
            request: self.request(planned, request, key.as_ref()),
            answer: Some(self.answer(answer, millis(exchanges[at].took()))),
            again: self.redactor.redact(&self.curl.command(planned, request)),
            burst: limit.map(|_| exchanges.iter().map(mark).collect()).unwrap_or_default(),
        })
    }

    fn request(
        &self,
        planned: &Planned,
        request: &Arc<Request>,
        key: Option<&Secret>,
    ) -> RequestResult {
        RequestResult {
            method: request.method.to_string(),
            path: self.line(&request.path),
            key: self.key(planned, request, key),
            body: self.body(&request.body),
        }
    }

    fn answer(&self, answer: &Answer, milliseconds: u64) -> AnswerResult {
        let places = &self.run.contract.envelope.places;
        let id = places.request_id.as_ref();
        let id = id.and_then(|place| Reading::of(answer, places).text(place));
        let header = |(name, value): &(String, Vec<u8>)| {
            (self.line(name), self.cut_line(&String::from_utf8_lossy(value)))
        };
        let ending = match &answer.ending {
            Ending::Complete => None,
            Ending::Broken(why) => Some(self.line(why)),
            Ending::TooLong => Some("it went on, and was not read further".to_owned()),
        };
        AnswerResult {
            status: answer.status,
            milliseconds,
            request_id: id.map(|id| self.cut_line(&id)),
            headers: answer.headers.iter().map(header).collect(),
            body: self.body(&answer.body),
            broke_off: ending,
        }
    }

    /// Whose key a request carried, in words.
    fn key(&self, planned: &Planned, request: &Arc<Request>, key: Option<&Secret>) -> String {
        let slots = &self.run.target.slots;
        let own = |name: &str, env: &str| format!("{name} (${env})");
        let slot = slots.iter().find(|(_, slot)| key.is_some() && slot.key.as_ref() == key);
        if let Some((name, slot)) = slot {
            return own(name.as_str(), &slot.env);
        }
        let Provocation::Single(single) = &planned.case().provocation else {
            return "none".to_owned();
        };
        let is_own = matches!(&planned.script, Ok(Script::Single { request: own, .. }) if Arc::ptr_eq(&own.request, request));
        match &single.key {
            Some(defect) if is_own && defect.needs_slot() => {
                let slot = own(single.slot.as_str(), &slots[&single.slot].env);
                visible(&format!("{slot} {}", defect.describe()))
            }
            Some(defect) if is_own => defect.describe(),
            _ => "none".to_owned(),
        }
    }

    /// A body, cut where it is long. One with escapes is shown as its readers see it, or a key could
    /// hide behind them.
    fn body(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes);
        let decoded = if text.contains("\\u") { decoded(bytes) } else { String::new() };
        let text = if decoded.is_empty() { &*text } else { &decoded };
        visible(&self.cut(text, SHOWN_BODY))
    }

    fn cut_line(&self, text: &str) -> String {
        visible(&self.cut(text, SHOWN_VALUE)).replace('\n', "\\n")
    }

    /// A text without keys and then cut: in the other order half a key could be left at the end.
    fn cut(&self, text: &str, most: usize) -> String {
        let clean = self.redactor.redact(text);
        match clean.char_indices().nth(most) {
            None => clean,
            Some((end, _)) => format!("{}... ({} bytes in all)", &clean[..end], text.len()),
        }
    }

    /// All that came of the server.
    #[must_use]
    pub fn server(&self, collected: Collected, how: How) -> ServerResult {
        let Run { target, snapshots, .. } = &*self.run;
        let order: BTreeMap<&str, usize> =
            self.plan.trials.iter().map(|planned| planned.case().name.as_str()).zip(0..).collect();
        let counts = collected.counts();
        let mut notes = collected.notes();
        notes.extend(self.expired());
        let codes = self.codes(&collected);
        let mut trials = collected.trials;
        trials.sort_by_key(|trial| order.get(trial.name.as_str()).copied());
        let slots = target.slots.iter().map(|(name, slot)| {
            (name.to_string(), SlotResult { env: slot.env.clone(), set: slot.key.is_some() })
        });
        notes.extend(snapshots.note().map(|note| self.line(&note)));
        ServerResult {
            target: TargetResult {
                name: visible(&target.name),
                url: self.target_url(),
                bundled: target.is_bundled(),
            },
            configuration: Configuration {
                strict: how.strict,
                allow_production: how.allow_production,
                budget_credits: target.budget.credits,
                slots: slots.collect(),
                known: target.known.len(),
            },
            counts,
            codes,
            drift: drift(&trials),
            trials,
            notes,
        }
    }

    /// The target's address, as it is shown.
    #[must_use]
    pub fn target_url(&self) -> String {
        self.line(self.run.target.base_url.as_str().trim_end_matches('/'))
    }

    fn codes(&self, collected: &Collected) -> Vec<CodeResult> {
        let mut by_code: BTreeMap<&str, Vec<&TrialResult>> = BTreeMap::new();
        for trial in &collected.trials {
            by_code.entry(&trial.code).or_default().push(trial);
        }
        let scenarios = self.run.contract.scenarios.iter();
        let result = |scenario: &Arc<Scenario>| {
            let code = &self.texts[scenario.code.as_str()].code;
            let trials = by_code.get(&**code).map(Vec::as_slice).unwrap_or_default();
            let passed = match collected.passed.contains_key(code) {
                true if collected.lacks_twin(code) => Some(Standing::ProvenWithoutTwin),
                true => Some(Standing::Proven),
                false => None,
            };
            let (standing, why) = standing(trials, passed);
            CodeResult { code: code.to_string(), status: scenario.status, standing, why }
        };
        scenarios.map(result).collect()
    }

    /// Deviations that are known no more: their trials fail again, and why they once did not is said.
    fn expired(&self) -> impl Iterator<Item = String> {
        let Run { target, today, .. } = &*self.run;
        let expired = target.known.iter().filter(|known| known.until < *today);
        expired.map(|known| {
            let days = today.0 - known.until.0;
            let Known { on, check, reason, owner, .. } = known;
            self.line(&format!(
                "known on {on} until {days} days ago, and no more: {check}: {reason} ({owner})"
            ))
        })
    }
}

/// What the trials of a code come to, those that passed being counted only.
fn standing(trials: &[&TrialResult], passed: Option<Standing>) -> (Standing, Option<String>) {
    let first =
        |outcomes: &[Outcome]| trials.iter().find(|trial| outcomes.contains(&trial.outcome));
    if first(&[Outcome::Fail]).is_some() {
        return (Standing::Broken, None);
    }
    if let Some(trial) = first(&[Outcome::Stale]) {
        return (Standing::Stale, trial.why.clone());
    }
    if let Some(trial) = first(&[Outcome::Known]) {
        return (Standing::Known, trial.why.clone());
    }
    if let Some(trial) = first(&[Outcome::Error, Outcome::Inconclusive]) {
        return (Standing::NotJudged, trial.why.clone());
    }
    if let Some(standing) = passed {
        return (standing, None);
    }
    match first(&[Outcome::Ignored]) {
        Some(trial) => (Standing::NotProvoked, trial.why.clone()),
        None => (Standing::NotSelected, None),
    }
}

/// The same change in many codes has one cause, and is said once.
fn drift(trials: &[TrialResult]) -> Vec<DriftResult> {
    let mut changes: BTreeMap<(&str, &str, &str), BTreeSet<&str>> = BTreeMap::new();
    for trial in trials {
        let drift = Kind::Drift.as_str();
        for finding in trial.findings.iter().filter(|finding| finding.check == drift) {
            let change = (&*finding.place, &*finding.expected, &*finding.actual);
            changes.entry(change).or_default().insert(&trial.code);
        }
    }
    let result =
        |((place, reviewed, now), codes): ((&str, &str, &str), BTreeSet<&str>)| DriftResult {
            place: place.to_owned(),
            reviewed: reviewed.to_owned(),
            now: now.to_owned(),
            codes: codes.into_iter().map(str::to_owned).collect(),
        };
    changes.into_iter().map(result).collect()
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
