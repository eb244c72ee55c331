//! Carries out one trial: sends what was planned, and has it judged.

use std::time::Duration;

use super::{
    alone::Inside,
    balance::PlannedBalance,
    burst::PlannedBurst,
    key_use::InUse,
    limit_use::Entered,
    plan::APART,
    planned::{Planned, TrialScript},
    play::{Evidence, Play, Stop},
    played::Played,
    progress::Over,
    shared::Run,
    step_play::PlannedSingle,
    winners,
};
use crate::{
    checks::{charge, sheet::Sheet, timing},
    contract::{
        check::CheckId,
        scenario::{At, Expects},
    },
    exchange::outgoing::{NoAnswer, Outgoing},
    result::{advised::Advised, collected::Keep, side::Manner, unproven::Unproven, verdict::weigh},
    targets::known::Known,
    terminal::activity::{Activity, Awaited},
};

impl Run {
    /// Carries out one trial.
    pub async fn play(&self, planned: &Planned) -> Played {
        let (unproven, advised) = (Unproven::Ignore, Advised::Shown);
        let manner = Manner { keep: Keep::Red, unproven, advised };
        self.play_telling(planned, &Activity::default(), manner).await
    }

    /// Carries out one trial, and notes what it is waiting for.
    pub async fn play_telling(
        &self,
        planned: &Planned,
        activity: &Activity,
        manner: Manner,
    ) -> Played {
        let _over = (!planned.case().last).then(|| Over::new(&self.progress));
        let script = match &planned.script {
            Ok(script) => script,
            Err(reason) => return Played::ignored(reason.as_str()),
        };
        let mut play = Play {
            run: self,
            planned,
            activity,
            exchanges: Vec::new(),
            sheet: Sheet::default(),
            advice: Sheet::default(),
            main: None,
            evidence: Evidence::Shown,
            captured: Vec::new(),
            without_twin: None,
            begins: planned.is_awaited().then(|| Over::new(&self.long)),
            gets_key: planned.reads_first().then(|| Over::new(&self.alone_first)),
        };
        let _under_way = self.begin(planned, activity).await;
        let entered = self.enter(planned, activity).await;
        let done = match script {
            TrialScript::Ledger { reads, pointer } => play.ledger(reads, pointer).await,
            TrialScript::Single { steps, hook, request, probe, numbers } => {
                let (steps, hook, probe) = (steps.as_deref(), hook.as_deref(), probe.as_deref());
                play.one(PlannedSingle { steps, hook, request, probe, numbers }).await
            }
            TrialScript::Balance { request, times, read, price, lacks, numbers } => {
                let (times, lacks) = (*times, *lacks);
                play.balance(PlannedBalance { request, times, read, price, lacks, numbers }).await
            }
            TrialScript::Burst {
                request,
                times,
                other,
                meanwhile,
                mistaken,
                strangers,
                limit,
                served,
            } => {
                let (times, served, mistaken) = (*times, *served, mistaken.as_deref());
                let other = other.as_deref();
                let burst = PlannedBurst {
                    request,
                    times,
                    other,
                    limit,
                    served,
                    meanwhile,
                    mistaken,
                    strangers,
                };
                play.past_limit(burst, &entered).await
            }
        };
        drop(entered);
        if let Some(exchange) = self.preflight_leak.of_trial(&planned.case().name) {
            play.keep(exchange.clone());
        }
        let Play { mut exchanges, mut sheet, mut advice, mut main, without_twin, evidence, .. } =
            play;
        if evidence == Evidence::Hidden {
            (exchanges, main) = (Vec::new(), None);
        }
        if manner.advised == Advised::Denied {
            sheet.append(std::mem::take(&mut advice));
        }
        sheet.append_held(&advice);
        let name = &planned.case().name;
        // Of two defects the error is the one code's, and what is known of that is known here.
        let told = planned
            .case()
            .pair
            .as_ref()
            .and_then(|_| self.winners.code_at(winners::place_of(planned.case())));
        let covers = |known: &&Known| {
            known.covers(name) || told.as_ref().is_some_and(|code| known.on == code.as_str())
        };
        let known: Vec<_> = self.target.known.iter().filter(covers).collect();
        let weighed = || weigh(&sheet, None, &known, self.today);
        let verdict = match done {
            Ok(()) => manner.unproven.verdict(weighed(), without_twin.as_deref()),
            Err(stop) => stop.verdict(&sheet, weighed),
        };
        let is_known =
            |check| known.iter().any(|known| known.check == check && known.until >= self.today);
        let advice = advice.without(is_known);
        Played { exchanges, sheet, advice, verdict, main, without_twin }
    }
}

/// What a request is refused with whose key is not good.
const UNAUTHORIZED: u16 = 401;

/// What a request is refused with that costs more than there is.
const PAYMENT_REQUIRED: u16 = 402;

/// Why a body that nobody has to read to its end tells nothing.
const LONG: &str = "the server closed the connection before it had read all of the long body, and sent no response";

/// Whether a server may close the connection rather than read a request to its end (RFC 9112, section 9.6).
fn is_long(request: &Outgoing) -> bool {
    request.request.body.len() > 1 << 20
}

impl Run {
    /// Waits for what a trial has to wait for. It is under way as long as what this gives is held.
    async fn begin(&self, planned: &Planned, activity: &Activity) -> Inside<'_> {
        self.after_long_ones(planned).await;
        if planned.case().last {
            activity.waits(Awaited::Others("all other trials"), None);
            self.progress.wait().await;
        }
        // Only now: who waits for others is not under way, or they might wait for it.
        if planned.case().alone {
            activity.waits(Awaited::Others("the end of all trials that are under way"), None);
            return self.under_way.alone().await;
        }
        activity.waits(Awaited::Others("a trial that has to be alone"), None);
        self.under_way.together().await
    }

    /// Waits until the limits that several keys share let a trial send what they count.
    async fn enter(&self, planned: &Planned, activity: &Activity) -> Entered<'_> {
        let counted_by = planned.counted_by();
        if self.limit_use.is_any(counted_by) {
            activity.waits(Awaited::Others("trials that the same limit counts"), None);
        }
        self.limit_use.enter(counted_by, planned.alone_at()).await
    }

    /// Waits until all requests that take minutes are on their way. Among many connections at once, a process of a
    /// server that has a pool of them accepts two, and answers the second after the minutes of the first.
    async fn after_long_ones(&self, planned: &Planned) {
        // Who reads a balance has the key before them: else it would wait those minutes, and all others behind it.
        if planned.is_awaited() {
            return self.alone_first.wait().await;
        }
        if planned.reads_first() || self.long.all() == 0 {
            return;
        }
        self.long.wait().await;
        self.target.clock.wait(None, APART).await;
    }
}

impl Play<'_> {
    /// A burst. Where several keys share the limit it goes past, that rests before it and after it, if others are to come.
    async fn past_limit(
        &mut self,
        burst: PlannedBurst<'_>,
        entered: &Entered<'_>,
    ) -> Result<(), Stop> {
        let rest = self.run.sender.rest(burst.limit);
        self.rest(rest, "the limit's window to pass, before a burst").await;
        let done = self.burst(burst).await;
        if done.is_ok() {
            self.close_burst(burst);
        }
        let rest = entered.rest_for_others();
        self.rest(rest, "the limit's window to pass, for the trials that it counts").await;
        done
    }

    pub(super) async fn single(
        &mut self,
        request: &Outgoing,
        probe: Option<&(Outgoing, String)>,
    ) -> Result<(), Stop> {
        if self.planned.case().after.is_some() {
            self.wait(
                request,
                self.planned.begins_after,
                "its turn among requests that take minutes",
            )
            .await;
        }
        // On the mock's clock the minutes of one request would pass for all others with its key as well.
        let moves_clock = self.run.target.is_bundled() && self.planned.case().after.is_some();
        let _in_use = self.key_for(request, probe.is_some() || moves_clock).await;
        drop(self.gets_key.take());
        let before = match probe {
            Some((read, pointer)) => Some(self.read(read, pointer).await?),
            None => None,
        };
        let (run, case) = (self.run, self.planned.case());
        drop(self.begins.take());
        for _ in 0..self.planned.times {
            let at = match self.send(request).await {
                Err(Stop::NoAnswer(NoAnswer::Broken(_))) if is_long(request) => {
                    return Err(Stop::Inconclusive(LONG.to_owned()));
                }
                at => at?,
            };
            self.main.get_or_insert(at);
            if let Some(why) = self.lacks_credits(request, at) {
                return Err(Stop::NotProvoked(why));
            }
            let (exchange, sheet) = (&self.exchanges[at], &mut self.sheet);
            run.judge.answer(
                &run.contract,
                &self.planned.scenario,
                Some(case),
                exchange,
                at,
                sheet,
            );
            if let Some(range) = case.after {
                sheet.note(CheckId::Timing, at, timing::within(exchange.took(), range));
            }
        }
        let at = self.main.expect("a case sends its request at least once");
        if let (Some((read, pointer)), Some(before)) = (probe, before) {
            let after = self.read(read, pointer).await?;
            self.sheet.note(CheckId::NoCharge, at, charge::unchanged(pointer, &before, &after));
        }
        if let Some(pair) = &case.pair {
            self.judge_order(pair, winners::place_of(case), at);
        }
        if self.planned.scenario.expects == Expects::AnyError {
            self.judge_anonymous(at);
        }
        self.compare(at);
        Ok(())
    }

    /// Why a request at another point, or with another key, was refused for want of credits, if that may be true: the scenario says of its own
    /// point what the key can pay, and not of others.
    fn lacks_credits(&self, request: &Outgoing, at: usize) -> Option<String> {
        let status = self.exchanges[at].answer.status;
        let is_elsewhere = self.planned.case().at != At::Own;
        // Whether a key is good is looked at before what it can pay, and a key that is taken is a finding.
        let own = [status, UNAUTHORIZED];
        // Of two defects one may be just that.
        let is_of_two = self.planned.case().pair.is_some();
        let is_open = is_elsewhere && !is_of_two && !own.contains(&self.planned.scenario.status);
        if !is_open || status != PAYMENT_REQUIRED {
            return None;
        }
        let key = request.key.as_ref()?;
        let needed = request.cost.saturating_add(self.run.reserved);
        match self.run.ledger.account(key).opening {
            Some((_, Ok(balance))) if balance.as_f64() >= Some(needed.into()) => None,
            _ => Some(format!(
                "the key is refused for want of credits, and has to have {needed} for this request beside all others of the run"
            )),
        }
    }

    /// Lets a limit that several keys share rest.
    async fn rest(&self, time: Duration, what: &'static str) {
        if !time.is_zero() {
            self.activity.waits(Awaited::Words(what.into()), Some(time));
            self.run.target.clock.wait(None, time).await;
        }
    }

    /// The right to use the request's key. One that takes minutes holds it, too: an API may reserve the credits of
    /// a generation until that is over, and two honest servers of 73 did when a balance was read meanwhile.
    pub(super) async fn key_for(&self, request: &Outgoing, alone: bool) -> Option<InUse> {
        let (key, keys) = (request.key.as_ref()?, &self.run.keys);
        self.activity.waits(Awaited::Others("another trial that uses its key"), None);
        Some(if alone { keys.alone(key).await } else { keys.share(key).await })
    }

    /// Reads a probe's number.
    pub(super) async fn read(
        &mut self,
        read: &Outgoing,
        pointer: &str,
    ) -> Result<serde_json::Number, Stop> {
        let at = self.send(read).await?;
        let answer = &self.exchanges[at].answer;
        charge::read(&answer.body, pointer).ok_or_else(|| {
            let path = &read.request.path;
            Stop::Error(format!(
                "failed to read the probe: {path} answered {} without a number at {pointer}",
                answer.status
            ))
        })
    }
}
