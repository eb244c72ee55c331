//! What a run would send, and the page that a contract would print: nothing is sent.

use std::process::ExitCode;

use super::{
    end::{self, End},
    folder::{Fallback, contract_folder},
    options::Options,
    prepare::{Ready, prepare},
};
use crate::{
    contract::Contract,
    page::{self},
    source::fault::Faults,
    terminal::print,
};
use crate::{server::plan_text, terminal::exit};

/// Prints what a run with these flags would send, and sends nothing.
#[must_use = "return it from main, or faults in the files go unnoticed"]
pub fn plan(options: &Options, fallback: Fallback) -> ExitCode {
    end::finish(prepare(options, fallback).and_then(|Ready { suite, clients, docs, .. }| {
        if let Some(suite) = suite {
            print::line(suite.redact(&plan_text::render(&suite.run, &suite.plan)).trim_end())?;
        }
        if let Some(clients) = clients {
            print::line(&clients.plan())?;
        }
        if let Some(page) = docs.page() {
            print::line(&format!("{page} is read"))?;
        }
        Ok(exit::SUCCESS)
    }))
}

/// Prints the docs' page from the contract, in Markdown.
#[must_use = "return it from main, or faults in the files go unnoticed"]
pub fn docs(options: &Options, fallback: Fallback) -> ExitCode {
    let folder = contract_folder(options.contract.as_deref(), fallback);
    let mut faults = Faults::default();
    let contract = Contract::read(&folder, &mut faults);
    let page = faults.into_result(contract).and_then(|contract| {
        page::print::markdown(&contract.expect("what cannot be read is a fault"))
    });
    end::finish(page.map_err(End::from).and_then(|page| {
        print::line(page.trim_end())?;
        Ok(exit::SUCCESS)
    }))
}
