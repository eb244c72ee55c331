//! Credits: what a message says of them is judged where it is known, and a balance pays for what it can. Honest servers
//! with other words, other prices and other habits are left alone.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
};

use errproof::internals::{
    contract::{Contract, check::CheckId},
    exchange::{
        clock::{Clock, SharedClock},
        message::{Answer, Request},
        pacing::Pacer,
        sender::{InProcess, Sender},
    },
    mock::server::Front,
    result::verdict::Verdict,
    server::{drift::Recording, played::Played, suite::Suite},
    shown::secrets::Secrets,
    source::fault::Faults,
    targets::{target::Target, target_file::TargetFile},
};
use serde_json::{Value, json};
use tokio::runtime::Builder;

use crate::support::{Contract as Copied, Mock, errproof};

/// What a server makes of the bundled API's answers. It is told how many it gave before.
type Habit = Box<dyn Fn(&Request, &mut Answer, usize) + Send>;

/// The bundled API with a habit.
struct Other {
    front: Front,
    habit: Mutex<(Habit, usize)>,
}

impl std::fmt::Debug for Other {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Other").finish_non_exhaustive()
    }
}

impl InProcess for Other {
    fn answer(&self, request: &Request) -> Answer {
        let mut answer = self.front.answer(request);
        let mut habit = self.habit.lock().expect("no panic");
        let before = habit.1;
        (habit.0)(request, &mut answer, before);
        habit.1 += 1;
        answer
    }
}

fn contract() -> Contract {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    Contract::load(root).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// A contract with a line of its `contract.toml` changed.
fn with(from: &str, to: &str) -> Contract {
    let copy = Copied::copy();
    copy.change("contract.toml", from, to);
    Contract::load(copy.path("").as_path()).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// A target's file with a budget, and what else it says.
fn file(more: Value) -> TargetFile {
    let mut all = json!({ "base-url": "http://127.0.0.1", "budget": { "credits": 1_000 } });
    if let Value::Object(more) = more {
        all.as_object_mut().expect("an object").extend(more);
    }
    serde_json::from_value(all).expect("a target's file")
}

/// Carries the trials with these names out, in the order of the contract.
fn play(
    contract: Contract,
    file: &TargetFile,
    habit: Habit,
    names: &[&str],
) -> BTreeMap<String, Played> {
    let contract = Arc::new(contract);
    let clock = Clock::Shared(SharedClock::default());
    let (front, keys) = Front::new(clock.clone(), None);
    let environment = |variable: &str| {
        let slot = contract.slots.iter().find(|(_, slot)| slot.env == variable);
        keys.get(slot?.0.as_str()).cloned()
    };
    let mut faults = Faults::default();
    let target = Target::bundled(file, &contract, clock.clone(), &environment, &mut faults);
    let target = target.unwrap_or_else(|| panic!("{faults:?}"));
    let server = Arc::new(Other { front, habit: Mutex::new((habit, 0)) });
    let sender = Sender::in_process(server, clock, Pacer::new(contract.limit.as_ref()));
    let secrets = Secrets::default();
    let suite =
        Suite::with_sender(Arc::clone(&contract), target, Recording::Nothing, sender, &secrets);
    let suite = suite.unwrap_or_else(|faults| panic!("{faults:?}"));
    let trials = suite.plan.trials.iter();
    let trials = trials.filter(|planned| {
        let name = &*planned.case().name;
        names.iter().any(|part| name == *part || (part.ends_with(':') && name.starts_with(part)))
    });
    // Those that wait for all others come last.
    let (last, first): (Vec<_>, Vec<_>) = trials.partition(|planned| planned.case().last);
    let trials = first.into_iter().chain(last);
    let all = trials.clone().map(|planned| planned.case().name.clone()).collect();
    let runtime = Builder::new_current_thread().build().expect("the runtime starts");
    runtime.block_on(suite.run.open(&suite.plan, &all));
    let played = trials
        .map(|planned| (planned.case().name.clone(), runtime.block_on(suite.run.play(planned))));
    played.collect()
}

fn credits(answer: &Answer) -> Option<Value> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    (body["error"]["code"] == "insufficient_credits").then_some(body)
}

/// What is said of what is needed and what is there.
type Words = fn(i64, i64) -> String;

/// A habit of saying what is needed and what is there.
fn says(words: Words) -> Habit {
    Box::new(move |_, answer, _| {
        let Some(mut body) = credits(answer) else { return };
        let message = body["error"]["message"].as_str().unwrap_or_default();
        let numbers = message.split(|c: char| !c.is_ascii_digit());
        let numbers: Vec<i64> = numbers.filter_map(|text| text.parse().ok()).collect();
        body["error"]["message"] = words(numbers[0], numbers[1]).into();
        answer.body = body.to_string().into_bytes();
    })
}

fn nothing() -> Habit {
    Box::new(|_, _, _| {})
}

/// What is found besides drift, which says that this is not the bundled API.
fn found(played: &BTreeMap<String, Played>) -> Vec<String> {
    let lines = played.iter().flat_map(|(name, played)| {
        let noted = played.sheet.noted().iter().filter(|noted| noted.check != CheckId::Drift);
        noted.map(move |noted| format!("{name}: {}: {}", noted.check, noted.mismatch.wrong))
    });
    lines.collect()
}

const DRAINED: &str = "insufficient_credits::drained";
const ALL: &[&str] = &["insufficient_credits:", "ledger::drained"];

#[test]
fn what_a_message_says_in_any_words_is_left_alone_if_it_is_true() {
    let honest: [(&str, Words); 12] = [
        ("the page's", |need, have| format!("You need {need} credits but have {have}.")),
        ("have first", |need, have| format!("Your balance is {have}, this costs {need} credits.")),
        ("German", |need, have| format!("Benötigt werden {need} Credits, vorhanden sind {have}.")),
        ("Japanese", |need, have| format!("必要: {need}、残高: {have}")),
        ("decimals", |need, have| format!("Guthaben: {have},00; Preis: {need},00")),
        ("points", |need, have| format!("need {need}.0 credits, have {have}.0")),
        ("more numbers", |need, have| {
            format!("{have} of {need} credits: {} more, and Pro has 500", need - have)
        }),
        ("what is missing", |need, have| {
            format!("You need {} more credits; you have {have} of {need}.", need - have)
        }),
        ("only what is missing", |need, have| format!("You are {} credits short.", need - have)),
        ("a percentage", |need, have| format!("{}%: {have}/{need}", 100 * have / need)),
        ("digits of another script", |_, _| "رصيدك ٤ والمطلوب ١٠".to_owned()),
        ("han", |_, _| "需要很多点数，只有四点，每月1000点，共2次".to_owned()),
    ];
    for (name, words) in honest {
        let played = play(contract(), &file(json!({})), says(words), ALL);
        assert_eq!(found(&played), <[&str; 0]>::default(), "{name}");
    }
}

#[test]
fn what_a_message_says_of_credits_that_is_not_true_is_found() {
    let wrong: [(&str, Words, &str); 4] = [
        (
            "have",
            |need, _| format!("You need {need} credits but have 0."),
            "`have` has to be 4, which GET /api/v1/credits reads with the same key, just before and just after; the message says 0: \"You need 10 credits but have 0.\"",
        ),
        (
            "need",
            |need, have| format!("You need {} credits but have {have}.", need - have),
            "`need` has to be 10, since the contract says that this request costs 10, and a balance fell by that when it succeeded; if this server's price differs, say `cost = ...` under [requests.tagline] in the target's file; the message says 6: \"You need 6 credits but have 4.\"",
        ),
        (
            "have in German",
            |need, _| format!("Benötigt werden {need} Credits, vorhanden sind 7."),
            "`have` has to be 4, which GET /api/v1/credits reads with the same key, just before and just after; the message does not say it: \"Benötigt werden 10 Credits, vorhanden sind 7.\"",
        ),
        (
            "need in German",
            |_, have| format!("Benötigt werden 15 Credits, vorhanden sind {have}."),
            "`need` has to be 10, since the contract says that this request costs 10, and a balance fell by that when it succeeded; if this server's price differs, say `cost = ...` under [requests.tagline] in the target's file; the message does not say it: \"Benötigt werden 15 Credits, vorhanden sind 4.\"",
        ),
    ];
    for (name, words, expected) in wrong {
        // With the ledger's opening, and without it.
        for names in [&[DRAINED, "ledger::drained"][..], &[DRAINED]] {
            let found = found(&play(contract(), &file(json!({})), says(words), names));
            assert_eq!(found, [format!("{DRAINED}: message.numbers: {expected}")], "{name}");
        }
    }
}

#[test]
fn a_price_that_nobody_has_shown_or_said_is_not_held_against_a_server() {
    let dearer = || with("cost = 10\n", "cost = 12\n");
    // The bundled API takes 10 where this contract says 12: a success shows another price.
    assert_eq!(found(&play(dearer(), &file(json!({})), nothing(), ALL)), <[&str; 0]>::default());
    // Without a budget nothing shows it.
    let no_budget = file(json!({ "budget": { "credits": 0 } }));
    assert_eq!(found(&play(dearer(), &no_budget, nothing(), ALL)), <[&str; 0]>::default());
    let six = || says(|need, have| format!("You need {} credits but have {have}.", need - have));
    let played = play(contract(), &no_budget, six(), &[DRAINED]);
    assert_eq!(found(&played), <[&str; 0]>::default());
    // Others may move the balance by which it is shown.
    let shared =
        file(json!({ "slots": { "valid": { "env": "ERRPROOF_KEY_VALID", "shared": true } } }));
    let played = play(contract(), &shared, six(), &[DRAINED]);
    assert_eq!(found(&played), <[&str; 0]>::default());
    // What the target's file says is held against it.
    let stated = file(json!({ "requests": { "tagline": { "cost": 12 } } }));
    let played = play(contract(), &stated, nothing(), &[DRAINED]);
    assert_eq!(
        found(&played),
        [format!(
            "{DRAINED}: message.numbers: `need` has to be 12, as the target's file says that this request costs 12; the message says 10: \"This call needs 10 credits, and the workspace has 4.\""
        )]
    );
}

#[test]
fn a_balance_that_others_move_or_that_cannot_be_read_is_not_held_against_a_message() {
    let zero = || says(|need, _| format!("You need {need} credits but have 0."));
    let shared =
        json!({ "slots": { "drained": { "env": "ERRPROOF_KEY_DRAINED", "shared": true } } });
    let unread = json!({ "probes": { "credits": { "offered": false } } });
    for more in [shared, unread] {
        let played = play(contract(), &file(more.clone()), zero(), &[DRAINED]);
        assert_eq!(found(&played), <[&str; 0]>::default(), "{more}");
    }
    // There is nothing at the probe's path.
    let absent: Habit = Box::new(|request, answer, _| {
        if &*request.path == "/api/v1/credits" {
            (answer.status, answer.body) = (404, b"{}".to_vec());
        } else if let Some(mut body) = credits(answer) {
            body["error"]["message"] = "You need 10 credits but have 0.".into();
            answer.body = body.to_string().into_bytes();
        }
    });
    let played = play(contract(), &file(json!({})), absent, &[DRAINED]);
    assert_eq!(found(&played), <[&str; 0]>::default());
    let verdict = &played[DRAINED].verdict;
    assert!(!matches!(verdict, Verdict::Error(_)), "{verdict:?}");
    // It is another one at each look.
    let moves: Habit = Box::new(|request, answer, before| {
        if &*request.path == "/api/v1/credits" {
            answer.body = json!({ "credits": before % 7 }).to_string().into_bytes();
        } else if let Some(mut body) = credits(answer) {
            body["error"]["message"] = "You need 10 credits but have 9.".into();
            answer.body = body.to_string().into_bytes();
        }
    });
    let played = play(contract(), &file(json!({})), moves, &[DRAINED]);
    assert_eq!(found(&played), <[&str; 0]>::default());
    // A part of a credit that a message leaves out.
    let parts: Habit = Box::new(|request, answer, _| {
        if &*request.path == "/api/v1/credits" && answer.body == b"{\"credits\":4}" {
            answer.body = json!({ "credits": 4.75 }).to_string().into_bytes();
        }
    });
    let played = play(contract(), &file(json!({})), parts, ALL);
    assert_eq!(found(&played), <[&str; 0]>::default());
}

/// The cases of a balance, each with its verdict.
fn balances(contract: Contract, file: &TargetFile, habit: Habit) -> Vec<String> {
    let names = ["exactly-enough", "one-less", "one-call-for-five"];
    let names = names.map(|case| format!("insufficient_credits::{case}"));
    let played = play(contract, file, habit, &names.each_ref().map(String::as_str));
    let verdict = |name: &String| match &played[name].verdict {
        Verdict::Pass => "pass".to_owned(),
        Verdict::Ignored(why) => format!("ignored: {why}"),
        Verdict::Inconclusive(why) => format!("inconclusive: {why}"),
        other => format!("{other:?} {:?}", found(&played)),
    };
    names.iter().map(verdict).collect()
}

#[test]
fn a_balance_is_judged_only_if_it_is_as_the_case_needs_it_and_the_price_is_known() {
    assert_eq!(balances(contract(), &file(json!({})), nothing()), ["pass", "pass", "pass"]);
    // The price that the file says needs no success to show it.
    let stated =
        file(json!({ "requests": { "tagline": { "cost": 10 } }, "budget": { "credits": 30 } }));
    assert_eq!(balances(contract(), &stated, nothing()), ["pass", "pass", "pass"]);
    let unknown = |why: &str| {
        format!(
            "ignored: what `tagline` costs here is not known: {why}; or say `cost = ...` under [requests.tagline] in the target's file"
        )
    };
    let none = file(json!({ "budget": { "credits": 0 } }));
    let too_dear = unknown(
        "the request that shows it may cost 10 credits, more than the [budget] of the target's file has left",
    );
    assert_eq!(balances(contract(), &none, nothing()), [&*too_dear; 3]);
    let dearer = with("cost = 10\n", "cost = 12\n");
    let other = unknown("no balance fell by 12 when it succeeded");
    assert_eq!(balances(dearer, &file(json!({})), nothing()), [&*other; 3]);
    let too_small = "ignored: a request that has to succeed may cost 10 credits, more than the [budget] of the target's file has left";
    let ten = file(json!({ "budget": { "credits": 10 } }));
    assert_eq!(balances(contract(), &ten, nothing()), [too_small, "pass", too_small]);
    let other = |balance: u32, needed: u32| {
        format!(
            "ignored: the balance of this slot's key is {balance}, and has to be {needed} before each run: `tagline` costs 12 here"
        )
    };
    let stated = file(json!({ "requests": { "tagline": { "cost": 12 } } }));
    let expected = [other(10, 12), other(9, 11), other(10, 12)];
    assert_eq!(balances(contract(), &stated, nothing()), expected);
}

#[test]
fn a_server_that_does_not_do_two_things_at_once_is_not_called_broken() {
    // Four of the five that are sent at once find the workspace in use.
    let busy: Habit = Box::new(|_, answer, _| {
        let Some(mut body) = credits(answer) else { return };
        if body["error"]["message"].as_str().is_some_and(|text| text.contains("has 0")) {
            answer.status = 409;
            body["error"]["code"] = "busy".into();
            answer.body = body.to_string().into_bytes();
        }
    });
    let why = "inconclusive: of 5 requests at once one was answered with 409, so what the balance pays for cannot be told";
    assert_eq!(balances(contract(), &file(json!({})), busy), ["pass", "pass", why]);
}

#[test]
fn a_run_without_the_keys_of_optional_slots_is_as_green_as_one_with_them_and_says_so() {
    let mock = Mock::start(&[]);
    let is_set =
        |name: &str| !["EXACT", "ONE_LESS", "RACE"].iter().any(|slot| name.ends_with(slot));
    let all: Vec<_> = mock.variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    let few: Vec<_> = all.iter().copied().filter(|(name, _)| is_set(name)).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.toml");
    let text = format!("base-url = \"{}\"\n[budget]\ncredits = 500\n", mock.url);
    std::fs::write(&path, text).expect("written");
    let flags = ["--target", path.to_str().expect("UTF-8"), "--strict", "insufficient_credits::"];
    let ended = errproof(&flags, &few);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    let why = "ignored (no key for the optional slot `one-less`: set $ERRPROOF_KEY_ONE_LESS to a key of a workspace with one credit less than the tagline tool costs";
    assert!(ended.stdout.contains(why), "{}", ended.stdout);
    let proven = "1 proven at 6 of 6 points";
    assert!(ended.stdout.contains(proven), "{}", ended.stdout);
    let ended = errproof(&flags, &all);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    assert!(ended.stdout.contains("10 passed; 0 failed; 0 ignored"), "{}", ended.stdout);
    assert!(ended.stdout.contains(proven), "{}", ended.stdout);
    // What is served proves no error: it is not enough for the code.
    let flags = [&flags[..2], &["exactly-enough"]].concat();
    let ended = errproof(&flags, &all);
    assert_eq!(ended.code, 4, "{}", ended.stdout);
}
