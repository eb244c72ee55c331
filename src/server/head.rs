//! A response to HEAD: it has the head of an error, and no body.

use super::judge::AnswerJudge;
use crate::{
    checks::{envelope, fields, reading::Reading, retry_after, sheet::Sheet},
    contract::{
        Contract,
        check::CheckId,
        names::Code,
        place::AnswerPlace,
        scenario::Scenario,
    },
    exchange::outgoing::Exchange,
};

/// The method whose responses have no body (RFC 9110, section 9.3.2).
pub(super) const HEAD: &str = "HEAD";

impl AnswerJudge {
    /// Notes what the checks say of an error in response to HEAD: its status, its media type if it says one, and what
    /// stands in a header.
    pub(super) fn of_head(
        contract: &Contract,
        (scenario, code, status): (&Scenario, &Code, u16),
        exchange: &Exchange,
        at: usize,
        sheet: &mut Sheet,
    ) {
        let answer = &exchange.answer;
        let places = &contract.envelope.places;
        sheet.note(CheckId::Status, at, fields::status(answer.status, status));
        let found = envelope::of_head(answer, places.media_type.as_deref());
        sheet.note(CheckId::EnvelopeJson, at, found);
        let reading = Reading::of(answer, places);
        let exactly = |place: &AnswerPlace, expected: &str| {
            fields::exactly(reading.at(place).as_deref(), place.as_str(), expected)
        };
        if places.code.header().is_some() {
            sheet.note(CheckId::Code, at, exactly(&places.code, &places.full_code(code)));
        }
        if let Some(docs) = contract.docs.as_ref().filter(|docs| docs.place.header().is_some()) {
            sheet.note(CheckId::Docs, at, exactly(&docs.place, &docs.link));
        }
        if let Some(promised) = scenario.retry_after {
            sheet.note(CheckId::RetryAfter, at, retry_after::present(answer, promised.longest));
        }
    }
}
