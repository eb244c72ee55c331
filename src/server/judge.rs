//! Holds one answer against everything that is promised of every error, and any answer against what no
//! response may hold.

use std::{
    borrow::Cow,
    collections::HashSet,
    sync::{Arc, Mutex},
};

use super::beyond::Beyond;

use crate::{
    checks::{
        belonging, code,
        envelope::{self, HEAD},
        field_texts::{FieldText, FieldTexts},
        fields, leak, message,
        mismatch::{Mismatch, Mismatches},
        promised_headers,
        reading::Reading,
        request_id::RequestIds,
        sheet::Sheet,
        told_wait,
    },
    contract::{
        Contract,
        check::CheckId,
        envelope::BodyForm,
        identity::{SaidCode, Statuses},
        pair::Pair,
        parts::{DocsLink, Envelope},
        place::AnswerPlace,
        scenario::{Case, Expects, Provocation, Scenario, Single},
        scenario_file::Alternative,
        wrong_fields::WrongFields,
    },
    exchange::{locked::Locked as _, message::Answer, outgoing::Exchange},
    shown::redactor::Redactor,
};

/// So many of several errors in one response are looked at for the one that has all that is promised of its message.
const MOST_ERRORS: usize = 100;

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
            return self.any_error(contract, scenario, name, exchange, at, sheet);
        }
        if let Some(pair) = case.and_then(|case| case.pair.as_deref()) {
            return self.one_of_two(contract, pair, exchange, at, sheet);
        }
        let answer = &exchange.answer;
        let expected = Expected::of(contract, scenario, case, answer);
        let envelope = expected.envelope;
        let places = &envelope.places;
        let reading = Reading::of(answer, places);
        if fields::is_success(answer.status)
            && !expected.statuses.ends().iter().any(|status| fields::is_success(*status))
            && !tells_code(contract, &reading)
        {
            sheet.note(CheckId::Status, at, fields::served(answer.status));
            return;
        }
        sheet.note(CheckId::Status, at, fields::status(answer.status, &expected.statuses));
        let is_head = exchange.request.method == HEAD;
        if is_head {
            let found = envelope::of_head(answer, places);
            sheet.note(CheckId::EnvelopeJson, at, found);
        } else {
            sheet.note(CheckId::EnvelopeJson, at, envelope::form(&reading));
        }
        if let (Some(schema), Some(body)) = (&envelope.schema, reading.body()) {
            sheet.note(CheckId::EnvelopeSchema, at, envelope::schema(schema, body));
        }
        // What stands in a body that could not be read is not missing, nor is what HEAD leaves out.
        let has_body = !is_head && reading.body().is_some();
        let is_there = |place: &&AnswerPlace| place.header().is_some() || has_body;
        if let Some(place) = places.status.as_ref().filter(is_there) {
            let found =
                fields::repeated(reading.at(place).as_deref(), place.as_str(), answer.status);
            sheet.note(CheckId::Status, at, found);
        }
        if places.code.as_ref().is_some_and(|place| is_there(&place)) {
            let found = code::code(&reading, &expected.said);
            sheet.note(CheckId::Code, at, found);
        } else if has_body {
            let told = expected.scenario.and_then(|scenario| scenario.tells.message.as_ref());
            code::look_at_a_message(&reading, told);
        }
        if let Some(docs) = expected.docs.filter(|docs| is_there(&&docs.place)) {
            let found = reading.at(&docs.place);
            let found = fields::exactly(found.as_deref(), docs.place.as_str(), &docs.link);
            sheet.note(CheckId::Docs, at, found);
        }
        if places.message.as_ref().is_some_and(|place| is_there(&place)) {
            let found = self.messages(&expected, case, &reading);
            sheet.note(CheckId::Message, at, found);
        }
        if let Some(place) = places.field.as_ref().filter(is_there) {
            let fields = expected.fields(case);
            sheet.note(CheckId::Message, at, fields::names_one(&reading, place, fields));
        }
        if let Some(place) = places.request_id.as_ref().filter(is_there) {
            let name = case.map_or(scenario.code.as_str(), |case| &case.name);
            let mut ids = self.ids.locked();
            let found = ids.check(reading.at(place).as_deref(), place.as_str(), name);
            sheet.note(CheckId::RequestId, at, found);
        }
        if let Some(scenario) = expected.scenario {
            if !scenario.headers.is_empty() {
                let found = promised_headers::headers(answer, &scenario.headers);
                sheet.note(CheckId::Headers, at, found);
            }
            // Where it has all that is promised of it, it may still be another error, of which more is said.
            if !contract.is_told_by_codes() && belonging::fits(&reading, scenario) {
                let other = belonging::other(contract, answer, scenario).map(|other| &**other);
                sheet.note(CheckId::Code, at, code::of_other(&reading, scenario, other));
            }
        }
        if let Some(promised) = &scenario.retry_after {
            sheet.note(CheckId::RetryAfter, at, told_wait::present(exchange, promised));
        }
    }

    /// What is wrong with the message of an error, or of each of several that are all the scenario's: one of those has all that
    /// is promised, and the others are messages.
    fn messages(
        &self,
        expected: &Expected<'_>,
        case: Option<&Case>,
        reading: &Reading<'_>,
    ) -> Mismatches {
        let (entry, counting) = (reading.entry(), reading.counting());
        let wrong = |entry: usize| {
            reading.look_at(entry);
            self.message(expected, None, reading)
        };
        // The first is enough: of thousands nobody reads more.
        let mut found = if counting.len() > 1 {
            counting.clone().map(wrong).find(|found| !found.is_empty()).unwrap_or_default()
        } else {
            Mismatches::new()
        };
        if found.is_empty() {
            let whole = counting.map(|entry| {
                reading.look_at(entry);
                self.message(expected, case, reading)
            });
            let whole: Vec<_> = whole.take(MOST_ERRORS).collect();
            let has_all = whole.iter().any(Vec::is_empty);
            found = if has_all { found } else { whole.into_iter().next().unwrap_or_default() };
        }
        reading.look_at(entry);
        found
    }

    /// What is wrong with a message: it has what is promised of the scenario's own error, and words of its own.
    fn message(
        &self,
        expected: &Expected<'_>,
        case: Option<&Case>,
        reading: &Reading<'_>,
    ) -> Mismatches {
        let places = reading.places();
        let Some(at) = &places.message else { return Vec::new() };
        let text = reading.at(at);
        let place = at.as_str();
        let is_empty = text.as_deref().is_none_or(|text| {
            text.is_null() || text.as_str().is_some_and(|text| text.trim().is_empty())
        });
        let case = case.filter(|_| expected.scenario.is_some());
        let in_message = if places.field.is_some() { &[][..] } else { expected.fields(case) };
        let pattern = expected.scenario.and_then(|scenario| scenario.message.as_ref());
        let is_matched = expected.scenario.and_then(|scenario| scenario.tells.message.as_ref());
        let is_free = in_message.is_empty() && pattern.is_none() && is_matched.is_none();
        if is_empty && places.message_optional && is_free {
            return Vec::new();
        }
        let mut found = message::message(text.as_deref(), place, in_message, pattern);
        if let Some(pattern) = is_matched.filter(|_| !is_empty) {
            found.extend(message::matches(text.as_deref(), place, pattern));
        }
        found.extend(message::words(text.as_deref(), place, expected.code_in_words()));
        if let (Some(case), [field, ..]) = (case, in_message)
            && matches!(case.fields, WrongFields::One(_))
            && let Provocation::Single(Single { request, .. }) = &case.provocation
        {
            let told = FieldText { request, field, text: text.as_deref() };
            found.extend(self.texts.locked().check(told, place, &case.name));
        }
        found
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
        let code = belonging::named(contract, &reading);
        let own = contract.scenarios.iter().find(|known| Some(&known.code) == code.as_ref());
        if let Some(scenario) = own {
            return self.answer(contract, scenario, None, exchange, at, sheet);
        }
        let [one, other] = &pair.codes;
        let found = match &code {
            None if fields::is_success(exchange.answer.status) => {
                return sheet.note(CheckId::Status, at, fields::served(exchange.answer.status));
            }
            code => code.as_ref().map(|code| format!("{:?}", code.as_str())),
        };
        let place = places.code.as_ref().map_or("", |place| place.as_str());
        let found = Mismatch::or_missing(place, format!("{one} or {other}"), found);
        sheet.note(CheckId::Code, at, vec![found]);
    }

    /// Notes what the checks say of an error of which neither code nor status is promised: it is one, it is not the
    /// server's own fault, and it has what every error has.
    fn any_error(
        &self,
        contract: &Contract,
        scenario: &Scenario,
        name: &str,
        exchange: &Exchange,
        at: usize,
        sheet: &mut Sheet,
    ) {
        let answer = &exchange.answer;
        let places = &scenario.envelope.places;
        let reading = Reading::of(answer, places);
        let method = &*exchange.request.method;
        if fields::is_success(answer.status) && !tells_code(contract, &reading) {
            // What a server says to these two need not be an error.
            let may_succeed = matches!(method, HEAD | "OPTIONS");
            let found = if may_succeed { Vec::new() } else { fields::served(answer.status) };
            return sheet.note(CheckId::Status, at, found);
        }
        if fields::leads_to_itself(answer, &exchange.request.path) {
            return sheet.note(CheckId::Status, at, Vec::new());
        }
        sheet.note(CheckId::Status, at, fields::of_client(answer.status));
        if method == HEAD {
            return sheet.note(CheckId::EnvelopeJson, at, envelope::of_head(answer, places));
        }
        sheet.note(CheckId::EnvelopeJson, at, envelope::form(&reading));
        if places.form != BodyForm::Empty && reading.body().is_none() {
            return;
        }
        if let (Some(schema), Some(body)) = (&scenario.envelope.schema, reading.body()) {
            sheet.note(CheckId::EnvelopeSchema, at, envelope::schema(schema, body));
        }
        let text = |place: &AnswerPlace| {
            let found = reading.at(place);
            message::message(found.as_deref(), place.as_str(), &[], None)
        };
        // Where some errors have no code, or one that is no text, nothing is promised of all of them.
        if let Some(place) = places.code.as_ref().filter(|_| contract.is_told_by_codes()) {
            sheet.note(CheckId::Code, at, text(place));
        }
        if let Some(at_message) = places.message.as_ref().filter(|_| !places.message_optional) {
            let mut found = text(at_message);
            let (place, message) = (at_message.as_str(), reading.at(at_message));
            // Of codes that the docs do not name an honest server of `tests/conformant/` has no words.
            found.extend(message::words(message.as_deref(), place, None));
            sheet.note(CheckId::Message, at, found);
        }
        if let Some(docs) = scenario.docs.as_ref().filter(|docs| !docs.is_of_code) {
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

/// Whether something stands where errors have their code, so that it is no success.
fn tells_code(contract: &Contract, reading: &Reading<'_>) -> bool {
    let is_number = || reading.code_value().is_some_and(|value| value.is_number());
    reading.code().is_some() || (!contract.is_told_by_codes() && is_number())
}

/// What one answer has to be: the scenario's error, or one that is allowed in its place.
struct Expected<'a> {
    /// The scenario, if it is its own error.
    scenario: Option<&'a Scenario>,
    statuses: Cow<'a, Statuses>,
    said: Cow<'a, SaidCode>,
    envelope: &'a Envelope,
    docs: Option<&'a DocsLink>,
}

impl<'a> Expected<'a> {
    fn of(
        contract: &'a Contract,
        scenario: &'a Scenario,
        case: Option<&Case>,
        answer: &Answer,
    ) -> Self {
        let also = case.map_or(&[][..], |case| &case.also);
        let also = also.iter().find(|also| {
            let reading = Reading::of(answer, &contract.envelope.places);
            also.status == answer.status
                && belonging::named(contract, &reading).as_ref() == Some(&also.code)
        });
        let Some(Alternative { status, code, .. }) = also else {
            return Self {
                scenario: Some(scenario),
                statuses: Cow::Borrowed(&scenario.tells.statuses),
                said: Cow::Borrowed(&scenario.tells.code),
                envelope: &scenario.envelope,
                docs: scenario.docs.as_ref(),
            };
        };
        let statuses = Cow::Owned(Statuses::One(*status));
        match contract.scenarios.iter().find(|known| known.code == *code) {
            Some(other) => Self {
                scenario: None,
                statuses,
                said: Cow::Borrowed(&other.tells.code),
                envelope: &other.envelope,
                docs: other.docs.as_ref(),
            },
            None => Self {
                scenario: None,
                statuses,
                said: Cow::Owned(SaidCode::Text(code.to_string())),
                envelope: &contract.envelope,
                docs: contract.docs.as_ref(),
            },
        }
    }

    /// The fields that a case breaks, if it is the scenario's own error that has to name one of them.
    fn fields<'c>(&self, case: Option<&'c Case>) -> &'c [String] {
        case.filter(|_| self.scenario.is_some()).map_or(&[], |case| case.fields.names())
    }

    /// The code, if it is a text that a message may only repeat.
    fn code_in_words(&self) -> Option<&str> {
        match &*self.said {
            SaidCode::Text(code) => Some(code),
            _ => None,
        }
    }
}
