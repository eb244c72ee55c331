//! What a target offers: requests of its own, headers, probes.

use std::collections::BTreeMap;

use reqwest::header::{HeaderName, HeaderValue};

use super::{
    header::{HeaderSource, Headers, OfKeys},
    known::{Day, Known},
    load::{Loader, is_variable},
    target_file::{RequestChange, TargetFile},
};
use crate::{
    contract::{
        check::CheckId,
        content::RequestBody,
        contract_file::Probe,
        key::Carrier,
        names::{ProbeName, RequestName},
        request_format::body_words,
        request_shape::{RequestShape, Shaper, is_captured, merged},
    },
    shown::{
        redactor::SHORTEST_SECRET,
        secret::{Named, Secret},
    },
    source::{document::Way, fault::did_you_mean, folder::Folder, reader::keys},
};

/// Headers that belong to a request and not to a target. The same goes for the key's carriers.
const OUR_HEADERS: [&str; 5] =
    ["content-length", "content-type", "transfer-encoding", "connection", "host"];

/// What stands behind the scheme of credentials (RFC 9110, section 11.4) that a variable holds: that is the secret, which a response
/// may have without the scheme.
fn behind_scheme(env: &str, value: &str) -> Option<Named> {
    let (scheme, rest) = value.split_once(' ')?;
    let is_scheme = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_one = rest.len() >= SHORTEST_SECRET && !rest.contains(' ');
    let label = format!("${{{env}#* }}");
    (is_scheme && is_one).then(|| Named { secret: Secret::new(rest), label })
}

impl Loader<'_> {
    pub(super) fn requests(&mut self, file: &TargetFile) -> BTreeMap<RequestName, RequestShape> {
        let contract = self.contract;
        let formats =
            contract.requests.iter().map(|(name, named)| (name.clone(), named.format.clone()));
        let mut requests: BTreeMap<_, _> = formats.collect();
        for (name, change) in &file.requests {
            let Some(format) = requests.get_mut(name) else {
                let known = keys(&contract.requests);
                self.reader.known_entry(&["requests"], "request", name.as_str(), known);
                continue;
            };
            self.change(name, change, format);
        }
        requests
    }

    /// What a target changes of one request.
    fn change(&mut self, name: &RequestName, change: &RequestChange, format: &mut RequestShape) {
        let contract = self.contract;
        let way = ["requests", name.as_str()];
        let at = |word: &'static str| [&way[..], &[word]].concat();
        let carriers = contract.key.carriers.iter().flat_map(Carrier::headers);
        let carriers = carriers.map(str::to_owned);
        let root = Folder::At(contract.root.clone());
        let mut shaper =
            Shaper { root: &root, reader: &mut self.reader, carriers: carriers.collect() };
        if let Some(method) = &change.method {
            shaper.method(&at("method"), method);
            format.method = method.clone();
        }
        if let Some(path) = &change.path {
            format.written.path = path.as_str().into();
        }
        if let Some(query) = &change.query {
            format.written.query.clone_from(query);
        }
        if let Some(headers) = &change.headers {
            shaper.headers(&at("headers"), headers, &[]);
            format.headers = merged(&contract.headers, headers);
        }
        let words = body_words!(change);
        format.body = shaper.body(&way, &words, format.body.as_ref());
        shaper.path(&at("path"), &format.written.path);
        format.path = format.written.path();
        format.cost = change.cost.unwrap_or(format.cost);
        if let (Some(word), Some(input)) = (words.given().next(), &contract.requests[name].input)
            && let Some(body) = format.body.as_ref().and_then(RequestBody::value)
            && let Some(error) = input.validator.iter_errors(&body).next()
        {
            let title = format!("this body of `{name}` does not fit its input schema");
            self.reader.add(&at(word), title, error.to_string());
        }
    }

    pub(super) fn probes(
        &mut self,
        file: &TargetFile,
    ) -> BTreeMap<ProbeName, Result<Probe, String>> {
        let contract = self.contract;
        let known = contract.probes.iter().map(|(name, probe)| (name.clone(), Ok(probe.clone())));
        let mut probes: BTreeMap<_, _> = known.collect();
        for (name, change) in &file.probes {
            let way = ["probes", name.as_str()];
            let Some(Ok(probe)) = probes.get_mut(name) else {
                let known = keys(&contract.probes);
                self.reader.known_entry(&["probes"], "probe", name.as_str(), known);
                continue;
            };
            if let Some(request) = &change.request {
                let way = ["probes", name.as_str(), "request"];
                self.reader.known(&way, "request", request.as_str(), keys(&contract.requests));
                probe.request.clone_from(request);
            }
            if let Some(pointer) = &change.pointer {
                probe.pointer.clone_from(pointer);
            }
            if !change.offered {
                let place = self.reader.document().map(|document| {
                    format!("{}:{}", document.path().display(), document.line(&way))
                });
                let why = format!("no probe `{name}` here: {} says so", place.unwrap_or_default());
                probes.insert(name.clone(), Err(why));
            }
        }
        probes
    }

    /// The known deviations. One that speaks of nothing would stay for ever, so it is a fault.
    pub(super) fn known(&mut self, file: &TargetFile) -> Vec<Known> {
        let scenarios = || self.contract.all_scenarios();
        let codes = scenarios().map(|scenario| scenario.code.as_str());
        let cases = scenarios().flat_map(|scenario| &scenario.cases);
        let names: Vec<&str> = codes.chain(cases.map(|case| case.name.as_str())).collect();
        let mut all = Vec::new();
        for (at, format) in file.known.iter().enumerate() {
            let at = at.to_string();
            if !names.contains(&format.on.as_str()) {
                let title = format!("unknown code or case `{}`", format.on);
                let help = did_you_mean(&format.on, names.iter().copied());
                let label = help.unwrap_or("expected one that the contract has".to_owned());
                self.reader.add(&["known", &at, "on"], title, label);
            }
            for (name, text, label) in [
                ("reason", &format.reason, "expected why it is tolerated"),
                ("owner", &format.owner, "expected who will fix it"),
            ] {
                if text.trim().is_empty() {
                    self.reader.add(&["known", &at, name], format!("`{name}` is empty"), label);
                }
            }
            if format.check == CheckId::Drift {
                let label =
                    "expected another check; to accept a changed envelope, review its snapshot";
                let title = "drift cannot be a known deviation";
                self.reader.add(&["known", &at, "check"], title, label);
            }
            let Some(until) = Day::parse(&format.until) else {
                self.reader.add(
                    &["known", &at, "until"],
                    "not a day",
                    "expected one such as `2026-12-31`",
                );
                continue;
            };
            all.push(Known {
                on: format.on.clone(),
                check: format.check,
                reason: format.reason.clone(),
                owner: format.owner.clone(),
                until,
            });
        }
        all
    }

    /// The headers' values, or which variable is not set.
    pub(super) fn headers(
        &mut self,
        sources: &BTreeMap<String, HeaderSource>,
        way: Way<'_>,
        of_keys: OfKeys<'_>,
    ) -> Result<Headers, String> {
        let mut headers = Vec::new();
        let mut missing = None;
        for (name, source) in sources {
            let value = match source {
                HeaderSource::Value(value) => value.clone(),
                HeaderSource::Env(env) => {
                    let way = [way, &[name.as_str()]].concat();
                    let prefix = &self.contract.key.prefix;
                    if !is_variable(env) || (!prefix.is_empty() && env.starts_with(prefix)) {
                        // What stands there may be a key by mistake: it is not shown.
                        let label =
                            "expected a name such as STAGING_TOKEN; no secret belongs in a file";
                        self.reader.add(&way, "not the name of a variable", label);
                        continue;
                    }
                    let Some(value) = (self.environment)(env) else {
                        missing = Some(format!("the header {name} is missing: set ${env}"));
                        self.check_header(&way, name, "", of_keys.of_variable());
                        continue;
                    };
                    if value.len() < SHORTEST_SECRET {
                        let title = format!("${env} is empty or too short to be kept secret");
                        let label = format!("expected {SHORTEST_SECRET} characters or more");
                        self.reader.add(&way, title, label);
                    }
                    self.secrets.push(Named::of_variable(env, &value));
                    if self.carries_credentials(name) {
                        self.secrets.extend(behind_scheme(env, &value));
                    }
                    value
                }
            };
            let of_keys = match source {
                HeaderSource::Env(_) => of_keys.of_variable(),
                HeaderSource::Value(_) => of_keys,
            };
            self.check_header(&[way, &[name.as_str()]].concat(), name, &value, of_keys);
            headers.push((name.as_str().into(), Secret::new(value)));
        }
        missing.map_or(Ok(headers), Err)
    }

    /// Whether a header has credentials, with their scheme before them.
    fn carries_credentials(&self, name: &str) -> bool {
        let carriers = self.contract.key.carriers.iter().flat_map(Carrier::headers);
        let mut all = ["authorization", "proxy-authorization"].into_iter().chain(carriers);
        all.any(|known| known.eq_ignore_ascii_case(name))
    }

    pub(super) fn check_header(
        &mut self,
        way: Way<'_>,
        name: &str,
        value: &str,
        of_keys: OfKeys<'_>,
    ) {
        let is = |other: &str| other.eq_ignore_ascii_case(name);
        let mut carriers = self.contract.key.carriers.iter().flat_map(Carrier::headers);
        let label = match of_keys {
            _ if OUR_HEADERS.into_iter().any(is) => Some("errproof sets it for each request"),
            OfKeys::Refused => carriers.any(is).then_some("errproof sets it for each request"),
            OfKeys::Operators(secret) if !is_captured(value, secret) => carriers.any(is).then_some(
                "it carries keys, which belong in no file: expected `{ env = \"...\" }`, or what an earlier step captures and `secret` names",
            ),
            OfKeys::Operators(_) | OfKeys::Any => None,
        };
        if let Some(label) = label {
            self.reader.add(way, format!("`{name}` cannot be added"), label);
            return;
        }
        if HeaderName::from_bytes(name.as_bytes()).is_err() || HeaderValue::from_str(value).is_err()
        {
            self.reader.add(
                way,
                format!("`{name}` cannot be sent as a header"),
                "expected letters and `-` in its name, and no line break in its value",
            );
        }
    }
}
