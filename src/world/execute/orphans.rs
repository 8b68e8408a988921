//! Ends what a killed or stopped build left running.
//!
//! A process that dies by SIGKILL takes nobody along, so its commands live on and would write into the next build.
//! Every command carries its build's token in its environment, from where all its descendants have it, also those
//! that left the process group or started a session. A process that was started with a cleared environment escapes.
//!
//! Works on Linux only, where one may look at the environment a process started with; elsewhere nothing is found.
//! Does not know how one sees that a build died: call it only then, or after a stop, never while its jobs should run.

#[cfg(target_os = "linux")]
use {
    crate::world::clock,
    rustix::process::{Pid, Signal, geteuid, getpid, kill_process},
    std::collections::BTreeSet,
    std::fs,
    std::os::unix::fs::MetadataExt,
    std::path::Path,
    std::time::Duration,
};

/// The variable that every command of a build has; its value is the build's token.
pub const MARK: &str = "PIPE_BUILD";

/// Ends every process of this user that was started with `PIPE_BUILD=<token>`, or with a token that begins so when
/// `token` ends in `-`, this one excepted: SIGTERM, after two seconds SIGKILL, until none is left. Returns how many there were. Gives up after ten seconds on what cannot be
/// killed, such as a process stuck in a dead network disk.
#[cfg(target_os = "linux")]
pub fn end_orphans(token: &str) -> usize {
    const GRACE: Duration = Duration::from_secs(2);
    const GIVE_UP: Duration = Duration::from_secs(10);

    let begun = clock::instant();
    let mark = format!("{MARK}={token}");
    let mut found: BTreeSet<i32> = BTreeSet::new();
    let send = |process: Pid, signal: Signal| {
        let _ = kill_process(process, signal);
    };
    super::poll(GIVE_UP, || {
        let (marked, all_settled) = marked_processes(mark.as_bytes());
        for &process in &marked {
            let is_new = found.insert(process.as_raw_pid());
            if begun.elapsed() > GRACE {
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
pub fn end_orphans(_token: &str) -> usize {
    0
}

/// Own processes that started with `mark` in their environment, and whether all could be judged. The dead have no
/// environment any more.
#[cfg(target_os = "linux")]
fn marked_processes(mark: &[u8]) -> (Vec<Pid>, bool) {
    let mut marked = Vec::new();
    let mut all_settled = true;
    let owner = geteuid().as_raw();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let number = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        let Some(process) = number
            .and_then(Pid::from_raw)
            .filter(|&process| process != getpid())
        else {
            continue;
        };
        if !entry
            .metadata()
            .is_ok_and(|metadata| metadata.uid() == owner)
        {
            continue;
        }
        match is_marked(&entry.path(), mark) {
            Some(true) => marked.push(process),
            Some(false) => {}
            None => all_settled = false,
        }
    }
    (marked, all_settled)
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
    Some(
        variables.split(|&byte| byte == 0).any(|variable| {
            variable == mark || (mark.ends_with(b"-") && variable.starts_with(mark))
        }),
    )
}
