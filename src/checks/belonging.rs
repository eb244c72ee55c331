//! Which error of a contract a response is: that of the scenario that says most of it and fits.

use std::{borrow::Cow, sync::Arc};

use serde_json::{Number, Value};

use super::{envelope, reading::Reading};
use crate::{
    contract::{
        Contract,
        envelope::{BodyForm, EnvelopeFormat, Several},
        identity::{SaidCode, Tells},
        names::Code,
        parts::Envelope,
        place::AnswerPlace,
        pointer,
        scenario::Scenario,
    },
    exchange::message::Answer,
};

/// The error that a response, which fits this scenario, is rather than that: one that says more of it.
#[must_use]
pub fn other<'c>(
    contract: &'c Contract,
    answer: &Answer,
    expected: &Scenario,
) -> Option<&'c Arc<Scenario>> {
    let other = of(contract, answer).filter(|other| other.code != expected.code)?;
    // Of two patterns for messages nobody knows which is the narrower one, and what is promised of the expected one holds.
    let says_as_much = other.tells.telling() == expected.tells.telling();
    let has_shape = || Reading::of(answer, &other.envelope.places).has_shape(&other.envelope);
    let is_its_shape = expected.is_told_by_shape_from(other) && has_shape();
    (!says_as_much || is_its_shape).then_some(other)
}

/// The scenario that a response belongs to.
#[must_use]
pub fn of<'c>(contract: &'c Contract, answer: &Answer) -> Option<&'c Arc<Scenario>> {
    let mut readings = Readings::default();
    let mut first: Option<&Arc<Scenario>> = None;
    for scenario in contract.most_telling_first() {
        let is_asked = first.is_none_or(|first| first.is_told_by_shape_from(scenario));
        if !is_asked || !fits(readings.by(&scenario.envelope, answer), scenario) {
            continue;
        }
        // Of two that say as much, the shape of the body tells which it is.
        if readings.by(&scenario.envelope, answer).has_shape(&scenario.envelope) {
            return Some(scenario);
        }
        first = first.or(Some(scenario));
    }
    first
}

/// What a response is called: the error that it is; or else the one that has its code, whatever its status; or else its
/// code, which no scenario has.
#[must_use]
pub fn named(contract: &Contract, reading: &Reading<'_>) -> Option<Code> {
    if contract.is_told_by_codes() {
        return reading.code().map(Code::from);
    }
    if let Some(scenario) = of(contract, reading.answer()) {
        return Some(scenario.code.clone());
    }
    let value = reading.code_value()?;
    let by_code = |scenario: &&Arc<Scenario>| {
        is_code(&scenario.tells.code, Some(&value), reading.places())
            && matches!(scenario.tells.code, SaidCode::Text(_) | SaidCode::Number(_))
    };
    if let Some(scenario) = contract.most_telling_first().find(by_code) {
        return Some(scenario.code.clone());
    }
    match &*value {
        Value::Number(number) => Some(Code::from(number.to_string())),
        _ => reading.code().map(Code::from),
    }
}

/// Whether a response, which is no scenario's error, is an error by one of the envelopes that have a name and the status of a
/// success: one of its entries has a code, or has a message where there is no place for codes. A message that stands at the top of
/// a body may be that of a success.
#[must_use]
pub fn is_of_named_envelope(contract: &Contract, answer: &Answer) -> bool {
    let may_be = contract.envelopes.values().filter(|envelope| {
        let deep = |place: &AnswerPlace| pointer::steps(place.as_str()).count() > 1;
        let EnvelopeFormat { success_statuses, code, message, .. } = &envelope.places;
        *success_statuses && (code.is_some() || message.as_ref().is_some_and(deep))
    });
    let mut may_be = may_be.map(|envelope| (envelope, Reading::of(answer, &envelope.places)));
    may_be.any(|(envelope, reading)| {
        let is_it = |entry| {
            reading.look_at(entry);
            let place = envelope.places.code.as_ref().or(envelope.places.message.as_ref());
            place.and_then(|place| reading.at(place)).is_some_and(|value| says_no(&value))
        };
        reading.has_shape(envelope)
            && envelope::media_type(answer, envelope.places.media_type.as_deref()).is_empty()
            && (0..reading.errors()).any(is_it)
    })
}

/// Whether what stands where an error has its code is no empty value, as a success has there.
fn says_no(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) => true,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(parts) => !parts.is_empty(),
    }
}

/// Readings of one response by several envelopes, each made once.
#[derive(Default)]
struct Readings<'a>(Vec<(*const Envelope, Reading<'a>)>);

impl<'a> Readings<'a> {
    fn by(&mut self, envelope: &'a Arc<Envelope>, answer: &'a Answer) -> &Reading<'a> {
        let pointer = Arc::as_ptr(envelope);
        let at = self.0.iter().position(|(known, _)| *known == pointer);
        let at = at.unwrap_or_else(|| {
            self.0.push((pointer, Reading::of(answer, &envelope.places)));
            self.0.len() - 1
        });
        &self.0[at].1
    }
}

/// Whether a response is a scenario's error, by all that tells it. Of several errors in it the reading then looks at one
/// that is.
#[must_use]
pub fn fits(reading: &Reading<'_>, scenario: &Scenario) -> bool {
    let Tells { code, statuses, message } = &scenario.tells;
    let places = reading.places();
    let says_more = matches!(code, SaidCode::Unsaid | SaidCode::Absent);
    let answer = reading.answer();
    // What has a body is none that has to be empty, and the other way round.
    let is_of_form = match places.form {
        // What is told by no code has to be of the promised media type: others of its status may not be.
        BodyForm::Json if says_more && places.media_type.is_some() => {
            reading.body().is_some()
                && envelope::media_type(answer, places.media_type.as_deref()).is_empty()
        }
        BodyForm::Json | BodyForm::Xml => !says_more || reading.body().is_some(),
        BodyForm::Text | BodyForm::Html => !answer.body.is_empty(),
        BodyForm::Empty => answer.body.is_empty(),
    };
    if !statuses.holds(answer.status) || !is_of_form {
        return false;
    }
    let is_it = |entry: usize| {
        reading.look_at(entry);
        let text = || reading.message();
        is_code(code, reading.code_value().as_deref(), places)
            && message
                .as_ref()
                .is_none_or(|pattern| text().is_some_and(|text| pattern.is_match(&text)))
    };
    let found = entry(reading, is_it);
    reading.look_at(found.unwrap_or_default());
    found.is_some()
}

impl Reading<'_> {
    /// Whether the body is as the envelope's schema wants it. Without a schema any body is.
    fn has_shape(&self, envelope: &Envelope) -> bool {
        let Some(schema) = &envelope.schema else { return true };
        self.body().is_some_and(|body| schema.is_valid(body))
    }

    /// Whether this is the error of a scenario, as far as its status tells; where errors have the
    /// status of a success, or a message or the want of a code tells them, that has to tell.
    #[must_use]
    pub fn is_refusal(&self, scenario: &Scenario) -> bool {
        let status = self.answer().status;
        let by_status = status >= 400 && scenario.tells.is_told_by_status();
        // It may look otherwise than what this reading takes it for.
        let is_it = || fits(&Reading::of(self.answer(), &scenario.envelope.places), scenario);
        scenario.tells.statuses.holds(status) && (by_status || is_it())
    }
}

/// The error of several that counts, if it or they are what is asked for.
fn entry(reading: &Reading<'_>, mut is_it: impl FnMut(usize) -> bool) -> Option<usize> {
    // Where there is none, what every error lacks may still be just what is promised.
    let errors = reading.errors().max(1);
    match reading.places().several {
        Several::First => is_it(0).then_some(0),
        Several::One => (0..errors).find(|at| is_it(*at)),
        Several::All => (0..errors).all(is_it).then_some(0),
    }
}

/// Whether a number is this one, in whichever of the ways of JSON it is written: `7`, `7.0`, `0.7e1`.
#[expect(clippy::cast_precision_loss, reason = "a float that is beyond exact numbers is no code")]
fn is_whole(number: &Number, code: i64) -> bool {
    const EXACT: u64 = 1 << 53;
    let is_exact = code.unsigned_abs() < EXACT;
    number.as_i64() == Some(code) || (is_exact && number.as_f64() == Some(code as f64))
}

/// Whether a value is the code that is said.
#[must_use]
pub fn is_code(said: &SaidCode, value: Option<&Value>, places: &EnvelopeFormat) -> bool {
    match (said, value) {
        (SaidCode::Unsaid, _) | (SaidCode::Absent, None | Some(Value::Null)) => true,
        (SaidCode::Text(code), Some(Value::String(text))) => {
            places.code_prefix.before(code).iter().any(|full| full == text)
        }
        (SaidCode::Number(code), Some(Value::Number(number))) => is_whole(number, *code),
        _ => false,
    }
}

/// The code that is said, as a finding shows it: as JSON has it, with what stands before it.
#[must_use]
pub fn expected(said: &SaidCode, places: &EnvelopeFormat) -> Cow<'static, str> {
    match said {
        SaidCode::Text(code) => {
            let codes = places.code_prefix.before(code);
            let codes: Vec<_> = codes.iter().map(|code| format!("{code:?}")).collect();
            codes.join(" or ").into()
        }
        SaidCode::Number(code) => code.to_string().into(),
        SaidCode::Absent => "none".into(),
        SaidCode::Unsaid => "any".into(),
    }
}
