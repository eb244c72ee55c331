//! What is decided of a burst, on limiters that are simulated: those that keep the limit are never called
//! broken, and those that do not are never taken for ones that do. Time is a number here.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use fastrand::Rng;

use super::next::{Next, Which, next};
use crate::{
    checks::{
        rate::{self, Tally},
        retry_after,
    },
    contract::contract_file::Limit,
    exchange::{
        message::{Answer, Ending, Request},
        outgoing::{Exchange, Role},
    },
};

/// How a limiter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// In windows that begin with a request.
    FromFirst,
    /// In windows that begin by the wall clock.
    WallClock,
    /// What was admitted within the last window.
    Log,
    /// In a bucket that is refilled as time passes.
    Bucket,
    /// By the time at which the next request is due (GCRA).
    Gcra,
}

const KINDS: [Kind; 5] = [Kind::FromFirst, Kind::WallClock, Kind::Log, Kind::Bucket, Kind::Gcra];

/// A limiter. Times are in microseconds.
#[derive(Debug, Clone)]
struct Limiter {
    kind: Kind,
    /// How many requests it admits in a window, whatever is promised.
    admits: u64,
    window: u64,
    /// How many more it admits before it has refused one: a race that is lost once.
    race: u64,
    /// What it adds to the seconds that it tells to wait.
    adds: u64,
    /// When the window began, and what was admitted in it.
    counted: Option<(u64, u64)>,
    /// When requests were admitted.
    log: Vec<u64>,
    /// What was taken out of the bucket and is not yet refilled, as the time which that takes, and since when;
    /// both times as many as are admitted in a window.
    taken: (u64, u64),
    /// The time at which all that was admitted is over, times as many as are admitted in a window.
    due: u64,
}

impl Limiter {
    fn new(kind: Kind, admits: u64, limit: &Limit) -> Self {
        let window = u64::from(limit.window_seconds) * 1_000_000;
        let (counted, log, taken) = (None, Vec::new(), (0, 0));
        Self { kind, admits, window, race: 0, adds: 0, counted, log, taken, due: 0 }
    }

    /// Admits a request or says how long to wait.
    fn ask(&mut self, now: u64) -> Result<(), u64> {
        let Self { window, admits, .. } = *self;
        let wait = match self.kind {
            Kind::FromFirst | Kind::WallClock => {
                let begin = if self.kind == Kind::WallClock { now / window * window } else { now };
                let (begin, admitted) =
                    self.counted.filter(|(begin, _)| now < begin + window).unwrap_or((begin, 0));
                let is_admitted = admitted < admits + self.race;
                self.counted = Some((begin, admitted + u64::from(is_admitted)));
                if is_admitted { 0 } else { begin + window - now }
            }
            Kind::Log => {
                self.log.retain(|admitted| now < admitted + window);
                let count = self.log.len() as u64;
                if count < admits + self.race {
                    self.log.push(now);
                    0
                } else {
                    // Until enough of them are over for one more.
                    let over = usize::try_from(count - admits).expect("a few");
                    self.log[over] + window - now
                }
            }
            Kind::Bucket => {
                let (taken, since) = self.taken;
                let taken = taken.saturating_sub((now - since) * admits);
                let is_admitted = taken + window <= (admits + self.race) * window;
                self.taken = (if is_admitted { taken + window } else { taken }, now);
                let too_much = (taken + window).saturating_sub(admits * window);
                if is_admitted { 0 } else { too_much.div_ceil(admits) }
            }
            Kind::Gcra => {
                let due = self.due.max(now * admits);
                let allowed = now * admits + (admits + self.race) * window;
                if due + window <= allowed {
                    self.due = due + window;
                    0
                } else {
                    (due + window - now * admits - admits * window).div_ceil(admits)
                }
            }
        };
        if wait == 0 {
            return Ok(());
        }
        self.race = 0;
        Err(wait)
    }
}

/// How a burst gets there and back. Times are in microseconds.
#[derive(Debug, Clone, Copy)]
struct Way {
    times: u64,
    /// Between the first and the last that leave.
    spread: u64,
    /// The longest way of one request there, and of its answer back.
    longest: u64,
}

/// A burst that was sent.
#[derive(Debug)]
struct Sent {
    tally: Tally,
    end: u64,
    /// What the last refused one was told to wait, in seconds.
    told: Option<u64>,
    /// Whether one was served that arrived later than the last refused one: it may have taken what that
    /// was told to wait for.
    is_overtaken: bool,
    /// Whether a window by the wall clock ended within it.
    is_over_an_edge: bool,
    /// How far the nearest such end is from it.
    from_edge: u64,
}

fn answer(status: u16, told: Option<u64>) -> Answer {
    let header = |told: u64| ("retry-after".to_owned(), told.to_string().into_bytes());
    let headers = told.map(header).into_iter().collect();
    Answer { status, headers, body: Vec::new(), ending: Ending::Complete }
}

fn send(random: &mut Rng, limiter: &mut Limiter, limit: &Limit, way: Way, begin: u64) -> Sent {
    let request = Arc::new(Request {
        method: "GET".into(),
        path: "/".into(),
        headers: Vec::new(),
        body: Vec::new(),
    });
    let mut requests: Vec<(u64, u64)> = (0..way.times)
        .map(|at| {
            let sent = if at == 0 { begin } else { begin + random.u64(..=way.spread) };
            (sent + random.u64(..=way.longest), sent)
        })
        .collect();
    // They leave at the same time, and arrive in another order.
    requests.sort_unstable();
    let arrived = (requests[0].0, requests[requests.len() - 1].0);
    let mut arrivals = BTreeMap::new();
    let mut exchanges: Vec<Exchange> = requests
        .into_iter()
        .map(|(arrives, sent)| {
            let answered = arrives + random.u64(..=way.longest);
            let answer = match limiter.ask(arrives) {
                Ok(()) => answer(200, None),
                Err(wait) => answer(429, Some(wait.div_ceil(1_000_000) + limiter.adds)),
            };
            let [sent, answered] = [sent, answered].map(Duration::from_micros);
            arrivals.insert((sent, answered), arrives);
            Exchange {
                request: Arc::clone(&request),
                key: None,
                answer,
                sent,
                answered,
                role: Role::Own,
            }
        })
        .collect();
    exchanges.sort_by_key(|exchange| exchange.answered);
    let is = |status| move |exchange: &Exchange| exchange.answer.status == status;
    let end = exchanges.iter().map(|exchange| exchange.answered).max().expect("some");
    let refused = exchanges.iter().rev().find(|exchange| exchange.answer.status == 429);
    let arrived_at = |exchange: &Exchange| arrivals[&(exchange.sent, exchange.answered)];
    let is_overtaken = refused.is_some_and(|refused| {
        let mut served = exchanges.iter().filter(|exchange| exchange.answer.status == 200);
        served.any(|served| arrived_at(served) > arrived_at(refused))
    });
    let (first, last) = (arrived.0 % limiter.window, arrived.1 % limiter.window);
    Sent {
        tally: Tally::of(&exchanges, limit, is(200), is(429)),
        end: u64::try_from(end.as_micros()).expect("some hours"),
        told: refused.and_then(|exchange| retry_after::seconds(&exchange.answer)),
        is_overtaken,
        is_over_an_edge: arrived.0 / limiter.window != arrived.1 / limiter.window,
        from_edge: first.min(limiter.window - last),
    }
}

/// What a trial comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Proven,
    Broken,
    NotJudged,
}

/// The burst's trial as `burst.rs` carries it out, with the bursts that were sent.
fn trial(
    random: &mut Rng,
    limiter: &mut Limiter,
    limit: &Limit,
    way: Way,
    begin: u64,
) -> (Outcome, Vec<Sent>) {
    let mut bursts = vec![send(random, limiter, limit, way, begin)];
    let judged = loop {
        let second = bursts.get(1).map(|second| &second.tally);
        match next(&bursts[0].tally, second, limit) {
            Next::Judge(Which::First) => break 0,
            Next::Judge(Which::Second) => break 1,
            Next::GiveUp(_) => return (Outcome::NotJudged, bursts),
            Next::SendSecond(pause) => {
                assert!(second.is_none(), "a third burst");
                let pause = u64::try_from(pause.as_micros()).expect("some hours");
                let begin = bursts[0].end + pause + random.u64(..2_000);
                bursts.push(send(random, limiter, limit, way, begin));
            }
        }
    };
    let tally = &bursts[judged].tally;
    let mut found = rate::admits(tally, limit);
    found.extend(rate::refuses(tally, limit, 429));
    let last = bursts.iter().rev().find(|sent| sent.told.is_some());
    if let Some(Sent { told: Some(told), is_overtaken: false, .. }) = last {
        let end = bursts[bursts.len() - 1].end + random.u64(..2_000);
        let again = limiter.ask(end + told * 1_000_000).is_ok();
        found.extend(retry_after::honest(&answer(429, None), again, 200, *told));
    }
    (if found.is_empty() { Outcome::Proven } else { Outcome::Broken }, bursts)
}

/// A limit, and how bursts past it get to a server.
fn set_up(random: &mut Rng) -> (Limit, Way) {
    let window_seconds = [1, 2, 3, 5, 7, 8, 10, 30, 60, 60, 60, 600, 3_600][random.usize(..13)];
    let requests = random.u32(1..=80);
    let times = requests + 1 + random.u32(..=requests / 2);
    let window = u64::from(window_seconds) * 1_000_000;
    // Mostly some milliseconds, at times a good part of the window, and once in a while more than it.
    let spread = match random.usize(..8) {
        0..4 => random.u64(..50_000),
        4..6 => random.u64(..window / 10),
        6 => random.u64(..window / 2),
        _ => random.u64(..window * 5 / 4),
    };
    let longest = random.u64(..400_000.min(window / 20));
    let limit = Limit { requests, window_seconds, policy: None };
    (limit, Way { times: times.into(), spread, longest })
}

/// When a run begins: anywhere in a window, and every other time so that one may end within the burst.
fn begin(random: &mut Rng, window: u64, way: Way) -> u64 {
    let around = way.spread + 2 * way.longest + 1;
    let phase = if random.bool() { random.u64(..window) } else { window - around.min(window) };
    window * 10 + phase + random.u64(..around)
}

/// How many requests the time of a burst refills, for a limiter that does so: it tells to wait for one of
/// them, and not for a window.
fn refilled(sent: &Sent, limit: &Limit) -> u64 {
    let share = Duration::from_secs(limit.window_seconds.into()) / limit.requests;
    if sent.tally.told.is_some_and(|told| told > share * 2 + Duration::from_secs(3)) {
        return 0;
    }
    let window = u128::from(limit.window_seconds) * 1_000_000_000;
    u64::try_from(sent.tally.span.as_nanos() * u128::from(limit.requests) / window).expect("few")
}

#[test]
fn a_limiter_that_keeps_the_limit_is_never_called_broken() {
    let seed = fastrand::u64(..);
    let mut random = Rng::with_seed(seed);
    let (mut judged, mut left_out) = (0, 0);
    for round in 0..ROUNDS {
        let (limit, way) = set_up(&mut random);
        let mut limiter =
            Limiter::new(KINDS[random.usize(..KINDS.len())], limit.requests.into(), &limit);
        limiter.adds = u64::from(random.usize(..4) == 0);
        let before = limiter.clone();
        let begin = begin(&mut random, limiter.window, way);
        // Somebody else has used the key within the last window.
        let used = if random.usize(..3) == 0 { random.u64(..=limiter.admits) } else { 0 };
        let mut earlier: Vec<u64> =
            (0..used).map(|_| begin - random.u64(1..limiter.window)).collect();
        earlier.sort_unstable();
        let first_use = earlier.first().copied();
        for at in earlier {
            limiter.ask(at).ok();
        }
        let (outcome, bursts) = trial(&mut random, &mut limiter, &limit, way, begin);
        // Two things at once that seldom happen alone: see `EXCEPTIONS`.
        let window_of_others = before.kind == Kind::FromFirst
            && first_use.is_some_and(|at| {
                begin < at + limiter.window && at + limiter.window < bursts[0].end
            });
        let second_over_an_edge = before.kind == Kind::WallClock
            && bursts.get(1).is_some_and(|second| second.is_over_an_edge)
            && (used > 0 || way.spread > limiter.window / 10);
        if window_of_others || second_over_an_edge {
            left_out += 1;
            continue;
        }
        judged += u32::from(outcome == Outcome::Proven);
        assert_ne!(
            outcome,
            Outcome::Broken,
            "seed {seed}, round {round}: {used} used, {limit:?}, {way:?}, {before:?}: {bursts:#?}"
        );
    }
    assert!(judged > ROUNDS * 7 / 10, "seed {seed}: {judged} of {ROUNDS} were judged");
    assert!(left_out < ROUNDS / 10, "seed {seed}: {left_out} of {ROUNDS} were left out");
}

#[test]
fn a_limiter_that_admits_more_or_less_than_promised_is_never_proven() {
    let seed = fastrand::u64(..);
    let mut random = Rng::with_seed(seed);
    let (mut broken, mut left_out) = (0, 0);
    for round in 0..ROUNDS {
        let (limit, way) = set_up(&mut random);
        let promised = u64::from(limit.requests);
        let kind = KINDS[random.usize(..KINDS.len())];
        let differs = random.u64(1..=promised.div_ceil(4));
        let (admits, race) = match random.usize(..3) {
            0 => (promised + differs, 0),
            1 if differs < promised => (promised - differs, 0),
            _ => (promised, differs),
        };
        let mut limiter = Limiter::new(kind, admits, &limit);
        limiter.race = race;
        limiter.adds = u64::from(random.usize(..4) == 0);
        let before = limiter.clone();
        let begin = limiter.window * 10 + random.u64(..limiter.window);
        let (outcome, bursts) = trial(&mut random, &mut limiter, &limit, way, begin);
        // What it is over by may have been refilled meanwhile, or be the next window's.
        let allowed = bursts.iter().map(|sent| refilled(sent, &limit)).max().expect("one");
        let rounding = 2_000_000 + way.spread + 2 * way.longest;
        let is_near_an_edge = kind == Kind::WallClock
            && bursts
                .iter()
                .any(|sent| sent.is_over_an_edge || race > 0 && sent.from_edge < rounding);
        // Of a bucket for few requests one comes back after about half a window.
        let share = limiter.window / promised;
        let is_like_half_a_window = matches!(kind, Kind::Bucket | Kind::Gcra)
            && race > 0
            && share + 4_000_000 > limiter.window / 2 - limiter.window / 8;
        // One that was lost in a burst that is too long to be judged is not seen.
        let is_lost_unseen = race > 0 && bursts[0].tally.span.as_micros() >= limiter.window.into();
        if differs <= allowed || is_near_an_edge || is_like_half_a_window || is_lost_unseen {
            left_out += 1;
            continue;
        }
        broken += u32::from(outcome == Outcome::Broken);
        assert_ne!(
            outcome,
            Outcome::Proven,
            "seed {seed}, round {round}: {limit:?}, {way:?}, {before:?}: {bursts:#?}"
        );
    }
    let judged = ROUNDS - left_out;
    assert!(judged > ROUNDS / 2, "seed {seed}: {left_out} of {ROUNDS} were left out");
    assert!(broken > judged * 7 / 10, "seed {seed}: {broken} of {judged} were called broken");
}

const ROUNDS: u32 = 3_000;
