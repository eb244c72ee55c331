//! What a person reads of a trial that failed: one for each check.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use errproof::internals::{
    contract::{Contract, check::CheckId},
    exchange::clock::{Clock, SharedClock},
    mock::{api::Waits, mutants, server::Front},
    report::failure,
    result::collected::Keep,
    server::suite::Suite,
    terminal::paint::Paint,
};
use tokio::runtime::Builder;

use crate::support::stricter;

/// The text of the first failure of a check on the mutant that is listed first for it.
fn failure_of(contract: &Arc<Contract>, check: CheckId) -> Option<String> {
    let mutant = mutants::all().into_iter().find(|mutant| mutant.killed_by == check)?;
    let clock = Clock::Shared(SharedClock::default());
    // The same request ids each time.
    let mut random = fastrand::Rng::with_seed(1);
    let random = &mut |below| random.usize(..below);
    let waits = Waits::default();
    let (front, keys) = Front::with_random(clock.clone(), Some(mutant.mutation), waits, random);
    let suite = Suite::in_process(Arc::clone(contract), Arc::new(front), &keys, clock);
    let suite = suite.unwrap_or_else(|faults| panic!("{faults:?}"));
    let runtime = Builder::new_current_thread().build().expect("the runtime starts");
    for planned in &suite.plan.trials {
        let played = runtime.block_on(suite.run.play(planned));
        let found = played.sheet.noted().iter().any(|noted| noted.check == check);
        if found {
            let result = suite.collector.trial(
                planned,
                suite.redactor().line(&planned.case().name),
                &played,
                0.0,
                Keep::Red,
            );
            let target = suite.collector.target_url();
            return Some(failure::render(&target, &result, Paint::Plain));
        }
    }
    panic!("{}: no trial fails by {check}", mutant.name);
}

/// The same for what the bundled mock does not promise, so that no mutant of it breaks it: a contract that promises it.
fn failure_of_more(check: CheckId) -> String {
    let contract = crate::support::Contract::copy();
    let (trial, file, from, more) = match check {
        CheckId::Headers => {
            let (file, more) =
                ("scenarios/403-plan_gate.toml", "headers = { X-Plan = \"^Free$\" }");
            ("plan_gate::free-plan", file, "status = 403", more)
        }
        _ => {
            ("rate_limited::burst", "contract.toml", "window-seconds = 60", "policy = \"default\"")
        }
    };
    contract.change(file, from, &format!("{from}\n{more}"));
    let ended = crate::support::errproof(&["--contract", contract.folder(), "--exact", trial], &[]);
    let begin = format!("---- {trial} ----\n");
    let text = ended.stdout.split(&begin).nth(1).expect("it fails");
    text.split("\n\n").next().unwrap_or_default().to_owned() + "\n"
}

#[test]
fn the_text_of_one_failure_of_every_check() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let contract = Contract::load(root).unwrap_or_else(|faults| panic!("{faults:?}")).into();
    let stricter = stricter();
    // That an id is of the run before takes two runs.
    let others = [CheckId::Drift, CheckId::RequestIdAgain];
    let checks = CheckId::OF_SERVERS.iter().copied().filter(|check| !others.contains(check));
    let texts: BTreeMap<&str, String> = checks
        .map(|check| {
            let is_more = check.is_advice() || check == CheckId::Order;
            let contract = if is_more { &stricter } else { &contract };
            let text = failure_of(contract, check).unwrap_or_else(|| failure_of_more(check));
            assert!(text.contains(&format!("  x {check} ")), "{text}");
            (check.as_str(), text)
        })
        .collect();
    let texts: Vec<_> =
        texts.into_iter().map(|(check, text)| format!("# {check}\n\n{text}")).collect();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn colour_is_there_only_when_it_is_asked_for() {
    let contract = crate::support::Contract::copy();
    contract.change("snapshots/mock/plan_gate.snap", "status: 403", "status: 402");
    let escape = '\u{1b}';
    for (flags, coloured) in [
        (&[][..], false),
        (&["--color", "always"], true),
        (&["--color", "never"], false),
        (&["--color", "always", "--format", "json", "-Zunstable-options"], false),
    ] {
        let flags = [&["--contract", contract.folder(), "plan_gate"], flags].concat();
        let ended = crate::support::errproof(&flags, &[]);
        let line = ended.stdout.lines().find(|line| line.contains("drift")).unwrap_or_default();
        assert_eq!(
            line.contains(escape) || line.contains("\\u001b"),
            coloured,
            "{flags:?}: {line}"
        );
    }
}
