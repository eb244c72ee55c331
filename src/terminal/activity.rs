//! What a trial is waiting for, for whoever wonders why it takes so long.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::{runtime::Handle, task::AbortHandle, time};

use super::print;
use crate::{
    exchange::{locked::Locked as _, message::Request},
    shown,
    shown::{redactor::Redactor, text::Shown},
};

/// A trial that takes longer than this says what it waits for ...
const PATIENCE: Duration = Duration::from_secs(5);

/// ... and once more each time that this has passed.
const AGAIN: Duration = Duration::from_secs(15);

/// Whoever waits for other trials of the run says so only after this, since those say what they wait for themselves: of
/// 108 lines of a live run 65 were of this kind.
const PATIENCE_WITH_OTHERS: Duration = Duration::from_secs(60);

/// What one trial is waiting for.
#[derive(Debug, Clone, Default)]
pub struct Activity(Arc<Mutex<Option<Waiting>>>);

/// What is waited for.
#[derive(Debug)]
pub(crate) enum Awaited {
    /// What these words say.
    Words(Shown),
    /// Other trials of the run, and for what they have to be over.
    Others(&'static str),
    /// The answer to a request.
    AnswerTo(Arc<Request>),
}

#[derive(Debug)]
struct Waiting {
    what: Awaited,
    since: Instant,
    most: Option<Duration>,
}

impl Activity {
    /// Notes what is waited for from now on, and how long that may take.
    pub(crate) fn waits(&self, what: Awaited, most: Option<Duration>) {
        *self.0.locked() = Some(Waiting { what, since: Instant::now(), most });
    }

    /// Whether it is for others to say what is waited for.
    fn is_with_others(&self) -> bool {
        self.0.locked().as_ref().is_some_and(|waiting| {
            let is_soon = waiting.since.elapsed() < PATIENCE_WITH_OTHERS;
            is_soon && matches!(waiting.what, Awaited::Others(_))
        })
    }

    fn describe(&self, redactor: &Redactor) -> Shown {
        let wait = self.0.locked();
        let Some(Waiting { what, since, most }) = &*wait else { return "busy".into() };
        let what = match what {
            Awaited::Words(words) => words.clone(),
            Awaited::Others(words) => (*words).into(),
            Awaited::AnswerTo(request) => {
                redactor.line(&format!("{} {}", request.method, request.path))
            }
        };
        let passed = since.elapsed().as_secs();
        let most = most.map(|most| shown![" of at most ", most.as_secs(), " s"]);
        shown!["waiting for ", what, " (", passed, " s", most.unwrap_or_default(), ")"]
    }
}

/// How lines on stderr go with those of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// Each line of the run is printed whole, so another one may stand between any two.
    Whole,
    /// With one trial at a time its name is printed first, and its result later on the same
    /// line: whoever prints in between begins a line of their own.
    Begun,
}

/// Tells on stderr what a trial waits for, until this is dropped.
#[derive(Debug)]
#[must_use = "it says nothing any more as soon as this is dropped"]
pub(crate) struct Watch(AbortHandle);

impl Watch {
    /// `trial` is its name. Most trials end before anything is said, so what is said is made then.
    pub(crate) fn start(
        runtime: &Handle,
        trial: &Shown,
        activity: &Activity,
        redactor: &Arc<Redactor>,
        lines: Lines,
    ) -> Self {
        let (activity, redactor) = (activity.clone(), Arc::clone(redactor));
        let trial = trial.clone();
        let task = runtime.spawn(async move {
            time::sleep(PATIENCE).await;
            loop {
                if !activity.is_with_others() {
                    let begin = if lines == Lines::Begun { "\n" } else { "" };
                    let waits = activity.describe(&redactor);
                    print::problem(&shown![begin, "errproof: ", trial, ": ", waits]);
                }
                time::sleep(AGAIN).await;
            }
        });
        Self(task.abort_handle())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_described_by_what_it_is_for_and_how_long_it_may_take() {
        let activity = Activity::default();
        let describe = || activity.describe(&Redactor::default());
        assert_eq!(describe().as_str(), "busy");
        activity.waits(Awaited::Words("its turn".into()), None);
        assert_eq!(describe().as_str(), "waiting for its turn (0 s)");
        assert!(!activity.is_with_others());
        activity.waits(Awaited::Others("all other trials"), None);
        assert_eq!(describe().as_str(), "waiting for all other trials (0 s)");
        assert!(activity.is_with_others());
    }
}
