//! Whether nextest runs this: each trial is then a process of its own.

use std::env;

use libtest_mimic::Arguments;

/// What this process carries out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Process {
    /// A whole run.
    Run,
    /// One trial of a run of nextest.
    Trial,
}

impl Process {
    /// What nextest says, in a variable of its own, of a call that looks like one of its own:
    /// `BINARY --exact NAME --nocapture`, or a list. The variable alone is not enough: whatever a test starts
    /// has it as well, and a whole run that proved nothing would end with 0.
    pub(crate) fn of_test_binary(tests: &Arguments) -> Self {
        Self::told(tests, env::var("NEXTEST").ok().as_deref())
    }

    fn told(tests: &Arguments, nextest: Option<&str>) -> Self {
        let is_one = tests.exact && tests.nocapture && tests.filter.is_some();
        if nextest == Some("1") && (is_one || tests.list) { Self::Trial } else { Self::Run }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_call_of_nextest_is_one_trial() {
        let one: &[&str] = &["--exact", "plan_gate::free-plan", "--nocapture"];
        let rows: [(&[&str], Option<&str>, Process); 9] = [
            (one, Some("1"), Process::Trial),
            (&["--list", "--format", "terse"], Some("1"), Process::Trial),
            (one, Some("0"), Process::Run),
            (one, None, Process::Run),
            (&[], Some("1"), Process::Run),
            (&["plan_gate"], Some("1"), Process::Run),
            (&["plan_gate", "--nocapture"], Some("1"), Process::Run),
            (&["--exact", "plan_gate::free-plan"], Some("1"), Process::Run),
            (&["--exact", "--nocapture"], Some("1"), Process::Run),
        ];
        for (flags, nextest, process) in rows {
            let tests = Arguments::from_iter(["test"].iter().chain(flags));
            assert_eq!(Process::told(&tests, nextest), process, "{flags:?} {nextest:?}");
        }
    }
}
