//! The end of one job, while the others go on.
//!
//! Does not know why it has to end.

use super::{Running, Shared, State};
use crate::world::execute::{group, tree};
use rustix::process::{Pid, Signal};
use std::sync::{Arc, PoisonError};
use std::thread;

impl Running {
    /// Ends the one job with this mark, if it runs: it gets SIGTERM, and SIGKILL when the grace is over. Others go on.
    /// Does not wait for its end.
    pub fn end_job(&self, mark: &str) {
        let mut state = self.0.lock();
        let Some(group) = state.groups.iter_mut().find(|group| group.mark == mark) else {
            return;
        };
        if std::mem::replace(&mut group.signalled, true) {
            return;
        }
        let leader = group.leader;
        let escaped = tree::escaped(&[leader]);
        group::ask_to_end(leader);
        drop(state);
        tree::signal_each(&escaped, Signal::TERM);
        tree::signal_each(&escaped, Signal::CONT);
        let shared = Arc::clone(&self.0);
        let reaper = move || shared.kill_job_after_grace(leader);
        if thread::Builder::new()
            .name("stop".into())
            .spawn(reaper)
            .is_err()
        {
            group::signal(leader, Signal::KILL);
        }
    }
}

impl Shared {
    /// Kills one group when the grace is over, unless it has ended before.
    fn kill_job_after_grace(&self, leader: Pid) {
        let runs = |state: &mut State| state.groups.iter().any(|group| group.leader == leader);
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), self.grace, runs);
        let (state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            // While the lock is held the group is in the list, so its number is nobody else's.
            let escaped = tree::escaped(&[leader]);
            group::signal(leader, Signal::KILL);
            tree::signal_each(&escaped, Signal::KILL);
        }
        drop(state);
    }
}
