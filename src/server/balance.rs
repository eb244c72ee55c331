//! Carries out a case of a balance: as many requests succeed as it pays for, and the others are refused.

use std::time::Duration;

use super::{
    planned::{MessageNumber, Price},
    play::{Play, Stop},
};
use crate::{
    checks::{
        balance::{Left, Purchase},
        charge, fields,
    },
    contract::check::CheckId,
    exchange::outgoing::Outgoing,
};

/// A case of a balance as it is planned.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlannedBalance<'a> {
    /// The request.
    pub(super) request: &'a Outgoing,
    /// How many times it is sent at once.
    pub(super) times: u32,
    /// What reads the balance, and where in its response that is.
    pub(super) read: &'a (Outgoing, String),
    /// What the request costs, and what shows it.
    pub(super) price: &'a Price,
    /// How much the balance lacks of the cost.
    pub(super) lacks: u32,
    /// The numbers that the message of a refusal has to tell.
    pub(super) numbers: &'a [MessageNumber],
}

impl PlannedBalance<'_> {
    /// How many of the requests the balance pays for.
    fn pays_for(&self) -> u32 {
        u32::from(self.lacks == 0)
    }
}

/// How long a charge may take that a queue makes.
const LATER: Duration = Duration::from_secs(6);

impl Play<'_> {
    /// Looks whether the balance is as the case needs it, sends the requests at once, and judges what became of them.
    pub(super) async fn balance(&mut self, case: PlannedBalance<'_>) -> Result<(), Stop> {
        let PlannedBalance { request, times, read: (read, pointer), price, .. } = case;
        self.knows(price).await?;
        let _in_use = self.key_for(request, true).await;
        let before = self.read(read, pointer).await.map_err(|stop| match stop {
            Stop::Error(why) => Stop::NotProvoked(why),
            other => other,
        })?;
        let needed = f64::from(price.cost) - f64::from(case.lacks);
        if !before.as_f64().is_some_and(|balance| charge::is_same(balance, needed)) {
            let name = &price.request;
            return Err(Stop::NotProvoked(format!(
                "the balance of this slot's key is {before}, and has to be {needed} before each run: `{name}` costs {} here",
                price.cost
            )));
        }
        if case.pays_for() > 0 && !self.run.twins.pay_purchase(price.cost) {
            return Err(Stop::NotProvoked(format!(
                "a request that has to succeed may cost {} credits, more than the [budget] of the target's file has left",
                price.cost
            )));
        }
        let sent = self.at_once(request, times).await?;
        let (served, refused) = self.judge_purchase(&sent)?;
        self.main = refused.first().or(served.first()).copied();
        let count = u32::try_from(served.len()).unwrap_or(u32::MAX);
        let purchase = Purchase { sent: times, served: count, cost: price.cost, before: &before };
        let telling = if count > case.pays_for() { served.last() } else { self.main.as_ref() };
        let at = telling.copied().unwrap_or(sent[0]);
        self.sheet.note(CheckId::Balance, at, purchase.served(case.pays_for()));
        self.numbers(request, case.numbers).await;
        if !self.sheet.noted().is_empty() {
            return Ok(());
        }
        self.judge_left(case, &purchase, at).await
    }

    /// What a request costs has to be known: of a balance that is enough by the contract an honest server with another
    /// price may think otherwise.
    async fn knows(&mut self, price: &Price) -> Result<(), Stop> {
        let is_known = match &price.shown_by {
            _ if price.is_stated => true,
            Some(twin) => self.shows(twin, price.cost).await,
            None => false,
        };
        if is_known {
            return Ok(());
        }
        let Price { request: name, cost, shown_by, .. } = price;
        let asked = shown_by.as_ref().map(|twin| self.run.twins.cell(&twin.id));
        let is_too_dear = asked.is_some_and(|asked| matches!(asked.get(), Some(None)));
        let why = if is_too_dear {
            format!(
                "the request that shows it may cost {cost} credits, more than the [budget] of the target's file has left"
            )
        } else {
            format!("no balance fell by {cost} when it succeeded")
        };
        Err(Stop::NotProvoked(format!(
            "what `{name}` costs here is not known: {why}; or say `cost = ...` under [requests.{name}] in the target's file"
        )))
    }

    /// Sends a request so many times at once. What the limit refuses is sent again when that has passed.
    async fn at_once(&mut self, request: &Outgoing, times: u32) -> Result<Vec<usize>, Stop> {
        if times == 1 {
            return Ok(vec![self.send(request).await?]);
        }
        self.run.sender.turn(request).await;
        let mut all = Vec::new();
        for exchange in self.run.sender.burst(request, times).await? {
            self.count(request, &exchange);
            all.push(self.keep(exchange));
        }
        let is_limited = |at: &usize| self.run.refused_by(&self.exchanges[*at], None).is_some();
        if all.iter().any(is_limited) {
            let why = "the limit refused some of the requests, so that they were not at once";
            return Err(Stop::Inconclusive(why.to_owned()));
        }
        Ok(all)
    }

    /// Which of the requests were served, and which were refused; each refusal is judged as the scenario's own error.
    fn judge_purchase(&mut self, sent: &[usize]) -> Result<(Vec<usize>, Vec<usize>), Stop> {
        let (run, scenario) = (self.run, &self.planned.scenario);
        let (mut served, mut refused) = (Vec::new(), Vec::new());
        for at in sent.iter().copied() {
            let exchange = &self.exchanges[at];
            let (reading, status) = (run.reading(exchange), exchange.answer.status);
            if fields::is_success(status) && reading.is_served(status) {
                served.push(at);
                continue;
            }
            let is_own = run.called(exchange).as_ref() == Some(&scenario.code);
            if sent.len() > 1 && !is_own && !scenario.tells.statuses.holds(status) {
                // An API may refuse to do two things at once, with an error of its own.
                return Err(Stop::Inconclusive(format!(
                    "of {} requests at once one was answered with {status}, so what the balance pays for cannot be told",
                    sent.len()
                )));
            }
            refused.push(at);
            let case = self.planned.case();
            run.judge.answer(&run.contract, scenario, Some(case), exchange, at, &mut self.sheet);
        }
        Ok((served, refused))
    }

    /// What is left of the balance. A charge may come late, but not more than once.
    async fn judge_left(
        &mut self,
        case: PlannedBalance<'_>,
        purchase: &Purchase<'_>,
        at: usize,
    ) -> Result<(), Stop> {
        let (read, pointer) = case.read;
        let mut now = self.read(read, pointer).await?;
        if purchase.left(pointer, &now) == Left::NotPaidYet {
            self.wait(read, LATER, "a charge that comes late").await;
            now = self.read(read, pointer).await?;
        }
        match purchase.left(pointer, &now) {
            Left::Paid => Ok(()),
            Left::Overpaid(found) => {
                self.sheet.note(CheckId::Balance, at, vec![found]);
                Ok(())
            }
            Left::NotPaidYet => Err(Stop::Inconclusive(format!(
                "the balance is {now} after {} of the requests succeeded: what the probe reads does not follow them",
                purchase.served
            ))),
        }
    }
}
