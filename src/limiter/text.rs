//! What the experiment found, as a person reads it.

use super::{
    evidence,
    most::most_served,
    numbers::Numbers,
    step::{Algorithm, Sent, What},
    waits::{Truth, waits},
};
use crate::{shown, shown::text::Shown};

/// The name, the numbers beside the contract's, and the evidence. Without a name the rest is said all the same.
#[must_use]
pub fn render(numbers: Numbers, algorithm: Option<Algorithm>, sent: &[Sent]) -> Shown {
    let name = algorithm.map_or("could not be told".into(), name);
    let mut lines = vec![
        shown![limit(numbers), " per key, as the contract says; from outside:"],
        shown!["  algorithm     ", name],
        shown!["  burst         ", burst(sent)],
        shown!["  most served   ", most(numbers, algorithm, sent)],
        shown!["  waits told    ", told(sent)],
        shown!["  sent          ", cost(sent)],
        "".into(),
        "What was sent, and what was served:".into(),
    ];
    lines.extend(evidence::lines(numbers, sent));
    Shown::joined(&lines, "\n")
}

/// What a person is told before the first request.
#[must_use]
pub fn announcement(numbers: Numbers) -> Shown {
    let (requests, time) = numbers.expected();
    let time = time.as_secs();
    let time = match time {
        short if short < 120 => shown![short, " s"],
        long if long < 7_200 => shown![(long + 30) / 60, " min"],
        hours => shown![(hours + 1_800) / 3_600, " h"],
    };
    shown!["sends about ", requests, " requests with one key, in about ", time]
}

fn limit(numbers: Numbers) -> Shown {
    shown![numbers.limit, " requests in ", numbers.window.as_secs(), " s"]
}

fn name(algorithm: Algorithm) -> Shown {
    match algorithm {
        Algorithm::FixedFromFirst => "fixed windows that begin with a key's first request".into(),
        Algorithm::FixedByClock => "fixed windows that end by the clock, for all keys alike".into(),
        Algorithm::SlidingLog => {
            "a sliding log: what was served within the last window counts".into()
        }
        Algorithm::SlidingCounter => {
            "a sliding counter: a part of the window before counts as well".into()
        }
        Algorithm::Bucket { burst } => {
            shown!["a token bucket (or GCRA) of ", burst, ", refilled one by one"]
        }
        Algorithm::Several { counters: Some(counters), .. } => {
            shown!["as much as ", counters, " counters of the limit serve: as of ", counters, " replicas behind a balancer"]
        }
        Algorithm::Several { counters: None, .. } => {
            "more than the limit at once: several counters, a larger limit, or a count that misses requests at the same time".into()
        }
        Algorithm::Nothing { .. } => "none: no request was refused".into(),
    }
}

/// The last burst that was sent at once, with what was sent right after it because nobody was refused.
fn burst(sent: &[Sent]) -> Shown {
    let Some(at) = sent.iter().rposition(|sent| sent.ask.what == What::AtOnce) else {
        return "none was sent".into();
    };
    let more = sent[at + 1..].iter().take_while(|sent| sent.ask.what == What::More);
    let bursts = || sent[at..=at].iter().chain(more.clone());
    let served: u32 = bursts().map(Sent::served).sum();
    let of: usize = bursts().map(|sent| sent.replies.len()).sum();
    shown![served, " of ", of, " served at once"]
}

fn most(numbers: Numbers, algorithm: Option<Algorithm>, sent: &[Sent]) -> Shown {
    let Numbers { limit, window } = numbers;
    // What the limiter serves at once, which need not be what the contract says.
    let at_once = sent.iter().rfind(|sent| sent.ask.what == What::AtOnce).map_or(0, Sent::served);
    let allow = match algorithm {
        Some(Algorithm::FixedFromFirst | Algorithm::FixedByClock) => {
            Some(shown!["fixed windows allow ", at_once * 2])
        }
        Some(Algorithm::Bucket { burst }) => {
            Some(shown!["a bucket of ", burst, " that is refilled so allows ", burst + limit])
        }
        _ => None,
    };
    let allow = allow.map(|allow| shown!["; ", allow]);
    let most = most_served(sent, window);
    shown![most, " in any ", window.as_secs(), " s (", limit, " are the limit", allow, ")"]
}

fn told(sent: &[Sent]) -> Shown {
    let Some(told) = waits(sent) else {
        return "none in seconds".into();
    };
    let range = match (told.least, told.most) {
        (least, most) if least == most => shown![least, " s"],
        (least, most) => shown![least, " to ", most, " s"],
    };
    let truth = match told.truth {
        Truth::True(to) => shown!["true to within ", to, " s"],
        Truth::TooShort(by) => shown!["too short: the key was still refused ", by, " s later"],
        Truth::TooLong(by) => shown!["too long: the key was served ", by, " s earlier"],
        Truth::Untried => "not tried".into(),
    };
    let untold = match told.untold {
        0 => Shown::default(),
        untold => shown!["; none in ", shown::plural::plural(untold, "refusal")],
    };
    shown![range, ", ", truth, untold]
}

fn cost(sent: &[Sent]) -> Shown {
    let requests: usize = sent.iter().map(|sent| sent.replies.len()).sum();
    let begin = sent.first().map(Sent::begin).unwrap_or_default();
    let end = sent.iter().map(Sent::end).max().unwrap_or_default();
    let seconds = end.saturating_sub(begin).as_secs_f64();
    let requests = shown::plural::plural(requests, "request");
    shown![requests, " in ", shown::seconds::seconds(seconds)]
}
