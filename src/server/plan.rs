//! What a run will send: every case's requests, made from contract and target before the first is
//! sent, so that every key is known to whatever prints.

use std::{
    borrow::Cow,
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use super::{
    around::{Bearer, slot_of_hook, slot_of_steps},
    carried::{Carried, put, put_query, take_out},
    common::Common,
    limits_told::share_out,
    patch::{break_header, patch},
    planned::{Planned, Preflight, TrialScript},
    twin_at::{TwinAt, twin_at},
};

use crate::{
    contract::{
        Contract,
        blank::FRESH_NAME,
        body,
        content::{Coding, RequestBody},
        extent::Extent,
        key::{Carrier, KeyDefect, Random},
        limit::LimitSet,
        names::{CarrierName, SlotName},
        scenario::{At, BalanceCase, Burst, Case, LedgerCase, Provocation, Scenario, Single},
        scenario_file::BodyDefect,
    },
    exchange::{
        blanks::Blanks,
        deadlines::Deadlines,
        outgoing::{Outgoing, Role},
    },
    result::unproven::Owed,
    shown::secret::{Named, Secret},
    source::fault::{Fault, Faults},
    targets::{
        hook::Hook,
        target::{SlotKey, SlotNeed, SlotUse, Target, is_nobody},
    },
};

/// Every case of a contract, as it will be sent to a target or why it will not be.
#[derive(Debug)]
pub struct Plan {
    /// One for each case that is carried out, in the contract's order.
    pub trials: Vec<Planned>,
    /// The names of the cases that are left out, since only a part of the contract is proven.
    pub left_out: Vec<String>,
    /// The requests that are sent before all others: one by each key of the preflight's slot.
    pub preflights: Vec<Preflight>,
    /// The keys that were made for this run.
    pub made: Vec<Secret>,
}

/// So far apart begin requests that take minutes. Of six at once, a server with a pool of processes had one process
/// accept two, and answered the second after the first's five minutes.
pub(super) const APART: Duration = Duration::from_millis(250);

impl Plan {
    /// Makes every request of a run.
    ///
    /// # Errors
    /// If a body that the target's file gives cannot be broken as a scenario says.
    pub fn new(contract: &Contract, target: &Target, random: Random<'_>) -> Result<Self, Faults> {
        let faults = Faults::default();
        let mut planner = Planner {
            contract,
            target,
            faults,
            made: Vec::new(),
            random,
            common: Common::new(contract),
            turns: BTreeMap::new(),
            turn: 0,
        };
        let scenarios = || contract.all_scenarios();
        let count = scenarios().map(|scenario| scenario.cases.len()).sum();
        let (mut trials, mut left_out) = (Vec::with_capacity(count), Vec::new());
        let extent = target.extent;
        let mut long = 0;
        for scenario in scenarios() {
            for (at, case) in scenario.cases.iter().enumerate() {
                if !extent.has(case) {
                    left_out.push(case.name.clone());
                    continue;
                }
                planner.deal(scenario, case);
                let twin = planner.twin(scenario, case);
                let script = planner.script(scenario, case);
                let begins_after = APART * long;
                long += u32::from(case.after.is_some());
                let owed = planner.owed(case);
                let (scenario, times, turn) =
                    (Arc::clone(scenario), extent.times(case), planner.turn);
                trials.push(Planned {
                    scenario,
                    at,
                    script,
                    owed,
                    times,
                    turn,
                    begins_after,
                    twin,
                    tells: LimitSet::default(),
                });
            }
        }
        share_out(contract, target, &mut trials);
        let preflights = planner.preflights();
        let made = planner.made;
        planner.faults.into_result(Self { trials, left_out, preflights, made })
    }

    /// The places of the trials, in the order in which they begin. Of those that are alike, each key's first begin before
    /// any key's second: else all that are carried out at once wait for the limit of one key, while others are free.
    #[must_use]
    pub fn order(&self) -> Vec<usize> {
        let mut turns: HashMap<_, usize> = HashMap::new();
        let mut order: Vec<_> = self
            .trials
            .iter()
            .enumerate()
            .map(|(at, planned)| {
                // One that has to be alone waits for all that are under way, so it begins when few are left.
                let case = planned.case();
                let is_alone = case.alone || planned.alone_at().is_some();
                let likeness = (case.last, is_alone, Reverse(planned.order()));
                let turn = turns.entry((likeness, planned.key())).or_default();
                *turn += 1;
                (likeness, *turn, at)
            })
            .collect();
        order.sort_unstable();
        order.into_iter().map(|(.., at)| at).collect()
    }

    /// What the twins of cases at their scenarios' own points may cost, each once.
    #[must_use]
    pub fn own_twins(&self) -> u32 {
        let own = self.trials.iter().filter(|planned| planned.case().at != At::Elsewhere);
        let twins = own.filter_map(|planned| planned.twin.as_ref()?.as_ref().ok());
        let costs: BTreeMap<&str, u32> = twins.map(|twin| (twin.id.as_str(), twin.cost)).collect();
        costs.into_values().fold(0, u32::saturating_add)
    }

    /// What those requests may cost together that a balance pays for.
    #[must_use]
    pub fn purchases(&self) -> u32 {
        self.trials.iter().map(Planned::pays).fold(0, u32::saturating_add)
    }

    /// What the requests cost together that take minutes: an API may hold the credits of each until it is over.
    #[must_use]
    pub fn reserved(&self) -> u32 {
        let long = self.trials.iter().filter(|planned| planned.case().after.is_some());
        let cost = |planned: &Planned| match &planned.script {
            Ok(TrialScript::Single { request, .. }) => request.cost,
            _ => 0,
        };
        long.map(cost).fold(0, u32::saturating_add)
    }

    /// What else is taken out of the output, though an API may tell it: the further parts of credentials, and what holds
    /// them with the key.
    #[must_use]
    pub fn kept_back(&self, contract: &Contract, target: &Target) -> Vec<Named> {
        let named = |text: &str, env: &str| Named::of_variable(env, text);
        let keys = || target.slots.values().flat_map(|slot| &slot.keys);
        let of_parts = keys().flat_map(|own| {
            own.parts.iter().map(|(part, value)| named(value.expose(), &own.variables[part]))
        });
        let encoded = keys().flat_map(|own| {
            let encode = |carrier: &Carrier| {
                let text = carrier.encoded(own.key.as_ref()?.expose(), &own.parts)?;
                Some(named(&text, &own.env))
            };
            contract.key.carriers.iter().filter_map(encode)
        });
        encoded.chain(of_parts).collect()
    }

    /// Every key that is sent, and every other secret of the target, with what is shown in its place. A
    /// spoilt key is none of its own: it holds most of the slot's.
    #[must_use]
    pub fn secrets(&self, target: &Target) -> Vec<Named> {
        let of_slot = |SlotKey { env, key, .. }: &SlotKey| {
            let secret = key.clone().filter(|key| !is_nobody(key))?;
            Some(Named { secret, label: format!("${env}") })
        };
        let made = |key: &Secret| Named {
            secret: key.clone(),
            label: "(a key made for this run)".to_owned(),
        };
        let slots = target.slots.values().flat_map(|slot| &slot.keys).filter_map(of_slot);
        slots.chain(self.made.iter().map(made)).chain(target.secrets.iter().cloned()).collect()
    }
}

/// Makes the requests of one plan.
pub(super) struct Planner<'a> {
    pub(super) contract: &'a Contract,
    pub(super) target: &'a Target,
    faults: Faults,
    pub(super) made: Vec<Secret>,
    pub(super) random: Random<'a>,
    pub(super) common: Common,
    /// How many trials each slot had so far that were dealt a key.
    turns: BTreeMap<SlotName, usize>,
    /// The turn of the trial that is being planned.
    pub(super) turn: usize,
}

/// The slot whose key a case sends: the one that it is dealt, if the target has a key for that.
pub(super) fn sent_slot<'a>(target: &Target, single: &'a Single) -> &'a SlotName {
    let is_filled = |slot: &&SlotName| target.slots[*slot].set().next().is_some();
    single.dealt.as_ref().filter(is_filled).unwrap_or(&single.slot)
}

impl<'a> Planner<'a> {
    /// Whether a run owes a case: one whose slot is optional it does not.
    fn owed(&self, case: &Case) -> Owed {
        let is_optional = |name: &&SlotName| self.target.slots[*name].need == SlotNeed::Optional;
        if case.slots().iter().any(is_optional) { Owed::IfOffered } else { Owed::Always }
    }

    /// Deals a trial the next key of its slot. One whose twin costs credits has the first, so that the twin is asked and
    /// paid for once.
    fn deal(&mut self, scenario: &Scenario, case: &Case) {
        self.turn = 0;
        let Provocation::Single(single) = &case.provocation else { return };
        let slot = sent_slot(self.target, single);
        let twin = case.twin(scenario).map(|twin| twin_at(self.contract, twin, single, slot));
        let costs = |twin: TwinAt<'_>| {
            twin.reaches.is_none() && self.target.requests[twin.request].cost > 0
        };
        if twin.is_some_and(|twin| twin.is_ok_and(costs)) {
            return;
        }
        let turns = self.turns.entry(slot.clone()).or_default();
        self.turn = *turns;
        *turns += 1;
    }

    /// The key of a slot that the trial is dealt.
    pub(super) fn key(&self, slot: &SlotName) -> Result<&'a Secret, String> {
        self.target.dealt(slot, self.turn)
    }

    fn script(&mut self, scenario: &Scenario, case: &Case) -> Result<TrialScript, String> {
        match &case.provocation {
            Provocation::Single(single) => self.single(scenario, case, single),
            Provocation::Burst(burst) => self.burst(burst),
            Provocation::Ledger(ledger) => self.ledger(ledger),
            Provocation::Balance(balance) => self.balance(scenario, balance),
        }
    }

    fn balance(
        &mut self,
        scenario: &Scenario,
        balance: &BalanceCase,
    ) -> Result<TrialScript, String> {
        let target = self.target;
        let BalanceCase { single, probe, lacks, requests } = balance;
        target.probes[probe].as_ref().map_err(Clone::clone)?;
        let format = &target.requests[&single.request];
        let request = self.plain(format, &single.slot, &single.carrier)?;
        let read = self.balance_read(probe, &single.slot, &single.carrier).ok_or_else(|| {
            format!("others use the workspace of slot `{}`: the target's file says so", single.slot)
        })?;
        // Of several at once it is not known what each finds there.
        let numbers =
            if *requests == 1 { self.message_numbers(scenario, single) } else { Vec::new() };
        let price = Box::new(self.price(&single.request));
        let (times, lacks, read) = (*requests, *lacks, Box::new(read));
        Ok(TrialScript::Balance { request, times, read, price, lacks, numbers })
    }

    fn ledger(&mut self, ledger: &LedgerCase) -> Result<TrialScript, String> {
        let target = self.target;
        let probe = target.probes[&ledger.probe].as_ref().map_err(Clone::clone)?;
        if target.slots[&ledger.slot].usage == SlotUse::Shared {
            return Err(format!(
                "others use the workspace of slot `{}`: the target's file says so",
                ledger.slot
            ));
        }
        let carriers = self.contract.carriers_of(&ledger.slot);
        let carrier = carriers.first().ok_or("no carrier for the key")?;
        let mut reads = Vec::new();
        for turn in 0..target.slots[&ledger.slot].set().count().max(1) {
            self.turn = turn;
            let read = self.plain(&target.requests[&probe.request], &ledger.slot, carrier)?;
            reads.push(read.sent_as(Role::Probe));
        }
        Ok(TrialScript::Ledger { reads, pointer: probe.pointer.clone() })
    }

    fn single(
        &mut self,
        scenario: &Scenario,
        case: &Case,
        single: &Single,
    ) -> Result<TrialScript, String> {
        let target = self.target;
        let slot = sent_slot(target, single);
        let key = match &single.key {
            Some(defect) if !defect.needs_slot() => {
                // A fresh key is like the slot's, if there is one.
                let key = target.slots[&single.slot].dealt(0).key.as_ref();
                self.spoil(key.map_or("", Secret::expose), &single.slot, defect)
            }
            Some(defect) => {
                let key = self.key(&single.slot)?.expose();
                self.spoil(key, &single.slot, defect)
            }
            None => Some(self.key(slot)?.clone()),
        };
        if let (Some(KeyDefect::Neighbour(neighbour)), Ok(key)) =
            (&single.key, self.key(&single.slot))
            && neighbour.of(&self.contract.key.prefix, key.expose()).is_none()
        {
            let env = &target.slots[&single.slot].dealt(self.turn).env;
            return Err(format!("the key in ${env} has no neighbour {}", neighbour.describe()));
        }
        let hook = single.hook.as_ref().map(|name| target.hooks[name].as_ref()).transpose();
        let hook = hook.map_err(Clone::clone)?;
        let probe = case.unchanged.as_ref().map(|name| target.probes[name].as_ref()).transpose();
        let probe = probe.map_err(Clone::clone)?;
        let format = &target.requests[&single.request];
        let body =
            body::bytes(format.body.as_ref(), single.body.as_deref()).unwrap_or_else(|why| {
                let title = format!(
                    "the body of `{}` cannot be broken as {} says",
                    single.request, case.name
                );
                self.faults.add(Fault::general(title).help(why));
                Vec::new()
            });
        let deadlines = case.after.map_or(target.deadlines, |(_, most)| Deadlines::up_to(most));
        let mut extra = hook.map(|hook| hook.headers.clone()).unwrap_or_default();
        if case.at == At::Elsewhere {
            extra.extend(self.common.another_agent(target));
        }
        let carried = key.as_ref().map(|key| self.carry_spoilt(slot, single, key)).transpose()?;
        let mut request = self.request(format, body, carried.clone(), &extra, deadlines)?;
        if carried.is_none() {
            take_out(Arc::make_mut(&mut request.request), &single.carrier);
        }
        request.payer.clone_from(&target.slots[slot].dealt(self.turn).key);
        if let Some(with) = &single.with {
            let carriers = &self.contract.key.carriers;
            let named = |name: &CarrierName| carriers.iter().find(|carrier| carrier.name == *name);
            for carrier in with.also_in.iter().filter_map(named) {
                let Some(carried) = &carried else { continue };
                let carried = Carried { carrier, ..carried.clone() };
                put(Arc::make_mut(&mut request.request), &carried)?;
            }
            let key = if single.quotes_key() { self.key(&single.slot)?.expose() } else { "" };
            patch(&mut request, with, key, single.body.is_some());
            if let Some(carried) = carried.filter(|_| with.path.is_some()) {
                put_query(Arc::make_mut(&mut request.request), &carried);
            }
        }
        if let Some(header) = &single.header {
            break_header(&mut request, header);
        }
        let coding = match single.body.as_deref() {
            Some(BodyDefect::Text(_)) => Some(Coding::Plain),
            Some(BodyDefect::Hex(_)) => None,
            _ => format.body.as_ref().map(RequestBody::coding),
        };
        let around = format.steps.around(case.steps.as_deref());
        let by_hook = hook.into_iter().flat_map(Hook::captured);
        let names = around.captured().chain(by_hook).chain([FRESH_NAME]);
        request.blanks = Blanks::of(&request.request, coding.unwrap_or_default(), names);
        let by = Bearer { slot: slot_of_steps(scenario, case, slot), carrier: &single.carrier };
        let steps = self.steps(&around, by)?;
        let by = Bearer { slot: slot_of_hook(self.contract, case, by.slot), ..by };
        let hook = hook.map(|hook| self.hook(hook, by, around.captured().collect()));
        let hook = hook.transpose()?.flatten();
        let probe = probe.map(|probe| {
            let read =
                self.plain(&target.requests[&probe.request], &single.slot, &single.carrier)?;
            Ok::<_, String>(Box::new((read.sent_as(Role::Probe), probe.pointer.clone())))
        });
        let probe = probe.transpose()?;
        let numbers = self.message_numbers(scenario, single);
        Ok(TrialScript::Single { steps, hook, request, probe, numbers })
    }

    fn burst(&mut self, burst: &Burst) -> Result<TrialScript, String> {
        let format = &self.target.requests[&burst.request];
        let meanwhile = match self.contract.points {
            Some(_) if self.target.extent == Extent::Whole => self.meanwhile(burst)?,
            _ => Vec::new(),
        };
        let other = burst.other.as_ref().map(|other| {
            let other = self.plain(format, other, &burst.carrier)?;
            Ok::<_, String>(Box::new(other.sent_as(Role::OtherKey)))
        });
        let request = self.plain(format, &burst.slot, &burst.carrier)?;
        // It goes past that limit, and nobody else is counted by it meanwhile.
        let counted_by = if burst.limit.per.is_shared() {
            request.counted_by.without(burst.limit.place)
        } else {
            request.counted_by
        };
        Ok(TrialScript::Burst {
            mistaken: if meanwhile.is_empty() { None } else { self.mistaken(burst)?.map(Box::new) },
            strangers: if meanwhile.is_empty() { Vec::new() } else { self.strangers(burst)? },
            meanwhile,
            request: Outgoing { counted_by, ..request },
            times: burst.requests,
            other: other.transpose()?,
            limit: Arc::clone(&burst.limit),
            served: format.status,
        })
    }

    fn preflights(&mut self) -> Vec<Preflight> {
        let slot = &self.target.slots[&self.contract.preflight.slot];
        let count = slot.set().count().max(1);
        (0..count).map(|turn| self.preflight(slot.dealt(turn))).collect()
    }

    fn preflight(&mut self, slot: &SlotKey) -> Preflight {
        let contract = self.contract;
        let format = &self.target.requests[&contract.preflight.request];
        let by = contract.carriers_of(&contract.preflight.slot).first();
        let parts = Cow::Borrowed(&slot.parts);
        let carried = by.zip(slot.key.as_ref());
        let carried = carried.map(|(carrier, key)| Carried { carrier, key, parts });
        let served = slot.key.is_some().then_some(format.status);
        let body = body::bytes(format.body.as_ref(), None).unwrap_or_default();
        let headers = [self.target.headers.as_deref().unwrap_or_default(), &[]];
        let deadlines = self.target.deadlines;
        let request = self.outgoing(format, body.clone(), carried, headers, deadlines);
        let is_carried = request.is_ok();
        // A request without room for the key shows at least that somebody is there.
        let anyhow = || self.outgoing(format, body, None, headers, deadlines);
        let request = request.or_else(|_| anyhow()).expect("without a key it has room for it");
        Preflight {
            request: request.sent_as(Role::Preflight),
            served: served.filter(|_| is_carried),
            env: slot.env.clone(),
        }
    }
}
