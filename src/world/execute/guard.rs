//! What makes sure that nothing that a build started outlives it.
//!
//! While it runs, whatever loses its parents below this process becomes its child, so that the end of the build can see
//! at no cost whether there is anything left; and a [keeper](super::keeper) stands by for the case that the build is killed, the
//! same one for all builds of a watch.
//! After a command that ended well, a process that has left its group may go on as a service for others, but not beyond
//! the build.
//!
//! Works fully on Linux only; elsewhere what left its group is not found. Does not know what the processes are for.

#[cfg(target_os = "linux")]
pub use linux::{Guard, Keeping, keep};
#[cfg(not(target_os = "linux"))]
pub use other::{Guard, Keeping, keep};

/// The argument that makes this program a keeper.
pub const KEEP: &str = "__keep";

#[cfg(target_os = "linux")]
mod linux {
    use crate::world::clock;
    pub use crate::world::execute::keeper::{Keeping, keep};
    use crate::world::execute::table::{self, Process};
    use crate::world::execute::{Running, orphans, poll, tree};
    use rustix::process::{Pid, Signal, WaitOptions, getpid, set_child_subreaper, waitpid};
    use std::collections::BTreeSet;
    use std::fs;
    use std::time::Duration;

    /// How long the end of the build waits for what it has killed.
    const KILL_WAIT: Duration = Duration::from_secs(10);

    /// See the file's head. Dropping it tells the keeper that the build ended in order.
    #[derive(Debug)]
    pub struct Guard {
        token: String,
        /// The children that this process had before, the keeper among them; `None` where children cannot be told.
        before: Option<Vec<i32>>,
        keeping: Keeping,
    }

    impl Guard {
        /// Stands by from now on for the build with this token, whose jobs `running` will hold.
        pub fn start(token: &str, running: &Running, keeping: &Keeping) -> Guard {
            keeping.begin(token);
            let before = set_child_subreaper(Some(getpid()))
                .ok()
                .and_then(|()| children());
            if before.is_some() {
                running.take_note_of_the_adopted();
            }
            Guard {
                token: token.to_owned(),
                before,
                keeping: keeping.clone(),
            }
        }

        /// Ends what is left of the build: asked first, killed after `grace`, or as soon as `hurry` says so. How many
        /// processes there were. To be called when no job runs any more.
        pub fn end(&self, grace: Duration, hurry: &dyn Fn() -> bool) -> usize {
            if self.left().is_some_and(|left| left.is_empty()) {
                return 0;
            }
            orphans::end_orphans(&self.token, grace, hurry) + self.end_adopted(grace, hurry)
        }

        /// Those that are children of this process now and were not before, the dead taken note of. `None` where that
        /// cannot be told.
        fn left(&self) -> Option<Vec<Pid>> {
            let before = self.before.as_ref()?;
            let mut left = children()?;
            left.retain(|child| !before.contains(child));
            let left = left.into_iter().filter_map(Pid::from_raw);
            let has_ended = |child| !matches!(waitpid(Some(child), WaitOptions::NOHANG), Ok(None));
            Some(left.filter(|&child| !has_ended(child)).collect())
        }

        fn end_adopted(&self, grace: Duration, hurry: &dyn Fn() -> bool) -> usize {
            let begun = clock::instant();
            let mut found = BTreeSet::new();
            poll(grace + KILL_WAIT, || {
                let Some(left) = self.left().filter(|left| !left.is_empty()) else {
                    return true;
                };
                let all: Vec<Process> =
                    table::processes().filter(|process| process.alive).collect();
                let owners = tree::owners(&left, &all);
                for (process, _) in all.iter().zip(owners).filter(|(_, owner)| owner.is_some()) {
                    let is_new = found.insert(process.number);
                    let number: Vec<Pid> = Pid::from_raw(process.number).into_iter().collect();
                    if begun.elapsed() > grace || hurry() {
                        tree::signal_each(&number, Signal::KILL);
                    } else if is_new {
                        tree::signal_each(&number, Signal::TERM);
                        tree::signal_each(&number, Signal::CONT);
                    }
                }
                false
            });
            found.len()
        }
    }

    impl Drop for Guard {
        fn drop(&mut self) {
            self.keeping.end();
        }
    }

    /// The children of this process, the dead included; `None` where the system does not list them.
    fn children() -> Option<Vec<i32>> {
        let mut children = Vec::new();
        for thread in fs::read_dir("/proc/self/task").ok()? {
            // A thread that is gone meanwhile has left its children to another, whose list may be read already: those
            // of jobs are waited for by their threads, and what is adopted is listed with the first.
            match fs::read_to_string(thread.ok()?.path().join("children")) {
                Ok(list) => children.extend(
                    list.split_whitespace()
                        .filter_map(|number| number.parse::<i32>().ok()),
                ),
                Err(error)
                    if error.kind() == std::io::ErrorKind::NotFound && !children.is_empty() => {}
                Err(_) => return None,
            }
        }
        Some(children)
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use crate::world::execute::Running;
    use std::time::Duration;

    /// Nobody starts a keeper here.
    pub fn keep() {}

    /// Keeps nothing here.
    #[derive(Debug, Clone, Default)]
    pub struct Keeping;

    /// See the file's head.
    #[derive(Debug)]
    pub struct Guard;

    impl Guard {
        /// Does nothing here.
        pub fn start(_token: &str, _running: &Running, _keeping: &Keeping) -> Guard {
            Guard
        }

        /// Finds nothing here.
        pub fn end(&self, _grace: Duration, _hurry: &dyn Fn() -> bool) -> usize {
            0
        }
    }
}
