//! `[order]`: requests with two things wrong at once, and which of their codes wins.

use std::{path::PathBuf, sync::Arc};

use super::{
    Contract,
    generation::Generated,
    identity::Tells,
    key::{Carrier, KeyDefect},
    limit::LimitPlace,
    names::{Code, RequestName},
    order_format::OrderFormat,
    pair::{DefectKind, OneOf, Pair},
    points::Point,
    scenario::{At, Case, Expects, ORDER, Origin, Provocation, Scenario, Single},
    scenario_file::BodyDefect,
    wrong_fields::WrongFields,
};
use crate::source::reader::Reader;

/// What a contract says of two defects at once.
#[derive(Debug)]
pub struct Order {
    /// The trials, each a request with two defects.
    pub scenario: Arc<Scenario>,
    /// What is sent with a key that is over its limit besides.
    pub refused: Vec<RefusedPair>,
}

/// A request with a wrong body, and a key that is over its limit.
#[derive(Debug)]
pub struct RefusedPair {
    /// The limit.
    pub limit: LimitPlace,
    /// The codes.
    pub pair: Pair,
    /// The request.
    pub request: RequestName,
    /// What is wrong with its body.
    pub body: BodyDefect,
}

/// A code, and the case by which it is provoked.
struct Defect<'a> {
    scenario: &'a Scenario,
    kind: DefectKind,
    single: &'a Single,
}

impl OrderFormat {
    /// Notes lists that name what the contract does not have, or that contradict each other.
    pub(super) fn check(&self, reader: &mut Reader<'_>, chain: &[Code]) {
        for (at, list) in self.promised.iter().enumerate() {
            let at = at.to_string();
            for (place, code) in list.iter().enumerate() {
                let way = ["order", "promised", &at, &place.to_string()];
                reader.known(&way, "code", code.as_str(), chain.iter().map(Code::as_str));
                let twice = list[..place].contains(code);
                let later = list[place + 1..].iter();
                let mut against =
                    later.filter(|later| self.first([code, later], chain) != Some(code));
                if twice {
                    reader.add(
                        &way,
                        format!("`{code}` stands twice in this list"),
                        "expected it once",
                    );
                } else if let Some(other) = against.next() {
                    let title = format!("`{code}` before `{other}`, and elsewhere after it");
                    let label = "expected one order of the two in all lists, and in `chain` if that is promised";
                    reader.add(&way, title, label);
                }
            }
            if list.len() < 2 {
                let label =
                    "expected two codes or more, the one that is looked for first at the begin";
                reader.add(&["order", "promised", &at], "not an order", label);
            }
        }
    }

    /// Which of two codes has to win, if the docs say.
    fn first<'a>(&self, codes: [&'a Code; 2], chain: &[Code]) -> Option<&'a Code> {
        let place = |list: &[Code], code: &Code| list.iter().position(|known| known == code);
        let by_chain = self.chain_is_promised.then_some(chain);
        let mut lists = self.promised.iter().map(Vec::as_slice).chain(by_chain);
        lists.find_map(|list| {
            let [first, second] = codes;
            let (at_first, at_second) = (place(list, first)?, place(list, second)?);
            Some(if at_first <= at_second { first } else { second })
        })
    }

    /// The trials, one for each two defects that can be combined.
    pub(super) fn order(&self, contract: &Contract, line: usize) -> Order {
        let place = |code: &Code| contract.chain.iter().position(|known| known == code);
        let mut defects: Vec<_> = contract.scenarios.iter().filter_map(|it| defect(it)).collect();
        defects.sort_by_key(|defect| place(&defect.scenario.code));
        let mut cases = Vec::new();
        for (at, first) in defects.iter().enumerate() {
            for second in &defects[at + 1..] {
                let pair = self.pair(contract, [first, second]);
                cases.extend(combined(contract, [first, second], &pair, line));
            }
        }
        let limits = contract.limit_scenarios();
        let refused = limits.flat_map(|(scenario, limit)| {
            let is_counted = |defect: &&Defect<'_>| limit.counts_request(&defect.single.request);
            let bodies = defects.iter().filter(|defect| defect.kind == DefectKind::Body);
            let bodies = bodies.filter(is_counted);
            bodies
                .filter_map(|defect| self.refused(contract, (scenario, limit.place), defect))
                .collect::<Vec<_>>()
        });
        let refused = refused.collect();
        let scenario = Scenario {
            file: PathBuf::from("contract.toml"),
            code: ORDER.to_owned().into(),
            status: 400,
            tells: Tells::nothing(),
            envelope: Arc::clone(&contract.envelope),
            docs: None,
            headers: Vec::new(),
            unprovoked: None,
            expects: Expects::Order,
            promise: self.says.clone(),
            source: self.source.clone(),
            message: None,
            retry_after: None,
            twin: None,
            cases,
            generated: Generated::default(),
        };
        Order { scenario: scenario.into(), refused }
    }

    fn pair(&self, contract: &Contract, defects: [&Defect<'_>; 2]) -> Pair {
        let codes = defects.map(|defect| &defect.scenario.code);
        let first = self.first(codes, &contract.chain).cloned();
        let (codes, kinds) = (codes.map(Clone::clone), defects.map(|defect| defect.kind));
        Pair { codes, kinds, first, one_of: OneOf::Points }
    }

    fn refused(
        &self,
        contract: &Contract,
        (scenario, limit): (&Scenario, LimitPlace),
        body: &Defect<'_>,
    ) -> Option<RefusedPair> {
        let place = |code: &Code| contract.chain.iter().position(|known| known == code);
        let mut both =
            [(&scenario.code, DefectKind::Limit), (&body.scenario.code, DefectKind::Body)];
        both.sort_by_key(|(code, _)| place(code));
        let codes = both.map(|(code, _)| code);
        let first = self.first(codes, &contract.chain).cloned();
        let kinds = both.map(|(_, kind)| kind);
        let pair = Pair { codes: codes.map(Clone::clone), kinds, first, one_of: OneOf::Points };
        let defect = body.single.body.as_deref()?.clone();
        Some(RefusedPair { limit, pair, request: body.single.request.clone(), body: defect })
    }
}

impl Contract {
    /// Whether a code with a status says that something is wrong with a request's body.
    #[must_use]
    pub fn is_about_body(&self, code: &str, status: u16) -> bool {
        let mut scenarios = self.scenarios.iter();
        let scenario = scenarios.find(|scenario| {
            scenario.code.as_str() == code && scenario.tells.statuses.holds(status)
        });
        let defect = scenario.and_then(|scenario| defect(scenario));
        defect.is_some_and(|defect| defect.kind == DefectKind::Body)
    }
}

/// The first case of a scenario that can be combined with another, and what it breaks.
fn defect(scenario: &Scenario) -> Option<Defect<'_>> {
    scenario.cases.iter().find_map(|case| {
        let single = plain(case).filter(|_| case.at == At::Own && case.after.is_none())?;
        let kind = match (&single.key, &single.body, &single.hook) {
            (Some(_), None, None) => DefectKind::Key,
            (None, Some(_), None) => DefectKind::Body,
            (None, None, Some(_)) => DefectKind::Hook,
            (None, None, None) => DefectKind::Slot,
            _ => return None,
        };
        Some(Defect { scenario, kind, single })
    })
}

/// What a case sends, if it is a request that only its own code answers.
fn plain(case: &Case) -> Option<&Single> {
    let Provocation::Single(single) = &case.provocation else { return None };
    let is_one = !case.last && !case.alone && !case.recorded;
    let is_plain =
        case.also.is_empty() && is_one && single.with.is_none() && single.header.is_none();
    is_plain.then_some(single)
}

/// The body of a code's case at this request.
fn body_at<'a>(scenario: &'a Scenario, request: &RequestName) -> Option<&'a BodyDefect> {
    let singles = scenario.cases.iter().filter_map(plain);
    let mut here = singles.filter(|single| single.request == *request);
    here.find_map(|single| single.body.as_deref())
}

/// The other bodies that somebody wrote for a code at this request, with the names of their cases.
fn other_bodies<'a>(
    scenario: &'a Scenario,
    request: &RequestName,
    used: Option<&BodyDefect>,
) -> impl Iterator<Item = (&'a str, &'a BodyDefect)> {
    let written = scenario.cases.iter().filter(|case| case.origin == Origin::Written);
    written.filter_map(move |case| {
        let single =
            plain(case).filter(|single| single.request == *request && case.at == At::Own)?;
        let id = case.name.split_once("::").map_or(case.name.as_str(), |(_, id)| id);
        let body = single.body.as_deref()?;
        let is_used = used.is_some_and(|used| std::ptr::eq(body, used));
        (!is_used).then_some((id, body))
    })
}

/// Whether a code has a case at this request.
fn is_at(scenario: &Scenario, request: &RequestName) -> bool {
    scenario.cases.iter().filter_map(plain).any(|single| single.request == *request)
}

/// The requests that have both defects: one at each request where each code can be given; and by each carrier, if who has
/// no good key is to learn nothing of the body.
fn combined(contract: &Contract, defects: [&Defect<'_>; 2], pair: &Pair, line: usize) -> Vec<Case> {
    use DefectKind::{Body, Hook, Key, Slot};
    let of = |kind: DefectKind| defects.into_iter().find(|defect| defect.kind == kind);
    let bearer = of(Key).or(of(Slot));
    let (Some(base), Some(other)) = (bearer.or(of(Body)), of(Hook).or(of(Body))) else {
        return Vec::new();
    };
    if base.kind == other.kind || (bearer.is_some() && of(Key).is_some() && of(Slot).is_some()) {
        return Vec::new();
    }
    // A hook fails a request that would do something, and its own request is one.
    let own = if of(Hook).is_some() && base.kind != Slot { other } else { base };
    let own = &own.single.request;
    let is_everywhere = contract.points.is_some();
    let by_each = is_everywhere && base.scenario.status == 401 && other.kind == Body;
    let requests = contract.requests.keys().filter(|name| is_everywhere || *name == own);
    let is_absent = base.single.key == Some(KeyDefect::Absent);
    let most = if by_each && !is_absent { usize::MAX } else { 1 };
    let carriers = contract.carriers_of(&base.single.slot).iter();
    let breaks = |by: &&Carrier| base.single.key.as_ref().is_none_or(|defect| defect.breaks(by));
    let carriers = carriers.filter(breaks).take(most).cloned();
    let carriers: Vec<Arc<Carrier>> = carriers.map(Arc::new).collect();
    let made = |name: String, at: At, pair: Pair, single: Single| Case {
        name: format!("{ORDER}::{name}"),
        line,
        at,
        origin: Origin::Made,
        times: 1,
        fields: WrongFields::None,
        also: Vec::new(),
        after: None,
        unchanged: None,
        last: false,
        alone: false,
        twin: None,
        steps: None,
        recorded: false,
        pair: Some(Box::new(pair)),
        provocation: Provocation::Single(single),
    };
    let mut cases = Vec::new();
    for request in requests {
        let body = of(Body).map(|defect| body_at(defect.scenario, request));
        let Some(body) = body.map_or(Some(None), |body| body.map(Some)) else { continue };
        // What an account may not do, and what a hook makes fail, it is at the requests where the code alone is.
        let of_request = [of(Slot), of(Hook)].into_iter().flatten();
        if !of_request.map(|defect| defect.scenario).all(|scenario| is_at(scenario, request)) {
            continue;
        }
        for (at, carrier) in carriers.iter().enumerate() {
            let is_own = request == own && at == 0;
            let carried = carrier.point_name().filter(|_| !is_absent);
            let point = Point { request: request.clone(), carrier: carried };
            let behind = if is_own { String::new() } else { format!("@{point}") };
            let single = |body: Option<&BodyDefect>| Single {
                request: request.clone(),
                slot: base.single.slot.clone(),
                dealt: None,
                carrier: Arc::clone(carrier),
                key: base.single.key.clone(),
                body: body.cloned().map(Box::new),
                kept: None,
                header: None,
                hook: of(Hook).and_then(|defect| defect.single.hook.clone()),
                with: None,
            };
            let at = if is_own { At::Own } else { At::Elsewhere };
            cases.push(made(format!("{}{behind}", pair.name()), at, pair.clone(), single(body)));
            // Who looks at the body first may do so for some bodies only: those that are no object, or one field.
            let others = of(Body).filter(|_| is_own && by_each);
            for (id, body) in
                others.into_iter().flat_map(|defect| other_bodies(defect.scenario, request, body))
            {
                let one = Pair { one_of: OneOf::Bodies, ..pair.clone() };
                let name = format!("{}#{id}", pair.name());
                cases.push(made(name, At::Elsewhere, one, single(Some(body))));
            }
        }
    }
    cases
}
