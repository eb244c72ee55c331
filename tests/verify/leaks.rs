//! A response that holds a secret of the run is a finding, whichever request it answers and whosever the
//! secret is; what is public may stand in any.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use errproof::internals::{
    contract::{Contract, check::CheckId, method::Method, names::HookName},
    exchange::{
        clock::{Clock, SharedClock},
        message::{Answer, Ending, Request},
        outgoing::Role,
        pacing::Pacer,
        sender::{InProcess, Sender},
    },
    mock::{
        api::key_of,
        server::{Front, Keys},
    },
    result::{side::Side as _, verdict::Verdict},
    server::{
        bundled::target,
        drift::Recording,
        played::Played,
        suite::{Server, Suite},
    },
    shown::{
        secret::{Named, Secret},
        secrets::Secrets,
    },
    source::fault::Faults,
    targets::hook::{Hook, HookRequest, HookStep, OwnRequest},
};
use tokio::runtime::{Builder, Runtime};

/// The address that the hook's first request goes to; the mock has none like it.
const ARM: &str = "/internal/faults";

/// The variable of a header of that request, and what is in it.
const TOKEN: (&str, &str) = ("STAGING_FAULT_TOKEN", "arm-9f86d081884c7d65");

/// What a server that leaks can see when it answers.
struct Seen<'a> {
    request: &'a Request,
    answer: &'a Answer,
    keys: &'a Keys,
    /// How many requests it has refused by the limit.
    refusals: usize,
}

impl Seen<'_> {
    fn is_served(&self, method: &str) -> bool {
        self.request.method == method && self.answer.status == 200
    }

    fn has_key(&self, slot: &str) -> bool {
        key_of(self.request) == Some(&self.keys[slot])
    }
}

/// Whether a response leaks.
type Leaks = fn(&Seen<'_>) -> bool;

/// The bundled API, some of whose responses hold a text that they should not.
#[derive(Debug)]
struct Leaky {
    front: Front,
    keys: Keys,
    leaks: Leaks,
    /// What they hold, known once the keys of the run are made. Without it, what the request holds.
    text: Mutex<Option<Secret>>,
    refusals: AtomicUsize,
    generations: AtomicUsize,
}

impl InProcess for Leaky {
    fn answer(&self, request: &Request) -> Answer {
        let mut answer = if &*request.path == ARM {
            let (headers, body) = (Vec::new(), b"{}".to_vec());
            Answer { status: 200, headers, body, ending: Ending::Complete }
        } else {
            self.front.answer(request)
        };
        let refusals = self.refusals.load(Ordering::Relaxed);
        let seen = Seen { request, answer: &answer, keys: &self.keys, refusals };
        let leaks = (self.leaks)(&seen);
        if seen.is_served("POST") {
            self.generations.fetch_add(1, Ordering::Relaxed);
        }
        if answer.status == 429 {
            self.refusals.fetch_add(1, Ordering::Relaxed);
        }
        if leaks {
            let text = self.text.lock().expect("no panic").clone();
            let own = key_of(request).unwrap_or_default();
            let text = text.as_ref().map_or(own, Secret::expose);
            answer.headers.push(("x-echo".to_owned(), text.as_bytes().to_vec()));
        }
        answer
    }
}

/// A server, and the suite on it: the bundled one, with a hook that sends a request first.
struct Set {
    server: Arc<Leaky>,
    suite: Suite,
    runtime: Runtime,
}

impl Set {
    fn new(leaks: Leaks) -> Self {
        let contract = Contract::load(Path::new(env!("CARGO_MANIFEST_DIR")));
        let contract = Arc::new(contract.unwrap_or_else(|faults| panic!("{faults:?}")));
        let clock = Clock::Shared(SharedClock::default());
        let (front, keys) = Front::new(clock.clone(), None);
        let mut faults = Faults::default();
        let target = target("http://127.0.0.1", &keys, clock.clone(), &contract, &mut faults);
        let mut target = target.unwrap_or_else(|| panic!("{faults:?}"));
        let mut shape = contract.requests[&contract.preflight.request].format.clone();
        (shape.method, shape.path) = (Method::from("POST".to_owned()), ARM.into());
        let own =
            OwnRequest { shape, headers: vec![("X-Fault-Token".into(), Secret::new(TOKEN.1))] };
        let request = HookRequest::Own(Box::new(own));
        let first = HookStep { request, status: None, capture: BTreeMap::new() };
        let hook: HookName = "preflight_failed".to_owned().into();
        let headers = target.hooks[&hook].as_ref().expect("the mock has it").headers.clone();
        target.hooks.insert(hook, Ok(Hook { headers, first: vec![first], ..Hook::default() }));
        target.secrets.push(Named::of_variable(TOKEN.0, TOKEN.1));
        let (refusals, generations) = (AtomicUsize::default(), AtomicUsize::default());
        let text = Mutex::new(None);
        let server = Arc::new(Leaky { front, keys, leaks, text, refusals, generations });
        let pacer = Pacer::new(contract.limit.as_ref());
        let sender = Sender::in_process(Arc::<Leaky>::clone(&server), clock, pacer);
        let secrets = Secrets::default();
        let suite = Suite::with_sender(contract, target, Recording::Nothing, sender, &secrets);
        let suite = suite.unwrap_or_else(|faults| panic!("{faults:?}"));
        let runtime = Builder::new_multi_thread().worker_threads(1).build();
        Self { server, suite, runtime: runtime.expect("the runtime starts") }
    }

    fn tell(&self, text: &str) {
        *self.server.text.lock().expect("no panic") = Some(Secret::new(text));
    }

    fn play(&self, name: &str) -> Played {
        let mut trials = self.suite.plan.trials.iter();
        let planned = trials.find(|planned| planned.case().name.starts_with(name));
        self.runtime.block_on(self.suite.run.play(planned.expect(name)))
    }
}

/// Where a leak was found in a trial: whose response, the place in it, and what is said of it.
fn leaks(played: &Played) -> Vec<(Vec<Role>, String, String)> {
    let noted = played.sheet.noted().iter().filter(|noted| noted.check == CheckId::SecretLeak);
    let leak = noted.map(|noted| {
        let roles = noted.on.iter().map(|at| played.exchanges[*at].role);
        (roles.collect(), noted.mismatch.place.clone(), noted.mismatch.wrong.to_string())
    });
    leak.collect()
}

/// A trial, the responses in it that leak, what they are to, and how it is said.
#[rustfmt::skip]
const ROWS: [(&str, Leaks, Role, usize, &str); 11] = [
    ("missing_api_key::no-header", |seen| key_of(seen.request).is_none(), Role::Own, 1, ""),
    ("plan_gate", |seen| seen.answer.status == 403, Role::Own, 1, ""),
    ("preflight_failed", |seen| &*seen.request.path == ARM, Role::First, 1, "the response to a request of the hook "),
    ("generation_failed::nothing-charged", |seen| seen.is_served("GET"), Role::Probe, 2, "the probe's response "),
    ("rate_limited", |seen| seen.answer.status == 429, Role::Own, 15, ""),
    ("rate_limited", |seen| seen.is_served("GET") && seen.refusals == 0, Role::Own, 60, ""),
    ("rate_limited", |seen| seen.refusals > 0 && seen.has_key("valid"), Role::OtherKey, 1, "the response to the other key "),
    ("rate_limited", |seen| seen.refusals > 0 && seen.has_key("burst") && seen.answer.status == 200, Role::Again, 1, "the response after the wait "),
    ("missing_api_key::no-header", |seen| seen.has_key("valid"), Role::Twin, 1, "the response to the same request without the defect (its twin) "),
    ("generation_failed::generator-fails", |seen| seen.is_served("POST"), Role::Twin, 1, "the response to the same request without the defect (its twin) "),
    ("invalid_api_key", |seen| seen.answer.status == 401, Role::Own, 1, ""),
];

#[test]
fn a_secret_is_found_whichever_request_its_response_answers() {
    for (trial, leak, role, times, whose) in ROWS {
        let set = Set::new(leak);
        set.tell(&set.server.keys["revoked"]);
        let found = leaks(&set.play(trial));
        let says = format!("{whose}contains $ERRPROOF_KEY_REVOKED, or a part of it");
        // Of a limit more is asked than the one response that the row is about.
        let found: Vec<_> = found.into_iter().filter(|(_, _, said)| *said == says).collect();
        let [(roles, place, _)] = found.as_slice() else { panic!("{trial} {role:?}: {found:?}") };
        assert_eq!(place, "header x-echo", "{trial} {role:?}");
        assert!(roles.len() >= times && roles.iter().all(|one| *one == role), "{trial}: {roles:?}");
    }
}

#[test]
fn a_refusal_that_is_waited_out_is_searched_as_well() {
    let set = Set::new(|seen| seen.answer.status == 429);
    set.tell(&set.server.keys["revoked"]);
    // The key is used up by somebody else.
    let spent = Request {
        method: "GET".into(),
        path: "/api/v1/credits".into(),
        headers: vec![("X-API-Key".into(), Secret::new(&*set.server.keys["free-plan"]))],
        body: Vec::new(),
        signing: None,
    };
    for _ in 0..60 {
        assert_eq!(set.server.front.answer(&spent).status, 200);
    }
    let played = set.play("plan_gate");
    assert_eq!(played.verdict, Verdict::Fail);
    let found = leaks(&played);
    assert_eq!(found.iter().map(|(roles, ..)| roles.len()).collect::<Vec<_>>(), [1], "{found:?}");
    assert_eq!(played.exchanges.len(), 2, "the request is sent again");
}

#[test]
fn every_secret_of_the_run_is_found_where_no_key_was_sent() {
    let set = Set::new(|seen| key_of(seen.request).is_none());
    let secrets = set.suite.plan.secrets(&set.suite.run.target);
    let labels: BTreeSet<_> = secrets.iter().map(|named| named.label.as_str()).collect();
    assert!(labels.contains("$STAGING_FAULT_TOKEN") && labels.len() == 12, "{labels:?}");
    for Named { secret, label } in &secrets {
        set.tell(secret.expose());
        let found = leaks(&set.play("missing_api_key::no-header"));
        let says = format!("contains {label}, or a part of it");
        let expected = [(vec![Role::Own], "header x-echo".to_owned(), says)];
        assert_eq!(found, expected);
    }
}

#[test]
fn a_twin_that_is_shared_is_asked_once_and_its_leak_said_once_in_each_of_its_trials() {
    let set = Set::new(|seen| seen.is_served("POST"));
    for trial in ["generation_failed::generator-fails", "generation_timeout", "insufficient"] {
        let played = set.play(trial);
        assert_eq!(played.verdict, Verdict::Fail, "{trial}");
        let [(roles, _, says)] = &leaks(&played)[..] else { panic!("{trial}: {:?}", played.sheet) };
        assert_eq!(*roles, [Role::Twin], "{trial}");
        assert!(says.contains("$ERRPROOF_KEY_VALID"), "{says}");
    }
    assert_eq!(set.server.generations.load(Ordering::Relaxed), 1);
}

#[test]
fn the_preflights_leak_is_said_once_in_the_first_trial_that_is_carried_out() {
    let set = Set::new(|seen| seen.is_served("GET"));
    let server = Server::new(set.suite.clone(), set.runtime.handle().clone(), None);
    // In the contract's order. A burst is chosen last, since its picture shows all of its exchanges.
    let selected = [
        "rate_limited::burst",
        "generation_failed::generator-fails",
        "generation_timeout::generator-hangs",
    ];
    let ready = server.ready(&selected.map(str::to_owned).into());
    assert!(ready.is_ok(), "{ready:?}");
    let of_preflight = |name: &str| {
        let found = leaks(&set.play(name)).into_iter();
        let found = found.filter(|(roles, ..)| roles.contains(&Role::Preflight));
        found.map(|(_, place, says)| (place, says)).collect::<Vec<_>>()
    };
    let says = "the preflight's response contains $ERRPROOF_KEY_VALID, or a part of it";
    let expected = vec![("header x-echo".to_owned(), says.to_owned())];
    assert_eq!(selected.map(of_preflight), [vec![], expected, vec![]]);
}

#[test]
fn what_is_public_or_the_requests_own_is_no_leak_in_any_response() {
    let set = Set::new(|_| true);
    // A key's prefix and eleven characters of it, as a server may show whose key it was; the body that
    // every tagline has; and a key of the same shape that is nobody's.
    let shown = &set.server.keys["valid"][..20];
    let body = r#"{"product":"errproof","description":"Proves that an API's errors are what its docs promise."}"#;
    set.tell(&format!("{shown}... {body} pms_live_{}", "Zz9".repeat(10)));
    let trials = &set.suite.plan.trials;
    let all = trials.iter().map(|planned| planned.case().name.clone()).collect();
    set.runtime.block_on(set.suite.run.open(&set.suite.plan, &all));
    let (last, first): (Vec<_>, Vec<_>) = trials.iter().partition(|planned| planned.case().last);
    for planned in first.into_iter().chain(last) {
        let name = &planned.case().name;
        let played = set.runtime.block_on(set.suite.run.play(planned));
        assert_eq!(played.verdict, Verdict::Pass, "{name}: {:?}", played.sheet);
    }
}
