//! Asks a case's twin: the same request without its defect, once a run for all cases that share it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

use super::play::{Play, Stop};
use crate::{
    checks::twin,
    contract::{check::CheckId, names::Code},
    exchange::outgoing::Exchange,
    server::plan::TwinScript,
};

/// The twins of a run that were asked, and the credits that are left for more.
#[derive(Debug)]
pub struct Twins {
    asked: Mutex<HashMap<String, Asked>>,
    credits: Mutex<u32>,
}

/// What was exchanged as soon as it is there; `None` if the twin was not asked for want of credits.
type Asked = Arc<OnceCell<Option<Exchange>>>;

impl Twins {
    /// No twin asked yet, and this much to spend.
    #[must_use]
    pub fn new(credits: u32) -> Self {
        Self { asked: Mutex::default(), credits: Mutex::new(credits) }
    }

    fn cell(&self, id: &str) -> Asked {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(asked.entry(id.to_owned()).or_default())
    }

    /// Takes a twin's cost from what is left, if that is enough.
    fn pay(&self, cost: u32) -> bool {
        let mut credits = self.credits.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = credits.checked_sub(cost);
        *credits = rest.unwrap_or(*credits);
        rest.is_some()
    }
}

impl Play<'_> {
    /// Asks the twin of a case that held so far. A twin that does not get past the case's code
    /// makes the case an error: it proves nothing.
    pub(super) async fn ask_twin(&mut self) -> Result<(), Stop> {
        let twin = match &self.planned.twin {
            Some(Ok(twin)) if self.sheet.noted().is_empty() => twin,
            Some(Err(why)) => {
                self.twin_not_asked = Some(why.clone());
                return Ok(());
            }
            _ => return Ok(()),
        };
        let cell = self.run.twins.cell(&twin.id);
        let before = self.exchanges.len();
        let asked = cell.get_or_try_init(|| self.ask(twin)).await?;
        let Some(exchange) = asked else {
            let cost = twin.cost;
            self.twin_not_asked = Some(format!(
                "it may cost {cost} credits, more than the [budget] of the target's file has left"
            ));
            return Ok(());
        };
        if self.exchanges.len() == before {
            self.exchanges.push(exchange.clone());
        }
        let code = &self.planned.scenario.code;
        let refused = self.run.reading(exchange).code().map(Code::from);
        let mismatches = twin::past(refused.as_ref(), code, &self.run.contract.chain);
        let at = self.exchanges.len() - 1;
        let proves_nothing = !mismatches.is_empty();
        self.sheet.note(CheckId::Twin, at, mismatches);
        if proves_nothing {
            let why =
                "the same request without the defect is refused, too, so this case proves nothing";
            return Err(Stop::Error(why.to_owned()));
        }
        Ok(())
    }

    async fn ask(&mut self, twin: &TwinScript) -> Result<Option<Exchange>, Stop> {
        if !self.run.twins.pay(twin.cost) {
            return Ok(None);
        }
        let _in_use = match &twin.request.key {
            Some(key) => Some(self.run.keys.share(key).await),
            None => None,
        };
        let at = self.send(&twin.request).await?;
        Ok(Some(self.exchanges[at].clone()))
    }
}
