//! The example's client.

use super::{Example, HOSTILE, Judged, KEY};
use crate::{
    checks::{mismatch::Mismatch, sheet::Sheet},
    contract::check::CheckId,
    result::{
        outcome::Counts,
        side::SideResult,
        side_name::SideName,
        timeline::{AttemptMark, Printed, Timeline},
        trial::TrialResult,
    },
    shown::text::Shown,
};

const HEADLINE: &str = "6 rules on python3 client.py --name 'A & B': 1 kept, 2 broken (key-unseen, retry-after::20s), 1 listed as known but mended (quiet), 1 broken as known (not-retried::plan_gate), 1 not judged (backoff::generation_failed::stops)";

impl Example {
    pub(super) fn client(&self) -> SideResult {
        let (succeeds, retry_after) = (self.succeeds(), self.retry_after());
        let (not_retried, backoff) = (self.not_retried(), self.backoff());
        let unseen = "the client printed its key ($API_KEY), or a part of it";
        let place = "retry-after::20s and 3 more";
        let key_unseen = rule("client::key-unseen", "a client never prints its key").found_on(
            4,
            CheckId::ClientKeyUnseen,
            &Mismatch::says(place, unseen),
        );
        let runs = [&retry_after, &not_retried, &backoff, &succeeds];
        let key_unseen = TrialResult {
            timelines: runs.into_iter().flat_map(|trial| trial.timelines.clone()).collect(),
            printed: retry_after.printed.clone(),
            ..self.weighed(&key_unseen)
        };
        let quiet = rule("client::quiet", "it makes no attempt after its end");
        let quiet = TrialResult {
            timelines: succeeds.timelines.clone(),
            printed: Some(self.printed("done", "")),
            ..self.weighed(&quiet.held(&[CheckId::ClientQuiet]))
        };
        let trials = vec![succeeds, not_retried, retry_after, backoff, key_unseen, quiet];
        SideResult {
            side: SideName::Client,
            subject: "python3 client.py --name 'A & B'".into(),
            headline: HEADLINE.into(),
            counts: Counts::of(trials.iter().map(|trial| trial.outcome)),
            trials,
            advice: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn succeeds(&self) -> TrialResult {
        let judged = rule("client::succeeds", "a success is a success")
            .held(&[CheckId::ClientAttempts, CheckId::ClientOutcome]);
        TrialResult {
            timelines: vec![self.run("succeeds", vec![served(210)], 400, "exit 0")],
            ..self.weighed(&judged)
        }
    }

    fn not_retried(&self) -> TrialResult {
        let judged = rule("client::not-retried::plan_gate", "a 403 is not tried again")
            .held(&[CheckId::ClientOutcome])
            .found(CheckId::ClientAttempts, Mismatch::at("", "exactly one attempt", "2"));
        let attempts = vec![refused(200, 403, "plan_gate"), refused(600, 403, "plan_gate")];
        TrialResult {
            timelines: vec![self.run("not-retried::plan_gate", attempts, 800, "exit 1")],
            printed: Some(self.printed("", "plan_gate, twice")),
            ..self.weighed(&judged)
        }
    }

    fn retry_after(&self) -> TrialResult {
        let wait =
            "attempt 2 started 0.003 s after the response to attempt 1; expected a 20 s wait";
        let judged = rule("client::retry-after::20s", "it waits as long as Retry-After says")
            .held(&[CheckId::ClientAttempts, CheckId::ClientOutcome])
            .found(CheckId::ClientWait, Mismatch::says("", wait));
        let told = AttemptMark {
            retry_after: Some(20),
            least_wait_ms: Some(20_000),
            ..refused(200, 429, "rate_limited")
        };
        let stdout = format!("waiting 20 ms\n::error::{HOSTILE}");
        TrialResult {
            timelines: vec![self.run("retry-after::20s", vec![told, served(223)], 600, "exit 0")],
            printed: Some(self.printed(&stdout, &format!("key {KEY}\n"))),
            ..self.weighed(&judged)
        }
    }

    fn backoff(&self) -> TrialResult {
        let why = "the command did not end by itself: killed with its child processes after 70 s";
        let name = "client::backoff::generation_failed::stops";
        let judged = rule(name, "it gives up after 2 steps").unjudged(why);
        let step = |arrived_ms, least: u64| AttemptMark {
            least_wait_ms: Some(least),
            most_wait_ms: Some(2 * least + 1_500),
            ..refused(arrived_ms, 502, "generation_failed")
        };
        let left = AttemptMark { answered: false, ..refused(4_000, 502, "generation_failed") };
        let attempts = vec![step(200, 1_000), step(1_900, 2_000), left];
        let end = "killed with its child processes after 70 s";
        let run = self.run("backoff::generation_failed::stops", attempts, 70_000, end);
        TrialResult {
            timelines: vec![Timeline { more_attempts: 1, ..run }],
            printed: Some(self.printed("", "")),
            ..self.weighed(&judged)
        }
    }

    /// A run of the client, watched for a second after its end.
    fn run(
        &self,
        name: &str,
        attempts: Vec<AttemptMark>,
        ended_ms: u64,
        end: &'static str,
    ) -> Timeline {
        Timeline {
            run: self.line(name),
            attempts,
            more_attempts: 0,
            ended_ms,
            end: end.into(),
            watched_ms: ended_ms + 1_000,
        }
    }

    fn printed(&self, stdout: &str, stderr: &str) -> Printed {
        let end = |stream: &str| self.redactor.end_of(stream, 600);
        Printed { stdout: end(stdout), stderr: end(stderr) }
    }
}

fn rule(name: &'static str, promise: &'static str) -> Judged {
    Judged {
        side: SideName::Client,
        name,
        code: None,
        promise,
        source: "When to retry",
        seconds: 0.63,
        sheet: Sheet::default(),
        unjudged: None,
    }
}

/// An attempt that was answered with success after 20 ms.
fn served(arrived_ms: u64) -> AttemptMark {
    AttemptMark {
        arrived_ms,
        over_ms: arrived_ms + 20,
        answered: true,
        status: 200,
        code: None,
        retry_after: None,
        request_id: Shown::default(),
        least_wait_ms: None,
        most_wait_ms: None,
    }
}

/// One that was answered with an error.
fn refused(arrived_ms: u64, status: u16, code: &'static str) -> AttemptMark {
    AttemptMark { status, code: Some(code.into()), request_id: "r-7".into(), ..served(arrived_ms) }
}
