//! The bundled API behind HTTP, in this process, by wiremock.

use std::{collections::BTreeMap, sync::Mutex};

use http::{HeaderMap, HeaderValue};
use wiremock::{Mock, MockServer, Respond, ResponseTemplate, matchers};

use super::{
    api::{Reply, Waits, key_of},
    broken::Broken,
    mutation::Mutation,
};
use crate::{
    contract::key::Random,
    exchange::{
        clock::Clock,
        locked::Locked as _,
        message::{Answer, Ending, Request},
        sender::InProcess,
    },
    shown::secret::Secret,
    targets::header::Headers,
};

/// The bundled API while it is running. It ends when this is dropped.
#[must_use = "the server ends when this is dropped"]
pub struct Bundled {
    server: MockServer,
    clock: Clock,
    keys: Keys,
}

/// The API with the clock that it lives by: what is behind HTTP, or asked in this process.
#[derive(Debug)]
pub struct Front {
    api: Mutex<Broken>,
    clock: Clock,
}

impl Front {
    /// An API of its own, with at most one promise broken, and its keys.
    #[must_use]
    pub fn new(clock: Clock, mutation: Option<Mutation>) -> (Self, Keys) {
        Self::with_waits(clock, mutation, Waits::default())
    }

    /// The same with other waits than the page's.
    #[must_use]
    pub fn with_waits(clock: Clock, mutation: Option<Mutation>, waits: Waits) -> (Self, Keys) {
        Self::with_random(clock, mutation, waits, &mut |below| fastrand::usize(..below))
    }

    /// The same with keys that are drawn so: two that draw alike take the same keys.
    #[must_use]
    pub fn with_random(
        clock: Clock,
        mutation: Option<Mutation>,
        waits: Waits,
        random: Random<'_>,
    ) -> (Self, Keys) {
        let (api, keys) = Broken::seeded(mutation, waits, random);
        (Self { api: Mutex::new(api), clock }, keys)
    }

    /// The answer to a request whose body is too long to be read.
    pub(super) fn too_long(&self) -> Reply {
        self.api.locked().too_long()
    }

    pub(super) fn reply(&self, request: &Request) -> Reply {
        let Clock::Shared(clock) = &self.clock else {
            return self.api.locked().answer(request, self.clock.now(None));
        };
        let key = key_of(request).map(Secret::new);
        let reply = self.api.locked().answer(request, clock.now(key.as_ref()));
        clock.advance(key.as_ref(), reply.after);
        reply
    }
}

impl InProcess for Front {
    fn answer(&self, request: &Request) -> Answer {
        let reply = self.reply(request);
        let headers = reply.headers.into_iter();
        Answer {
            status: reply.status,
            headers: headers.map(|(name, value)| (name.to_owned(), value.into_bytes())).collect(),
            body: reply.body,
            ending: Ending::Complete,
        }
    }
}

/// One key for each condition, by the condition's name.
pub type Keys = BTreeMap<&'static str, String>;

impl Bundled {
    /// Starts it on a free port of this machine. With the shared clock its minutes pass as soon as
    /// somebody waits for them, with the real one they pass as on a live server.
    pub async fn start(clock: Clock) -> Self {
        Self::with_waits(clock, Waits::default()).await
    }

    /// The same with other waits than the page's.
    pub async fn with_waits(clock: Clock, waits: Waits) -> Self {
        let (front, keys) = Front::with_waits(clock.clone(), None, waits);
        let server = MockServer::builder().disable_request_recording().start().await;
        Mock::given(matchers::any()).respond_with(front).mount(&server).await;
        Self { server, clock, keys }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.uri()
    }

    /// The time that it lives by.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// One key for each condition, by the condition's name.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }
}

/// Headers as the state machine takes them.
pub(super) fn secret(headers: &HeaderMap) -> Headers {
    let held = |value: &HeaderValue| Secret::new(&*String::from_utf8_lossy(value.as_bytes()));
    headers.iter().map(|(name, value)| (name.as_str().into(), held(value))).collect()
}

impl Respond for Front {
    fn respond(&self, request: &wiremock::Request) -> ResponseTemplate {
        let reply = self.reply(&Request {
            method: request.method.as_str().to_owned().into(),
            path: request.url.path().into(),
            headers: secret(&request.headers),
            body: request.body.clone(),
            signing: None,
        });
        let mut template = ResponseTemplate::new(reply.status).set_body_bytes(reply.body);
        // wiremock sleeps even for a delay of zero, which takes a millisecond.
        if matches!(self.clock, Clock::Real(_)) && !reply.after.is_zero() {
            template = template.set_delay(reply.after);
        }
        let headers = reply.headers.into_iter();
        headers.fold(template, |template, (name, value)| template.append_header(name, value))
    }
}
