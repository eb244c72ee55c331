//! What is decided of a burst, on limiters that are simulated: those that keep the limit are never called
//! broken, and those that do not are never taken for ones that do. Time is a number here.

use std::{sync::Arc, time::Duration};

use fastrand::Rng;

use super::{
    next::next,
    overtaken::may_be_overtaken,
    simulated_limiter::{KINDS, Kind, Limiter, Tells},
    step::{Asked, Next, Reply, Which},
};
use crate::{
    checks::{
        rate::{self, Tally},
        retry_after::{self, Waited},
    },
    contract::contract_file::Limit,
    exchange::{
        message::{Answer, Ending, Request},
        outgoing::{Exchange, Role},
    },
};

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
    exchanges: Vec<Exchange>,
    /// Whether a window by the wall clock ended within it.
    is_over_an_edge: bool,
    /// How far the nearest such end is from it.
    from_edge: u64,
}

/// One request, when it arrives.
fn exchange(
    random: &mut Rng,
    limiter: &mut Limiter,
    way: Way,
    sent: u64,
    arrives: u64,
) -> Exchange {
    let (status, told) = match limiter.told(arrives) {
        Ok(()) => (200, None),
        Err(told) => (429, told),
    };
    let header = |told: u64| ("retry-after".to_owned(), told.to_string().into_bytes());
    let headers = told.map(header).into_iter().collect();
    let (method, path) = ("GET".into(), "/".into());
    Exchange {
        written: None,
        request: Arc::new(Request {
            method,
            path,
            headers: Vec::new(),
            body: Vec::new(),
            signing: None,
        }),
        key: None,
        answer: Answer { status, headers, body: Vec::new(), ending: Ending::Complete },
        sent: Duration::from_micros(sent),
        answered: Duration::from_micros(arrives + random.u64(..=way.longest)),
        date: Duration::ZERO,
        role: Role::Own,
    }
}

fn is_served(exchange: &Exchange) -> bool {
    exchange.answer.status == 200
}

fn send(random: &mut Rng, limiter: &mut Limiter, limit: &Limit, way: Way, begin: u64) -> Sent {
    let mut requests: Vec<(u64, u64)> = (0..way.times)
        .map(|at| {
            let sent = if at == 0 { begin } else { begin + random.u64(..=way.spread) };
            (sent + random.u64(..=way.longest), sent)
        })
        .collect();
    // They leave at the same time, and arrive in another order.
    requests.sort_unstable();
    let arrived = (requests[0].0, requests[requests.len() - 1].0);
    let mut exchanges: Vec<Exchange> = requests
        .into_iter()
        .map(|(arrives, sent)| exchange(random, limiter, way, sent, arrives))
        .collect();
    exchanges.sort_by_key(|exchange| exchange.answered);
    let (first, last) = (arrived.0 % limiter.window, arrived.1 % limiter.window);
    Sent {
        tally: Tally::of(&exchanges, limit, is_served, |exchange| !is_served(exchange)),
        exchanges,
        is_over_an_edge: arrived.0 / limiter.window != arrived.1 / limiter.window,
        from_edge: first.min(limiter.window - last),
    }
}

/// How a trial ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Proven,
    Broken,
    NotJudged,
}

/// A trial that was carried out: how it ended, and the bursts that were sent.
#[derive(Debug)]
struct Tried {
    outcome: Outcome,
    bursts: Vec<Tally>,
    sent: Vec<Sent>,
    asked: Vec<Asked>,
    /// Whether the wait that was told was much too short, by what the limiter knows.
    is_told_too_little: bool,
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).expect("some hours")
}

/// The burst's trial as `burst.rs` carries it out.
fn trial(random: &mut Rng, limiter: &mut Limiter, limit: &Limit, way: Way, begin: u64) -> Tried {
    let (mut bursts, mut sent) = (Vec::<Tally>::new(), Vec::new());
    let (mut asked, mut asks) = (Vec::new(), Vec::new());
    let mut now = begin;
    let judged = loop {
        match next(&bursts, &asked, limit) {
            Next::Judge(Which::First) => break 0,
            Next::Judge(Which::Second) => break 1,
            Next::Judge(Which::Third) => break 2,
            Next::GiveUp(_) => {
                return Tried {
                    outcome: Outcome::NotJudged,
                    bursts,
                    sent,
                    asked,
                    is_told_too_little: false,
                };
            }
            Next::SendAnother(pause) => {
                assert!(bursts.len() < 3 && asked.is_empty(), "a fourth burst");
                let begin = now + micros(pause) + random.u64(..2_000);
                let another = send(random, limiter, limit, way, begin);
                bursts.push(another.tally);
                sent.push(another);
                now = micros(bursts[bursts.len() - 1].end());
            }
            Next::Ask(at) => {
                assert!(asked.len() < 2, "a third question");
                let begin = now.max(micros(at)) + random.u64(..2_000);
                let arrives = begin + random.u64(..=way.longest);
                let exchange = exchange(random, limiter, way, begin, arrives);
                let reply = if is_served(&exchange) { Reply::Served } else { Reply::Refused };
                let Exchange { sent, answered, .. } = exchange;
                asked.push(Asked { sent, answered, reply });
                asks.push(exchange);
                now = micros(answered);
            }
        }
    };
    let tally = &bursts[judged];
    let mut found = rate::admits(tally, limit, 0);
    found.extend(rate::refuses(tally, limit, "429"));
    let of_bursts = || sent.iter().flat_map(|sent| &sent.exchanges);
    let mut is_told_too_little = false;
    let last = of_bursts().rfind(|exchange| !is_served(exchange));
    let told = last.and_then(|last| Some((last, retry_after::seconds(&last.answer)?)));
    if let Some((last, mut told)) = told {
        let again = |random: &mut Rng, limiter: &mut Limiter, now: u64, told: u64| {
            let sent = now + told * 1_000_000 + random.u64(..2_000);
            let arrives = sent + random.u64(..=way.longest);
            exchange(random, limiter, way, sent, arrives)
        };
        let wait = limiter.clone().ask(now).err().unwrap_or(0);
        is_told_too_little = wait > told * 1_500_000 + 3_000_000;
        let mut answer = again(random, limiter, now, told);
        let served = of_bursts().chain(&asks).filter(|exchange| is_served(exchange));
        if !is_served(&answer) && may_be_overtaken(last, told, served) {
            told = retry_after::seconds(&answer.answer).expect("a limiter that tells");
            answer = again(random, limiter, micros(answer.answered), told);
        }
        let waited = Waited { seconds: told, by: "Retry-After", who: "the key" };
        found.extend(retry_after::honest(&answer.answer, is_served(&answer), 200, waited));
    }
    let outcome = if found.is_empty() { Outcome::Proven } else { Outcome::Broken };
    Tried { outcome, bursts, sent, asked, is_told_too_little }
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
    let limit = Limit::of(requests, window_seconds);
    (limit, Way { times: times.into(), spread, longest })
}

/// When a run begins: anywhere in a window, and every other time so that one may end within the burst.
fn begin(random: &mut Rng, window: u64, way: Way) -> u64 {
    let around = way.spread + 2 * way.longest + 1;
    let phase = if random.bool() { random.u64(..window) } else { window - around.min(window) };
    window * 10 + phase + random.u64(..around)
}

/// How many requests the time of a burst refills, for a limiter that does so, or that looks so: it tells to
/// wait for one of them, and not for a window.
fn refilled(kind: Kind, burst: &Tally, limit: &Limit) -> u64 {
    let refills = matches!(kind, Kind::Bucket | Kind::Gcra | Kind::Counter);
    let share = Duration::from_secs(limit.window_seconds.into()) / limit.requests;
    if !refills && burst.told.is_some_and(|told| told > share * 2 + Duration::from_secs(3)) {
        return 0;
    }
    let window = u128::from(limit.window_seconds) * 1_000_000_000;
    u64::try_from(burst.span.as_nanos() * u128::from(limit.requests) / window).expect("few")
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
        limiter.tells = match random.usize(..4) {
            // With half of a window before it, a whole one is too short for a counter.
            0 if limiter.kind != Kind::Counter => Tells::Window,
            1 if random.bool() => Tells::Nothing,
            _ => Tells::Left,
        };
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
        let tried = trial(&mut random, &mut limiter, &limit, way, begin);
        // No burst tells such a window from a race that is lost once.
        let end = micros(tried.bursts[0].end());
        let is_window_of_others = before.kind == Kind::FromFirst
            && first_use.is_some_and(|at| {
                (micros(tried.bursts[0].begin)..end).contains(&(at + limiter.window))
            });
        if is_window_of_others {
            left_out += 1;
            continue;
        }
        let Tried { outcome, bursts, asked, .. } = tried;
        judged += u32::from(outcome == Outcome::Proven);
        assert_ne!(
            outcome,
            Outcome::Broken,
            "seed {seed}, round {round}: {used} used, {limit:?}, {way:?}, {before:?}: {bursts:#?} {asked:?}"
        );
    }
    assert!(judged > ROUNDS * 8 / 10, "seed {seed}: {judged} of {ROUNDS} were judged");
    assert!(left_out < ROUNDS / 20, "seed {seed}: {left_out} of {ROUNDS} were left out");
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
        limiter.tells = match random.usize(..8) {
            0 | 1 => Tells::Window,
            2 => Tells::Nothing,
            _ => Tells::Left,
        };
        limiter.adds = u64::from(random.usize(..4) == 0);
        let before = limiter.clone();
        let begin = limiter.window * 10 + random.u64(..limiter.window);
        let Tried { outcome, bursts, sent, asked, .. } =
            trial(&mut random, &mut limiter, &limit, way, begin);
        // What it is over by may have been refilled meanwhile, or be the next window's.
        let allowed = bursts.iter().map(|burst| refilled(kind, burst, &limit)).max().expect("one");
        let rounding = 2_000_000 + way.spread + 2 * way.longest;
        let is_near_an_edge = matches!(kind, Kind::WallClock | Kind::Counter)
            && sent
                .iter()
                .any(|sent| sent.is_over_an_edge || race > 0 && sent.from_edge < rounding);
        // Of a bucket for few requests one comes back after about half a window.
        let share = limiter.window / promised;
        let is_like_half_a_window = matches!(kind, Kind::Bucket | Kind::Gcra)
            && race > 0
            && share + 4_000_000 > limiter.window / 2 - limiter.window / 8;
        // One that was lost in a burst that is too long to be judged is not seen.
        let is_lost_unseen = race > 0
            && (bursts[0].span.as_micros() >= limiter.window.into()
                || way.times - promised <= refilled(kind, &bursts[0], &limit));
        // What is left of the burst before takes exactly what the counter admits too many.
        let promise = promised..=promised + allowed;
        let is_right_by_luck = kind == Kind::Counter
            && race == 0
            && bursts[1..].iter().any(|burst| promise.contains(&(burst.admitted as u64)));
        // One of few requests tells half a window, or serves again, when it looks like an edge.
        let is_like_an_edge = race > 0
            && bursts.get(1).is_some_and(|second| {
                let end = micros(second.end());
                let comes_back = match kind {
                    Kind::Counter => end / limiter.window * limiter.window + limiter.window + share,
                    Kind::Bucket | Kind::Gcra => end + share,
                    _ => return false,
                };
                let half = limiter.window * 3 / 8..=limiter.window * 3 / 4;
                let is_half = second.told.is_some_and(|told| half.contains(&micros(told)));
                is_half && kind == Kind::Counter
                    || matches!(asked[..], [before, after]
                        if micros(before.sent) <= comes_back
                            && (kind != Kind::Counter || comes_back < micros(after.answered)))
            });
        if is_right_by_luck
            || is_like_an_edge
            || differs <= allowed
            || is_near_an_edge
            || is_like_half_a_window
            || is_lost_unseen
        {
            left_out += 1;
            continue;
        }
        broken += u32::from(outcome == Outcome::Broken);
        assert_ne!(
            outcome,
            Outcome::Proven,
            "seed {seed}, round {round}: {limit:?}, {way:?}, {before:?}: {bursts:#?} {asked:?}"
        );
    }
    let judged = ROUNDS - left_out;
    assert!(judged > ROUNDS / 2, "seed {seed}: {left_out} of {ROUNDS} were left out");
    assert!(broken > judged * 9 / 10, "seed {seed}: {broken} of {judged} were called broken");
}

#[test]
fn a_limiter_that_tells_much_too_short_a_time_is_never_proven() {
    let seed = fastrand::u64(..);
    let mut random = Rng::with_seed(seed);
    let (mut told, mut broken) = (0, 0);
    for round in 0..ROUNDS {
        let (limit, way) = set_up(&mut random);
        let kind = KINDS[random.usize(..KINDS.len())];
        let mut limiter = Limiter::new(kind, limit.requests.into(), &limit);
        limiter.tells = [Tells::Half, Tells::One][random.usize(..2)];
        let begin = begin(&mut random, limiter.window, way);
        let Tried { outcome, bursts, is_told_too_little, .. } =
            trial(&mut random, &mut limiter, &limit, way, begin);
        if is_told_too_little {
            told += 1;
            broken += u32::from(outcome == Outcome::Broken);
            assert_ne!(
                outcome,
                Outcome::Proven,
                "seed {seed}, round {round}: {limit:?}, {way:?}, {limiter:?}: {bursts:#?}"
            );
        }
    }
    assert!(told > ROUNDS / 4, "seed {seed}: {told} of {ROUNDS} told too little");
    assert_eq!(broken, told, "seed {seed}");
}

const ROUNDS: u32 = 3_000;
