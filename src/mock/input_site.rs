//! Inputs that the mock can be told to take wrongly: one thing that is wrong with one field of one tool.

use serde_json::Value;

use super::{
    input::{self, Breach, Field},
    site::REQUESTS,
};
use crate::{contract::check::CheckId, exchange::message::Request};

/// One thing that is wrong with the input of one tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputSite {
    /// What contracts call the request.
    pub request: &'static str,
    /// The field; none for a body that is no object.
    pub field: Option<&'static str>,
    /// What is wrong with it.
    pub breach: Breach,
}

/// How it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum InputFault {
    Accepted,
    OtherField,
    WrongCode,
    As500,
}

impl InputFault {
    /// All of them, with the check that has to see each.
    pub const ALL: [(Self, CheckId); 4] = [
        (Self::Accepted, CheckId::Status),
        (Self::OtherField, CheckId::Message),
        (Self::WrongCode, CheckId::Code),
        (Self::As500, CheckId::Status),
    ];
}

/// The tools, by their requests' names.
const TOOLS: [(&str, &[Field]); 3] =
    [("tagline", input::TAGLINE), ("roadmap", input::ROADMAP), ("regenerate", input::REGENERATE)];

impl InputSite {
    /// Whether a request has this fault and no other.
    #[must_use]
    pub fn is_of(&self, request: &Request) -> bool {
        let path = REQUESTS.iter().find(|(name, _)| *name == self.request).map(|(_, path)| *path);
        let tool = TOOLS.iter().find(|(name, _)| *name == self.request);
        let Some((_, fields)) = tool.filter(|_| path == Some(&*request.path)) else { return false };
        let body: Result<Value, _> = serde_json::from_slice(&request.body);
        body.is_ok_and(|body| input::breach(&body, fields) == Some((self.field, self.breach)))
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> String {
        let field = self.field.unwrap_or("the body");
        format!("{field} {:?} of {}", self.breach, self.request).to_lowercase()
    }
}

/// Everything that can be wrong with an input.
#[must_use]
pub fn all() -> Vec<InputSite> {
    let mut all = Vec::new();
    for (request, fields) in TOOLS {
        let site = |field, breach| InputSite { request, field, breach };
        let kinds = input::Kind::ALL
            .into_iter()
            .filter(|kind| ![input::Kind::Object, input::Kind::Fraction].contains(kind));
        all.extend(kinds.map(|kind| site(None, Breach::Type(kind))));
        for field in fields {
            let (name, breaches) = field.breaches();
            // No schema says how long the texts of the other tools may be.
            let is_open = |breach: &Breach| {
                request != "tagline" && matches!(breach, Breach::TooShort | Breach::TooLong)
            };
            // Of a text no fraction is tried besides a whole number, and of a word none either.
            let is_tried =
                |breach: &Breach| *breach != Breach::Type(input::Kind::Fraction) || name == "count";
            let breaches =
                breaches.into_iter().filter(|breach| !is_open(breach) && is_tried(breach));
            all.extend(breaches.map(|breach| site(Some(name), breach)));
        }
    }
    all
}
