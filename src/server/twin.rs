//! Asks a case's twin: the same request without its defect, once a run for all cases that share it.

use super::{
    planned::TwinScript,
    play::{Play, Stop},
    twins::Asked,
};
use crate::{
    checks::twin::{self, TwinAnswer, Way},
    contract::{check::CheckId, names::Code},
};

impl Play<'_> {
    /// Asks the twin of a case that held so far. A twin that does not get past the case's code
    /// makes the case an error: it proves nothing. The twin of a case that was refused with another
    /// code or status is asked as well: if it is refused with the very same code, what refused both
    /// has nothing to do with the case's defect. Unless that is the code that the twin is to reach:
    /// then the server has taken the case for its twin, and did not see the defect.
    pub(super) async fn ask_twin(&mut self) -> Result<(), Stop> {
        let odd = match self.sheet.noted() {
            [] => None,
            noted => {
                let of_code = [CheckId::Status, CheckId::Code];
                let main = self.main.map(|at| self.run.reading(&self.exchanges[at]).code());
                match main.flatten() {
                    Some(code) if noted.iter().any(|noted| of_code.contains(&noted.check)) => {
                        Some(code)
                    }
                    _ => return Ok(()),
                }
            }
        };
        let twin = match &self.planned.twin {
            Some(Ok(twin)) => twin,
            Some(Err(why)) => {
                self.twin_not_asked = Some(why.clone());
                return Ok(());
            }
            None => return Ok(()),
        };
        let cell = self.run.twins.cell(&twin.id);
        let before = self.exchanges.len();
        let asked = match cell.get_or_try_init(|| self.ask(twin)).await {
            Ok(asked) => asked,
            // What was found stands without it.
            Err(_) if odd.is_some() => return Ok(()),
            Err(stop) => return Err(stop),
        };
        let Some(Asked { exchange, leaks, answer }) = asked else {
            let cost = twin.cost;
            self.twin_not_asked = Some(format!(
                "it may cost {cost} credits, more than the [budget] of the target's file has left"
            ));
            return Ok(());
        };
        if self.exchanges.len() == before {
            self.keep_searched(exchange.clone(), leaks.clone());
        }
        let way = self.way();
        if let Some(odd) = odd {
            let reaches = way.reaches.map(|(code, _)| code);
            return match &answer.code {
                Some(refused) if refused.as_str() == odd && reaches != Some(refused) => {
                    Err(Stop::NotJudged(format!(
                        "the same request without the defect (its twin) is also refused as {odd}, so this case was not judged"
                    )))
                }
                _ => Ok(()),
            };
        }
        let mismatches = twin::past(answer, &way);
        let at = self.exchanges.len() - 1;
        let proves_nothing = !mismatches.is_empty();
        self.sheet.note(CheckId::Twin, at, mismatches);
        if proves_nothing {
            let why = "the same request without the defect (its twin) is also refused, so this case proves nothing";
            return Err(Stop::Error(why.to_owned()));
        }
        Ok(())
    }

    async fn ask(&mut self, twin: &TwinScript) -> Result<Option<Asked>, Stop> {
        if !self.run.twins.pay(twin.cost) {
            return Ok(None);
        }
        let _in_use = match &twin.request.key {
            Some(key) => Some(self.run.keys.share(key).await),
            None => None,
        };
        let at = self.send(&twin.request).await?;
        let exchange = self.exchanges[at].clone();
        let leaks = self.sheet.noted_on(at, CheckId::SecretLeak);
        let answer = TwinAnswer::of(&self.run.reading(&exchange));
        Ok(Some(Asked { exchange, leaks, answer }))
    }

    /// How far the twin has to get.
    fn way(&self) -> Way<'_> {
        let (scenario, contract) = (&self.planned.scenario, &self.run.contract);
        let reaches = scenario.twin.as_ref().and_then(|twin| twin.reaches.as_ref());
        let status = |code: &Code| {
            let mut known = contract.scenarios.iter().filter(|known| known.code == *code);
            known.next().map(|known| known.status)
        };
        Way {
            own: &scenario.code,
            reaches: reaches.map(|code| (code, status(code))),
            chain: &contract.chain,
        }
    }
}
