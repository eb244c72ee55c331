//! One case as it will be sent.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use crate::{
    contract::{
        contract_file::Limit,
        identity::Statuses,
        limit::{LimitPlace, LimitSet},
        names::{Code, RequestName},
        pair::Pair,
        scenario::{At, Case, Provocation, Scenario},
        step_format::CapturePlace,
    },
    exchange::outgoing::Outgoing,
    result::unproven::Owed,
    shown::secret::Secret,
};

/// One case as it will be sent, or why it will not be.
#[derive(Debug)]
pub struct Planned {
    /// The scenario that the case belongs to.
    pub scenario: Arc<Scenario>,
    /// Which of the scenario's cases it is.
    pub at: usize,
    /// The requests, or what the target would have to offer.
    pub script: Result<TrialScript, String>,
    /// Whether a run owes it.
    pub owed: Owed,
    /// How many times its request is sent, one after the other.
    pub times: u32,
    /// Which of its slot's keys it is dealt, if the slot has several.
    pub turn: usize,
    /// How long it waits before its first request.
    pub begins_after: Duration,
    /// The same request without the defect, or why it cannot be asked; none for a burst.
    pub twin: Option<Result<Arc<TwinScript>, String>>,
    /// The limits that its twin is looked at for: each response tells them.
    pub tells: LimitSet,
}

/// The request that shows that a case's error comes from its defect.
#[derive(Debug, Clone)]
pub struct TwinScript {
    /// What tells it from other twins. The same twin is asked once a run.
    pub id: String,
    /// The request.
    pub request: Outgoing,
    /// What is sent before it, and after.
    pub steps: Option<Box<PlannedSteps>>,
    /// The credits that it may cost.
    pub cost: u32,
    /// The later code that it is to reach; none if it is to succeed.
    pub reaches: Option<Code>,
    /// The point of the case that it was made for: what it costs is paid from what is kept for those.
    pub at: At,
    /// A request that reads the balance that pays for it, before and after, and where in its response that is: so a
    /// success shows what it costs.
    pub read: Option<Box<(Outgoing, String)>>,
}

/// A number that a case's message has to tell.
#[derive(Debug, Clone)]
pub struct MessageNumber {
    /// Its name in the contract.
    pub name: String,
    /// What it is.
    pub is: NumberIs,
}

/// What a number of a message is.
#[derive(Debug, Clone)]
pub enum NumberIs {
    /// What the request costs.
    Cost(Price),
    /// What this request reads at this place of its response.
    Read(Outgoing, String),
}

/// What a request costs when it succeeds.
#[derive(Debug, Clone)]
pub struct Price {
    /// The request.
    pub request: RequestName,
    /// Its cost, by the target's file or else by the contract.
    pub cost: u32,
    /// Whether the target's file says it.
    pub is_stated: bool,
    /// The same request with nothing broken in it, which shows the price if it succeeds.
    pub shown_by: Option<Arc<TwinScript>>,
}

/// What is sent before a request and after it.
#[derive(Debug, Clone, Default)]
pub struct PlannedSteps {
    /// Before it, one after the other.
    pub first: Vec<PlannedStep>,
    /// After it, whatever became of it.
    pub after_all: Vec<PlannedStep>,
    /// The captured values that nobody is shown.
    pub secret: Vec<String>,
}

/// A request that is sent before another one, or after it.
#[derive(Debug, Clone)]
pub struct PlannedStep {
    /// The request.
    pub request: Outgoing,
    /// The statuses of which its response has to have one, if any are told.
    pub status: Option<Statuses>,
    /// What of the response is kept.
    pub capture: BTreeMap<String, CapturePlace>,
}

/// The requests of one case.
#[derive(Debug, Clone)]
pub enum TrialScript {
    /// One request, with what has to be done before and after.
    Single {
        /// What is sent before all of it, and after.
        steps: Option<Box<PlannedSteps>>,
        /// What the case's hook sends just before its request, and just after.
        hook: Option<Box<PlannedSteps>>,
        /// The case's own request.
        request: Outgoing,
        /// A request whose answer holds a number that has to stay, and where in it.
        probe: Option<Box<(Outgoing, String)>>,
        /// The numbers that the message has to tell, as far as they can be known here.
        numbers: Vec<MessageNumber>,
    },
    /// Requests that read balances, when all other trials are over.
    Ledger {
        /// One by each key of the slot.
        reads: Vec<Outgoing>,
        /// Where in its response the balance is.
        pointer: String,
    },
    /// One request some times at once, of which a balance pays for one or none.
    Balance {
        /// The request.
        request: Outgoing,
        /// How many times.
        times: u32,
        /// What reads the balance, and where in its response that is.
        read: Box<(Outgoing, String)>,
        /// What the request costs.
        price: Box<Price>,
        /// How much the balance lacks of that.
        lacks: u32,
        /// The numbers that the message of a refusal has to tell, as far as they can be known here.
        numbers: Vec<MessageNumber>,
    },
    /// One request many times at once.
    Burst {
        /// The request.
        request: Outgoing,
        /// How many times.
        times: u32,
        /// The same request with another key, if each key has a limit of its own.
        other: Option<Box<Outgoing>>,
        /// What is sent while the key is refused.
        meanwhile: Vec<Meanwhile>,
        /// A request with the key that is refused for its input, where the limit is promised to count that as well.
        mistaken: Option<Box<Outgoing>>,
        /// The same request with keys that nobody has issued and that are next to this one, which are sent first.
        strangers: Vec<Outgoing>,
        /// The limit that they go past.
        limit: Arc<Limit>,
        /// The status of the answer when the key is not refused.
        served: u16,
    },
}

impl TwinScript {
    /// The limits that count it.
    fn counted_by(&self) -> LimitSet {
        counted([&self.request].into_iter().chain(self.read.as_deref().map(|(read, _)| read)))
    }
}

impl TrialScript {
    /// The limits that count something of it.
    fn counted_by(&self) -> LimitSet {
        match self {
            Self::Single { steps, hook, request, probe, numbers } => {
                let probe = probe.as_deref().map(|(read, _)| read);
                let steps = steps.iter().chain(hook);
                let steps = steps.flat_map(|steps| steps.first.iter().chain(&steps.after_all));
                let steps = steps.map(|step| &step.request);
                counted([request].into_iter().chain(probe).chain(steps)).and(of_numbers(numbers))
            }
            Self::Ledger { reads, .. } => counted(reads),
            Self::Balance { request, read, price, numbers, .. } => {
                counted([request, &read.0]).and(of_price(price)).and(of_numbers(numbers))
            }
            Self::Burst { request, other, meanwhile, mistaken, strangers, .. } => {
                let meanwhile = meanwhile.iter().map(|other| &other.request);
                let more = other.as_deref().into_iter().chain(mistaken.as_deref());
                counted([request].into_iter().chain(more).chain(meanwhile).chain(strangers))
            }
        }
    }
}

fn counted<'a>(requests: impl IntoIterator<Item = &'a Outgoing>) -> LimitSet {
    let sets = requests.into_iter().map(|request| request.counted_by);
    sets.fold(LimitSet::default(), LimitSet::and)
}

fn of_price(price: &Price) -> LimitSet {
    price.shown_by.as_ref().map(|twin| twin.counted_by()).unwrap_or_default()
}

fn of_numbers(numbers: &[MessageNumber]) -> LimitSet {
    let set = |number: &MessageNumber| match &number.is {
        NumberIs::Cost(price) => of_price(price),
        NumberIs::Read(request, _) => request.counted_by,
    };
    numbers.iter().map(set).fold(LimitSet::default(), LimitSet::and)
}

/// A request that is sent with a burst's key while that is refused: it has to be refused as well.
#[derive(Debug, Clone)]
pub struct Meanwhile {
    /// The request.
    pub request: Outgoing,
    /// What it is, as the begin of a sentence.
    pub what: String,
    /// The codes that it may get, if its input is wrong besides.
    pub pair: Option<Pair>,
}

/// The request that shows that the target is there and takes the key it was given.
#[derive(Debug, Clone)]
pub struct Preflight {
    /// The request.
    pub request: Outgoing,
    /// The status that it is answered with, if a key is sent.
    pub served: Option<u16>,
    /// The variable that the key is from.
    pub env: String,
}

impl Planned {
    /// The case.
    #[must_use]
    pub fn case(&self) -> &Case {
        &self.scenario.cases[self.at]
    }

    /// Whether it sends a request that takes minutes.
    #[must_use]
    pub fn takes_minutes(&self) -> bool {
        self.script.is_ok() && self.case().after.is_some()
    }

    /// Whether others wait until such a request is on its way. One that has to be alone waits for all of them.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        self.takes_minutes() && !self.case().alone
    }

    /// Whether it reads a balance before and after its request, which takes no minutes.
    #[must_use]
    pub fn reads_first(&self) -> bool {
        let reads = matches!(&self.script, Ok(TrialScript::Single { probe: Some(_), .. }));
        reads && !self.takes_minutes() && !self.case().last && !self.case().alone
    }

    /// The key that it sends, if it sends one.
    pub(super) fn key(&self) -> Option<&Secret> {
        match self.script.as_ref().ok()? {
            TrialScript::Single { request, .. }
            | TrialScript::Burst { request, .. }
            | TrialScript::Balance { request, .. } => request.key.as_ref(),
            TrialScript::Ledger { reads, .. } => reads.first()?.key.as_ref(),
        }
    }

    /// What its own request costs that has to succeed, if one has to.
    #[must_use]
    pub fn pays(&self) -> u32 {
        match &self.script {
            Ok(TrialScript::Balance { price, lacks: 0, .. }) => price.cost,
            _ => 0,
        }
    }

    /// The limits that count something of what it sends.
    #[must_use]
    pub fn counted_by(&self) -> LimitSet {
        let script = self.script.as_ref().ok();
        let twin = self.twin.as_ref().and_then(|twin| twin.as_ref().ok());
        let own = script.map(TrialScript::counted_by).unwrap_or_default();
        // A burst takes its own limit out of what is paced.
        let burst = self.case().limit().map(|limit| LimitSet::of(limit.place));
        let of_twin = twin.map(|twin| twin.counted_by()).unwrap_or_default();
        own.and(of_twin).and(burst.unwrap_or_default())
    }

    /// The limit that no other trial may be counted by meanwhile: one that its burst goes past and that several keys share.
    #[must_use]
    pub fn alone_at(&self) -> Option<LimitPlace> {
        let limit = self.case().limit()?;
        limit.per.is_shared().then_some(limit.place)
    }

    /// The least that it takes on a live target.
    #[must_use]
    pub fn expected(&self) -> Duration {
        match &self.case().provocation {
            Provocation::Burst(burst) => Duration::from_secs(burst.limit.window_seconds.into()),
            Provocation::Single(_) | Provocation::Ledger(_) | Provocation::Balance(_) => {
                self.case().after.map_or(Duration::ZERO, |(least, _)| least)
            }
        }
    }

    /// For the order of the trials, the greatest first: whether it soon has its key to itself, what it is expected
    /// to take, whether what it does may show later, and how many requests of its own it sends one after the other.
    ///
    /// A trial that reads a balance goes before one whose request takes minutes, since that one may reserve what it
    /// costs, and keeps the key until it is over.
    #[must_use]
    pub fn order(&self) -> (bool, Duration, bool, usize) {
        let (requests, probes) = match &self.script {
            Ok(TrialScript::Single { hook, probe, .. }) => {
                let probes = probe.is_some();
                let by_hook = hook.as_ref().map_or(0, |hook| hook.first.len());
                (1 + by_hook + 2 * usize::from(probes), probes)
            }
            Ok(
                TrialScript::Burst { .. }
                | TrialScript::Ledger { .. }
                | TrialScript::Balance { .. },
            )
            | Err(_) => (1, false),
        };
        let expected = self.expected();
        (probes && expected.is_zero(), expected, self.may_show_later(), requests)
    }

    /// Whether the end of the run looks at what became of it: whether a generation that failed was charged in the end,
    /// or whether the code is still the same, which is known by its first case. In a run of 160 s these began after 100 s
    /// and more, and so shortly before the end that three servers went unseen.
    fn may_show_later(&self) -> bool {
        let is_last = |case: &Case| case.last;
        let is_first = self.at == 0 && self.scenario.cases.iter().any(is_last);
        self.scenario.status >= 500 || is_first
    }
}
