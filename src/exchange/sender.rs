//! Sends requests over HTTP: the only place of the harness that touches the network.

use std::{
    collections::HashMap,
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, OnceLock},
    time::{Duration, SystemTime},
};

use reqwest::{
    Client, ClientBuilder, Method, Response, Url,
    header::{CONTENT_LENGTH, HeaderName, HeaderValue, USER_AGENT},
    redirect::Policy,
};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::{task::JoinSet, time::timeout};

use super::{
    blanks::Written,
    capped::{Capped, read_at_most},
    cause::innermost,
    clock::Clock,
    deadlines::Deadlines,
    locked::Locked as _,
    message::{Answer, LEFT_OUT, Request},
    outgoing::{Exchange, NoAnswer, Outgoing},
    pacing::Pacer,
    sigv4::signed,
    traffic::Traffic,
};
use crate::contract::{blank::FRESH_NAME, contract_file::Limit};

/// No envelope has a megabyte. What is longer is cut, so that no target can fill the memory.
pub const LONGEST_BODY: usize = 1 << 20;

/// A connection takes a few round trips; Linux gives up on an unanswered one after two minutes.
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);

/// Sends requests to one target.
#[derive(Debug, Clone)]
pub struct Sender {
    wire: Wire,
    clock: Clock,
    pacer: Arc<Pacer>,
    traffic: Traffic,
}

/// How requests get there.
#[derive(Debug, Clone)]
enum Wire {
    Http { client: Client, anew: Arc<OnceLock<Client>>, addresses: Arc<Addresses> },
    InProcess(Arc<dyn InProcess>),
}

/// A server that is asked without a network between: the suite runs on hundreds of mutants so.
pub trait InProcess: fmt::Debug + Send + Sync {
    /// The answer to a request.
    fn answer(&self, request: &Request) -> Answer;
}

impl Sender {
    /// A sender to the API behind a base URL.
    ///
    /// # Errors
    /// If the address needs TLS and this machine has no certificates to trust.
    pub fn new(base_url: Url, clock: Clock, pacer: Pacer) -> Result<Self, rustls::Error> {
        let client = client(&base_url)?.build().expect(BUILT);
        let addresses = Arc::new(Addresses { base_url, known: Mutex::default() });
        let wire = Wire::Http { client, anew: Arc::default(), addresses };
        Ok(Self { wire, clock, pacer: Arc::new(pacer), traffic: Traffic::default() })
    }

    /// A sender to a server in this process.
    #[must_use]
    pub fn in_process(server: Arc<dyn InProcess>, clock: Clock, pacer: Pacer) -> Self {
        let wire = Wire::InProcess(server);
        Self { wire, clock, pacer: Arc::new(pacer), traffic: Traffic::default() }
    }

    /// What was sent so far.
    #[must_use]
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Sends one request when its key's turn has come.
    ///
    /// # Errors
    /// If there is no answer to judge.
    pub async fn send(&self, outgoing: &Outgoing) -> Result<Exchange, NoAnswer> {
        self.turn(outgoing).await;
        self.send_now(outgoing).await
    }

    /// Waits until the turn of a request's key has come, under each limit that counts the request.
    pub async fn turn(&self, outgoing: &Outgoing) {
        self.pacer.turn(&self.clock, outgoing.key.as_ref(), outgoing.counted_by).await;
    }

    /// Sends the same request many times at once, whatever its key's limit, as soon as a limit that others share has room
    /// for it. The exchanges are in the order in which the answers came.
    ///
    /// # Errors
    /// If one of the requests has no answer to judge.
    pub async fn burst(&self, outgoing: &Outgoing, times: u32) -> Result<Vec<Exchange>, NoAnswer> {
        let Outgoing { key, counted_by, .. } = outgoing;
        self.pacer.room(&self.clock, key.as_ref(), *counted_by, times).await;
        let mut tasks = JoinSet::new();
        for _ in 0..times {
            let (sender, outgoing) = (self.clone(), outgoing.clone());
            tasks.spawn(async move { sender.send_now(&outgoing).await });
        }
        let mut exchanges = Vec::new();
        while let Some(done) = tasks.join_next().await {
            exchanges.push(done.expect("sending a request does not panic")?);
        }
        exchanges.sort_by_key(|exchange| exchange.answered);
        Ok(exchanges)
    }

    /// Sends one request, whatever its key's limit, and counts it where others share one.
    ///
    /// # Errors
    /// If there is no answer to judge.
    pub async fn send_at_once(&self, outgoing: &Outgoing) -> Result<Exchange, NoAnswer> {
        self.pacer.note(&self.clock, outgoing.key.as_ref(), outgoing.counted_by);
        self.send_now(outgoing).await
    }

    /// Sends one request, whatever its key's limit.
    ///
    /// # Errors
    /// If there is no answer to judge.
    pub async fn send_now(&self, outgoing: &Outgoing) -> Result<Exchange, NoAnswer> {
        let key = outgoing.key.as_ref();
        let (request, written) = made(outgoing);
        self.traffic.count(key);
        let sent = self.clock.now(key);
        let answer = match &self.wire {
            Wire::InProcess(server) => server.answer(&request),
            Wire::Http { client, anew, addresses } if request.signing.is_some() => {
                self.send_signed(outgoing, &request, (client, anew), addresses).await?
            }
            Wire::Http { client, anew, addresses } => {
                let request = || build(addresses, &request);
                match over_http(client, request(), outgoing.deadlines).await {
                    // A server may close an idle connection just as a request goes out on it (RFC
                    // 9112, section 9.3): that says nothing of the API. Once more, on a new one, since a
                    // server that closes each of them unannounced has closed all that wait to be used again.
                    Err(NoAnswer::Broken(_)) => {
                        self.traffic.count(key);
                        let client = anew.get_or_init(|| unpooled(&addresses.base_url));
                        over_http(client, request(), outgoing.deadlines).await?
                    }
                    answer => answer?,
                }
            }
        };
        Ok(Exchange {
            request,
            written,
            key: outgoing.key.clone(),
            answer,
            sent,
            answered: self.clock.now(key),
            date: self.clock.date(key),
            role: outgoing.role,
        })
    }

    /// How long it takes until nothing that was sent counts on a limit any more that several keys share.
    #[must_use]
    pub fn rest(&self, limit: &Limit) -> Duration {
        self.pacer.rest(&self.clock, limit.place)
    }
}

/// The request as it is sent this time: with a value of its own, if it has one that is another each time.
fn made(outgoing: &Outgoing) -> (Arc<Request>, Option<Arc<Written>>) {
    if !outgoing.blanks.has(FRESH_NAME) {
        return (Arc::clone(&outgoing.request), outgoing.blanks.written(&outgoing.request));
    }
    let value = format!("{:032x}", fastrand::u128(..));
    let (request, blanks) = outgoing.blanks.with_fresh(&outgoing.request, value.clone());
    let request = Arc::new(request);
    let written = blanks.written(&request).map(|written| {
        let (names, request) = (written.names.clone(), Arc::clone(&written.request));
        Arc::new(Written { request, names, fresh: Some(value.into()) })
    });
    (request, written)
}

impl Sender {
    /// Sends a request with a signature of this moment; again, if it has to be sent again.
    async fn send_signed(
        &self,
        outgoing: &Outgoing,
        request: &Request,
        (client, anew): (&Client, &OnceLock<Client>),
        addresses: &Addresses,
    ) -> Result<Answer, NoAnswer> {
        let Outgoing { deadlines, key, .. } = outgoing;
        let address = addresses.of(&request.path);
        let sign = || signed(request, &address, SystemTime::now()).expect("it is to be signed");
        let (own, signature) = sign();
        let (mut answer, signature) =
            match over_http(client, build(addresses, &own), *deadlines).await {
                Err(NoAnswer::Broken(_)) => {
                    self.traffic.count(key.as_ref());
                    let client = anew.get_or_init(|| unpooled(&addresses.base_url));
                    let (own, signature) = sign();
                    (over_http(client, build(addresses, &own), *deadlines).await?, signature)
                }
                answer => (answer?, signature),
            };
        signature.mask(&mut answer);
        Ok(answer)
    }
}

/// Who sends a request that says nothing else.
pub(crate) const AGENT: &str = concat!("errproof/", env!("CARGO_PKG_VERSION"));

const BUILT: &str = "a client with fixed settings can be built";

fn client(base_url: &Url) -> Result<ClientBuilder, rustls::Error> {
    Ok(builder(base_url)?.connect_timeout(CONNECT_DEADLINE))
}

/// A client with a connection of its own for each request.
fn unpooled(base_url: &Url) -> Client {
    let builder = client(base_url).expect("the certificates were read before");
    builder.pool_max_idle_per_host(0).build().expect(BUILT)
}

/// What every client of ours is built from, for an address.
///
/// # Errors
/// If the address needs TLS and this machine has no certificates to trust.
pub(crate) fn builder(url: &Url) -> Result<ClientBuilder, rustls::Error> {
    let builder = Client::builder()
        .tls_backend_preconfigured(tls(url)?)
        // An answer is judged as it came: not followed, not repeated, not unpacked.
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .http1_only();
    // A proxy from the environment is right for a server elsewhere, never for one on this machine.
    Ok(if is_loopback(url) { builder.no_proxy() } else { builder })
}

async fn over_http(
    client: &Client,
    request: reqwest::Request,
    deadlines: Deadlines,
) -> Result<Answer, NoAnswer> {
    let whole = timeout(deadlines.whole, async {
        let head = timeout(deadlines.first_byte, client.execute(request)).await;
        let response = head
            .map_err(|_| NoAnswer::Deadline(deadlines.first_byte))?
            .map_err(|error| no_answer(&error))?;
        Ok(read(response).await)
    });
    whole.await.map_err(|_| NoAnswer::Deadline(deadlines.whole))?
}

fn build(addresses: &Addresses, request: &Request) -> reqwest::Request {
    let method = Method::from_bytes(request.method.as_bytes()).expect("a method's name");
    let mut built = reqwest::Request::new(method, addresses.of(&request.path));
    if request.header("user-agent").is_none() {
        built.headers_mut().insert(USER_AGENT, HeaderValue::from_static(AGENT));
    }
    for (name, value) in request.headers.iter().filter(|(_, value)| value.expose() != LEFT_OUT) {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_bytes(value.expose().as_bytes());
        let (name, mut value) =
            name.ok().zip(value.ok()).expect("headers were checked when they were read");
        value.set_sensitive(true);
        built.headers_mut().append(name, value);
    }
    if !request.body.is_empty() {
        *built.body_mut() = Some(request.body.clone().into());
    } else if request.announces_body() {
        // hyper takes an empty body for none, and says nothing of its length.
        built.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    built
}

/// The addresses of a run's requests: a few, of which each is parsed once.
#[derive(Debug)]
struct Addresses {
    base_url: Url,
    known: Mutex<HashMap<Arc<str>, Url>>,
}

impl Addresses {
    fn of(&self, path: &Arc<str>) -> Url {
        let mut known = self.known.locked();
        let address = known.entry(Arc::clone(path)).or_insert_with(|| url(&self.base_url, path));
        address.clone()
    }
}

/// The address of a path below a base URL that may have a path of its own.
#[must_use]
pub fn url(base: &Url, path: &str) -> Url {
    let base = base.as_str().trim_end_matches('/');
    Url::parse(&format!("{base}{path}")).expect("paths were checked when they were read")
}

fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    })
}

async fn read(mut response: Response) -> Answer {
    let headers = response.headers().iter();
    let headers =
        headers.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_owned()));
    let (status, headers) = (response.status().as_u16(), headers.collect());
    let Capped { bytes: body, ending } = read_at_most(&mut response, LONGEST_BODY).await;
    Answer { status, headers, body, ending }
}

fn no_answer(error: &reqwest::Error) -> NoAnswer {
    let why = innermost(error);
    match error {
        error if error.is_connect() && error.is_timeout() => NoAnswer::Deadline(CONNECT_DEADLINE),
        error if error.is_connect() => NoAnswer::Connect(why),
        _ => NoAnswer::Broken(why),
    }
}

/// TLS by ring, which compiles in a fraction of the time of rustls' default provider.
///
/// The system's certificates are read only for an address that needs them: reading them costs
/// tens of milliseconds, and a bare container may have none.
fn tls(base_url: &Url) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = match base_url.scheme() {
        "https" => builder.with_platform_verifier()?,
        _ => builder.with_root_certificates(RootCertStore::empty()),
    };
    Ok(builder.with_no_client_auth())
}
