//! A check that nobody has seen fail is not a check: the whole suite on every mutant of the mock.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use errproof::internals::{
    contract::{
        Contract,
        check::CheckId,
        scenario::{ANY_ERROR, ORDER},
    },
    exchange::clock::{Clock, SharedClock},
    mock::{
        api::Waits,
        mutants::{self, Meant, Mutant, MutantPromised, code_of},
        mutation::Mutation,
        server::{Front, Keys},
    },
    result::verdict::Verdict,
    server::{played::Played, suite::Suite},
};
use tokio::runtime::Builder;

use crate::support::{line, stricter};

fn contract() -> Arc<Contract> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    Contract::load(root).unwrap_or_else(|faults| panic!("{faults:?}")).into()
}

/// A suite that every mutant is given anew: its plan and what finds its keys are made once.
struct Prepared {
    suite: Suite,
    /// What the keys of each mutant are drawn by, which are those of the plan.
    seed: u64,
}

impl Prepared {
    fn of(contract: Arc<Contract>) -> Self {
        let seed = fastrand::u64(..);
        let clock = Clock::Shared(SharedClock::default());
        let (front, keys) = mock(clock.clone(), None, seed);
        let suite = Suite::in_process(contract, Arc::new(front), &keys, clock);
        Self { suite: suite.unwrap_or_else(|faults| panic!("{faults:?}")), seed }
    }
}

/// A mock whose keys depend on nothing but the seed.
fn mock(clock: Clock, mutation: Option<Mutation>, seed: u64) -> (Front, Keys) {
    let mut random = fastrand::Rng::with_seed(seed);
    let waits = Waits::default();
    Front::with_random(clock, mutation, waits, &mut |below| random.usize(..below))
}

/// Carries the whole suite out on a mock, trial by trial in the contract's order.
fn play(prepared: &Prepared, mutation: Option<Mutation>) -> Vec<Carried> {
    let clock = Clock::Shared(SharedClock::default());
    let (front, _) = mock(clock.clone(), mutation, prepared.seed);
    let suite = prepared.suite.anew(Arc::new(front), clock);
    let runtime = Builder::new_current_thread().build().expect("the runtime starts");
    let trials = &suite.plan.trials;
    let all = trials.iter().map(|planned| planned.case().name.clone()).collect();
    let (last, first): (Vec<_>, Vec<_>) = trials.iter().partition(|planned| planned.case().last);
    runtime.block_on(async {
        suite.run.open(&suite.plan, &all).await;
        let mut carried = Vec::with_capacity(trials.len());
        for planned in first.into_iter().chain(last) {
            let name = planned.case().name.clone();
            let point = planned.case().point().map(|point| point.to_string());
            carried.push(Carried { name, point, played: suite.run.play(planned).await });
        }
        carried
    })
}

/// A trial that was carried out.
struct Carried {
    name: String,
    /// The point that it is at, as it is called.
    point: Option<String>,
    played: Played,
}

/// The code that each trial of any error gets from the whole mock, if it is one of the page.
fn any_errors(prepared: &Prepared) -> BTreeMap<String, &'static str> {
    let code = |trial: &Carried| {
        let body = &trial.played.exchanges[trial.played.main?].answer.body;
        let body: serde_json::Value = serde_json::from_slice(body).ok()?;
        mutants::CODES.into_iter().find(|code| body["error"]["code"] == *code)
    };
    let open = [ANY_ERROR, ORDER];
    let trials = play(prepared, None).into_iter();
    let trials = trials.filter(|trial| open.contains(&code_of(&trial.name)));
    trials.filter_map(|trial| Some((trial.name.clone(), code(&trial)?))).collect()
}

/// The checks that failed in a trial. Drift is none: it says that something changed, not what for.
fn failed(played: &Played) -> BTreeSet<CheckId> {
    let checks = played.sheet.noted().iter().map(|noted| noted.check);
    checks.filter(|check| *check != CheckId::Drift).collect()
}

/// What is wrong with how the suite took a mutant, if anything; and which checks failed on which codes.
fn judge(
    mutant: &Mutant,
    played: &[Carried],
    gets: &BTreeMap<String, &'static str>,
) -> (Vec<String>, BTreeMap<String, BTreeSet<CheckId>>) {
    let mut wrong = Vec::new();
    let mut by_code: BTreeMap<String, BTreeSet<CheckId>> = BTreeMap::new();
    for (at, Carried { name: trial, point, played }) in played.iter().enumerate() {
        let unclear = matches!(played.verdict, Verdict::Ignored(_) | Verdict::Inconclusive(_));
        // A balance that cannot be read, or does not move, is said to be so.
        let green = played.verdict == Verdict::Pass || (trial.starts_with("ledger") && unclear);
        let is_own = mutant.code().is_some_and(|code| gets.get(trial) == Some(&code));
        let main = played.main.and_then(|main| played.exchanges.get(main));
        let request = main.map(|exchange| &*exchange.request);
        let meant = mutant.on.means(Meant { name: trial, at, point: point.as_deref(), request });
        // What has two things wrong shows the break of either, or not if the other one wins.
        let is_of_two = code_of(trial) == ORDER && !matches!(mutant.mutation, Mutation::Turned(_));
        if is_own || is_of_two || (!meant && (mutant.open)(trial)) {
            // It got the very error that is broken, and says so, or not if neither code nor status is promised of it.
            continue;
        }
        if green && meant {
            wrong.push(format!("{}: survives {trial}", mutant.name));
        } else if !green && !meant {
            wrong.push(format!(
                "{}: {trial} is not green: {:?}",
                mutant.name,
                played.sheet.noted()
            ));
        }
        if meant {
            by_code.entry(code_of(trial).to_owned()).or_default().extend(failed(played));
        }
    }
    for (code, checks) in &by_code {
        // Where a break makes twins fail, cases that passed without them prove nothing any more.
        if !checks.contains(&mutant.killed_by) && !checks.contains(&CheckId::Twin) {
            wrong.push(format!(
                "{}: {} holds on {code}, {checks:?} fail",
                mutant.name, mutant.killed_by
            ));
        }
    }
    if by_code.is_empty() {
        wrong.push(format!("{}: is meant to break no trial", mutant.name));
    }
    (wrong, by_code)
}

#[test]
fn every_mutant_is_killed_by_its_check_and_breaks_nothing_else() {
    let (by_page, stricter) = (Prepared::of(contract()), Prepared::of(stricter()));
    let mutants = mutants::all();
    let gets = any_errors(&by_page);
    let next = AtomicUsize::new(0);
    let requests = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    let matrix = Mutex::new(BTreeMap::new());
    let begin = std::time::Instant::now();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, Into::into) {
            scope.spawn(|| {
                while let Some(mutant) = mutants.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let prepared = match mutant.promised {
                        MutantPromised::ByPage => &by_page,
                        MutantPromised::MoreThanPage => &stricter,
                    };
                    let played = play(prepared, Some(mutant.mutation));
                    let sent: usize = played.iter().map(|trial| trial.played.exchanges.len()).sum();
                    requests.fetch_add(sent, Ordering::Relaxed);
                    let (more, by_code) = judge(mutant, &played, &gets);
                    wrong.lock().expect("no panic").extend(more);
                    matrix.lock().expect("no panic").insert(mutant.name.clone(), by_code);
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no panic");
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
    line(&format!(
        "{} mutants, {} requests, {:.1} s",
        mutants.len(),
        requests.into_inner(),
        begin.elapsed().as_secs_f64()
    ));
    let matrix = matrix.into_inner().expect("no panic");
    insta::assert_snapshot!(lines(&mutants, &matrix));
}

/// The matrix as lines: a mutant, the check that kills it with a star, and the others that fail.
fn lines(
    mutants: &[Mutant],
    matrix: &BTreeMap<String, BTreeMap<String, BTreeSet<CheckId>>>,
) -> String {
    let mut lines = String::new();
    for mutant in mutants {
        let others: BTreeSet<_> = matrix[&mutant.name].values().flatten().copied().collect();
        let others = others.into_iter().filter(|check| *check != mutant.killed_by);
        let others: Vec<_> = others.map(CheckId::as_str).collect();
        let also =
            if others.is_empty() { String::new() } else { format!(", also {}", others.join(" ")) };
        let _ = writeln!(lines, "{}: {}{also}", mutant.name, mutant.killed_by);
    }
    lines
}

/// What the mock's docs do not promise: `problem_json.rs` breaks it on an API that promises it. Drift is no
/// broken promise: `cli.rs` sees it. That an id is of the run before takes two runs: `advice.rs`. Of headers nothing is
/// promised there: `identity.rs`.
const SEEN_ELSEWHERE: [CheckId; 4] =
    [CheckId::RateTold, CheckId::Drift, CheckId::RequestIdAgain, CheckId::Headers];

#[test]
fn every_check_kills_a_mutant() {
    let killers: BTreeSet<_> = mutants::all().iter().map(|mutant| mutant.killed_by).collect();
    let idle = CheckId::OF_SERVERS.iter().copied().filter(|check| !killers.contains(check));
    let idle: Vec<_> = idle.filter(|check| !SEEN_ELSEWHERE.contains(check)).collect();
    assert!(idle.is_empty(), "nobody has seen these checks fail: {idle:?}");
}

#[test]
fn the_whole_mock_passes_and_mutants_have_names_of_their_own() {
    for contract in [contract(), stricter()] {
        for Carried { name, played, .. } in play(&Prepared::of(contract), None) {
            assert_eq!(played.verdict, Verdict::Pass, "{name}: {:?}", played.sheet);
        }
    }
    let mutants = mutants::all();
    let names: BTreeSet<_> = mutants.iter().map(|mutant| &mutant.name).collect();
    assert_eq!(names.len(), mutants.len());
    assert!(mutants.len() >= 1_023, "{}", mutants.len());
}
