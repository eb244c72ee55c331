//! The limits of a contract: what is wrong with one, which of them count a request, and whose scenario is that of a limit.

use std::collections::BTreeMap;

use super::{
    Contract,
    contract_file::{Counts, Limit},
    limit::{Draft, LimitPlace, LimitSet, MOST_LIMITS, Per, Told},
    names::{LimitName, RequestName, too_long},
    place::AnswerPlace,
    request_format::RequestFormat,
    scenario::{Case, Provocation, Scenario, Single},
};
use crate::source::reader::{Reader, keys};

/// Whether requests of an API carry keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// They do.
    Some,
    /// They do not, so that a limit of a key is everybody's.
    None,
}

impl Contract {
    /// All limits, that without a name first.
    pub fn all_limits(&self) -> impl Iterator<Item = &Limit> {
        self.limit.iter().chain(self.limits.values())
    }

    /// The limits that count a request that is none of the contract's: those that count all.
    #[must_use]
    pub fn limits_of_any(&self) -> LimitSet {
        set(self.all_limits().filter(|limit| limit.of.is_none()))
    }

    /// The scenarios of limits, each with the limit that its burst goes past.
    pub fn limit_scenarios(&self) -> impl Iterator<Item = (&Scenario, &Limit)> {
        let scenarios = self.limit_scenarios.iter().filter_map(|at| self.scenarios.get(*at));
        scenarios.filter_map(|scenario| Some((&**scenario, scenario.limit()?)))
    }

    /// Finds the scenarios of limits once, since every exchange of a run asks for them.
    pub(super) fn find_limit_scenarios(&mut self) {
        let scenarios = self.scenarios.iter().enumerate();
        let limited = scenarios.filter(|(_, scenario)| scenario.limit().is_some());
        self.limit_scenarios = limited.map(|(at, _)| at).collect();
    }

    /// A request that a limit counts and that is refused for its input alone: with a good key, and nothing else about it
    /// is wrong.
    #[must_use]
    pub fn mistaken(&self, limit: &Limit) -> Option<&Single> {
        let refused =
            self.scenarios.iter().filter(|scenario| (400..500).contains(&scenario.status));
        refused.flat_map(|scenario| &scenario.cases).find_map(|case| match &case.provocation {
            Provocation::Single(single) => {
                let Single { request, key, body, hook, with, .. } = single;
                let for_its_input = key.is_none() && body.is_some() && hook.is_none();
                let is_plain = with.is_none() && case.after.is_none();
                (for_its_input && is_plain && limit.counts_request(request)).then_some(single)
            }
            _ => None,
        })
    }

    /// The limits that promise to count every request, and have none that is refused for its input, as they are called in
    /// `contract.toml`.
    pub(super) fn limits_without_mistaken(&self) -> impl Iterator<Item = String> {
        let counts_all = |limit: &&Limit| limit.counts == Counts::EveryRequest;
        let limits = self.all_limits().filter(counts_all);
        limits.filter(|limit| self.mistaken(limit).is_none()).map(Limit::table)
    }
}

impl Scenario {
    /// The limit that its burst goes past, if it has one.
    #[must_use]
    pub fn limit(&self) -> Option<&Limit> {
        self.cases.iter().find_map(Case::limit)
    }
}

impl Limit {
    /// Its table in `contract.toml`.
    #[must_use]
    pub fn table(&self) -> String {
        match &self.name {
            None => "[limit]".to_owned(),
            Some(name) => format!("[limits.{name}]"),
        }
    }
}

fn set<'a>(limits: impl Iterator<Item = &'a Limit>) -> LimitSet {
    limits.fold(LimitSet::default(), |set, limit| set.and(LimitSet::of(limit.place)))
}

/// Checks the limits of a contract, gives each its name and its place, and each request those that count it.
pub(super) fn complete(
    reader: &mut Reader<'_>,
    limit: &mut Option<Limit>,
    limits: &mut BTreeMap<LimitName, Limit>,
    requests: &mut BTreeMap<RequestName, RequestFormat>,
    has_keys: Keys,
) {
    if let Some(limit) = limit {
        check(reader, &["limit"], limit, requests);
    }
    for (name, limit) in &mut *limits {
        check(reader, &["limits", name.as_str()], limit, requests);
        limit.name = Some(name.clone());
        if let Some(label) = too_long(name.as_str()) {
            reader.add_at_name(&["limits"], name.as_str(), "this name is too long", label);
        }
    }
    let all = limit.iter_mut().chain(limits.values_mut());
    for (limit, place) in all.zip((0..=u8::MAX).map(LimitPlace)) {
        // Of those past the most there is a fault.
        limit.place = LimitPlace(place.0 % 64);
        if has_keys == Keys::None && limit.per == Per::Key {
            limit.per = Per::Everybody;
        }
    }
    if limits.len() >= MOST_LIMITS {
        let label = format!("expected fewer than {MOST_LIMITS}");
        reader.add(&["limits"], "too many limits", label);
    }
    for (name, request) in requests {
        let all = limit.iter().chain(limits.values());
        request.counted_by = set(all.filter(|limit| limit.counts_request(name)));
    }
}

fn check(
    reader: &mut Reader<'_>,
    way: &[&str],
    limit: &mut Limit,
    requests: &BTreeMap<RequestName, RequestFormat>,
) {
    let at = |more: &[&'static str]| [way, more].concat();
    if limit.of.as_ref().is_some_and(Vec::is_empty) {
        let label = "expected a request at least, or no `of` if all requests count";
        reader.add(&at(&["of"]), "a limit that counts nothing", label);
    }
    for (index, request) in limit.of.iter().flatten().enumerate() {
        let index = index.to_string();
        let way = [way, &["of", &index]].concat();
        reader.known(&way, "request", request.as_str(), keys(requests));
    }
    // What follows from a mistake is not said besides.
    let is_known = |requests_of: &Vec<RequestName>| {
        !requests_of.is_empty() && requests_of.iter().all(|name| requests.contains_key(name))
    };
    limit.of = limit.of.take().filter(is_known);
    if reader.is_mended(&at(&["per"])) {
        limit.per = Per::Address;
    }
    if limit.policy.as_ref().is_some_and(|policy| sfv::StringRef::from_str(policy).is_err()) {
        let label = "expected printable ASCII, as RFC 9651 allows in a string";
        reader.add(&at(&["policy"]), "not the name of a policy", label);
    }
    if let Some(told) = &limit.told {
        check_told(reader, way, told);
    }
    if let Some(draft) = &limit.draft {
        if limit.policy.is_some() {
            let title = "`policy` and `draft` exclude each other";
            reader.add(&at(&["policy"]), title, "expected only one of them");
        }
        check_draft(reader, way, draft);
    }
    if let Some(why) = limit.wait.as_ref().and_then(|wait| wait.at.fault()) {
        reader.add(&at(&["wait", "at"]), "not a place in a response", why);
    }
}

fn check_told(reader: &mut Reader<'_>, way: &[&str], told: &Told) {
    let at = |name: &'static str| [way, &["told", name]].concat();
    let places = [("limit", &told.limit), ("left", &told.left), ("reset", &told.reset)];
    if places.iter().all(|(_, place)| place.is_none()) {
        let label = "expected a `limit`, a `left` or a `reset`";
        reader.add(&[way, &["told"]].concat(), "nothing of the limit is told", label);
    }
    for (name, place) in places {
        if let Some(why) = place.as_ref().and_then(AnswerPlace::fault) {
            reader.add(&at(name), "not a place in a response", why);
        }
    }
    let title = "`reset` and `reset-is` go together";
    match (&told.reset, told.reset_is) {
        (Some(_), None) => {
            let label = "expected a `reset-is` that says how it is told: \"epoch-seconds\", \"epoch-milliseconds\", \"seconds\", \"milliseconds\" or \"date\"";
            reader.add(&at("reset"), title, label);
        }
        (None, Some(_)) => {
            reader.add(&at("reset-is"), title, "expected a `reset` that says where it is told");
        }
        _ => {}
    }
}

fn check_draft(reader: &mut Reader<'_>, way: &[&str], draft: &Draft) {
    let at = |name: &'static str| [way, &["draft", name]].concat();
    if sfv::StringRef::from_str(&draft.policy).is_err() {
        let label = "expected printable ASCII, as RFC 9651 allows in a string";
        reader.add(&at("policy"), "not the name of a policy", label);
    }
    let names = [
        ("quota", &draft.quota),
        ("window", &draft.window),
        ("left", &draft.left),
        ("reset", &draft.reset),
    ];
    for (name, parameter) in names {
        if sfv::KeyRef::from_str(parameter).is_err() {
            let label = "expected small letters, digits, `_`, `-`, `.` and `*`, as RFC 9651 allows in a key";
            reader.add(&at(name), "not the name of a parameter", label);
        }
    }
}
