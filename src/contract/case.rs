//! The cases of a scenario file: what one entry stands for, what provokes the error, and by which carriers.

use std::{sync::Arc, time::Duration};

use super::{
    NamedRequest,
    contract_file::Limit,
    key::Carrier,
    names::{CarrierName, Code, SlotName, trial_too_long},
    resolve::Resolver,
    scenario::{At, BalanceCase, Burst, Case, Origin, Provocation, Single},
    scenario_file::{BurstFormat, CaseFormat, ScenarioFile},
    slots::known_slot,
    steps::{self, StepCheck, Texts},
    wrong_fields::WrongFields,
};
use crate::source::{document::Way, reader::keys};

impl Resolver<'_> {
    /// Adds the cases that one entry of the file stands for: one, or one for each carrier.
    pub(super) fn case(
        &mut self,
        file: &ScenarioFile,
        case: &CaseFormat,
        limit: Option<&Arc<Limit>>,
        at: &str,
        cases: &mut Vec<Case>,
    ) {
        let request = case.request.as_ref().unwrap_or(file.request());
        let contract = self.contract;
        if let Some(request) = &case.request {
            let known = keys(&contract.requests);
            self.reader.known(&["cases", at, "request"], "request", request.as_str(), known);
        }
        if let Some(slot) = &case.slot {
            known_slot(&mut self.reader, &["cases", at, "slot"], slot, &contract.slots);
        }
        if let Some(hook) = &case.hook {
            self.reader.known(&["cases", at, "hook"], "hook", hook.as_str(), keys(&contract.hooks));
        }
        if let Some(probe) = &case.unchanged {
            self.reader.known(
                &["cases", at, "unchanged"],
                "probe",
                probe.as_str(),
                keys(&contract.probes),
            );
        }
        for (index, also) in case.also.iter().enumerate() {
            let index = index.to_string();
            let codes = contract.chain.iter().map(Code::as_str);
            let way = ["cases", at, "also", &index, "code"];
            self.reader.known(&way, "code", also.code.as_str(), codes);
            let envelope = Arc::clone(&contract.envelope);
            self.status(&["cases", at, "also", &index, "status"], also.status, &envelope);
        }
        let burst = case.burst.as_ref().and_then(|burst| {
            let limit = limit?;
            let slot = case.slot.as_ref().unwrap_or(file.slot());
            self.burst(case, burst, limit, (request, slot), at);
            Some((burst, Arc::clone(limit)))
        });
        if let Some(balance) = &case.balance {
            self.balance(case, balance, request, at);
        }
        if let Some(after) = case.after
            && after.at_least > after.at_most
        {
            self.reader.add(
                &["cases", at, "after"],
                "`at-least` is greater than `at-most`",
                "expected the smaller number in `at-least`",
            );
        }
        if let Some(named) = contract.requests.get(request) {
            self.defect(named, case, at);
            self.steps(file, named, case, at);
        }
        self.credentials(file, case, at);
        let name = format!("{}::{}", file.called(), case.id);
        let several = case.carriers.is_some();
        let slot = case.slot.as_ref().unwrap_or(&file.slot);
        let carriers = self.carriers(slot, case.carriers.as_deref(), at);
        let behind = carriers.iter().filter(|_| several).map(|carrier| carrier.name.as_str());
        if let Some(label) = trial_too_long(file.called().as_str(), case.id.as_str(), behind) {
            let title = "the name of this case's trial is too long";
            self.reader.add(&["cases", at, "id"], title, label);
        }
        for carrier in carriers {
            let name = if several { format!("{name}-{}", carrier.name) } else { name.clone() };
            let provocation = Self::provocation(file, case, burst.as_ref(), carrier);
            cases.extend(self.named_case(file, case, at, name, provocation));
        }
    }

    /// What a case needs before its request is captured there.
    fn steps(&mut self, file: &ScenarioFile, named: &NamedRequest, case: &CaseFormat, at: &str) {
        let request = case.request.as_ref().unwrap_or(file.request());
        let (own, steps) = (&named.format.steps, case.steps());
        let way = ["cases", at];
        let before: Vec<&str> = own.captured().collect();
        let requests = &self.contract.requests;
        let of_file = file.cases.iter().flat_map(|case| &case.first);
        let of_file = of_file.flat_map(|step| step.capture.keys()).map(String::as_str);
        let anywhere: Vec<&str> = steps::captured(requests).into_iter().chain(of_file).collect();
        let reader = &mut self.reader;
        let mut check = StepCheck { reader, requests, way: &way, anywhere: &anywhere };
        check.steps(&steps, &before);
        let whole = own.around(Some(&steps));
        let known: Vec<&str> = whole.captured().collect();
        check.uses(&way, request.as_str(), &Texts::of(&named.format), &known);
        let needs_steps = !whole.is_empty() || named.format.lacks_steps(&whole);
        if needs_steps && (case.burst.is_some() || case.balance.is_some()) {
            let label = "expected a case that sends its request once";
            self.reader.add(&way, "steps of requests that are sent at once", label);
        }
    }

    /// What a case sends by one carrier.
    pub(super) fn provocation(
        file: &ScenarioFile,
        case: &CaseFormat,
        burst: Option<&(&BurstFormat, Arc<Limit>)>,
        carrier: Arc<Carrier>,
    ) -> Provocation {
        let request = case.request.as_ref().unwrap_or(file.request()).clone();
        let slot = case.slot.as_ref().unwrap_or(file.slot()).clone();
        if let Some((burst, limit)) = burst {
            return Provocation::Burst(Burst {
                request,
                slot,
                other: burst.other.clone(),
                carrier,
                requests: burst.requests,
                limit: Arc::clone(limit),
            });
        }
        let single = Single {
            request,
            slot,
            dealt: None,
            carrier,
            key: case.key.clone(),
            body: case.body.clone().map(Box::new),
            kept: None,
            header: case.header.clone().map(Box::new),
            hook: case.hook.clone(),
            with: case.with.clone().map(Box::new),
        };
        match &case.balance {
            None => Provocation::Single(single),
            Some(balance) => Provocation::Balance(BalanceCase {
                single,
                probe: balance.probe.clone(),
                lacks: balance.lacks,
                requests: balance.requests.unwrap_or(1),
            }),
        }
    }

    /// Whether no case of the file has this name yet. From now on one has.
    pub(super) fn is_new(&mut self, name: &str) -> bool {
        self.names.insert(name.to_owned())
    }

    /// The line of a part of the file.
    pub(super) fn line(&self, way: Way<'_>) -> usize {
        self.document.line(way)
    }

    /// A case under its trial's name, which no other case of the file has.
    pub(super) fn named_case(
        &mut self,
        file: &ScenarioFile,
        case: &CaseFormat,
        at: &str,
        name: String,
        provocation: Provocation,
    ) -> Option<Case> {
        if !self.is_new(&name) {
            self.reader.add(
                &["cases", at, "id"],
                format!("two cases have the name `{name}`"),
                "expected another id or carrier",
            );
            return None;
        }
        let twin = self.own_twin(file, case, at);
        Some(Case {
            name,
            line: self.document.line(&["cases", at]),
            at: At::Own,
            origin: Origin::Written,
            times: case.times.unwrap_or(1),
            fields: match &case.field {
                Some(field) => WrongFields::One(vec![field.clone()]),
                None => WrongFields::None,
            },
            also: case.also.clone(),
            after: case.after.map(|range| {
                let seconds = |n: u32| Duration::from_secs(n.into());
                (seconds(range.at_least), seconds(range.at_most))
            }),
            unchanged: case.unchanged.clone(),
            last: case.last,
            alone: case.alone,
            twin,
            steps: Some(case.steps()).filter(|steps| !steps.is_empty()).map(Box::new),
            recorded: case.recorded,
            pair: None,
            provocation,
        })
    }

    fn carriers(
        &mut self,
        slot: &SlotName,
        wanted: Option<&[CarrierName]>,
        at: &str,
    ) -> Vec<Arc<Carrier>> {
        let carriers = &self.carriers_in(slot);
        let Some(wanted) = wanted else {
            return carriers.first().cloned().into_iter().collect();
        };
        let mut found = Vec::new();
        for (index, name) in wanted.iter().enumerate() {
            let all: Vec<_> = carriers.iter().filter_map(|it| it.point_name()).collect();
            let all = all.iter().map(CarrierName::as_str);
            self.reader.known(
                &["cases", at, "carriers", &index.to_string()],
                "carrier",
                name.as_str(),
                all,
            );
            found.extend(carriers.iter().find(|carrier| carrier.name == *name).cloned());
        }
        if wanted.is_empty() {
            self.reader.add(
                &["cases", at, "carriers"],
                "no carrier to try",
                "expected at least one",
            );
        }
        found
    }
}
