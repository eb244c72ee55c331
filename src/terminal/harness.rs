//! Runs trials by the standard test harness, whatever becomes of its output.
//!
//! libtest-mimic unwraps each of its writes (its `printer.rs`), so a closed pipe or a full disk
//! ends it by a panic with a backtrace, and with one thread the trials that are left are lost. Here
//! that panic is silent and becomes a value.

use std::{
    any::Any,
    io, panic,
    sync::Arc,
    thread::{self, ThreadId},
};

use libtest_mimic::{Arguments, Conclusion, Trial};

use super::print::STDOUT;

/// How the harness came to its end.
#[derive(Debug)]
#[must_use = "a run whose lines could not be written may have trials left"]
pub(crate) enum HarnessEnd {
    /// With all trials carried out, and all lines written.
    Whole(Conclusion),
    /// At a line that could not be written. With more than one thread all trials were carried out
    /// nevertheless, with one thread those up to this line.
    Unwritten(io::Error),
}

/// What writes are made to: what `--logfile` names, or stdout.
pub(crate) fn output(tests: &Arguments) -> &str {
    tests.logfile.as_deref().unwrap_or(STDOUT)
}

/// Carries the trials out.
pub(crate) fn run(tests: &Arguments, trials: Vec<Trial>) -> HarnessEnd {
    let silent = Silent::on_this_thread();
    let ended = panic::catch_unwind(panic::AssertUnwindSafe(|| libtest_mimic::run(tests, trials)));
    silent.end();
    match ended {
        Ok(conclusion) => HarnessEnd::Whole(conclusion),
        Err(panic) => match error_of(&*panic) {
            Some(error) => HarnessEnd::Unwritten(error),
            None => panic::resume_unwind(panic),
        },
    }
}

/// Carries trials out that are left after a line could not be written, and prints nothing more.
pub(crate) fn run_unheard(tests: &Arguments, trials: Vec<Trial>) -> HarnessEnd {
    let nowhere = if cfg!(windows) { "NUL" } else { "/dev/null" };
    run(&Arguments { logfile: Some(nowhere.to_owned()), ..tests.clone() }, trials)
}

/// The error of a write that the harness gave up on, if that is what it panicked for.
fn error_of(panic: &(dyn Any + Send)) -> Option<io::Error> {
    let text = panic.downcast_ref::<String>()?;
    // `unwrap` says: called `Result::unwrap()` on an `Err` value: Os { code: 32, kind: ... }
    let error = text.strip_prefix("called `Result::unwrap()` on an `Err` value: ")?;
    let code = error.strip_prefix("Os { code: ").and_then(|rest| rest.split(',').next());
    let error = || io::Error::other(error.to_owned());
    Some(code.and_then(|code| code.parse().ok()).map_or_else(error, io::Error::from_raw_os_error))
}

type PanicHook = Box<dyn Fn(&panic::PanicHookInfo<'_>) + Send + Sync>;

/// While this is there, a write of the harness that fails says nothing on stderr; any other panic,
/// and any on another thread, says what it always says.
struct Silent {
    others: Arc<PanicHook>,
}

impl Silent {
    fn on_this_thread() -> Self {
        let others = Arc::new(panic::take_hook());
        let (heard, thread) = (Arc::clone(&others), thread::current().id());
        panic::set_hook(Box::new(move |info| {
            if !is_failed_write(info, thread) {
                heard(info);
            }
        }));
        Self { others }
    }

    fn end(self) {
        drop(panic::take_hook());
        // Ours was the only other owner, and it is gone.
        if let Some(others) = Arc::into_inner(self.others) {
            panic::set_hook(others);
        }
    }
}

fn is_failed_write(info: &panic::PanicHookInfo<'_>, thread: ThreadId) -> bool {
    let is_printer = |file: &str| file.contains("libtest-mimic") && file.ends_with("printer.rs");
    thread::current().id() == thread
        && info.location().is_some_and(|location| is_printer(location.file()))
        && error_of(info.payload()).is_some()
}
