//! Plans what is sent before a request and after it.

use super::{
    around::{Bearer, blanks},
    plan::Planner,
    planned::{PlannedStep, PlannedSteps},
};
use crate::{
    contract::{
        body,
        identity::Statuses,
        step_format::{StepFormat, Steps},
    },
    exchange::outgoing::Role,
    targets::hook::{Hook, HookRequest, HookStep},
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
            let own = || Statuses::One(self.target.requests[&step.request].status);
            let status = Some(step.status.clone().unwrap_or_else(own));
            planned.first.push(PlannedStep { request, status, ..step_planned });
            names.extend(step.capture.keys().map(String::as_str));
        }
        for step in &steps.after_all {
            let step_planned = self.step(step, by, &names)?;
            let request = step_planned.request.sent_as(Role::After);
            planned.after_all.push(PlannedStep { request, ..step_planned });
            names.extend(step.capture.keys().map(String::as_str));
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
        Ok(PlannedStep { request, status: step.status.clone(), capture: step.capture.clone() })
    }

    /// What a hook sends around a request, if it sends anything. `names` are the values that are captured before.
    pub(super) fn hook<'v>(
        &mut self,
        hook: &'v Hook,
        by: Bearer<'_>,
        mut names: Vec<&'v str>,
    ) -> Result<Option<Box<PlannedSteps>>, String> {
        if let Some(lack) = hook.needs.iter().find(|need| !names.contains(&need.as_str())) {
            return Err(format!("the hook needs `{lack}`, which no step of this case captures"));
        }
        if hook.sends_nothing() {
            return Ok(None);
        }
        let mut planned = PlannedSteps { secret: hook.secret.clone(), ..PlannedSteps::default() };
        for step in &hook.first {
            planned.first.push(self.hook_step(step, by, &names, Role::First)?);
            names.extend(step.capture.keys().map(String::as_str));
        }
        for step in &hook.after_all {
            planned.after_all.push(self.hook_step(step, by, &names, Role::After)?);
            names.extend(step.capture.keys().map(String::as_str));
        }
        Ok(Some(planned.into()))
    }

    fn hook_step(
        &mut self,
        step: &HookStep,
        by: Bearer<'_>,
        names: &[&str],
        role: Role,
    ) -> Result<PlannedStep, String> {
        let target = self.target;
        let (mut request, format) = match &step.request {
            HookRequest::Named(name) => {
                let format = &target.requests[name];
                (self.plain(format, by.slot, by.carrier)?, format)
            }
            HookRequest::Own(own) => {
                let body = body::bytes(own.shape.body.as_ref(), None)?;
                let deadlines = target.deadlines;
                (self.request(&own.shape, body, None, &own.headers, deadlines)?, &own.shape)
            }
        };
        blanks(&mut request, format, names);
        let status = match (&step.status, &step.request, role) {
            (Some(status), ..) => Some(status.clone()),
            (None, _, Role::After) => None,
            (None, HookRequest::Named(_), _) => Some(Statuses::One(format.status)),
            (None, HookRequest::Own(_), _) => Some(Statuses::Class(2)),
        };
        let request = request.sent_as(role);
        Ok(PlannedStep { request, status, capture: step.capture.clone() })
    }
}
