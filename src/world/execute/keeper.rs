//! The keeper: a small process beside a build that ends the build's commands when the build dies.
//!
//! A process that is killed by SIGKILL can do nothing any more, and its commands live on. So this program, when it runs
//! commands, starts itself once more to wait at the other end of a pipe. The pipe says which build begins and that it ended in order, and it
//! closes when this program ends, in whatever way. One process for a build, or for all builds of a watch, and none for a command: starting
//! costs what it cost before.
//!
//! Does not know which processes those are; [`orphans`](super::orphans) does.

use super::guard::KEEP;
use super::orphans;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use std::io::{self, BufRead, PipeWriter, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is said when a build ended in order; when one begins, its token is.
const IN_ORDER: &str = ".";
/// This very program, also when its file was replaced meanwhile.
const PROGRAM: &str = "/proc/self/exe";

/// The keeper of this process, from the first build on that needs one; its clones are the same. Without it the next build ends what a
/// killed one left. When the last one is dropped, the keeper goes, and is waited for.
#[derive(Debug, Clone, Default)]
pub struct Keeping(Arc<Mutex<Option<Keeper>>>);

impl Keeping {
    /// The build with this token begins: from now on its commands are kept.
    pub(super) fn begin(&self, token: &str) {
        let mut keeper = self.lock();
        let heard = |keeper: &mut Keeper| keeper.say(token).is_ok();
        if !keeper.as_mut().is_some_and(heard) {
            // None yet, or somebody has ended it.
            *keeper = Keeper::start().ok();
            keeper.as_mut().map(heard);
        }
    }

    /// The build that began last has ended in order.
    pub(super) fn end(&self) {
        if let Some(keeper) = &mut *self.lock() {
            let _ = keeper.say(IN_ORDER);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Keeper>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running keeper. It goes when this is dropped.
#[derive(Debug)]
struct Keeper {
    child: Child,
    line: Option<PipeWriter>,
}

impl Keeper {
    fn start() -> io::Result<Keeper> {
        let (end, line) = io::pipe()?;
        // A group of its own, which Ctrl-C does not reach, and no variables, which would mark it as a command of a
        // build around this one. In `/`, so as not to keep a disk busy.
        let child = Command::new(PROGRAM)
            .arg0("pipe")
            .arg(KEEP)
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

    fn say(&mut self, word: &str) -> io::Result<()> {
        // As one piece: it is there as a whole, or not at all.
        let line = format!("{word}\n");
        self.line
            .as_mut()
            .map_or(Ok(()), |to| to.write_all(line.as_bytes()))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.line.take());
        let _ = self.child.wait();
    }
}

/// What a keeper does, to its end: listens at its standard input, and if the last build that began has not ended in order when
/// that closes, ends its commands.
pub fn keep() {
    let heard = Arc::new(AtomicBool::new(false));
    for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
        // Whoever ends everything around a build ends the build as well, and that is what counts.
        let _ = signal_hook::flag::register(signal, Arc::clone(&heard));
    }
    let mut said = IN_ORDER.to_owned();
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        said = line;
    }
    if said != IN_ORDER {
        orphans::end_orphans(&said, orphans::GRACE, &|| false);
    }
}
