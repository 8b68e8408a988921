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
//! A command that is tried again goes from Running back to Queued. Checks take no slot and are not limited here. Which
//! queued item gets a slot is decided in `slots`.

mod crowd;
pub mod estimates;
mod lines;
mod outlook;
mod paths;
mod room;
mod scheduler;
mod slots;

#[cfg(test)]
mod simulate;

pub use outlook::{Ahead, Outlook};
pub use scheduler::Scheduler;

/// What holds for a whole build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The number of slots; 0 counts as 1.
    pub jobs: u32,
    /// After a failure, go on with everything that is not below it.
    pub keep_going: bool,
    /// How much there is of each resource.
    pub resources: Vec<u64>,
}

/// A node, as far as its place in the order of work goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The items whose results it reads: each must have settled or run well before it is checked.
    pub needs: Vec<u32>,
    /// Order without data: each must have ended, in whatever way, before it is checked. A failure there does not
    /// block this item.
    pub after: Vec<u32>,
    /// What its command takes while it runs, all of it at once.
    pub demand: Demand,
    /// How long its command is expected to run, in milliseconds; 0 when that is not known.
    pub weight: u64,
}

/// What a command takes while it runs. Nothing is held while waiting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// Nothing else runs from its start to its end. What else it asks for it then has anyway.
    pub alone: bool,
    /// Slots, at least 1; more than there are counts as all, which is as good as `alone`.
    pub slots: u32,
    /// A number for the items that share a limit, and how many of them may run at once, at least 1: the same for all of
    /// them. The more urgent starts first.
    pub limit: Option<(u32, u32)>,
    /// Resources and how much of each; more than there is counts as all.
    pub draws: Vec<(u32, u64)>,
}

impl Default for Demand {
    /// One slot and nothing else.
    fn default() -> Self {
        Demand {
            alone: false,
            slots: 1,
            limit: None,
            draws: Vec::new(),
        }
    }
}

/// What the caller is to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Find out whether the item's command has to run, and restore its outputs if they are kept.
    /// Answer with [`News::Settled`], [`News::MustRun`] or [`News::Failed`].
    Check(u32),
    /// Run its command. Answer with [`News::Ran`], [`News::Failed`] or [`News::Again`].
    Run(u32),
}

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// A check found the item fresh, or restored it.
    Settled(u32),
    /// It is left for another build, and so is all that needs it; everything else goes on. The answer to either order.
    Withdrawn(u32),
    /// A check found that its outputs can come back, and brings them; whether it succeeds is told later.
    Restores(u32),
    /// A check found that its command has to run.
    MustRun(u32),
    /// Its command ran well.
    Ran(u32),
    /// Its command, or its check, failed.
    Failed(u32),
    /// Its command failed and is to be tried again.
    Again(u32),
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
