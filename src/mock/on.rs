//! The trials that a mutant is to be seen by.

use super::input_site::InputSite;
use crate::exchange::message::Request;

/// The trials that must not be green.
#[derive(Debug, Clone)]
pub enum On {
    /// All trials of one code.
    Code(&'static str),
    /// Those for which this is true, given the trial's name and its place, counted from 0.
    Those(fn(&str, usize) -> bool),
    /// Those of one code at one point, as it is called.
    Point(&'static str, String),
    /// Those of `invalid_input` whose request has this fault.
    Input(InputSite),
    /// Those that have one of these names.
    Trials(Vec<String>),
}

/// A trial, as far as a mutant is meant for it.
#[derive(Debug, Clone, Copy)]
pub struct Meant<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its place in the run, counted from 0.
    pub at: usize,
    /// The point that it is at, as it is called.
    pub point: Option<&'a str>,
    /// Its own request, if one was sent.
    pub request: Option<&'a Request>,
}

impl On {
    /// Whether a trial is meant.
    #[must_use]
    pub fn means(&self, trial: Meant<'_>) -> bool {
        let Meant { name, at, point, request } = trial;
        match self {
            Self::Code(code) => code_of(name) == *code && !shows_no_error(name),
            Self::Those(are) => are(name, at),
            Self::Point(code, named) => code_of(name) == *code && point == Some(named),
            Self::Input(site) => {
                // Where several fields are wrong the first one is told, and each will do.
                let is_one = code_of(name) == "invalid_input" && !is_of_several(name);
                is_one && request.is_some_and(|request| site.is_of(request))
            }
            Self::Trials(names) => names.iter().any(|known| known == name),
        }
    }
}

/// Whether several fields of a trial's request are wrong at once.
#[must_use]
pub(super) fn is_of_several(trial: &str) -> bool {
    ["::body:required-all", "::body:type-all"].iter().any(|case| trial.contains(case))
}

/// The code that a trial is about.
#[must_use]
pub fn code_of(trial: &str) -> &str {
    trial.split("::").next().unwrap_or(trial)
}

/// Whether a trial is about a code, and shows a success.
#[must_use]
pub(super) fn shows_no_error(trial: &str) -> bool {
    trial.ends_with("::exactly-enough")
}
