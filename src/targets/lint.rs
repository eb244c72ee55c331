//! What weakens a target's file without being wrong: shown by `errproof lint` alone.

use std::path::Path;

use super::target::Target;
use crate::{
    contract::{Contract, lint::shared},
    source::{advice::Advice, document::Document, fault::Faults, folder::Folder},
};

/// Adds what is to be said of the target whose file is `targets/NAME.toml`, beyond what the contract
/// itself is advised of.
///
/// # Errors
/// If the file cannot be read once more.
pub fn lint(
    contract: &Contract,
    name: &str,
    target: &Target,
    advice: &mut Advice,
) -> Result<(), Faults> {
    let mut faults = Faults::default();
    let path = Path::new("targets").join(format!("{name}.toml"));
    let folder = Folder::At(contract.root.clone());
    let document = Document::open(&folder, &path, &mut faults);
    let document = faults.into_result(document)?.expect("what cannot be read is a fault");
    let own = |slot: &str| document.name_span(&["slots"], slot).is_some();
    let names_one = |variable: &str| {
        target.slots.iter().any(|(name, slot)| slot.env == variable && own(name.as_str()))
    };
    let variables = target.slots.iter().map(|(name, slot)| (name, slot.env.as_str()));
    shared(&document, variables.filter(|(_, variable)| names_one(variable)), advice);
    Ok(())
}
