//! The suite on the bundled API, or on a server in its place: for tests and measurements, which
//! record nothing.

use std::sync::Arc;

use super::{drift::Recording, suite::Suite};
use crate::{
    contract::{Contract, fault::Faults},
    exchange::sender::{InProcess, Sender},
    mock::server::{Bundled, Keys, target},
    target::{clock::Clock, pacing::Pacer},
};

impl Suite {
    /// The suite on the bundled API, over HTTP.
    ///
    /// # Errors
    /// If the API does not offer what the contract needs.
    pub fn on_bundled(contract: Contract, bundled: &Bundled) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let target = bundled.target(&contract, &mut faults);
        let target = faults.into_result(target)?.expect("what cannot be used is a fault");
        Self::new(contract, target, Recording::Nothing)
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
        let sender = Sender::in_process(server, clock, Pacer::new(contract.limit.as_ref()));
        Self::with_sender(contract, target, Recording::Nothing, sender)
    }
}
