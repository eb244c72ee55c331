//! Reads a contract folder. Goes on after a fault, so that every fault of every file is shown.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use http::HeaderName;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use super::{
    Contract,
    carrier_check::check_carrier,
    contract_file::{ContractFile, LedgerFormat, PreflightFormat},
    envelope::{BodyForm, EnvelopeFormat},
    key::{Carrier, KeyShape},
    limits::{self, Keys},
    names::{RequestName, too_long},
    order_format::OrderFormat,
    page::PageReading,
    parts::{DocsLink, Envelope, InputSchema, NamedRequest},
    place::AnswerPlace,
    request_format::body_words,
    request_shape::Shaper,
    resolve::{read_any_error, read_scenario},
    sendable::can_be_sent,
    slots::{self, known_slot},
    steps::{self, StepCheck},
    told::{CODE, Telling},
};
use crate::source::{
    document::{Document, Way},
    fault::{Fault, Faults},
    folder::Folder,
    reader::{Reader, keys},
};

/// Servers take 8 KiB for all headers together.
const LONGEST_KEY: usize = 4_096;

impl Contract {
    /// Reads the contract in a folder: `contract.toml`, `scenarios/*.toml` and the schemas they name.
    ///
    /// # Errors
    /// Every fault of every file, with its place.
    pub fn load(root: &Path) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let contract = Self::read(&Folder::At(root.to_owned()), &mut faults);
        let contract = faults.into_result(contract)?;
        Ok(contract.expect("what cannot be read is a fault"))
    }

    /// Reads the contract in a folder, and adds every fault of every file. With faults, what comes
    /// out serves to look up names in, for the faults of a target's file, and for nothing else.
    pub(crate) fn read(root: &Folder, faults: &mut Faults) -> Option<Self> {
        if let Err(fault) = root.holds_contract() {
            faults.add(fault);
            return None;
        }
        let (mut contract, further) = read_contract(root, faults).unzip();
        let files = root.scenarios().unwrap_or_else(|fault| {
            faults.add(fault);
            Vec::new()
        });
        let mut codes = BTreeMap::new();
        let mut scenarios = Vec::new();
        for path in &files {
            let scenario = read_scenario(root, path, contract.as_ref(), &mut codes, faults);
            scenarios.extend(scenario.map(Arc::new));
        }
        if let Some(contract) = &mut contract {
            if root.holds(Path::new("any-error.toml")) {
                contract.any_error = read_any_error(root, contract, faults).map(Arc::new);
            }
            contract.scenarios = scenarios;
            contract.telling = Telling::of(&contract.scenarios, &contract.envelope);
            contract.check_told(root, faults);
            contract.check_links(root, faults);
            contract.find_limit_scenarios();
            for table in contract.limits_without_mistaken() {
                let title = "the limit counts every request, and no case shows one that is refused for its input";
                let help = format!(
                    "add a case that breaks a body alone, or take `counts` out of {table} in contract.toml"
                );
                faults.add(Fault::general(title).help(help));
            }
            let Further { ledger, order } = further.unwrap_or_default();
            contract.ledger = ledger.map(|(ledger, line)| ledger.scenario(contract, line).into());
            contract.order = order.map(|(order, line)| order.order(contract, line));
            contract.check_parts(root, faults);
        }
        contract
    }
}

/// What is made of `contract.toml` when the scenarios are there, each with the line on which it begins.
#[derive(Default)]
struct Further {
    ledger: Option<(LedgerFormat, usize)>,
    order: Option<(OrderFormat, usize)>,
}

/// Reads `contract.toml`, and gives what needs the scenarios to be made. With faults, what is left of it serves
/// to look up names in.
fn read_contract(root: &Folder, faults: &mut Faults) -> Option<(Contract, Further)> {
    let document = Document::open(root, Path::new("contract.toml"), faults)?;
    let (file, mut reader) = Reader::open::<ContractFile>(&document);
    let ledger = file.as_ref().and_then(|file| file.ledger.clone());
    let ledger = ledger.map(|ledger| (ledger, document.line(&["ledger"])));
    let order = file.as_ref().and_then(|file| file.order.clone());
    let order = order.map(|order| (order, document.line(&["order"])));
    let contract = file.map(|file| complete(root, &mut reader, file));
    faults.append(reader.finish());
    contract.map(|contract| (contract, Further { ledger, order }))
}

fn complete(root: &Folder, reader: &mut Reader<'_>, mut file: ContractFile) -> Contract {
    let envelope = envelope(root, reader, &["envelope"], file.envelope.clone());
    check_lengths(reader, &file);
    if let Some(key) = &file.key {
        check_key(reader, key);
    }
    let has_keys = if file.key.is_none() { Keys::None } else { Keys::Some };
    let key = slots::complete(reader, file.key.take(), &mut file.slots);
    check_places(reader, &["envelope"], &file.envelope);
    let mut envelopes = BTreeMap::new();
    for (name, format) in &file.envelopes {
        let way = ["envelopes", name.as_str()];
        let made = self::envelope(root, reader, &way, format.clone());
        check_places(reader, &way, format);
        envelopes.insert(name.clone(), Arc::new(made));
    }
    let docs = docs(reader, file.docs.clone(), file.envelope.docs.clone());
    let (limit, limits) = (&mut file.limit, &mut file.limits);
    limits::complete(reader, limit, limits, &mut file.requests, has_keys);
    for (at, code) in file.chain.iter().enumerate() {
        // A code is also the name of its snapshot's file.
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if code.as_str().is_empty() || !code.as_str().chars().all(word) {
            let label = "expected letters, digits, `_` and `-`";
            reader.add(&["chain", &at.to_string()], "not an error code", label);
        }
    }
    let requests = requests(root, reader, &file, &key);
    let PreflightFormat { request, slot } = &file.preflight;
    reader.known(&["preflight", "request"], "request", request.as_str(), keys(&requests));
    stands_alone(reader, &["preflight", "request"], request, &requests);
    known_slot(reader, &["preflight", "slot"], slot, &file.slots);
    for (name, probe) in &file.probes {
        if !probe.pointer.starts_with('/') {
            let way = ["probes", name.as_str(), "pointer"];
            reader.add(&way, "not a JSON Pointer", "expected one that begins with `/`");
        }
        let way = ["probes", name.as_str(), "request"];
        reader.known(&way, "request", probe.request.as_str(), keys(&requests));
        stands_alone(reader, &way, &probe.request, &requests);
    }
    if let Some(ledger) = &file.ledger {
        let probes = keys(&file.probes);
        reader.known(&["ledger", "probe"], "probe", ledger.probe.as_str(), probes);
        for (slot, why) in &ledger.except {
            let way = ["ledger", "except", slot.as_str()];
            reader.known(&way, "slot", slot.as_str(), keys(&file.slots));
            if why.trim().is_empty() {
                reader.add(&way, "a slot is left out without a reason", "expected why");
            }
        }
    }
    if let Some(order) = &file.order {
        order.check(reader, &file.chain);
    }
    let page = PageReading::new(&file.page, reader);
    if let Some(retry) = &file.retry {
        retry.check(reader, &file.chain, &requests, &file.envelope);
    }
    Contract {
        root: root.path().to_owned(),
        name: file.name,
        mock: file.mock,
        docs,
        production_hosts: file.production_hosts,
        envelope: Arc::new(envelope),
        envelopes,
        key,
        limit: file.limit,
        headers: file.headers,
        limits: file.limits,
        requests,
        slots: file.slots,
        preflight: file.preflight,
        chain: file.chain,
        points: file.points,
        hooks: file.hooks,
        probes: file.probes,
        promises: file.promises,
        page,
        retry: file.retry,
        scenarios: Vec::new(),
        any_error: None,
        ledger: None,
        order: None,
        telling: Telling::default(),
        limit_scenarios: Vec::new(),
    }
}

/// The named requests, each with its input schema.
fn requests(
    root: &Folder,
    reader: &mut Reader<'_>,
    file: &ContractFile,
    key: &KeyShape,
) -> BTreeMap<RequestName, NamedRequest> {
    let carriers = key.carriers.iter().flat_map(Carrier::headers).map(str::to_owned).collect();
    let mut shaper = Shaper { root, reader, carriers };
    shaper.headers(&["headers"], &file.headers, &[]);
    let mut requests = BTreeMap::new();
    for (name, format) in &file.requests {
        let shape = shaper.shape(name, format, &file.headers);
        let reader = &mut *shaper.reader;
        if !(100..600).contains(&format.status) {
            let way = ["requests", name.as_str(), "status"];
            reader.add(&way, "not a status code", "expected 100 to 599");
        }
        let way = ["requests", name.as_str(), "input"];
        let input = format.input.as_ref().and_then(|path| input_schema(root, reader, &way, path));
        if let (Some(input), Some(body)) = (&input, &shape.body) {
            let word = body_words!(format).given().next().unwrap_or("body");
            match body.value().map(|body| {
                input.validator.iter_errors(&body).next().map(|error| error.to_string())
            }) {
                Some(None) => {}
                Some(Some(error)) => {
                    let title = format!("the body of `{name}` does not fit its input schema");
                    reader.add(&["requests", name.as_str(), word], title, error);
                }
                None => {
                    let title = format!("an input schema for the `{word}` of `{name}`");
                    reader.add(&way, title, "expected JSON or a form, which alone it can judge");
                }
            }
        }
        requests.insert(name.clone(), NamedRequest { format: shape, input });
    }
    let anywhere = steps::captured(&requests);
    for (name, named) in &requests {
        let (way, reader) = (["requests", name.as_str()], &mut *shaper.reader);
        let (requests, anywhere) = (&requests, anywhere.as_slice());
        StepCheck { reader, requests, way: &way, anywhere }.steps(&named.format.steps, &[]);
    }
    requests
}

/// Notes a request that needs steps where it is sent without any.
fn stands_alone(
    reader: &mut Reader<'_>,
    way: Way<'_>,
    request: &RequestName,
    requests: &BTreeMap<RequestName, NamedRequest>,
) {
    let needs_steps = |named: &NamedRequest| {
        !named.format.steps.is_empty() || named.format.lacks_steps(&named.format.steps)
    };
    if requests.get(request).is_some_and(needs_steps) {
        let title = format!("`{request}` needs steps");
        reader.add(way, title, "expected a request that nothing has to be sent before");
    }
}

/// Names that are too long to be shown and to name files.
fn check_lengths(reader: &mut Reader<'_>, file: &ContractFile) {
    let title = "this name is too long";
    for (at, code) in file.chain.iter().enumerate() {
        if let Some(label) = too_long(code.as_str()) {
            reader.add(&["chain", &at.to_string()], title, label);
        }
    }
    for (at, carrier) in file.key.iter().flat_map(|key| &key.carriers).enumerate() {
        if let Some(label) = too_long(carrier.name.as_str()) {
            reader.add(&["key", "carriers", &at.to_string(), "name"], title, label);
        }
    }
    let tables = [
        ("requests", keys(&file.requests).collect::<Vec<_>>()),
        ("slots", keys(&file.slots).collect()),
        ("hooks", keys(&file.hooks).collect()),
        ("probes", keys(&file.probes).collect()),
    ];
    for (table, names) in tables {
        for name in names {
            if let Some(label) = too_long(name) {
                reader.add_at_name(&[table], name, title, label);
            }
        }
    }
}

fn check_key(reader: &mut Reader<'_>, key: &KeyShape) {
    let title = "a key needs an alphabet and a length";
    if key.alphabet.is_empty() {
        reader.add(&["key", "alphabet"], title, "expected at least one character");
    }
    if key.length == 0 {
        reader.add(&["key", "length"], title, "expected 1 or more");
    }
    if key.carriers.is_empty() {
        reader.add(&["key", "carriers"], "no carrier for the key", "expected at least one");
    }
    for (name, length) in [("length", Some(key.length)), ("longest", key.longest)] {
        if length.is_some_and(|length| length > LONGEST_KEY) {
            let label = format!("expected at most {LONGEST_KEY}");
            reader.add(&["key", name], "keys too long for a header", label);
        }
    }
    let is_own = !reader.is_mended(&["key", "length"]);
    if is_own && key.longest.is_some_and(|longest| longest < key.length) {
        let label = format!("expected {} or more", key.length);
        reader.add(&["key", "longest"], "`longest` is less than `length`", label);
    }
    if is_own && key.shortest.is_some_and(|shortest| shortest == 0 || shortest > key.length) {
        let label = format!("expected 1 to {}", key.length);
        reader.add(&["key", "shortest"], "`shortest` is not from 1 to `length`", label);
    }
    let texts = [("prefix", &key.prefix), ("alphabet", &key.alphabet)];
    for (name, _) in texts.iter().filter(|(_, text)| !can_be_sent(text)) {
        reader.add(
            &["key", name],
            format!("`{name}` cannot be sent in a header"),
            "expected no control character",
        );
    }
    for at in 0..key.carriers.len() {
        check_carrier(reader, key, at);
    }
}

/// An envelope, with its schema compiled.
fn envelope(
    root: &Folder,
    reader: &mut Reader<'_>,
    way: Way<'_>,
    places: EnvelopeFormat,
) -> Envelope {
    let at = [way, &["schema"]].concat();
    let schema = places
        .schema
        .as_ref()
        .map(|path| compile(root, reader, &at, path).unwrap_or_else(anything));
    let has_value = matches!(places.form, BodyForm::Json | BodyForm::Xml);
    if schema.is_none() && places.form == BodyForm::Json {
        reader.add(
            way,
            "an envelope without a schema",
            "expected `schema`, the JSON Schema of the body",
        );
    }
    if schema.is_some() && !has_value {
        reader.add(&at, "a schema of what is not JSON", "expected no `schema`");
    }
    Envelope { schema, places }
}

fn check_places(reader: &mut Reader<'_>, way: Way<'_>, places: &EnvelopeFormat) {
    let has_value = matches!(places.form, BodyForm::Json | BodyForm::Xml);
    let mut list: Option<&str> = None;
    for (name, place) in places.places() {
        let at = [way, &[name]].concat();
        let fault = if name == "field" { place.fault_of_field() } else { place.fault() };
        if let Some(why) = fault {
            reader.add(&at, "not a place in a response", why);
        } else if place.header().is_none() && place.is_body() == has_value {
            let label = if has_value {
                "expected a JSON Pointer, or `header NAME`: `body` is all of a text"
            } else {
                "expected `body`, or `header NAME`: only JSON and XML have places within"
            };
            reader.add(&at, "not a place in such a body", label);
        }
        // The field may be named in a list of its own.
        if let Some(own) = place.list().filter(|_| name != "field")
            && *list.get_or_insert(own) != own
        {
            let list = list.unwrap_or_default();
            let label = format!("expected it in `{list}/*`, as in the other places");
            reader.add(&at, "`*` stands for the entries of two lists", label);
        }
    }
    let is_media = |media: &String| {
        let word = |text: &str| HeaderName::from_bytes(text.as_bytes()).is_ok();
        media.split_once('/').is_some_and(|(kind, form)| word(kind) && word(form))
    };
    if !places.media_type.as_ref().is_none_or(is_media) {
        let label = "expected one like `application/json`, without parameters";
        reader.add(&[way, &["media-type"]].concat(), "not a media type", label);
    }
}

/// The docs link with its place. One without the other would be a promise that nobody checks.
fn docs(
    reader: &mut Reader<'_>,
    link: Option<String>,
    place: Option<AnswerPlace>,
) -> Option<DocsLink> {
    match (link, place) {
        (Some(link), Some(place)) => {
            Some(DocsLink { is_of_code: link.contains(CODE), link, place })
        }
        (Some(_), None) => {
            let label =
                "expected a `docs` under [envelope] as well: where an error carries the link";
            reader.add(&["docs"], "a docs link without a place", label);
            None
        }
        // A scenario may have the link.
        (None, _) => None,
    }
}

/// Compiles the JSON Schema in a file that a contract names.
fn compile(root: &Folder, reader: &mut Reader<'_>, way: Way<'_>, path: &str) -> Option<Validator> {
    Some(input_schema(root, reader, way, path)?.validator)
}

/// The same, with the schema as it is written.
fn input_schema(
    root: &Folder,
    reader: &mut Reader<'_>,
    way: Way<'_>,
    path: &str,
) -> Option<InputSchema> {
    let schema = root
        .read(Path::new(path))
        .map_err(|faults| faults.titles())
        .and_then(|text| {
            serde_json::from_str(&text).map_err(|error| format!("not valid JSON: {error}"))
        })
        .and_then(|schema: Value| {
            let validator = Validator::new(&schema).map_err(|error| invalid(&error))?;
            Ok(InputSchema { schema, validator })
        });
    schema.map_err(|why| reader.add(way, format!("failed to use the schema {path}"), why)).ok()
}

/// Why a schema is none, and where in its file.
fn invalid(error: &ValidationError<'_>) -> String {
    match error.instance_path().as_str() {
        "" => format!("not a valid JSON Schema: {error}"),
        at => format!("not a valid JSON Schema, at {at}: {error}"),
    }
}

/// The schema that takes everything, in the place of one with faults.
fn anything() -> Validator {
    Validator::new(&Value::Bool(true)).expect("`true` is a schema")
}
