//! The rules as data: what a client may do after each answer, and the scripts that show it.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value};

use crate::{
    contract::{
        Contract,
        key::Carrier,
        names::Code,
        place::AnswerPlace,
        pointer,
        promise::Promise,
        retry::{Always, RetryFormat, Seconds},
    },
    source::fault::Fault,
};

/// How much earlier than told an attempt may come. A wait is measured from just before the answer
/// leaves here to just after the next request is read here, on one monotonic clock, so that a slow
/// machine or network only makes it longer. What is left are the client's timers: Node's fire up to
/// 1 ms early, and coarse ones tick every 10 to 16 ms. Three ticks are allowed. No mistake is near:
/// milliseconds for seconds are early by 999 ms and more.
pub const TOLERANCE: Duration = Duration::from_millis(50);

/// How long a mock takes for an answer, as a real tool does. Two requests that a client sends at
/// once would else be answered one after the other before anybody could see them overlap.
pub const ANSWER_AFTER: Duration = Duration::from_millis(250);

/// What a wait may last longer than the step and its jitter, for machines with a lot to do.
const SLOW_MACHINE: Duration = Duration::from_secs(5);

/// All rules of a contract, and the scripts that they are proven by.
#[derive(Debug)]
pub struct Rules {
    /// The scripts. The first is the control: a call that succeeds at once.
    pub scripts: Vec<Arc<Script>>,
    /// The rules.
    pub rules: Vec<Rule>,
    /// The least wait before anything is sent again.
    pub beat: Duration,
    /// The headers that may carry the key.
    pub carriers: Vec<Carrier>,
}

/// One promise that a client keeps: one trial, `client::<id>`.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its stable id: `retry-after::2s`.
    pub id: String,
    /// What is promised, and where.
    pub promise: Promise,
    /// How it is proven.
    pub proof: Proof,
}

/// How a rule is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// By the run of one script: attempts, waits, and how the client ended.
    Script(usize),
    /// By the runs of all scripts.
    Always(Always),
}

/// The answers that a mock gives one after another, and what a client may do after each.
#[derive(Debug, Clone)]
pub struct Script {
    /// What it is called: the id of the rule that it was written for.
    pub name: String,
    /// One for each attempt that is allowed. The last answer is given to all that follow.
    pub steps: Vec<Step>,
    /// The attempts that a client has to make.
    pub at_least: usize,
}

/// One answer, and what a client may do after it.
#[derive(Debug, Clone)]
pub struct Step {
    /// What is answered.
    pub answer: Scripted,
    /// How long a client waits before its next attempt; none if there must not be one.
    pub wait: Option<Wait>,
}

/// How long a client waits before its next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Not less than this, of which a part may be [`TOLERANCE`].
    pub least: Duration,
    /// How much less is taken for this still.
    pub tolerance: Duration,
    /// Not more than this, where the docs give the step.
    pub most: Option<Duration>,
}

impl Wait {
    /// As long as `Retry-After` says, or longer.
    fn told(seconds: Seconds) -> Self {
        let least = Duration::from_secs(seconds.0.into());
        Self { least, tolerance: TOLERANCE, most: None }
    }

    /// A step of a backoff. Jitter may add up to as much again; the usual kinds stay within that.
    fn step(seconds: Seconds) -> Self {
        let step = Duration::from_secs(seconds.0.into());
        Self { least: step, tolerance: TOLERANCE, most: Some(2 * step + SLOW_MACHINE) }
    }

    /// Any wait that is one. The page gives no number for it, so there is nothing to be early for.
    fn own(beat: Duration) -> Self {
        Self { least: beat, tolerance: Duration::ZERO, most: None }
    }
}

/// An answer of a mock.
#[derive(Debug, Clone)]
pub struct Scripted {
    /// Its status.
    pub status: u16,
    /// The code of the error; none for a success.
    pub code: Option<Code>,
    /// Its `Retry-After`.
    pub retry_after: Option<u32>,
    /// Its headers.
    headers: Vec<(String, String)>,
    body: Value,
    /// Where the request id goes.
    id_place: Option<AnswerPlace>,
}

impl Scripted {
    /// Headers and body with this request id.
    #[must_use]
    pub fn with_id(&self, id: &str) -> (Vec<(String, String)>, Vec<u8>) {
        let mut made = self.clone();
        if let Some(place) = &self.id_place {
            made.put(place, id.into());
        }
        (made.headers, made.body.to_string().into_bytes())
    }

    /// An error of the contract for one of its codes.
    fn error(contract: &Contract, code: &Code) -> Result<Self, Fault> {
        let scenario = contract.scenarios.iter().find(|scenario| scenario.code == *code);
        let scenario = scenario.ok_or_else(|| {
            let title = format!("[retry] in contract.toml names `{code}`, which has no scenario");
            Fault::general(title).help("a scenario says which status the code has")
        })?;
        let envelope = &scenario.envelope;
        let places = &envelope.places;
        let mut made = Self {
            status: scenario.status,
            code: Some(code.clone()),
            retry_after: None,
            headers: vec![("content-type".to_owned(), places.example_media().to_owned())],
            body: Value::Object(Map::new()),
            id_place: places.request_id.clone(),
        };
        let message = scenario.promise.as_str();
        if let (Some(place), Some(code)) = (&places.code, scenario.tells.carried(places)) {
            made.put(place, code);
        }
        if let Some(place) = &places.message {
            made.put(place, message.into());
        }
        if let Some(docs) = &scenario.docs {
            made.put(&docs.place, docs.link.as_str().into());
        }
        if let Some(place) = &places.status {
            made.put(place, scenario.status.into());
        }
        if let Some(place) = &places.request_id {
            made.put(place, "0000000000000000".into());
        }
        let schema = envelope.schema.as_ref();
        if let Some(error) = schema.and_then(|schema| schema.validate(&made.body).err()) {
            let title = format!("failed to make an envelope for `{code}`: {error}");
            return Err(Fault::general(title)
                .help("a client is shown the fields that [envelope] in contract.toml names"));
        }
        Ok(made)
    }

    fn put(&mut self, place: &AnswerPlace, value: Value) {
        match place.header() {
            Some(name) => {
                self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                self.headers.push((name.to_owned(), value));
            }
            None => pointer::put(&mut self.body, &place.in_entry(0), value),
        }
    }
}

impl Script {
    /// How long its waits may take together. Where no most is given, as for a backoff's step.
    #[must_use]
    pub fn longest(&self) -> Duration {
        let waits = self.steps.iter().filter_map(|step| step.wait);
        let waits = waits.map(|wait| wait.most.unwrap_or(2 * wait.least + SLOW_MACHINE));
        waits.sum::<Duration>() + self.answering()
    }

    /// How long it takes a client that goes through all of it and waits no longer than it has to.
    #[must_use]
    pub fn shortest(&self) -> Duration {
        let waits = self.steps.iter().filter_map(|step| step.wait);
        waits.map(|wait| wait.least).sum::<Duration>() + self.answering()
    }

    fn answering(&self) -> Duration {
        ANSWER_AFTER * u32::try_from(self.steps.len()).unwrap_or(u32::MAX)
    }

    /// What is answered to one of the attempts, counted from 0.
    #[must_use]
    pub fn answer(&self, attempt: usize) -> &Scripted {
        let last = self.steps.len().saturating_sub(1);
        &self.steps[attempt.min(last)].answer
    }
}

impl Rules {
    /// The rules of a contract.
    ///
    /// # Errors
    /// If the contract says nothing of clients, or an answer cannot be made from what it says.
    pub fn new(contract: &Contract) -> Result<Self, Fault> {
        let retry = contract.retry.as_ref().ok_or_else(|| {
            Fault::general("the contract says nothing of clients")
                .help("[retry] in contract.toml says what they do after each code")
        })?;
        let beat = Duration::from_millis(retry.beat_milliseconds.into());
        let success = Scripted {
            status: contract.requests[&retry.success.request].format.status,
            code: None,
            retry_after: None,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: retry.success.body.clone(),
            id_place: None,
        };
        let carriers = contract.key.carriers.clone();
        let rules = Self { scripts: Vec::new(), rules: Vec::new(), beat, carriers };
        let mut writer = RulesWriter { contract, success, rules };
        writer.scripts(retry)?;
        for (id, always, promise) in retry.always.promised() {
            let (id, proof) = (id.to_owned(), Proof::Always(always));
            writer.rules.rules.push(Rule { id, promise: promise.clone(), proof });
        }
        Ok(writer.rules)
    }

    /// The scripts that a rule is proven by.
    #[must_use]
    pub fn scripts_of(&self, rule: &Rule) -> Vec<usize> {
        match rule.proof {
            Proof::Script(at) => vec![at],
            Proof::Always(_) => (0..self.scripts.len()).collect(),
        }
    }
}

/// Writes scripts, each with its rule.
struct RulesWriter<'a> {
    contract: &'a Contract,
    success: Scripted,
    rules: Rules,
}

impl RulesWriter<'_> {
    fn scripts(&mut self, retry: &RetryFormat) -> Result<(), Fault> {
        let promise =
            |says: &str, source: &str| Promise { says: says.to_owned(), source: source.to_owned() };
        let success = &retry.success;
        self.add("succeeds", &promise(&success.says, &success.source), Vec::new(), Ends::Success);
        if let Some(group) = &retry.not_retried {
            let promise = promise(&group.says, &group.source);
            for code in &group.codes {
                let step = Step { answer: Scripted::error(self.contract, code)?, wait: None };
                let id = format!("not-retried::{code}");
                self.add(&id, &promise, vec![step], Ends::Failure);
            }
        }
        if let Some(group) = &retry.retry_after {
            let promise = promise(&group.says, &group.source);
            let many = group.codes.len() > 1;
            for code in &group.codes {
                let error = Scripted::error(self.contract, code)?;
                let code = if many { format!("{code}::") } else { String::new() };
                let step = |seconds: Seconds| Step {
                    answer: Scripted { retry_after: Some(seconds.0), ..error.clone() },
                    wait: Some(Wait::told(seconds)),
                };
                for seconds in &group.seconds {
                    let id = format!("retry-after::{code}{}s", seconds.0);
                    self.add(&id, &promise, vec![step(*seconds)], Ends::Success);
                }
                let id = format!("retry-after::{code}grows");
                self.add(&id, &promise, group.grows.map(step).into(), Ends::Success);
            }
        }
        if let Some(group) = &retry.backoff {
            let promise = promise(&group.says, &group.source);
            for code in &group.codes {
                let answer = Scripted::error(self.contract, code)?;
                let step = |wait| Step { answer: answer.clone(), wait };
                let steps = group.steps_seconds.iter();
                let steps: Vec<Step> =
                    steps.map(|seconds| step(Some(Wait::step(*seconds)))).collect();
                // Two failures, where there are as many: the third attempt is a success.
                let first = steps[..steps.len().min(2)].to_vec();
                self.add(&format!("backoff::{code}::recovers"), &promise, first, Ends::Success);
                let all = steps.into_iter().chain([step(None)]).collect();
                self.add(&format!("backoff::{code}::stops"), &promise, all, Ends::Failure);
            }
        }
        if let Some(group) = &retry.wait {
            let promise = promise(&group.says, &group.source);
            for code in &group.codes {
                let answer = Scripted::error(self.contract, code)?;
                let step = Step { answer, wait: Some(Wait::own(self.rules.beat)) };
                // Two, so that a retry at once that a slow machine holds up is seen the second time.
                let steps = vec![step.clone(), step];
                self.add(&format!("wait::{code}"), &promise, steps, Ends::Either);
            }
        }
        Ok(())
    }

    fn add(&mut self, id: &str, promise: &Promise, mut steps: Vec<Step>, ends: Ends) {
        if ends != Ends::Failure {
            steps.push(Step { answer: self.success.clone(), wait: None });
        }
        let at_least = if ends == Ends::Success { steps.len() } else { 1 };
        let rules = &mut self.rules;
        rules.scripts.push(Script { name: id.to_owned(), steps, at_least }.into());
        let proof = Proof::Script(rules.scripts.len() - 1);
        rules.rules.push(Rule { id: id.to_owned(), promise: promise.clone(), proof });
    }
}

/// How a script ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// A client has to get as far as the success.
    Success,
    /// There is none.
    Failure,
    /// A client may get as far as the success, or give up before it.
    Either,
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_code_of_the_page_is_treated_as_its_status_says() {
        let contract = Contract::load(Path::new(env!("CARGO_MANIFEST_DIR")));
        let contract = contract.unwrap_or_else(|faults| panic!("{faults:?}"));
        let rules = Rules::new(&contract).unwrap_or_else(|fault| panic!("{fault:?}"));
        for scenario in &contract.scenarios {
            let group = match scenario.status {
                429 => "retry-after::",
                400..500 => "not-retried::",
                500 => "wait::",
                _ => "backoff::",
            };
            let with = |script: &&Arc<Script>| {
                script.steps[0].answer.code.as_ref() == Some(&scenario.code)
            };
            let names: Vec<&str> =
                rules.scripts.iter().filter(with).map(|script| script.name.as_str()).collect();
            assert!(!names.is_empty(), "{} has no rule", scenario.code);
            assert!(names.iter().all(|name| name.starts_with(group)), "{names:?}");
        }
    }

    #[test]
    fn an_answer_is_an_envelope_with_its_own_request_id() {
        let contract = Contract::load(Path::new(env!("CARGO_MANIFEST_DIR")));
        let contract = contract.unwrap_or_else(|faults| panic!("{faults:?}"));
        let code = Code::from("plan_gate".to_owned());
        let answer = Scripted::error(&contract, &code).unwrap_or_else(|fault| panic!("{fault:?}"));
        let (headers, body) = answer.with_id("an-id");
        assert_eq!(headers, [("content-type".to_owned(), "application/json".to_owned())]);
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        let schema = contract.envelope.schema.as_ref().expect("a schema");
        assert!(schema.is_valid(&body), "{body}");
        let error = serde_json::json!({
            "code": "plan_gate",
            "message": "a tool of a higher plan is refused as plan_gate",
            "docs": "https://www.planmysaas.com/docs/api/errors",
            "requestId": "an-id",
        });
        assert_eq!((answer.status, &body["error"]), (403, &error));
    }
}
