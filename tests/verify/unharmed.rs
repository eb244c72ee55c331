//! One request meets a hostile answer: every other trial of the same run is judged as ever.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::Arc,
    thread,
    time::Duration,
};

use errproof::internals::{
    contract::Contract,
    exchange::{
        clock::{Clock, SharedClock},
        deadlines::Deadlines,
    },
    mock::{
        server::{Bundled, Keys},
        world::World,
    },
    result::verdict::Verdict,
    server::planned::TrialScript,
    server::{bundled::target, drift::Recording, played::Played, suite::Suite},
    shown::secrets::Secrets,
    source::fault::Faults,
};
use tokio::{sync::Semaphore, task::JoinSet};

/// The trial whose request is answered badly, and what of its body no other has.
const HARMED: (&str, &[u8]) = ("invalid_json::utf16", b"\xff\xfe{\0}\0");

type Hostile = fn(&mut TcpStream) -> io::Result<()>;

/// What becomes of a connection from a client and one to the server.
trait Pass: Fn(TcpStream, TcpStream) -> io::Result<()> + Copy + Send + 'static {}

impl<F: Fn(TcpStream, TcpStream) -> io::Result<()> + Copy + Send + 'static> Pass for F {}

/// Whether a body follows a head that says how long it is: an answer to HEAD has none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Follows {
    Body,
    Nothing,
}

/// A request or an answer as it is on the wire, whose head says how long the body is. Empty when
/// the other side has closed.
fn message(from: &mut BufReader<TcpStream>, follows: Follows) -> io::Result<Vec<u8>> {
    let (mut message, mut length) = (Vec::new(), 0);
    loop {
        let begin = message.len();
        if from.read_until(b'\n', &mut message)? == 0 {
            return Ok(Vec::new());
        }
        let line = String::from_utf8_lossy(&message[begin..]).to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        if line == "\r\n" && follows == Follows::Nothing {
            return Ok(message);
        }
        if line == "\r\n" {
            from.take(length).read_to_end(&mut message)?;
            return Ok(message);
        }
    }
}

fn answer_to(request: &[u8]) -> Follows {
    if request.starts_with(b"HEAD ") { Follows::Nothing } else { Follows::Body }
}

/// Hands requests and answers on, but for the one request that is answered badly.
fn pass(client: TcpStream, server: TcpStream, hostile: Hostile) -> io::Result<()> {
    let (mut to_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    let (mut requests, mut answers) = (BufReader::new(client), BufReader::new(server));
    loop {
        let request = message(&mut requests, Follows::Body)?;
        if request.is_empty() {
            return Ok(());
        }
        if request.windows(HARMED.1.len()).any(|part| part == HARMED.1) {
            return hostile(&mut to_client);
        }
        to_server.write_all(&request)?;
        to_client.write_all(&message(&mut answers, answer_to(&request))?)?;
    }
}

/// Hands one request and its answer on, and closes the connection just as the next request comes.
fn once(mut client: TcpStream, mut server: TcpStream) -> io::Result<()> {
    let request = message(&mut BufReader::new(client.try_clone()?), Follows::Body)?;
    server.write_all(&request)?;
    client.write_all(&message(&mut BufReader::new(server), answer_to(&request))?)?;
    client.read_exact(&mut [0])
}

/// A server that is the one behind it, but for how it hands its connections on. Ends with the test's process.
fn before(server: SocketAddr, pass: impl Pass) -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || pass(client, TcpStream::connect(server)?));
        }
    });
    Ok(url)
}

/// This repository's contract on a server that has to answer within seconds.
fn suite(url: &str, keys: &Keys, clock: Clock) -> Suite {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let contract = Contract::load(root).unwrap_or_else(|faults| panic!("{faults:?}"));
    let mut faults = Faults::default();
    let target = target(url, keys, clock, &contract, &mut faults);
    let mut target = target.unwrap_or_else(|| panic!("{faults:?}"));
    target.deadlines = Deadlines::within(Duration::from_secs(5));
    let suite = Suite::new(contract, target, Recording::Nothing, &Secrets::default());
    suite.unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// Carries all trials out at once, beside one request that is answered badly.
async fn play_beside(hostile: Hostile) -> Vec<(String, Played)> {
    play(move |client, server| pass(client, server, hostile)).await
}

/// So many trials are carried out at once, as a run on a live server might. All 720 have so many requests on their way when
/// the shared clock moves that a key's window gets more of them than the pacer counted.
const AT_ONCE: usize = 64;

/// Carries all trials out, many at once.
async fn play(pass: impl Pass) -> Vec<(String, Played)> {
    let clock = Clock::Shared(SharedClock::default());
    let bundled = Bundled::start(clock.clone()).await;
    let address = bundled.url().trim_start_matches("http://").parse().expect("an address");
    let url = before(address, pass).expect("a free port");
    let suite = suite(&url, bundled.keys(), clock);
    let names = suite.plan.trials.iter().map(|planned| planned.case().name.clone());
    suite.run.open(&suite.plan, &names.collect()).await;
    let (mut trials, at_once) = (JoinSet::new(), Arc::new(Semaphore::new(AT_ONCE)));
    for at in suite.plan.order() {
        let (suite, at_once) = (suite.clone(), Arc::clone(&at_once));
        let turn = at_once.acquire_owned().await.expect("nobody closes it");
        trials.spawn(async move {
            let planned = &suite.plan.trials[at];
            // Those that come last wait for all others.
            let _turn = (!planned.case().last).then_some(turn);
            (planned.case().name.clone(), suite.run.play(planned).await)
        });
    }
    trials.join_all().await
}

/// The harmed trial, after every other was seen to pass.
fn harmed(played: Vec<(String, Played)>) -> Played {
    let (mut harmed, others): (Vec<_>, Vec<_>) =
        played.into_iter().partition(|(name, _)| name == HARMED.0);
    assert!(others.len() >= 60, "{} other trials", others.len());
    for (name, played) in others {
        assert_eq!(played.verdict, Verdict::Pass, "{name}: {:?}", played.sheet);
    }
    harmed.pop().expect("a case of this name").1
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_an_endless_body_every_other_trial_passes() {
    let played = play_beside(|client| {
        client.write_all(
            b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n\
              transfer-encoding: chunked\r\n\r\n",
        )?;
        loop {
            client.write_all(b"10\r\n                \r\n")?;
        }
    });
    let played = harmed(played.await);
    assert_eq!(played.verdict, Verdict::Fail);
    let [noted] = played.sheet.noted() else { panic!("{:?}", played.sheet) };
    assert!(noted.mismatch.wrong.to_string().contains("megabyte"), "{noted:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_an_answer_that_never_comes_every_other_trial_passes() {
    let never: [Hostile; 2] = [
        |client| client.read_to_end(&mut Vec::new()).map(drop),
        |client| {
            let storm = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(1_000);
            loop {
                client.write_all(&storm)?;
            }
        },
    ];
    for hostile in never {
        let why = "no complete answer within 4.1 s".to_owned();
        assert_eq!(harmed(play_beside(hostile).await).verdict, Verdict::Error(why));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_server_that_closes_each_connection_unannounced_every_trial_passes() {
    for (name, played) in play(once).await {
        assert_eq!(played.verdict, Verdict::Pass, "{name}: {:?}", played.sheet);
    }
}

#[test]
fn an_answer_that_is_late_by_the_docs_keeps_the_time_that_they_give_it() {
    let (_, keys) = World::seeded(&mut |below| fastrand::usize(..below));
    let suite = suite("http://127.0.0.1", &keys, Clock::real());
    let whole = |name: &str| {
        let planned = suite.plan.trials.iter().find(|planned| planned.case().name == name);
        let script = &planned.expect("a case of this name").script;
        let Ok(TrialScript::Single { request, .. }) = script else { panic!("{script:?}") };
        request.deadlines.whole
    };
    assert_eq!(whole(HARMED.0), Duration::from_secs(5));
    // At most 5 minutes by the docs, and half a minute to see how late it is.
    assert_eq!(whole("generation_timeout::generator-hangs"), Duration::from_secs(330));
}
