//! What was sent, what was served of it, and what that shows, line by line.

use std::time::Duration;

use super::{
    numbers::Numbers,
    step::{Sent, What},
};
use crate::{shown, shown::text::Shown};

/// One line for each step; the requests that ask when the key comes back are one line together.
#[must_use]
pub(super) fn lines(numbers: Numbers, sent: &[Sent]) -> Vec<Shown> {
    let is_each = |sent: &Sent| sent.ask.what == What::Each;
    let steps = sent.chunk_by(|one, other| is_each(one) && is_each(other));
    steps.map(|step| line(numbers, step)).collect()
}

fn line(numbers: Numbers, step: &[Sent]) -> Shown {
    let [first, .., last] = step else { return one(numbers, &step[0]) };
    let times = shown![time(numbers, first), "-", time(numbers, last), " s"];
    let served: u32 = step.iter().map(Sent::served).sum();
    let each = numbers.part().as_secs_f64();
    let meaning = if last.is_served() { "the key is back" } else { "the key does not come back" };
    let words = shown!["one each ", shown::seconds::seconds(each), ": ", meaning];
    columns(numbers, &times, served, step.len(), &words)
}

fn one(numbers: Numbers, sent: &Sent) -> Shown {
    let time = shown![time(numbers, sent), " s"];
    let [label, meaning] = words(numbers, sent);
    let words = if meaning.is_empty() { label.into() } else { shown![label, ": ", meaning] };
    columns(numbers, &time, sent.served(), sent.replies.len(), &words)
}

/// When a step began: whole seconds, and tenths where the window is short.
fn time(numbers: Numbers, sent: &Sent) -> Shown {
    let begin = sent.begin();
    if numbers.window >= LONG {
        return shown![begin.as_secs()];
    }
    shown![begin.as_secs(), ".", begin.subsec_millis() / 100]
}

/// Of a window as long as this no two steps begin in the same second, but those that are sent at once.
const LONG: Duration = Duration::from_secs(30);

fn columns(numbers: Numbers, time: &Shown, served: u32, of: usize, words: &Shown) -> Shown {
    let width = if numbers.window >= LONG { 9 } else { 11 };
    let count = shown![served, " of ", of];
    shown!["  ", right(time, width), "  ", right(&count, 10), "   ", words]
}

/// A text at the right end of a column of this width.
fn right(text: &Shown, width: usize) -> Shown {
    const SPACES: &str = "             ";
    let missing = width.saturating_sub(text.as_str().len()).min(SPACES.len());
    shown![&SPACES[..missing], text]
}

/// What a step was sent for, and what it showed.
fn words(numbers: Numbers, sent: &Sent) -> [&'static str; 2] {
    let served = sent.served();
    let is_served = sent.is_served();
    let many = |sent: &Sent| sent.served() * 2 > sent.ask.count;
    let choose = |is: bool, yes, no| if is { yes } else { no };
    match sent.ask.what {
        What::AtOnce => {
            let meaning = match served {
                few if few < numbers.limit => "fewer than the limit",
                limit if limit == numbers.limit => "as many as the limit",
                _ if is_served => "all",
                _ => "more than the limit",
            };
            ["at once", meaning]
        }
        What::More => ["as many again", choose(served == 0, "none is left", "")],
        What::Soon => [
            "when a bucket has one to spare",
            choose(is_served, "one has come back", "none has come back"),
        ],
        What::SoonAgain => [
            "when a bucket has one more",
            choose(is_served, "one has come back", "none has come back, so it is no bucket"),
        ],
        What::Some => [
            "more than a bucket has to spare",
            choose(many(sent), "a window has just ended", "no more than a bucket gives back"),
        ],
        What::Each => ["one", choose(is_served, "the key is back", "the key is not back")],
        What::Back => [
            "at once, right after that",
            choose(
                many(sent),
                "all or most has come back, so it is no counter",
                "little has come back",
            ),
        ],
        What::Slowly | What::SlowlyAgain => [
            "when a counter has one more to spare",
            choose(is_served, "one has come back", "none has come back"),
        ],
        What::BeforeEdge => ["just before a window has to end, if windows end by the clock", ""],
        What::AfterEdge => [
            "just after that",
            choose(
                many(sent),
                "a window has ended",
                "none has ended, so they do not end by the clock",
            ),
        ],
        What::Midst => [
            "a third of a window later",
            choose(is_served, "more has come back", "nothing more has come back"),
        ],
        What::Opens => ["to begin a window, if a key's first request does", ""],
        What::BeforeEnd => ["just before the end of that window", ""],
        What::AfterEnd => [
            "just after it",
            choose(many(sent), "a new window has begun", "a log still has the others"),
        ],
    }
}
