//! Whether a red trial shows something new, or only causes that an earlier one showed in full.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{
    cause::Cause, finding::Finding, outcome::Outcome, side_name::SideName, trial::TrialResult,
};
use crate::{shown, shown::text::Shown};

/// So many causes of one trial are named: a hostile server has as many as it likes.
const NAMED: usize = 5;

/// Which trial was the first to show a cause in full. Trials run at the same time, so whoever completes
/// first is the first.
#[derive(Debug, Default)]
pub struct FirstShown(BTreeMap<(SideName, Cause), Shown>);

/// What a trial that is to be shown has to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shows {
    /// Something that no trial before it showed.
    News(News),
    /// Nothing new.
    Repeat(Repeat),
}

/// Which of a trial's findings are new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News(Vec<Cause>);

/// A trial whose every finding has a cause that was shown before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeat {
    /// The trials that showed them, in the order of the findings, each with its causes.
    shown_by: Vec<(Shown, Vec<Shown>)>,
}

/// The trials that show nothing new where all are shown one after another.
#[derive(Debug, Default)]
pub struct Repeats(BTreeMap<(SideName, Shown), Repeat>);

impl Repeats {
    /// Those of these trials, in the order in which they are shown.
    #[must_use]
    pub fn of<'a>(trials: impl IntoIterator<Item = &'a TrialResult>) -> Self {
        let mut first = FirstShown::default();
        let repeat = |trial: &TrialResult| match first.note(trial) {
            Shows::Repeat(repeat) => Some(((trial.side, trial.name.clone()), repeat)),
            Shows::News(_) => None,
        };
        Self(trials.into_iter().filter_map(repeat).collect())
    }

    /// What a trial repeats, if it shows nothing new.
    #[must_use]
    pub fn get(&self, trial: &TrialResult) -> Option<&Repeat> {
        self.0.get(&(trial.side, trial.name.clone()))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

impl FirstShown {
    /// Notes that a trial is about to be shown, and says what it has to show. Only a failure can be
    /// nothing but a repeat: any other trial has a reason of its own.
    pub fn note(&mut self, trial: &TrialResult) -> Shows {
        let mut news = Vec::new();
        let mut shown_by: Vec<(Shown, Vec<Shown>)> = Vec::new();
        for cause in trial.findings.iter().map(Finding::cause) {
            let label = cause.label();
            match self.0.entry((trial.side, cause)) {
                Entry::Vacant(place) => {
                    news.push(place.key().1.clone());
                    place.insert(trial.name.clone());
                }
                Entry::Occupied(first) => add(&mut shown_by, first.get(), label),
            }
        }
        if news.is_empty() && !shown_by.is_empty() && trial.outcome == Outcome::Fail {
            return Shows::Repeat(Repeat { shown_by });
        }
        Shows::News(News(news))
    }

    /// The trial that showed a cause first, if one did.
    #[must_use]
    pub fn trial(&self, side: SideName, cause: &Cause) -> Option<&Shown> {
        self.0.get(&(side, cause.clone()))
    }
}

fn add(shown_by: &mut Vec<(Shown, Vec<Shown>)>, first: &Shown, label: Shown) {
    match shown_by.iter_mut().find(|(name, _)| name == first) {
        Some((_, labels)) if labels.contains(&label) => {}
        Some((_, labels)) => labels.push(label),
        None => shown_by.push((first.clone(), vec![label])),
    }
}

impl News {
    /// Whether a finding of the trial is new.
    #[must_use]
    pub fn is_new(&self, finding: &Finding) -> bool {
        self.0.contains(&finding.cause())
    }
}

impl Repeat {
    /// Which causes, and which trial shows them: `the same cause as A: docs at /error/docs`.
    #[must_use]
    pub fn sentence(&self) -> Shown {
        let causes: usize = self.shown_by.iter().map(|(_, labels)| labels.len()).sum();
        let said = self.shown_by.iter().map(|(name, labels)| {
            let named: Vec<&Shown> = labels.iter().take(NAMED).collect();
            let more = match labels.len() - named.len() {
                0 => Shown::default(),
                more => shown![" and ", more, " more"],
            };
            shown!["as ", name, ": ", Shown::joined(named, ", "), more]
        });
        let said: Vec<Shown> = said.take(NAMED).collect();
        let what = if causes == 1 { "the same cause " } else { "the same causes " };
        shown![what, Shown::joined(&said, "; ")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::example;

    /// What trials show one after another, by name.
    fn shown<'a>(trials: impl IntoIterator<Item = &'a TrialResult>) -> Vec<String> {
        let mut first = FirstShown::default();
        let said = |trial: &TrialResult| match first.note(trial) {
            Shows::News(News(causes)) => format!("{}: {} new", trial.name, causes.len()),
            Shows::Repeat(repeat) => format!("{}: {}", trial.name, repeat.sentence()),
        };
        trials.into_iter().map(said).collect()
    }

    #[test]
    fn a_failure_without_anything_new_points_at_those_that_showed_its_causes() {
        let results = example::results();
        let red: Vec<&TrialResult> = results.red().map(|(_, trial)| trial).collect();
        let [revoked, bearer, plan, gone] = [0, 1, 2, 3].map(|at| red[at + 1]);
        insta::assert_snapshot!(shown([revoked, bearer, plan, gone]).join("\n"));
    }

    #[test]
    fn nothing_is_lost_that_has_a_reason_of_its_own_or_is_on_another_side() {
        let trials = example::side(SideName::Server).trials;
        let docs = trials.iter().find(|trial| trial.outcome == Outcome::Fail).expect("one");
        let error = TrialResult { outcome: Outcome::Error, ..docs.clone() };
        let none = TrialResult { findings: Vec::new(), ..docs.clone() };
        let elsewhere = TrialResult { side: SideName::Client, ..docs.clone() };
        let (name, all) = (&docs.name, docs.findings.len());
        let expected = [
            format!("{name}: {all} new"),
            format!("{name}: 0 new"),
            format!("{name}: 0 new"),
            format!("{name}: {all} new"),
        ];
        assert_eq!(shown([docs, &error, &none, &elsewhere]), expected);
    }
}
