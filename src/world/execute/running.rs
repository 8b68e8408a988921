//! The live process groups of a build, so that another thread can end them all.
//!
//! Does not know why a build stops, nor what a job was for.

mod one;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
#[cfg(target_os = "linux")]
use rustix::process::{WaitOptions, getpgrp, getpid, waitpid};

use crate::world::clock;
use crate::world::execute::curve::Curve;
use crate::world::execute::group;
use crate::world::execute::sample::{self, Sample};
use crate::world::execute::table::{self, Process};
use crate::world::execute::tree;
use crate::world::nearby;

/// Time that commands get between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(5);
/// Time between two looks at what the running commands hold; the first is as long after the start of one.
const LOOK: Duration = Duration::from_millis(100);
/// A look at a machine with many processes takes milliseconds: never more than one part in so many of the time.
const LOOK_SHARE: u32 = 100;

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
    /// Read by those who start a job until it is in the list, so that a child that is in no list is no job.
    starts: RwLock<()>,
    /// Children of this process that are no jobs are those that lost their parents; their end is taken note of here.
    adopts: AtomicBool,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    groups: Vec<Group>,
    /// A thread looks at the groups every now and then.
    looked_at: bool,
    /// [`nearby::kernel_kills`], as of the last look.
    kernel_kills: Option<u64>,
    /// What all groups together were seen to hold.
    curve: Curve,
}

#[derive(Debug)]
struct Group {
    leader: Pid,
    /// The job's mark.
    mark: String,
    /// Whether one of the signals below was sent to it.
    signalled: bool,
    /// What it was seen to take.
    seen: Sample,
    /// [`nearby::kernel_kills`] when it started.
    kernel_kills: Option<u64>,
}

/// What is known of a group that is gone.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Gone {
    /// It had been told to end.
    pub(super) signalled: bool,
    /// What it was seen to take; nothing when it was too short to be looked at.
    pub(super) seen: Sample,
    kills_at_start: Option<u64>,
}

impl Gone {
    /// How many processes the kernel has killed for want of memory since the group started; asks the system.
    pub(super) fn kernel_kills(&self) -> Option<u64> {
        Some(nearby::kernel_kills()?.saturating_sub(self.kills_at_start?))
    }
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
            looked_at: false,
            kernel_kills: None,
            curve: Curve::default(),
        });
        Running(Arc::new(Shared {
            grace,
            state,
            changed: Condvar::new(),
            starts: RwLock::new(()),
            adopts: AtomicBool::new(false),
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
        // Looked for first: with their parents they lose what they are known by.
        let escaped = tree::escaped(&state.leaders());
        for group in &mut state.groups {
            group.signalled = true;
            group::ask_to_end(group.leader);
        }
        let nobody = state.groups.is_empty();
        drop(state);
        // Those that have a group of their own are asked as well: a shell that is to tidy up waits for them first.
        tree::signal_each(&escaped, Signal::TERM);
        tree::signal_each(&escaped, Signal::CONT);
        if !nobody && !self.kills_after_grace() {
            self.stop_all(true);
        }
    }

    /// Has whoever does not end in time be killed by a thread; whether there is one.
    fn kills_after_grace(&self) -> bool {
        let shared = Arc::clone(&self.0);
        let reaper = move || shared.kill_after_grace();
        let thread = thread::Builder::new().name("stop".into());
        thread.spawn(reaper).is_ok()
    }

    /// Whether a job may still start.
    pub fn accepts_jobs(&self) -> bool {
        self.0.lock().phase == Phase::Open
    }

    /// Whether all jobs were asked to end.
    pub(super) fn is_ending(&self) -> bool {
        self.0.lock().phase >= Phase::Ending
    }

    /// Whether all jobs were killed.
    pub fn is_killed(&self) -> bool {
        self.0.lock().phase == Phase::Killed
    }

    /// The time between SIGTERM and SIGKILL.
    pub(super) fn grace(&self) -> Duration {
        self.0.grace
    }

    /// From now on whoever loses its parents below this process is its child, and nobody else waits for it.
    #[cfg(target_os = "linux")]
    pub(super) fn take_note_of_the_adopted(&self) {
        self.0.adopts.store(true, Ordering::Relaxed);
    }

    /// Starts a job by `start`, which returns the leader of its group, and takes it up.
    pub(super) fn starting<T, E>(
        &self,
        mark: &str,
        start: impl FnOnce() -> Result<(T, Pid), E>,
    ) -> Result<(T, Pid), E> {
        let _starting = self.0.starts.read().unwrap_or_else(PoisonError::into_inner);
        let (started, leader) = start()?;
        self.add(leader, mark);
        Ok((started, leader))
    }

    /// Takes up a group that was just started. When the stop came between the question whether it may start and now,
    /// it gets what the others got.
    pub(super) fn add(&self, leader: Pid, mark: &str) {
        let mut state = self.0.lock();
        let signalled = state.phase >= Phase::Ending;
        if state.phase == Phase::Ending && self.kills_after_grace() {
            group::ask_to_end(leader);
        } else if signalled {
            group::signal(leader, Signal::KILL);
        }
        let looks_already = std::mem::replace(&mut state.looked_at, true);
        if !looks_already {
            state.kernel_kills = nearby::kernel_kills();
        }
        let kernel_kills = state.kernel_kills;
        state.groups.push(Group {
            leader,
            mark: mark.to_owned(),
            signalled,
            seen: Sample::default(),
            kernel_kills,
        });
        if !looks_already {
            drop(state);
            let shared = Arc::clone(&self.0);
            // Without the thread there are no figures.
            let _ = thread::Builder::new()
                .name("look".into())
                .spawn(move || shared.look());
        }
    }

    /// Forgets a group that has ended.
    pub(super) fn remove(&self, leader: Pid) -> Gone {
        let mut state = self.0.lock();
        let Some(at) = state.groups.iter().position(|group| group.leader == leader) else {
            return Gone::default();
        };
        let group = state.groups.swap_remove(at);
        self.0.changed.notify_all();
        Gone {
            signalled: group.signalled,
            seen: group.seen,
            kills_at_start: group.kernel_kills,
        }
    }

    /// What all jobs together held, in bytes, and when; jobs that were gone before the first look are in none of it.
    pub fn held(&self) -> Vec<(Instant, u64)> {
        self.0.lock().curve.points().to_vec()
    }

    /// Memory that the one running group was seen to hold.
    #[cfg(test)]
    pub(super) fn seen(&self) -> Option<u64> {
        self.0.lock().groups.first().map(|group| group.seen.bytes)
    }

    /// Number of groups that run.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.0.lock().groups.len()
    }
}

impl State {
    fn leaders(&self) -> Vec<Pid> {
        self.groups.iter().map(|group| group.leader).collect()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the groups again and again, until there are none: then the next one starts it anew.
    fn look(&self) {
        let mut pause = LOOK;
        loop {
            thread::sleep(pause);
            let mut state = self.lock();
            state.looked_at = !state.groups.is_empty();
            if !state.looked_at {
                state.curve.push(clock::instant(), 0);
                return;
            }
            let groups = state.groups.iter().map(|group| (group.leader, group.seen));
            let groups: Vec<(Pid, Sample)> = groups.collect();
            drop(state);
            let begun = clock::instant();
            let all: Vec<Process> = table::processes().collect();
            let samples = sample::look(&all, &groups);
            self.forget_the_dead(&all);
            let kernel_kills = nearby::kernel_kills();
            pause = LOOK.max(begun.elapsed() * LOOK_SHARE);
            let mut state = self.lock();
            state.kernel_kills = kernel_kills;
            let together = samples.iter().map(|sample| sample.bytes).sum();
            state.curve.push(begun, together);
            for ((leader, _), sample) in groups.iter().zip(samples) {
                // One that ended meanwhile is gone, unless its number is in use again; that is one look's error.
                if let Some(group) = state
                    .groups
                    .iter_mut()
                    .find(|group| group.leader == *leader)
                {
                    group.seen = group.seen.most(sample);
                }
            }
        }
    }

    /// Takes note of the end of children that are no jobs: they would stay in the table of processes otherwise.
    #[cfg(target_os = "linux")]
    fn forget_the_dead(&self, all: &[Process]) {
        if !self.adopts.load(Ordering::Relaxed) {
            return;
        }
        let (own, own_group) = (getpid().as_raw_pid(), getpgrp().as_raw_pid());
        let dead = all.iter().filter(|process| {
            // Those of the own group are probes, which have somebody who waits for them.
            !process.alive && process.parent == own && process.group != own_group
        });
        let dead: Vec<Pid> = dead
            .filter_map(|process| Pid::from_raw(process.number))
            .collect();
        if dead.is_empty() {
            return;
        }
        // While nobody starts a job, all jobs are in the list.
        let _no_starts = self.starts.write().unwrap_or_else(PoisonError::into_inner);
        let leaders = self.lock().leaders();
        for process in dead
            .into_iter()
            .filter(|process| !leaders.contains(process))
        {
            let _ = waitpid(Some(process), WaitOptions::NOHANG);
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn forget_the_dead(&self, _all: &[Process]) {}

    fn kill_all(&self, state: &mut State) {
        state.phase = Phase::Killed;
        let escaped = tree::escaped(&state.leaders());
        for group in &mut state.groups {
            group.signalled = true;
            group::signal(group.leader, Signal::KILL);
        }
        tree::signal_each(&escaped, Signal::KILL);
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
