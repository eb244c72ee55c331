//! Holds the numbers of a message against what is known of them: what the request costs, and what a probe reads.

use serde_json::Number;

use super::{
    planned::{MessageNumber, NumberIs, Price, TwinScript},
    play::{Play, Stop},
};
use crate::{
    checks::{
        charge,
        numbers::{Told, another, told},
        reading::Reading,
    },
    contract::check::CheckId,
    exchange::outgoing::{Outgoing, Role},
};

impl Play<'_> {
    /// Judges the numbers of a message that holds otherwise. What is known of a number is looked at again as soon as
    /// the message says another one: whoever says what is true then is left alone.
    pub(super) async fn numbers(&mut self, request: &Outgoing, numbers: &[MessageNumber]) {
        // An envelope that differs from its reviewed snapshot may be as true.
        let is_wrong = self.sheet.noted().iter().any(|noted| noted.check != CheckId::Drift);
        let Some(at) = self.main.filter(|_| !is_wrong) else { return };
        for number in numbers {
            match &number.is {
                NumberIs::Cost(price) => self.needs(at, &number.name, price).await,
                NumberIs::Read(read, pointer) => {
                    // What cannot be read, or is not answered again, is not judged: the case itself held.
                    self.has(at, number, request, (read, pointer)).await.ok();
                }
            }
        }
    }

    /// The number of a message that is what the request costs. Docs seldom tell prices, and a server may have others
    /// than the contract: a number that differs is judged only by a price that the target's file says, or that a success showed.
    async fn needs(&mut self, at: usize, name: &str, price: &Price) {
        let Price { request, cost, is_stated, shown_by } = price;
        match self.tells(at, name, f64::from(*cost)) {
            None | Some(Told::Unclear) => {}
            Some(Told::AsExpected) => self.sheet.note(CheckId::MessageNumbers, at, Vec::new()),
            Some(Told::Another(says)) => {
                let why = if *is_stated {
                    format!("as the target's file says that this request costs {cost}")
                } else if let Some(twin) = shown_by
                    && self.shows(twin, *cost).await
                {
                    format!(
                        "since the contract says that this request costs {cost}, and a balance fell by that when it succeeded; if this server's price differs, say `cost = ...` under [requests.{request}] in the target's file"
                    )
                } else {
                    return;
                };
                let found = another(self.place(), name, &cost.to_string(), &why, &says);
                self.sheet.note(CheckId::MessageNumbers, at, vec![found]);
            }
        }
    }

    /// The number of a message that is what a probe reads.
    async fn has(
        &mut self,
        at: usize,
        number: &MessageNumber,
        request: &Outgoing,
        (read, pointer): (&Outgoing, &str),
    ) -> Result<(), Stop> {
        let name = &*number.name;
        let account = read.key.as_ref().map(|key| self.run.ledger.account(key));
        let opening = account.and_then(|account| account.opening?.1.ok());
        let is_fine = |told: Option<&Told>| !matches!(told, Some(Told::Another(_)));
        if let Some(opening) = opening.and_then(|opening| opening.as_f64()) {
            let told = self.tells(at, name, opening);
            if is_fine(told.as_ref()) {
                self.hold(at, told.as_ref());
                return Ok(());
            }
        }
        // The balance may have moved since, by whomever: the message is compared with what is there now.
        let before = self.read(read, pointer).await?;
        let told = self.tells_now(at, name, &before);
        if is_fine(told.as_ref()) {
            self.hold(at, told.as_ref());
            return Ok(());
        }
        let again = self.send(&request.sent_as(Role::Again)).await?;
        let after = self.read(read, pointer).await?;
        match self.tells_now(again, name, &before) {
            Some(Told::Another(says)) if before == after => {
                let sent = &read.request;
                let why = format!(
                    "which {} {} reads with the same key, just before and just after",
                    sent.method, sent.path
                );
                let found = another(self.place(), name, &before.to_string(), &why, &says);
                self.sheet.note(CheckId::MessageNumbers, again, vec![found]);
            }
            told => self.hold(again, told.as_ref()),
        }
        Ok(())
    }

    fn hold(&mut self, at: usize, told: Option<&Told>) {
        if told == Some(&Told::AsExpected) {
            self.sheet.note(CheckId::MessageNumbers, at, Vec::new());
        }
    }

    fn place(&self) -> &str {
        self.planned.scenario.envelope.places.message.as_ref().map_or("", |place| place.as_str())
    }

    fn tells_now(&self, at: usize, name: &str, expected: &Number) -> Option<Told> {
        self.tells(at, name, expected.as_f64()?)
    }

    /// What a response with the scenario's own code tells of a number; nothing if it has another, or no such text.
    fn tells(&self, at: usize, name: &str, expected: f64) -> Option<Told> {
        let scenario = &self.planned.scenario;
        let reading = Reading::of(&self.exchanges[at].answer, &scenario.envelope.places);
        let is_own = self.run.called(&self.exchanges[at]).as_ref() == Some(&scenario.code);
        let text = reading.message();
        Some(told(&text.filter(|_| is_own)?, scenario.message.as_ref()?, name, expected))
    }

    /// Whether a balance fell by exactly this when a request succeeded that costs it.
    pub(super) async fn shows(&mut self, twin: &TwinScript, cost: u32) -> bool {
        let cell = self.run.twins.cell(&twin.id);
        match cell.get_or_try_init(|| self.ask(twin, twin.at)).await {
            Ok(Some(asked)) => asked.fell.is_some_and(|fell| charge::is_same(fell, cost.into())),
            Ok(None) | Err(_) => false,
        }
    }
}
