//! The bundled API behind HTTP, in this process, by wiremock.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use wiremock::{Mock, MockServer, Respond, ResponseTemplate, matchers};

use super::api::{Api, FAULT_HEADER, key_of};
use crate::{
    contract::{Contract, fault::Faults, names::HookName},
    exchange::Request,
    target::{
        Target,
        clock::Clock,
        format::{HeaderSource, HookSource, TargetFile},
        secret::Secret,
    },
};

/// The bundled API while it is running. It ends when this is dropped.
#[must_use = "the server ends when this is dropped"]
pub struct Bundled {
    server: MockServer,
    clock: Clock,
    keys: BTreeMap<&'static str, String>,
}

struct Front {
    api: Mutex<Api>,
    clock: Clock,
}

impl Bundled {
    /// Starts it on a free port of this machine. With the shared clock its minutes pass as soon as
    /// somebody waits for them, with the real one they pass as on a live server.
    pub async fn start(clock: Clock) -> Self {
        let (api, keys) = Api::seeded();
        let front = Front { api: Mutex::new(api), clock: clock.clone() };
        let server = MockServer::builder().disable_request_recording().start().await;
        Mock::given(matchers::any()).respond_with(front).mount(&server).await;
        Self { server, clock, keys }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.uri()
    }

    /// One key for each condition, by the condition's name.
    #[must_use]
    pub fn keys(&self) -> &BTreeMap<&'static str, String> {
        &self.keys
    }

    /// It as a target: its keys in the contract's slots, its hooks, and the time it shares.
    #[must_use]
    pub fn target(&self, contract: &Contract, faults: &mut Faults) -> Option<Target> {
        let hook = |name: &HookName| {
            let value = HeaderSource::Value(name.to_string());
            let headers = BTreeMap::from([(FAULT_HEADER.to_owned(), value)]);
            (name.clone(), HookSource { headers, first: None })
        };
        let file = TargetFile {
            base_url: self.url(),
            hooks: contract.hooks.keys().map(hook).collect(),
            ..TargetFile::default()
        };
        let environment = |variable: &str| {
            let slot = contract.slots.iter().find(|(_, slot)| slot.env == variable);
            self.keys.get(slot?.0.as_str()).cloned()
        };
        Target::bundled(&file, contract, self.clock.clone(), &environment, faults)
    }
}

impl Respond for Front {
    fn respond(&self, request: &wiremock::Request) -> ResponseTemplate {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let headers = request.headers.iter();
        let request = Request {
            method: request.method.to_string(),
            path: request.url.path().to_owned(),
            headers: headers
                .map(|(name, value)| (name.to_string(), Secret::new(text(value.as_bytes()))))
                .collect(),
            body: request.body.clone(),
        };
        let key = key_of(&request).map(Secret::new);
        let now = self.clock.now(key.as_ref());
        let mut api = self.api.lock().unwrap_or_else(PoisonError::into_inner);
        let reply = api.answer(&request, now);
        drop(api);
        let template = ResponseTemplate::new(reply.status).set_body_bytes(reply.body);
        let template = match &self.clock {
            Clock::Real(_) => template.set_delay(reply.after),
            Clock::Shared(clock) => {
                clock.advance(key.as_ref(), reply.after);
                template
            }
        };
        let headers = reply.headers.into_iter();
        headers.fold(template, |template, (name, value)| template.append_header(name, value))
    }
}
