//! A burst on a line of time: what was served, what was refused, how long to wait, and what came then.

use maud::{Markup, html};

use crate::{exchange::outgoing::Role, result::evidence::BurstMark};

/// The width of the drawing, and the room at both ends of the axis.
const WIDTH: u64 = 720;
const MARGIN: u64 = 16;

/// The grid that the requests of one moment stand in.
const ROWS: usize = 10;
const STEP: usize = 9;

/// Where the line of time is, and the line of the other key below it.
const AXIS: usize = 105;
const OTHER: usize = 150;

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
pub(super) fn render(refusal: u16, marks: &[BurstMark]) -> Markup {
    let (other, own): (Vec<&BurstMark>, Vec<&BurstMark>) =
        marks.iter().partition(|mark| mark.role == Role::OtherKey);
    let moments = moments(&own);
    // The other key's time may be another one: on the bundled mock each key has its own.
    let end = own.iter().map(|mark| mark.answered).max().unwrap_or_default().max(MOMENT);
    let x = |time: u64| MARGIN + time.min(end) * (WIDTH - 2 * MARGIN) / end;
    html! {
        figure.burst {
            div.wide {
                svg viewBox={ "0 0 " (WIDTH) " 170" } role="img" aria-label=(words(refusal, &moments, &other)) {
                    line.axis x1=(MARGIN) x2=(WIDTH - MARGIN) y1=(AXIS) y2=(AXIS) {}
                    @for moment in &moments { (grid(refusal, x(moment[0].sent), moment)) }
                    @for mark in &other {
                        circle class=(Fate::of(mark, refusal).class()) cx=(x(mark.sent) + 4) cy=(OTHER) r="4" {}
                        text x=(x(mark.sent) + 14) y=(OTHER + 4) { "another key: " (mark.status) }
                    }
                }
            }
            figcaption {
                (words(refusal, &moments, &other))
                br;
                span.key.served {} " served " span.key.refused {} " refused " span.key.other {} " anything else"
            }
        }
    }
}

fn grid(refusal: u16, left: u64, moment: &[&BurstMark]) -> Markup {
    let columns = moment.len().div_ceil(ROWS);
    // A moment at the end of the axis stands left of its time, or it would be outside.
    let width = u64::try_from(columns * STEP).unwrap_or(u64::MAX);
    let left = left.min((WIDTH - MARGIN).saturating_sub(width)).max(MARGIN);
    let place = |at: usize| {
        let across = u64::try_from(at / ROWS * STEP).unwrap_or(u64::MAX);
        (left + across + 4, AXIS - 8 - at % ROWS * STEP)
    };
    html! {
        @for (at, mark) in moment.iter().enumerate() {
            @let (x, y) = place(at);
            circle class=(Fate::of(mark, refusal).class()) cx=(x) cy=(y) r="4" {}
        }
        @if left > WIDTH / 2 {
            text.late x=(left + width) y=(AXIS + 16) { (seconds(moment[0].sent)) }
        } @else {
            text x=(left) y=(AXIS + 16) { (seconds(moment[0].sent)) }
        }
    }
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

fn words(refusal: u16, moments: &[Vec<&BurstMark>], other: &[&BurstMark]) -> String {
    let mut said = Vec::new();
    for moment in moments {
        let count = |fate| moment.iter().filter(|mark| Fate::of(mark, refusal) == fate).count();
        let at = seconds(moment[0].sent);
        if let [only] = moment.as_slice() {
            said.push(format!("at {at}: {}", only.status));
            continue;
        }
        let told = moment.iter().filter_map(|mark| mark.retry_after).max();
        let told = told.map(|told| format!(", told to wait {told} s")).unwrap_or_default();
        let other = match count(Fate::Other) {
            0 => String::new(),
            other => format!(", {other} with another status"),
        };
        said.push(format!(
            "at {at}: {} at once, {} served, {} refused{told}{other}",
            moment.len(),
            count(Fate::Served),
            count(Fate::Refused)
        ));
    }
    for mark in other {
        said.push(format!("another key meanwhile: {}", mark.status));
    }
    said.join("; ")
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100)
}

#[cfg(test)]
mod tests {
    use super::{super::in_lines, *};
    use crate::result::{example, side::SideName};

    #[test]
    fn a_burst_is_drawn_and_said_in_words() {
        let server = example::side(SideName::Server);
        let mut evidence = server.trials.iter().filter_map(|trial| trial.evidence.as_ref());
        let burst = evidence.find(|evidence| !evidence.burst.is_empty()).expect("a burst");
        insta::assert_snapshot!(in_lines(&render(429, &burst.burst).into_string()));
    }
}
