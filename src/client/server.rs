//! The mock of one script, on a port of its own: gives its answers one after another, and notes
//! what arrives when.

use std::{
    convert::Infallible,
    io,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use url::form_urlencoded;

use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};

use super::{
    record::{Attempt, Given, LONGEST_BODY, MOST_ATTEMPTS},
    rule::{ANSWER_AFTER, Script},
};
use crate::{
    contract::{carrier::Place, key::Carrier},
    exchange::locked::Locked as _,
    shown::secret::Secret,
};

/// A mock that is running. It ends, with all connections, when this is dropped.
///
/// hyper and not wiremock: a request's time is that of its head, and connections without a request
/// are seen as well.
#[derive(Debug)]
#[must_use = "the mock ends when this is dropped"]
pub struct Mock {
    url: String,
    shared: Arc<MockShared>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct MockShared {
    script: Arc<Script>,
    carriers: Vec<Carrier>,
    began: Instant,
    /// The request ids of the answers, one for each attempt that is kept.
    ids: Vec<String>,
    seen: Mutex<MockSeen>,
}

/// What a mock has seen until now.
#[derive(Debug, Clone, Default)]
pub struct MockSeen {
    /// The attempts, in the order of their arrival.
    pub attempts: Vec<Attempt>,
    /// How many more there were.
    pub beyond: usize,
    /// Connections, with and without a request on them.
    pub connections: usize,
    /// When there was the first attempt too many.
    pub too_many: Option<Duration>,
}

impl Mock {
    /// Starts it on a free port of this machine.
    ///
    /// # Errors
    /// If there is none.
    pub async fn start(script: Arc<Script>, carriers: Vec<Carrier>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let ids = (0..MOST_ATTEMPTS).map(|_| request_id()).collect();
        let (began, seen) = (Instant::now(), Mutex::default());
        let shared = Arc::new(MockShared { script, carriers, began, ids, seen });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { url, shared, accepting })
    }

    /// Its address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The request ids that it gives, one for each attempt.
    #[must_use]
    pub fn ids(&self) -> &[String] {
        &self.shared.ids
    }

    /// The time since it was started.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.shared.began.elapsed()
    }

    /// When there was the first attempt too many, if there was one.
    #[must_use]
    pub fn too_many(&self) -> Option<Duration> {
        self.shared.seen().too_many
    }

    /// Ends it, and gives what it has seen.
    pub async fn finish(mut self) -> MockSeen {
        self.accepting.abort();
        // What was under way is over now, and noted as left.
        (&mut self.accepting).await.ok();
        self.shared.seen().clone()
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// An id that looks like any other.
fn request_id() -> String {
    format!("{:016x}", fastrand::u64(..))
}

async fn accept(listener: TcpListener, shared: Arc<MockShared>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors: others give theirs back in a moment.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        while connections.try_join_next().is_some() {}
        shared.seen().connections += 1;
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let answer = service_fn(|request| {
                let shared = Arc::clone(&shared);
                async move { Ok::<_, Infallible>(shared.answer(request).await) }
            });
            // What is no HTTP is a connection without a request, and counted as one.
            http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await.ok();
        });
    }
}

impl MockShared {
    fn seen(&self) -> MutexGuard<'_, MockSeen> {
        self.seen.locked()
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let arrived = self.began.elapsed();
        let text =
            |value: &header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let keys = self.carriers.iter().filter_map(|carrier| {
            let (place, value) = match carrier.places().next()? {
                Place::Header(name) => (name, text(request.headers().get(name)?)),
                Place::Query(name) => {
                    let query = request.uri().query().unwrap_or_default().as_bytes();
                    let mut parameters = form_urlencoded::parse(query);
                    (name, parameters.find(|(known, _)| known == name)?.1.into_owned())
                }
                Place::Cookie(name) => {
                    let cookies = text(request.headers().get(header::COOKIE)?);
                    let mut cookies =
                        cookies.split(';').filter_map(|one| one.trim().split_once('='));
                    (name, cookies.find(|(known, _)| *known == name)?.1.to_owned())
                }
                Place::Body(_) => return None,
            };
            Some((place.to_owned(), Secret::new(value)))
        });
        let attempt = Attempt {
            arrived,
            over: arrived,
            answered: false,
            line: format!("{} {}", request.method(), request.uri().path()),
            keys: keys.collect(),
            body: Vec::new(),
            body_bytes: 0,
            given: Given { status: 0, code: None, retry_after: None, request_id: String::new() },
        };
        let (mut open, given) = self.open(attempt);
        open.read(request.into_body()).await;
        tokio::time::sleep(ANSWER_AFTER).await;
        open.answered = true;
        let at = open.at;
        drop(open);
        let (headers, body) = self.script.answer(at).with_id(&given.request_id);
        let mut response = Response::builder().status(given.status);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        if let Some(seconds) = given.retry_after {
            response = response.header(header::RETRY_AFTER, seconds);
        }
        response.body(Full::new(body.into())).expect("a script's answer can be sent")
    }

    /// Notes an attempt, and what it will be answered.
    fn open(&self, mut attempt: Attempt) -> (Open<'_>, Given) {
        let mut seen = self.seen();
        let at = seen.attempts.len() + seen.beyond;
        let answer = self.script.answer(at);
        let given = Given {
            status: answer.status,
            code: answer.code.clone(),
            retry_after: answer.retry_after,
            request_id: self.ids.get(at).cloned().unwrap_or_else(request_id),
        };
        if at >= self.script.steps.len() {
            seen.too_many.get_or_insert(attempt.arrived);
        }
        if at < MOST_ATTEMPTS {
            attempt.given = given.clone();
            seen.attempts.push(attempt);
        } else {
            seen.beyond += 1;
        }
        (Open { shared: self, at, answered: false }, given)
    }
}

/// An attempt that has no answer yet. Dropped with its connection when the client leaves.
struct Open<'a> {
    shared: &'a MockShared,
    at: usize,
    answered: bool,
}

impl Open<'_> {
    /// Reads the body to its end, and keeps as much as is worth it.
    async fn read(&mut self, mut body: Incoming) {
        while let Some(Ok(frame)) = body.frame().await {
            let Some(data) = frame.data_ref() else { continue };
            let mut seen = self.shared.seen();
            if let Some(attempt) = seen.attempts.get_mut(self.at) {
                let room = LONGEST_BODY - attempt.body.len();
                attempt.body.extend_from_slice(&data[..data.len().min(room)]);
                attempt.body_bytes += u64::try_from(data.len()).unwrap_or(u64::MAX);
            }
        }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let now = self.shared.began.elapsed();
        if let Some(attempt) = self.shared.seen().attempts.get_mut(self.at) {
            attempt.over = now;
            attempt.answered = self.answered;
        }
    }
}
