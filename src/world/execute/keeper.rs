//! The keeper: a small process beside a build that ends the build's commands when the build dies.
//!
//! A process that is killed by SIGKILL can do nothing any more, and its commands live on. So each build that runs commands
//! starts this program once more, which waits at the other end of a pipe. The pipe closes when the build dies, in whatever
//! way; a build that ends in order says so first. One process for a build and none for a command: starting costs what it
//! cost before.
//!
//! Does not know which processes those are; [`orphans`](super::orphans) does.

use super::guard::KEEP;
use super::orphans;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use std::io::{self, PipeWriter, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What a build that ends in order writes.
const IN_ORDER: u8 = b'.';
/// This very program, also when its file was replaced meanwhile.
const PROGRAM: &str = "/proc/self/exe";

/// A running keeper. Dropping it says that the build ended in order, and waits for it to go.
#[derive(Debug)]
pub(super) struct Keeper {
    child: Child,
    line: Option<PipeWriter>,
}

impl Keeper {
    /// Starts a keeper for the commands of the build with this token.
    ///
    /// # Errors
    /// It cannot be started; the build can do without it.
    pub(super) fn start(token: &str) -> io::Result<Keeper> {
        let (end, line) = io::pipe()?;
        // A group of its own, which Ctrl-C does not reach, and no variables, which would mark it as a command of a
        // build around this one. In `/`, so as not to keep a disk busy.
        let child = Command::new(PROGRAM)
            .arg0("pipe")
            .args([KEEP, token])
            .env_clear()
            .current_dir("/")
            .stdin(end)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Keeper {
            child,
            line: Some(line),
        })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some(mut line) = self.line.take() {
            let _ = line.write_all(&[IN_ORDER]);
        }
        let _ = self.child.wait();
    }
}

/// What a keeper does, to its end: waits at its standard input, and if nobody says that all is in order before it closes,
/// ends the commands of the build with this token.
pub fn keep(token: &str) {
    let heard = Arc::new(AtomicBool::new(false));
    for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
        // Whoever ends everything around a build ends the build as well, and that is what counts.
        let _ = signal_hook::flag::register(signal, Arc::clone(&heard));
    }
    let mut said = Vec::new();
    let _ = io::stdin().read_to_end(&mut said);
    if said.last() != Some(&IN_ORDER) {
        orphans::end_orphans(token, orphans::GRACE, &|| false);
    }
}
