//! What a target offers: requests of its own, hooks that provoke failures, probes.

use std::collections::BTreeMap;

use memchr::memmem;
use reqwest::header::{HeaderName, HeaderValue};

use super::{
    known::{Day, Known},
    load::{Loader, is_variable},
    target::{First, Headers, Hook},
    target_file::{FirstRequest, HeaderSource, HookSource, RequestChange, TargetFile},
};
use crate::{
    contract::{
        Contract,
        check::CheckId,
        content::RequestBody,
        contract_file::Probe,
        key::Carrier,
        names::{HookName, ProbeName, RequestName},
        request_format::body_words,
        request_shape::{RequestShape, Shaper, merged},
        sendable::path_fault,
    },
    shown::{
        redactor::{SHORTEST_SECRET, WINDOW},
        secret::{Named, Secret},
    },
    source::{document::Way, fault::did_you_mean, folder::Folder, reader::keys},
};

/// Headers that belong to a request and not to a target. The same goes for the key's carriers.
const OUR_HEADERS: [&str; 5] =
    ["content-length", "content-type", "transfer-encoding", "connection", "host"];

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

    pub(super) fn hooks(&mut self, file: &TargetFile) -> BTreeMap<HookName, Result<Hook, String>> {
        let contract = self.contract;
        for name in file.hooks.keys() {
            self.reader.known_entry(&["hooks"], "hook", name.as_str(), keys(&contract.hooks));
        }
        let mut hooks = BTreeMap::new();
        for (name, purpose) in &contract.hooks {
            let hook = match file.hooks.get(name) {
                Some(source) => self.hook(source, name.as_str()),
                None => self.hook_from_environment(name.as_str(), &purpose.env, &purpose.purpose),
            };
            hooks.insert(name.clone(), hook);
        }
        hooks
    }

    fn hook(&mut self, source: &HookSource, name: &str) -> Result<Hook, String> {
        if source.headers.is_empty() && source.first.is_none() {
            self.reader.add(
                &["hooks", name],
                format!("`{name}` does nothing"),
                "expected `headers` or `first`",
            );
        }
        let headers = self.headers(&source.headers, &["hooks", name, "headers"])?;
        let first = source.first.as_ref().map(|first| self.first(first, name)).transpose()?;
        Ok(Hook { headers, first })
    }

    fn first(&mut self, first: &FirstRequest, name: &str) -> Result<First, String> {
        if let Some(why) = path_fault(&first.path) {
            self.reader.add(&["hooks", name, "first", "path"], "not a path", why);
        }
        if let Some(why) = first.method.fault() {
            self.reader.add(&["hooks", name, "first", "method"], "not a method", why);
        }
        let mut headers = self.headers(&first.headers, &["hooks", name, "first", "headers"])?;
        if first.body.is_some() {
            headers.push(("Content-Type".into(), Secret::new("application/json")));
        }
        Ok(First {
            method: first.method.clone(),
            path: first.path.as_str().into(),
            headers,
            body: first.body.as_ref().map(|body| body.to_string().into_bytes()).unwrap_or_default(),
        })
    }

    /// A hook that is one header, `Name: value`, in an environment variable.
    fn hook_from_environment(
        &mut self,
        name: &str,
        env: &str,
        purpose: &str,
    ) -> Result<Hook, String> {
        let Some(header) = (self.environment)(env) else {
            let place = self.reader.document().map_or("a target's file".to_owned(), |document| {
                document.path().display().to_string()
            });
            return Err(format!(
                "no hook `{name}`: describe under [hooks.{name}] in {place} how to make {purpose}, or set ${env} to a header"
            ));
        };
        let parts = header.split_once(':');
        // What is no name may be a part of the secret.
        let parts = parts.filter(|(name, _)| HeaderName::from_bytes(name.as_bytes()).is_ok());
        let Some((name, value)) = parts else {
            self.reader.add(&[], format!("${env} is not a header"), "expected `Name: value`");
            return Ok(Hook::default());
        };
        let value = value.trim();
        self.check_header(&[], name, value);
        self.secrets.extend(hook_secret(self.contract, env, &header));
        Ok(Hook { headers: vec![(name.into(), Secret::new(value))], first: None })
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
                        continue;
                    };
                    if value.len() < SHORTEST_SECRET {
                        let title = format!("${env} is empty or too short to be kept secret");
                        let label = format!("expected {SHORTEST_SECRET} characters or more");
                        self.reader.add(&way, title, label);
                    }
                    self.secrets.push(Named::of_variable(env, &value));
                    value
                }
            };
            self.check_header(&[way, &[name.as_str()]].concat(), name, &value);
            headers.push((name.as_str().into(), Secret::new(value)));
        }
        missing.map_or(Ok(headers), Err)
    }

    fn check_header(&mut self, way: Way<'_>, name: &str, value: &str) {
        let carriers = self.contract.key.carriers.iter().flat_map(Carrier::headers);
        let mut ours = OUR_HEADERS.into_iter().chain(carriers);
        if ours.any(|ours| ours.eq_ignore_ascii_case(name)) {
            let label = "errproof sets it for each request";
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

/// The secret of a hook that is a header in an environment variable, and what the shell makes of that variable in
/// its place. A value that is short, or shares with the name of a code or a hook what would be taken for the secret,
/// says what to do and is none: all responses with that code would give it away.
#[must_use]
pub(crate) fn hook_secret(contract: &Contract, env: &str, header: &str) -> Option<Named> {
    let (_, after) = header.split_once(':')?;
    let value = after.trim();
    let folded = |text: &str| text.to_ascii_lowercase().replace('_', "-");
    let codes = contract.scenarios.iter().map(|scenario| scenario.code.as_str());
    let words = codes.chain(contract.hooks.keys().map(HookName::as_str)).map(folded);
    let words: Vec<String> = words.collect();
    let own = folded(value);
    // So much of it in a row is taken for the secret.
    let mut parts = own.as_bytes().windows(own.len().clamp(1, WINDOW));
    let is_word =
        parts.any(|part| words.iter().any(|word| memmem::find(word.as_bytes(), part).is_some()));
    let label =
        if after.starts_with(' ') { format!("${{{env}#*: }}") } else { format!("${{{env}#*:}}") };
    let named = Named { secret: Secret::new(value), label };
    (value.len() >= SHORTEST_SECRET && !is_word).then_some(named)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_hooks_value_is_a_secret_unless_it_is_short_or_a_word_of_the_contract() {
        let contract = Contract::load(Path::new(env!("CARGO_MANIFEST_DIR")));
        let contract = contract.unwrap_or_else(|faults| panic!("{faults:?}"));
        let rows = [
            ("X-Fault: s3cr3tfaulttoken12345", Some("s3cr3tfaulttoken12345 ${HOOK#*: }")),
            ("X-Fault:s3cr3t-a: b ", Some("s3cr3t-a: b ${HOOK#*:}")),
            ("X-Fault: s3cr3t_plan_gate_1", Some("s3cr3t_plan_gate_1 ${HOOK#*: }")),
            ("X-Fault: plan_gate", None),
            ("X-Fault: on", None),
            ("X-Fault: generation_failed", None),
            ("X-Fault: Generation-Failed", None),
            ("X-Fault: then generation_fail_once", None),
            ("no header", None),
        ];
        for (header, expected) in rows {
            let named = hook_secret(&contract, "HOOK", header);
            let said = named.map(|named| format!("{} {}", named.secret.expose(), named.label));
            assert_eq!(said.as_deref(), expected, "{header}");
        }
    }
}
