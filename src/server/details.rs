//! The result of a server: code by code, its drift, and how it was run.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{by_holder::by_holder, collector::Collector, shared::Run, winners::Won};
use crate::{
    contract::{
        check::CheckId,
        extent::Extent,
        pair::OneOf,
        scenario::{Case, Scenario},
    },
    exchange::locked::Locked as _,
    result::{
        collected::Collected,
        outcome::Standing,
        server::{
            CodeResult, Configuration, DriftResult, KeyResult, OrderResult, PointsResult,
            ServerDetails, SlotResult, TargetResult,
        },
        standing::Passed,
        trial::TrialResult,
        unproven::Unproven,
    },
    shown,
    shown::text::Shown,
    targets::target::SlotKey,
};

/// How a run on a server was set up.
#[derive(Debug, Clone, Copy)]
pub struct How {
    /// What becomes of trials that prove nothing.
    pub unproven: Unproven,
    /// What becomes of a run on a production host.
    pub production: Production,
}

/// What becomes of a run on a host that real customers use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Production {
    /// It is refused before anything is sent.
    Refused,
    /// Somebody meant it.
    Allowed,
}

impl Production {
    /// What `--allow-production` says.
    #[must_use]
    pub fn of_flag(is_given: bool) -> Self {
        if is_given { Self::Allowed } else { Self::Refused }
    }
}

impl Collector {
    /// What there is to say of the server besides its trials.
    #[must_use]
    pub fn details(&self, collected: &Collected, how: How) -> ServerDetails {
        let Run { target, .. } = &*self.run;
        let contract = &self.run.contract;
        let with_key = target.slots.iter().filter(|(name, _)| !contract.is_keyless(name));
        let slots = with_key.map(|(name, slot)| {
            let shown = |key: &SlotKey| KeyResult {
                env: self.redactor.line(&key.env),
                set: key.key.is_some(),
            };
            let (first, others) = slot.keys.split_first().expect("a slot has a key");
            let KeyResult { env, set } = shown(first);
            let others = others.iter().map(shown).collect();
            (self.redactor.line(name.as_str()), SlotResult { env, set, others })
        });
        ServerDetails {
            target: TargetResult {
                name: self.redactor.line(&target.name),
                url: self.target_url(),
                bundled: target.is_bundled(),
            },
            configuration: Configuration {
                strict: how.unproven == Unproven::Fail,
                quick: target.extent == Extent::Quick,
                allow_production: how.production == Production::Allowed,
                budget_credits: target.budget.credits,
                slots: slots.collect(),
                known: target.known.len(),
            },
            requests: self.requests(),
            codes: self.codes(collected),
            drift: drift(&collected.trials),
            order: self.order(),
        }
    }

    /// Which code was told where two things were wrong.
    fn order(&self) -> Vec<OrderResult> {
        let line = |text: &str| self.redactor.line(text);
        let result = |(place, Won { pair, code }): (String, Won)| OrderResult {
            codes: pair.codes.each_ref().map(|code| line(code.as_str())),
            at: place.split_once('@').map(|(_, at)| line(at)),
            won: line(code.as_str()),
            promised: pair.first.as_ref().map(|code| line(code.as_str())),
        };
        let recorded = |(_, won): &(String, Won)| won.pair.one_of == OneOf::Points;
        self.run.winners.all().into_iter().filter(recorded).map(result).collect()
    }

    /// What was sent so far, by whose key.
    fn requests(&self) -> BTreeMap<Shown, usize> {
        let sent = by_holder(&self.run.target, &self.run.sender.traffic().by_key());
        sent.into_iter().map(|(holder, count)| (self.redactor.line(&holder), count)).collect()
    }

    /// The target's address, as it is shown.
    #[must_use]
    pub fn target_url(&self) -> Shown {
        self.target_url.clone()
    }

    pub(super) fn codes(&self, collected: &Collected) -> Vec<CodeResult> {
        let mut by_code: BTreeMap<&str, Vec<&TrialResult>> = BTreeMap::new();
        for trial in &collected.trials {
            let code = trial.code.as_ref().map(Shown::as_str).unwrap_or_default();
            by_code.entry(code).or_default().push(trial);
        }
        let result = |scenario: &Arc<Scenario>| {
            let code = self.code(scenario);
            let trials = by_code.get(code.as_str()).map(Vec::as_slice).unwrap_or_default();
            let passed = match collected.is_shown(&code) {
                true if collected.lacks_twin(&code) => Passed::WithoutTwin,
                true => Passed::WithTwin,
                false => Passed::None,
            };
            let outcomes = trials.iter().map(|trial| (trial.outcome, trial.why.as_ref()));
            let (standing, why) = Standing::of(&outcomes.collect::<Vec<_>>(), passed);
            let points = collected.points(&code).map(|points| self.of_all(scenario, points));
            CodeResult { code, status: scenario.status, standing, points, why }
        };
        let mut codes: Vec<CodeResult> = self.run.contract.scenarios.iter().map(result).collect();
        // They have no trials that a filter could leave out, so they count where all others do.
        let is_whole = codes.iter().zip(&self.run.contract.scenarios).all(|(code, scenario)| {
            scenario.unprovoked.is_some() || code.standing != Standing::NotSelected
        });
        for (code, scenario) in codes.iter_mut().zip(&self.run.contract.scenarios) {
            if let Some(why) = scenario.unprovoked.as_ref().filter(|_| is_whole) {
                code.standing = Standing::Unprovoked;
                code.why = Some(self.redactor.line(why));
            }
        }
        codes
    }

    /// The points of a code, of all that it has: those that are left out are not proven.
    fn of_all(&self, scenario: &Scenario, points: PointsResult) -> PointsResult {
        match self.run.target.extent {
            Extent::Whole => points,
            Extent::Quick => {
                let all: BTreeSet<_> = scenario.cases.iter().filter_map(Case::point).collect();
                PointsResult { of: all.len(), ..points }
            }
        }
    }

    /// What else there is to say: which twins were not sent, which deviations are known no more, how to
    /// record snapshots.
    pub(super) fn notes(&self, collected: &Collected) -> Vec<Shown> {
        let Run { target, today, snapshots, contract, limits_seen, .. } = &*self.run;
        let mut notes = collected.notes();
        // Their trials fail again, and why they once did not is said.
        for known in target.known.iter().filter(|known| known.until < *today) {
            let days = today.days_after(known.until);
            notes.push(shown![
                "known on ",
                self.redactor.line(&known.on),
                " until ",
                days,
                " days ago, and no more: ",
                known.check.as_str(),
                ": ",
                self.redactor.line(&known.reason),
                " (",
                self.redactor.line(&known.owner),
                ")",
            ]);
        }
        let scenarios = self.run.contract.all_scenarios();
        let samples =
            scenarios.filter_map(|scenario| scenario.generated.sample(scenario.code.as_str()));
        notes.extend(samples.map(|sample| self.redactor.line(&sample)));
        for (place, seen) in &*limits_seen.locked() {
            let limit = contract.all_limits().find(|limit| limit.place == *place);
            let name = limit.and_then(|limit| limit.name.as_ref());
            let name = name.map(|name| shown![" ", self.redactor.line(name.as_str())]);
            let seen = self.redactor.line(seen);
            notes.push(shown!["the limit", name.unwrap_or_default(), ": ", seen]);
        }
        notes.extend(target.missing().map(|why| self.redactor.line(&why)));
        notes.extend(snapshots.note().map(|note| self.redactor.line(&note)));
        notes
    }
}

/// The same change in many codes has one cause, and is said once.
fn drift(trials: &[TrialResult]) -> Vec<DriftResult> {
    let mut changes: BTreeMap<(Shown, Shown, Shown), BTreeSet<Shown>> = BTreeMap::new();
    for trial in trials {
        for finding in trial.findings.iter().filter(|finding| finding.check == CheckId::Drift) {
            if let Some(values) = &finding.values {
                let change =
                    (finding.place.clone(), values.expected.clone(), values.actual.clone());
                changes.entry(change).or_default().extend(trial.code.clone());
            }
        }
    }
    let result = |((place, reviewed, now), codes): (_, BTreeSet<Shown>)| DriftResult {
        place,
        reviewed,
        now,
        codes: codes.into_iter().collect(),
    };
    changes.into_iter().map(result).collect()
}
