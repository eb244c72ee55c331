//! The API as a pure state machine: a request and a time in, an answer out.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    error::{ApiError, whole_seconds},
    input::{self, Field},
    limiter::Limiter,
    world::{KeyRecord, LENGTH, PREFIX, Subscription, World},
};
use crate::{contract::key::Random, exchange::message::Request};

/// Where every error points to.
pub const DOCS: &str = "https://www.planmysaas.com/docs/api/errors";

/// No body of this API comes near it.
const LONGEST_BODY: usize = 1 << 20;

/// The header by which a failure is provoked; its value is the code of the error.
pub const FAULT_HEADER: &str = "X-Mock-Fault";

/// How long the API's waits take.
#[derive(Debug, Clone, Copy)]
pub struct Waits {
    /// How long a window of the limit lasts.
    pub rate_window: Duration,
    /// How long the hanging generator is waited for.
    pub generation_timeout: Duration,
}

impl Default for Waits {
    /// A minute, as the page says, and the least that it gives for the generator.
    fn default() -> Self {
        Self { rate_window: Duration::from_secs(60), generation_timeout: Duration::from_secs(90) }
    }
}

/// What the API answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Names and values of headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How long it takes to answer.
    pub after: Duration,
    /// The code of the error, if it is one.
    pub code: Option<&'static str>,
}

/// The API: all that it knows and counts.
#[derive(Debug)]
pub struct Api {
    pub(super) world: World,
    pub(super) limiter: Limiter,
    pub(super) paying: Paying,
    generation_timeout: Duration,
    answers: u64,
    /// Where the request ids begin, since no two runs may share one.
    first_id: u64,
}

/// Which balance pays for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paying {
    /// One that is not less than its cost.
    InFull,
    /// One that is more than its cost: a deviation.
    AndMore,
    /// One that is half of it or more: another.
    FromHalf,
}

impl Paying {
    fn pays(self, balance: i64, cost: i64) -> bool {
        match self {
            Self::InFull => balance >= cost,
            Self::AndMore => balance > cost,
            Self::FromHalf => balance * 2 >= cost,
        }
    }
}

/// A tool that generates something and is paid for.
struct Tool {
    fields: &'static [Field],
    cost: i64,
    plan: Subscription,
    /// The project that is generated once more.
    regenerates: Option<String>,
}

impl Api {
    /// An API with one key for each condition, and these keys by the condition's name.
    #[must_use]
    pub fn seeded(waits: Waits, random: Random<'_>) -> (Self, BTreeMap<&'static str, String>) {
        let (world, keys) = World::seeded(&mut *random);
        let limiter = Limiter::new(waits.rate_window);
        let generation_timeout = waits.generation_timeout;
        let paying = Paying::InFull;
        let first_id = u64::try_from(random(usize::MAX)).unwrap_or_default();
        let api = Self { world, limiter, paying, generation_timeout, answers: 0, first_id };
        (api, keys)
    }

    /// The answer to one request at a time of its key.
    #[must_use]
    pub fn answer(&mut self, request: &Request, now: Duration) -> Reply {
        self.answers += 1;
        match self.serve(request, now) {
            Ok(body) => reply(200, &body),
            Err(error) => self.refuse(&error),
        }
    }

    /// Key, rate, JSON, input, workspace, plan, regenerations, credits, generation: in this order.
    fn serve(&mut self, request: &Request, now: Duration) -> Result<Value, ApiError> {
        if request.body.len() > LONGEST_BODY {
            return Err(ApiError::BodyTooLarge);
        }
        let path = request.path.split('?').next().unwrap_or_default();
        let route = route(&request.method, path)?;
        let key = key_of(request).ok_or(ApiError::MissingApiKey)?;
        let record = self.authenticate(key).inspect_err(|_| self.limiter.stranger(key))?;
        let limited = |wait| ApiError::RateLimited { wait };
        self.limiter.admit(request, key, now).map_err(limited)?;
        let body = match &route {
            Route::Credits => Value::Null,
            Route::Generate(tool) => input::check(&request.body, tool.fields)
                .inspect_err(|_| self.limiter.mistaken(key))?,
        };
        let workspace = self.world.workspace(record).ok_or(ApiError::WorkspaceNotFound)?;
        let tool = match route {
            Route::Credits => return Ok(json!({ "credits": workspace.credits })),
            Route::Generate(tool) => tool,
        };
        if workspace.plan < tool.plan {
            return Err(ApiError::PlanGate);
        }
        if let (Some(project), Some(cap)) = (&tool.regenerates, workspace.plan.regenerations())
            && workspace.regenerations.get(project).is_some_and(|used| *used >= cap)
        {
            return Err(ApiError::RegenLimit { cap });
        }
        let fault = request.header(FAULT_HEADER);
        if fault == Some("preflight_failed") {
            return Err(ApiError::PreflightFailed);
        }
        if !self.paying.pays(workspace.credits, tool.cost) {
            return Err(ApiError::InsufficientCredits { need: tool.cost, have: workspace.credits });
        }
        match fault {
            Some("generation_failed") => return Err(ApiError::GenerationFailed),
            Some("generation_timeout") => return Err(ApiError::GenerationTimeout),
            _ => {}
        }
        workspace.credits -= tool.cost;
        // Without a cap nobody asks how often; a mock that runs for days need not know.
        if let (Some(project), Some(_)) = (tool.regenerates, workspace.plan.regenerations()) {
            *workspace.regenerations.entry(project).or_default() += 1;
        }
        Ok(json!({ "result": { "for": body }, "creditsLeft": workspace.credits }))
    }

    fn authenticate(&self, key: &str) -> Result<KeyRecord, ApiError> {
        if !is_well_formed(key) {
            return Err(ApiError::MalformedApiKey);
        }
        match self.world.look_up(key) {
            None => Err(ApiError::InvalidApiKey),
            Some(KeyRecord { revoked: true, .. }) => Err(ApiError::RevokedApiKey),
            Some(record) => Ok(record),
        }
    }

    /// The answer to a request whose body is too long to be read.
    #[must_use]
    pub fn too_long(&mut self) -> Reply {
        self.answers += 1;
        self.refuse(&ApiError::BodyTooLarge)
    }

    /// The answer that tells an error.
    pub(super) fn refuse(&self, error: &ApiError) -> Reply {
        let (code, status) = error.code_and_status();
        let envelope = ErrorBody {
            error: Fields {
                code,
                docs: DOCS,
                message: error.message(),
                request_id: self.request_id(),
            },
        };
        let mut reply = reply(status, &envelope);
        reply.code = Some(code);
        match error {
            ApiError::RateLimited { wait } => {
                reply.headers.push(("retry-after", whole_seconds(*wait).to_string()));
            }
            ApiError::MethodNotAllowed { allowed } => {
                reply.headers.push(("allow", (*allowed).to_owned()));
            }
            _ if status == 401 => {
                reply.headers.push(("www-authenticate", "Bearer".to_owned()));
            }
            ApiError::GenerationTimeout => reply.after = self.generation_timeout,
            _ => {}
        }
        reply
    }

    /// An id for each answer, no two alike, of which none tells how many there were: the number, with its bits
    /// mixed as `SplitMix64` does (Steele, Lea and Flood, 2014). A SHA-256 was a tenth of the work on a request.
    fn request_id(&self) -> String {
        let mut id = self.first_id.wrapping_add(self.answers).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        id = (id ^ (id >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        id = (id ^ (id >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        format!("{:016x}", id ^ (id >> 31))
    }
}

/// Whether a key has the shape of a key.
#[must_use]
pub fn is_well_formed(key: &str) -> bool {
    key.strip_prefix(PREFIX).is_some_and(|tail| {
        tail.len() == LENGTH && tail.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// The key that a request carries, in `X-API-Key` or as a bearer token.
#[must_use]
pub fn key_of(request: &Request) -> Option<&str> {
    let bearer = || {
        // A scheme is written in letters of any case (RFC 9110, section 11.1).
        let (scheme, key) = request.header("authorization")?.split_at_checked("Bearer".len())?;
        scheme.eq_ignore_ascii_case("Bearer").then(|| key.trim_matches([' ', '\t']))
    };
    let is_there = |key: &&str| !key.is_empty();
    request.header("x-api-key").filter(is_there).or_else(|| bearer().filter(is_there))
}

enum Route {
    Credits,
    Generate(Tool),
}

fn route(method: &str, path: &str) -> Result<Route, ApiError> {
    let tool =
        |fields, cost, plan, regenerates| Route::Generate(Tool { fields, cost, plan, regenerates });
    let project = || path.strip_prefix("/api/v1/projects/")?.strip_suffix("/regenerate");
    let (takes, route) = match path {
        "/api/v1/credits" => ("GET", Route::Credits),
        "/api/v1/tools/tagline" => ("POST", tool(input::TAGLINE, 10, Subscription::Free, None)),
        "/api/v1/tools/roadmap" => ("POST", tool(input::ROADMAP, 150, Subscription::Starter, None)),
        _ => {
            let project = project().ok_or(ApiError::NotFound)?.to_owned();
            ("POST", tool(input::REGENERATE, 20, Subscription::Free, Some(project)))
        }
    };
    // Who takes GET takes HEAD (RFC 9110, section 9.1).
    let is_taken = method == takes || (takes, method) == ("GET", "HEAD");
    let allowed = if takes == "GET" { "GET, HEAD" } else { takes };
    if is_taken { Ok(route) } else { Err(ApiError::MethodNotAllowed { allowed }) }
}

/// The body of an error. A type, since a `Value` of it costs an eighth of a whole answer to build.
#[derive(Serialize)]
struct ErrorBody {
    error: Fields,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    code: &'static str,
    docs: &'static str,
    message: String,
    request_id: String,
}

fn reply(status: u16, content: &impl Serialize) -> Reply {
    // Most answers fit; a vector that grows is allocated anew each time.
    let mut body = Vec::with_capacity(256);
    serde_json::to_writer(&mut body, content).expect("texts and numbers are JSON");
    Reply {
        status,
        headers: vec![("content-type", "application/json".to_owned())],
        body,
        after: Duration::ZERO,
        code: None,
    }
}
