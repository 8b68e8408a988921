//! Decides what may start next. A plain value: numbers in, orders out.
//!
//! Knows nodes by number only, as *items*: no names, no files, no processes, no clock (the time comes in as a number).
//!
//! ```text
//! Waiting -> Checking -> Settled                      all it needs and comes after has ended: its check is ordered
//!               |  `---> Queued -> Running -> Ran     the check said that its command has to run
//!               `---------------------|-----> Failed
//! Waiting -> Blocked                                  something that it needs failed
//! any unfinished -> Stopped                           interrupted, or not reached after a failure
//! ```
//!
//! Checks take no slot and are not limited here. Which queued item gets a slot is decided in `slots`.

mod paths;
mod scheduler;
mod slots;
mod tournament;

#[cfg(test)]
mod simulate;

pub use scheduler::Scheduler;

/// What holds for a whole build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The number of slots; 0 counts as 1.
    pub jobs: u32,
    /// After a failure, go on with everything that is not below it.
    pub keep_going: bool,
}

/// A node, as far as its place in the order of work goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The items whose results it reads: each must have settled or run well before it is checked.
    pub needs: Vec<u32>,
    /// Order without data: each must have ended, in whatever way, before it is checked. A failure there does not
    /// block this item.
    pub after: Vec<u32>,
    /// What it must not run beside.
    pub exclusive: Exclusive,
    /// How long its command is expected to run, in milliseconds; 0 when that is not known.
    pub weight: u64,
}

/// What an item must not run beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exclusive {
    /// It shares the machine with everyone.
    No,
    /// Nothing else runs from its start to its end.
    Alone,
    /// Never two of the same number at once.
    Group(u32),
}

/// What the caller is to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Find out whether the item's command has to run, and restore its outputs if they are kept.
    /// Answer with [`News::Settled`], [`News::MustRun`] or [`News::Failed`].
    Check(u32),
    /// Run its command. Answer with [`News::Ran`] or [`News::Failed`].
    Run(u32),
}

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// A check found the item fresh, or restored it.
    Settled(u32),
    /// A check found that its command has to run.
    MustRun(u32),
    /// Its command ran well.
    Ran(u32),
    /// Its command, or its check, failed.
    Failed(u32),
    /// Its command, or its check, was cut off by the interruption and says nothing about the item.
    Stopped(u32),
    /// The user wants an end: no orders any more.
    Interrupted,
}

/// Where an item is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// For others to end, or for its check to be ordered.
    Waiting,
    /// Its check is ordered.
    Checking,
    /// Its command has to run and waits for a slot.
    Queued,
    /// Its command runs.
    Running,
    /// End: fresh or restored.
    Settled,
    /// End: its command ran well.
    Ran,
    /// End: its command or its check failed.
    Failed,
    /// End: it needs, directly or not, an item that failed.
    Blocked {
        /// The one that failed; where there are several, the first that was told.
        by: u32,
    },
    /// End: the build stopped before it was reached, or cut it off.
    Stopped,
}
