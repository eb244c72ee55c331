//! The process groups of commands: what they have started, and its end.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use tokio::process::Child;

use crate::exchange::locked::Locked as _;

/// All groups of a run that are alive, so that none is left when errproof itself is told to end.
#[derive(Debug, Clone, Default)]
pub struct Groups(Arc<Mutex<BTreeSet<u32>>>);

impl Groups {
    /// The group of a command that was started in one of its own.
    #[must_use = "the group is ended when this is dropped"]
    pub fn add(&self, child: &Child) -> Group {
        let leader = child.id().unwrap_or_default();
        self.0.locked().insert(leader);
        Group { leader, groups: self.clone() }
    }

    /// Ends all of them at once.
    pub fn end(&self) {
        for leader in &*self.0.locked() {
            system::end(*leader);
        }
    }
}

/// A command and all that it has started and that has not left its group. Ends with this.
#[derive(Debug)]
pub struct Group {
    leader: u32,
    groups: Groups,
}

impl Group {
    /// Whether any of it is left.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        system::is_alive(self.leader)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        system::end(self.leader);
        self.groups.0.locked().remove(&self.leader);
    }
}

#[cfg(unix)]
mod system {
    use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

    fn pid(leader: u32) -> Option<Pid> {
        Pid::from_raw(i32::try_from(leader).ok()?)
    }

    /// By SIGKILL: what hangs does not listen to less, and has nothing to tidy up here.
    pub(super) fn end(leader: u32) {
        // That nothing of it is left is what is wanted.
        pid(leader).map(|pid| kill_process_group(pid, Signal::KILL).ok());
    }

    pub(super) fn is_alive(leader: u32) -> bool {
        pid(leader).is_some_and(|pid| test_kill_process_group(pid).is_ok())
    }
}

#[cfg(not(unix))]
mod system {
    //! A command is refused before it could get as far as this.

    pub(super) fn end(_leader: u32) {}

    pub(super) fn is_alive(_leader: u32) -> bool {
        false
    }
}
