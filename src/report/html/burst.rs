//! A burst on a line of time: what was served, what was refused, how long to wait, and what came then.

use super::element::{Element, element};
use crate::{exchange::outgoing::Role, result::evidence::BurstMark, shown, shown::text::Shown};

/// The width of the drawing, and the room at both ends of the axis.
const WIDTH: u64 = 720;
const MARGIN: u64 = 16;

/// The grid that the requests of one moment stand in.
const ROWS: u64 = 10;
const STEP: u64 = 9;

/// Where the line of time is, and the line of the other key below it.
const AXIS: u64 = 105;
const OTHER: u64 = 150;

/// Requests that are sent within this of each other, in milliseconds, belong to one moment.
const MOMENT: u64 = 1_000;

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Served,
    Refused,
    Other,
}

impl Fate {
    fn of(mark: &BurstMark, refusal: u16) -> Self {
        match mark.status {
            200..=299 => Self::Served,
            status if status == refusal => Self::Refused,
            _ => Self::Other,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Refused => "refused",
            Self::Other => "other",
        }
    }
}

/// The drawing, with what it shows in words. `refusal` is the status of a refused request.
pub(super) fn render(refusal: u16, marks: &[BurstMark]) -> Element {
    let (other, own): (Vec<&BurstMark>, Vec<&BurstMark>) =
        marks.iter().partition(|mark| mark.role == Role::OtherKey);
    let moments = moments(&own);
    let words = words(refusal, &moments, &other);
    // The other key's time may be another one: on the bundled mock each key has its own.
    let end = own.iter().map(|mark| mark.answered).max().unwrap_or_default().max(MOMENT);
    let x = |time: u64| MARGIN + time.min(end) * (WIDTH - 2 * MARGIN) / end;
    let axis = [("x1", MARGIN), ("x2", WIDTH - MARGIN), ("y1", AXIS), ("y2", AXIS)];
    let others = other.iter().flat_map(|mark| {
        let x = x(mark.sent);
        [
            circle(Fate::of(mark, refusal), x + 4, OTHER),
            element("text")
                .attributes([("x", x + 14), ("y", OTHER + 4)])
                .text(shown!["another key: ", mark.status]),
        ]
    });
    let drawing = element("svg")
        .attribute("viewBox", shown!["0 0 ", WIDTH, " 170"])
        .attribute("role", "img")
        .attribute("aria-label", &words)
        .child(element("line").class("axis").attributes(axis))
        .children(moments.iter().flat_map(|moment| grid(refusal, x(moment[0].sent), moment)))
        .children(others);
    let key = |fate: Fate| element("span").class(shown!["key ", fate.class()]);
    let caption = element("figcaption")
        .text(&words)
        .child(element("br"))
        .child(key(Fate::Served))
        .text(" served ")
        .child(key(Fate::Refused))
        .text(" refused ")
        .child(key(Fate::Other))
        .text(" anything else");
    element("figure")
        .class("burst")
        .child(element("div").class("wide").child(drawing))
        .child(caption)
}

/// The requests of a moment in columns, and when it was.
fn grid(refusal: u16, left: u64, moment: &[&BurstMark]) -> Vec<Element> {
    let columns = u64::try_from(moment.len()).unwrap_or(u64::MAX).div_ceil(ROWS);
    // A moment at the end of the axis stands left of its time, or it would be outside.
    let width = columns * STEP;
    let left = left.min((WIDTH - MARGIN).saturating_sub(width)).max(MARGIN);
    let circles = (0..).zip(moment).map(|(at, mark)| {
        let (across, up) = (at / ROWS * STEP, at % ROWS * STEP);
        circle(Fate::of(mark, refusal), left + across + 4, AXIS - 8 - up)
    });
    let below = AXIS + 16;
    let when = if left > WIDTH / 2 {
        element("text").class("late").attributes([("x", left + width), ("y", below)])
    } else {
        element("text").attributes([("x", left), ("y", below)])
    };
    circles.chain([when.text(seconds(moment[0].sent))]).collect()
}

fn circle(fate: Fate, x: u64, y: u64) -> Element {
    element("circle").class(fate.class()).attributes([("cx", x), ("cy", y), ("r", 4)])
}

/// The requests by the moment in which they were sent.
fn moments<'a>(marks: &[&'a BurstMark]) -> Vec<Vec<&'a BurstMark>> {
    let mut moments: Vec<Vec<&BurstMark>> = Vec::new();
    for mark in marks {
        match moments.last_mut() {
            Some(moment) if mark.sent.abs_diff(moment[0].sent) < MOMENT => moment.push(mark),
            _ => moments.push(vec![mark]),
        }
    }
    moments
}

fn words(refusal: u16, moments: &[Vec<&BurstMark>], other: &[&BurstMark]) -> Shown {
    let mut said = Vec::new();
    for moment in moments {
        let count = |fate| moment.iter().filter(|mark| Fate::of(mark, refusal) == fate).count();
        let at = shown!["at ", seconds(moment[0].sent), ": "];
        if let [only] = moment.as_slice() {
            said.push(shown![at, only.status]);
            continue;
        }
        let told = moment.iter().filter_map(|mark| mark.retry_after).max();
        let told = told.map(|told| shown![", told to wait ", told, " s"]);
        let other = match count(Fate::Other) {
            0 => Shown::default(),
            other => shown![", ", other, " with another status"],
        };
        let (served, refused) = (count(Fate::Served), count(Fate::Refused));
        let counts = shown![moment.len(), " at once, ", served, " served, ", refused, " refused"];
        said.push(shown![at, counts, told, other]);
    }
    for mark in other {
        said.push(shown!["another key meanwhile: ", mark.status]);
    }
    Shown::joined(&said, "; ")
}

/// Seconds with one place.
fn seconds(milliseconds: u64) -> Shown {
    shown![milliseconds / 1_000, ".", milliseconds / 100 % 10, " s"]
}

#[cfg(test)]
mod tests {
    use super::{super::in_lines, *};
    use crate::result::{example, side_name::SideName};

    #[test]
    fn a_burst_is_drawn_and_said_in_words() {
        let server = example::side(SideName::Server);
        let mut evidence = server.trials.iter().filter_map(|trial| trial.evidence.as_ref());
        let burst = evidence.find(|evidence| !evidence.burst.is_empty()).expect("a burst");
        insta::assert_snapshot!(in_lines(&render(429, &burst.burst).to_string()));
    }
}
