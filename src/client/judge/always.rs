//! What holds after every code, whatever the script of a run.

use std::time::Duration;

use super::{Look, gap, overlap, seconds};
use crate::{
    checks::mismatch::Mismatch,
    client::{
        command::API_KEY,
        record::{Attempt, CommandEnd, Output, Record},
        rule::Rules,
    },
    contract::{carrier::Parts, key::Carrier, retry::Always},
    shown::secret::Secret,
};

/// What holds after every code, in one run.
pub(super) fn look(rules: &Rules, always: Always, record: &Record, key: &Secret) -> Look {
    let ended = matches!(record.end, CommandEnd::Exit(_) | CommandEnd::Signal(_));
    let Output { key: key_seen, ids, unsearched, .. } = &record.printed;
    if record.attempts.is_empty() && always != Always::Ends {
        return Look::Nothing;
    }
    let says = |sentence: String| Some(Mismatch::says("", sentence));
    Look::Judged(match always {
        // Of one with too many attempts, `client.attempts` says what there is to say.
        Always::Ends => match record.end {
            CommandEnd::Overran(time) => says(format!(
                "the command was still running after {} s and was killed together with its child processes",
                time.as_secs()
            )),
            _ => None,
        },
        Always::OneAtATime => at_once(record),
        Always::Beat => without_a_beat(record, rules.beat),
        Always::SameRequest => other_request(record, &rules.carriers, key),
        Always::RequestId => {
            // What came after its end it cannot know of.
            let before_its_end = |attempt: &Attempt| attempt.arrived <= record.ended;
            let last = record.attempts.iter().rposition(before_its_end);
            let Some(last) = last else { return Look::Nothing };
            if !ended || record.attempts[last].given.code.is_none() {
                return Look::Nothing;
            }
            match ids.contains(&last) {
                true => None,
                false if *unsearched > 0 => return Look::Unjudged(too_much(record)),
                false if ids.is_empty() => {
                    says("the client did not print the request id of its last response".to_owned())
                }
                false => says(
                    "the client printed the request id of an earlier response, and not that of its last"
                        .to_owned(),
                ),
            }
        }
        Always::KeyUnseen if *key_seen => {
            says(format!("the client printed its key (${API_KEY}), or a part of it"))
        }
        Always::KeyUnseen if *unsearched > 0 => return Look::Unjudged(too_much(record)),
        Always::KeyUnseen => None,
        Always::Quiet => {
            let late = |attempt: &&Attempt| ended && attempt.arrived > record.ended;
            record.attempts.iter().find(late).and_then(|attempt| {
                let after = seconds(attempt.arrived.saturating_sub(record.ended));
                says(format!("an attempt started {after} after the command had ended"))
            })
        }
    })
}

fn too_much(record: &Record) -> String {
    let megabytes = record.printed.unsearched / 1_000_000;
    format!("{megabytes} MB of what the client printed in one run were too much to search")
}

fn at_once(record: &Record) -> Option<Mismatch> {
    let attempts = &record.attempts;
    let at = (1..attempts.len())
        .find(|at| attempts[..*at].iter().any(|before| overlap(before, &attempts[*at])))?;
    let number = at + 1;
    Some(Mismatch::says("", format!("attempt {number} started while another had no response yet")))
}

fn without_a_beat(record: &Record, beat: Duration) -> Option<Mismatch> {
    let mut pairs = record.attempts.windows(2).enumerate();
    pairs.find_map(|(at, pair)| {
        let gap = gap(&pair[0], &pair[1]);
        if gap >= beat || overlap(&pair[0], &pair[1]) {
            return None;
        }
        let (number, gap, beat) = (at + 2, seconds(gap), seconds(beat));
        Some(Mismatch::says(
            "",
            format!("attempt {number} started {gap} after a response; expected a wait of at least {beat}"),
        ))
    })
}

fn other_request(record: &Record, carriers: &[Carrier], key: &Secret) -> Option<Mismatch> {
    let first = &record.attempts[0];
    let is_own = |(header, value): &(String, Secret)| {
        let of = |carrier: &&Carrier| {
            [&carrier.header, &carrier.query, &carrier.cookie].contains(&&Some(header.clone()))
        };
        let is_it = |carrier: &Carrier| {
            // The other parts of its credentials a client has from elsewhere.
            let own = carrier.value(key.expose(), &Parts::new());
            carrier.other.is_some() || own == value.expose()
        };
        carriers.iter().filter(of).any(is_it)
    };
    // What is in a body, or signs, is not looked for; nor is a key where there is none.
    let is_looked_for = |carrier: &Carrier| {
        [&carrier.header, &carrier.query, &carrier.cookie].iter().any(|place| place.is_some())
    };
    let is_seen = carriers.iter().all(is_looked_for);
    for (at, attempt) in record.attempts.iter().enumerate() {
        let number = at + 1;
        let carried = match attempt.keys.iter().all(is_own) {
            _ if attempt.keys.is_empty() && is_seen => Some("no key"),
            true => None,
            false => Some("another key"),
        };
        let wrong = if let Some(carried) = carried {
            format!("attempt {number} carried {carried}; expected the key in ${API_KEY}")
        } else if attempt.line != first.line {
            format!("attempt {number} was {}, and attempt 1 was {}", attempt.line, first.line)
        } else if !same_body(attempt, first) {
            let (length, first) = (attempt.body_bytes, first.body_bytes);
            format!(
                "the body of attempt {number} ({length} bytes) is not that of attempt 1 ({first} bytes)"
            )
        } else {
            continue;
        };
        return Some(Mismatch::says("", wrong));
    }
    None
}

/// The same bytes, or the same JSON: a client may write a table's entries in any order.
fn same_body(one: &Attempt, other: &Attempt) -> bool {
    let json = |attempt: &Attempt| serde_json::from_slice::<serde_json::Value>(&attempt.body).ok();
    let same_bytes = one.body_bytes == other.body_bytes && one.body == other.body;
    same_bytes || json(one).is_some_and(|body| Some(body) == json(other))
}
