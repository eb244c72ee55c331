//! What a run will send: every case's requests, made from contract and target before the first is
//! sent, so that every key is known to whatever prints.

use std::{sync::Arc, time::Duration};

use crate::{
    contract::{
        Contract, body,
        contract_file::{Limit, RequestFormat},
        key::{Carrier, KeyDefect},
        names::SlotName,
        scenario::{Burst, Case, Provocation, Scenario, Single},
    },
    exchange::{deadlines::Deadlines, message::Request, outgoing::Outgoing},
    shown::secret::Secret,
    source::fault::{Fault, Faults},
    targets::target::{First, Headers, Target},
};

/// Every case of a contract, as it will be sent to a target or why it will not be.
#[derive(Debug)]
pub struct Plan {
    /// One for each case, in the contract's order.
    pub trials: Vec<Planned>,
    /// The request that is sent before all others.
    pub preflight: Preflight,
    /// Every key that is sent, with what is shown in its place.
    pub keys: Vec<(Secret, String)>,
    /// The keys among them that are no slot's own.
    pub spoilt: Vec<Spoilt>,
}

/// A key that was made by breaking a slot's, or for this run.
#[derive(Debug)]
pub struct Spoilt {
    /// The key.
    pub key: Secret,
    /// The slot whose key was broken. A key made for the run is of the slot, too, that it stands for.
    pub slot: SlotName,
    /// What is wrong with it.
    pub defect: KeyDefect,
}

/// One case as it will be sent, or why it will not be.
#[derive(Debug)]
pub struct Planned {
    /// The scenario that the case belongs to.
    pub scenario: Arc<Scenario>,
    /// Which of the scenario's cases it is.
    pub at: usize,
    /// The requests, or what the target would have to offer.
    pub script: Result<Script, String>,
    /// The same request without the defect, or why it cannot be asked; none for a burst.
    pub twin: Option<Result<TwinScript, String>>,
}

/// The request that shows that a case's error comes from its defect.
#[derive(Debug, Clone)]
pub struct TwinScript {
    /// What tells it from other twins. The same twin is asked once a run.
    pub id: String,
    /// The request.
    pub request: Outgoing,
    /// The credits that it may cost.
    pub cost: u32,
}

/// The requests of one case.
#[derive(Debug, Clone)]
pub enum Script {
    /// One request, with what has to be done before and after.
    Single {
        /// A request that has to succeed first.
        first: Option<Outgoing>,
        /// The case's own request.
        request: Outgoing,
        /// A request whose answer holds a number that has to stay, and where in it.
        probe: Option<(Outgoing, String)>,
    },
    /// One request many times at once.
    Burst {
        /// The request.
        request: Outgoing,
        /// How many times.
        times: u32,
        /// The same request with another key.
        other: Outgoing,
        /// The limit that they go past.
        limit: Arc<Limit>,
        /// The status of the answer when the key is not refused.
        served: u16,
    },
}

/// The request that shows that the target is there and takes the key it was given.
#[derive(Debug, Clone)]
pub struct Preflight {
    /// The request.
    pub request: Outgoing,
    /// The status that it is answered with, if a key is sent.
    pub served: Option<u16>,
    /// The variable that the key is from.
    pub env: String,
}

impl Plan {
    /// Makes every request of a run.
    ///
    /// # Errors
    /// If a body that the target's file gives cannot be broken as a scenario says.
    pub fn new(contract: &Contract, target: &Target) -> Result<Self, Faults> {
        let faults = Faults::default();
        let mut planner =
            Planner { contract, target, faults, keys: Vec::new(), spoilt: Vec::new() };
        let mut trials = Vec::new();
        for scenario in &contract.scenarios {
            for (at, case) in scenario.cases.iter().enumerate() {
                let script = planner.script(case);
                let twin = planner.twin(scenario, case);
                trials.push(Planned { scenario: Arc::clone(scenario), at, script, twin });
            }
        }
        let preflight = planner.preflight();
        // A slot's own key wins over a spoilt one that is the same text but for upper case.
        let mut keys: Vec<_> = target
            .slots
            .values()
            .filter_map(|slot| Some((slot.key.clone()?, format!("${}", slot.env))))
            .collect();
        keys.append(&mut planner.keys);
        // The prefix is no secret; what follows it is the whole of one, wherever it stands alone.
        let tail = |(key, label): &(Secret, String)| {
            let tail = key.expose().strip_prefix(contract.key.prefix.as_str())?;
            Some((Secret::new(tail), label.clone()))
        };
        let tails: Vec<_> = keys.iter().filter_map(tail).collect();
        if !contract.key.prefix.is_empty() {
            keys.extend(tails);
        }
        let spoilt = planner.spoilt;
        planner.faults.into_result(Self { trials, preflight, keys, spoilt })
    }
}

struct Planner<'a> {
    contract: &'a Contract,
    target: &'a Target,
    faults: Faults,
    keys: Vec<(Secret, String)>,
    spoilt: Vec<Spoilt>,
}

impl Planner<'_> {
    fn script(&mut self, case: &Case) -> Result<Script, String> {
        match &case.provocation {
            Provocation::Single(single) => self.single(case, single),
            Provocation::Burst(burst) => self.burst(burst),
        }
    }

    fn single(&mut self, case: &Case, single: &Single) -> Result<Script, String> {
        let target = self.target;
        let key = match &single.key {
            Some(defect) if !defect.needs_slot() => {
                // A fresh key is like the slot's, if there is one.
                let key = target.slots[&single.slot].key.as_ref();
                self.spoil(key.map_or("", Secret::expose), &single.slot, defect)
            }
            Some(defect) => {
                let key = target.key(&single.slot)?.expose();
                self.spoil(key, &single.slot, defect)
            }
            None => Some(target.key(&single.slot)?.clone()),
        };
        let hook = single.hook.as_ref().map(|name| target.hooks[name].as_ref()).transpose();
        let hook = hook.map_err(Clone::clone)?;
        let probe = case.unchanged.as_ref().map(|name| target.probes[name].as_ref()).transpose();
        let probe = probe.map_err(Clone::clone)?;
        let format = &target.requests[&single.request];
        let body = body::bytes(format.body.as_ref(), single.body.as_ref()).unwrap_or_else(|why| {
            let title =
                format!("the body of `{}` cannot be broken as {} says", single.request, case.name);
            self.faults.add(Fault::general(title).help(why));
            Vec::new()
        });
        let deadlines = case.after.map_or(target.deadlines, |(_, most)| Deadlines::up_to(most));
        let extra = hook.map(|hook| hook.headers.as_slice()).unwrap_or_default();
        let carried = key.as_ref().map(|key| (&*single.carrier, key));
        let request = self.request(format, body, carried, extra, deadlines)?;
        let first = hook.and_then(|hook| hook.first.as_ref());
        let first = first.map(|first| self.first(first)).transpose()?;
        let probe = probe.map(|probe| {
            let read =
                self.plain(&target.requests[&probe.request], &single.slot, &single.carrier)?;
            Ok::<_, String>((read, probe.pointer.clone()))
        });
        Ok(Script::Single { first, request, probe: probe.transpose()? })
    }

    fn burst(&mut self, burst: &Burst) -> Result<Script, String> {
        let format = &self.target.requests[&burst.request];
        Ok(Script::Burst {
            request: self.plain(format, &burst.slot, &burst.carrier)?,
            times: burst.requests,
            other: self.plain(format, &burst.other, &burst.carrier)?,
            limit: Arc::clone(&burst.limit),
            served: format.status,
        })
    }

    fn twin(&self, scenario: &Scenario, case: &Case) -> Option<Result<TwinScript, String>> {
        let twin = scenario.twin.as_ref()?;
        let Provocation::Single(single) = &case.provocation else { return None };
        let format = &self.target.requests[&twin.request];
        let script = || {
            let key = self.target.key(&twin.slot)?;
            let body = body::bytes(format.body.as_ref(), twin.body.as_ref())?;
            let carried = Some((&*single.carrier, key));
            Ok(TwinScript {
                id: format!(
                    "{} {} {} {:?}",
                    twin.request, twin.slot, single.carrier.name, twin.body
                ),
                request: self.request(format, body, carried, &[], self.target.deadlines)?,
                cost: if twin.reaches.is_some() { 0 } else { format.cost },
            })
        };
        Some(script())
    }

    fn preflight(&self) -> Preflight {
        let contract = self.contract;
        let format = &self.target.requests[&contract.preflight.request];
        let slot = &self.target.slots[&contract.preflight.slot];
        let carried = contract.key.carriers.first().zip(slot.key.as_ref());
        let body = body::bytes(format.body.as_ref(), None).unwrap_or_default();
        let headers = self.target.headers.as_deref().unwrap_or_default();
        Preflight {
            request: outgoing(format, body, carried, headers, self.target.deadlines),
            served: slot.key.is_some().then_some(format.status),
            env: slot.env.clone(),
        }
    }

    /// A named request with nothing broken in it.
    fn plain(
        &self,
        format: &RequestFormat,
        slot: &SlotName,
        carrier: &Carrier,
    ) -> Result<Outgoing, String> {
        let key = self.target.key(slot)?;
        let body = body::bytes(format.body.as_ref(), None)?;
        self.request(format, body, Some((carrier, key)), &[], self.target.deadlines)
    }

    fn request(
        &self,
        format: &RequestFormat,
        body: Vec<u8>,
        key: Option<(&Carrier, &Secret)>,
        extra: &[(String, Secret)],
        deadlines: Deadlines,
    ) -> Result<Outgoing, String> {
        let headers = self.target.headers.as_ref().map_err(Clone::clone)?;
        Ok(outgoing(format, body, key, &[headers, extra].concat(), deadlines))
    }

    fn first(&self, first: &First) -> Result<Outgoing, String> {
        let common = self.target.headers.as_ref().map_err(Clone::clone)?;
        let request = Request {
            method: first.method.as_str().to_owned(),
            path: first.path.clone(),
            headers: unpacked([common.as_slice(), &first.headers].concat()),
            body: first.body.clone(),
        };
        Ok(Outgoing { request: Arc::new(request), key: None, deadlines: self.target.deadlines })
    }

    /// The key with its defect. It is a secret like the key itself: most of it is the key.
    fn spoil(&mut self, key: &str, slot: &SlotName, defect: &KeyDefect) -> Option<Secret> {
        let spoilt = Secret::new(self.contract.key.spoil(key, defect)?);
        self.spoilt.push(Spoilt {
            key: spoilt.clone(),
            slot: slot.clone(),
            defect: defect.clone(),
        });
        let label = match defect {
            KeyDefect::Fresh => "(a key made for this run)",
            _ => "(a spoilt key)",
        };
        self.keys.push((spoilt.clone(), label.to_owned()));
        if let KeyDefect::Inserted(text) = defect {
            // A server that stops reading at the space gives back one half.
            let halves = spoilt.expose().split(text.as_str());
            self.keys.extend(halves.map(|half| (Secret::new(half), label.to_owned())));
        }
        Some(spoilt)
    }
}

/// The headers with what says that nothing is to be packed: a request that says nothing of codings
/// takes any (RFC 9110, section 12.5.3), so that a compressed answer would be no deviation.
fn unpacked(mut headers: Headers) -> Headers {
    const NAME: &str = "Accept-Encoding";
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(NAME)) {
        headers.push((NAME.to_owned(), Secret::new("identity")));
    }
    headers
}

fn outgoing(
    format: &RequestFormat,
    body: Vec<u8>,
    key: Option<(&Carrier, &Secret)>,
    headers: &[(String, Secret)],
    deadlines: Deadlines,
) -> Outgoing {
    let mut all: Headers = Vec::new();
    if format.body.is_some() {
        all.push(("Content-Type".to_owned(), Secret::new("application/json")));
    }
    if let Some((carrier, key)) = key {
        all.push((carrier.header.clone(), Secret::new(carrier.value(key.expose()))));
    }
    all.extend_from_slice(headers);
    let request = Request {
        method: format.method.as_str().to_owned(),
        path: format.path.clone(),
        headers: unpacked(all),
        body,
    };
    // An empty carrier holds no key, so it takes no key's time.
    let key = key.map(|(_, key)| key.clone()).filter(|key| !key.expose().is_empty());
    Outgoing { request: Arc::new(request), key, deadlines }
}

impl Planned {
    /// The case.
    #[must_use]
    pub fn case(&self) -> &Case {
        &self.scenario.cases[self.at]
    }

    /// The least that it takes on a live target, for the order of the trials: the longest first.
    #[must_use]
    pub fn expected(&self) -> Duration {
        match &self.case().provocation {
            Provocation::Burst(burst) => Duration::from_secs(burst.limit.window_seconds.into()),
            Provocation::Single(_) => self.case().after.map_or(Duration::ZERO, |(least, _)| least),
        }
    }
}
