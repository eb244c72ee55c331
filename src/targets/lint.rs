//! What weakens a target's file without being wrong: shown by `errproof lint` alone.

use std::{collections::BTreeSet, path::Path};

use super::{
    hook_format::HookSource,
    target::{Slot, Target},
    target_file::TargetFile,
};
use crate::{
    contract::{
        Contract,
        lint::shared,
        names::{RequestName, SlotName},
    },
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
        let named = |slot: &Slot| slot.keys.iter().any(|key| key.env == variable);
        target.slots.iter().any(|(name, slot)| named(slot) && own(name.as_str()))
    };
    for (name, slot) in &target.slots {
        repeated(&document, name, slot, advice);
    }
    // One that is twice in a list is said above.
    let with_key = target.slots.iter().filter(|(name, _)| !contract.is_keyless(name));
    let variables = with_key.flat_map(|(name, slot)| {
        let once: BTreeSet<&str> = slot.keys.iter().map(|key| key.env.as_str()).collect();
        once.into_iter().map(move |variable| (name, variable))
    });
    shared(&document, variables.filter(|(_, variable)| names_one(variable)), advice);
    Ok(())
}

/// The contract's requests that the hooks of these targets send. A file that cannot be read is a fault elsewhere.
pub fn requests<'a>(
    contract: &Contract,
    names: impl Iterator<Item = &'a String>,
) -> BTreeSet<RequestName> {
    let folder = Folder::At(contract.root.clone());
    let file = |name| {
        let path = Path::new("targets").join(format!("{name}.toml"));
        Document::open(&folder, &path, &mut Faults::default())?.read::<TargetFile>()
    };
    let files: Vec<TargetFile> = names.filter_map(file).collect();
    let hooks = files.iter().flat_map(|file| file.hooks.values());
    hooks.flat_map(HookSource::steps).filter_map(|step| step.request.clone()).collect()
}

/// Advises against one variable that stands twice in the list of a slot: its key gets no quicker by that.
fn repeated(document: &Document, name: &SlotName, slot: &Slot, advice: &mut Advice) {
    let mut seen = BTreeSet::new();
    for (at, key) in slot.keys.iter().enumerate() {
        if !seen.insert(key.env.as_str()) {
            let title = format!("${} stands twice in the slot `{name}`", key.env);
            let label = "expected another variable: a run is faster by keys that differ";
            let way = ["slots", name.as_str(), &at.to_string(), "env"];
            advice.add(document.fault(&way, title, label));
        }
    }
}
