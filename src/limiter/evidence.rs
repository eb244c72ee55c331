//! What was sent, what was served of it, and what that shows, line by line.

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
    let times = shown![first.begin().as_secs(), "-", last.begin().as_secs(), " s"];
    let served: u32 = step.iter().map(Sent::served).sum();
    let each = numbers.part().as_secs_f64();
    let meaning = if last.is_served() { "the key is back" } else { "the key does not come back" };
    let words = shown!["one each ", shown::seconds::seconds(each), ": ", meaning];
    columns(times, served, step.len(), words)
}

fn one(numbers: Numbers, sent: &Sent) -> Shown {
    let time = shown![sent.begin().as_secs(), " s"];
    let [label, meaning] = words(numbers, sent);
    let words = if meaning.is_empty() { label.into() } else { shown![label, ": ", meaning] };
    columns(time, sent.served(), sent.replies.len(), words)
}

fn columns(time: Shown, served: u32, of: usize, words: Shown) -> Shown {
    let count = shown![served, " of ", of];
    shown!["  ", left(time, 9), "  ", left(count, 10), "   ", words]
}

/// A text at the right end of a column of this width.
fn left(text: Shown, width: usize) -> Shown {
    const SPACES: &str = "          ";
    let missing = width.saturating_sub(text.as_str().len()).min(SPACES.len());
    shown![&SPACES[..missing], text]
}

/// What a step was sent for, and what came of that.
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
            choose(many(sent), "all has come back, so it is no counter", "little has come back"),
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
