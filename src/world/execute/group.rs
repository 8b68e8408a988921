//! Process groups: asking, killing, and whether anything in one is still alive.
//!
//! Does not know whose groups they are.

#[cfg(target_os = "linux")]
use super::table;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

/// Sends `signal` to every member. A group that is gone, or that holds only others' processes, is passed over.
pub(super) fn signal(group: Pid, signal: Signal) {
    let _ = kill_process_group(group, signal);
}

/// SIGTERM, and SIGCONT after it, since a stopped process hears nothing else.
///
/// Not SIGINT: shells start their background children with SIGINT ignored.
pub(super) fn ask_to_end(group: Pid) {
    signal(group, Signal::TERM);
    signal(group, Signal::CONT);
}

/// Whether any member is alive. The dead who wait for their parent do not count: in a container whose first process
/// never collects them they stay for ever.
pub(super) fn is_alive(group: Pid) -> bool {
    test_kill_process_group(group) != Err(Errno::SRCH) && has_living_member(group)
}

#[cfg(target_os = "linux")]
fn has_living_member(group: Pid) -> bool {
    table::processes().any(|process| process.alive && process.group == group.as_raw_pid())
}

#[cfg(not(target_os = "linux"))]
fn has_living_member(_: Pid) -> bool {
    true
}
