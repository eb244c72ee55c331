//! `twin`: the same request without the defect gets past the code, so the defect is what caused it.

use super::{
    mismatch::{Mismatch, Mismatches},
    reading::Reading,
};
use crate::contract::names::Code;

/// What a twin was answered, as far as it tells how far the twin got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwinAnswer {
    /// The status.
    pub status: u16,
    /// The code, where there is one.
    pub code: Option<Code>,
    /// Whether the status is that of a success, and nothing stands where a code would.
    pub is_served: bool,
}

/// How far a twin has to get.
#[derive(Debug, Clone, Copy)]
pub struct Way<'a> {
    /// The case's own code, which the twin must not get.
    pub own: &'a Code,
    /// The later error that it is to reach, with its status if a scenario says it; none if it is to
    /// succeed.
    pub reaches: Option<(&'a Code, Option<u16>)>,
    /// The codes in the order in which the API looks for them.
    pub chain: &'a [Code],
}

impl TwinAnswer {
    /// What an answer tells.
    #[must_use]
    pub fn of(reading: &Reading<'_>) -> Self {
        let status = reading.answer().status;
        Self {
            status,
            code: reading.code().map(Code::from),
            is_served: (200..300).contains(&status) && reading.is_served(status),
        }
    }
}

/// A twin gets past the case's code if it succeeds or is refused with a code that the API looks for
/// later. Where the code cannot be read or is none of the chain, the status has to tell: it has to be that of
/// the error that the twin is to reach. Such an answer, broken in itself, is a finding of the code that it
/// should have had, and not of this one.
///
/// ```
/// use errproof::internals::{checks::twin::{TwinAnswer, Way, past}, contract::names::Code};
///
/// let [own, later] = ["missing_api_key", "invalid_input"].map(|code| Code::from(code.to_owned()));
/// let chain = [own.clone(), later.clone()];
/// let way = Way { own: &own, reaches: Some((&later, Some(400))), chain: &chain };
/// let answered = |status| TwinAnswer { status, code: None, is_served: false };
/// assert!(past(&answered(400), &way).is_empty());
/// // Refused by a gateway: the valid key is not taken, and the 401 proves nothing.
/// assert_eq!(past(&answered(403), &way).len(), 1);
/// ```
#[must_use]
pub fn past(answer: &TwinAnswer, way: &Way<'_>) -> Mismatches {
    let own = way.own;
    let place = |code: &Code| way.chain.iter().position(|known| known == code);
    let known = answer.code.as_ref().filter(|code| *code == own || place(code).is_some());
    let sentence = match (known, &answer.code, way.reaches) {
        (Some(code), _, _) if place(code) > place(own) && place(own).is_some() => {
            return Vec::new();
        }
        (Some(code), _, _) => format!("was refused as {code}; expected it to get past {own}"),
        (None, _, _) if answer.is_served => return Vec::new(),
        (None, _, Some((_, Some(status)))) if answer.status == status => return Vec::new(),
        (None, code, reaches) => {
            let code = match code {
                Some(code) => format!("the code {code}, which is not in the chain"),
                None => "no code".to_owned(),
            };
            let expected = match reaches {
                None => "a success".to_owned(),
                Some((later, _)) => format!("{later} or a success"),
            };
            format!("was answered with {} and {code}; expected {expected}", answer.status)
        }
    };
    vec![Mismatch::says("", format!("the same request without the defect (its twin) {sentence}"))]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How far each answer gets, in a chain of key (401), json (400), input (400) and credits (402).
    #[test]
    fn a_twin_gets_past_by_a_success_a_later_code_or_the_status_of_the_error_that_it_is_to_reach() {
        let code = |name: &str| Code::from(name.to_owned());
        let chain = ["key", "json", "input", "credits"].map(code);
        let [key, json, input, credits] = &chain;
        let to_input = Way { own: key, reaches: Some((input, Some(400))), chain: &chain };
        let to_same = Way { own: json, reaches: Some((input, Some(400))), chain: &chain };
        let to_success = Way { own: credits, reaches: None, chain: &chain };
        let chainless = Way { own: json, reaches: None, chain: &[] };
        let other = code("other");
        let ownless = Way { own: &other, reaches: None, chain: &chain };
        let rows = [
            (to_input, 400, Some("input"), None),
            (to_input, 400, Some("json"), None),
            (to_input, 402, Some("credits"), None),
            (to_input, 200, None, None),
            // Its own code's cases say what is wrong with it.
            (to_input, 400, None, None),
            (to_input, 400, Some("INPUT"), None),
            (to_input, 401, Some("input"), None),
            (to_input, 400, Some("key"), Some("was refused as key; expected it to get past key")),
            (to_same, 401, Some("key"), Some("was refused as key; expected it to get past json")),
            (
                to_input,
                401,
                None,
                Some("was answered with 401 and no code; expected input or a success"),
            ),
            (
                to_input,
                403,
                Some("forbidden"),
                Some(
                    "was answered with 403 and the code forbidden, which is not in the chain; expected input or a success",
                ),
            ),
            (to_same, 400, None, None),
            (to_success, 500, None, Some("was answered with 500 and no code; expected a success")),
            (to_success, 302, None, Some("was answered with 302 and no code; expected a success")),
            (
                to_success,
                200,
                Some("nonsense"),
                Some(
                    "was answered with 200 and the code nonsense, which is not in the chain; expected a success",
                ),
            ),
            (chainless, 200, None, None),
            (
                chainless,
                400,
                Some("json"),
                Some("was refused as json; expected it to get past json"),
            ),
            (
                ownless,
                402,
                Some("credits"),
                Some("was refused as credits; expected it to get past other"),
            ),
        ];
        for (way, status, refused, wrong) in rows {
            let is_served = status < 300 && refused.is_none();
            let answer = TwinAnswer { status, code: refused.map(code), is_served };
            let found: Vec<_> =
                past(&answer, &way).iter().map(|found| found.wrong.to_string()).collect();
            let expected = wrong
                .map(|wrong| format!("the same request without the defect (its twin) {wrong}"));
            assert_eq!(found, Vec::from_iter(expected), "{status} {refused:?}");
        }
    }
}
