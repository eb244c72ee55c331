//! Looks, before all trials, whether the target is there and takes the key that it was given: one
//! message instead of sixty failures.

use std::{
    collections::BTreeSet,
    fs::File,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::PathBuf,
    sync::Arc,
};

use super::shared::Run;
use crate::server::{
    plan::Plan,
    planned::{Preflight, TrialScript},
};

/// The trial that says what is found in the answer to the preflight: the first that is carried out, and a
/// burst, whose picture is its own, only where there is no other.
fn spokesman(plan: &Plan, selected: &BTreeSet<String>) -> Option<Arc<str>> {
    let trials = plan.trials.iter().filter(|planned| selected.contains(&planned.case().name));
    let trials = trials.filter_map(|planned| Some((planned, planned.script.as_ref().ok()?)));
    let first = trials.min_by_key(|(_, script)| matches!(script, TrialScript::Burst { .. }));
    first.map(|(planned, _)| planned.case().name.as_str().into())
}

impl Run {
    /// Sends the preflights of a plan. What an answer to one gives away is a finding of one of the trials that
    /// are selected.
    ///
    /// # Errors
    /// Why no trial could tell anything, in one line.
    pub async fn preflight(&self, plan: &Plan, selected: &BTreeSet<String>) -> Result<(), String> {
        if self.target.headers.is_err() {
            // Nothing can be sent as this target wants it: every case is ignored, and says why.
            return Ok(());
        }
        let marker = marker(&self.target.name);
        if marker.as_ref().is_some_and(|marker| marker.exists()) {
            return Ok(());
        }
        for preflight in &plan.preflights {
            self.preflight_by(preflight, plan, selected).await?;
        }
        if let Some(marker) = marker {
            // Without it the next process asks once more; no harm is done. A link that somebody else
            // put there is not followed.
            File::create_new(marker).ok();
        }
        Ok(())
    }

    /// The preflight by one key.
    async fn preflight_by(
        &self,
        preflight: &Preflight,
        plan: &Plan,
        selected: &BTreeSet<String>,
    ) -> Result<(), String> {
        let base = &self.target.base_url;
        let exchange =
            self.sender.send(&preflight.request).await.map_err(|why| format!("{base}: {why}"))?;
        let answer = &exchange.answer;
        let reading = self.reading(&exchange);
        // A refusal by the limit comes after the key was taken.
        let limited = self.refused_by(&exchange, None).is_some();
        let taken = |served| reading.is_served(served) || limited;
        if preflight.served.is_none_or(taken) {
            if !self.judge.leaks(&exchange).is_empty()
                && let Some(trial) = spokesman(plan, selected)
            {
                self.preflight_leak.set(trial, exchange);
            }
            return Ok(());
        }
        let says = [reading.code(), reading.message()];
        let says: Vec<_> = says.into_iter().flatten().collect();
        let says = if says.is_empty() { String::new() } else { format!(" ({})", says.join(": ")) };
        let request = &exchange.request;
        let odd = exchange.key.as_ref().is_some_and(|key| !self.contract.key.fits(key.expose()));
        let odd = if odd { ", which does not look like a key of this API" } else { "" };
        let with = if preflight.env.is_empty() {
            String::new()
        } else {
            format!(" with the key in ${}{odd}", preflight.env)
        };
        Err(format!(
            "{base} answered {}{says} to {} {}{with}",
            answer.status, request.method, request.path,
        ))
    }
}

/// nextest runs each trial as a process of its own; the first whose request succeeds leaves this
/// behind for the others of the same run, so that they do not use up the key's limit.
fn marker(target: &str) -> Option<PathBuf> {
    let run = std::env::var("NEXTEST_RUN_ID").ok()?;
    let run: String = run.chars().filter(char::is_ascii_alphanumeric).collect();
    // A name may hold a key.
    let mut hash = DefaultHasher::new();
    target.hash(&mut hash);
    Some(std::env::temp_dir().join(format!("errproof-{run}-{:x}", hash.finish())))
}
