//! The ledger: what a run's requests cost is all that a balance falls by.

use std::{collections::BTreeSet, path::PathBuf};

use super::{
    Contract,
    contract_file::LedgerFormat,
    names::SlotName,
    scenario::{At, BalanceCase, Case, Expects, LEDGER, LedgerCase, Provocation, Scenario, Single},
};

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
            name: format!("{LEDGER}::{slot}"),
            line,
            at: At::Own,
            times: 1,
            field: None,
            also: Vec::new(),
            after: None,
            unchanged: None,
            recorded: false,
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
        }
    }
}
