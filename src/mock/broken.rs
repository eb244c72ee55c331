//! The bundled API with at most one promise broken: what goes in and comes out is changed, so that
//! [`super::api`] stays as the page has it.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    api::{Api, DOCS, Paying, Reply, Waits, key_of},
    broken_at::{BrokenAt, change_key},
    broken_input,
    envelope_faults::{break_retry_after, code, set, set_type, spoil},
    error::ApiError,
    limiter::Keeping,
    mutation::{Behaviour, Echo, EnvelopeField, Mutation, RetryAfterFault, Somewhere},
    world::sha256,
};
use crate::{
    checks::key_traces::hex, contract::key::Random, exchange::message::Request,
    shown::secret::Secret,
};

/// The bundled API, whole or with one promise broken.
#[derive(Debug)]
pub struct Broken {
    api: Api,
    mutation: Option<Mutation>,
    /// How many errors there were, and the last one's request id.
    errors: usize,
    last_id: Value,
    /// A key that the API does not keep, to be told to others.
    valid_key: Secret,
    /// What is kept of what is broken at one point.
    here: BrokenAt,
}

impl Broken {
    /// An API with one key for each condition, and these keys by the condition's name.
    #[must_use]
    pub fn seeded(
        mutation: Option<Mutation>,
        waits: Waits,
        random: Random<'_>,
    ) -> (Self, BTreeMap<&'static str, String>) {
        let (mut api, keys) = Api::seeded(waits, random);
        match mutation {
            Some(Mutation::Behaviour(Behaviour::Limit(limit))) => api.limiter.limit = limit,
            Some(Mutation::Behaviour(Behaviour::LimitPerAddress)) => {
                api.limiter.keeping = Keeping::PerAddress;
            }
            Some(Mutation::Behaviour(Behaviour::LimitLosesUpdates)) => {
                api.limiter.keeping = Keeping::LosesUpdates;
            }
            Some(Mutation::Behaviour(Behaviour::LimitNeverResets)) => {
                api.limiter.keeping = Keeping::NeverResets;
            }
            Some(Mutation::Behaviour(Behaviour::LimitApart(what))) => {
                api.limiter.keeping = Keeping::Apart(what);
            }
            Some(Mutation::Behaviour(Behaviour::LimitOfGetAlone)) => {
                api.limiter.keeping = Keeping::GetAlone;
            }
            Some(Mutation::Behaviour(Behaviour::LimitButMistaken)) => {
                api.limiter.keeping = Keeping::ButMistaken;
            }
            Some(Mutation::Behaviour(Behaviour::LimitButHead)) => {
                api.limiter.keeping = Keeping::ButHead;
            }
            Some(Mutation::Behaviour(Behaviour::LimitOnce)) => api.limiter.keeping = Keeping::Once,
            Some(Mutation::Behaviour(Behaviour::LimitSharedByBeginning)) => {
                api.limiter.shared = Some((keys["burst"].clone(), 0));
            }
            Some(Mutation::Behaviour(Behaviour::LimitGrows)) => {
                api.limiter.keeping = Keeping::Grows;
            }
            Some(Mutation::Behaviour(Behaviour::LimitSharedAtTimes)) => {
                api.limiter.keeping = Keeping::SharedAtTimes;
            }
            Some(Mutation::Behaviour(Behaviour::LimitLiftedEarly)) => {
                api.limiter.keeping = Keeping::LiftedEarly;
            }
            Some(Mutation::Behaviour(Behaviour::LimitWindow(seconds))) => {
                api.limiter.window = Duration::from_secs(seconds);
            }
            Some(Mutation::At(site, Somewhere::Unlimited)) => {
                api.limiter.keeping = Keeping::Except(site);
            }
            Some(Mutation::Behaviour(Behaviour::RefusesExactly)) => api.paying = Paying::AndMore,
            Some(Mutation::Behaviour(Behaviour::ServesFromHalf)) => api.paying = Paying::FromHalf,
            Some(Mutation::Behaviour(Behaviour::RevokedAlive)) => {
                api.world.revoke(&keys["revoked"], false);
            }
            _ => {}
        }
        let valid_key = Secret::new(keys["valid"].as_str());
        let here = BrokenAt::new(&keys);
        (Self { api, mutation, errors: 0, last_id: Value::Null, valid_key, here }, keys)
    }

    /// The answer to one request at a time of its key.
    #[must_use]
    pub fn answer(&mut self, request: &Request, now: Duration) -> Reply {
        let Some(mutation) = self.mutation else {
            return self.api.answer(request, now);
        };
        let was_limited = self.here.was_limited();
        let mut spoilt = |is_meant: bool, fault, on: &str| {
            let mut reply = self.api.answer(request, now);
            if is_meant && reply.code == Some(on) {
                spoil(&mut reply, fault);
            }
            self.here.sees(reply.code.unwrap_or_default());
            reply
        };
        let behaviour = match mutation {
            Mutation::Behaviour(behaviour) => behaviour,
            Mutation::At(site, what) => {
                return self.here.answer(&mut self.api, site, what, request, now);
            }
            Mutation::Envelope(fault, on) => return spoilt(true, fault, on),
            Mutation::Where(what, fault, on) => return spoilt(what.is(request), fault, on),
            Mutation::Later(fault, on) => return spoilt(was_limited, fault, on),
            Mutation::Input(site, fault) => {
                let mut reply = self.api.answer(request, now);
                if reply.code == Some("invalid_input") && site.is_of(request) {
                    broken_input::take(&mut reply, site, fault);
                }
                return reply;
            }
            Mutation::Turned(turned) => {
                return self.here.turned(&mut self.api, turned, request, now);
            }
            Mutation::Odd(odd, fault) => {
                let mut reply = self.api.answer(request, now);
                if odd.is(request) {
                    spoil(&mut reply, fault);
                }
                return reply;
            }
            Mutation::OddAs500(odd) => {
                let mut reply = self.api.answer(request, now);
                if odd.is(request) {
                    reply.status = 500;
                }
                return reply;
            }
        };
        let changed = changed(request, behaviour);
        let changed = match behaviour {
            Behaviour::RevokedAliveLater => self.here.revoked_later(&changed),
            Behaviour::RevokedAliveInSmallLetters => self.here.revoked_in_small_letters(&changed),
            _ => changed,
        };
        let mut reply = self.api.answer(&changed, now);
        for_everyone(&mut reply, behaviour, &changed);
        by_gateway(&mut reply, behaviour, request);
        let code = code(&reply);
        self.here.sees(&code);
        if !code.is_empty() {
            self.break_error(&mut reply, &code, behaviour, request);
        } else if behaviour == Behaviour::EchoesKeyOnSuccess && request.method == "POST" {
            echo_key(&mut reply, Echo::InHeader, request);
        } else if request.method == "POST" {
            self.here.served(&mut self.api, behaviour, request);
        }
        reply
    }

    /// The answer to a request whose body is too long to be read.
    #[must_use]
    pub fn too_long(&mut self) -> Reply {
        self.api.too_long()
    }

    fn break_error(
        &mut self,
        reply: &mut Reply,
        code: &str,
        behaviour: Behaviour,
        request: &Request,
    ) {
        use Behaviour as B;
        let message =
            |reply: &mut Reply, text: &str| set(reply, EnvelopeField::Message, text.into());
        match (behaviour, code) {
            (B::RefusalByGateway, "rate_limited") => {
                set_type(reply, Some("text/plain"));
                reply.headers.retain(|(name, _)| *name != "retry-after");
                reply.body = b"Too Many Requests".to_vec();
            }
            (B::RefusalAs503, "rate_limited") => reply.status = 503,
            (B::RetryAfter(RetryAfterFault::LongerAtTimes), "rate_limited") => {
                self.errors += 1;
                if self.errors.is_multiple_of(2) {
                    break_retry_after(reply, RetryAfterFault::LongerAtTimes);
                }
            }
            (B::RetryAfter(fault), "rate_limited") => break_retry_after(reply, fault),
            (B::RevokedAsInvalid, "revoked_api_key") => {
                set(reply, EnvelopeField::Code, "invalid_api_key".into());
            }
            (B::EchoesKey(echo), _) => echo_key(reply, echo, request),
            (B::TellsValidKey, "missing_api_key") => {
                message(reply, &format!("No key; you could use {}.", self.valid_key.expose()));
            }
            (B::InvalidJsonAsInput, "invalid_json") => {
                set(reply, EnvelopeField::Code, "invalid_input".into());
            }
            (B::InvalidJsonAs500, "invalid_json") => {
                reply.status = 500;
                set(reply, EnvelopeField::Code, "internal_error".into());
            }
            (B::FieldNotNamed, "invalid_input") => {
                message(reply, "The body is not what it has to be.");
            }
            (B::OtherFieldNamed, "invalid_input") => message(reply, "The field colour is wrong."),
            (B::CreditsSwapped, "insufficient_credits") => {
                message(reply, "Needs 4 credits, has 10.");
            }
            (B::CreditsEqual, "insufficient_credits") => {
                message(reply, "Needs 10 credits, has 10.");
            }
            (B::CreditsAbsent, "insufficient_credits") => message(reply, "Not enough credits."),
            (B::ChargesFailedGeneration, "generation_failed") => {
                if let Some(key) = key_of(request) {
                    self.api.world.charge(key, 10);
                }
            }
            (B::ChargesRefusals, "rate_limited") if request.method == "POST" => {
                if let Some(key) = key_of(request) {
                    self.api.world.charge(key, 200);
                }
            }
            (B::TimesOutAfterASecond, "generation_timeout") => reply.after = Duration::from_secs(1),
            (B::DeletedWorkspaceAs403, "workspace_not_found") => reply.status = 403,
            (B::PlanAndRegenerationMixedUp, "plan_gate") => {
                set(reply, EnvelopeField::Code, "regen_limit".into());
            }
            (B::PlanAndRegenerationMixedUp, "regen_limit") => {
                set(reply, EnvelopeField::Code, "plan_gate".into());
            }
            (B::RequestIdOfCaller, _) => {
                if let Some(id) = request.header("x-request-id") {
                    set(reply, EnvelopeField::RequestId, id.into());
                }
            }
            (B::TellsDigest, "invalid_api_key") => {
                let digest = hex(&sha256(key_of(request).unwrap_or_default().as_bytes()));
                message(reply, &format!("There is no key with the hash {digest}."));
            }
            (B::NoAllow, "method_not_allowed") => {
                reply.headers.retain(|(name, _)| *name != "allow");
            }
            (B::AllowsWhatItRefuses, "method_not_allowed") => {
                reply.headers.push(("allow", request.method.to_string()));
            }
            (B::AllFieldsNamed, "invalid_input") => {
                message(reply, "One of product, description, tone, count, instructions is wrong.");
            }
            (B::RequestIdConstant, _) => {
                set(reply, EnvelopeField::RequestId, "0000000000000000".into());
            }
            (B::RequestIdRepeatedOnce, _) => self.repeat_id(reply),
            _ => self.break_by_request(reply, code, behaviour, request),
        }
    }

    /// What is broken depends on what the request has besides.
    fn break_by_request(
        &self,
        reply: &mut Reply,
        code: &str,
        behaviour: Behaviour,
        request: &Request,
    ) {
        use Behaviour as B;
        match behaviour {
            B::TellsMd5 if code == "plan_gate" => {
                let digest = md5::compute(key_of(request).unwrap_or_default());
                reply.headers.push(("x-consumer-id", hex(&*digest)));
            }
            B::RevokedByBeginning
                if code == "invalid_api_key" && self.here.begins_as_revoked(request) =>
            {
                set(reply, EnvelopeField::Code, "revoked_api_key".into());
            }
            B::CodesInTurkish if request.header("accept-language") == Some("tr-TR") => {
                set(reply, EnvelopeField::Code, code.replace('i', "\u{131}").into());
            }
            B::DocsOfForwardedHost => {
                if let Some(host) = request.header("x-forwarded-host") {
                    let docs = format!("https://{host}/docs/api/errors");
                    set(reply, EnvelopeField::Docs, docs.into());
                }
            }
            B::TellsOfBodyWithASlash if request.path.ends_with('/') => {
                reply.status = 400;
                set(reply, EnvelopeField::Code, "invalid_input".into());
            }
            _ => {}
        }
    }

    /// The fifth error has the request id of the fourth.
    fn repeat_id(&mut self, reply: &mut Reply) {
        self.errors += 1;
        if self.errors == 5 {
            set(reply, EnvelopeField::RequestId, self.last_id.clone());
        }
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        self.last_id = body["error"]["requestId"].clone();
    }
}

/// Refuses what nothing is wrong with, or no more than a product that is missing, without an envelope.
fn by_gateway(reply: &mut Reply, behaviour: Behaviour, request: &Request) {
    let code = code(reply);
    let status = match behaviour {
        Behaviour::SuccessRefusedByGateway if code.is_empty() && request.method == "POST" => 403,
        Behaviour::InputRefusedByGateway if code == "invalid_input" => {
            let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            if !body.is_object() || body.get("product").is_some() {
                return;
            }
            401
        }
        _ => return,
    };
    reply.status = status;
    reply.body = b"Refused".to_vec();
    set_type(reply, Some("text/plain"));
}

/// Refuses whoever asks for a thing, whether the reason holds for them or not.
fn for_everyone(reply: &mut Reply, behaviour: Behaviour, request: &Request) {
    let (path, error) = match behaviour {
        Behaviour::PlanGateForEveryone => ("/roadmap", ApiError::PlanGate),
        Behaviour::RegenLimitForEveryone => ("/regenerate", ApiError::RegenLimit { cap: 3 }),
        Behaviour::NoCreditsForEveryone => {
            ("/tagline", ApiError::InsufficientCredits { need: 10, have: 4 })
        }
        _ => return,
    };
    let later = ["", "plan_gate", "regen_limit", "insufficient_credits"];
    if !request.path.ends_with(path) || !later.contains(&code(reply).as_str()) {
        return;
    }
    let (code, status) = error.code_and_status();
    let id = sha256(&reply.body);
    let id = format!("{:02x}{:02x}{:02x}{:02x}", id[0], id[1], id[2], id[3]);
    let message = error.message();
    let body =
        json!({ "error": { "code": code, "message": message, "docs": DOCS, "requestId": id } });
    reply.status = status;
    reply.body = body.to_string().into_bytes();
}

/// The request as an API takes it that is lenient, or blind in one eye.
fn changed(request: &Request, behaviour: Behaviour) -> Request {
    let mut changed = request.clone();
    let ignore = |changed: &mut Request, header: &str| {
        changed.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(header));
    };
    match behaviour {
        Behaviour::IgnoresBearer => ignore(&mut changed, "authorization"),
        Behaviour::IgnoresApiKeyHeader => ignore(&mut changed, "x-api-key"),
        Behaviour::TrimsQuotes => change_key(&mut changed, |key| key.replace('"', "")),
        Behaviour::TrimsSpaces => change_key(&mut changed, |key| key.replace([' ', '\t'], "")),
        Behaviour::ShapeUnchecked => change_key(&mut changed, |key| {
            let well_formed = super::api::is_well_formed(key);
            if well_formed { key.to_owned() } else { format!("pms_live_{}", "0".repeat(32)) }
        }),
        Behaviour::TakesTrailingComma => {
            change_body(&mut changed, |text| text.replace(",}", "}").replace(",]", "]"));
        }
        Behaviour::CountIn32Bits => {
            change_body(&mut changed, |text| text.replace("4294967299", "3"));
        }
        Behaviour::TrimsSpacesOfOtherScripts => {
            change_body(&mut changed, |text| text.trim_matches(['\u{a0}', '\u{3000}']).to_owned());
        }
        Behaviour::EscapesBeforeItCounts => {
            change_body(&mut changed, |text| text.replace('&', "&amp;"));
        }
        Behaviour::LooksAtOneLine => change_body(&mut changed, one_line),
        Behaviour::RefusesCharset => {
            let kind = changed.header("content-type").unwrap_or_default().to_owned();
            change_body(&mut changed, |text| {
                if kind.contains("charset") { "{" } else { text }.to_owned()
            });
        }
        Behaviour::TakesNan => change_body(&mut changed, |text| text.replace("NaN", "null")),
        _ => {}
    }
    changed
}

/// A body whose product is its first line alone.
fn one_line(text: &str) -> String {
    let mut body: Value = serde_json::from_str(text).unwrap_or_default();
    let product = body.get_mut("product").filter(|product| product.is_string());
    let line = product.as_ref().and_then(|product| product.as_str()?.split_once('\n'));
    match (line.map(|(line, _)| line.to_owned()), product) {
        (Some(line), Some(product)) => *product = line.into(),
        _ => return text.to_owned(),
    }
    body.to_string()
}

fn change_body(request: &mut Request, change: impl Fn(&str) -> String) {
    if let Ok(text) = std::str::from_utf8(&request.body) {
        request.body = change(text).into_bytes();
    }
}

fn echo_key(reply: &mut Reply, echo: Echo, request: &Request) {
    let Some(key) = key_of(request) else { return };
    let percent = || key.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
    let text = match echo {
        Echo::InMessage => format!("No luck with {key}."),
        Echo::PercentEncoded => format!("No luck with {}.", percent()),
        Echo::Base64 => format!("No luck with {}.", STANDARD.encode(format!("key={key}"))),
        Echo::InHeader => {
            reply.headers.push(("x-your-key", key.to_owned()));
            return;
        }
    };
    set(reply, EnvelopeField::Message, text.into());
}
