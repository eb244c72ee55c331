//! `errproof lint`: all that is wrong in a contract's files, and what is missing or left over.

use std::{collections::BTreeMap, path::PathBuf};

use clap::{Parser, ValueEnum};

use crate::{
    contract,
    run::{
        end::End,
        folder::{Fallback, contract_folder},
        prepare::read_contract,
    },
    shown::{plural::plural, secrets::Secrets},
    source::fault::Faults,
    targets::{self, load::GivenTarget, target::Target},
    terminal::{exit, print},
};

/// What `errproof lint --help` begins with.
pub(super) const ABOUT: &str = "\
Look for what is wrong or missing in a contract's files.

errproof shows every fault that a test run would refuse, those of all target files included, and ends
with 2. It also gives advice on problems that do not stop a run but weaken what it proves: a code
without a scenario, a scenario without a twin, a request, slot, hook or probe that no case uses, a
promise without its source in the docs, one variable for two slots. Advice alone ends with 0.";

/// The flags of `errproof lint`.
#[derive(Debug, Parser)]
#[command(after_help = "\
Examples:
  errproof lint --contract our-api
  errproof lint --deny                 in CI: advice ends with 2 as well")]
pub struct LintOptions {
    /// The contract's folder
    #[arg(long, value_name = "DIR", env = "ERRPROOF_CONTRACT")]
    pub contract: Option<PathBuf>,

    /// Treat advice as an error: end with 2
    #[arg(long, value_name = "WHAT", num_args = 0..=1, require_equals = true, default_missing_value = "advice")]
    pub deny: Option<Deny>,
}

/// What `--deny` makes an error of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    /// All advice; the same as --deny alone
    Advice,
}

/// Shows all faults and all advice, or says that there is none.
///
/// # Errors
/// If there are faults, or if the last line cannot be written.
pub fn lint(options: &LintOptions, secrets: &mut Secrets) -> Result<u8, End> {
    let folder = contract_folder(options.contract.as_deref(), Fallback::BuiltIn);
    let mut faults = Faults::default();
    let contract = read_contract(&folder, secrets, &mut faults);
    let mut files: BTreeMap<String, Option<Target>> = BTreeMap::new();
    if let Some(contract) = &contract {
        for name in targets::load::names(&contract.root) {
            // With no variable set nothing is wrong with what they hold.
            let given = GivenTarget { target: Some(&name), url: None };
            let target = Target::load(given, contract, &|_| None, secrets, &mut faults);
            files.insert(name, target);
        }
    }
    let contract = faults.into_result(contract)?.expect("what cannot be read is a fault");
    let by_targets = targets::lint::requests(&contract, files.keys());
    let mut advice = contract::lint::lint(&folder, &contract, &by_targets)?;
    for (name, target) in files.iter().filter_map(|(name, target)| Some((name, target.as_ref()?))) {
        targets::lint::lint(&contract, name, target, &mut advice)?;
    }
    if !advice.is_empty() {
        print::problem(&advice.shown(&secrets.redactor()));
    }
    if !advice.is_empty() && options.deny == Some(Deny::Advice) {
        return Ok(exit::USAGE);
    }
    let cases: usize = contract.scenarios.iter().map(|scenario| scenario.cases.len()).sum();
    let and = if advice.is_empty() { String::new() } else { format!(", {}", advice.count()) };
    let counts = format!(
        "{}: {}, {}, {}, nothing wrong{and}",
        contract.name,
        plural(contract.scenarios.len(), "code"),
        plural(cases, "case"),
        plural(files.len(), "target"),
    );
    print::line(&secrets.redactor().line(&counts))?;
    Ok(exit::SUCCESS)
}
