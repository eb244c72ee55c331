//! The experiment on limiters that are simulated, over a network that takes its time. Run with `--nocapture`, the
//! first test prints what it costs.

use std::time::Duration;

use fastrand::Rng;

use super::{
    experiment::next,
    numbers::Numbers,
    simulated_limiter::{Kind, Limiter},
    step::{Algorithm, Ask, Became, Outcome, Reply, Sent, Step},
};

/// How an experiment went.
struct Ended {
    outcome: Outcome,
    requests: usize,
    seconds: f64,
}

/// A limiter, a network, and the wall clock's time at which the run begins. Times are in microseconds.
struct World {
    limiter: Limiter,
    random: Rng,
    start: u64,
    /// The longest way there, or back.
    longest: u64,
    /// How far apart somebody else's requests with the same key are, if there is somebody.
    others: Option<u64>,
    /// When somebody else's next one arrives.
    next: u64,
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).expect("some hours")
}

impl World {
    fn new(kind: Kind, numbers: Numbers, seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let window = micros(numbers.window);
        let start = window * 1_000 + random.u64(..window);
        let longest = random.u64(1..150_000);
        let limiter = Limiter::new(kind, numbers);
        Self { limiter, random, start, longest, others: None, next: start }
    }

    /// Sends requests, which overtake each other.
    fn send(&mut self, ask: Ask, now: Duration) -> Sent {
        let at = micros(ask.at.max(now));
        let mut arrivals: Vec<(u64, u64)> = (0..ask.count)
            .map(|_| {
                let sent = at + self.random.u64(..2_000);
                (sent + self.random.u64(..self.longest), sent)
            })
            .collect();
        arrivals.sort_unstable();
        let mut replies: Vec<Reply> = arrivals
            .into_iter()
            .map(|(arrives, sent)| {
                while let Some(each) = self.others.filter(|_| self.next <= self.start + arrives) {
                    self.limiter.ask(self.next).ok();
                    self.next += self.random.u64(..each * 2);
                }
                let became = match self.limiter.ask(self.start + arrives) {
                    Ok(()) => Became::Served,
                    Err(wait) => Became::Refused(Some(wait.div_ceil(1_000_000))),
                };
                let answered = arrives + self.random.u64(..self.longest);
                let time = Duration::from_micros;
                Reply { sent: time(sent), answered: time(answered), became }
            })
            .collect();
        replies.sort_by_key(|reply| reply.answered);
        Sent { ask, replies }
    }

    fn run(&mut self, numbers: Numbers) -> (Ended, Vec<Sent>) {
        let (mut sent, mut now) = (Vec::new(), Duration::ZERO);
        loop {
            match next(numbers, &sent) {
                Step::Send(ask) => {
                    assert!(sent.len() < 100, "no end: {sent:#?}");
                    let step = self.send(ask, now);
                    now = step.end();
                    sent.push(step);
                }
                Step::Done(outcome) => {
                    let requests = sent.iter().map(|sent| sent.replies.len()).sum();
                    return (Ended { outcome, requests, seconds: now.as_secs_f64() }, sent);
                }
            }
        }
    }
}

fn is_right(kind: Kind, numbers: Numbers, outcome: &Outcome) -> bool {
    let limit = numbers.limit;
    let near = |size: u64, burst: u32| u64::from(burst).abs_diff(size) <= 1 + u64::from(limit) / 30;
    let Outcome::Named(algorithm) = outcome else { return false };
    match (kind, algorithm) {
        (Kind::FromFirst, Algorithm::FixedFromFirst)
        | (Kind::ByClock | Kind::RefilledWhole, Algorithm::FixedByClock)
        | (Kind::Log | Kind::LogOfAll, Algorithm::SlidingLog)
        | (Kind::Counter, Algorithm::SlidingCounter)
        | (Kind::Nothing, Algorithm::Nothing { .. }) => true,
        (Kind::Bucket(size) | Kind::Gcra(size), Algorithm::Bucket { burst }) => near(size, *burst),
        (Kind::Replicas(replicas), Algorithm::Several { counters, .. }) => {
            counters.and_then(|counters| usize::try_from(counters).ok()) == Some(replicas)
        }
        _ => false,
    }
}

/// Many runs of one limiter, at other places of the window: how many named it rightly, the fewest and most
/// requests and seconds, and what was said instead.
fn tried(kind: Kind, numbers: Numbers, runs: u64) -> (u64, [usize; 2], [f64; 2], Vec<String>) {
    let (mut right, mut requests, mut seconds) = (0, [usize::MAX, 0], [f64::MAX, 0.0]);
    let mut wrong = Vec::new();
    for _ in 0..runs {
        let seed = fastrand::u64(..);
        let (ended, _) = World::new(kind, numbers, seed).run(numbers);
        if is_right(kind, numbers, &ended.outcome) {
            right += 1;
        } else {
            wrong.push(format!("seed {seed}: {:?}", ended.outcome));
        }
        requests = [requests[0].min(ended.requests), requests[1].max(ended.requests)];
        seconds = [seconds[0].min(ended.seconds), seconds[1].max(ended.seconds)];
    }
    (right, requests, seconds, wrong)
}

/// All kinds of limiters, for a limit.
fn kinds(limit: u64) -> Vec<Kind> {
    vec![
        Kind::FromFirst,
        Kind::ByClock,
        Kind::Log,
        Kind::LogOfAll,
        Kind::Bucket(limit),
        Kind::Gcra(limit),
        Kind::Gcra((limit / 6).max(10)),
        Kind::RefilledWhole,
        Kind::Counter,
        Kind::Replicas(2),
        Kind::Replicas(3),
        Kind::Nothing,
    ]
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "whoever runs it with --nocapture wants to see the figures"
)]
fn the_algorithm_of_a_limiter_is_named_rightly_wherever_in_a_window_the_run_begins() {
    let numbers = Numbers::new(60, 60);
    let runs = 400;
    for kind in kinds(60) {
        let (right, requests, seconds, wrong) = tried(kind, numbers, runs);
        println!(
            "{kind:?}: {right}/{runs}, {} to {} requests, {:.0} to {:.0} s",
            requests[0], requests[1], seconds[0], seconds[1]
        );
        let least = runs * 99 / 100;
        assert!(right >= least, "{kind:?}: {right} of {runs}: {wrong:#?}");
    }
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "whoever runs it with --nocapture wants to see the figures"
)]
fn so_is_that_of_other_limits() {
    for (limit, window) in [(10, 10), (20, 60), (100, 10), (100, 3_600), (600, 60)] {
        let numbers = Numbers::new(limit, window);
        for kind in kinds(limit.into()) {
            let runs = if limit > 200 { 20 } else { 200 };
            let (right, _, _, wrong) = tried(kind, numbers, runs);
            println!("{limit} in {window} s, {kind:?}: {right}/{runs}");
            assert!(
                right >= runs * 97 / 100,
                "{limit} in {window} s, {kind:?}: {right}: {wrong:#?}"
            );
        }
    }
}

#[test]
fn a_limit_that_is_not_the_contracts_is_measured_and_its_algorithm_named() {
    let numbers = Numbers::new(60, 60);
    for serves in [50, 59, 61, 70] {
        for kind in [Kind::FromFirst, Kind::ByClock, Kind::Log] {
            let mut world = World::new(kind, numbers, fastrand::u64(..));
            // Well within a window, so that none ends within the first burst.
            world.start = world.start / 60_000_000 * 60_000_000 + 10_000_000;
            world.limiter.serves = serves;
            let (ended, sent) = world.run(numbers);
            assert!(
                is_right(kind, numbers, &ended.outcome),
                "{serves}, {kind:?}: {:?}",
                ended.outcome
            );
            assert_eq!(u64::from(sent[0].served()), serves, "{kind:?}");
        }
    }
}

#[test]
fn a_key_that_somebody_else_uses_as_well_is_said_to_be_unclear_and_hardly_ever_misnamed() {
    let numbers = Numbers::new(60, 60);
    for seconds in [30, 10, 5] {
        let (mut unclear, mut wrong, mut runs) = (0, Vec::new(), 0);
        for kind in kinds(60) {
            for _ in 0..60 {
                let mut world = World::new(kind, numbers, fastrand::u64(..));
                world.others = Some(seconds * 1_000_000);
                world.next -= 60_000_000;
                let (ended, _) = world.run(numbers);
                runs += 1;
                match (kind, ended.outcome) {
                    (_, Outcome::Unclear(_)) => unclear += 1,
                    // How many they are, the others' requests blur.
                    (Kind::Replicas(_), Outcome::Named(Algorithm::Several { .. })) => {}
                    (kind, other) if is_right(kind, numbers, &other) => {}
                    (kind, other) => wrong.push((kind, other)),
                }
            }
        }
        assert!(wrong.len() * 50 <= runs, "each {seconds} s, {} of {runs}: {wrong:?}", wrong.len());
        assert!(unclear * 4 > runs, "each {seconds} s: {unclear} of {runs} are unclear");
    }
}

#[test]
fn a_network_that_takes_two_seconds_there_and_back_changes_no_name() {
    let numbers = Numbers::new(60, 60);
    // Drawn anew each time, three of 200 were wrong once in some dozens of runs.
    let mut seeds = Rng::with_seed(1);
    for kind in kinds(60) {
        let mut wrong = Vec::new();
        for _ in 0..200 {
            let mut world = World::new(kind, numbers, seeds.u64(..));
            world.longest = 1_000_000;
            let (ended, _) = world.run(numbers);
            if !is_right(kind, numbers, &ended.outcome) {
                wrong.push(ended.outcome);
            }
        }
        assert!(wrong.len() <= 2, "{kind:?}: {wrong:?}");
    }
}
