//! A client's attempts on a line of time.

use maud::{Markup, html};

use crate::{
    result::timeline::{AttemptMark, Timeline},
    shown::plural::plural,
};

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
        @if timelines.len() > DRAWN { p.what { "and " (plural(timelines.len() - DRAWN, "more run")) } }
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
            figcaption {
                (words(timeline))
                @if timeline.attempts.iter().any(|mark| mark.least_wait_ms.is_some()) {
                    "; " span.key.refused {} " the wait that was promised"
                }
            }
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
                        text x=(x(mark.arrived_ms)) y=(AXIS - 12) { @if mark.answered { (mark.status) } @else { "–" } }
                    }
                    line.end x1=(x(timeline.ended_ms)) x2=(x(timeline.ended_ms)) y1=(AXIS - 10) y2=(AXIS + 10) {}
                    text x=(MARGIN) y=(AXIS + 24) { "0 s" }
                    @let (end, said) = (x(timeline.ended_ms), ending(timeline));
                    @if end > WIDTH / 2 {
                        text.last x=(end) y=(AXIS + 24) { (said) }
                    } @else {
                        text.early x=(end.max(3 * MARGIN)) y=(AXIS + 24) { (said) }
                    }
                }
            }
        }
    }
}

fn class(mark: &AttemptMark) -> &'static str {
    match mark.status {
        200..=299 if mark.answered => "served",
        _ => "refused",
    }
}

fn words(timeline: &Timeline) -> String {
    let attempt = |mark: &AttemptMark| {
        let told = mark.retry_after.map(|told| format!(", Retry-After {told}")).unwrap_or_default();
        let answer = if mark.answered { mark.status.to_string() } else { "no response".to_owned() };
        format!("{answer} at {}{told}; ", seconds(mark.arrived_ms))
    };
    let attempts: String = timeline.attempts.iter().map(attempt).collect();
    let more = match timeline.more_attempts {
        0 => String::new(),
        more => format!("{}; ", plural(more, "more attempt")),
    };
    format!("{}: {attempts}{more}the command ended at {}", timeline.run, ending(timeline))
}

fn ending(timeline: &Timeline) -> String {
    format!("{}: {}", seconds(timeline.ended_ms), timeline.end)
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{:02} s", milliseconds / 1_000, milliseconds % 1_000 / 10)
}

#[cfg(test)]
mod tests {
    use super::{super::in_lines, *};
    use crate::result::{example, side::SideName};

    #[test]
    fn up_to_three_runs_of_a_client_are_drawn_and_said_in_words() {
        let client = example::side(SideName::Client);
        let of_four_runs = client.trials.iter().find(|trial| trial.timelines.len() == 4);
        let drawings = render(&of_four_runs.expect("such a trial").timelines);
        insta::assert_snapshot!(in_lines(&drawings.into_string()));
    }
}
