//! Process groups: asking, killing, and whether anything in one is still alive.
//!
//! Does not know whose groups they are.

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
    let Ok(folder) = std::fs::read_dir("/proc") else {
        return true;
    };
    folder.flatten().any(|entry| {
        entry.file_name().as_encoded_bytes()[0].is_ascii_digit()
            && std::fs::read(entry.path().join("stat"))
                .is_ok_and(|stat| is_living_member(&stat, group))
    })
}

#[cfg(not(target_os = "linux"))]
fn has_living_member(_: Pid) -> bool {
    true
}

/// Reads a line of `/proc/*/stat`: `number (name) state parent group …`. The name may hold anything, also `)`.
#[cfg(target_os = "linux")]
fn is_living_member(stat: &[u8], group: Pid) -> bool {
    let Some(end) = stat.iter().rposition(|&byte| byte == b')') else {
        return false;
    };
    let mut fields = stat[end + 1..]
        .split(|&byte| byte == b' ')
        .filter(|field| !field.is_empty());
    let state = fields.next().unwrap_or_default();
    let number = fields
        .nth(1)
        .and_then(|field| str::from_utf8(field).ok()?.parse().ok());
    !matches!(state, b"Z" | b"X") && number == Some(group.as_raw_pid())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn dead_members_and_strange_names_are_told_apart() {
        let group = Pid::from_raw(42).unwrap();
        assert!(is_living_member(
            b"50 (sleep) S 1 42 42 0 -1 4194560",
            group
        ));
        assert!(is_living_member(b"50 (a) Z 1 7) R 1 42 42 0", group));
        assert!(!is_living_member(b"50 (sleep) Z 1 42 42 0", group));
        assert!(!is_living_member(b"50 (sleep) S 42 43 42 0", group));
        assert!(!is_living_member(b"", group));
    }
}
