//! What a run would send, and the page that a contract would print: nothing is sent.

use std::process::ExitCode;

use super::{end, folder::Fallback, options::Options, prepare::prepare, start::of_environment};
#[cfg(feature = "page")]
use super::{end::End, folder::contract_folder, prepare::read_contract};
use crate::terminal::{exit, print};
#[cfg(feature = "page")]
use crate::{page, source::fault::Faults};

/// Prints what a run with these flags would send, and sends nothing.
#[must_use = "return it from main, or faults in the files go unnoticed"]
pub fn plan(options: &Options, fallback: Fallback) -> ExitCode {
    let mut secrets = of_environment();
    let planned = prepare(options, fallback, &mut secrets).and_then(|ready| {
        ready.sides.iter().try_for_each(|side| print::line(&side.plan()))?;
        Ok(exit::SUCCESS)
    });
    end::finish(planned, || secrets.redactor())
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
