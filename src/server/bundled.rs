//! The suite on the bundled API, or on a server in its place: for tests and measurements, which
//! record nothing.

use std::sync::Arc;

use super::{
    drift::{Recording, Snapshots},
    suite::Suite,
};
use crate::{
    contract::Contract,
    exchange::{
        clock::Clock,
        pacing::Pacer,
        sender::{InProcess, Sender},
    },
    mock::server::{Bundled, Keys},
    shown::secrets::Secrets,
    source::fault::Faults,
};
use crate::{
    contract::names::HookName,
    mock::api::FAULT_HEADER,
    targets::{
        header::HeaderSource,
        hook_format::HookSource,
        target::Target,
        target_file::{Budget, TargetFile},
    },
};
use std::collections::BTreeMap;

impl Suite {
    /// The suite on the bundled API, over HTTP.
    ///
    /// # Errors
    /// If the API does not offer what the contract needs.
    pub fn on_bundled(contract: Contract, bundled: &Bundled) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let target = bundled.target(&contract, &mut faults);
        let target = faults.into_result(target)?.expect("what cannot be used is a fault");
        Self::new(contract, target, Recording::Nothing, &Secrets::default())
    }

    /// The suite on a server in this process that is given the bundled API's keys, without HTTP.
    ///
    /// # Errors
    /// If the bundled API does not offer what the contract needs.
    pub fn in_process(
        contract: Arc<Contract>,
        server: Arc<dyn InProcess>,
        keys: &Keys,
        clock: Clock,
    ) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let target = target("http://127.0.0.1", keys, clock.clone(), &contract, &mut faults);
        let target = faults.into_result(target)?.expect("what cannot be used is a fault");
        let sender = Sender::in_process(server, clock, Pacer::new(contract.all_limits()));
        Self::with_sender(contract, target, Recording::Nothing, sender, &Secrets::default())
    }

    /// The same plan on another server in this process that takes the same keys, as if nothing had been sent yet: all
    /// that was made before the first request is shared, and nothing that a run learns.
    #[must_use]
    pub fn anew(&self, server: Arc<dyn InProcess>, clock: Clock) -> Self {
        let contract = Arc::clone(&self.run.contract);
        let sender = Sender::in_process(server, clock.clone(), Pacer::new(contract.all_limits()));
        let target = Target { clock, ..self.run.target.clone() };
        let redactor = Arc::clone(self.redactor());
        let snapshots = Snapshots::new(&contract.root, &target.name, Recording::Nothing, redactor);
        let (plan, judge) = (Arc::clone(&self.plan), self.run.judge.anew());
        Self::starting(contract, target, sender, plan, judge, snapshots)
    }
}

impl Bundled {
    /// It as a target.
    #[must_use]
    pub fn target(&self, contract: &Contract, faults: &mut Faults) -> Option<Target> {
        target(&self.url(), self.keys(), self.clock(), contract, faults)
    }
}

/// What the API offers, as a target: its keys in the contract's slots, its hooks, and its clock.
#[must_use]
pub fn target(
    base_url: &str,
    keys: &Keys,
    clock: Clock,
    contract: &Contract,
    faults: &mut Faults,
) -> Option<Target> {
    let hook = |name: &HookName| {
        let value = HeaderSource::Value(name.to_string());
        let headers = BTreeMap::from([(FAULT_HEADER.to_owned(), value)]);
        (name.clone(), HookSource { headers, ..HookSource::default() })
    };
    let file = TargetFile {
        base_url: base_url.to_owned(),
        budget: Budget { credits: 1_000 },
        hooks: contract.hooks.keys().map(hook).collect(),
        ..TargetFile::default()
    };
    let environment = |variable: &str| {
        let slot = contract.slots.iter().find(|(_, slot)| slot.env == variable);
        keys.get(slot?.0.as_str()).cloned()
    };
    Target::bundled(&file, contract, clock, &environment, faults)
}
