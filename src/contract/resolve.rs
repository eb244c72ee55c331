//! Turns a scenario file into cases: looks up all that it names and checks each defect against the
//! contract, so that a case that breaks nothing, or the wrong thing, is found before it is sent.

use std::{
    collections::{BTreeMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Contract,
    any_error_file::AnyErrorFile,
    body,
    contract_file::Limit,
    generation::Generated,
    identity::{Statuses, Tells},
    key::Carrier,
    names::{Code, EnvelopeName, RequestName, SlotName, too_long},
    scenario::{
        ANY_ERROR, Case, Expects, Follows, LongestWait, MessagePattern, RetryAfter, Scenario,
        ToldWait, Twin, WaitMeanwhile, Wording,
    },
    scenario_file::{CaseFormat, Quantity, ScenarioFile, TwinFormat},
    slots::known_slot,
};
use crate::source::{
    document::{Document, Way},
    fault::{Faults, one_of},
    folder::Folder,
    reader::{Reader, keys},
};

/// Reads one scenario. Its names are looked up only if there is a contract to look them up in.
pub(super) fn read_scenario(
    root: &Folder,
    path: &Path,
    contract: Option<&Contract>,
    codes: &mut BTreeMap<Code, PathBuf>,
    faults: &mut Faults,
) -> Option<Scenario> {
    let document = Document::open(root, path, faults)?;
    let (mut file, mut reader) = Reader::open::<ScenarioFile>(&document);
    if let Some(file) = &mut file {
        file.call_it();
    }
    if file.as_ref().is_some_and(|file| file.name.is_none()) {
        let label = "expected `code` at the top of this file, or a `name` where an error has none";
        reader.lacks("code", label);
        file = None;
    }
    if let Some(file) = &file
        && let Some(first) = codes.insert(file.called().clone(), path.to_owned())
    {
        let label = format!("{} has it as well", first.display());
        let way = if file.code.is_some() { "code" } else { "name" };
        reader.add(&[way], format!("two scenarios have the {way} `{}`", file.called()), label);
    }
    let Some(contract) = contract else {
        faults.append(reader.finish());
        return None;
    };
    let carriers = contract.key.carriers.iter().cloned().map(Arc::new).collect();
    let names = HashSet::new();
    let expects = Expects::Code;
    let mut resolver = Resolver { document: &document, contract, carriers, names, reader, expects };
    let scenario = file.map(|file| resolver.scenario(file));
    faults.append(resolver.reader.finish());
    scenario
}

/// Reads what is promised of every error, if the contract has a file for it.
pub(super) fn read_any_error(
    root: &Folder,
    contract: &Contract,
    faults: &mut Faults,
) -> Option<Scenario> {
    let document = Document::open(root, Path::new("any-error.toml"), faults)?;
    let (file, reader) = Reader::open::<AnyErrorFile>(&document);
    let carriers = contract.key.carriers.iter().cloned().map(Arc::new).collect();
    let mut resolver = Resolver {
        document: &document,
        contract,
        carriers,
        names: HashSet::new(),
        reader,
        expects: Expects::AnyError,
    };
    let scenario = file.map(|file| resolver.any_error(file));
    faults.append(resolver.reader.finish());
    scenario
}

/// What a twin has where it says nothing else.
#[derive(Clone, Copy)]
struct Defaults<'a> {
    request: &'a RequestName,
    slot: &'a SlotName,
}

/// Looks up what one scenario file names, and notes what is wrong with it.
pub(super) struct Resolver<'a> {
    pub(super) document: &'a Document,
    pub(super) contract: &'a Contract,
    /// The contract's carriers, shared by all cases of the file.
    pub(super) carriers: Vec<Arc<Carrier>>,
    /// The names of the file's cases so far.
    pub(super) names: HashSet<String>,
    pub(super) reader: Reader<'a>,
    /// What the file promises of its errors.
    pub(super) expects: Expects,
}

impl Resolver<'_> {
    fn scenario(&mut self, file: ScenarioFile) -> Scenario {
        if self.is_unprovoked(&file) {
            return self.made(file, Vec::new(), Generated::default());
        }
        let codes = self.contract.chain.iter().map(Code::as_str);
        let add = Some("add a new code to `chain` in contract.toml");
        let way =
            if file.code.as_ref().is_some_and(|code| Code::from(code.clone()) == *file.called()) {
                "code"
            } else {
                "name"
            };
        self.reader.known_or(&[way], way, file.called().as_str(), codes, add);
        let mut cases = self.cases(&file);
        self.elsewhere(&file, &mut cases);
        let generated = self.generated(&file, &mut cases);
        self.made(file, cases, generated)
    }

    fn made(&mut self, file: ScenarioFile, cases: Vec<Case>, generated: Generated) -> Scenario {
        let envelope = self.envelope(file.envelope.as_ref().map(EnvelopeName::as_str));
        let tells = match self.expects {
            Expects::Code => self.tells(&file, &envelope),
            _ => Tells::nothing(),
        };
        let docs = self.docs(&file, &envelope);
        let headers = self.headers(&file);
        let limit = cases.iter().find_map(Case::limit);
        let retry_after = self.retry_after(&file, limit);
        let message = self.message(&file);
        // Without a request there is nothing to make one of.
        let twin = if file.request.is_some() { self.twin(&file) } else { None };
        Scenario {
            file: self.document.path().to_owned(),
            code: file.called().clone(),
            status: tells.statuses.first(),
            tells,
            envelope,
            docs,
            headers,
            unprovoked: file.unprovoked,
            expects: self.expects,
            promise: file.promise,
            source: file.source,
            message,
            twin,
            retry_after,
            cases,
            generated,
        }
    }

    /// The cases that stand in the file.
    fn cases(&mut self, file: &ScenarioFile) -> Vec<Case> {
        let requests = &self.contract.requests;
        self.reader.known(&["request"], "request", file.request().as_str(), keys(requests));
        known_slot(&mut self.reader, &["slot"], file.slot(), &self.contract.slots);
        let limit = self.limit(file);
        let mut cases = Vec::new();
        for (at, case) in file.cases.iter().enumerate() {
            let at = at.to_string();
            let id = case.id.as_str();
            if let Some(label) = too_long(id) {
                self.reader.add(&["cases", &at, "id"], "this id is too long", label);
            } else if !id.split('-').all(|word| {
                !word.is_empty()
                    && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
            }) {
                self.reader.add(
                    &["cases", &at, "id"],
                    format!("`{id}` cannot be an id"),
                    "expected words of lower-case letters and digits, joined by `-`",
                );
            }
            self.case(file, case, limit.as_ref(), &at, &mut cases);
        }
        cases
    }

    fn any_error(&mut self, file: AnyErrorFile) -> Scenario {
        let AnyErrorFile { promise, source, envelope, request, slot, cases } = file;
        for (at, case) in cases.iter().enumerate() {
            let of_a_code = [
                ("burst", case.burst.is_some()),
                ("balance", case.balance.is_some()),
                ("twin", case.twin.is_some()),
                ("field", case.field.is_some()),
                ("unchanged", case.unchanged.is_some()),
                ("after", case.after.is_some()),
                ("also", !case.also.is_empty()),
            ];
            for (name, _) in of_a_code.iter().filter(|(_, given)| *given) {
                let label = "neither code nor status is promised of these errors";
                let title = format!("`{name}` belongs to a code");
                self.reader.add(&["cases", &at.to_string(), name], title, label);
            }
        }
        let file = ScenarioFile {
            name: Some(Code::from(ANY_ERROR.to_owned())),
            code: None,
            status: Statuses::One(400),
            envelope,
            promise,
            source,
            unprovoked: None,
            request: Some(request),
            slot,
            docs: None,
            headers: BTreeMap::new(),
            limit: None,
            message: None,
            retry_after: false,
            retry_after_at_most: None,
            retry_after_falls: false,
            twin: None,
            except: Vec::new(),
            generate: false,
            max_cases: None,
            seed: 0,
            dealt_to: Vec::new(),
            grammar: None,
            cases,
        };
        let cases = self.cases(&file);
        self.made(file, cases, Generated::default())
    }

    /// Whether nobody can provoke the file's error: then it has no cases. Any other has, and a request to make them of.
    fn is_unprovoked(&mut self, file: &ScenarioFile) -> bool {
        let Some(why) = &file.unprovoked else {
            let there = [("request", file.request.is_some()), ("cases", !file.cases.is_empty())];
            for (name, _) in there.iter().filter(|(_, is_there)| !is_there) {
                self.reader.missing(&[], name);
            }
            return there.iter().any(|(_, is_there)| !is_there);
        };
        if why.trim().is_empty() {
            let label = "expected why nobody can provoke this error";
            self.reader.add(&["unprovoked"], "`unprovoked` is empty", label);
        }
        let stray = [
            ("cases", !file.cases.is_empty()),
            ("twin", file.twin.is_some()),
            ("generate", file.generate),
            ("grammar", file.grammar.is_some()),
            ("request", file.request.is_some()),
            ("slot", !file.slot.is_unsaid()),
        ];
        for (name, _) in stray.iter().filter(|(_, is_there)| *is_there) {
            let title = format!("`{name}` in a scenario that nobody can provoke");
            self.reader.add(
                &[name],
                title,
                "expected no `unprovoked`, or nothing to provoke it with",
            );
        }
        true
    }

    /// What is promised of the wait that a refusal tells, if it has to tell one: in `Retry-After`, or where its limit says.
    fn retry_after(&mut self, file: &ScenarioFile, limit: Option<&Limit>) -> Option<ToldWait> {
        let at = limit.and_then(|limit| limit.wait.clone());
        let is_told = file.retry_after || at.is_some();
        let further = [
            ("retry-after-at-most", file.retry_after_at_most.is_some()),
            ("retry-after-falls", file.retry_after_falls),
        ];
        for (name, _) in further.into_iter().filter(|(_, is_there)| *is_there && !is_told) {
            let label = "expected `retry-after = true` as well";
            self.reader.add(&[name], format!("`{name}` without `retry-after`"), label);
        }
        let longest = file.retry_after_at_most.map_or(LongestWait::Unsaid, LongestWait::Seconds);
        let meanwhile =
            if file.retry_after_falls { WaitMeanwhile::Falls } else { WaitMeanwhile::Unsaid };
        let header = if file.retry_after { RetryAfter::Promised } else { RetryAfter::Unsaid };
        is_told.then_some(ToldWait { header, at, longest, meanwhile })
    }

    fn message(&mut self, file: &ScenarioFile) -> Option<MessagePattern> {
        let format = file.message.as_ref()?;
        let mut numbers = BTreeMap::new();
        for (name, pattern) in &format.numbers {
            let way = ["message", "numbers", name];
            match self.pattern(&way, pattern) {
                Some(pattern) if pattern.captures_len() == 2 => {
                    numbers.insert(name.clone(), pattern);
                }
                Some(_) => {
                    let label = "expected one group `(...)`, around the number";
                    self.reader.add(&way, "not exactly one group", label);
                }
                None => {}
            }
        }
        for number in format.greater.iter().flatten() {
            self.reader.known(&["message", "greater"], "number", number, keys(&format.numbers));
        }
        for (number, quantity) in &format.equals {
            let names = keys(&format.numbers);
            self.reader.known_entry(&["message", "equals"], "number", number, names);
            if let Quantity::Probe(probe) = quantity {
                let way = ["message", "equals", number, "probe"];
                let probes = keys(&self.contract.probes);
                self.reader.known(&way, "probe", probe.as_str(), probes);
            }
        }
        let equals = format.equals.clone();
        let wording = if format.any_wording { Wording::Any } else { Wording::Fixed };
        Some(MessagePattern { numbers, greater: format.greater.clone(), equals, wording })
    }

    fn twin(&mut self, file: &ScenarioFile) -> Option<Twin> {
        let own = Defaults { request: file.request(), slot: file.slot() };
        Some(self.twin_of(file.twin.as_ref()?, file.called(), own, &["twin"]))
    }

    /// A case's own twin, which is its request where it says no other.
    pub(super) fn own_twin(
        &mut self,
        file: &ScenarioFile,
        case: &CaseFormat,
        at: &str,
    ) -> Option<Box<Twin>> {
        let request = case.request.as_ref().unwrap_or(file.request());
        let own = Defaults { request, slot: case.slot.as_ref().unwrap_or(file.slot()) };
        let way = ["cases", at, "twin"];
        Some(Box::new(self.twin_of(case.twin.as_ref()?, file.called(), own, &way)))
    }

    fn twin_of(
        &mut self,
        format: &TwinFormat,
        code: &Code,
        own: Defaults<'_>,
        at: Way<'_>,
    ) -> Twin {
        let way = |word: &'static str| [at, &[word]].concat();
        let request = format.request.as_ref().unwrap_or(own.request);
        let slot = format.slot.as_ref().unwrap_or(own.slot);
        let contract = self.contract;
        // The scenario's own are looked up where they stand.
        if let Some(request) = &format.request {
            let requests = keys(&contract.requests);
            self.reader.known(&way("request"), "request", request.as_str(), requests);
        }
        if let Some(slot) = &format.slot {
            known_slot(&mut self.reader, &way("slot"), slot, &contract.slots);
        }
        if let Some(reaches) = &format.reaches {
            self.reaches(code, reaches, &way("reaches"));
        }
        let base = contract.requests.get(request).and_then(|named| named.format.body.as_ref());
        if let Err(why) = body::bytes(base, format.body.as_ref()) {
            self.reader.add(&way("body"), "this body cannot be made", why);
        }
        let is_of_case = format.request.is_none() && contract.points.is_some();
        Twin {
            request: request.clone(),
            follows: if is_of_case { Follows::Case } else { Follows::Nothing },
            slot: slot.clone(),
            body: format.body.clone(),
            reaches: format.reaches.clone(),
        }
    }

    /// A twin gets past the scenario's code, to one that the API looks for later.
    fn reaches(&mut self, code: &Code, reaches: &Code, way: Way<'_>) {
        let chain = &self.contract.chain;
        if !chain.contains(reaches) || !chain.contains(code) {
            let codes = chain.iter().map(Code::as_str);
            return self.reader.known(way, "code", reaches.as_str(), codes);
        }
        let later: Vec<_> =
            chain.iter().skip_while(|other| *other != code).skip(1).map(Code::as_str).collect();
        if !later.contains(&reaches.as_str()) {
            let title = format!("`{reaches}` does not come after `{code}` in `chain`");
            let label = match later.as_slice() {
                [] => format!("`{code}` is the last of them, so its twin can only succeed"),
                some => format!("expected {}", one_of(some.iter().copied())),
            };
            self.reader.add(way, title, label);
        }
    }
}
