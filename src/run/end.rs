//! Why a command ends before its time, and how that is said.

use std::process::ExitCode;

use crate::{
    result::side::NotReady,
    shown,
    shown::{redactor::Redactor, text::Shown},
    source::fault::{Fault, Faults},
    terminal::{
        exit,
        print::{self, Unwritten},
    },
};

/// Why there is no verdict on the contract.
#[derive(Debug)]
pub enum End {
    /// The flags or the files are wrong.
    Faults(Faults),
    /// The target could not be reached, or refuses the key it was given.
    Unreachable(Shown),
    /// Nothing was proven.
    Nothing(Shown),
    /// What was asked for could not be written.
    Unwritten(Unwritten),
}

impl From<Unwritten> for End {
    fn from(why: Unwritten) -> Self {
        Self::Unwritten(why)
    }
}

impl From<Faults> for End {
    fn from(faults: Faults) -> Self {
        Self::Faults(faults)
    }
}

impl From<Fault> for End {
    fn from(fault: Fault) -> Self {
        Self::Faults(fault.into())
    }
}

impl From<NotReady> for End {
    fn from(not_ready: NotReady) -> Self {
        match not_ready {
            NotReady::Fault(fault) => fault.into(),
            NotReady::Unreachable(why) => Self::Unreachable(why),
        }
    }
}

/// The exit code of a command that came to its end, or says on stderr why it did not.
#[must_use = "return it from main"]
pub fn finish(ended: Result<u8, End>, redactor: impl FnOnce() -> Redactor) -> ExitCode {
    let end = match ended {
        Ok(code) => return ExitCode::from(code),
        Err(end) => end,
    };
    let redactor = redactor();
    let (why, code) = match end {
        End::Faults(faults) => (faults.shown(&redactor), exit::USAGE),
        End::Unreachable(why) => (shown!["errproof: ", why], exit::UNREACHABLE),
        End::Nothing(why) => (shown!["errproof: ", why], exit::NOTHING),
        End::Unwritten(why) => return print::unwritten(&why, &redactor),
    };
    print::problem(&why);
    ExitCode::from(code)
}
