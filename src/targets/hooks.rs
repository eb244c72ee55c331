//! Reads how a target is made to fail: from `[hooks]` of its file, or from a variable for each hook.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use memchr::memmem;
use reqwest::header::HeaderName;

use super::{
    header::{HeaderSource, OfKeys},
    hook::{Hook, HookRequest, HookStep, OwnRequest},
    hook_format::{HookSource, HookStepFormat},
    load::Loader,
    one_or_some::OneOrSome,
    target_file::TargetFile,
};
use crate::{
    contract::{
        Contract,
        method::Method,
        names::HookName,
        request_format::body_words,
        request_shape::{RequestShape, Shaper, Written},
        scenario::Provocation,
        step_format::Steps,
        steps::{StepCheck, Texts},
    },
    shown::{
        redactor::{SHORTEST_SECRET, WINDOW},
        secret::{Named, Secret},
    },
    source::{document::Way, folder::Folder, reader::keys},
};

/// What of responses stands in a hook's requests, and what of it is there already.
struct Values<'a> {
    /// Those that the next request may use: they are there whichever case uses the hook.
    known: Vec<&'a str>,
    /// Those that are there in some case, so that the hook may call no other so.
    taken: BTreeSet<&'a str>,
    /// What stands in braces in the requests of these cases and is nobody's value there.
    texts: BTreeSet<String>,
    /// Those of the cases that the hook's requests have used so far.
    needs: BTreeSet<String>,
    /// Those that the hook captures with its next requests.
    own: Vec<&'a str>,
    /// The names of those that nobody is shown, as far as they are the hook's.
    secret: &'a [String],
}

impl<'a> Values<'a> {
    /// What the cases that use a hook have captured before its first request.
    fn before(contract: &'a Contract, name: &HookName, hook: &'a HookSource) -> Self {
        let scenarios = contract.all_scenarios();
        let cases = scenarios.flat_map(|scenario| &scenario.cases);
        // Where two things are wrong, the case has no steps of its own: the plan says what is lacking there.
        let users = cases.filter(|case| case.hook() == Some(name) && case.pair.is_none());
        let (mut captured, mut texts) = (Vec::new(), BTreeSet::new());
        for case in users {
            let Provocation::Single(single) = &case.provocation else { continue };
            let request = &contract.requests[&single.request].format;
            let of_case = case.steps.iter().flat_map(|steps| steps.captured());
            captured.push(request.steps.captured().chain(of_case).collect::<BTreeSet<&str>>());
            texts.extend(Texts::of(request).names().map(str::to_owned));
        }
        let taken: BTreeSet<&str> = captured.iter().flatten().copied().collect();
        let is_always = |name: &&str| captured.iter().all(|captured| captured.contains(name));
        texts.retain(|name| !taken.contains(name.as_str()));
        Self {
            known: taken.iter().copied().filter(is_always).collect(),
            taken,
            texts,
            needs: BTreeSet::new(),
            own: hook.steps().flat_map(|step| step.capture.keys()).map(String::as_str).collect(),
            secret: &hook.secret,
        }
    }

    /// Notes what of the cases' values a request uses.
    fn note(&mut self, texts: &Texts<'_>) {
        let is_of_case = |name: &&str| self.taken.contains(name) && !self.own.contains(name);
        self.needs.extend(texts.names().filter(is_of_case).map(str::to_owned));
    }

    /// The names of all of them.
    fn all(&self) -> Vec<&'a str> {
        self.taken.iter().chain(&self.own).copied().collect()
    }

    /// Those that nobody is shown and that the next request may use.
    fn secret(&self) -> Vec<String> {
        let is_known = |name: &&String| self.known.contains(&name.as_str());
        self.secret.iter().filter(is_known).cloned().collect()
    }
}

/// The headers' values that stand in the file.
fn literals(headers: &BTreeMap<String, HeaderSource>) -> Vec<Cow<'_, str>> {
    let literals = headers.values().filter_map(|source| match source {
        HeaderSource::Value(value) => Some(Cow::Borrowed(value.as_str())),
        HeaderSource::Env(_) => None,
    });
    literals.collect()
}

impl<'l> Loader<'l> {
    pub(super) fn hooks(&mut self, file: &TargetFile) -> BTreeMap<HookName, Result<Hook, String>> {
        let contract = self.contract;
        for name in file.hooks.keys() {
            self.reader.known_entry(&["hooks"], "hook", name.as_str(), keys(&contract.hooks));
        }
        let mut hooks = BTreeMap::new();
        for (name, purpose) in &contract.hooks {
            let hook = match file.hooks.get(name) {
                Some(source) => self.hook(source, name),
                None => self.hook_from_environment(name.as_str(), &purpose.env, &purpose.purpose),
            };
            hooks.insert(name.clone(), hook);
        }
        hooks
    }

    fn hook(&mut self, source: &HookSource, name: &HookName) -> Result<Hook, String> {
        let HookSource { headers, first, after_all, secret } = source;
        let way = ["hooks", name.as_str()];
        if headers.is_empty() && first.is_none() {
            let title = format!("`{name}` does nothing");
            self.reader.add(&way, title, "expected `headers` or `first`");
        }
        let mut values = Values::before(self.contract, name, source);
        let at = |list: &'static str, at: Option<String>| {
            let steps = way.into_iter().chain([list]).map(str::to_owned);
            steps.chain(at).collect::<Vec<_>>()
        };
        let first = first.iter().flat_map(OneOrSome::each);
        let first: Vec<_> = first
            .map(|(index, step)| self.hook_step(&at("first", index), step, &mut values))
            .collect();
        let way_of_headers = [&way[..], &["headers"]].concat();
        let of_request = self.headers(headers, &way_of_headers, OfKeys::Refused);
        let texts = Texts { elsewhere: literals(headers), ..Texts::default() };
        self.uses(&way_of_headers, name.as_str(), &texts, &mut values);
        let after_all = after_all.iter().enumerate();
        let after_all: Vec<_> = after_all
            .map(|(index, step)| {
                self.hook_step(&at("after-all", Some(index.to_string())), step, &mut values)
            })
            .collect();
        self.step_check(&way, &[]).secrets(secret, &values.own);
        Ok(Hook {
            headers: of_request?,
            first: first.into_iter().collect::<Result<_, _>>()?,
            after_all: after_all.into_iter().collect::<Result<_, _>>()?,
            secret: secret.clone(),
            needs: values.needs.into_iter().collect(),
        })
    }

    fn step_check<'c>(&'c mut self, way: Way<'c>, anywhere: &'c [&'c str]) -> StepCheck<'c, 'l> {
        let requests = &self.contract.requests;
        StepCheck { reader: &mut self.reader, requests, way, anywhere }
    }

    fn uses(&mut self, way: Way<'_>, what: &str, texts: &Texts<'_>, values: &mut Values<'_>) {
        values.note(texts);
        self.step_check(way, &values.all()).uses(way, what, texts, &values.known);
    }

    /// What a hook sends, unless a variable is not set.
    fn hook_step<'v>(
        &mut self,
        way: &[String],
        step: &'v HookStepFormat,
        values: &mut Values<'v>,
    ) -> Result<HookStep, String> {
        let way: Vec<&str> = way.iter().map(String::as_str).collect();
        let way_of_request = [&way[..], &["request"]].concat();
        let request = match &step.request {
            Some(name) => {
                let known = keys(&self.contract.requests);
                self.reader.known(&way_of_request, "request", name.as_str(), known);
                self.step_check(&way, &values.all()).named(&way_of_request, name, &values.known);
                if let Some(named) = self.contract.requests.get(name) {
                    values.note(&Texts::of(&named.format));
                }
                if let Some(word) = step.of_own().next() {
                    let title = format!("`{word}` beside `request`");
                    let label = "expected only one of both: the contract says what that request is";
                    self.reader.add(&[&way[..], &[word]].concat(), title, label);
                }
                Ok(HookRequest::Named(name.clone()))
            }
            None => self.own_request(&way, step, values),
        };
        let taken: Vec<&str> = values.taken.iter().copied().collect();
        self.step_check(&way, &[]).answer(&way, step.status.as_ref(), &step.capture, &taken);
        for name in step.capture.keys() {
            if values.texts.contains(name) {
                let title = format!("`{name}` stands in the request of a case that uses the hook");
                let label = "expected another name: what a hook captures is for its own requests and `headers`";
                self.reader.add(&[&way[..], &["capture", name]].concat(), title, label);
            }
            values.known.push(name);
            values.taken.insert(name);
        }
        let (status, capture) = (step.status.clone(), step.capture.clone());
        Ok(HookStep { request: request?, status, capture })
    }

    fn own_request(
        &mut self,
        way: Way<'_>,
        step: &HookStepFormat,
        values: &mut Values<'_>,
    ) -> Result<HookRequest, String> {
        let at = |word: &'static str| [way, &[word]].concat();
        let missing = match (&step.method, &step.path) {
            (None, None) => Some("`request`"),
            (None, Some(_)) => Some("`method`"),
            (Some(_), None) => Some("`path`"),
            (Some(_), Some(_)) => None,
        };
        if let Some(missing) = missing {
            let label = "expected the name of a `request` of the contract, or `method` and `path`";
            self.reader.add(way, format!("missing key {missing}"), label);
        }
        let method = step.method.clone().unwrap_or_else(|| Method::from("GET".to_owned()));
        let path = step.path.as_deref().unwrap_or("/");
        let root = Folder::At(self.contract.root.clone());
        let mut shaper = Shaper { root: &root, reader: &mut self.reader, carriers: Vec::new() };
        shaper.method(&at("method"), &method);
        shaper.path(&at("path"), path);
        let body = shaper.body(way, &body_words!(step), None);
        shaper.head(way, &method, &body_words!(step));
        let written = Written { path: path.into(), query: step.query.clone() };
        let shape = RequestShape {
            method,
            path: written.path(),
            headers: Vec::new(),
            body,
            status: 200,
            cost: 0,
            counted_by: self.contract.limits_of_any(),
            written,
            steps: Steps::default(),
        };
        let headers =
            self.headers(&step.headers, &at("headers"), OfKeys::Operators(&values.secret()));
        let mut texts = Texts::of(&shape);
        texts.elsewhere.extend(literals(&step.headers));
        let what = format!("{} {path}", shape.method.as_str());
        self.uses(way, &what, &texts, values);
        Ok(HookRequest::Own(Box::new(OwnRequest { headers: headers?, shape })))
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
        self.check_header(&[], name, value, OfKeys::Refused);
        self.secrets.extend(hook_secret(self.contract, env, &header));
        Ok(Hook { headers: vec![(name.into(), Secret::new(value))], ..Hook::default() })
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
