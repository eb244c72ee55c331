//! `twin`: the same request without the defect gets past the code, so the defect is what caused it.

use super::{belonging, mismatch::Mismatch, reading::Reading};
use crate::contract::{Contract, identity::Statuses, names::Code};

/// What a twin was answered, as far as it tells how far the twin got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwinAnswer {
    /// The status.
    pub status: u16,
    /// What the contract calls it: by its code, where there is one, or by what else tells it.
    pub code: Option<Code>,
    /// Whether the status is that of a success, and the answer looks like none other.
    pub is_served: bool,
}

/// How far a twin has to get.
#[derive(Clone, Copy)]
pub struct Way<'a> {
    /// The case's own code, which the twin must not get, and its statuses.
    pub own: (&'a Code, &'a Statuses),
    /// The later code that it is to reach; none if it is to succeed.
    pub reaches: Option<&'a Code>,
    /// The codes in the order in which the API looks for them.
    pub chain: &'a [Code],
    /// The statuses of a code, if a scenario says them.
    pub statuses_of: &'a dyn Fn(&Code) -> Option<&'a Statuses>,
}

/// How far a twin got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Past the case's code, as far as it was meant to: the defect is what caused the error.
    Past,
    /// Not stopped by the case's code, but answered as the contract has it nowhere: nothing is proven. Why, after
    /// "the twin".
    Unclear(String),
    /// Stopped by the case's code, an earlier one, or something in front of the API.
    Stuck(Mismatch),
}

impl TwinAnswer {
    /// What an answer tells.
    #[must_use]
    pub fn of(contract: &Contract, reading: &Reading<'_>) -> Self {
        let mut twin = Self::called(belonging::named(contract, reading), reading);
        twin.is_served &= !belonging::is_of_named_envelope(contract, reading.answer());
        twin
    }

    /// The same of an answer that is called so.
    fn called(code: Option<Code>, reading: &Reading<'_>) -> Self {
        let status = reading.answer().status;
        let is_success = (200..300).contains(&status) && reading.is_served(status);
        let is_plain = code.is_none() && !reading.is_page() && !reading.tells_error();
        Self { status, code, is_served: is_success && is_plain }
    }
}

/// A twin gets past the case's code if it succeeds where it is to, or is refused with the code that it is to reach
/// or a later one, and that code's status. A server that refuses every valid key, or a gateway in front of it,
/// answers something else: with no code, or with the status of the case's own, the twin is stuck. What is neither
/// may be an honest API in a corner that the contract does not know, or one whose later error is broken, which
/// that error's own cases say. It fails nothing, and proves nothing.
///
/// ```
/// use errproof::internals::{
///     checks::twin::{Progress, TwinAnswer, Way, progress},
///     contract::{identity::Statuses, names::Code},
/// };
///
/// let [own, later] = ["missing_api_key", "invalid_input"].map(|code| Code::from(code.to_owned()));
/// let chain = [own.clone(), later.clone()];
/// let [refused, invalid] = [401, 400].map(Statuses::One);
/// let statuses_of = |code: &Code| Some(if *code == chain[0] { &refused } else { &invalid });
/// let (own, reaches) = ((&own, &refused), Some(&later));
/// let way = Way { own, reaches, chain: &chain, statuses_of: &statuses_of };
/// let answered = |status, code: Option<&Code>| {
///     progress(&TwinAnswer { status, code: code.cloned(), is_served: false }, &way)
/// };
/// assert_eq!(answered(400, Some(&later)), Progress::Past);
/// // The later error is there, as far as the status tells.
/// assert!(matches!(answered(400, None), Progress::Unclear(_)));
/// // Refused by a gateway: the valid key is not taken, and the 401 proves nothing.
/// assert!(matches!(answered(403, None), Progress::Stuck(_)));
/// ```
#[must_use]
pub fn progress(answer: &TwinAnswer, way: &Way<'_>) -> Progress {
    let (own, own_status) = way.own;
    let place = |code: &Code| way.chain.iter().position(|known| known == code);
    let TwinAnswer { status, code, is_served } = answer;
    let stuck = |how: String| {
        let twin = "the same request without the defect (its twin)";
        Progress::Stuck(Mismatch::says("", format!("{twin} {how}")))
    };
    if let Some(code) = code.as_ref().filter(|code| *code == own || place(code).is_some()) {
        let is_later = place(own).is_some() && place(code) > place(own);
        let early = way.reaches.filter(|reaches| place(reaches) > place(code));
        return match early {
            _ if !is_later => {
                stuck(format!("was refused as {code}; expected it to get past {own}"))
            }
            _ if (way.statuses_of)(code).is_some_and(|own| !own.holds(*status)) => {
                Progress::Unclear(format!(
                    "was refused as {code} with {status}, which is not its status"
                ))
            }
            Some(reaches) => Progress::Unclear(format!("was refused as {code}, before {reaches}")),
            None => Progress::Past,
        };
    }
    let is_success = (200..300).contains(status);
    let expected = way.reaches.map_or("a success".to_owned(), Code::to_string);
    let with = match code {
        Some(code) => format!("the code {code}, which is not in the chain"),
        None if is_success && !is_served => "what looks like a page or an error".to_owned(),
        None => "no code".to_owned(),
    };
    let how = format!("was answered with {status} and {with}; expected {expected}");
    let is_reached =
        way.reaches.and_then(way.statuses_of).is_some_and(|statuses| statuses.holds(*status));
    match code {
        None if *is_served && way.reaches.is_none() => Progress::Past,
        _ if is_success || is_reached => Progress::Unclear(how),
        Some(_) if !own_status.holds(*status) => Progress::Unclear(how),
        _ => stuck(how),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::reading::tests::places, *};
    use crate::exchange::message::{Answer, Ending};

    /// How far each answer gets, in a chain of key (401), json (400), input (400) and credits (402).
    #[test]
    fn a_twin_gets_past_by_what_it_is_to_reach_or_later_and_is_stuck_at_the_own_code_or_a_gateway()
    {
        let code = |name: &str| Code::from(name.to_owned());
        let chain = ["key", "json", "input", "credits"].map(code);
        let [key, json, input, credits] = &chain;
        let statuses = [401, 400, 400, 402].map(Statuses::One);
        let [refused, invalid, _, unpaid] = &statuses;
        let statuses_of =
            |code: &Code| chain.iter().position(|known| known == code).map(|at| &statuses[at]);
        let other = code("other");
        let way =
            |own: (_, _), reaches| Way { own, reaches, chain: &chain, statuses_of: &statuses_of };
        let to_input = way((key, refused), Some(input));
        let to_same = way((json, invalid), Some(input));
        let to_success = way((credits, unpaid), None);
        let chainless = Way { chain: &[], ..way((json, invalid), None) };
        let ownless = way((&other, invalid), None);
        let rows = [
            (to_input, 400, Some("input"), "past"),
            (to_input, 402, Some("credits"), "past"),
            (to_input, 400, Some("json"), "unclear: was refused as json, before input"),
            (
                to_input,
                401,
                Some("input"),
                "unclear: was refused as input with 401, which is not its status",
            ),
            (to_input, 200, None, "unclear: was answered with 200 and no code; expected input"),
            (to_input, 400, None, "unclear: was answered with 400 and no code; expected input"),
            (
                to_input,
                400,
                Some("INPUT"),
                "unclear: was answered with 400 and the code INPUT, which is not in the chain; expected input",
            ),
            (
                to_input,
                403,
                Some("forbidden"),
                "unclear: was answered with 403 and the code forbidden, which is not in the chain; expected input",
            ),
            (
                to_input,
                401,
                Some("bad_key"),
                "stuck: was answered with 401 and the code bad_key, which is not in the chain; expected input",
            ),
            (to_input, 401, Some("key"), "stuck: was refused as key; expected it to get past key"),
            (to_input, 401, None, "stuck: was answered with 401 and no code; expected input"),
            (to_input, 403, None, "stuck: was answered with 403 and no code; expected input"),
            (to_same, 401, Some("key"), "stuck: was refused as key; expected it to get past json"),
            (to_same, 400, None, "unclear: was answered with 400 and no code; expected input"),
            (to_success, 200, None, "past"),
            (to_success, 500, None, "stuck: was answered with 500 and no code; expected a success"),
            (to_success, 302, None, "stuck: was answered with 302 and no code; expected a success"),
            (
                to_success,
                200,
                Some("nonsense"),
                "unclear: was answered with 200 and the code nonsense, which is not in the chain; expected a success",
            ),
            (chainless, 200, None, "past"),
            (
                chainless,
                400,
                Some("json"),
                "stuck: was refused as json; expected it to get past json",
            ),
            (
                ownless,
                402,
                Some("credits"),
                "stuck: was refused as credits; expected it to get past other",
            ),
        ];
        for (way, status, refused, expected) in rows {
            let is_served = status < 300 && refused.is_none();
            let answer = TwinAnswer { status, code: refused.map(code), is_served };
            let found = match progress(&answer, &way) {
                Progress::Past => "past".to_owned(),
                Progress::Unclear(why) => format!("unclear: {why}"),
                Progress::Stuck(why) => why
                    .wrong
                    .to_string()
                    .replace("the same request without the defect (its twin)", "stuck:"),
            };
            assert_eq!(found, expected, "{status} {refused:?}");
        }
        // What looks like a login page or an error is no success.
        let answer = TwinAnswer { status: 200, code: None, is_served: false };
        assert!(matches!(progress(&answer, &to_success), Progress::Unclear(_)));
    }

    #[test]
    fn a_success_is_no_page_for_people_and_has_nothing_where_an_error_stands() {
        let mut places = places();
        places.code = Some("/error/code".to_owned().into());
        let rows = [
            (200, "application/json", r#"{"credits":7}"#, true),
            (204, "", "", true),
            (201, "text/plain", "done", true),
            (200, "application/json", r#"{"error":null,"credits":7}"#, true),
            (200, "application/json", r#"{"error":""}"#, true),
            (200, "application/json", r#"{"error":{}}"#, true),
            (200, "application/json", r#"{"error":false}"#, true),
            (200, "application/json", r#"{"error":"unauthorized"}"#, false),
            (200, "application/json", r#"{"error":{"message":"no"}}"#, false),
            (200, "application/json", r#"{"error":{"code":7}}"#, false),
            (200, "application/json", r#"{"error":401}"#, false),
            (200, "Text/HTML; charset=utf-8", "<form>", false),
            (302, "application/json", "{}", false),
        ];
        for (status, media, body, served) in rows {
            let answer = Answer {
                status,
                headers: vec![("content-type".to_owned(), media.as_bytes().to_vec())],
                body: body.as_bytes().to_vec(),
                ending: Ending::Complete,
            };
            let reading = Reading::of(&answer, &places);
            let answer = TwinAnswer::called(reading.code().map(Code::from), &reading);
            assert_eq!(answer.is_served, served, "{status} {media} {body}");
        }
    }
}
