//! What happened in a build, as values: the only thing that the engine tells and that a report hears.
//!
//! Does not know who listens.

mod failure;
mod kinds;
mod leftover;
mod plan;
mod summary;

pub use failure::{BadOutput, Failure, FailureCause, OutputFault};
pub use leftover::Fate;
pub use plan::{Plan, PlannedNode, Takes};
pub use summary::Summary;

use crate::base::path::ProjectPath;
use crate::base::record::Usage;
use crate::logic::plan::Reason;
use crate::logic::room::Pruned;
use crate::logic::schedule::Ahead;
use crate::logic::trace::Traced;
use std::time::Duration;

/// One step of a build's story. Names are owned or shared, so that a listener may keep an event.
#[derive(Debug, Clone)]
pub enum BuildEvent {
    /// What the build is going to do; comes before [`BuildEvent::Started`]. Told only to those who ask for it.
    Planned(Plan),
    /// The survey is done and the work is known. Told only when at least one node is not fresh.
    Started {
        /// Selected nodes.
        total: usize,
        /// How many of them are fresh.
        fresh: usize,
        /// Slots.
        jobs: u32,
    },
    /// It is looked at whether a node has to run; when its outputs are in the cache, they are brought back.
    NodeChecking {
        /// Its name.
        node: String,
    },
    /// A node's command has to run and waits for its turn.
    NodeQueued {
        /// Its name.
        node: String,
    },
    /// A node's command starts.
    NodeStarted {
        /// Its name.
        node: String,
        /// Why it runs, the most telling first.
        reasons: Vec<Reason>,
        /// The command as a person would type it.
        command: String,
        /// What is known of it beforehand.
        prospect: Prospect,
        /// Which try it is, from 1.
        attempt: u32,
        /// What it takes while it runs.
        takes: Takes,
        /// The file that gets all that it prints, from the project's root.
        log: String,
    },
    /// A running command printed something. Told only to those who ask for it; see [`Hearing`].
    Output {
        /// Whose.
        node: String,
        /// The next bytes of its output, cut anywhere.
        bytes: Vec<u8>,
        /// So many bytes before these are left out: it printed faster than they could be told.
        skipped: u64,
    },
    /// A command that printed something has ended, and its log is whole.
    Logged {
        /// Whose.
        node: String,
        /// Which try it was, from 1.
        attempt: u32,
        /// The log, from the project's root. Another try writes it anew.
        log: String,
        /// How long it is.
        bytes: u64,
        /// The last part of it; empty unless the command failed.
        end: Printed,
    },
    /// Slots are kept free for a node from now on; `None` when they are not any more.
    RoomFor(Option<Room>),
    /// What is ahead has changed.
    Ahead(Ahead),
    /// No node starts any more; those that run are waited for.
    Stopping(Stop),
    /// A node is settled, in whatever way.
    NodeFinished {
        /// Its name.
        node: String,
        /// How.
        outcome: Outcome,
    },
    /// Something that the user should know and that does not end the build.
    Notice(Notice),
    /// The build is over; the last event.
    Finished(Summary),
}

/// What is known of a command when it starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prospect {
    /// How long its last good run took.
    pub expected: Option<Duration>,
    /// The longest expected path through what follows it.
    pub below: Duration,
    /// The slots that it takes; all of them when it is alone.
    pub slots: u32,
    /// Nothing else runs beside it.
    pub alone: bool,
}

/// A node that slots are kept free for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Its name.
    pub node: String,
    /// It runs alone, so all that run have to end.
    pub alone: bool,
    /// The slots that it takes.
    pub slots: u32,
    /// The resources that it takes.
    pub uses: Vec<String>,
}

/// Why a build comes to an early end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// A node failed; those that run go on.
    Failure,
    /// The user wants it; those that run were asked to end.
    Interrupt,
    /// The user wants it at once; those that run were killed.
    Kill,
}

/// What is to be told of what commands print.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Hearing {
    /// The end of what failed ones printed.
    #[default]
    Failed,
    /// When it ends, what each printed; of much, the last part.
    Whole,
    /// All of it while they run, as [`BuildEvent::Output`], and the end of what failed ones printed.
    Flowing,
}

/// What a command printed, or the last part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Printed {
    /// Raw bytes.
    pub bytes: Vec<u8>,
    /// Whether something is left out at the start.
    pub cut: bool,
}

/// How a node was settled.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Its outputs stand and belong to its key.
    Fresh,
    /// Its outputs came back from the cache.
    Restored {
        /// How long the run took that is saved by this, in milliseconds.
        saved_ms: u64,
    },
    /// Its command ran and left what it declared.
    Ran {
        /// How long the command took.
        took: Duration,
        /// Every output is what it was before, so nothing below needs to run because of it.
        unchanged: bool,
        /// What it printed; empty unless that was asked for.
        printed: Printed,
        /// What the command took of the machine.
        usage: Usage,
    },
    /// Its command failed, or did not do what it declared.
    Failed(Failure),
    /// Something that it needs failed.
    Blocked {
        /// The node that failed.
        by: String,
    },
    /// The build was interrupted, or stopped after a failure, before this node was settled.
    Stopped,
}

/// Something worth telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A file that `pipe` did not write stood where an output goes; it was moved.
    Replaced {
        /// Whose output it is.
        node: String,
        /// Where it stood.
        path: ProjectPath,
        /// Where it is now, relative to the project's root.
        kept: String,
    },
    /// These inputs changed while the node ran; its outputs stay, nothing is recorded, the next build runs it again.
    InputMoved {
        /// Which node.
        node: String,
        /// Which inputs.
        paths: Vec<ProjectPath>,
    },
    /// Of a watch: sources changed while the build runs.
    Changed {
        /// The node that ran and read them; its command was ended and starts again.
        node: Option<String>,
        /// Which.
        paths: Vec<ProjectPath>,
    },
    /// A command failed and is tried again.
    Retrying {
        /// Which node.
        node: String,
        /// Why it failed.
        cause: FailureCause,
        /// Which retry it will be, from 1.
        retry: u32,
        /// How many there may be.
        most: u32,
    },
    /// A node takes more slots than this build has, so it gets all of them. Told of the first such node.
    Clamped {
        /// Which node.
        node: String,
        /// How many it takes.
        slots: u32,
        /// How many there are.
        jobs: u32,
    },
    /// A command left processes behind; they were ended.
    LeftProcesses {
        /// Which node.
        node: String,
    },
    /// Processes that commands had left running, as services for others perhaps, were ended with the build.
    LeftAtTheEnd {
        /// How many.
        count: usize,
    },
    /// The result could not be kept in the cache; the node counts as run all the same.
    NotKept {
        /// Which node.
        node: String,
        /// What the system said, with verb and path.
        trouble: String,
    },
    /// A cache entry was damaged or gone and has been put aside; the node runs.
    BadCacheEntry {
        /// Which node asked for it.
        node: String,
        /// What is wrong.
        trouble: String,
    },
    /// Processes of a build that was killed were still running in this project; they were ended.
    OrphansEnded {
        /// How many.
        count: usize,
    },
    /// A file that a node wrote which is gone.
    Leftover {
        /// Which.
        path: ProjectPath,
        /// What becomes of it.
        fate: Fate,
    },
    /// The cache had become too large; what was used longest ago is gone.
    CachePruned(Pruned),
    /// Only nodes that what was changed reaches are built.
    ChangedSince {
        /// The revision, as the caller named it.
        revision: String,
        /// How many files were changed since.
        files: usize,
        /// How many nodes they reach.
        nodes: usize,
        /// Why all are taken to be reached, if they are: the file that is to blame.
        all_for: Option<ProjectPath>,
    },
    /// Another `pipe` is building in this project; this one waits.
    Waiting {
        /// What the other says of itself: process number and since when.
        holder: String,
    },
    /// A command was watched: what it touched, held against what it declares. Told also when all is well.
    Traced(Box<Traced>),
    /// Anything else of the world that refused and that costs only time.
    Trouble(String),
}
