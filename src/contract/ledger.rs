//! The ledger: what a run's requests cost is all that a balance falls by.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use super::{
    Contract,
    contract_file::LedgerFormat,
    generation::Generated,
    identity::Tells,
    names::{RequestName, SlotName},
    scenario::{
        At, BalanceCase, Case, Expects, LEDGER, LedgerCase, Origin, Provocation, Scenario, Single,
    },
    wrong_fields::WrongFields,
};

impl Contract {
    /// Where a response to a request holds the balance of its key's workspace, if it is the one that the ledger reads.
    #[must_use]
    pub fn balance_at(&self, request: &RequestName) -> Option<&str> {
        let case = self.ledger.as_ref()?.cases.first()?;
        let Provocation::Ledger(LedgerCase { probe, .. }) = &case.provocation else { return None };
        let probe = self.probes.get(probe)?;
        (probe.request == *request).then_some(probe.pointer.as_str())
    }
}

impl LedgerFormat {
    /// The ledger's trials: one for each slot whose key a case sends as it is. A burst needs its key unused.
    #[must_use]
    pub fn scenario(&self, contract: &Contract, line: usize) -> Scenario {
        let cases = || contract.scenarios.iter().flat_map(|scenario| &scenario.cases);
        let bursts: BTreeSet<&SlotName> = cases()
            .filter_map(|case| match &case.provocation {
                Provocation::Burst(burst) => Some(&burst.slot),
                _ => None,
            })
            .collect();
        let singles: BTreeSet<&SlotName> = cases()
            .filter_map(|case| match &case.provocation {
                Provocation::Single(Single { slot, .. })
                | Provocation::Balance(BalanceCase { single: Single { slot, .. }, .. }) => {
                    Some(slot)
                }
                _ => None,
            })
            .collect();
        let case = |slot: &SlotName| Case {
            name: format!("{LEDGER}::{}", if slot.is_unsaid() { "all" } else { slot.as_str() }),
            line,
            at: At::Own,
            origin: Origin::Written,
            times: 1,
            fields: WrongFields::None,
            also: Vec::new(),
            after: None,
            unchanged: None,
            recorded: false,
            alone: false,
            twin: None,
            steps: None,
            pair: None,
            last: true,
            provocation: Provocation::Ledger(LedgerCase {
                slot: slot.clone(),
                probe: self.probe.clone(),
            }),
        };
        Scenario {
            file: PathBuf::from("contract.toml"),
            code: LEDGER.to_owned().into(),
            status: 200,
            tells: Tells::nothing(),
            envelope: Arc::clone(&contract.envelope),
            docs: None,
            headers: Vec::new(),
            unprovoked: None,
            expects: Expects::Ledger,
            promise: self.says.clone(),
            source: self.source.clone(),
            message: None,
            retry_after: None,
            twin: None,
            cases: singles
                .difference(&bursts)
                .filter(|slot| !self.except.contains_key(**slot))
                .map(|slot| case(slot))
                .collect(),
            generated: Generated::default(),
        }
    }
}
