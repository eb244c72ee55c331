//! What a run would send, and the page that a contract would print: nothing is sent.

use std::{collections::BTreeSet, process::ExitCode};

use libtest_mimic::{Arguments, Trial};

use super::{
    end::{self, End},
    folder::Fallback,
    options::Options,
    prepare::{Ready, prepare},
    start::{left_out, nothing_selected, of_environment, threads, unplayed},
};
#[cfg(feature = "page")]
use super::{folder::contract_folder, prepare::read_contract};
#[cfg(feature = "page")]
use crate::{page, source::fault::Faults};
use crate::{
    result::{
        advised::Advised,
        collected::Keep,
        side::{Ahead, Manner, Side, SideTrial},
        unproven::Unproven,
    },
    terminal::{exit, print},
};

/// Prints what a run with these flags would send, and sends nothing.
#[must_use = "return it from main, or faults in the files go unnoticed"]
pub fn plan(options: &Options, fallback: Fallback) -> ExitCode {
    let mut secrets = of_environment();
    let planned = prepare(options, fallback, &mut secrets).and_then(|ready| {
        foretell(&ready, &options.tests)?;
        Ok(exit::SUCCESS)
    });
    end::finish(planned, || secrets.redactor())
}

/// Prints what each side would do of which a trial is selected.
fn foretell(ready: &Ready, tests: &Arguments) -> Result<(), End> {
    let manner = Manner { keep: Keep::Red, unproven: Unproven::Ignore, advised: Advised::Shown };
    let all = |side: &dyn Side| -> Vec<Trial> {
        let trials = side.trials(manner).into_iter();
        trials.map(|SideTrial { name, kind, .. }| unplayed(name).with_kind(kind)).collect()
    };
    let trials: Vec<Vec<Trial>> = ready.sides.iter().map(|side| all(&**side)).collect();
    let names = |trials: &[Trial]| -> BTreeSet<String> {
        let selected = trials.iter().filter(|trial| !tests.is_filtered_out(trial));
        selected.map(|trial| trial.name().to_owned()).collect()
    };
    let at_once = threads(tests, ready.suite.as_ref()).unwrap_or(1);
    let mut is_any = false;
    for (side, trials) in ready.sides.iter().zip(&trials) {
        let selected = names(trials);
        if !selected.is_empty() {
            is_any = true;
            print::line(&side.plan(&Ahead { selected, at_once }))?;
        }
    }
    if is_any {
        return Ok(());
    }
    let left_out = left_out(ready.suite.as_ref());
    let all = trials.iter().map(Vec::len).sum::<usize>() + left_out.len();
    Err(nothing_selected(all, tests, left_out, &ready.redactor))
}

/// Prints the docs' page from the contract, in Markdown.
#[cfg(feature = "page")]
#[must_use = "return it from main, or faults in the files go unnoticed"]
pub fn docs(options: &Options, fallback: Fallback) -> ExitCode {
    let mut secrets = of_environment();
    let folder = contract_folder(options.contract.as_deref(), fallback);
    let mut faults = Faults::default();
    let contract = read_contract(&folder, &mut secrets, &mut faults);
    let page = faults.into_result(contract).and_then(|contract| {
        page::print::markdown(&contract.expect("what cannot be read is a fault"))
    });
    let redactor = secrets.redactor();
    let printed = page.map_err(End::from).and_then(|page| {
        print::line(&redactor.text(page.trim_end()))?;
        Ok(exit::SUCCESS)
    });
    end::finish(printed, || redactor)
}
