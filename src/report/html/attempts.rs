//! A client's attempts on a line of time.

use maud::{Markup, html};

use crate::result::timeline::{AttemptMark, Timeline};

/// The width of a drawing, and the room at both ends of its axis.
const WIDTH: u64 = 720;
const MARGIN: u64 = 16;

/// Where the line of time is.
const AXIS: u64 = 34;

/// How many runs of a trial are drawn: a rule that is judged from all runs has twenty.
const DRAWN: usize = 3;

/// The runs of a client that a trial was judged from.
pub(super) fn render(timelines: &[Timeline]) -> Markup {
    html! {
        @for timeline in timelines.iter().take(DRAWN) { (drawing(timeline)) }
        @if timelines.len() > DRAWN { p.what { "and " (timelines.len() - DRAWN) " more runs" } }
    }
}

/// Attempts as they were answered, and under each the wait that was promised before the next one.
fn drawing(timeline: &Timeline) -> Markup {
    let waited = |mark: &AttemptMark| mark.over_ms + mark.least_wait_ms.unwrap_or_default();
    let last = timeline.attempts.iter().map(waited).max().unwrap_or_default();
    let end = last.max(timeline.ended_ms).max(1);
    let x = |time: u64| MARGIN + time.min(end) * (WIDTH - 2 * MARGIN) / end;
    html! {
        figure.attempts {
            figcaption { (words(timeline)) "; " span.key.refused {} " the wait that was promised" }
            div.wide {
                svg viewBox={ "0 0 " (WIDTH) " 64" } role="img" aria-label=(words(timeline)) {
                    line.axis x1=(MARGIN) x2=(WIDTH - MARGIN) y1=(AXIS) y2=(AXIS) {}
                    @for mark in &timeline.attempts {
                        @if let Some(wait) = mark.least_wait_ms {
                            line.wait x1=(x(mark.over_ms)) x2=(x(mark.over_ms + wait)) y1=(AXIS) y2=(AXIS) {}
                        }
                    }
                    @for mark in &timeline.attempts {
                        circle class=(class(mark)) cx=(x(mark.arrived_ms)) cy=(AXIS) r="6" {}
                        text x=(x(mark.arrived_ms)) y=(AXIS - 12) { (mark.status) }
                    }
                    line.end x1=(x(timeline.ended_ms)) x2=(x(timeline.ended_ms)) y1=(AXIS - 10) y2=(AXIS + 10) {}
                    text x=(MARGIN) y=(AXIS + 24) { "0 s" }
                    text.last x=(x(timeline.ended_ms)) y=(AXIS + 24) { (seconds(timeline.ended_ms)) ": " (timeline.end) }
                }
            }
        }
    }
}

fn class(mark: &AttemptMark) -> &'static str {
    match mark.status {
        200..=299 => "served",
        _ => "refused",
    }
}

fn words(timeline: &Timeline) -> String {
    let attempt = |mark: &AttemptMark| {
        let told = mark.retry_after.map(|told| format!(", Retry-After {told}")).unwrap_or_default();
        format!("{} at {}{told}", mark.status, seconds(mark.arrived_ms))
    };
    let attempts: Vec<_> = timeline.attempts.iter().map(attempt).collect();
    format!(
        "{}: {}; {} at {}",
        timeline.run,
        attempts.join("; "),
        timeline.end,
        seconds(timeline.ended_ms)
    )
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{:02} s", milliseconds / 1_000, milliseconds % 1_000 / 10)
}
