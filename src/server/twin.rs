//! Asks a case's twin: the same request without its defect, once a run for all cases that share it.

use serde_json::Number;

use super::{
    planned::TwinScript,
    play::{Play, Stop},
    twins::Asked,
};
use crate::{
    checks::{
        belonging, charge,
        reading::Reading,
        twin::{self, Progress, TwinAnswer, Way},
    },
    contract::{check::CheckId, names::Code, scenario::At},
    exchange::outgoing::{Exchange, Role},
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
                let main = self.main.map(|at| self.run.called(&self.exchanges[at]));
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
                self.lacks_twin(format!("was not sent: {why}"));
                return Ok(());
            }
            None => return Ok(()),
        };
        let cell = self.run.twins.cell(&twin.id);
        let before = self.exchanges.len();
        let asked = match cell.get_or_try_init(|| self.ask(twin, self.planned.case().at)).await {
            Ok(asked) => asked,
            // What was found stands without it.
            Err(_) if odd.is_some() => return Ok(()),
            Err(stop) => return Err(stop),
        };
        let Some(Asked { exchange, leaks, answer, .. }) = asked else {
            let cost = twin.cost;
            self.lacks_twin(format!(
                "was not sent: it may cost {cost} credits, more than the [budget] of the target's file has left"
            ));
            return Ok(());
        };
        if self.exchanges.len() == before {
            self.keep_searched(exchange.clone(), leaks.clone());
        }
        let contract = &self.run.contract;
        let scenario = &self.planned.scenario;
        let reaches = twin.reaches.as_ref();
        if let Some(odd) = odd {
            return match &answer.code {
                Some(refused) if *refused == odd && reaches != Some(refused) => {
                    Err(Stop::NotJudged(format!(
                        "the same request without the defect (its twin) is also refused as {odd}, so this case was not judged"
                    )))
                }
                _ => Ok(()),
            };
        }
        if answer.is_served {
            self.limits_told();
        }
        let own = (&scenario.code, &scenario.tells.statuses);
        let code = if self.is_as_its_case(answer) {
            Some(scenario.code.clone())
        } else {
            answer.code.clone()
        };
        let answer = &TwinAnswer { code, ..answer.clone() };
        let statuses_of = |code: &Code| {
            let mut known = contract.scenarios.iter().filter(|known| known.code == *code);
            known.next().map(|known| &known.tells.statuses)
        };
        let way = Way { own, reaches, chain: &contract.chain, statuses_of: &statuses_of };
        match twin::progress(answer, &way) {
            Progress::Past => Ok(()),
            Progress::Unclear(why) => {
                self.lacks_twin(why);
                Ok(())
            }
            Progress::Stuck(mismatch) => {
                let is_twin = |exchange: &Exchange| exchange.role == Role::Twin;
                let at = self.exchanges.iter().rposition(is_twin).unwrap_or_default();
                self.sheet.note(CheckId::Twin, at, vec![mismatch]);
                // A right body that is refused as a wrong one is a break by itself, whatever else is refused.
                let is_own = answer.code.as_ref() == Some(&scenario.code);
                if is_own && self.planned.case().has_right_side() {
                    return Ok(());
                }
                let why = "the same request without the defect (its twin) is also refused, so this case proves nothing";
                Err(Stop::Error(why.to_owned()))
            }
        }
    }

    /// Whether the twin has got just what the case has, where that fits the case's error and is called otherwise.
    fn is_as_its_case(&self, twin: &TwinAnswer) -> bool {
        let scenario = &self.planned.scenario;
        let Some(case) = self.main.map(|at| &self.exchanges[at]) else { return false };
        let called = self.run.called(case);
        let reading = Reading::of(&case.answer, &scenario.envelope.places);
        twin.code.is_some()
            && twin.code == called
            && called.as_ref() != Some(&scenario.code)
            && belonging::fits(&reading, scenario)
    }

    /// Notes that the twin proves nothing. At another point it may: the code is proven at its own, and a twin that has
    /// to succeed is paid for at each.
    fn lacks_twin(&mut self, why: String) {
        if self.planned.case().at != At::Elsewhere {
            self.without_twin = Some(why);
        }
    }

    /// Asks a twin that nobody has asked yet, and looks what it costs if that can be read. Others may use the key
    /// meanwhile, but for other twins: what fails costs nothing, so a balance that falls by just the cost fell for this one.
    pub(super) async fn ask(
        &mut self,
        twin: &TwinScript,
        paid_at: At,
    ) -> Result<Option<Asked>, Stop> {
        if !self.run.twins.pay(twin.cost, paid_at) {
            return Ok(None);
        }
        let _in_use = match &twin.request.key {
            Some(key) => Some(self.run.keys.share(key).await),
            None => None,
        };
        let _alone = match &twin.read {
            Some(_) => Some(self.run.twins.alone.lock().await),
            None => None,
        };
        let steps = twin.steps.as_deref();
        let mut values = Vec::new();
        let made = self.steps_before(steps, &mut values).await;
        let before = self.look(twin).await;
        let sent = match made {
            Ok(()) => self.send(&self.filled(&twin.request, &values)).await,
            Err(stop) => Err(stop),
        };
        let (sent, done) = match sent {
            Ok(at) => (Some(at), Ok(())),
            Err(stop) => (None, Err(stop)),
        };
        self.clean_up(steps, &values, done).await?;
        let at = sent.expect("it is there if nothing stopped");
        let exchange = self.exchanges[at].clone();
        let leaks = self.sheet.noted_on(at, CheckId::SecretLeak);
        let answer = TwinAnswer::of(&self.run.contract, &self.run.reading(&exchange));
        let after = if answer.is_served && before.is_some() { self.look(twin).await } else { None };
        let fell = before.zip(after).and_then(|(before, after)| charge::fell(&before, &after));
        Ok(Some(Asked { exchange, leaks, answer, fell }))
    }

    /// The balance that pays for a twin, if it can be read: a twin that cannot is as good a twin.
    async fn look(&mut self, twin: &TwinScript) -> Option<Number> {
        let (read, pointer) = twin.read.as_deref()?;
        self.read(read, pointer).await.ok()
    }
}
