//! `errproof lint`: all that is wrong in a contract's files, and what is missing or left over.

use std::{collections::BTreeMap, fs, path::PathBuf};

use clap::Parser;

use crate::{
    contract::{Contract, lint},
    run::prepare::learn,
    run::{
        end::End,
        folder::{Fallback, contract_folder},
    },
    shown::secrets::Secrets,
    source::fault::Faults,
    targets::{load::Given, target::Target},
    terminal::{exit, print},
};

/// The flags of `errproof lint`.
#[derive(Debug, Parser)]
#[command(
    long_about = "\
Look for what is wrong or missing in a contract's files.

Everything that a test run would refuse is shown, of every target's file, too; and what a run takes
but proves less by: a code without a scenario, a scenario without a twin, a request, slot, hook or
probe that no case uses, a promise without its source in the docs.",
    after_help = "Example:\n  errproof lint --contract our-api"
)]
pub struct LintOptions {
    /// The contract's folder
    #[arg(long, value_name = "DIR", env = "ERRPROOF_CONTRACT")]
    pub contract: Option<PathBuf>,
}

/// Shows all faults, or says that there are none.
///
/// # Errors
/// If there are faults.
pub fn lint(options: &LintOptions, secrets: &mut Secrets) -> Result<u8, End> {
    let folder = contract_folder(options.contract.as_deref(), Fallback::BuiltIn);
    let mut faults = Faults::default();
    let contract = Contract::read(&folder, &mut faults);
    let mut targets = Vec::new();
    if let Some(contract) = &contract {
        learn(contract, secrets);
        targets = target_files(contract);
        for target in &targets {
            // With no variable set nothing is wrong with what they hold.
            let given = Given { target: Some(target), url: None };
            drop(Target::load(given, contract, &|_| None, &mut faults));
        }
    }
    let contract = faults.into_result(contract)?.expect("what cannot be read is a fault");
    lint::lint(&folder, &contract).into_result(())?;
    let cases: usize = contract.scenarios.iter().map(|scenario| scenario.cases.len()).sum();
    let counted = BTreeMap::from([
        ("code", contract.scenarios.len()),
        ("case", cases),
        ("target", targets.len()),
    ]);
    let count = |what: &str| match counted[what] {
        1 => format!("1 {what}"),
        many => format!("{many} {what}s"),
    };
    let [codes, cases, targets] = ["code", "case", "target"].map(count);
    let counts = format!("{}: {codes}, {cases}, {targets}, nothing wrong", contract.name);
    print::line(&secrets.redactor().line(&counts));
    Ok(exit::SUCCESS)
}

fn target_files(contract: &Contract) -> Vec<String> {
    let entries = fs::read_dir(contract.root.join("targets")).into_iter().flatten().flatten();
    let name = |path: PathBuf| {
        let is_one = path.extension().is_some_and(|ending| ending == "toml");
        path.file_stem().filter(|_| is_one).map(|stem| stem.to_string_lossy().into_owned())
    };
    let mut names: Vec<_> = entries.filter_map(|entry| name(entry.path())).collect();
    names.sort();
    names
}
