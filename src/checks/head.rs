//! A response to HEAD: it has the head of an error, and no body.

use super::{envelope, fields, mismatch::Mismatches, reading::Reading};
use crate::contract::{Contract, check::CheckId, names::Code, place::AnswerPlace};

/// The method whose responses have no body (RFC 9110, section 9.3.2).
pub const HEAD: &str = "HEAD";

/// What the checks say of an error in response to HEAD: of its status, of its media type if it says one, and of what stands
/// in a header.
#[must_use]
pub fn error(
    contract: &Contract,
    (code, status): (&Code, u16),
    reading: &Reading<'_>,
) -> Vec<(CheckId, Mismatches)> {
    let answer = reading.answer();
    let places = &contract.envelope.places;
    let mut said = vec![
        (CheckId::Status, fields::status(answer.status, status)),
        (CheckId::EnvelopeJson, envelope::of_head(answer, places.media_type.as_deref())),
    ];
    let exactly = |place: &AnswerPlace, expected: &str| {
        fields::exactly(reading.at(place).as_deref(), place.as_str(), expected)
    };
    if places.code.header().is_some() {
        said.push((CheckId::Code, exactly(&places.code, &places.full_code(code))));
    }
    if let Some(docs) = contract.docs.as_ref().filter(|docs| docs.place.header().is_some()) {
        said.push((CheckId::Docs, exactly(&docs.place, &docs.link)));
    }
    said
}
