//! What findings of several trials have in common: a wrong docs link is one mistake of the server, however
//! many trials it is found in.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{finding::Finding, side_name::SideName, trial::TrialResult};
use crate::{
    contract::check::CheckId,
    shown,
    shown::{plural::plural, text::Shown},
};

/// So many are listed where a person reads: a hostile server has as many as it likes.
pub const LISTED: usize = 20;

/// What is wrong, whichever trial it is found in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    check: CheckId,
    place: Shown,
    wrong: Shown,
}

/// A cause that is found in two trials or more, and how much it weighs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schemas", schemars(deny_unknown_fields))]
pub struct SharedCause {
    /// The side of its trials.
    pub side: SideName,
    /// The check that does not hold.
    pub check: CheckId,
    /// Where: as in a finding.
    pub place: Shown,
    /// What is wrong there, as in a finding.
    pub wrong: Shown,
    /// How many red trials it is found in.
    pub trials: usize,
    /// How many trials the check was made in.
    pub of: usize,
    /// The codes of those that it is found in.
    pub codes: Vec<Shown>,
    /// The first of them, in the contract's order.
    pub first: Shown,
}

impl Finding {
    /// Its cause.
    #[must_use]
    pub fn cause(&self) -> Cause {
        Cause { check: self.check, place: self.place.clone(), wrong: self.wrong.clone() }
    }
}

/// How much a cause weighs.
#[derive(Debug)]
pub struct Weight {
    /// How many trials it is found in.
    pub trials: usize,
    /// How many trials its check was made in.
    pub of: usize,
    /// The codes of those that it is found in.
    pub codes: BTreeSet<Shown>,
    /// The first of them, in the contract's order.
    pub first: Shown,
}

impl Cause {
    /// The check that does not hold.
    #[must_use]
    pub fn check(&self) -> CheckId {
        self.check
    }

    /// The cause with its weight.
    #[must_use]
    pub fn shared(&self, side: SideName, weight: Weight) -> SharedCause {
        let Self { check, place, wrong } = self.clone();
        let Weight { trials, of, codes, first } = weight;
        let codes = codes.into_iter().collect();
        SharedCause { side, check, place, wrong, trials, of, codes, first }
    }

    /// The check and the place, for whoever has seen the rest: `docs at /error/docs`.
    #[must_use]
    pub fn label(&self) -> Shown {
        let check = self.check.as_str();
        if self.place.is_empty() { check.into() } else { shown![check, " at ", self.place] }
    }
}

impl SharedCause {
    /// What is wrong, and where.
    #[must_use]
    pub fn sentence(&self) -> Shown {
        let check = self.check.as_str();
        if self.place.is_empty() {
            return shown![check, ": ", self.wrong];
        }
        shown![check, ": at ", self.place, ": ", self.wrong]
    }

    /// How many trials it is found in, and of how many codes where trials are about codes.
    #[must_use]
    pub fn weight(&self) -> Shown {
        let trials = shown![self.trials, " of ", plural(self.of, "trial")];
        match self.codes.len() {
            0 => trials,
            codes => shown![trials, ", ", plural(codes, "code")],
        }
    }

    /// What is wrong, how much it weighs, and the first trial that it is found in.
    #[must_use]
    pub fn line(&self, first: &Shown) -> Shown {
        shown![self.sentence(), " (on ", self.weight(), "; first at ", first, ")"]
    }

    /// What is wrong, without its weight.
    #[must_use]
    pub fn cause(&self) -> Cause {
        Cause { check: self.check, place: self.place.clone(), wrong: self.wrong.clone() }
    }

    /// Whether a finding of one of its side's trials has this cause.
    #[must_use]
    pub fn is_of(&self, side: SideName, finding: &Finding) -> bool {
        let Self { check, place, wrong, .. } = self;
        self.side == side
            && (*check, place, wrong) == (finding.check, &finding.place, &finding.wrong)
    }
}

/// The causes that two or more of a side's red trials share, those of most trials first. `made` is in how
/// many trials each check was made. Drift is not among them: it is listed by its cause already.
#[must_use]
pub fn shared(
    side: SideName,
    trials: &[TrialResult],
    made: &BTreeMap<CheckId, usize>,
) -> Vec<SharedCause> {
    let mut order: Vec<Cause> = Vec::new();
    let mut found: BTreeMap<Cause, Vec<&TrialResult>> = BTreeMap::new();
    for trial in trials.iter().filter(|trial| trial.outcome.is_red()) {
        let causes: BTreeSet<Cause> = trial.findings.iter().map(Finding::cause).collect();
        let own = trial.findings.iter().map(Finding::cause);
        order.extend(own.filter(|cause| !found.contains_key(cause)));
        for cause in causes.into_iter().filter(|cause| cause.check != CheckId::Drift) {
            found.entry(cause).or_default().push(trial);
        }
    }
    let weighed = |cause: Cause| {
        let trials = found.remove(&cause).filter(|trials| trials.len() > 1)?;
        let weight = Weight {
            trials: trials.len(),
            of: made.get(&cause.check).copied().unwrap_or_default(),
            codes: trials.iter().filter_map(|trial| trial.code.clone()).collect(),
            first: trials[0].name.clone(),
        };
        Some(cause.shared(side, weight))
    };
    let mut shared: Vec<_> = order.into_iter().filter_map(weighed).collect();
    shared.sort_by_key(|cause| std::cmp::Reverse(cause.trials));
    shared
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        checks::{mismatch::Mismatch, sheet::Noted},
        result::{example, outcome::Outcome},
        shown::secrets::Secrets,
    };

    /// A red trial with these findings: each a check and what is wrong.
    fn trial(name: &'static str, code: &'static str, found: &[(CheckId, &str)]) -> TrialResult {
        let finding = |(check, wrong): &(CheckId, &str)| {
            let noted = Noted { check: *check, mismatch: Mismatch::says("", *wrong), on: vec![0] };
            Finding::of(&noted, Shown::default(), None, &Secrets::default().redactor())
        };
        let trials = example::side(SideName::Server).trials;
        TrialResult {
            name: name.into(),
            code: Some(code.into()),
            outcome: Outcome::Fail,
            findings: found.iter().map(finding).collect(),
            ..trials.into_iter().next().expect("it has trials")
        }
    }

    fn said(trials: &[TrialResult], made: &[(CheckId, usize)]) -> Vec<String> {
        let shared = shared(SideName::Server, trials, &made.iter().copied().collect());
        shared.iter().map(|cause| cause.line(&cause.first).to_string()).collect()
    }

    #[test]
    fn causes_are_counted_by_trials_and_those_of_most_come_first() {
        use CheckId::{Docs, Drift, Message, Status};
        let known = TrialResult { outcome: Outcome::Known, ..trial("e", "d", &[(Docs, "link")]) };
        let trials = [
            trial("a", "b", &[(Status, "418"), (Docs, "link"), (Docs, "link"), (Drift, "new")]),
            trial("b", "b", &[(Docs, "link"), (Message, "none"), (Drift, "new")]),
            trial("c", "b", &[(Docs, "another link"), (Status, "418")]),
            trial("d", "c", &[(Docs, "link")]),
            known,
        ];
        let expected = [
            "docs: link (on 3 of 9 trials, 2 codes; first at a)",
            "status: 418 (on 2 of 3 trials, 1 code; first at a)",
        ];
        assert_eq!(said(&trials, &[(Docs, 9), (Status, 3)]), expected);
        assert_eq!(said(&trials[2..], &[(Docs, 9), (Status, 3)]), Vec::<String>::new());
    }
}
