//! Reads a contract folder. Goes on after a fault, so that every fault of every file is shown.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use jsonschema::Validator;
use serde_json::Value;

use super::{
    Contract, Envelope, NamedRequest,
    document::{Document, Way},
    fault::{Fault, Faults},
    format::{ContractFile, PreflightFormat},
    lookup::{keys, read, unknown},
    resolve::read_scenario,
};

impl Contract {
    /// Reads the contract in a folder: `contract.toml`, `scenarios/*.toml` and the schemas they name.
    ///
    /// # Errors
    /// Every fault of every file, with its place.
    pub fn load(root: &Path) -> Result<Self, Faults> {
        let path = Path::new("contract.toml");
        let document = read(root, path).and_then(|text| Document::parse(path, text));
        let mut contract = document.and_then(|document| {
            let file = document.read::<ContractFile>()?;
            complete(root, &document, file)
        });
        let mut faults = Faults::default();
        let files = scenario_files(root).unwrap_or_else(|fault| {
            faults.add(fault);
            Vec::new()
        });
        let mut codes = BTreeMap::new();
        for path in &files {
            let read = read_scenario(root, path, contract.as_ref().ok(), &mut codes);
            match (read, &mut contract) {
                (Ok(scenario), Ok(contract)) => contract.scenarios.extend(scenario.map(Arc::new)),
                (Ok(_), Err(_)) => {}
                (Err(more), _) => faults.append(more),
            }
        }
        match contract {
            Ok(contract) => faults.into_result(contract),
            Err(mut first) => {
                first.append(faults);
                Err(first)
            }
        }
    }
}

fn scenario_files(root: &Path) -> Result<Vec<PathBuf>, Fault> {
    let folder = root.join("scenarios");
    let failed = |error| Fault::general(format!("failed to read {}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        if Path::new(&name).extension().is_some_and(|ending| ending == "toml") {
            files.push(Path::new("scenarios").join(name));
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Fault::general(format!("there is no scenario in {}", folder.display()))
            .help("a scenario is one file for each error code, with the ending .toml"));
    }
    Ok(files)
}

fn complete(root: &Path, document: &Document, file: ContractFile) -> Result<Contract, Faults> {
    let mut faults = Faults::default();
    let schema =
        compile(root, document, &["envelope", "schema"], &file.envelope.schema, &mut faults);
    if file.key.alphabet.is_empty() || file.key.length == 0 {
        faults.add(document.fault(
            &["key"],
            "keys without a character of their own",
            "expected an alphabet and a length above 0",
        ));
    }
    if file.key.carriers.is_empty() {
        faults.add(document.fault(
            &["key", "carriers"],
            "no carrier for the key",
            "expected at least one",
        ));
    }
    let mut requests = BTreeMap::new();
    for (name, format) in file.requests {
        let way = ["requests", name.as_str(), "input"];
        let input =
            format.input.as_ref().and_then(|path| compile(root, document, &way, path, &mut faults));
        if let (Some(input), Some(body)) = (&input, &format.body)
            && let Some(error) = input.iter_errors(body).next()
        {
            faults.add(document.fault(
                &["requests", name.as_str(), "body"],
                format!("the unbroken body of `{name}` is refused by its input schema"),
                error.to_string(),
            ));
        }
        requests.insert(name, NamedRequest { format, input });
    }
    let PreflightFormat { request, slot } = &file.preflight;
    if !requests.contains_key(request) {
        faults.add(unknown(
            document,
            &["preflight", "request"],
            "request",
            request.as_str(),
            keys(&requests),
        ));
    }
    if !file.slots.contains_key(slot) {
        faults.add(unknown(
            document,
            &["preflight", "slot"],
            "slot",
            slot.as_str(),
            keys(&file.slots),
        ));
    }
    for (name, probe) in &file.probes {
        if !requests.contains_key(&probe.request) {
            faults.add(unknown(
                document,
                &["probes", name.as_str(), "request"],
                "request",
                probe.request.as_str(),
                keys(&requests),
            ));
        }
    }
    let Some(schema) = schema.filter(|_| faults.is_empty()) else {
        return Err(faults);
    };
    Ok(Contract {
        root: root.to_owned(),
        name: file.name,
        docs: file.docs,
        production_hosts: file.production_hosts,
        envelope: Envelope { schema, places: file.envelope },
        key: file.key,
        limit: file.limit,
        requests,
        slots: file.slots,
        preflight: file.preflight,
        hooks: file.hooks,
        probes: file.probes,
        promises: file.promises,
        scenarios: Vec::new(),
    })
}

/// Compiles the JSON Schema in a file that a contract names.
fn compile(
    root: &Path,
    document: &Document,
    way: Way<'_>,
    path: &str,
    faults: &mut Faults,
) -> Option<Validator> {
    let failed = |why: String| document.fault(way, format!("failed to use the schema {path}"), why);
    let text = match fs::read_to_string(root.join(path)) {
        Ok(text) => text,
        Err(error) => {
            faults.add(failed(error.to_string()));
            return None;
        }
    };
    let compiled = serde_json::from_str::<Value>(&text)
        .map_err(|error| error.to_string())
        .and_then(|schema| jsonschema::validator_for(&schema).map_err(|error| error.to_string()));
    compiled.map_err(|why| faults.add(failed(why))).ok()
}
