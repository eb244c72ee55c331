//! What a test run takes, but proves less by: shown by `errproof lint` alone.

use std::{collections::BTreeSet, path::Path};

use super::{
    Contract,
    names::{HookName, ProbeName, RequestName, SlotName},
    scenario::Provocation,
};
use crate::source::{document::Document, fault::Faults, folder::Folder};

/// Everything that is missing or left over in a contract without faults.
pub fn lint(folder: &Folder, contract: &Contract) -> Faults {
    let mut faults = Faults::default();
    if let Some(document) = Document::open(folder, Path::new("contract.toml"), &mut faults) {
        whole(&document, contract, &mut faults);
    }
    for scenario in &contract.scenarios {
        let Some(document) = Document::open(folder, &scenario.file, &mut faults) else { continue };
        let single =
            |case: &super::scenario::Case| matches!(case.provocation, Provocation::Single(_));
        if scenario.twin.is_none() && scenario.cases.iter().any(single) {
            let title = format!("`{}` has no twin", scenario.code);
            let label = "expected [twin]: the same request without the defect, or its cases may pass for another reason";
            faults.add(document.fault(&["code"], title, label));
        }
        for (name, text) in [("promise", &scenario.promise), ("source", &scenario.source)] {
            if text.trim().is_empty() {
                let label = "expected what the docs promise, and under which heading";
                faults.add(document.fault(&[name], format!("`{name}` is empty"), label));
            }
        }
    }
    faults
}

fn whole(document: &Document, contract: &Contract, faults: &mut Faults) {
    let codes: BTreeSet<_> = contract.scenarios.iter().map(|scenario| &scenario.code).collect();
    for (at, code) in contract.chain.iter().enumerate().filter(|(_, code)| !codes.contains(code)) {
        let title = format!("`{code}` has no scenario");
        let label = "expected a file in scenarios/ with this code";
        faults.add(document.fault(&["chain", &at.to_string()], title, label));
    }
    for (check, promise) in &contract.promises {
        for (name, text) in [("says", &promise.says), ("source", &promise.source)] {
            if text.trim().is_empty() {
                let way = ["promises", check.as_str(), name];
                let label = "expected what the docs promise, and where";
                faults.add(document.fault(&way, format!("`{name}` is empty"), label));
            }
        }
    }
    if let Some(retry) = &contract.retry {
        let said: BTreeSet<_> = retry.codes().collect();
        for (at, code) in contract.chain.iter().enumerate().filter(|(_, code)| !said.contains(code))
        {
            let title = format!("[retry] says nothing of `{code}`");
            let label = "expected it among the codes of one of its parts";
            faults.add(document.fault(&["chain", &at.to_string()], title, label));
        }
    }
    let used = Used::of(contract);
    let mut unused = |kind: &str, table: &str, name: &str| {
        let title = format!("the {kind} `{name}` is used by nothing");
        let label =
            format!("expected a case, a twin, a probe or the preflight that uses this {kind}");
        let mut fault = document.fault(&[table, name], title, label);
        if let (Some(place), Some(span)) = (&mut fault.place, document.name_span(&[table], name)) {
            place.span = span;
        }
        faults.add(fault);
    };
    for name in contract.requests.keys().filter(|name| !used.requests.contains(name)) {
        unused("request", "requests", name.as_str());
    }
    for name in contract.slots.keys().filter(|name| !used.slots.contains(name)) {
        unused("slot", "slots", name.as_str());
    }
    for name in contract.hooks.keys().filter(|name| !used.hooks.contains(name)) {
        unused("hook", "hooks", name.as_str());
    }
    for name in contract.probes.keys().filter(|name| !used.probes.contains(name)) {
        unused("probe", "probes", name.as_str());
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
        for scenario in &contract.scenarios {
            if let Some(twin) = &scenario.twin {
                requests.insert(&twin.request);
                slots.insert(&twin.slot);
            }
            for case in &scenario.cases {
                slots.extend(case.slots());
                hooks.extend(case.hook());
                probes.extend(&case.unchanged);
                requests.insert(match &case.provocation {
                    Provocation::Single(single) => &single.request,
                    Provocation::Burst(burst) => &burst.request,
                });
            }
        }
        Self { requests, slots, hooks, probes }
    }
}
