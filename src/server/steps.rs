//! What a trial does, step by step, as far as a plan can know it: what is foretold of a run is counted from these.
//!
//! [`super::play`] does the same with responses. A plan has none, so it takes the server for one that keeps the
//! contract: no request is refused that should not be, and the limit's window begins with the first request of a burst.

use std::time::Duration;

use super::{
    burst::{LAST_LOOK, MORE_OF_OTHER_KEY},
    closing::LATER,
    minute::{WORTH_A_LOOK, half},
    plan::APART,
    planned::{Planned, PlannedSteps, Preflight, TrialScript, TwinScript},
    step::SHORTEST_WINDOW,
};
use crate::{
    contract::{
        contract_file::Limit,
        limit::{LimitPlace, LimitSet},
    },
    exchange::outgoing::Outgoing,
    shown::secret::Secret,
};

/// One thing that a trial does.
#[derive(Debug, Clone)]
pub(super) enum Step<'a> {
    /// It waits until all requests that take minutes are on their way.
    AfterLong,
    /// Its request that takes minutes is on its way.
    LongBegins,
    /// It waits until all trials are over that are not among the last.
    AfterOthers,
    /// It begins, with others or alone.
    Begins(Held),
    /// It waits until no burst is under way past a limit that counts it; or, for its own burst, until nobody else is that
    /// this limit counts.
    Enter(LimitSet, Option<LimitPlace>),
    /// It lets a limit rest.
    Rest(LimitPlace),
    /// The same if the limit counts trials that are still to come.
    RestForOthers(LimitPlace),
    /// It takes the right to use a key.
    Hold(&'a Secret, Held),
    /// It gives that back.
    Release,
    /// Time passes.
    Pause(Duration),
    /// It sends a request when its key's turn has come. The response takes this long beyond the usual.
    InTurn(&'a Outgoing, Duration),
    /// It sends a request so many times at once, whatever the key's limit.
    AtOnce(&'a Outgoing, usize),
    /// It asks its twin, unless another trial has.
    Twin(&'a TwinScript),
}

/// How a key is held, or how the run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// With others.
    Shared,
    /// By nobody else.
    Alone,
}

/// What a response that may take minutes is taken to take: the docs say the least and the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Minutes {
    Least,
    Most,
}

/// The steps of a trial, in their order; none for one that is ignored.
pub(super) fn steps(planned: &Planned, minutes: Minutes) -> Vec<Step<'_>> {
    let Ok(script) = &planned.script else { return Vec::new() };
    let mut steps = Vec::new();
    let reads = matches!(script, TrialScript::Single { probe: Some(_), .. });
    if !planned.is_awaited() && (!reads || planned.case().alone) {
        steps.push(Step::AfterLong);
    }
    if planned.case().last {
        steps.push(Step::AfterOthers);
    }
    steps.push(Step::Begins(if planned.case().alone { Held::Alone } else { Held::Shared }));
    steps.push(Step::Enter(planned.counted_by(), planned.alone_at()));
    match script {
        TrialScript::Single { .. } => single(planned, script, minutes, &mut steps),
        TrialScript::Burst { .. } => {
            steps.extend(planned.alone_at().map(Step::Rest));
            burst(script, &mut steps);
            steps.extend(planned.alone_at().map(Step::RestForOthers));
        }
        TrialScript::Balance { request, times, read, .. } => {
            let read = || Step::InTurn(&read.0, Duration::ZERO);
            steps.extend(request.key.as_ref().map(|key| Step::Hold(key, Held::Alone)));
            let times = usize::try_from(*times).unwrap_or(usize::MAX);
            steps.extend([read(), Step::AtOnce(request, times), read(), Step::Release]);
        }
        TrialScript::Ledger { reads, .. } => {
            let read = || reads.iter().map(|read| Step::InTurn(read, Duration::ZERO));
            steps.extend(read().chain([Step::Pause(LATER)]).chain(read()));
        }
    }
    steps
}

fn single<'a>(
    planned: &'a Planned,
    script: &'a TrialScript,
    minutes: Minutes,
    steps: &mut Vec<Step<'a>>,
) {
    let TrialScript::Single { steps: around, hook, request, probe, .. } = script else { return };
    let usual = |request: &'a Outgoing| Step::InTurn(request, Duration::ZERO);
    let before = around.iter().chain(hook).flat_map(|steps| &steps.first);
    steps.extend(before.map(|step| usual(&step.request)));
    let probe = probe.as_deref().map(|(read, _)| read);
    let takes = match (planned.case().after, minutes) {
        (None, _) => Duration::ZERO,
        (Some((least, _)), Minutes::Least) => least,
        (Some((_, most)), Minutes::Most) => most,
    };
    if planned.takes_minutes() {
        steps.push(Step::Pause(planned.begins_after));
    }
    let held = if probe.is_some() { Held::Alone } else { Held::Shared };
    steps.extend(request.key.as_ref().map(|key| Step::Hold(key, held)));
    steps.extend(probe.map(usual));
    if planned.is_awaited() {
        steps.push(Step::LongBegins);
    }
    for _ in 0..planned.times {
        steps.push(Step::InTurn(request, takes));
    }
    steps.extend(probe.map(usual));
    steps.push(Step::Release);
    let after = |steps: &'a Option<Box<PlannedSteps>>| {
        let after = steps.iter().flat_map(|steps| &steps.after_all);
        after.map(move |step| usual(&step.request))
    };
    steps.extend(after(hook));
    steps.extend(planned.twin.iter().flatten().map(|twin| Step::Twin(twin)));
    steps.extend(after(around));
}

fn burst<'a>(script: &'a TrialScript, steps: &mut Vec<Step<'a>>) {
    let TrialScript::Burst { request, times, other, meanwhile, mistaken, strangers, limit, .. } =
        script
    else {
        return;
    };
    let times = usize::try_from(*times).unwrap_or(usize::MAX);
    let Limit { window_seconds, .. } = **limit;
    let window = Duration::from_secs(window_seconds.into());
    if window < SHORTEST_WINDOW {
        steps.push(Step::Pause(window + window / 8));
    }
    steps.extend(strangers.iter().map(|stranger| Step::AtOnce(stranger, 1)));
    steps.push(Step::AtOnce(request, times));
    let others = if meanwhile.is_empty() { 1 } else { 1 + MORE_OF_OTHER_KEY };
    let others = other.iter().flat_map(|other| std::iter::repeat_n(other, others));
    steps.extend(others.map(|other| Step::InTurn(other, Duration::ZERO)));
    let again = || Step::InTurn(request, Duration::ZERO);
    if meanwhile.is_empty() {
        steps.extend([Step::Pause(window), again()]);
        return;
    }
    // Each with the key, and the burst's own to see whether the key was refused until then.
    steps.extend(meanwhile.iter().map(|other| Step::AtOnce(&other.request, 1)));
    steps.push(Step::AtOnce(request, 1));
    if window < WORTH_A_LOOK {
        steps.push(Step::Pause(window));
    } else {
        let look = |wait| [Step::Pause(wait), Step::AtOnce(request, 1)];
        steps.extend(look(window / 2));
        steps.extend(look((window / 2).saturating_sub(LAST_LOOK)));
        steps.push(Step::Pause(LAST_LOOK));
    }
    // The second burst begins a window that ends too late for a third.
    steps.push(again());
    let half = usize::try_from(half(limit)).unwrap_or(usize::MAX);
    steps.extend(mistaken.as_deref().map(|mistaken| Step::AtOnce(mistaken, half)));
    steps.push(Step::AtOnce(request, times));
}

/// What a burst sends more with its key where the limit's windows do not begin with a key's first request: the key is
/// back earlier, so that there is time for another burst and the looks that go with it.
pub(super) fn another_burst(script: &TrialScript) -> Option<(&Secret, usize)> {
    let TrialScript::Burst { request, times, meanwhile, .. } = script else { return None };
    let more = usize::try_from(*times).unwrap_or(usize::MAX).saturating_add(3);
    request.key.as_ref().filter(|_| !meanwhile.is_empty()).map(|key| (key, more))
}

/// The steps before the first trial: the preflight, and a look at each balance that one of these trials is about.
pub(super) fn before<'a>(
    preflights: &'a [Preflight],
    trials: &[&'a Planned],
) -> impl Iterator<Item = Step<'a>> {
    let has_others = trials.iter().any(|planned| !planned.case().last);
    let reads = trials.iter().filter_map(|planned| match &planned.script {
        Ok(TrialScript::Ledger { reads, .. }) => Some(reads),
        _ => None,
    });
    let reads: Vec<&Outgoing> = if has_others { reads.flatten().collect() } else { Vec::new() };
    let preflights = preflights.iter().map(|preflight| &preflight.request);
    preflights.chain(reads).map(|request| Step::InTurn(request, Duration::ZERO))
}

/// How long after the requests that take minutes all others begin.
pub(super) const AFTER_LONG: Duration = APART;
