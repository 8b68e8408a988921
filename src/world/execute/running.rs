//! The live process groups of a build, so that another thread can end them all.
//!
//! Does not know why a build stops, nor what a job was for.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal};

use crate::world::execute::group;

/// Time that commands get between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(5);

/// A handle on all running jobs of one build; its clones are the same. Once it refuses jobs it does so for good: the
/// next build takes a new one.
#[derive(Debug, Clone)]
pub struct Running(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    grace: Duration,
    state: Mutex<State>,
    /// Told when a group is gone and when the phase moves on.
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    leader: Pid,
    /// Whether one of the signals below was sent to it.
    signalled: bool,
}

/// Only ever moves on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Jobs may start.
    Open,
    /// No job starts; those that run go on.
    Refusing,
    /// All were asked to end.
    Ending,
    /// All were killed.
    Killed,
}

impl Default for Running {
    fn default() -> Self {
        Running::with_grace(GRACE)
    }
}

impl Running {
    /// Nothing runs yet; commands will get five seconds between SIGTERM and SIGKILL.
    pub fn new() -> Self {
        Running::default()
    }

    /// Nothing runs yet; commands will get `grace` between SIGTERM and SIGKILL.
    pub fn with_grace(grace: Duration) -> Self {
        let state = Mutex::new(State {
            phase: Phase::Open,
            groups: Vec::new(),
        });
        Running(Arc::new(Shared {
            grace,
            state,
            changed: Condvar::new(),
        }))
    }

    /// From now on no job starts: running one returns at once as stopped. Jobs that run already go on.
    pub fn refuse(&self) {
        let mut state = self.0.lock();
        state.phase = state.phase.max(Phase::Refusing);
    }

    /// Ends every running job and refuses new ones; does not wait for their end.
    ///
    /// Without `force` they get SIGTERM, and SIGKILL when the grace is over. With `force` they are killed at once.
    pub fn stop_all(&self, force: bool) {
        let mut state = self.0.lock();
        if force {
            self.0.kill_all(&mut state);
            return;
        }
        if state.phase >= Phase::Ending {
            return;
        }
        state.phase = Phase::Ending;
        for group in &mut state.groups {
            group.signalled = true;
            group::ask_to_end(group.leader);
        }
        let nobody = state.groups.is_empty();
        drop(state);
        let shared = Arc::clone(&self.0);
        let reaper = move || shared.kill_after_grace();
        if !nobody
            && thread::Builder::new()
                .name("stop".into())
                .spawn(reaper)
                .is_err()
        {
            self.stop_all(true);
        }
    }

    /// Whether a job may still start.
    pub(super) fn accepts_jobs(&self) -> bool {
        self.0.lock().phase == Phase::Open
    }

    /// Whether all jobs were asked to end.
    pub(super) fn is_ending(&self) -> bool {
        self.0.lock().phase >= Phase::Ending
    }

    /// The time between SIGTERM and SIGKILL.
    pub(super) fn grace(&self) -> Duration {
        self.0.grace
    }

    /// Takes up a group that was just started. When the stop came between the question whether it may start and now,
    /// it is killed: it has hardly begun.
    pub(super) fn add(&self, leader: Pid) {
        let mut state = self.0.lock();
        let signalled = state.phase >= Phase::Ending;
        if signalled {
            group::signal(leader, Signal::KILL);
        }
        state.groups.push(Group { leader, signalled });
    }

    /// Forgets a group that has ended. Whether it had been told to.
    pub(super) fn remove(&self, leader: Pid) -> bool {
        let mut state = self.0.lock();
        let Some(at) = state.groups.iter().position(|group| group.leader == leader) else {
            return false;
        };
        let group = state.groups.swap_remove(at);
        self.0.changed.notify_all();
        group.signalled
    }

    /// Number of groups that run.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.0.lock().groups.len()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kill_all(&self, state: &mut State) {
        state.phase = Phase::Killed;
        for group in &mut state.groups {
            group.signalled = true;
            group::signal(group.leader, Signal::KILL);
        }
        self.changed.notify_all();
    }

    /// Kills what is left when the grace is over, unless all have ended or were killed before.
    fn kill_after_grace(&self) {
        let busy = |state: &mut State| state.phase == Phase::Ending && !state.groups.is_empty();
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), self.grace, busy);
        let (mut state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            self.kill_all(&mut state);
        }
    }
}
