//! The story of one build: when each node was checked, waited, ran and was settled, and what that came to.
//!
//! Times are milliseconds since the build began. Does not know how it is written down, nor what is read out of it.

use crate::base::digest::Digest;
use crate::base::record::{Key, RunCause, Usage};

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Story {
    /// The build's number in this checkout.
    pub build: u32,
    /// When it began, milliseconds since 1970 UTC.
    pub started_ms: u64,
    /// From its start to its end.
    pub took_ms: u64,
    /// Slots.
    pub jobs: u32,
    /// Ended by the user.
    pub interrupted: bool,
    /// Selected nodes that were fresh before the work began.
    pub fresh: u32,
    /// `nodes` holds those too. Of large graphs only what the build dealt with is told.
    pub complete: bool,
    /// Resources, and how much of each there was.
    pub resources: Vec<(String, u64)>,
    /// Each behind all that it needs or comes after.
    pub nodes: Vec<NodeStory>,
    /// When slots were kept free, and for whom.
    pub rooms: Vec<RoomSpan>,
    /// What all running commands held together, in bytes, and when; by time.
    pub memory: Vec<(u64, u64)>,
}

/// Slots were kept free for a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomSpan {
    /// Its place in [`Story::nodes`].
    pub node: u32,
    /// From when.
    pub from_ms: u64,
    /// Until when.
    pub to_ms: u64,
}

/// What became of one node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeStory {
    /// Its name.
    pub name: String,
    /// Places in [`Story::nodes`] of what it needs.
    pub needs: Vec<u32>,
    /// Places of what it comes after.
    pub after: Vec<u32>,
    /// What it takes while it runs.
    pub takes: Shares,
    /// What it came to.
    pub fate: Fate,
    /// The command as a person would type it; empty where it was not written down.
    pub command: String,
    /// Paths that it reads; empty where they were not written down.
    pub inputs: Vec<String>,
    /// What it left.
    pub outputs: Vec<OutputStory>,
    /// The key that it was settled with.
    pub key: Option<Key>,
    /// Its outputs were what they had been before.
    pub unchanged: bool,
    /// Why it ran, the most telling first.
    pub reasons: Vec<RunCause>,
    /// When its check began.
    pub checked_ms: Option<u64>,
    /// When its command began to wait for its turn.
    pub queued_ms: Option<u64>,
    /// When it was settled, in whatever way.
    pub settled_ms: Option<u64>,
    /// Each start of its command.
    pub tries: Vec<TryStory>,
    /// How long the command took whose result was restored.
    pub saved_ms: u64,
    /// What the last try took of the machine.
    pub usage: Usage,
}

/// What a command takes while it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shares {
    /// Nothing else runs beside it.
    pub alone: bool,
    /// Slots.
    pub slots: u32,
    /// The number of a limit that it shares with others, and how many of them may run at once.
    pub limit: Option<(u32, u32)>,
    /// Numbers of resources, and how much of each.
    pub draws: Vec<(u32, u64)>,
}

/// One start of a command.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TryStory {
    /// When it started.
    pub started_ms: u64,
    /// When its slots were free again: it had ended, and what it left was looked at and kept.
    pub ended_ms: u64,
    /// How long the command itself took; 0 where that is not known.
    pub took_ms: u64,
}

/// An output as a build left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputStory {
    /// Where.
    pub path: String,
    /// Of its bytes or its listing; `None` where the node was not settled well.
    pub digest: Option<Digest>,
    /// In bytes.
    pub size: Option<u64>,
}

/// What a node came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fate {
    /// Its outputs stood.
    Fresh,
    /// They came back from the cache.
    Restored,
    /// Its command ran.
    Ran,
    /// It failed.
    Failed,
    /// Something that it needs failed.
    Blocked,
    /// The build ended before it was settled.
    #[default]
    Stopped,
}

impl NodeStory {
    /// The name of the declared node: for `train@rf,1` it is `train`.
    pub fn family(&self) -> &str {
        let name = &*self.name;
        name.split_once('@').map_or(name, |(family, _)| family)
    }

    /// How long its slots were taken, all tries together.
    pub fn ran_ms(&self) -> u64 {
        self.tries.iter().map(TryStory::held_ms).sum()
    }

    /// How long its last try's command took.
    pub fn took_ms(&self) -> Option<u64> {
        let last = self.tries.last()?;
        Some(match last.took_ms {
            0 => last.held_ms(),
            took => took,
        })
    }
}

impl TryStory {
    /// How long its slots were taken.
    pub fn held_ms(&self) -> u64 {
        self.ended_ms.saturating_sub(self.started_ms)
    }
}
