//! Holds one answer against everything that is promised of every error, and any answer against what no
//! response may hold.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use super::beyond::Beyond;

use crate::{
    checks::{
        envelope,
        field_texts::{FieldText, FieldTexts},
        fields, leak, message,
        mismatch::{Mismatch, Mismatches},
        reading::Reading,
        request_id::RequestIds,
        sheet::Sheet,
        told_wait,
    },
    contract::{
        Contract,
        check::CheckId,
        pair::Pair,
        place::AnswerPlace,
        scenario::{Case, Expects, Provocation, Scenario, Single},
        wrong_fields::WrongFields,
    },
    exchange::{locked::Locked as _, outgoing::Exchange},
    shown::redactor::Redactor,
};

/// Judges answers. Holds the request ids of the run, since no two answers may share one, and its
/// secrets, since no answer may hold one.
#[derive(Debug)]
pub struct AnswerJudge {
    ids: Mutex<RequestIds>,
    /// What was said of fields that are wrong, since no two fields may be told of by one text.
    texts: Mutex<FieldTexts>,
    /// Knows what no page promises.
    beyond: Beyond,
    /// Finds the secrets.
    secrets: Arc<Redactor>,
}

impl AnswerJudge {
    /// A judge that has seen no answer yet.
    #[must_use]
    pub fn new(secrets: Redactor) -> Self {
        Self::of(secrets.into(), Beyond::default())
    }

    /// One with the same secrets that has seen no answer yet.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self::of(Arc::clone(&self.secrets), Beyond::default())
    }

    /// Tells it the request ids of the run before. The first ones count.
    pub fn know_run_before(&self, ids: HashSet<String>) {
        self.beyond.know_run_before(ids);
    }

    fn of(secrets: Arc<Redactor>, beyond: Beyond) -> Self {
        Self { ids: Mutex::default(), texts: Mutex::default(), beyond, secrets }
    }

    /// What no page promises and every engineer expects of an error.
    #[must_use]
    pub fn beyond(
        &self,
        contract: &Contract,
        expects: Expects,
        exchange: &Exchange,
        host: &str,
    ) -> Vec<(CheckId, Mismatches)> {
        self.beyond.judge(contract, expects, exchange, host)
    }

    /// The request ids of the run so far.
    #[must_use]
    pub fn request_ids(&self) -> Vec<String> {
        self.ids.locked().all()
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
        if scenario.expects == Expects::AnyError {
            let name = case.map_or(scenario.code.as_str(), |case| &case.name);
            return self.any_error(contract, name, exchange, at, sheet);
        }
        if let Some(pair) = case.and_then(|case| case.pair.as_deref()) {
            return self.one_of_two(contract, pair, exchange, at, sheet);
        }
        let answer = &exchange.answer;
        let places = &contract.envelope.places;
        let reading = Reading::of(answer, places);
        let code = reading.code();
        let alternative = case.and_then(|case| {
            let code = code.as_deref();
            case.also
                .iter()
                .find(|also| also.status == answer.status && Some(also.code.as_str()) == code)
        });
        let status = alternative.map_or(scenario.status, |also| also.status);
        let code = alternative.map_or(&scenario.code, |also| &also.code);
        if fields::is_success(answer.status)
            && !fields::is_success(status)
            && reading.code().is_none()
        {
            sheet.note(CheckId::Status, at, fields::served(answer.status));
            return;
        }
        sheet.note(CheckId::Status, at, fields::status(answer.status, status));
        sheet.note(
            CheckId::EnvelopeJson,
            at,
            envelope::json(&reading, places.media_type.as_deref()),
        );
        if let Some(body) = reading.body() {
            let found = envelope::schema(&contract.envelope.schema, body);
            sheet.note(CheckId::EnvelopeSchema, at, found);
            if let Some(place) = &places.status {
                let found =
                    fields::repeated(reading.at(place).as_deref(), place.as_str(), answer.status);
                sheet.note(CheckId::Status, at, found);
            }
            let exactly = |place: &AnswerPlace, expected: &str| {
                fields::exactly(reading.at(place).as_deref(), place.as_str(), expected)
            };
            sheet.note(CheckId::Code, at, exactly(&places.code, &places.full_code(code)));
            if let Some(docs) = &contract.docs {
                sheet.note(CheckId::Docs, at, exactly(&docs.place, &docs.link));
            }
            // What the message holds is promised of the scenario's own code alone.
            let (fields, pattern) = match alternative {
                None => {
                    (case.map_or(&[][..], |case| case.fields.names()), scenario.message.as_ref())
                }
                Some(_) => (&[][..], None),
            };
            let text = reading.at(&places.message);
            let place = places.message.as_str();
            let mut found = message::message(text.as_deref(), place, fields, pattern);
            found.extend(message::words(text.as_deref(), place, Some(code.as_str())));
            if let (Some(case), [field, ..]) = (case, fields)
                && matches!(case.fields, WrongFields::One(_))
                && let Provocation::Single(Single { request, .. }) = &case.provocation
            {
                let told = FieldText { request, field, text: text.as_deref() };
                found.extend(self.texts.locked().check(told, place, &case.name));
            }
            sheet.note(CheckId::Message, at, found);
            if let Some(place) = &places.request_id {
                let name = case.map_or(scenario.code.as_str(), |case| &case.name);
                let mut ids = self.ids.locked();
                let found = ids.check(reading.at(place).as_deref(), place.as_str(), name);
                sheet.note(CheckId::RequestId, at, found);
            }
        }
        if let Some(promised) = &scenario.retry_after {
            sheet.note(CheckId::RetryAfter, at, told_wait::present(exchange, promised));
        }
    }

    /// Notes what the checks say of an error that has one of two codes: all that is promised of that one.
    fn one_of_two(
        &self,
        contract: &Contract,
        pair: &Pair,
        exchange: &Exchange,
        at: usize,
        sheet: &mut Sheet,
    ) {
        let places = &contract.envelope.places;
        let reading = Reading::of(&exchange.answer, places);
        let code = reading.code();
        let own =
            contract.scenarios.iter().find(|known| Some(known.code.as_str()) == code.as_deref());
        if let Some(scenario) = own {
            return self.answer(contract, scenario, None, exchange, at, sheet);
        }
        let [one, other] = &pair.codes;
        let found = match &code {
            None if fields::is_success(exchange.answer.status) => {
                return sheet.note(CheckId::Status, at, fields::served(exchange.answer.status));
            }
            code => code.as_deref().map(|code| format!("{code:?}")),
        };
        let found = Mismatch::or_missing(places.code.as_str(), format!("{one} or {other}"), found);
        sheet.note(CheckId::Code, at, vec![found]);
    }

    /// Notes what the checks say of an error of which neither code nor status is promised: it is one, it is not the
    /// server's own fault, and it has what every error has.
    fn any_error(
        &self,
        contract: &Contract,
        name: &str,
        exchange: &Exchange,
        at: usize,
        sheet: &mut Sheet,
    ) {
        let answer = &exchange.answer;
        let places = &contract.envelope.places;
        let reading = Reading::of(answer, places);
        let method = &*exchange.request.method;
        if fields::is_success(answer.status) && reading.code().is_none() {
            // What a server says to these two need not be an error.
            let may_succeed = matches!(method, "HEAD" | "OPTIONS");
            let found = if may_succeed { Vec::new() } else { fields::served(answer.status) };
            return sheet.note(CheckId::Status, at, found);
        }
        if fields::leads_to_itself(answer, &exchange.request.path) {
            return sheet.note(CheckId::Status, at, Vec::new());
        }
        sheet.note(CheckId::Status, at, fields::of_client(answer.status));
        if method == "HEAD" {
            return sheet.note(
                CheckId::EnvelopeJson,
                at,
                envelope::of_head(answer, places.media_type.as_deref()),
            );
        }
        sheet.note(
            CheckId::EnvelopeJson,
            at,
            envelope::json(&reading, places.media_type.as_deref()),
        );
        let Some(body) = reading.body() else { return };
        sheet.note(CheckId::EnvelopeSchema, at, envelope::schema(&contract.envelope.schema, body));
        let text = |place: &AnswerPlace| {
            let found = reading.at(place);
            message::message(found.as_deref(), place.as_str(), &[], None)
        };
        sheet.note(CheckId::Code, at, text(&places.code));
        let mut found = text(&places.message);
        let (place, message) = (places.message.as_str(), reading.at(&places.message));
        // Of codes that the docs do not name an honest server of `tests/conformant/` has no words.
        found.extend(message::words(message.as_deref(), place, None));
        sheet.note(CheckId::Message, at, found);
        if let Some(docs) = &contract.docs {
            let found = reading.at(&docs.place);
            let found = fields::exactly(found.as_deref(), docs.place.as_str(), &docs.link);
            sheet.note(CheckId::Docs, at, found);
        }
        if let Some(place) = &places.request_id {
            let found = self.ids.locked().check(reading.at(place).as_deref(), place.as_str(), name);
            sheet.note(CheckId::RequestId, at, found);
        }
    }

    /// The secrets of the run that an answer holds. A good one may hold none either, nor one to a request
    /// that carried no key: it may be another's.
    #[must_use]
    pub fn leaks(&self, exchange: &Exchange) -> Mismatches {
        leak::secrets(exchange, &self.secrets)
    }
}
