//! Plans what is sent before a request and after it.

use super::{
    around::{Bearer, blanks},
    plan::Planner,
    planned::{PlannedStep, PlannedSteps},
};
use crate::{
    contract::step_format::{StepFormat, Steps},
    exchange::outgoing::Role,
};

impl Planner<'_> {
    /// The steps around a request, with a good key.
    pub(super) fn steps(
        &mut self,
        steps: &Steps,
        by: Bearer<'_>,
    ) -> Result<Option<Box<PlannedSteps>>, String> {
        if steps.is_empty() {
            return Ok(None);
        }
        let mut names: Vec<&str> = Vec::new();
        let mut planned = PlannedSteps { secret: steps.secret.clone(), ..PlannedSteps::default() };
        for step in &steps.first {
            let step_planned = self.step(step, by, &names)?;
            let request = step_planned.request.sent_as(Role::Step);
            let status = Some(step.status.unwrap_or(self.target.requests[&step.request].status));
            planned.first.push(PlannedStep { request, status, ..step_planned });
            names.extend(step.capture.keys().map(String::as_str));
        }
        for step in &steps.after_all {
            let step = self.step(step, by, &names)?;
            let request = step.request.sent_as(Role::After);
            planned.after_all.push(PlannedStep { request, ..step });
        }
        Ok(Some(planned.into()))
    }

    fn step(
        &mut self,
        step: &StepFormat,
        by: Bearer<'_>,
        names: &[&str],
    ) -> Result<PlannedStep, String> {
        let format = &self.target.requests[&step.request];
        let mut request = self.plain(format, by.slot, by.carrier)?;
        blanks(&mut request, format, names);
        Ok(PlannedStep { request, status: step.status, capture: step.capture.clone() })
    }
}
