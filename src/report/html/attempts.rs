//! A client's attempts on a line of time.

use super::{
    element::{Element, element},
    parts::aside,
};
use crate::{
    result::timeline::{AttemptMark, Timeline},
    shown,
    shown::{plural::plural, text::Shown},
};

/// The width of a drawing, and the room at both ends of its axis.
const WIDTH: u64 = 720;
const MARGIN: u64 = 16;

/// Where the line of time is.
const AXIS: u64 = 34;

/// How many runs of a trial are drawn: a rule that is judged from all runs has twenty.
const DRAWN: usize = 3;

/// The runs of a client that a trial was judged from.
pub(super) fn render(timelines: &[Timeline]) -> impl Iterator<Item = Element> {
    let more = timelines.len().saturating_sub(DRAWN);
    let more = (more > 0).then(|| aside(shown!["and ", plural(more, "more run")]));
    timelines.iter().take(DRAWN).map(drawing).chain(more)
}

/// Attempts as they were answered, and under each the wait that was promised before the next one.
fn drawing(timeline: &Timeline) -> Element {
    let waited = |mark: &AttemptMark| mark.over_ms + mark.least_wait_ms.unwrap_or_default();
    let last = timeline.attempts.iter().map(waited).max().unwrap_or_default();
    let end = last.max(timeline.ended_ms).max(1);
    let x = |time: u64| MARGIN + time.min(end) * (WIDTH - 2 * MARGIN) / end;
    let waits = timeline.attempts.iter().filter_map(|mark| {
        let (from, to) = (x(mark.over_ms), x(mark.over_ms + mark.least_wait_ms?));
        Some(line("wait", [from, to], [AXIS, AXIS]))
    });
    let attempts = timeline.attempts.iter().flat_map(|mark| {
        let x = x(mark.arrived_ms);
        let answer = if mark.answered { shown![mark.status] } else { "–".into() };
        [
            element("circle").class(class(mark)).attributes([("cx", x), ("cy", AXIS), ("r", 6)]),
            element("text").attributes([("x", x), ("y", AXIS - 12)]).text(answer),
        ]
    });
    let below = AXIS + 24;
    let ended = x(timeline.ended_ms);
    let (class, beside) =
        if ended > WIDTH / 2 { ("last", ended) } else { ("early", ended.max(3 * MARGIN)) };
    let ending = element("text")
        .class(class)
        .attributes([("x", beside), ("y", below)])
        .text(ending(timeline));
    let drawing = element("svg")
        .attribute("viewBox", shown!["0 0 ", WIDTH, " 64"])
        .attribute("role", "img")
        .attribute("aria-label", words(timeline))
        .child(line("axis", [MARGIN, WIDTH - MARGIN], [AXIS, AXIS]))
        .children(waits)
        .children(attempts)
        .child(line("end", [ended, ended], [AXIS - 10, AXIS + 10]))
        .child(element("text").attributes([("x", MARGIN), ("y", below)]).text("0 s"))
        .child(ending);
    element("figure")
        .class("attempts")
        .child(caption(timeline))
        .child(element("div").class("wide").child(drawing))
}

fn caption(timeline: &Timeline) -> Element {
    let caption = element("figcaption").text(words(timeline));
    if timeline.attempts.iter().all(|mark| mark.least_wait_ms.is_none()) {
        return caption;
    }
    let key = element("span").class("key refused");
    caption.text("; ").child(key).text(" the wait that was promised")
}

fn line(class: &'static str, [x1, x2]: [u64; 2], [y1, y2]: [u64; 2]) -> Element {
    element("line").class(class).attributes([("x1", x1), ("x2", x2), ("y1", y1), ("y2", y2)])
}

fn class(mark: &AttemptMark) -> &'static str {
    match mark.status {
        200..=299 if mark.answered => "served",
        _ => "refused",
    }
}

fn words(timeline: &Timeline) -> Shown {
    let attempt = |mark: &AttemptMark| {
        let told = mark.retry_after.map(|told| shown![", Retry-After ", told]);
        let answer = if mark.answered { shown![mark.status] } else { "no response".into() };
        shown![answer, " at ", seconds(mark.arrived_ms), told, "; "]
    };
    let attempts: Vec<Shown> = timeline.attempts.iter().map(attempt).collect();
    let attempts = Shown::joined(&attempts, "");
    let more = match timeline.more_attempts {
        0 => Shown::default(),
        more => shown![plural(more, "more attempt"), "; "],
    };
    shown![timeline.run, ": ", attempts, more, "the command ended at ", ending(timeline)]
}

fn ending(timeline: &Timeline) -> Shown {
    shown![seconds(timeline.ended_ms), ": ", timeline.end]
}

/// Seconds with two places.
fn seconds(milliseconds: u64) -> Shown {
    let [tenths, hundredths] = [milliseconds / 100 % 10, milliseconds / 10 % 10];
    shown![milliseconds / 1_000, ".", tenths, hundredths, " s"]
}

#[cfg(test)]
mod tests {
    use super::{super::in_lines, *};
    use crate::result::{example, side_name::SideName};

    #[test]
    fn up_to_three_runs_of_a_client_are_drawn_and_said_in_words() {
        let client = example::side(SideName::Client);
        let of_four_runs = client.trials.iter().find(|trial| trial.timelines.len() == 4);
        let drawings = render(&of_four_runs.expect("such a trial").timelines);
        let drawings: String = drawings.map(|drawing| drawing.to_string()).collect();
        insta::assert_snapshot!(in_lines(&drawings));
    }
}
