//! Ends what a killed or stopped build left running.
//!
//! A process that dies by SIGKILL takes nobody along, so its commands live on and would write into the next build.
//! Every command carries its build's token in its environment, from where all its descendants have it, also those
//! that left the process group or started a session. A process that was started with a cleared environment is found as
//! long as one that it descends from lives; after that it escapes.
//!
//! Works on Linux only, where one may look at the environment a process started with; elsewhere nothing is found.
//! Does not know how one sees that a build died: call it only then, or after a stop, never while its jobs should run.

#[cfg(target_os = "linux")]
use {
    super::table::{self, Process},
    super::tree,
    crate::world::clock,
    rustix::process::{Pid, Signal, geteuid, getpid, kill_process},
    std::collections::BTreeSet,
    std::fs,
    std::os::unix::fs::MetadataExt,
    std::path::{Path, PathBuf},
};

use std::time::Duration;

/// The variable that every command of a build has; its value is the build's token.
pub const MARK: &str = "PIPE_BUILD";

/// Time between SIGTERM and SIGKILL for what a dead build left.
pub const GRACE: Duration = Duration::from_secs(2);

/// Ends every process of this user that was started with `PIPE_BUILD=<token>` or `PIPE_BUILD=<token>-…`, and all that
/// descends from one, this process excepted: SIGTERM, after `grace` SIGKILL, until none is left. At the first `hurry` the
/// grace is over. Returns how many there were. Gives up ten seconds later on what cannot be killed, such as a process
/// stuck in a dead network disk.
#[cfg(target_os = "linux")]
pub fn end_orphans(token: &str, grace: Duration, hurry: &dyn Fn() -> bool) -> usize {
    const GIVE_UP: Duration = Duration::from_secs(10);

    let begun = clock::instant();
    let mark = format!("{MARK}={token}");
    let mut found: BTreeSet<i32> = BTreeSet::new();
    let send = |process: Pid, signal: Signal| {
        let _ = kill_process(process, signal);
    };
    super::poll(grace + GIVE_UP, || {
        let (marked, all_settled) = marked_processes(mark.as_bytes());
        for &process in &marked {
            let is_new = found.insert(process.as_raw_pid());
            if begun.elapsed() > grace || hurry() {
                send(process, Signal::KILL);
            } else if is_new {
                // SIGCONT after it, since a stopped process hears nothing else.
                send(process, Signal::TERM);
                send(process, Signal::CONT);
            }
        }
        marked.is_empty() && all_settled
    });
    found.len()
}

/// See the file's head: nothing is found on this system.
#[cfg(not(target_os = "linux"))]
pub fn end_orphans(_token: &str, _grace: Duration, _hurry: &dyn Fn() -> bool) -> usize {
    0
}

/// Own living processes that started with `mark` in their environment, or descend from one that did, and whether all
/// could be judged. The dead have no environment any more.
#[cfg(target_os = "linux")]
fn marked_processes(mark: &[u8]) -> (Vec<Pid>, bool) {
    let mut all_settled = true;
    let own = getpid().as_raw_pid();
    let owner = geteuid().as_raw();
    let mut leaders = Vec::new();
    let mut all: Vec<Process> = table::processes().filter(|process| process.alive).collect();
    all.retain(|process| process.number != own);
    for process in &all {
        let folder = PathBuf::from(format!("/proc/{}", process.number));
        if !fs::metadata(&folder).is_ok_and(|metadata| metadata.uid() == owner) {
            continue;
        }
        match is_marked(&folder, mark) {
            Some(true) => leaders.extend(Pid::from_raw(process.number)),
            Some(false) => {}
            None => all_settled = false,
        }
    }
    // By descent alone: the group of a probe is that of its build, and of whoever called it.
    for process in &mut all {
        (process.group, process.session) = (process.number, process.number);
    }
    let owners = tree::owners(&leaders, &all);
    let marked = all.iter().zip(owners).filter(|(_, owner)| owner.is_some());
    let marked = marked.filter_map(|(process, _)| Pid::from_raw(process.number));
    (marked.collect(), all_settled)
}

/// Whether the process of the folder `path` has `mark` in its environment. `None` in the middle of an exec, when a
/// process has a program already but neither arguments nor an environment yet.
#[cfg(target_os = "linux")]
fn is_marked(path: &Path, mark: &[u8]) -> Option<bool> {
    let environment = || fs::read(path.join("environ")).unwrap_or_default();
    let mut variables = environment();
    if variables.is_empty() && path.join("exe").read_link().is_ok() {
        if fs::read(path.join("cmdline")).is_ok_and(|arguments| arguments.is_empty()) {
            return None;
        }
        // The exec may have been completed between the two looks.
        variables = environment();
    }
    Some(variables.split(|&byte| byte == 0).any(|variable| {
        let rest = variable.strip_prefix(mark);
        rest.is_some_and(|rest| rest.is_empty() || rest[0] == b'-')
    }))
}
