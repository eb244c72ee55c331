//! Makes a target from a file, from a bare address, or from the bundled mock, and the environment.

use std::{collections::BTreeMap, path::Path};

use http::HeaderValue;
use url::{ParseError, Url};

use super::{
    header::OfKeys,
    one_or_some::OneOrSome,
    target::{Lack, Slot, SlotKey, SlotNeed, SlotUse, Target},
    target_file::{RequestChange, SlotSource, TargetFile},
};
use crate::{
    contract::{
        Contract, contract_file::SlotFormat, extent::Extent, names::SlotName, scenario::Provocation,
    },
    exchange::{
        clock::Clock,
        deadlines::{Deadlines, LONGEST_WAIT},
    },
    shown::{
        redactor::SHORTEST_SECRET,
        secret::{Named, Secret},
        secrets::Secrets,
    },
    source::{
        document::{Document, Way},
        fault::{Fault, Faults, did_you_mean},
        folder::Folder,
        reader::{Reader, keys},
    },
};

/// Looks up an environment variable. A function, so that tests have an environment of their own.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What a person said of the target.
#[derive(Debug, Clone, Copy)]
pub struct GivenTarget<'a> {
    /// `--target`: a name in `targets/`, or a file.
    pub target: Option<&'a str>,
    /// `--target-url`: an address, alone or in place of the file's own.
    pub url: Option<&'a str>,
}

impl GivenTarget<'_> {
    /// Whether nothing was said, so that the bundled mock is meant.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self.target.is_none() && self.url.is_none()
    }
}

impl Target {
    /// The live target that was asked for. What is wrong is added to the faults: everything in the
    /// target's file, or that it is missing, or that the address cannot be read. What the file names as
    /// secret is added to `secrets` before, so that these faults do not show it.
    #[must_use]
    pub fn load(
        given: GivenTarget<'_>,
        contract: &Contract,
        environment: Environment<'_>,
        secrets: &mut Secrets,
        faults: &mut Faults,
    ) -> Option<Self> {
        let Some(name) = given.target else {
            let base_url = given.url.unwrap_or_default().to_owned();
            let file = TargetFile { base_url, ..TargetFile::default() };
            let loader = Loader::new(contract, environment, Reader::of_nothing());
            return loader.target(None, Clock::real(), &file, faults);
        };
        let document = find(contract, name, secrets).map_err(|more| faults.append(more)).ok()?;
        let (file, reader) = Reader::open::<TargetFile>(&document);
        let mut loader = Loader::new(contract, environment, reader);
        let Some(mut file) = file else {
            faults.append(loader.reader.finish());
            return None;
        };
        if let Some(url) = given.url {
            if let Err(why) = address(url) {
                loader.reader.add(
                    &[],
                    format!("`{}` is not an address", without_credentials(url)),
                    why,
                );
            }
            url.clone_into(&mut file.base_url);
        }
        let name = document.path().file_stem().map(|stem| stem.to_string_lossy().into_owned());
        loader.target(name, Clock::real(), &file, faults)
    }

    /// A target that is described by a value rather than a file: the bundled mock.
    #[must_use]
    pub fn bundled(
        file: &TargetFile,
        contract: &Contract,
        clock: Clock,
        environment: Environment<'_>,
        faults: &mut Faults,
    ) -> Option<Self> {
        let loader = Loader::new(contract, environment, Reader::of_nothing());
        loader.target(Some("mock".to_owned()), clock, file, faults)
    }
}

/// The targets that have a file in `targets/`, in the order of their names.
pub(crate) fn names(root: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(root.join("targets")).into_iter().flatten().flatten();
    let files = entries.map(|entry| entry.path());
    let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "toml"));
    let mut names: Vec<String> =
        files.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect();
    names.sort();
    names
}

/// Adds what the targets' files name as secret, whichever is asked for: the environment has the secrets of all of
/// them, and one may be typed where another belongs.
pub(crate) fn learn(root: &Path, secrets: &mut Secrets) {
    let folder = Folder::At(root.to_owned());
    for name in names(root) {
        let path = Path::new("targets").join(format!("{name}.toml"));
        // What cannot be read is a fault where it is asked for.
        secrets.named_in(&folder.read(&path).unwrap_or_default());
    }
}

/// Whether a text can be a variable's name.
pub(super) fn is_variable(name: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(word)
}

/// An address without the credentials that somebody may have put into it. A password may hold an `@`, so all
/// before the last one is left out.
fn without_credentials(text: &str) -> String {
    match text.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?.1)))
    {
        Some((scheme, rest)) => format!("{scheme}://...@{rest}"),
        None => text.to_owned(),
    }
}

/// Finds a target's file by its name in `targets/` or by its path.
fn find(contract: &Contract, target: &str, secrets: &mut Secrets) -> Result<Document, Faults> {
    let is_path = target.contains(['/', '\\']) || Path::new(target).extension().is_some();
    // A path is the caller's own, from where they stand; a name belongs to the contract.
    let (root, path) = if is_path {
        (Path::new(""), Path::new(target).to_owned())
    } else {
        (contract.root.as_path(), Path::new("targets").join(format!("{target}.toml")))
    };
    if root.join(&path).exists() {
        let prefix = Some(contract.key.prefix.as_str());
        let text = Folder::At(root.to_owned()).read(&path)?;
        secrets.named_in(&text);
        return Document::parse_with_keys(&path, &text, prefix);
    }
    let known = names(&contract.root);
    let mut fault =
        Fault::general(format!("there is no target `{target}`: no file {}", path.display()));
    fault.help = did_you_mean(target, known.iter().map(String::as_str))
        .or_else(|| (!known.is_empty()).then(|| format!("the contract has {}", known.join(", "))));
    Err(fault.into())
}

/// What an address lacks that somebody has typed as a browser takes it.
const NO_SCHEME: &str = "expected one that begins with http:// or https://";

fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| match error {
        ParseError::RelativeUrlWithoutBase => NO_SCHEME.to_owned(),
        error => error.to_string(),
    })?;
    // The host of `localhost:8080` is read as a scheme.
    if !matches!(url.scheme(), "http" | "https") {
        return Err(NO_SCHEME.to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "expected no credentials in it: put them into a header, from an environment variable"
                .to_owned(),
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("expected one without a query: errproof adds paths to it".to_owned());
    }
    Ok(url)
}

/// Makes a target's parts, and collects what is wrong with them. What the target offers is made in
/// [`super::offers`].
pub(super) struct Loader<'a> {
    pub(super) contract: &'a Contract,
    pub(super) environment: Environment<'a>,
    pub(super) reader: Reader<'a>,
    pub(super) secrets: Vec<Named>,
}

impl<'a> Loader<'a> {
    fn new(contract: &'a Contract, environment: Environment<'a>, reader: Reader<'a>) -> Self {
        Self { contract, environment, reader, secrets: Vec::new() }
    }

    fn target(
        mut self,
        name: Option<String>,
        clock: Clock,
        file: &TargetFile,
        faults: &mut Faults,
    ) -> Option<Target> {
        let slots = self.slots(file);
        let headers = self.headers(&file.headers, &["headers"], OfKeys::Refused);
        let requests = self.requests(file);
        let is_priced = |(_, change): &(_, &RequestChange)| change.cost.is_some();
        let priced = file.requests.iter().filter(is_priced);
        let priced = priced.map(|(name, _)| name.clone()).collect();
        let hooks = self.hooks(file);
        let probes = self.probes(file);
        let known = self.known(file);
        let base_url = address(&file.base_url).map_err(|why| {
            let shown = without_credentials(&file.base_url);
            let title = format!("`{shown}` is not an address");
            self.reader.add(&["base-url"], title, why);
        });
        faults.append(self.reader.finish());
        let base_url = base_url.ok()?;
        let name = name.unwrap_or_else(|| {
            let host = base_url.host_str().unwrap_or_default();
            base_url.port().map_or(host.to_owned(), |port| format!("{host}_{port}"))
        });
        Some(Target {
            name,
            base_url,
            clock,
            deadlines: Deadlines::ORDINARY,
            wait_at_most: LONGEST_WAIT,
            extent: Extent::Whole,
            slots,
            headers,
            secrets: self.secrets,
            known,
            budget: file.budget,
            requests,
            priced,
            hooks,
            probes,
        })
    }

    fn slots(&mut self, file: &TargetFile) -> BTreeMap<SlotName, Slot> {
        let contract = self.contract;
        for name in file.slots.keys() {
            self.reader.known_entry(&["slots"], "slot", name.as_str(), keys(&contract.slots));
        }
        let mut slots = BTreeMap::new();
        for (name, format) in &contract.slots {
            let sources = file.slots.get(name);
            if format.keyless && sources.is_some() {
                let label = "nothing has to be set for it";
                let title = format!("the slot `{name}` carries no key");
                self.reader.add_at_name(&["slots"], name.as_str(), title, label);
            }
            let (env, parts) = (format.env.clone(), BTreeMap::new());
            let of_contract = OneOrSome::One(SlotSource { env, parts, shared: false });
            let sources = sources.filter(|_| !format.keyless).unwrap_or(&of_contract);
            let key = |(at, source): (Option<String>, &SlotSource)| {
                let way = ["slots", name.as_str()].into_iter().chain(at.as_deref());
                self.slot_key(&way.collect::<Vec<_>>(), source, format)
            };
            let keys: Vec<SlotKey> = if format.keyless {
                vec![SlotKey::nobody(name)]
            } else {
                sources.each().filter_map(key).collect()
            };
            if keys.is_empty() {
                continue;
            }
            let is_shared = sources.each().any(|(_, source)| source.shared);
            let usage = if is_shared { SlotUse::Shared } else { SlotUse::Alone };
            let need = if format.optional { SlotNeed::Optional } else { SlotNeed::Required };
            let purpose = format.purpose.clone();
            slots.insert(name.clone(), Slot { keys, purpose, usage, need });
        }
        self.check_bursts(&slots);
        slots
    }

    /// The key that a variable holds, with the further parts of the credentials.
    fn slot_key(
        &mut self,
        way: Way<'_>,
        source: &SlotSource,
        format: &SlotFormat,
    ) -> Option<SlotKey> {
        let env = source.env.as_str();
        let way_of_key = [way, &["env"]].concat();
        if !self.names_variable(&way_of_key, env) {
            return None;
        }
        let key = (self.environment)(env);
        if let Some(key) = &key {
            self.check_key(&way_of_key, env, key);
        }
        let lacks_key = key.is_none().then(|| Lack { part: None, env: env.to_owned() });
        let (parts, variables, lacking) = self.parts(way, source, format)?;
        let lacks: Vec<Lack> = lacks_key.into_iter().chain(lacking).collect();
        let key = key.filter(|_| lacks.is_empty()).map(Secret::new);
        Some(SlotKey { env: env.to_owned(), key, parts, variables, lacks })
    }

    /// Whether a text can be a variable's name. What stands there may be a key by mistake: it is not shown.
    pub(super) fn names_variable(&mut self, way: Way<'_>, env: &str) -> bool {
        let is_one = is_variable(env) && !self.contract.key.begins(env);
        if !is_one {
            let label = "expected a name such as STAGING_KEY; no key belongs in a file";
            self.reader.add(way, "not the name of a variable", label);
        }
        is_one
    }

    fn check_key(&mut self, way: Way<'_>, env: &str, key: &str) {
        if key.chars().count() < SHORTEST_SECRET {
            let title = format!("${env} is empty or too short to be a key");
            let label = format!("unset it, or set it to {SHORTEST_SECRET} characters or more");
            self.reader.add(way, title, label);
        } else if HeaderValue::from_str(key).is_err() || key.trim() != key {
            let label = "expected no line break in it and no space around it";
            self.reader.add(way, format!("${env} cannot be sent as a key"), label);
        } else if self.contract.key.fits_some() && !self.contract.key.fits(key) {
            let shape = &self.contract.key;
            let title = format!("${env} does not look like a key of this API");
            let prefix = &shape.prefix;
            let and = if prefix.is_empty() { "" } else { " and " };
            let lengths = shape.lengths();
            let count = match (lengths.start(), lengths.end()) {
                (one, other) if one == other => one.to_string(),
                (least, most) => format!("{least} to {most}"),
            };
            let label =
                format!("expected {prefix}{and}{count} characters, as [key] in contract.toml says");
            self.reader.add(way, title, label);
        }
    }

    /// A burst uses its key up: nobody else can have it.
    fn check_bursts(&mut self, slots: &BTreeMap<SlotName, Slot>) {
        let cases = self.contract.scenarios.iter().flat_map(|scenario| &scenario.cases);
        for case in cases {
            let Provocation::Burst(burst) = &case.provocation else { continue };
            let Some(own) = slots.get(&burst.slot) else { continue };
            if own.keys.len() > 1 {
                let title = format!("`{}` has several keys", burst.slot);
                let label = "expected one: a burst counts what the limit serves of a single key";
                self.reader.add(&["slots", burst.slot.as_str()], title, label);
            }
            let of_others = slots.iter().filter(|(name, _)| **name != burst.slot);
            let mut of_others =
                of_others.flat_map(|(name, slot)| slot.set().map(move |key| (name, key)));
            let own = own.dealt(0);
            let twin = of_others.find(|(_, slot)| slot.key == own.key);
            if let Some((name, slot)) = twin {
                let title = format!("${} and ${} hold the same key", own.env, slot.env);
                let label = format!(
                    "a burst uses up the key of `{}`, so `{name}` needs another",
                    burst.slot
                );
                self.reader.add(&["slots", burst.slot.as_str()], title, label);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_credentials_in_an_address_nothing_is_left_whatever_stands_in_them() {
        let rows = [
            ("http://a:b@host/x", "http://...@host/x"),
            ("http://a:b@c/d@host:8/x", "http://...@host:8/x"),
            ("http://host/x", "http://host/x"),
            ("host", "host"),
        ];
        for (text, shown) in rows {
            assert_eq!(without_credentials(text), shown);
        }
    }
}
