//! Carries out a burst, and up to twice more where it cannot be judged.

use std::time::Duration;

use super::{
    next::next,
    overtaken::may_be_overtaken,
    planned::Meanwhile,
    play::{Play, Stop},
    step::{Asked, Next, Reply, Which},
};
use crate::{
    checks::{
        rate::{self, Admitted, Tally},
        rate_fields::{self, Left},
        retry_after,
    },
    contract::{
        check::CheckId,
        contract_file::Limit,
        scenario::{LongestWait, WaitMeanwhile},
    },
    exchange::outgoing::{Exchange, Outgoing, Role},
    shown,
    terminal::activity::Awaited,
};

/// A burst as it is planned.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlannedBurst<'a> {
    /// The request.
    pub(super) request: &'a Outgoing,
    /// How many times it is sent at once.
    pub(super) times: u32,
    /// The same request with another key, if each key has a limit of its own.
    pub(super) other: Option<&'a Outgoing>,
    /// The limit that the burst goes past.
    pub(super) limit: &'a Limit,
    /// The status of the answer when the key is not refused.
    pub(super) served: u16,
    /// What is sent while the key is refused; nothing if the limit is judged by its first burst alone.
    pub(super) meanwhile: &'a [Meanwhile],
    /// A request with the key that is refused for its input, where the limit is promised to count that as well.
    pub(super) mistaken: Option<&'a Outgoing>,
    /// The same request with keys that nobody has issued and that are next to this one.
    pub(super) strangers: &'a [Outgoing],
}

/// A burst that was sent.
#[derive(Debug, Clone, Copy)]
struct Sent {
    /// Where its exchanges begin among the trial's.
    begin: usize,
    /// How many were accepted and refused.
    tally: Tally,
    /// How many requests with keys next to this one were answered just before.
    strangers: usize,
}

/// Whole seconds are rounded, and a server may add one: two refusals that differ by this tell the same time.
const EARLIER: Duration = Duration::from_secs(2);

/// How long before the end of a wait its last request is sent: whole seconds are rounded up, and a server may add one.
pub(super) const LAST_LOOK: Duration = Duration::from_secs(2);

/// How many more requests the other key sends: a limit that is shared may refuse only some of them.
pub(super) const MORE_OF_OTHER_KEY: usize = 2;

/// What became of a key that waited as long as it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waited {
    /// It is served.
    Served,
    /// It is served, and was refused for longer than the limit's window.
    ServedLate,
    /// It is refused, or there is nothing to wait for.
    Refused,
}

impl From<Reply> for Waited {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Served => Self::Served,
            Reply::Refused => Self::Refused,
        }
    }
}

/// What became of a request in the middle of a wait.
#[derive(Debug, Clone, Copy)]
pub(super) enum Early {
    /// The key is served by then: a limit may tell to wait for longer than it has to.
    Served(usize),
    /// It is still refused.
    Refused(usize),
    /// The wait is too short to be worth a look.
    NotAsked,
}

impl Play<'_> {
    /// Sends the burst, judges it whole, looks whether another key is served meanwhile, waits as
    /// long as the last refusal says, and looks whether that was true.
    pub(super) async fn burst(&mut self, burst: PlannedBurst<'_>) -> Result<(), Stop> {
        let (judged, meanwhile) = self.conclusive(burst).await?;
        let last = (0..meanwhile).rev().find(|at| self.is_refused(*at));
        self.main = Some(last.unwrap_or(judged.begin));
        self.judge_tally(burst, judged, last, meanwhile);
        self.judge_answers(burst, meanwhile);
        let Some(last) = last else {
            return Ok(());
        };
        for at in (judged.begin..last).filter(|at| self.is_refused(*at)).collect::<Vec<_>>() {
            self.judge_time_left(at, last);
        }
        if burst.other.is_some() {
            self.judge_other_key(burst, meanwhile);
        }
        self.compare(last);
        if burst.meanwhile.is_empty() {
            return self.wait_as_told(burst, judged, last).await.map(drop);
        }
        for other in burst.other.iter().flat_map(|other| [other; MORE_OF_OTHER_KEY]) {
            let at = self.push(other).await?;
            self.judge_other_key(burst, at);
        }
        self.while_refused(burst, last).await?;
        match self.wait_as_told(burst, judged, last).await? {
            Waited::Served => self.whole_minute(burst).await,
            Waited::ServedLate => self.uses_the_limit_once(burst).await,
            Waited::Refused => Ok(()),
        }
    }

    /// A burst that can be judged: the first one, or a later one where the first says too little. And
    /// the place of the request with the other key, which is sent next after the last burst.
    async fn conclusive(&mut self, burst: PlannedBurst<'_>) -> Result<(Sent, usize), Stop> {
        let PlannedBurst { limit, .. } = burst;
        let mut bursts: Vec<Sent> = Vec::new();
        let (mut asked, mut meanwhile) = (Vec::new(), None);
        loop {
            let tallies: Vec<_> = bursts.iter().map(|sent| sent.tally).collect();
            match next(&tallies, &asked, limit) {
                Next::Judge(which) => {
                    let at = match which {
                        Which::First => 0,
                        Which::Second => 1,
                        Which::Third => 2,
                    };
                    let meanwhile = match meanwhile {
                        Some(meanwhile) => meanwhile,
                        None => self.other_key(burst).await?,
                    };
                    return Ok((bursts[at], meanwhile));
                }
                Next::GiveUp(why) => return Err(Stop::Inconclusive(why)),
                Next::SendAnother(pause) => {
                    let what = "the limit's window to pass, before a burst";
                    if !pause.is_zero() {
                        self.wait(burst.request, pause, what).await;
                    }
                    // They are no part of the burst, and are judged elsewhere: here only whether they count is. After too
                    // many were accepted they would tell nothing, and the next burst is due.
                    let is_over = |last: &Sent| last.tally.admitted(limit) == Admitted::TooMany;
                    let mut strangers = 0;
                    if !bursts.last().is_some_and(is_over) {
                        for stranger in burst.strangers {
                            // Whether it got an answer is no matter here.
                            let answer = self.run.sender.send_at_once(stranger).await;
                            strangers += usize::from(answer.is_ok());
                        }
                    }
                    bursts.push(Sent { strangers, ..self.send_burst(burst).await? });
                }
                Next::Ask(at) => {
                    if meanwhile.is_none() {
                        meanwhile = Some(self.other_key(burst).await?);
                    }
                    asked.push(self.ask_at(burst, at).await?);
                }
            }
        }
    }

    /// Sends the request with the other key, if there is one, and gives its place: the end of the bursts before it.
    async fn other_key(&mut self, burst: PlannedBurst<'_>) -> Result<usize, Stop> {
        match burst.other {
            Some(other) => self.push(other).await,
            None => Ok(self.exchanges.len()),
        }
    }

    /// Whether another key is served while the burst's is refused.
    fn judge_other_key(&mut self, burst: PlannedBurst<'_>, at: usize) {
        let another = &self.exchanges[at].answer;
        let found = rate::per_key(another, self.is_served(burst, at), burst.served);
        self.sheet.note(CheckId::RatePerKey, at, found);
    }

    /// Sends one request of the burst at a time, whatever its key's limit.
    async fn ask_at(&mut self, burst: PlannedBurst<'_>, at: Duration) -> Result<Asked, Stop> {
        let PlannedBurst { request, .. } = burst;
        let now = self.run.target.clock.now(request.key.as_ref());
        let what = "the time at which one request tells whether a window ended within the burst";
        self.wait(request, at.saturating_sub(now), what).await;
        let exchange = self.run.sender.send_at_once(&request.sent_as(Role::Again)).await?;
        let (sent, answered) = (exchange.sent, exchange.answered);
        let at = self.keep(exchange);
        let is_served = self.is_served(burst, at);
        let reply = if is_served { Reply::Served } else { Reply::Refused };
        Ok(Asked { sent, answered, reply })
    }

    async fn send_burst(&mut self, burst: PlannedBurst<'_>) -> Result<Sent, Stop> {
        let PlannedBurst { request, times, .. } = burst;
        let begin = self.exchanges.len();
        let what = shown!["the responses to ", times, " requests at once"];
        self.activity.waits(Awaited::Words(what), Some(request.deadlines.whole));
        for exchange in self.run.sender.burst(request, times).await? {
            self.keep(exchange);
        }
        Ok(Sent { begin, tally: self.tally(burst, begin), strangers: 0 })
    }

    /// The burst that begins at this exchange and ends with the last, counted.
    pub(super) fn tally(&self, burst: PlannedBurst<'_>, begin: usize) -> Tally {
        let (run, scenario) = (self.run, &self.planned.scenario);
        let is_served = |exchange: &Exchange| run.reading(exchange).is_served(burst.served);
        let is_refused = |exchange: &Exchange| run.reading(exchange).is_refusal(scenario);
        Tally::of(&self.exchanges[begin..], burst.limit, is_served, is_refused)
    }

    /// Whether as many were admitted as the limit says, and all others refused.
    fn judge_tally(
        &mut self,
        burst: PlannedBurst<'_>,
        judged: Sent,
        last: Option<usize>,
        end: usize,
    ) {
        let PlannedBurst { limit, .. } = burst;
        let Sent { begin, tally, strangers } = judged;
        // The first one past the limit, or the first that was refused before it.
        let past = (begin..end)
            .filter(|at| self.is_served(burst, *at))
            .nth(usize::try_from(limit.requests).unwrap_or(usize::MAX));
        let refused = (begin..end).find(|at| self.is_refused(*at));
        let telling = past.or(refused).unwrap_or(begin);
        self.sheet.note(CheckId::RateAdmits, telling, rate::admits(&tally, limit, strangers));
        let found = rate::refuses(&tally, limit, &self.refusal(begin, end));
        self.sheet.note(CheckId::RateRefuses, last.unwrap_or(begin), found);
    }

    /// How a refusal is told: by its status, and by its name where another error has that status.
    fn refusal(&self, begin: usize, end: usize) -> String {
        let (status, code) = (self.planned.scenario.status, &self.planned.scenario.code);
        let has_status = |at: &usize| self.exchanges[*at].answer.status == status;
        let is_another = |at: usize| !self.is_refused(at);
        if (begin..end).filter(has_status).any(is_another) {
            return format!("{status} as `{code}`");
        }
        status.to_string()
    }

    /// Whether each refusal is what the docs promise of it.
    fn judge_answers(&mut self, burst: PlannedBurst<'_>, end: usize) {
        let (run, scenario) = (self.run, &self.planned.scenario);
        let case = self.planned.case();
        for at in 0..end {
            let is_served = self.is_served(burst, at);
            // Of another error nothing is promised.
            let left = match (is_served, self.is_refused(at)) {
                (true, _) => Some(Left::Some),
                (false, true) => Some(Left::Nothing),
                (false, false) => None,
            };
            let (exchange, sheet) = (&self.exchanges[at], &mut self.sheet);
            let told = left.and_then(|left| rate_fields::told(exchange, burst.limit, left));
            if let Some(found) = told {
                sheet.note(CheckId::RateTold, at, found);
            }
            if !is_served {
                run.judge.answer(&run.contract, scenario, Some(case), exchange, at, sheet);
            }
        }
    }

    /// Whether a refusal tells what is left of the wait that an earlier one told, where that is promised.
    pub(super) fn judge_time_left(&mut self, first: usize, later: usize) {
        let promised = self.planned.scenario.retry_after.as_ref();
        if promised.is_some_and(|promised| promised.meanwhile == WaitMeanwhile::Falls) {
            let at = promised.and_then(|promised| promised.at.as_ref());
            let found = retry_after::falls(&self.exchanges[first], &self.exchanges[later], at);
            self.sheet.note(CheckId::RetryAfter, later, found);
        }
    }

    /// Waits as long as the refusals say, by the one that promises the earliest time, and looks whether the key is
    /// served again.
    async fn wait_as_told(
        &mut self,
        burst: PlannedBurst<'_>,
        judged: Sent,
        last: usize,
    ) -> Result<Waited, Stop> {
        let refused = self.earliest(burst, judged, last);
        // What is less or more than the docs allow is a finding already.
        let Some(told) = self.told(burst, refused) else {
            return Ok(Waited::Refused);
        };
        let is_own = self.exchanges[refused].role != Role::Meanwhile;
        if burst.meanwhile.is_empty() || !is_own || !self.agree(burst, judged) {
            return Ok(self.wait_unseen(burst, refused, told).await?.into());
        }
        let (at, left) = match self.within_wait(burst, refused, Duration::from_secs(told)).await? {
            Early::Served(at) => {
                self.sheet.note(CheckId::RetryAfterHonest, at, Vec::new());
                return Ok(Waited::Served);
            }
            Early::Refused(at) => (at, self.told(burst, at)),
            Early::NotAsked => return Ok(self.wait_unseen(burst, refused, told).await?.into()),
        };
        let Some(left) = left else { return Ok(Waited::Refused) };
        let reply = self.wait_unseen(burst, at, left).await?;
        let is_late = self.is_beyond_a_window(burst, last, at);
        let waited = match reply {
            Reply::Served if is_late => Waited::ServedLate,
            reply => reply.into(),
        };
        if reply == Reply::Refused || Duration::from_secs(left) <= LAST_LOOK + EARLIER {
            return Ok(waited);
        }
        // A limit that asks for more of who does not wait says nothing wrong, and one that told too little before it was
        // asked does. So once more, without a look.
        let again = self.send_burst(burst).await?;
        self.judge_refusals(burst, again.begin);
        let refused = (again.begin..self.exchanges.len()).rev().find(|at| self.is_refused(*at));
        match refused.and_then(|at| Some((at, self.told(burst, at)?))) {
            Some((at, told)) => Ok(self.wait_unseen(burst, at, told).await?.into()),
            None => Ok(waited),
        }
    }

    /// Waits as long as a refusal says without a look in between, and judges whether that was true.
    async fn wait_unseen(
        &mut self,
        burst: PlannedBurst<'_>,
        refused: usize,
        told: u64,
    ) -> Result<Reply, Stop> {
        let first = self.after(burst, told).await?;
        let (mut again, mut waited) = (first, told);
        if !self.is_served(burst, first)
            && self.is_overtaken(burst, refused, told, first)
            && let Some(told) = self.told(burst, first)
        {
            // Nobody else can have taken what this one waits for.
            (again, waited) = (self.after(burst, told).await?, told);
        }
        let is_served = self.is_served(burst, again);
        let answer = &self.exchanges[again].answer;
        let by = rate_fields::told_by(&self.exchanges[refused].answer, burst.limit);
        let who = if burst.limit.per.is_shared() { "the request" } else { "the key" };
        let waited = retry_after::Waited { seconds: waited, by, who };
        let found = retry_after::honest(answer, is_served, burst.served, waited);
        self.sheet.note(CheckId::RetryAfterHonest, again, found);
        Ok(if is_served { Reply::Served } else { Reply::Refused })
    }

    /// The refusal of the judged burst after whose wait the key is to be served first: the last one, unless another is
    /// told an earlier time.
    fn earliest(&self, burst: PlannedBurst<'_>, judged: Sent, last: usize) -> usize {
        if burst.meanwhile.is_empty() {
            return last;
        }
        let due = |at: &usize| {
            let told = Duration::from_secs(self.told(burst, *at)?);
            Some(self.exchanges[*at].sent + told)
        };
        // What another carrier or request was told is told of the same key.
        let own = |at: &usize| *at < last || self.exchanges[*at].role == Role::Meanwhile;
        let all = (judged.begin..self.exchanges.len()).filter(own);
        let refused = all.filter(|at| self.is_refused(*at));
        let told = refused.filter_map(|at| Some((due(&at)?, at))).min();
        told.filter(|(time, _)| due(&last).is_none_or(|last| *time + EARLIER < last))
            .map_or(last, |(_, at)| at)
    }

    /// Whether the refusals of the judged burst tell about the same time.
    fn agree(&self, burst: PlannedBurst<'_>, judged: Sent) -> bool {
        let end = (judged.begin + judged.tally.sent).min(self.exchanges.len());
        let refused = (judged.begin..end).filter(|at| self.is_refused(*at));
        let due = refused.filter_map(|at| {
            Some(self.exchanges[at].sent + Duration::from_secs(self.told(burst, at)?))
        });
        let due: Vec<Duration> = due.collect();
        let (first, last) = (due.iter().min(), due.iter().max());
        first.zip(last).is_some_and(|(first, last)| *last <= *first + judged.tally.span + EARLIER)
    }

    /// The seconds that a refusal tells to wait, if the docs allow them.
    pub(super) fn told(&self, burst: PlannedBurst<'_>, at: usize) -> Option<u64> {
        let promised = self.planned.scenario.retry_after.as_ref();
        let longest = match promised.map(|promised| promised.longest) {
            Some(LongestWait::Seconds(most)) => u64::from(most),
            Some(LongestWait::Unsaid) | None => u64::MAX,
        };
        let told = rate_fields::wait(&self.exchanges[at], burst.limit);
        told.filter(|told| (1..=longest).contains(told))
    }

    /// Sends one request when so many seconds are over.
    async fn after(&mut self, burst: PlannedBurst<'_>, told: u64) -> Result<usize, Stop> {
        let most = self.run.target.wait_at_most.as_secs();
        let promised = self.planned.scenario.retry_after.as_ref();
        let is_open = promised.is_some_and(|it| it.longest == LongestWait::Unsaid);
        if let Some(last) = self.main.filter(|_| is_open) {
            let place = rate_fields::told_by(&self.exchanges[last].answer, burst.limit);
            let found = retry_after::within_window(told, burst.limit, place);
            self.sheet.note(CheckId::RetryAfter, last, found);
        }
        if told > most {
            return Err(Stop::Inconclusive(format!(
                "the refusals ask for a wait of {told} s, and --wait-at-most is {most} s: whether the key is served again was not tried"
            )));
        }
        let request = burst.request;
        self.wait(request, Duration::from_secs(told), "the Retry-After it was told").await;
        self.push(&request.sent_as(Role::Again)).await
    }

    /// Whether a request of the bursts may have taken what a refused one was told to wait for.
    fn is_overtaken(&self, burst: PlannedBurst<'_>, refused: usize, told: u64, end: usize) -> bool {
        let served = (0..end).filter(|at| self.is_served(burst, *at));
        let exchanges = served.map(|at| &self.exchanges[at]);
        let own = exchanges.filter(|exchange| exchange.role != Role::OtherKey);
        may_be_overtaken(&self.exchanges[refused], told, own)
    }

    /// Sends one request when its key's turn has come, and gives its place among the exchanges.
    async fn push(&mut self, request: &Outgoing) -> Result<usize, Stop> {
        let exchange = self.exchange(request).await?;
        Ok(self.keep(exchange))
    }

    pub(super) fn is_served(&self, burst: PlannedBurst<'_>, at: usize) -> bool {
        self.run.reading(&self.exchanges[at]).is_served(burst.served)
    }

    pub(super) fn is_refused(&self, at: usize) -> bool {
        self.run.reading(&self.exchanges[at]).is_refusal(&self.planned.scenario)
    }
}
