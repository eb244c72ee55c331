//! Holds one answer against everything that is promised of every error.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::{
    checks::{CheckId, Sheet, envelope, fields, leak, request_id::RequestIds, retry_after},
    contract::{
        Contract,
        case::{Case, Scenario},
    },
    exchange::Exchange,
    target::redact::Redactor,
};

/// Judges answers. Holds the request ids of the run, since no two answers may share one, and its
/// keys, since no answer may hold one.
#[derive(Debug)]
pub struct Judge {
    ids: Mutex<RequestIds>,
    keys: Arc<Redactor>,
}

impl Judge {
    /// A judge that has seen no answer yet.
    #[must_use]
    pub fn new(keys: Arc<Redactor>) -> Self {
        Self { ids: Mutex::default(), keys }
    }

    /// Notes on the sheet what the checks say of one answer. `at` is its place in the trial, and
    /// `case` what provoked it, if anything of the answer depends on that.
    pub fn answer(
        &self,
        contract: &Contract,
        scenario: &Scenario,
        case: Option<&Case>,
        exchange: &Exchange,
        at: usize,
        sheet: &mut Sheet,
    ) {
        let answer = &exchange.answer;
        let places = &contract.envelope.places;
        let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let code = body.as_ref().and_then(|body| body.pointer(&places.code)?.as_str());
        let alternative = case.and_then(|case| {
            case.also
                .iter()
                .find(|also| also.status == answer.status && Some(also.code.as_str()) == code)
        });
        let status = alternative.map_or(scenario.status, |also| also.status);
        let code = alternative.map_or(&scenario.code, |also| &also.code);
        sheet.note(CheckId::Status, at, fields::status(answer.status, status));
        sheet.note(CheckId::EnvelopeJson, at, envelope::json(answer));
        if let Some(body) = &body {
            sheet.note(
                CheckId::EnvelopeSchema,
                at,
                envelope::schema(&contract.envelope.schema, body),
            );
            sheet.note(CheckId::Code, at, fields::exactly(body, &places.code, code.as_str()));
            sheet.note(CheckId::Docs, at, fields::exactly(body, &places.docs, &contract.docs));
            let field =
                case.and_then(|case| case.field.as_deref()).filter(|_| alternative.is_none());
            let pattern = scenario.message.as_ref().filter(|_| alternative.is_none());
            sheet.note(
                CheckId::Message,
                at,
                fields::message(body, &places.message, field, pattern),
            );
            let name = case.map_or(scenario.code.as_str(), |case| &case.name);
            let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
            sheet.note(CheckId::RequestId, at, ids.check(body, &places.request_id, name));
        }
        if scenario.retry_after {
            sheet.note(
                CheckId::RetryAfter,
                at,
                retry_after::present(answer, contract.limit.window_seconds),
            );
        }
        self.leak(exchange, at, sheet);
    }

    /// Notes whether an answer, a good one also, holds a key.
    pub fn leak(&self, exchange: &Exchange, at: usize, sheet: &mut Sheet) {
        if exchange.key.is_some() {
            sheet.note(CheckId::SecretLeak, at, leak::key(&exchange.answer, &self.keys));
        }
    }
}
