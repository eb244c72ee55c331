//! What does not stop a run, but weakens what it proves: shown by `errproof lint` alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{
    Contract,
    contract_file::Limit,
    generation::LeftOut,
    names::{HookName, ProbeName, RequestName, SlotName},
    scenario::Provocation,
};
use crate::source::{advice::Advice, document::Document, fault::Faults, folder::Folder};

/// Everything that is missing or left over in a contract without faults. `by_targets` are the requests that files of targets
/// use.
///
/// # Errors
/// If one of its files cannot be read once more.
pub fn lint(
    folder: &Folder,
    contract: &Contract,
    by_targets: &BTreeSet<RequestName>,
) -> Result<Advice, Faults> {
    let (mut advice, mut faults) = (Advice::default(), Faults::default());
    if let Some(document) = Document::open(folder, Path::new("contract.toml"), &mut faults) {
        whole(&document, contract, by_targets, &mut advice);
        let with_key = contract.slots.iter().filter(|(_, slot)| !slot.keyless);
        let variables = with_key.map(|(name, slot)| (name, slot.env.as_str()));
        shared(&document, variables, &mut advice);
    }
    for scenario in &contract.scenarios {
        let Some(document) = Document::open(folder, &scenario.file, &mut faults) else { continue };
        let single =
            |case: &super::scenario::Case| matches!(case.provocation, Provocation::Single(_));
        let lacks_twin = |case: &super::scenario::Case| single(case) && case.twin.is_none();
        if scenario.twin.is_none() && scenario.cases.iter().any(lacks_twin) {
            let title = format!("`{}` has no twin", scenario.code);
            let label = "expected [twin], the same request without the defect; otherwise its cases may pass for another reason";
            advice.add(document.fault(&["code"], title, label));
        }
        for (request, LeftOut { id, why }) in &scenario.generated.left_out {
            let title = format!("no case breaks `{id}` of `{request}`");
            advice.add(document.fault(&["generate"], title, why));
        }
        for (name, text) in [("promise", &scenario.promise), ("source", &scenario.source)] {
            if text.trim().is_empty() {
                let label = "expected what the docs promise, and under which heading";
                advice.add(document.fault(&[name], format!("`{name}` is empty"), label));
            }
        }
    }
    faults.into_result(advice)
}

/// Advises against two slots that one variable fills: they hold the same key, and each is there for a
/// condition of its own. `variables` are the slots' names and variables.
pub fn shared<'a>(
    document: &Document,
    variables: impl Iterator<Item = (&'a SlotName, &'a str)>,
    advice: &mut Advice,
) {
    let mut first: BTreeMap<&str, &SlotName> = BTreeMap::new();
    for (name, variable) in variables {
        let Some(other) = first.get(variable) else {
            first.insert(variable, name);
            continue;
        };
        let title = format!("${variable} fills both the slot `{other}` and the slot `{name}`");
        let label = "expected one variable per slot: each slot stands for another account state";
        // A target's file may name the variable of one of them only.
        let is_here = document.name_span(&["slots"], name.as_str()).is_some();
        let at = if is_here { name } else { *other };
        advice.add(document.fault(&["slots", at.as_str(), "env"], title, label));
    }
}

fn whole(
    document: &Document,
    contract: &Contract,
    by_targets: &BTreeSet<RequestName>,
    advice: &mut Advice,
) {
    let codes: BTreeSet<_> = contract.scenarios.iter().map(|scenario| &scenario.code).collect();
    for (at, code) in contract.chain.iter().enumerate().filter(|(_, code)| !codes.contains(code)) {
        let title = format!("`{code}` has no scenario");
        let label = "expected a file in scenarios/ with this code";
        advice.add(document.fault(&["chain", &at.to_string()], title, label));
    }
    for (check, promise) in &contract.promises {
        for (name, text) in [("says", &promise.says), ("source", &promise.source)] {
            if text.trim().is_empty() {
                let way = ["promises", check.as_str(), name];
                let label = "expected what the docs promise, and where";
                advice.add(document.fault(&way, format!("`{name}` is empty"), label));
            }
        }
    }
    if let Some(retry) = &contract.retry {
        let said: BTreeSet<_> = retry.codes().collect();
        for (at, code) in contract.chain.iter().enumerate().filter(|(_, code)| !said.contains(code))
        {
            let title = format!("[retry] does not mention `{code}`");
            let label = "expected it among the codes of one of its parts";
            advice.add(document.fault(&["chain", &at.to_string()], title, label));
        }
    }
    for limit in contract.all_limits() {
        let is_own = |(_, other): (_, &Limit)| other.place == limit.place;
        if !contract.limit_scenarios().any(is_own) {
            let title = format!("no burst goes past {}", limit.table());
            let (way, label) = match &limit.name {
                None => (vec!["limit"], "expected a case with a `burst`".to_owned()),
                Some(name) => {
                    let label = format!(
                        "expected a scenario with `limit = \"{name}\"` and a case with a `burst`"
                    );
                    (vec!["limits", name.as_str()], label)
                }
            };
            advice.add(document.fault(&way, title, label));
        }
    }
    let used = Used::of(contract);
    let mut unused = |kind: &str, table: &str, name: &str, users: &str| {
        let title = format!("nothing uses the {kind} `{name}`");
        let label = format!("expected {users} that uses this {kind}");
        let mut fault = document.fault(&[table, name], title, label);
        if let (Some(place), Some(span)) = (&mut fault.place, document.name_span(&[table], name)) {
            place.span = span;
        }
        advice.add(fault);
    };
    let is_used = |name: &RequestName| used.requests.contains(name) || by_targets.contains(name);
    for name in contract.requests.keys().filter(|name| !is_used(name)) {
        unused(
            "request",
            "requests",
            name.as_str(),
            "a case, a twin, a step, a hook, a probe or the preflight",
        );
    }
    for name in contract.slots.keys().filter(|name| !used.slots.contains(name)) {
        unused("slot", "slots", name.as_str(), "a case, a twin or the preflight");
    }
    for name in contract.hooks.keys().filter(|name| !used.hooks.contains(name)) {
        unused("hook", "hooks", name.as_str(), "a case");
    }
    for name in contract.probes.keys().filter(|name| !used.probes.contains(name)) {
        unused("probe", "probes", name.as_str(), "a case");
    }
}

/// What is used by something.
struct Used<'a> {
    requests: BTreeSet<&'a RequestName>,
    slots: BTreeSet<&'a SlotName>,
    hooks: BTreeSet<&'a HookName>,
    probes: BTreeSet<&'a ProbeName>,
}

impl<'a> Used<'a> {
    fn of(contract: &'a Contract) -> Self {
        let mut requests = BTreeSet::from([&contract.preflight.request]);
        let mut slots = BTreeSet::from([&contract.preflight.slot]);
        let (mut hooks, mut probes) = (BTreeSet::new(), BTreeSet::new());
        requests.extend(contract.probes.values().map(|probe| &probe.request));
        let steps = contract.requests.values().map(|named| &named.format.steps);
        let steps = steps.flat_map(|steps| steps.first.iter().chain(&steps.after_all));
        requests.extend(steps.map(|step| &step.request));
        for scenario in contract.all_scenarios() {
            if let Some(twin) = &scenario.twin {
                requests.insert(&twin.request);
                slots.insert(&twin.slot);
            }
            for case in &scenario.cases {
                if let Some(steps) = &case.steps {
                    let steps = steps.first.iter().chain(&steps.after_all);
                    requests.extend(steps.map(|step| &step.request));
                }
                if let Some(twin) = &case.twin {
                    requests.insert(&twin.request);
                    slots.insert(&twin.slot);
                }
                slots.extend(case.slots());
                hooks.extend(case.hook());
                probes.extend(&case.unchanged);
                match &case.provocation {
                    Provocation::Single(single) => requests.insert(&single.request),
                    Provocation::Burst(burst) => requests.insert(&burst.request),
                    Provocation::Ledger(ledger) => probes.insert(&ledger.probe),
                    Provocation::Balance(balance) => probes.insert(&balance.probe),
                };
            }
        }
        Self { requests, slots, hooks, probes }
    }
}
