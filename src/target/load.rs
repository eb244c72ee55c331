//! Makes a target from a file, from a bare address, or from the bundled mock, and the environment.

use std::{collections::BTreeMap, path::Path};

use reqwest::{Url, header::HeaderValue};

use super::{
    Slot, Target, clock::Clock, format::TargetFile, redact::SHORTEST_SECRET, secret::Secret,
};
use crate::contract::{
    Contract,
    case::Provocation,
    document::{Document, Way},
    fault::{Fault, Faults, did_you_mean},
    lookup::{keys, read, unknown},
    names::SlotName,
};

/// Looks up an environment variable. A function, so that tests have an environment of their own.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What a person said of the target.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// `--target`: a name in `targets/`, or a file.
    pub target: Option<&'a str>,
    /// `--target-url`: an address, alone or in place of the file's own.
    pub url: Option<&'a str>,
}

impl Target {
    /// The live target that was asked for, or none where nothing was.
    ///
    /// # Errors
    /// Every fault of the target's file, or that there is none, or that the address is none.
    pub fn load(
        given: Given<'_>,
        contract: &Contract,
        environment: Environment<'_>,
    ) -> Result<Option<Self>, Faults> {
        let Given { target, url } = given;
        let (file, document, name) = match (target, url) {
            (None, None) => return Ok(None),
            (None, Some(url)) => {
                let file = TargetFile { base_url: url.to_owned(), ..TargetFile::default() };
                (file, None, None)
            }
            (Some(target), url) => {
                let document = find(contract, target)?;
                let mut file = document.read::<TargetFile>()?;
                if let Some(url) = url {
                    url.clone_into(&mut file.base_url);
                }
                let name =
                    document.path().file_stem().map(|stem| stem.to_string_lossy().into_owned());
                (file, Some(document), name)
            }
        };
        let base_url = address(&file.base_url).map_err(|why| match (&document, url) {
            (Some(document), None) => {
                document.fault(&["base-url"], format!("`{}` is not an address", file.base_url), why)
            }
            _ => Fault::general(format!("`{}` is not an address: {why}", file.base_url)),
        })?;
        let name = name.unwrap_or_else(|| {
            let host = base_url.host_str().unwrap_or_default();
            base_url.port().map_or(host.to_owned(), |port| format!("{host}_{port}"))
        });
        let loader = Loader {
            contract,
            document: document.as_ref(),
            environment,
            faults: Faults::default(),
        };
        loader.target(name, base_url, Clock::real(), &file).map(Some)
    }

    /// A target that is described by a value rather than a file: the bundled mock.
    ///
    /// # Errors
    /// If the description does not fit the contract.
    pub fn bundled(
        file: &TargetFile,
        contract: &Contract,
        clock: Clock,
        environment: Environment<'_>,
    ) -> Result<Self, Faults> {
        let base_url = address(&file.base_url).map_err(Fault::general)?;
        let loader = Loader { contract, document: None, environment, faults: Faults::default() };
        loader.target("mock".to_owned(), base_url, clock, file)
    }
}

/// Finds a target's file by its name in `targets/` or by its path.
fn find(contract: &Contract, target: &str) -> Result<Document, Faults> {
    let is_path = target.contains(['/', '\\']) || Path::new(target).extension().is_some();
    // A path is the caller's own, from where they stand; a name belongs to the contract.
    let (root, path) = if is_path {
        (Path::new(""), Path::new(target).to_owned())
    } else {
        (contract.root.as_path(), Path::new("targets").join(format!("{target}.toml")))
    };
    if root.join(&path).exists() {
        return read(root, &path).and_then(|text| Document::parse(&path, text));
    }
    let mut known: Vec<String> = std::fs::read_dir(contract.root.join("targets"))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_string_lossy().into_owned()))
        .collect();
    known.sort();
    let mut fault =
        Fault::general(format!("there is no target `{target}`: no file {}", path.display()));
    fault.help = did_you_mean(target, known.iter().map(String::as_str))
        .or_else(|| (!known.is_empty()).then(|| format!("there are: {}", known.join(", "))));
    Err(fault.into())
}

fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    match url.scheme() {
        "http" | "https" if !url.username().is_empty() || url.password().is_some() => {
            Err("it holds credentials; put them into a header by an environment variable"
                .to_owned())
        }
        "http" | "https" if url.query().is_some() || url.fragment().is_some() => {
            Err("expected one without a query, paths are added to it".to_owned())
        }
        "http" | "https" => Ok(url),
        scheme => Err(format!("expected http or https, not {scheme}")),
    }
}

/// Makes a target's parts, and collects what is wrong with them. What the target offers is made in
/// [`super::offers`].
pub(super) struct Loader<'a> {
    pub(super) contract: &'a Contract,
    pub(super) document: Option<&'a Document>,
    pub(super) environment: Environment<'a>,
    faults: Faults,
}

impl Loader<'_> {
    fn target(
        mut self,
        name: String,
        base_url: Url,
        clock: Clock,
        file: &TargetFile,
    ) -> Result<Target, Faults> {
        let slots = self.slots(file);
        let headers = self.headers(&file.headers, &["headers"]);
        let requests = self.requests(file);
        let hooks = self.hooks(file);
        let probes = self.probes(file);
        let target = Target {
            name,
            base_url,
            file: self.document.map(|document| document.path().to_owned()),
            clock,
            slots,
            headers,
            requests,
            hooks,
            probes,
        };
        self.faults.into_result(target)
    }

    fn slots(&mut self, file: &TargetFile) -> BTreeMap<SlotName, Slot> {
        let contract = self.contract;
        for name in file.slots.keys() {
            if !contract.slots.contains_key(name) {
                self.unknown(
                    &["slots", name.as_str()],
                    "slot",
                    name.as_str(),
                    keys(&contract.slots),
                );
            }
        }
        let mut slots = BTreeMap::new();
        for (name, format) in &contract.slots {
            let env = file.slots.get(name).map_or(&format.env, |source| &source.env);
            let key = (self.environment)(env);
            if let Some(key) = &key {
                self.check_key(&["slots", name.as_str(), "env"], env, key);
            }
            slots.insert(
                name.clone(),
                Slot {
                    env: env.clone(),
                    purpose: format.purpose.clone(),
                    key: key.map(Secret::new),
                },
            );
        }
        self.check_bursts(&slots);
        slots
    }

    fn check_key(&mut self, way: Way<'_>, env: &str, key: &str) {
        if key.chars().count() < SHORTEST_SECRET {
            self.add(way, format!("${env} is too short to be a key"), format!("expected {SHORTEST_SECRET} characters or more, which can be kept out of the output"));
        } else if HeaderValue::from_str(key).is_err() || key.trim() != key {
            self.add(
                way,
                format!("${env} cannot be sent as a key"),
                "expected no line break, and no space around it",
            );
        }
    }

    /// A burst uses its key up: nobody else can have it.
    fn check_bursts(&mut self, slots: &BTreeMap<SlotName, Slot>) {
        let cases = self.contract.scenarios.iter().flat_map(|scenario| &scenario.cases);
        for case in cases {
            let Provocation::Burst(burst) = &case.provocation else { continue };
            let own = &slots[&burst.slot];
            let twin = slots.iter().find(|(name, slot)| {
                **name != burst.slot && slot.key.is_some() && slot.key == own.key
            });
            if let Some((name, slot)) = twin {
                let title = format!("${} and ${} hold the same key", own.env, slot.env);
                let label = format!(
                    "a burst uses up the key of `{}`, so `{name}` needs another",
                    burst.slot
                );
                self.add(&["slots", burst.slot.as_str()], title, label);
            }
        }
    }

    pub(super) fn add(&mut self, way: Way<'_>, title: impl Into<String>, label: impl Into<String>) {
        let fault = match self.document {
            Some(document) => document.fault(way, title, label),
            None => Fault::general(format!("{}: {}", title.into(), label.into())),
        };
        self.faults.add(fault);
    }

    pub(super) fn unknown<'k>(
        &mut self,
        way: Way<'_>,
        kind: &str,
        name: &str,
        known: impl Iterator<Item = &'k str>,
    ) {
        let fault = match self.document {
            Some(document) => unknown(document, way, kind, name, known),
            None => Fault::general(format!("unknown {kind} `{name}`")),
        };
        self.faults.add(fault);
    }
}
