//! The parts of errproof that a build may leave out: each is a feature of the crate.

use tokio::runtime::Runtime;

use super::options::Options;
use crate::{
    contract::Contract,
    source::fault::{Fault, Faults},
    targets::target::Target,
};

/// Refuses flags of parts that this build leaves out.
///
/// # Errors
/// If a flag needs one.
pub(super) fn check(options: &Options) -> Result<(), Fault> {
    let needs = [
        (options.client.is_some(), "--client", "client", cfg!(feature = "client")),
        (options.docs.is_some(), "--docs", "page", cfg!(feature = "page")),
        (options.check_links, "--check-links", "page", cfg!(feature = "page")),
    ];
    match needs.into_iter().find(|(asked, _, _, is_there)| *asked && !is_there) {
        Some((_, flag, feature, _)) => Err(Fault::general(format!(
            "{flag} needs errproof's feature `{feature}`, which this build leaves out: enable it in Cargo.toml"
        ))),
        None => Ok(()),
    }
}

#[cfg(feature = "mock")]
pub(super) use with_mock::{Bundled, bundled};
#[cfg(not(feature = "mock"))]
pub(super) use without_mock::{Bundled, bundled};

#[cfg(feature = "mock")]
mod with_mock {
    use super::{Contract, Fault, Faults, Runtime, Target};
    pub(in crate::run) use crate::mock::server::Bundled;

    use crate::exchange::clock::{Clock, SharedClock};

    /// The bundled mock keeps its own contract, and would fail any other for no reason.
    const NO_TARGET: &str = "no target: add --target-url URL or --target NAME; only a contract with `mock` in its contract.toml runs without one";

    /// Starts the bundled mock, which is what a run without a target tests.
    pub(in crate::run) fn bundled(
        runtime: &Runtime,
        contract: &Contract,
        faults: &mut Faults,
    ) -> Option<(Bundled, Target)> {
        if contract.mock.is_none() {
            faults.add(Fault::general(NO_TARGET));
            return None;
        }
        let clock = Clock::Shared(SharedClock::default());
        let bundled = runtime.block_on(Bundled::start(clock));
        let target = bundled.target(contract, faults)?;
        Some((bundled, target))
    }
}

#[cfg(not(feature = "mock"))]
mod without_mock {
    use super::{Contract, Fault, Faults, Runtime, Target};

    const NO_TARGET: &str = "no target: add --target-url URL or --target NAME; the bundled mock needs errproof's feature `mock`, which this build leaves out";

    /// Nothing is ever one.
    #[derive(Debug)]
    pub(in crate::run) enum Bundled {}

    /// Says that a target has to be named.
    pub(in crate::run) fn bundled(
        _: &Runtime,
        _: &Contract,
        faults: &mut Faults,
    ) -> Option<(Bundled, Target)> {
        faults.add(Fault::general(NO_TARGET));
        None
    }
}
