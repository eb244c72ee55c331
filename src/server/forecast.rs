//! What a run will send and how long it will take, foretold by carrying its [`steps`] out without a server: with as
//! many trials at once as the run has, each key held under its limit as the run holds it, and each twin paid for and
//! asked once. Pure: its time is a number.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap, HashSet, VecDeque},
    time::Duration,
};

use super::{
    planned::{Planned, TrialScript, TwinScript},
    steps::{AFTER_LONG, Held, Minutes, Step, steps},
    twins::Twins,
};
use crate::{
    contract::{
        contract_file::Limit,
        limit::{LimitPlace, LimitSet},
        scenario::Case,
    },
    exchange::{
        outgoing::Outgoing,
        pacing::{Book, Counter, Kept},
    },
    shown::secret::Secret,
};

/// What a response takes if nothing is known of it. It counts for little: keys wait for their limit.
const RESPONSE: Duration = Duration::from_millis(50);

/// What a run will send, and how long it will take.
#[derive(Debug, Default)]
pub(super) struct Forecast {
    /// How many requests carry each key, and how many none.
    pub(super) requests: HashMap<Option<Secret>, usize>,
    /// What the twins cost together.
    pub(super) credits: u32,
    /// How many cases have no twin, by the reason.
    pub(super) without_twin: BTreeMap<String, usize>,
    /// From the preflight to the end of the last trial.
    pub(super) time: Duration,
}

/// How a run is carried out.
#[derive(Debug)]
pub(super) struct Pace<'a> {
    /// How many trials are carried out at once.
    pub(super) at_once: usize,
    /// The limits that keys are held under; none is if waits pass at once, as on the bundled mock.
    pub(super) limits: Vec<&'a Limit>,
    /// How the time passes.
    pub(super) passing: Passing,
    /// What a response takes that may take minutes.
    pub(super) minutes: Minutes,
    /// The credits of the target's file.
    pub(super) budget: u32,
    /// The same, for twins.
    pub(super) twins: Twins,
}

/// How the time of a run passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passing {
    /// As it does.
    Real,
    /// At once: harness and server share a clock.
    AtOnce,
}

/// Foretells a run: what it does `before` its trials, and these trials in the order in which they begin.
pub(super) fn forecast<'a>(
    before: impl IntoIterator<Item = Step<'a>>,
    trials: &[&'a Planned],
    pace: Pace<'a>,
) -> Forecast {
    let mut run = Foretold::new(pace);
    run.carry_out([(before.into_iter().collect(), None)].into());
    let budget = run.pace.budget;
    // A case of a balance whose price nothing shows is ignored before it sends anything.
    let is_sent = |planned: &Planned| match &planned.script {
        Ok(TrialScript::Balance { price, .. }) => price.is_stated || budget >= price.cost,
        Ok(_) => true,
        Err(_) => false,
    };
    let ready = || trials.iter().filter(|planned| is_sent(planned));
    let others = ready().filter(|planned| !planned.case().last).count();
    let is_ledger = |planned: &Planned| matches!(planned.script, Ok(TrialScript::Ledger { .. }));
    // Where no other trial is, a ledger's has nothing to add up.
    let carried_out = || ready().filter(|planned| others > 0 || !is_ledger(planned));
    let long = carried_out().filter(|planned| planned.is_awaited()).count();
    run.long = if run.pace.passing == Passing::Real { Left::of(long) } else { Left::of(0) };
    run.others = Left::of(others);
    let alone_at = carried_out().filter_map(|planned| planned.alone_at());
    for place in alone_at.collect::<HashSet<_>>() {
        let left = carried_out().filter(|planned| planned.counted_by().has(place)).count();
        run.alone_at.insert(place, (Holders::default(), left));
    }
    for planned in carried_out() {
        if let Some(Err(why)) = &planned.twin {
            *run.done.without_twin.entry(why.clone()).or_default() += 1;
        }
    }
    for cost in carried_out().map(|planned| planned.pays()).filter(|cost| *cost > 0) {
        if run.pace.twins.pay_purchase(cost) {
            run.done.credits += cost;
        }
    }
    let minutes = run.pace.minutes;
    let steps = |planned: &&'a Planned| (steps(planned, minutes).into(), Some(*planned));
    run.carry_out(carried_out().map(steps).collect());
    run.done
}

/// Steps that are left, and the trial that they are of.
type Due<'a> = (VecDeque<Step<'a>>, Option<&'a Planned>);

/// How many are left of how many.
#[derive(Debug, Default, Clone, Copy)]
struct Left {
    all: usize,
    left: usize,
}

impl Left {
    fn of(all: usize) -> Self {
        Self { all, left: all }
    }
}

/// Who holds a key, and who waits for it, in the order in which they came.
#[derive(Debug, Default)]
struct Holders {
    shared: usize,
    alone: bool,
    waiting: VecDeque<usize>,
}

impl Holders {
    /// Takes it, unless somebody has it or has waited for longer.
    fn take(&mut self, at: usize, held: Held) -> bool {
        let is_free = !self.alone && (held == Held::Shared || self.shared == 0);
        let is_next = self.waiting.front().is_none_or(|first| *first == at);
        if !(is_free && is_next) {
            if !self.waiting.contains(&at) {
                self.waiting.push_back(at);
            }
            return false;
        }
        self.waiting.retain(|waiting| *waiting != at);
        match held {
            Held::Shared => self.shared += 1,
            Held::Alone => self.alone = true,
        }
        true
    }

    /// Gives it back.
    fn leave(&mut self, held: Held) {
        match held {
            Held::Shared => self.shared -= 1,
            Held::Alone => self.alone = false,
        }
    }
}

/// One of the trials at once.
#[derive(Debug, Default)]
struct Worker<'a> {
    steps: VecDeque<Step<'a>>,
    planned: Option<&'a Planned>,
    /// How it is under way, if it is.
    inside: Option<Held>,
    holds: Option<(&'a Secret, Held)>,
    /// The limits that it has entered.
    entered: Vec<(LimitPlace, Held)>,
    asks: Option<&'a str>,
}

/// What becomes of a worker after a step.
enum After {
    /// It goes on at once.
    GoesOn,
    /// It goes on when so much time is over.
    Later(Duration),
    /// It tries the step again when somebody else has done one.
    Blocked,
}

/// A run that is foretold.
struct Foretold<'a> {
    pace: Pace<'a>,
    kept: Kept,
    book: Book,
    now: Duration,
    /// Who goes on when; those of the same time in the order in which they were noted.
    due: BinaryHeap<Reverse<(Duration, usize, usize)>>,
    noted: usize,
    workers: Vec<Worker<'a>>,
    blocked: Vec<usize>,
    /// The trials that are under way, as if the run were a key that each of them holds.
    under_way: Holders,
    holders: HashMap<&'a Secret, Holders>,
    /// Who waits for a turn, by what counts it.
    lines: HashMap<Counter, VecDeque<usize>>,
    /// The limits that a burst goes past alone, and how many trials they count that are not over.
    alone_at: BTreeMap<LimitPlace, (Holders, usize)>,
    long: Left,
    others: Left,
    /// Twins that are asked right now, that were asked, and that were not for want of credits.
    asking: HashSet<&'a str>,
    asked: HashSet<&'a str>,
    unpaid: HashSet<&'a str>,
    done: Forecast,
}

impl<'a> Foretold<'a> {
    fn new(pace: Pace<'a>) -> Self {
        let is_real = pace.passing == Passing::Real;
        let kept = Kept::of(pace.limits.iter().copied().filter(|_| is_real));
        Self {
            pace,
            kept,
            book: Book::default(),
            now: Duration::ZERO,
            due: BinaryHeap::new(),
            noted: 0,
            workers: Vec::new(),
            blocked: Vec::new(),
            under_way: Holders::default(),
            holders: HashMap::new(),
            lines: HashMap::new(),
            alone_at: BTreeMap::new(),
            long: Left::default(),
            others: Left::default(),
            asking: HashSet::new(),
            asked: HashSet::new(),
            unpaid: HashSet::new(),
            done: Forecast::default(),
        }
    }

    /// Carries trials out, each worker one after the other, until none is left.
    fn carry_out(&mut self, mut trials: VecDeque<Due<'a>>) {
        self.workers.clear();
        for at in 0..self.pace.at_once.max(1).min(trials.len()) {
            self.workers.push(Worker::default());
            self.wake(at, Duration::ZERO);
        }
        while let Some(Reverse((now, _, at))) = self.due.pop() {
            self.now = now;
            self.go_on(at, &mut trials);
        }
        self.done.time = self.now;
    }

    fn wake(&mut self, worker: usize, after: Duration) {
        let after = if self.pace.passing == Passing::Real { after } else { Duration::ZERO };
        self.noted += 1;
        self.due.push(Reverse((self.now + after, self.noted, worker)));
    }

    /// Something has changed that somebody may wait for.
    fn wake_blocked(&mut self) {
        for worker in std::mem::take(&mut self.blocked) {
            self.wake(worker, Duration::ZERO);
        }
    }

    /// Carries out a worker's steps as long as none of them takes time.
    fn go_on(&mut self, at: usize, trials: &mut VecDeque<Due<'a>>) {
        loop {
            let Some(step) = self.workers[at].steps.pop_front() else {
                self.ends(at);
                let Some((steps, planned)) = trials.pop_front() else { return };
                self.workers[at] = Worker { steps, planned, ..Worker::default() };
                continue;
            };
            match self.step(at, &step) {
                After::GoesOn => {}
                After::Later(time) => return self.wake(at, time),
                After::Blocked => {
                    self.workers[at].steps.push_front(step);
                    self.blocked.push(at);
                    return;
                }
            }
        }
    }

    /// The end of a worker's trial.
    fn ends(&mut self, at: usize) {
        if let Some(held) = self.workers[at].inside.take() {
            self.under_way.leave(held);
            self.wake_blocked();
        }
        let is_other = |planned: &Planned| !planned.case().last;
        let entered = std::mem::take(&mut self.workers[at].entered);
        let has_entered = !entered.is_empty();
        for (place, held) in entered {
            if let Some((holders, left)) = self.alone_at.get_mut(&place) {
                holders.leave(held);
                *left = left.saturating_sub(1);
            }
        }
        let is_of_others = self.workers[at].planned.take().is_some_and(is_other);
        if is_of_others {
            self.others.left -= 1;
        }
        if is_of_others || has_entered {
            self.wake_blocked();
        }
    }

    /// Enters the limits that count a trial, one after the other.
    fn enter(&mut self, at: usize, counted_by: LimitSet, alone: Option<LimitPlace>) -> After {
        for (place, (holders, _)) in &mut self.alone_at {
            let has_entered = self.workers[at].entered.iter().any(|(entered, _)| entered == place);
            if has_entered || !counted_by.has(*place) {
                continue;
            }
            let held = if alone == Some(*place) { Held::Alone } else { Held::Shared };
            if !holders.take(at, held) {
                return After::Blocked;
            }
            self.workers[at].entered.push((*place, held));
        }
        After::GoesOn
    }

    /// Lets a limit rest that several keys share.
    fn rest(&self, place: LimitPlace) -> After {
        match self.kept.rest(&self.book, place, self.now) {
            Duration::ZERO => After::GoesOn,
            time => After::Later(time),
        }
    }

    /// The same for the trials to come, after a burst.
    fn rest_for_others(&self, place: LimitPlace) -> After {
        let is_last = self.alone_at.get(&place).is_none_or(|(_, left)| *left < 2);
        let limit = self.pace.limits.iter().find(|limit| limit.place == place);
        match limit.filter(|_| !is_last) {
            Some(limit) => After::Later(Duration::from_secs(u64::from(limit.window_seconds) + 1)),
            None => After::GoesOn,
        }
    }

    fn step(&mut self, at: usize, step: &Step<'a>) -> After {
        match step {
            Step::AfterLong if self.long.all == 0 => After::GoesOn,
            Step::AfterLong if self.long.left == 0 => After::Later(AFTER_LONG),
            Step::AfterOthers if self.others.left == 0 => After::GoesOn,
            Step::AfterLong | Step::AfterOthers => After::Blocked,
            Step::LongBegins => {
                self.long.left = self.long.left.saturating_sub(1);
                self.wake_blocked();
                After::GoesOn
            }
            Step::Begins(held) => self.begins(at, *held),
            Step::Enter(counted_by, alone) => self.enter(at, *counted_by, *alone),
            Step::Rest(place) => self.rest(*place),
            Step::RestForOthers(place) => self.rest_for_others(*place),
            Step::Hold(key, held) => self.hold(at, key, *held),
            Step::Release => {
                self.release(at);
                After::GoesOn
            }
            Step::Pause(time) => After::Later(*time),
            Step::InTurn(request, beyond) => self.in_turn(at, request, *beyond),
            Step::AtOnce(request, times) => {
                self.count(request, *times);
                After::Later(RESPONSE)
            }
            Step::Twin(twin) => self.twin(at, twin),
        }
    }

    /// Begins a trial, unless one is under way that is alone, or any if this one is.
    fn begins(&mut self, at: usize, held: Held) -> After {
        if !self.under_way.take(at, held) {
            return After::Blocked;
        }
        self.workers[at].inside = Some(held);
        self.wake_blocked();
        After::GoesOn
    }

    /// Takes a key, unless somebody has it or has waited for longer.
    fn hold(&mut self, at: usize, key: &'a Secret, held: Held) -> After {
        if !self.holders.entry(key).or_default().take(at, held) {
            return After::Blocked;
        }
        self.workers[at].holds = Some((key, held));
        self.wake_blocked();
        After::GoesOn
    }

    fn release(&mut self, at: usize) {
        if let Some((key, held)) = self.workers[at].holds.take() {
            self.holders.entry(key).or_default().leave(held);
        }
        if let Some(twin) = self.workers[at].asks.take() {
            self.asking.remove(twin);
            self.asked.insert(twin);
        }
        self.wake_blocked();
    }

    /// Sends a request when its key's turn has come, and after all that have waited for it longer.
    fn in_turn(&mut self, at: usize, request: &'a Outgoing, beyond: Duration) -> After {
        let counters = self.kept.counters(request.key.as_ref(), request.counted_by);
        if !counters.is_empty() {
            // Each waits in all of its lines from the same moment on, so that no two wait for each other.
            let mut is_next = true;
            for counter in &counters {
                let line = self.lines.entry(counter.clone()).or_default();
                if !line.contains(&at) {
                    line.push_back(at);
                }
                is_next &= line.front() == Some(&at);
            }
            if !is_next {
                return After::Blocked;
            }
            let now = self.now;
            if let Some((_, wait)) = self.kept.claim(&mut self.book, &counters, &|_| now) {
                self.workers[at].steps.push_front(Step::InTurn(request, beyond));
                return After::Later(wait);
            }
            for counter in &counters {
                self.lines.entry(counter.clone()).or_default().pop_front();
            }
            self.wake_blocked();
        }
        self.count(request, 1);
        After::Later(RESPONSE + beyond)
    }

    fn count(&mut self, request: &Outgoing, times: usize) {
        let requests = self.done.requests.entry(request.key.clone()).or_default();
        *requests = requests.saturating_add(times);
    }

    /// Asks a twin if nobody has and there are credits for it.
    fn twin(&mut self, at: usize, twin: &'a TwinScript) -> After {
        let id = twin.id.as_str();
        if self.asking.contains(id) {
            return After::Blocked;
        }
        if self.asked.contains(id) {
            return After::GoesOn;
        }
        let case = self.workers[at].planned.map(Planned::case);
        let pays = |case: &Case| self.pace.twins.pay(twin.cost, case.at);
        if self.unpaid.contains(id) || !case.is_some_and(pays) {
            self.unpaid.insert(id);
            let why = "the [budget] is too small".to_owned();
            *self.done.without_twin.entry(why).or_default() += 1;
            return After::GoesOn;
        }
        self.done.credits += twin.cost;
        self.asking.insert(id);
        self.workers[at].asks = Some(id);
        let key = twin.request.key.as_ref();
        let steps = &mut self.workers[at].steps;
        steps.push_front(Step::Release);
        let read = twin.read.as_deref().map(|(read, _)| Step::InTurn(read, Duration::ZERO));
        let usual = |request: &'a Outgoing| Step::InTurn(request, Duration::ZERO);
        let around = twin.steps.as_deref();
        let first = around.into_iter().flat_map(|around| &around.first).rev();
        let after = around.into_iter().flat_map(|around| &around.after_all).rev();
        let twin = usual(&twin.request);
        // The last one first, since each is put before those that are there.
        for step in after.map(|step| usual(&step.request)) {
            steps.push_front(step);
        }
        for step in read.iter().cloned().chain([twin]).chain(read.clone()) {
            steps.push_front(step);
        }
        for step in first.map(|step| usual(&step.request)) {
            steps.push_front(step);
        }
        if let Some(key) = key {
            steps.push_front(Step::Hold(key, Held::Shared));
        }
        After::GoesOn
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::exchange::{blanks::Blanks, deadlines::Deadlines, message::Request, outgoing::Role};

    fn request(key: &Secret) -> Outgoing {
        let (method, path) = ("GET".into(), "/".into());
        Outgoing {
            request: Arc::new(Request {
                method,
                path,
                headers: Vec::new(),
                body: Vec::new(),
                signing: None,
            }),
            blanks: Blanks::default(),
            key: Some(key.clone()),
            deadlines: Deadlines::up_to(Duration::from_secs(1)),
            role: Role::Own,
            cost: 0,
            payer: None,
            counted_by: LimitSet::of(LimitPlace(0)),
        }
    }

    /// What is foretold of trials with these steps, so many of them at once, and 60 requests a minute for each key.
    fn foretold(trials: &[Vec<Step<'_>>], at_once: usize, passing: Passing) -> Forecast {
        let (limit, twins) = (Limit::of(60, 60), Twins::new(0, 0, 0));
        let minutes = Minutes::Least;
        let mut run = Foretold::new(Pace {
            at_once,
            limits: vec![&limit],
            passing,
            minutes,
            budget: 0,
            twins,
        });
        run.carry_out(trials.iter().map(|steps| (steps.iter().cloned().collect(), None)).collect());
        run.done
    }

    #[test]
    fn trials_at_once_take_the_time_of_the_longest_unless_one_has_the_key_alone() {
        let key = Secret::new("key");
        let trial = |held| {
            vec![Step::Hold(&key, held), Step::Pause(Duration::from_secs(10)), Step::Release]
        };
        // How each holds the key, how many are carried out at once, and the seconds of three of them.
        for (held, at_once, seconds) in [
            (Held::Shared, 3, 10),
            (Held::Shared, 2, 20),
            (Held::Shared, 1, 30),
            (Held::Alone, 3, 30),
        ] {
            let trials = [trial(held), trial(held), trial(held)];
            let time = foretold(&trials, at_once, Passing::Real).time;
            assert_eq!(time.as_secs(), seconds, "{held:?} {at_once}");
            assert_eq!(foretold(&trials, at_once, Passing::AtOnce).time, Duration::ZERO);
        }
    }

    #[test]
    fn a_trial_that_has_to_be_alone_takes_its_time_besides_all_others() {
        let trial = |held| vec![Step::Begins(held), Step::Pause(Duration::from_secs(10))];
        let (with, alone) = (trial(Held::Shared), trial(Held::Alone));
        for (trials, seconds) in [
            ([with.clone(), with.clone(), with.clone()], 10),
            ([with.clone(), with.clone(), alone.clone()], 20),
            ([with, alone.clone(), alone], 30),
        ] {
            assert_eq!(foretold(&trials, 3, Passing::Real).time.as_secs(), seconds);
        }
    }

    #[test]
    fn a_key_waits_for_its_limit_and_no_other_does_with_it() {
        let (key, other) = (Secret::new("key"), Secret::new("other"));
        let (request, another) = (request(&key), request(&other));
        let times = |request, times| vec![Step::InTurn(request, Duration::ZERO); times];
        // Requests by each of two keys, one key's after the other's, and the least and the most seconds.
        for (own, others, least, most) in [(57, 0, 2, 3), (58, 0, 61, 65), (57, 57, 5, 6)] {
            let trials = [[times(&request, own), times(&another, others)].concat()];
            let foretold = foretold(&trials, 1, Passing::Real);
            let seconds = foretold.time.as_secs();
            assert!((least..=most).contains(&seconds), "{own} {others}: {seconds}");
            assert_eq!(foretold.requests.values().sum::<usize>(), own + others);
        }
        let burst = foretold(&[vec![Step::AtOnce(&request, 75)]], 1, Passing::Real);
        assert_eq!((burst.requests[&Some(key.clone())], burst.time), (75, RESPONSE));
    }
}
