//! Limiters that keep the limit in another way than the mock, and some that do not keep it, each
//! behind the whole of a burst's trial. Time is the mock's: it moves where a limiter says that a
//! request takes some, and where somebody waits.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use errproof::internals::{
    contract::Contract,
    exchange::{
        clock::{Clock, SharedClock},
        message::{Answer, Ending, Request},
        sender::InProcess,
    },
    mock::{
        api::key_of,
        mutation::{Behaviour, Mutation},
        server::Front,
    },
    result::verdict::Verdict,
    server::{played::Played, suite::Suite},
    shown::secret::Secret,
};

const LIMIT: u32 = 60;
const TIMES: u32 = 75;
const WINDOW: Duration = Duration::from_secs(60);

/// The window as a limiter counts in it.
#[derive(Debug, Clone, Copy)]
enum Windows {
    /// From a key's first request on.
    FromFirst,
    /// By the wall clock, which shows this when the run begins.
    ByWallClock(Duration),
    /// The same, with the part of the window before that lies within the last window.
    Sliding(Duration),
    /// None: a request comes back after each sixtieth of the window.
    Bucket,
}

/// What a limiter tells to wait.
#[derive(Debug, Clone, Copy)]
enum Tells {
    /// What is left of the window.
    Left,
    /// The whole window.
    Window,
}

/// A limiter, and how long requests take.
#[derive(Debug, Clone, Copy)]
struct Limiter {
    windows: Windows,
    /// How many requests of one window are admitted.
    admits: u32,
    /// How many more in a window before any request was refused: a race that is lost once.
    race: u32,
    /// How long each request of the first burst takes ...
    first_takes: Duration,
    /// ... and each later one.
    then_takes: Duration,
    /// How many requests somebody else made just before.
    used: u32,
    /// What it tells those that it refuses to wait.
    tells: Tells,
    /// How much later than they were sent the requests of the first burst arrive.
    arrives_after: Duration,
}

/// As the page says: from the first request on, and no request takes time.
const HONEST: Limiter = Limiter {
    windows: Windows::FromFirst,
    admits: LIMIT,
    race: 0,
    used: 0,
    tells: Tells::Left,
    first_takes: Duration::ZERO,
    then_takes: Duration::ZERO,
    arrives_after: Duration::ZERO,
};

/// What a limiter counts of one key.
#[derive(Debug, Default)]
struct Counted {
    /// When the window began, and the requests that were admitted in it.
    window: Option<(Duration, u32)>,
    /// What was admitted in the window before.
    before: u32,
    /// What is in the bucket, and since when.
    bucket: Option<(f64, Duration)>,
    /// Requests in all.
    requests: u32,
    /// Whether one was refused.
    refused: bool,
}

impl Limiter {
    /// How long the key has to wait, if the request is refused.
    fn admit(&self, counted: &mut Counted, now: Duration) -> Result<(), Duration> {
        let in_first = counted.requests < TIMES;
        counted.requests += 1;
        let now = if in_first { now + self.arrives_after } else { now };
        let result = match self.windows {
            Windows::FromFirst => self.in_window(counted, now, now),
            Windows::ByWallClock(start) => {
                let now = now + start;
                let begin = now.as_secs() / WINDOW.as_secs() * WINDOW.as_secs();
                self.in_window(counted, now, Duration::from_secs(begin))
            }
            Windows::Sliding(start) => self.in_sliding_window(counted, now + start),
            Windows::Bucket => {
                let (left, since) = counted.bucket.unwrap_or((f64::from(LIMIT), now));
                let share = WINDOW.as_secs_f64() / f64::from(LIMIT);
                let left = left + now.saturating_sub(since).as_secs_f64() / share;
                let left = left.min(f64::from(LIMIT));
                counted.bucket = Some((if left < 1.0 { left } else { left - 1.0 }, now));
                if left < 1.0 { Err(Duration::from_secs(1)) } else { Ok(()) }
            }
        };
        counted.refused |= result.is_err();
        result
    }

    /// The same where the window before counts by how much of it lies within the last window.
    fn in_sliding_window(&self, counted: &mut Counted, now: Duration) -> Result<(), Duration> {
        let begin = Duration::from_secs(now.as_secs() / WINDOW.as_secs() * WINDOW.as_secs());
        let (since, admitted) = counted.window.unwrap_or((begin, self.used));
        let (before, admitted) = match begin.saturating_sub(since) {
            Duration::ZERO => (counted.before, admitted),
            WINDOW => (admitted, 0),
            _ => (0, 0),
        };
        let left = (begin + WINDOW).saturating_sub(now);
        let weighs = f64::from(before) * left.as_secs_f64() / WINDOW.as_secs_f64();
        let admits = weighs + f64::from(admitted) + 1.0 <= f64::from(self.admits);
        (counted.before, counted.window) = (before, Some((begin, admitted + u32::from(admits))));
        // When all of the limit was admitted in this window, one is over a share after it.
        if admits { Ok(()) } else { Err(left + WINDOW / self.admits) }
    }

    /// The same where there are windows. One that begins now would begin at `begin`.
    fn in_window(
        &self,
        counted: &mut Counted,
        now: Duration,
        begin: Duration,
    ) -> Result<(), Duration> {
        let race = if counted.refused { 0 } else { self.race };
        let (begin, admitted) = match counted.window {
            Some((begin, admitted)) if now < begin + WINDOW => (begin, admitted),
            Some(_) => (begin, 0),
            None => (begin, self.used),
        };
        let admits = admitted < self.admits + race;
        counted.window = Some((begin, admitted + u32::from(admits)));
        if admits { Ok(()) } else { Err((begin + WINDOW).saturating_sub(now)) }
    }
}

/// The bundled API behind a limiter that is only asked for the key of the burst.
#[derive(Debug)]
struct Limited {
    api: Front,
    clock: SharedClock,
    key: Secret,
    limiter: Limiter,
    counted: Mutex<Counted>,
    refusals: AtomicU64,
}

impl InProcess for Limited {
    fn answer(&self, request: &Request) -> Answer {
        if key_of(request) != Some(self.key.expose()) {
            return self.api.answer(request);
        }
        let mut counted = self.counted.lock().expect("nobody panics with it");
        let limiter = &self.limiter;
        let takes = if counted.requests < TIMES { limiter.first_takes } else { limiter.then_takes };
        self.clock.advance(Some(&self.key), takes);
        match limiter.admit(&mut counted, self.clock.now(Some(&self.key))) {
            Ok(()) => self.api.answer(request),
            Err(wait) => self.refuse(match limiter.tells {
                Tells::Left => wait,
                Tells::Window => WINDOW,
            }),
        }
    }
}

impl Limited {
    fn refuse(&self, wait: Duration) -> Answer {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let body = serde_json::json!({ "error": {
            "code": "rate_limited",
            "message": format!("This key is over its limit for another {seconds} seconds."),
            "docs": "https://www.planmysaas.com/docs/api/errors",
            "requestId": format!("limited-{}", self.refusals.fetch_add(1, Ordering::Relaxed)),
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
}

/// What a limit is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// One burst and the wait after it, as in a contract without [points].
    ItsBurst,
    /// All that it does in two windows.
    ItsMinute,
}

/// The burst's trial behind a limiter, and the key's time when it is over.
async fn play(limiter: Limiter) -> (Played, Duration) {
    play_by(limiter, By::ItsBurst).await
}

async fn play_by(limiter: Limiter, by: By) -> (Played, Duration) {
    let clock = SharedClock::default();
    // A limit of its own that it never comes to.
    let none = Mutation::Behaviour(Behaviour::Limit(100_000));
    let (api, keys) = Front::new(Clock::Shared(clock.clone()), Some(none));
    let key = Secret::new(keys["burst"].as_str());
    let server = Limited {
        api,
        clock: clock.clone(),
        key: key.clone(),
        limiter,
        counted: Mutex::default(),
        refusals: AtomicU64::new(0),
    };
    let copy = crate::support::Contract::copy();
    if by == By::ItsBurst {
        copy.change("contract.toml", "[points]\n", "");
    }
    let contract = Contract::load(copy.path("").as_path());
    let contract = Arc::new(contract.unwrap_or_else(|faults| panic!("{faults:?}")));
    let on_clock = Clock::Shared(clock.clone());
    let suite = Suite::in_process(contract, Arc::new(server), &keys, on_clock);
    let suite = suite.unwrap_or_else(|faults| panic!("{faults:?}"));
    let burst = |name: &str| name == "rate_limited::burst";
    let planned = suite.plan.trials.iter().find(|planned| burst(&planned.case().name));
    let played = suite.run.play(planned.expect("the contract has a burst")).await;
    (played, clock.now(Some(&key)))
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

#[tokio::test(flavor = "multi_thread")]
async fn limiters_that_keep_the_limit_pass_and_others_do_not() {
    let millisecond = Duration::from_millis(1);
    let wall = |start| Limiter {
        windows: Windows::ByWallClock(seconds(start)),
        first_takes: millisecond,
        ..HONEST
    };
    let admits: &[&str] = &["rate.admits"];
    let both: &[&str] = &["rate.admits", "rate.refuses"];
    // What it is, how many bursts were sent, how much of the key's time went by with two bursts and
    // one wait, which checks do not hold.
    let rows: [(&str, Limiter, usize, f64, &[&str]); 15] = [
        ("from the first request on", HONEST, 1, 60.0, &[]),
        ("a bucket", Limiter { windows: Windows::Bucket, ..HONEST }, 1, 1.0, &[]),
        (
            "a bucket that refills within the burst",
            Limiter { windows: Windows::Bucket, first_takes: seconds(0.05), ..HONEST },
            1,
            3.75 + 1.0,
            &[],
        ),
        ("by the wall clock, within a window", wall(10.0), 1, 0.075 + 50.0, &[]),
        // The edge comes after 30 requests. The second burst is half a window after the next edge.
        ("by the wall clock, over an edge", wall(59.9695), 2, 0.075 + 91.0 + 29.0, &[]),
        (
            "61 by the wall clock, over an edge",
            Limiter { admits: 61, ..wall(59.9695) },
            2,
            0.075 + 91.0 + 29.0,
            both,
        ),
        ("61", Limiter { admits: 61, ..HONEST }, 2, 91.0 + 60.0, admits),
        // A counter of sliding windows would need two of them for itself.
        ("59", Limiter { admits: 59, ..HONEST }, 3, 61.0 + 121.0 + 60.0, admits),
        // The second burst is right, but nothing shows that a window had ended within the first.
        (
            "a counter of sliding windows, and a key that somebody else has used",
            Limiter { windows: Windows::Sliding(seconds(10.0)), used: 7, ..HONEST },
            3,
            61.0 + 121.0 + 49.0,
            &[],
        ),
        // Around the time at which the next edge would have to be, the key is refused.
        ("a race that is lost once", Limiter { race: 3, ..HONEST }, 2, 121.0 + 60.0, admits),
        // There, it is served.
        (
            "by the wall clock, over an edge, and it always tells the window",
            Limiter { tells: Tells::Window, ..wall(59.9695) },
            2,
            0.075 + 121.0 + 60.0,
            &[],
        ),
        (
            "a burst that is longer than the window, once",
            Limiter { first_takes: seconds(1.0), ..HONEST },
            2,
            75.0 + 61.0 + 60.0,
            &[],
        ),
        ("a key that somebody else has used", Limiter { used: 7, ..HONEST }, 2, 61.0 + 60.0, &[]),
        // The server's window ends later than a window after the burst was sent.
        (
            "the same, and a window that begins when the burst arrives",
            Limiter { used: 7, arrives_after: seconds(0.9), ..HONEST },
            2,
            61.0 + 60.0,
            &[],
        ),
        (
            "a limit for a longer window",
            Limiter { windows: Windows::FromFirst, admits: 600, ..HONEST },
            2,
            91.0,
            both,
        ),
    ];
    for (name, limiter, bursts, time, broken) in rows {
        let (played, now) = play(limiter).await;
        let verdict = if broken.is_empty() { Verdict::Pass } else { Verdict::Fail };
        assert_eq!(played.verdict, verdict, "{name}: {:?}", played.sheet);
        let found: Vec<_> = played.sheet.noted().iter().map(|noted| noted.check.as_str()).collect();
        assert_eq!(found, broken, "{name}");
        let of_burst = |exchange: &&errproof::internals::exchange::outgoing::Exchange| {
            exchange.key.as_ref().is_some_and(|key| Some(key) == played.exchanges[0].key.as_ref())
        };
        let sent = played.exchanges.iter().filter(of_burst).count();
        assert_eq!(sent / 75, bursts, "{name}");
        assert_eq!(now, seconds(time), "{name}");
        let (played, _) = play_by(limiter, By::ItsMinute).await;
        assert_eq!(played.verdict, verdict, "{name}, by its minute: {:?}", played.sheet);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_that_is_longer_than_the_window_twice_is_inconclusive() {
    let slow = seconds(1.0);
    let (played, now) = play(Limiter { first_takes: slow, then_takes: slow, ..HONEST }).await;
    let why = "a burst of 75 requests took 75 s, longer than the window of 60 s, twice";
    assert_eq!(played.verdict, Verdict::Inconclusive(why.to_owned()), "{:?}", played.sheet);
    assert_eq!(played.exchanges.len(), 150);
    assert_eq!(now, seconds(75.0 + 61.0 + 75.0));
}
