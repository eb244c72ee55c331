//! The bundled API with a promise broken at one point: what it takes there for a key, and what it charges for.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::{
    api::{Api, FAULT_HEADER, Reply, key_of},
    envelope_faults::{break_retry_after, code, set, spoil},
    error::ApiError,
    input,
    mutation::{Behaviour, ChargeTime, CreditsFault, EnvelopeField, Somewhere},
    site::Site,
    turned::{self, Turned, WrongBody},
    world::PREFIX,
};
use crate::{exchange::message::Request, shown::secret::Secret};

/// What is kept of what is broken at one point.
#[derive(Debug)]
pub(super) struct BrokenAt {
    /// The keys by their conditions.
    keys: BTreeMap<&'static str, Secret>,
    /// How often the key was sent, or the error made, that the mutation is about.
    times: u32,
    /// What is still to be charged: when, and whom.
    due: Vec<(Duration, Secret)>,
    /// Whether a key was over its limit already.
    was_limited: bool,
    /// Whether the key for requests at once was served already.
    has_raced: bool,
}

/// What a tagline costs.
const RACE: i64 = 10;

/// What is charged for an error.
const CHARGE: i64 = 3;

impl BrokenAt {
    pub(super) fn new(keys: &BTreeMap<&'static str, String>) -> Self {
        let keys = keys.iter().map(|(name, key)| (*name, Secret::new(key.as_str()))).collect();
        Self { keys, times: 0, due: Vec::new(), was_limited: false, has_raced: false }
    }

    /// The answer of an API that is broken at one point.
    pub(super) fn answer(
        &mut self,
        api: &mut Api,
        site: Site,
        what: Somewhere,
        request: &Request,
        now: Duration,
    ) -> Reply {
        for (due, key) in std::mem::take(&mut self.due) {
            if now >= due {
                api.world.charge(key.expose(), CHARGE);
            } else {
                self.due.push((due, key));
            }
        }
        if !site.is_of(request) {
            return api.answer(request, now);
        }
        let taken = self.taken(what, request, api);
        let mut reply = api.answer(taken.as_ref().unwrap_or(request), now);
        match what {
            Somewhere::Envelope(fault, on) if reply.code == Some(on) => spoil(&mut reply, fault),
            Somewhere::RetryAfter(fault) if reply.code == Some("rate_limited") => {
                break_retry_after(&mut reply, fault);
            }
            Somewhere::Charges(on, when) if reply.code == Some(on) => {
                self.charge(api, when, request, now);
            }
            Somewhere::Credits(fault) if code(&reply) == "insufficient_credits" => {
                tell_credits(&mut reply, fault);
            }
            _ => {}
        }
        reply
    }

    /// The answer of an API that tells the other one of two things that are wrong at one point.
    pub(super) fn turned(
        &self,
        api: &mut Api,
        turned: Turned,
        request: &Request,
        now: Duration,
    ) -> Reply {
        let reply = api.answer(request, now);
        let Turned { first, second, site, body } = turned;
        let is_here = site.is_of(request) && body.is(&request.body);
        if reply.code != Some(first)
            || !is_here
            || (body == WrongBody::Any && !self.has(second, request))
        {
            return reply;
        }
        turned::error(second).map_or(reply, |error| api.refuse(&error))
    }

    /// Whether a request's key is the revoked one but for its last four characters.
    pub(super) fn begins_as_revoked(&self, request: &Request) -> bool {
        let begin = |key: &str| key.get(..key.len().saturating_sub(4)).map(str::to_owned);
        key_of(request).is_some_and(|key| begin(key) == begin(self.keys["revoked"].expose()))
    }

    /// Whether a request would get this error as well.
    fn has(&self, code: &str, request: &Request) -> bool {
        let body = serde_json::from_slice::<Value>(&request.body);
        let key = |condition: &str| key_of(request) == Some(self.keys[condition].expose());
        match code {
            "invalid_json" => body.is_err(),
            "invalid_input" => body.is_ok_and(|body| {
                let tools = [input::TAGLINE, input::ROADMAP, input::REGENERATE];
                tools.iter().all(|fields| input::breach(&body, fields).is_some())
            }),
            "workspace_not_found" => key("orphaned"),
            "plan_gate" => key("free-plan"),
            "regen_limit" => key("regen-capped"),
            "insufficient_credits" => key("drained"),
            hook => request.header(FAULT_HEADER) == Some(hook),
        }
    }

    /// The request as a server takes it that looks its key up too carelessly.
    fn taken(&mut self, what: Somewhere, request: &Request, api: &Api) -> Option<Request> {
        let key = key_of(request)?;
        let is_taken = match what {
            Somewhere::Takes(neighbour) => self
                .keys
                .values()
                .any(|known| neighbour.of(PREFIX, known.expose()).as_deref() == Some(key)),
            Somewhere::RevokedAlive(from) if key == self.keys["revoked"].expose() => {
                self.times += 1;
                self.times >= from
            }
            Somewhere::TakesUnknown(from)
                if super::api::is_well_formed(key) && api.world.look_up(key).is_none() =>
            {
                self.times += 1;
                self.times >= from
            }
            _ => false,
        };
        is_taken.then(|| self.with_drained_key(request))
    }

    /// A request with a key that is good, and cannot pay.
    fn with_drained_key(&self, request: &Request) -> Request {
        let (mut changed, drained) = (request.clone(), &self.keys["drained"]);
        change_key(&mut changed, |_| drained.expose().to_owned());
        changed
    }

    fn charge(&mut self, api: &mut Api, when: ChargeTime, request: &Request, now: Duration) {
        let Some(key) = key_of(request) else { return };
        self.times += 1;
        match when {
            ChargeTime::EverySecondTime if self.times % 2 == 1 => {}
            ChargeTime::AtOnce | ChargeTime::EverySecondTime => api.world.charge(key, CHARGE),
            ChargeTime::FiveSecondsLater => {
                self.due.push((now + Duration::from_secs(5), Secret::new(key)));
            }
        }
    }

    /// Whether a key was over its limit already.
    pub(super) fn was_limited(&self) -> bool {
        self.was_limited
    }

    /// What a server does that serves several requests at once of which a balance pays for one: here it is the first
    /// with that balance.
    pub(super) fn served(&mut self, api: &mut Api, behaviour: Behaviour, request: &Request) {
        let race = self.keys["race"].expose();
        if key_of(request) != Some(race) || std::mem::replace(&mut self.has_raced, true) {
            return;
        }
        match behaviour {
            Behaviour::RaceServesTwo => api.world.change(race, RACE),
            Behaviour::RaceChargesTwice => api.world.change(race, -RACE),
            _ => {}
        }
    }

    /// Notes an answer's code.
    pub(super) fn sees(&mut self, code: &str) {
        self.was_limited |= code == "rate_limited";
    }

    /// The request as a server takes it that forgets that a key was revoked where its scheme is in small letters.
    pub(super) fn revoked_in_small_letters(&self, request: &Request) -> Request {
        let mut changed = request.clone();
        let revoked = format!("bearer {}", self.keys["revoked"].expose());
        for (_, value) in &mut changed.headers {
            if value.expose() == revoked {
                *value = Secret::new(format!("Bearer {}", self.keys["drained"].expose()));
            }
        }
        changed
    }

    /// The request as a server takes it that forgets after a while that a key was revoked.
    pub(super) fn revoked_later(&self, request: &Request) -> Request {
        let is_revoked = key_of(request) == Some(self.keys["revoked"].expose());
        if is_revoked && self.was_limited {
            self.with_drained_key(request)
        } else {
            request.clone()
        }
    }
}

/// Tells another number than the API does.
fn tell_credits(reply: &mut Reply, fault: CreditsFault) {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let message = body["error"]["message"].as_str().unwrap_or_default();
    let numbers = message.split(|c: char| !c.is_ascii_digit()).filter_map(|text| text.parse().ok());
    let [need, have]: [i64; 2] = numbers.collect::<Vec<_>>().try_into().unwrap_or_default();
    let (need, have) = match fault {
        CreditsFault::NeedOfAnotherTool => (if need == 10 { 20 } else { 10 }, have),
        CreditsFault::NeedIsTheDifference => (need - have, have),
        CreditsFault::HaveZero => (need, 0),
        CreditsFault::HaveOfAnotherAccount => (need, 3),
    };
    let message = ApiError::InsufficientCredits { need, have }.message();
    set(reply, EnvelopeField::Message, message.into());
}

/// Changes the key of a request, whichever carrier it has.
pub(super) fn change_key(request: &mut Request, change: impl Fn(&str) -> String) {
    for (name, value) in &mut request.headers {
        let text = value.expose();
        if name.eq_ignore_ascii_case("x-api-key") && !text.is_empty() {
            *value = Secret::new(change(text));
        } else if name.eq_ignore_ascii_case("authorization")
            && let Some(("Bearer" | "bearer", key)) = text.split_once(' ')
            && !key.is_empty()
        {
            *value = Secret::new(format!("Bearer {}", change(key)));
        }
    }
}
