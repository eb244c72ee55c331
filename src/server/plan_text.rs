//! What a run would send, before it sends anything.

use std::{fmt::Write as _, time::Duration};

use super::{
    by_holder::by_holder,
    forecast::{Pace, Passing, forecast},
    plan::Plan,
    planned::Planned,
    shared::Run,
    steps::{Minutes, another_burst, before},
    twins::Twins,
};
use crate::{
    result::side::Ahead,
    shown::{plural::plural, text::Shown},
};

/// When a burst is followed by another one.
const WINDOWS: &str = "the limit's windows do not begin with a key's first request";

/// Requests by slot, credits, seconds, and what is ignored and why.
#[must_use]
pub fn render(run: &Run, plan: &Plan, ahead: &Ahead) -> Shown {
    let in_order = plan.order().into_iter().map(|at| &plan.trials[at]);
    let is_selected = |planned: &&Planned| ahead.selected.contains(&planned.case().name);
    let selected: Vec<&Planned> = in_order.filter(is_selected).collect();
    let passing = if run.target.is_bundled() { Passing::AtOnce } else { Passing::Real };
    let budget = run.target.budget.credits;
    let can_be_sent = run.target.headers.is_ok();
    let foretell = |minutes| {
        let pace = Pace {
            at_once: ahead.at_once,
            limits: run.contract.all_limits().collect(),
            passing,
            minutes,
            budget,
            twins: Twins::new(budget, plan.own_twins(), plan.purchases()),
        };
        let before = before(&plan.preflights, &selected).filter(|_| can_be_sent);
        forecast(before, &selected, pace)
    };
    let foretold = foretell(Minutes::Least);
    let all: usize = foretold.requests.values().sum();
    let ready = selected.iter().filter(|planned| planned.script.is_ok()).count();
    let mut text = format!(
        "{} on {}: {ready} of {} cases, {all} requests\n",
        run.contract.name,
        run.target.base_url,
        plan.trials.len() + plan.left_out.len()
    );
    let scripts = selected.iter().filter_map(|planned| planned.script.as_ref().ok());
    let more = scripts.filter_map(another_burst).map(|(key, more)| (Some(key.clone()), more));
    let more = by_holder(&run.target, &more.collect());
    let requests = by_holder(&run.target, &foretold.requests);
    let width = requests.keys().map(String::len).fold(24, usize::max);
    for (holder, requests) in requests {
        let _ = write!(text, "  {holder:<width$} {requests:>5}");
        if let Some(more) = more.get(&holder) {
            let most = requests.saturating_add(*more);
            let _ = write!(text, "  (about {most} if {WINDOWS})");
        }
        text.push('\n');
    }
    let _ = writeln!(text, "credits: at most {}, of a budget of {budget}", foretold.credits);
    let time = match passing {
        Passing::Real => {
            let slowest = || foretell(Minutes::Most).time;
            format!("about {} s{}", foretold.time.as_secs(), by_minutes(&selected, slowest))
        }
        Passing::AtOnce => "a few seconds, since waits pass at once on the bundled mock".to_owned(),
    };
    let _ = writeln!(text, "time: {time}");
    for (why, cases) in foretold.without_twin {
        let _ = writeln!(text, "no twin for {}: {why}", plural(cases, "case"));
    }
    for why in run.target.missing() {
        let _ = writeln!(text, "{why}");
    }
    for planned in plan.trials.iter().filter(is_selected) {
        if let Err(why) = &planned.script {
            let _ = writeln!(text, "ignored {}: {why}", planned.case().name);
        }
    }
    run.redactor.text(text.trim_end())
}

/// What the time depends on, where the docs leave it to the server: of a response that takes minutes they give the
/// least and the most. `slowest` is the time of the run if that takes the most.
fn by_minutes(trials: &[&Planned], slowest: impl FnOnce() -> Duration) -> String {
    let ready = trials.iter().filter(|planned| planned.script.is_ok());
    let ranges = ready.filter_map(|planned| Some((planned.case().after?, &planned.scenario.code)));
    ranges.max().map_or_else(String::new, |((least, most), code)| {
        format!(
            " if {code} comes after {} s, about {} s if it comes after {} s (the docs allow both)",
            least.as_secs(),
            slowest().as_secs(),
            most.as_secs()
        )
    })
}
