//! What the page leaves room for is no finding: the bundled API as others would write it, each time
//! with another legal habit. The servers in `tests/conformant/` show the same over HTTP, in real time.

use std::{path::Path, sync::Arc, time::Duration};

use errproof::internals::{
    checks::message::message,
    contract::Contract,
    contract::check::CheckId,
    exchange::{
        clock::{Clock, SharedClock},
        message::{Answer, Request},
        sender::InProcess,
    },
    mock::server::Front,
    result::verdict::Verdict,
    server::{played::Played, suite::Suite},
    shown::secret::Secret,
};
use serde_json::Value;
use tokio::runtime::Builder;

/// One legal habit: what it makes of a request before the API sees it, and of the answer.
struct Habit {
    name: &'static str,
    before: fn(&mut Request),
    after: fn(&mut Answer, &Request, &SharedClock),
}

impl Habit {
    const NONE: Self = Self { name: "none", before: |_| {}, after: |_, _, _| {} };
}

/// The bundled API with a habit.
#[derive(Debug)]
struct Other {
    front: Front,
    clock: SharedClock,
    before: fn(&mut Request),
    after: fn(&mut Answer, &Request, &SharedClock),
}

impl InProcess for Other {
    fn answer(&self, request: &Request) -> Answer {
        let mut changed = request.clone();
        (self.before)(&mut changed);
        let mut answer = self.front.answer(&changed);
        (self.after)(&mut answer, request, &self.clock);
        answer
    }
}

fn contract() -> Arc<Contract> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    Contract::load(root).unwrap_or_else(|faults| panic!("{faults:?}")).into()
}

/// Carries all trials out, or those whose name holds `filter`.
fn play(habit: &Habit, filter: &str) -> Vec<(String, Played)> {
    let shared = SharedClock::default();
    let clock = Clock::Shared(shared.clone());
    let (front, keys) = Front::new(clock.clone(), None);
    let server = Other { front, clock: shared, before: habit.before, after: habit.after };
    let suite = Suite::in_process(contract(), Arc::new(server), &keys, clock);
    let suite = suite.unwrap_or_else(|faults| panic!("{faults:?}"));
    let runtime = Builder::new_current_thread().build().expect("the runtime starts");
    let trials = suite.plan.trials.iter().filter(|planned| planned.case().name.contains(filter));
    let all = trials.clone().map(|planned| planned.case().name.clone()).collect();
    runtime.block_on(suite.run.open(&suite.plan, &all));
    let (last, first): (Vec<_>, Vec<_>) = trials.partition(|planned| planned.case().last);
    first
        .into_iter()
        .chain(last)
        .map(|planned| (planned.case().name.clone(), runtime.block_on(suite.run.play(planned))))
        .collect()
}

/// The trials that are not green. Drift does not count: it says that this is not the bundled API.
fn red(habit: &Habit) -> Vec<String> {
    let played = play(habit, "");
    assert!(played.len() >= 78, "{}", played.len());
    let drifts = |played: &Played| {
        let noted = played.sheet.noted();
        played.verdict == Verdict::Fail && noted.iter().all(|noted| noted.check == CheckId::Drift)
    };
    let green = |played: &Played| played.verdict == Verdict::Pass || drifts(played);
    let red = played.iter().filter(|(_, played)| !green(played));
    let line = |(name, played): &(String, Played)| {
        let noted = played.sheet.noted();
        format!("{}: {name} {:?} {noted:?}", habit.name, played.verdict)
    };
    red.map(line).collect()
}

fn code(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    body["error"]["code"].as_str().unwrap_or_default().to_owned()
}

fn set(answer: &mut Answer, field: &str, value: &str) {
    let mut body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    body["error"][field] = value.into();
    answer.body = body.to_string().into_bytes();
}

fn change_message(answer: &mut Answer, on: &str, change: impl Fn(String) -> String) {
    if code(answer) == on {
        let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
        let message = body["error"]["message"].as_str().expect("a text").to_owned();
        set(answer, "message", &change(message));
    }
}

fn media_type(answer: &mut Answer, media: &str) {
    for (_, value) in answer.headers.iter_mut().filter(|(name, _)| name == "content-type") {
        *value = media.as_bytes().to_vec();
    }
}

fn key_of(request: &Request) -> Option<Secret> {
    errproof::internals::mock::api::key_of(request).map(Secret::new)
}

/// The key that a request carries, changed in place.
fn change_key(request: &mut Request, change: impl Fn(&str) -> String) {
    for (name, value) in &mut request.headers {
        let text = value.expose();
        if &**name == "X-API-Key" {
            *value = Secret::new(change(text));
        } else if let Some(key) = text.strip_prefix("Bearer ") {
            *value = Secret::new(format!("Bearer {}", change(key)));
        }
    }
}

/// Node's decoder and every other that WHATWG describes: UTF-16 by its mark, else UTF-8 with U+FFFD
/// in place of what is none.
fn decode(request: &mut Request) {
    request.body = match request.body.strip_prefix(b"\xff\xfe") {
        Some(rest) => {
            let (pairs, _) = rest.as_chunks::<2>();
            let units: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
            String::from_utf16_lossy(&units).into_bytes()
        }
        None => String::from_utf8_lossy(&request.body).into_owned().into_bytes(),
    };
}

/// Looks a key of any length and alphabet up, as long as it begins as the page says and is not
/// copied with quotes or white space.
fn look_up_any(request: &mut Request) {
    change_key(request, |key| {
        let own = key.strip_prefix("pms_live_").is_some_and(|tail| {
            tail.len() != 32 || !tail.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        let copied_badly = key.contains(['"', ' ', '\t']);
        if own && !copied_badly { format!("pms_live_{}", "0".repeat(32)) } else { key.to_owned() }
    });
}

const HABITS: [Habit; 9] = [
    Habit { name: "bad bytes of a body are replaced", before: decode, ..Habit::NONE },
    Habit { name: "keys of any length are looked up", before: look_up_any, ..Habit::NONE },
    Habit {
        name: "an empty header is a malformed key",
        after: |answer, request, _| {
            let empty = |(_, value): &(Arc<str>, Secret)| ["", "Bearer "].contains(&value.expose());
            if code(answer) == "missing_api_key" && request.headers.iter().any(empty) {
                set(answer, "code", "malformed_api_key");
            }
        },
        ..Habit::NONE
    },
    Habit {
        name: "a vendor's media type with parameters",
        after: |answer, _, _| {
            let media = "application/vnd.planmysaas.error+json; profile=\"https://x.example/e\"; charset=utf8";
            media_type(answer, media);
        },
        ..Habit::NONE
    },
    Habit {
        name: "the older media type",
        after: |answer, _, _| media_type(answer, "text/json"),
        ..Habit::NONE
    },
    Habit {
        name: "a field by its title",
        after: |answer, _, _| {
            change_message(answer, "invalid_input", |message| {
                ["product", "description", "tone", "count"].iter().fold(message, |text, field| {
                    let title = field[..1].to_uppercase() + &field[1..];
                    text.replace(&format!("The field {field}"), &title)
                })
            });
        },
        ..Habit::NONE
    },
    Habit {
        name: "a message in another language, with parts of credits",
        after: |answer, _, _| {
            change_message(answer, "insufficient_credits", |message| {
                let numbers = message.split(|c: char| !c.is_ascii_digit());
                let numbers: Vec<_> = numbers.filter(|text| !text.is_empty()).collect();
                format!("Guthaben: {},00, benötigt: {},00", numbers[1], numbers[0])
            });
        },
        ..Habit::NONE
    },
    Habit {
        name: "a message that says what is missing",
        after: |answer, _, _| {
            change_message(answer, "insufficient_credits", |message| {
                let numbers = message.split(|c: char| !c.is_ascii_digit());
                let numbers: Vec<i64> = numbers.filter_map(|text| text.parse().ok()).collect();
                let (need, have) = (numbers[0], numbers[1]);
                format!("You need {} more credits; you have {have} of {need}.", need - have)
            });
        },
        ..Habit::NONE
    },
    Habit {
        name: "the generator is given five minutes, and the way takes some",
        after: |answer, request, clock| {
            if code(answer) == "generation_timeout" {
                // The mock gave up after 90 seconds.
                clock.advance(key_of(request).as_ref(), Duration::from_millis(211_500));
            }
        },
        ..Habit::NONE
    },
];

#[test]
fn no_legal_habit_is_a_finding() {
    let mut all: Vec<_> = HABITS.iter().flat_map(red).collect();
    all.extend(red(&Habit::NONE));
    assert!(all.is_empty(), "{} alarms:\n{}", all.len(), all.join("\n"));
}

#[test]
fn a_body_that_every_parser_has_to_refuse_is_refused_as_invalid_json_and_nothing_else() {
    let habit = Habit {
        name: "all of JSON is input",
        after: |answer, _, _| {
            if code(answer) == "invalid_json" {
                set(answer, "code", "invalid_input");
            }
        },
        ..Habit::NONE
    };
    let played = play(&habit, "invalid_json::");
    // Their twin is invalid input by intent: that it gets the same code excuses nothing.
    let red = |(_, played): &&(String, Played)| played.verdict != Verdict::Pass;
    for (name, played) in played.iter().filter(red) {
        assert_eq!(played.verdict, Verdict::Fail, "{name}");
    }
    let green = played.iter().filter(|(_, played)| played.verdict == Verdict::Pass);
    let green: Vec<_> = green
        .map(|(name, _)| name.trim_start_matches("invalid_json::"))
        .filter(|name| !name.contains('@'))
        .collect();
    assert_eq!(green, ["invalid-utf8", "overlong-utf8", "utf16", "empty", "white-space"]);
}

#[test]
fn a_wrong_code_that_the_twin_gets_as_well_is_not_judged_and_any_other_is_broken() {
    // The servers say `plan_gate` for a reason of their own: to both, or to the case alone.
    const FREE: &str = "plan_gate";
    let everywhere = Habit {
        name: "a gate before everything",
        after: |answer, _, _| {
            if answer.status >= 400 {
                set(answer, "code", FREE);
                answer.status = 403;
            }
        },
        ..Habit::NONE
    };
    let case_alone = Habit {
        name: "another code for one that is revoked",
        after: |answer, _, _| {
            if code(answer) == "revoked_api_key" {
                set(answer, "code", FREE);
            }
        },
        ..Habit::NONE
    };
    let of = |habit: &Habit| {
        let mut played = play(habit, "revoked_api_key::revoked-bearer");
        let (_, played) = played.pop().expect("the trial");
        let found = played.sheet.noted().iter().any(|noted| noted.check == CheckId::Code);
        (played.verdict, found, played.exchanges.len())
    };
    let why = "the same request without the defect (its twin) is also refused as plan_gate, so this case was not judged";
    // The key is sent three times.
    assert_eq!(of(&everywhere), (Verdict::Error(why.to_owned()), true, 4));
    assert_eq!(of(&case_alone), (Verdict::Fail, true, 4));
}

#[test]
fn an_error_with_its_own_code_and_the_status_of_the_limit_is_broken_and_not_waited_out() {
    let cap = Habit {
        name: "a cap on regenerations is told like a limit",
        after: |answer, _, _| {
            if code(answer) == "regen_limit" {
                answer.status = 429;
            }
        },
        ..Habit::NONE
    };
    for (name, played) in play(&cap, "regen_limit::") {
        let noted: Vec<_> = played.sheet.noted().iter().map(|noted| noted.check).collect();
        assert_eq!((&played.verdict, noted), (&Verdict::Fail, vec![CheckId::Status]), "{name}");
        // The case and its twin; what is waited out is sent once more.
        assert_eq!(played.exchanges.len(), 2, "{name}");
    }
}

#[test]
fn credits_may_be_put_in_any_words_as_long_as_the_numbers_can_be_true() {
    const SWAPPED: Option<&str> = Some("a text in which need is greater than have");
    const NOTHING: Option<&str> = Some("a text that holds a number");
    const SAME: Option<&str> = Some("a text whose numbers differ, need and have");
    let rows = [
        ("You need 150 credits but have 40.", None),
        ("You have 40 credits but need 150.", None),
        ("This call needs 10 credits, and the workspace has 4.", None),
        ("Need 1,500 credits; have 400", None),
        ("need 150, have 40", None),
        ("You have 4 of 10 credits", None),
        ("4 of 10 credits", None),
        ("10 credits required, 4 available, top up 6", None),
        ("You need 6 more credits: you have 4, and this costs 10", None),
        ("You need 6 credits more; you have 14 left over", None),
        ("Guthaben: -5, benötigt: 1.500", None),
        ("Solde \u{2212}5, il faut 10", None),
        ("You have none; 10 needed", None),
        ("need 1\u{202f}500 credits, have 1\u{202f}400", None),
        ("besoin de 1\u{202f}500, solde 400", None),
        ("need 12'000, have 9'000", None),
        ("you need 10.5 credits, you have 40.25 in another workspace", None),
        ("You need to have 10 credits, you have 4", None),
        ("رصيدك ٤ والمطلوب ١٠", None),
        ("need ١٠, have ٤", None),
        ("Not enough credits.", NOTHING),
        ("You need ten and have four", NOTHING),
        ("You need 10 credits but have 10.", SWAPPED),
        ("need 40, have 40", SWAPPED),
        ("10 of 10 credits", SAME),
        ("Guthaben: 1.500, benötigt: 1500", SAME),
        ("You need 40 credits but have 150.", SWAPPED),
        ("You have 150 credits left, but need 40.", SWAPPED),
        ("This call needs 4 credits, and the workspace has 10.", SWAPPED),
        ("need 400 credits, have 1\u{202f}500", SWAPPED),
    ];
    let contract = contract();
    let of_credits = |code: &str| code == "insufficient_credits";
    let scenario = contract.scenarios.iter().find(|scenario| of_credits(scenario.code.as_str()));
    let pattern = scenario.expect("the code").message.as_ref();
    for (text, expected) in rows {
        let found = message(Some(&text.into()), "/error/message", &[], pattern);
        let found = found.first().map(|mismatch| mismatch.wrong.to_string());
        let expected =
            expected.map(|expected| format!("expected {expected}, got {}", Value::from(text)));
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn a_balance_is_read_before_a_request_begins_that_may_reserve_credits_for_minutes() {
    let clock = Clock::Shared(SharedClock::default());
    let (front, keys) = Front::new(clock.clone(), None);
    let suite = Suite::in_process(contract(), Arc::new(front), &keys, clock);
    let suite = suite.unwrap_or_else(|faults| panic!("{faults:?}"));
    let order = |part: &str| -> Vec<_> {
        let trials = suite.plan.trials.iter();
        let named = trials.filter(|planned| planned.case().name.contains(part));
        named.map(errproof::internals::server::planned::Planned::order).collect()
    };
    let (reads, takes_minutes) = (order("nothing-charged"), order("generation_timeout"));
    assert!(!reads.is_empty() && !takes_minutes.is_empty());
    assert!(reads.iter().min() > takes_minutes.iter().max(), "{reads:?} {takes_minutes:?}");
}
