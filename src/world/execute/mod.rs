//! Runs one command to its end: in its folder, with exactly its environment, both its outputs in one log file.
//!
//! There are no pipes. Standard output and error are one file opened for appending, so the order is kept, any volume
//! and any bytes go through without touching this process, and a background child that holds the output open cannot
//! hang a build. Standard input is `/dev/null`: a command never waits for a terminal. As with any redirection to a
//! file, a command that writes `> /dev/stderr` where `>&2` is meant empties the log before it goes on.
//!
//! The command leads a process group of its own. A child that starts another group or session (`timeout`, `setsid`)
//! is found by its descent, and when it has lost its parents by its environment ([`orphans`]). It is ended with a command
//! that does not end well; after one that does it may go on as a service for others, until the build ends.
//!
//! Does not know what the command is for, when it may start, or what its ending means for a node.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal};
use wait4::{ResUse, Wait4};

use crate::base::record::{Ending, Usage};
use crate::world::clock;
use crate::world::trouble::Trouble;

pub mod aside;
pub mod bytecode;
mod curve;
pub mod environment;
pub mod git;
mod group;
pub mod guard;
#[cfg(target_os = "linux")]
mod keeper;
pub mod orphans;
pub mod probe;
mod program;
mod running;
mod sample;
mod table;
#[cfg(all(test, target_os = "linux"))]
mod tests;
pub mod trace;
mod tree;

mod usage;

pub use running::Running;

use trace::{Line, Recorder, Recording, Watch};

/// Time for the tail of a pipeline to vanish by itself after the command's end.
const TAIL_GRACE: Duration = Duration::from_millis(100);
/// Time for what was left behind to end after SIGTERM.
const LEFTOVER_GRACE: Duration = Duration::from_secs(1);
/// Time for the kernel to take away what was killed; a process that is stuck in the kernel is not waited for longer.
const KILL_WAIT: Duration = Duration::from_secs(1);
/// How long a program that somebody still holds open for writing is tried again.
const BUSY_WAIT: Duration = Duration::from_secs(1);

/// The program that a command of this name would start, looked for along `path`; `None` where there is none.
pub fn find_program(name: &str, path: &OsStr) -> Option<PathBuf> {
    program::find(name, Some(path), Path::new("/")).ok()
}

/// Runs jobs. The seam for other ways to run one: sandboxed, or on another machine.
pub trait Executor: Sync {
    /// Runs `job` to its end on the calling thread. `running` can end it from another thread.
    fn run(&self, job: &Job, running: &Running) -> Execution;
}

/// One command, ready to start.
#[derive(Debug, Clone)]
pub struct Job {
    /// The program and its arguments. A program without `/` is looked up along the PATH in `env`.
    pub argv: Vec<String>,
    /// Where it runs; absolute.
    pub dir: PathBuf,
    /// The whole environment; nothing else is inherited. See [`environment::command_environment`].
    pub env: Vec<(OsString, OsString)>,
    /// What [`orphans::MARK`] is in `env`: the build's token and, behind a dash, what is this job's alone.
    pub mark: String,
    /// The file that receives standard output and standard error. Emptied first; its folder has to stand.
    pub log: PathBuf,
    /// When this has passed, the command and all that it started in its group is ended.
    pub timeout: Option<Duration>,
    /// Which files it touches is recorded, where that is asked for.
    pub watch: Option<Watch>,
}

/// How a job went.
#[derive(Debug)]
pub struct Execution {
    /// How the command ended.
    pub ending: Ending,
    /// Why it could not be started, or its end not be learned: says the program, folder or log at fault.
    pub start_error: Option<Trouble>,
    /// When it started, in milliseconds since 1970 UTC.
    pub started_ms: u64,
    /// From the start to the end of the command itself; what it left behind is not counted.
    pub took: Duration,
    /// The command left processes running, which were ended. Not said of a stopped job.
    pub left_processes: bool,
    /// It was asked to end, killed, or not started at all by way of [`Running`]. Whatever the ending says, its
    /// outputs cannot be trusted.
    pub stopped: bool,
    /// Size of the log, in bytes.
    pub logged_bytes: u64,
    /// What it took of the machine.
    pub usage: Usage,
    /// How many processes of this machine the kernel killed for want of memory while it ran; `None` where it does not
    /// say. Asked for only when the command did not end well.
    pub kernel_kills: Option<u64>,
    /// What was seen of it; `None` when that was not asked for, or it never started.
    pub recording: Option<Recording>,
}

/// Runs jobs as processes of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalExecutor;

impl Executor for LocalExecutor {
    fn run(&self, job: &Job, running: &Running) -> Execution {
        let begun = clock::instant();
        let mut execution = Execution {
            ending: Ending::NotStarted,
            start_error: None,
            started_ms: clock::now_ms(),
            took: Duration::ZERO,
            left_processes: false,
            stopped: false,
            logged_bytes: 0,
            usage: Usage::default(),
            kernel_kills: None,
            recording: None,
        };
        if !running.accepts_jobs() {
            execution.stopped = true;
            return execution;
        }
        let started = running.starting(&job.mark, || {
            let (child, log, line) = start(job)?;
            let group = Pid::from_child(&child);
            Ok(((child, log, line), group))
        });
        let ((child, log, line), group) = match started {
            Ok(started) => started,
            Err(trouble) => {
                execution.start_error = Some(trouble);
                return execution;
            }
        };
        let watched = line.zip(job.watch.as_ref());
        let recorder = watched.map(|(line, watch)| Recorder::begin(line, watch));
        let (status, timed_out) = wait(child, group, job.timeout, running.grace());
        execution.took = begun.elapsed();
        let left = end_leftovers(group, running, TAIL_GRACE);
        if timed_out
            || running.is_ending()
            || !status.as_ref().is_ok_and(|ended| ended.status.success())
        {
            // Its outputs will be cleared, and perhaps it is tried again: also what has left the group must be gone.
            orphans::end_orphans(&job.mark, running.grace(), &|| running.is_killed());
        }
        let gone = running.remove(group);
        execution.stopped = gone.signalled;
        execution.left_processes = left && !execution.stopped;
        execution.logged_bytes = log.metadata().map_or(0, |metadata| metadata.len());
        let counted = status.as_ref().ok().map(|ended| ended.rusage);
        execution.usage = usage::usage(counted, gone.seen);
        match status {
            Ok(_) if timed_out => execution.ending = Ending::TimedOut,
            Ok(ended) => execution.ending = ending(ended.status),
            // Only when this process was started with SIGCHLD ignored: the kernel keeps no endings then.
            Err(error) => {
                execution.start_error = Some(trouble("learn the end of", &job.argv[0], error));
            }
        }
        if !execution.ending.is_success() {
            execution.kernel_kills = gone.kernel_kills();
        }
        if let Some(recorder) = recorder {
            let (recording, failed) = recorder.finish();
            execution.recording = Some(recording);
            if let Some(error) = failed {
                execution.ending = Ending::NotStarted;
                execution.start_error =
                    Some(trouble("start", &job.argv[0], program::explain(error)));
            }
        }
        execution
    }
}

/// Starts the command as the leader of a new group.
///
/// std uses `posix_spawn` for this as long as there is no hook before exec and the program is a path. With either it
/// would copy this process's page tables for every job: seven jobs a second in a large process instead of 1,400.
/// A job that is watched starts as a stub, to which there is a line.
fn start(job: &Job) -> Result<(Child, File, Option<Line>), Trouble> {
    let log = open_log(&job.log)?;
    let name = job.argv.first().map_or("", String::as_str);
    if !job.dir.is_dir() {
        let error = io::Error::new(io::ErrorKind::NotFound, "there is no such folder");
        return Err(Trouble {
            verb: "run in",
            path: job.dir.clone(),
            error,
        });
    }
    let search = job
        .env
        .iter()
        .find(|(name, _)| name == "PATH")
        .map(|(_, value)| value.as_os_str());
    let path =
        program::find(name, search, &job.dir).map_err(|error| trouble("start", name, error))?;
    let spawn = || -> io::Result<(Child, Option<Line>)> {
        let (mut command, line) = match &job.watch {
            Some(watch) => {
                let (command, line) = Line::to_stub(&path, name, watch)?;
                (command, Some(line))
            }
            None => {
                let mut command = Command::new(&path);
                command.arg0(name).stdin(Stdio::null());
                (command, None)
            }
        };
        let child = command
            .args(&job.argv[1..])
            .current_dir(&job.dir)
            .env_clear()
            .envs(job.env.iter().map(|(name, value)| (name, value)))
            .stdout(log.try_clone()?)
            .stderr(log.try_clone()?)
            .process_group(0)
            .spawn()?;
        Ok((child, line))
    };
    // A program that was written a moment ago can still be open for writing in the child of another thread, between
    // its vfork and its exec. That passes.
    let mut started = spawn();
    let busy = |error: &io::Error| error.kind() == io::ErrorKind::ExecutableFileBusy;
    poll(BUSY_WAIT, || {
        if started.as_ref().is_err_and(busy) {
            started = spawn();
        }
        !started.as_ref().is_err_and(busy)
    });
    let (child, line) = started.map_err(|error| trouble("start", name, program::explain(error)))?;
    Ok((child, log, line))
}

/// Appending, so that a command that opens the log anew (`> /dev/stderr`) empties it but leaves no hole in it.
fn open_log(path: &Path) -> Result<File, Trouble> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::APPEND | OFlags::CLOEXEC;
    let log = rustix::fs::open(path, flags, Mode::from_raw_mode(0o666));
    log.map(File::from)
        .map_err(io::Error::from)
        .map_err(Trouble::on("create", path))
}

/// Waits for the command's end, which a watcher brings about when it takes too long: asked first, killed after `grace`.
/// Also says whether that was so.
fn wait(
    child: Child,
    group: Pid,
    timeout: Option<Duration>,
    grace: Duration,
) -> (io::Result<ResUse>, bool) {
    let Some(timeout) = timeout else {
        return (child.wait4(), false);
    };
    let (ended, end) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let watcher = scope.spawn(move || {
            let is_over = |time| end.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
            if !is_over(timeout) {
                return false;
            }
            let escaped = tree::escaped(&[group]);
            group::ask_to_end(group);
            tree::signal_each(&escaped, Signal::TERM);
            tree::signal_each(&escaped, Signal::CONT);
            if is_over(grace) {
                let escaped = tree::escaped(&[group]);
                group::signal(group, Signal::KILL);
                tree::signal_each(&escaped, Signal::KILL);
            }
            true
        });
        let status = child.wait4();
        drop(ended);
        (status, watcher.join().unwrap_or(false))
    })
}

/// Ends what is left of a group whose leader has ended. Whether anything outlived `tail_grace`.
///
/// The leader's number stays taken while the group has members. When it has none, the number could be given to a
/// stranger only after all others were used in the microseconds up to the first look.
fn end_leftovers(group: Pid, running: &Running, tail_grace: Duration) -> bool {
    if poll(tail_grace, || !group::is_alive(group)) {
        return false;
    }
    let grace = if running.is_ending() {
        // It has been asked already, and gets the time that was promised.
        running.grace()
    } else {
        group::ask_to_end(group);
        LEFTOVER_GRACE
    };
    if !poll(grace, || !group::is_alive(group)) {
        group::signal(group, Signal::KILL);
        poll(KILL_WAIT, || !group::is_alive(group));
    }
    true
}

fn ending(status: ExitStatus) -> Ending {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Exit(code),
        (None, signal) => Ending::Signal(signal.unwrap_or_default()),
    }
}

fn trouble(verb: &'static str, program: impl AsRef<OsStr>, error: io::Error) -> Trouble {
    Trouble {
        verb,
        path: PathBuf::from(program.as_ref()),
        error,
    }
}

/// Asks `done` at once and then at growing intervals, until it says yes or `limit` has passed. What it said last.
fn poll(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let begun = clock::instant();
    let mut pause = Duration::from_millis(1);
    loop {
        if done() {
            return true;
        }
        let left = limit.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return false;
        }
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}
