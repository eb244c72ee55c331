//! Limiters in this process, each behind the whole of `errproof limits`, on the mock's clock: whether their algorithm
//! is named, and what a person reads.

use std::{
    fmt,
    num::NonZeroU32,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use errproof::internals::{
    command::limited::{Found, Limited},
    contract::Contract,
    exchange::{
        clock::{Clock, SharedClock},
        message::{Answer, Ending, Request},
        sender::InProcess,
    },
    limiter::{
        step::{Algorithm, Outcome},
        text,
    },
    mock::{
        api::key_of,
        mutation::{Behaviour, Mutation},
        server::Front,
    },
    server::suite::Suite,
    shown::secret::Secret,
    terminal::activity::Activity,
};
use governor::{Quota, RateLimiter, clock::Clock as GovernorsClock};
use insta::assert_snapshot;
use tokio::runtime::Builder;

const LIMIT: usize = 60;
const WINDOW: Duration = Duration::from_secs(60);
const SIXTY: NonZeroU32 = NonZeroU32::new(60).expect("not 0");
const TEN: NonZeroU32 = NonZeroU32::new(10).expect("not 0");

/// Serves a request at a time of the wall clock, or says how long to wait.
type Limiter = Box<dyn FnMut(Duration) -> Result<(), Duration> + Send>;

/// When the window begins in which a request falls.
#[derive(Debug, Clone, Copy)]
enum Begins {
    /// With the first request that is in none.
    WithFirst,
    /// By the wall clock.
    ByClock,
}

fn edge(now: Duration) -> Duration {
    Duration::from_secs(now.as_secs() / WINDOW.as_secs() * WINDOW.as_secs())
}

fn windows(begins: Begins, limit: usize) -> Limiter {
    let mut window = (Duration::ZERO, 0);
    Box::new(move |now| {
        if window.1 == 0 || now >= window.0 + WINDOW {
            let begin = match begins {
                Begins::WithFirst => now,
                Begins::ByClock => edge(now),
            };
            window = (begin, 0);
        }
        if window.1 == limit {
            return Err((window.0 + WINDOW).saturating_sub(now));
        }
        window.1 += 1;
        Ok(())
    })
}

/// What of a log counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counts {
    Served,
    All,
}

fn log(counts: Counts) -> Limiter {
    let mut log: Vec<Duration> = Vec::new();
    Box::new(move |now| {
        log.retain(|then| *then + WINDOW > now);
        let is_served = log.len() < LIMIT;
        if is_served || counts == Counts::All {
            log.push(now);
        }
        if is_served { Ok(()) } else { Err((log[0] + WINDOW).saturating_sub(now)) }
    })
}

fn counter() -> Limiter {
    let (mut before, mut window) = (0, (Duration::ZERO, 0));
    Box::new(move |now| {
        let begin = edge(now);
        if begin != window.0 {
            before = if begin == window.0 + WINDOW { window.1 } else { 0 };
            window = (begin, 0);
        }
        let left = (begin + WINDOW).saturating_sub(now).as_secs_f64() / WINDOW.as_secs_f64();
        if f64::from(before) * left + f64::from(window.1) + 1.0 > 60.0 {
            return Err((begin + WINDOW).saturating_sub(now));
        }
        window.1 += 1;
        Ok(())
    })
}

fn replicas(count: usize) -> Limiter {
    let mut counters: Vec<Limiter> =
        (0..count).map(|_| windows(Begins::WithFirst, LIMIT)).collect();
    let mut turn = 0;
    Box::new(move |now| {
        turn = (turn + 1) % count;
        counters[turn](now)
    })
}

/// The time at which a request is asked about, for a limiter that looks at a clock of its own.
#[derive(Debug, Clone, Default)]
struct Now(Arc<Mutex<Duration>>);

impl GovernorsClock for Now {
    type Instant = Duration;

    fn now(&self) -> Duration {
        *self.0.lock().expect("nobody panics with it")
    }
}

/// The crate `governor`, which many Rust servers use: GCRA.
fn governor(quota: Quota) -> Limiter {
    let now = Now::default();
    let limiter = RateLimiter::direct_with_clock(quota, now.clone());
    Box::new(move |time| {
        *now.0.lock().expect("nobody panics with it") = time;
        limiter.check().map_err(|until| until.wait_time_from(time))
    })
}

/// The bundled API behind a limiter.
struct Server {
    api: Front,
    clock: SharedClock,
    key: Secret,
    /// What the wall clock shows when the run begins.
    start: Duration,
    limiter: Mutex<Limiter>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("start", &self.start).finish_non_exhaustive()
    }
}

impl InProcess for Server {
    fn answer(&self, request: &Request) -> Answer {
        assert_eq!(key_of(request), Some(self.key.expose()), "no other key is sent");
        // As long as a request takes in a data centre.
        self.clock.advance(Some(&self.key), Duration::from_millis(1));
        let now = self.start + self.clock.now(Some(&self.key));
        let mut limiter = self.limiter.lock().expect("nobody panics with it");
        match limiter(now) {
            Ok(()) => self.api.answer(request),
            Err(wait) => refusal(wait),
        }
    }
}

fn refusal(wait: Duration) -> Answer {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let body = serde_json::json!({ "error": {
        "code": "rate_limited",
        "message": format!("This key is over its limit for another {seconds} seconds."),
        "docs": "https://www.planmysaas.com/docs/api/errors",
        "requestId": "limited-1",
    }});
    let header = |name: &str, value: String| (name.to_owned(), value.into_bytes());
    Answer {
        status: 429,
        headers: vec![
            header("content-type", "application/json".to_owned()),
            header("retry-after", seconds.to_string()),
        ],
        body: body.to_string().into_bytes(),
        ending: Ending::Complete,
    }
}

/// Carries the experiment out on a limiter that the run finds with the wall clock at `start` seconds of a minute.
fn found(limiter: Limiter, start: f64) -> (Outcome, String) {
    let clock = SharedClock::default();
    // A limit of its own that it never comes to.
    let none = Mutation::Behaviour(Behaviour::Limit(100_000));
    let (api, keys) = Front::new(Clock::Shared(clock.clone()), Some(none));
    let key = Secret::new(keys["burst"].as_str());
    let start = WINDOW * 1_000 + Duration::from_secs_f64(start);
    let limiter = Mutex::new(limiter);
    let server = Server { api, clock: clock.clone(), key, start, limiter };
    let contract = Contract::load(Path::new(env!("CARGO_MANIFEST_DIR")));
    let contract = Arc::new(contract.unwrap_or_else(|faults| panic!("{faults:?}")));
    let suite = Suite::in_process(contract, Arc::new(server), &keys, Clock::Shared(clock));
    let suite = suite.unwrap_or_else(|faults| panic!("{faults:?}"));
    let behind = Limited::of(&suite, None).expect("the contract has a burst");
    let runtime = Builder::new_current_thread().build().expect("the runtime starts");
    let ended = runtime.block_on(behind.find_out(&Activity::default()));
    let Found { outcome, sent } = ended.expect("it answers");
    let algorithm = match outcome {
        Outcome::Named(algorithm) => Some(algorithm),
        Outcome::Unclear(_) | Outcome::NotTaken(_) => None,
    };
    (outcome, text::render(behind.numbers, algorithm, &sent).to_string())
}

#[test]
fn the_algorithm_of_every_limiter_is_named_and_a_person_reads_why() {
    let several = |served, counters| Algorithm::Several { served, counters };
    // Where in a minute the run begins: the last one so that a window ends within the first burst.
    let rows: [(&str, Limiter, f64, Algorithm); 13] = [
        (
            "from the first request",
            windows(Begins::WithFirst, LIMIT),
            10.0,
            Algorithm::FixedFromFirst,
        ),
        ("by the clock", windows(Begins::ByClock, LIMIT), 10.0, Algorithm::FixedByClock),
        (
            "by the clock, soon after",
            windows(Begins::ByClock, LIMIT),
            57.0,
            Algorithm::FixedByClock,
        ),
        (
            "by the clock, amid the burst",
            windows(Begins::ByClock, LIMIT),
            59.96,
            Algorithm::FixedByClock,
        ),
        ("a log", log(Counts::Served), 10.0, Algorithm::SlidingLog),
        ("a log of refusals, too", log(Counts::All), 10.0, Algorithm::SlidingLog),
        ("a counter", counter(), 10.0, Algorithm::SlidingCounter),
        ("a counter, soon after", counter(), 57.0, Algorithm::SlidingCounter),
        ("governor", governor(Quota::per_minute(SIXTY)), 10.0, Algorithm::Bucket { burst: 60 }),
        (
            "governor with a burst of 10",
            governor(Quota::per_minute(SIXTY).allow_burst(TEN)),
            10.0,
            Algorithm::Bucket { burst: 10 },
        ),
        ("three replicas", replicas(3), 10.0, several(180, Some(3))),
        ("61 by the clock", windows(Begins::ByClock, 61), 10.0, Algorithm::FixedByClock),
        ("none", Box::new(|_| Ok(())), 10.0, Algorithm::Nothing { sent: 450 }),
    ];
    let mut texts = Vec::new();
    for (name, limiter, start, expected) in rows {
        let (outcome, text) = found(limiter, start);
        assert_eq!(outcome, Outcome::Named(expected), "{name}:\n{text}");
        texts.push(format!("# {name}\n{text}\n"));
    }
    assert_snapshot!(texts.join("\n"));
}

#[test]
fn a_key_that_is_never_served_again_and_one_that_somebody_else_uses_are_unclear() {
    // Every request makes the wait begin anew: a store that is told the time to live each time.
    let anew = || -> Limiter {
        let mut window = (Duration::ZERO, 0);
        Box::new(move |now| {
            if now >= window.0 + WINDOW {
                window.1 = 0;
            }
            window = (now, window.1 + 1);
            if window.1 > LIMIT { Err(WINDOW) } else { Ok(()) }
        })
    };
    // Somebody else sends one every five seconds.
    let shared = || -> Limiter {
        let (mut limiter, mut next) = (windows(Begins::WithFirst, LIMIT), WINDOW * 999);
        Box::new(move |now| {
            while next <= now {
                limiter(next).ok();
                next += Duration::from_secs(5);
            }
            limiter(now)
        })
    };
    let whys = [found(anew(), 10.0), found(shared(), 10.0)].map(|(outcome, text)| match outcome {
        Outcome::Unclear(why) => format!("{why}\n\n{text}\n"),
        other => panic!("{other:?}: {text}"),
    });
    assert_snapshot!(whys.join("\n"));
}
