//! What a run would send, before it sends anything.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use super::{plan::Plan, shared::Run};
use crate::{
    exchange::outgoing::Outgoing,
    server::planned::{Planned, TrialScript},
    shown::{plural::plural, text::Shown},
};

/// Requests by slot, credits at most, seconds at least, and what is ignored and why.
#[must_use]
pub fn render(run: &Run, plan: &Plan) -> Shown {
    let mut count = Count { run, requests: BTreeMap::new() };
    count.add(&plan.preflight.request, 1);
    let mut twins = BTreeSet::new();
    let mut credits = 0;
    let mut not_asked: BTreeMap<&str, usize> = BTreeMap::new();
    for planned in plan.trials.iter().filter(|planned| planned.script.is_ok()) {
        count.add_case(planned);
        let cost = planned.pays();
        if credits + cost <= run.target.budget.credits {
            credits += cost;
        }
        match &planned.twin {
            Some(Ok(twin)) if twins.contains(&twin.id) => {}
            Some(Ok(twin)) if credits + twin.cost <= run.target.budget.credits => {
                twins.insert(&twin.id);
                credits += twin.cost;
                count.add(&twin.request, 1);
                if let Some((read, _)) = twin.read.as_deref() {
                    count.add(read, 2);
                }
            }
            Some(Ok(_)) => *not_asked.entry("the [budget] is too small").or_default() += 1,
            Some(Err(why)) => *not_asked.entry(why).or_default() += 1,
            _ => {}
        }
    }
    let all: usize = count.requests.values().sum();
    let ready = plan.trials.iter().filter(|planned| planned.script.is_ok()).count();
    let mut text = format!(
        "{} on {}: {ready} of {} cases, {all} requests\n",
        run.contract.name,
        run.target.base_url,
        plan.trials.len()
    );
    for (slot, requests) in &count.requests {
        let _ = writeln!(text, "  {slot:<24} {requests:>5}");
    }
    let budget = run.target.budget.credits;
    let _ = writeln!(text, "credits: at most {credits}, of a budget of {budget}");
    let ready = plan.trials.iter().filter(|planned| planned.script.is_ok());
    let longest = ready.map(Planned::expected).max().unwrap_or_default();
    let _ = writeln!(text, "time: at least {} s", longest.as_secs());
    for (why, cases) in not_asked {
        let _ = writeln!(text, "no twin for {}: {why}", plural(cases, "case"));
    }
    for planned in &plan.trials {
        if let Err(why) = &planned.script {
            let _ = writeln!(text, "ignored {}: {why}", planned.case().name);
        }
    }
    run.redactor.text(text.trim_end())
}

/// Requests by the slot whose key they carry.
struct Count<'a> {
    run: &'a Run,
    requests: BTreeMap<String, usize>,
}

impl Count<'_> {
    fn add(&mut self, outgoing: &Outgoing, times: usize) {
        let slots = &self.run.target.slots;
        let slot = slots.iter().find(|(_, slot)| slot.key.is_some() && slot.key == outgoing.key);
        let name = match (slot, &outgoing.key) {
            (Some((name, _)), _) => name.to_string(),
            (None, Some(_)) => "(broken or made-up keys)".to_owned(),
            (None, None) => "(no key)".to_owned(),
        };
        *self.requests.entry(name).or_default() += times;
    }

    fn add_case(&mut self, planned: &Planned) {
        match &planned.script {
            Ok(TrialScript::Single { first, request, probe, .. }) => {
                if let Some(first) = first {
                    self.add(first, 1);
                }
                self.add(request, usize::try_from(planned.case().times).unwrap_or(1));
                if let Some((read, _)) = probe.as_deref() {
                    self.add(read, 2);
                }
            }
            Ok(TrialScript::Burst { request, times, other, meanwhile, .. }) => {
                let times = usize::try_from(*times).unwrap_or(usize::MAX);
                // The burst, and one more after the wait.
                self.add(request, times.saturating_add(1));
                self.add(other, 1);
                for meanwhile in meanwhile {
                    self.add(&meanwhile.request, 1);
                }
                if !meanwhile.is_empty() {
                    // Looks while it is refused, and a burst after the wait; a window by the wall clock has one more.
                    self.add(request, times.saturating_add(3));
                }
            }
            Ok(TrialScript::Balance { request, times, read, .. }) => {
                self.add(request, usize::try_from(*times).unwrap_or(usize::MAX));
                self.add(&read.0, 2);
            }
            // Before the first trial, after the last, and again.
            Ok(TrialScript::Ledger { read, .. }) => self.add(read, 3),
            Err(_) => {}
        }
    }
}
